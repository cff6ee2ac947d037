"""ClockedSite time and deletion time under every kind of clock jump, with every kind of confirmation."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.timekeeping.device_times import MAX_REPORT_AGE_MS, DeviceTimes
from collector.timekeeping.site_clock import ClockReading, TimeEstimate, update_estimate
from collector.timekeeping.site_time import SiteTime

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOON = 1_796_000_000_000
JUMPS = [10 * MINUTE, HOUR, 4 * DAY, 730 * DAY, -HOUR, -2 * DAY]


class ClockedSite:
    """A site whose true time is known; its wall clock is wrong by `wrong_ms`."""

    def __init__(self, *, synchronised: bool, devices: int = 0, before: TimeEstimate | None = None) -> None:
        self.true_ms, self.boot, self.booted_ms = NOON, 1, NOON - DAY
        self.wrong_ms = 0
        self.devices_wrong_ms: Sequence[int] = [0] * devices
        self.synchronised = synchronised
        self.belief = before or TimeEstimate()

    def live(self, span_ms: int, every_ms: int = 10_000) -> "ClockedSite":
        end_ms = self.true_ms + span_ms
        while self.true_ms < end_ms:
            self.true_ms = min(self.true_ms + every_ms, end_ms)
            self.look()
        return self

    def look(self) -> TimeEstimate:
        wall_ms, elapsed_ms = self.true_ms + self.wrong_ms, self.true_ms - self.booted_ms
        reading = ClockReading(wall_ms, elapsed_ms, self.boot, self.synchronised)
        times = [self.true_ms + wrong_ms for wrong_ms in self.devices_wrong_ms]
        self.belief = update_estimate(self.belief, reading, times)
        assert self.belief.deletion_ms <= self.belief.site_ms
        return self.belief

    def restart(self) -> None:
        """Restart the machine; the process loads the last estimate."""
        self.boot, self.booted_ms = self.boot + 1, self.true_ms

    @property
    def error_ms(self) -> int:
        return self.belief.site_ms - self.true_ms


@pytest.mark.parametrize("jump_ms", JUMPS)
@pytest.mark.parametrize("synchronised", [True, False])
@pytest.mark.parametrize("devices", [0, 1, 3])
@pytest.mark.parametrize("times", [1, 2])
def test_an_unconfirmed_jump_is_not_followed(jump_ms: int, synchronised: bool, devices: int, times: int) -> None:
    site = ClockedSite(synchronised=synchronised, devices=devices).live(2 * HOUR)
    for _ in range(times):
        site.wrong_ms, site.synchronised = jump_ms, False  # setting the clock by hand ends the synchronisation
        site.live(10 * MINUTE)
        assert site.error_ms == 0
        assert site.belief.wall_ahead_ms == jump_ms
        assert NOON <= site.belief.deletion_ms <= site.true_ms
        site.wrong_ms, site.synchronised = 0, synchronised
        site.live(10 * MINUTE)
    assert (site.error_ms, site.belief.wall_ahead_ms) == (0, 0)


@pytest.mark.parametrize("jump_ms", JUMPS)
def test_confirmed_time_ignores_a_jump_that_synchronisation_reports_for_ten_minutes(jump_ms: int) -> None:
    site = ClockedSite(synchronised=True).live(2 * HOUR)
    site.wrong_ms = jump_ms
    site.live(10 * MINUTE)
    assert site.error_ms == 0
    site.wrong_ms = 0
    site.live(10 * MINUTE)
    assert (site.error_ms, site.belief.wall_ahead_ms, site.belief.confirmed) == (0, 0, True)


@pytest.mark.parametrize("jump_ms", JUMPS)
@pytest.mark.parametrize("devices", [0, 3])
def test_a_wrong_clock_at_the_start_of_the_machine_is_not_followed(jump_ms: int, devices: int) -> None:
    site = ClockedSite(synchronised=False, devices=devices).live(2 * HOUR)
    site.restart()
    site.wrong_ms = jump_ms
    site.live(10 * MINUTE)
    assert site.error_ms == 0
    site.wrong_ms = 0
    site.live(MINUTE)
    assert site.error_ms == 0


@pytest.mark.parametrize("jump_ms", JUMPS)
def test_a_clock_set_while_the_process_was_stopped_is_not_followed(jump_ms: int) -> None:
    site = ClockedSite(synchronised=False).live(2 * HOUR)
    site.true_ms += 3 * DAY  # the process is stopped, the machine runs
    site.wrong_ms = jump_ms
    site.live(MINUTE)
    assert site.error_ms == 0
    assert site.belief.deletion_ms == site.true_ms, "three days have really passed"


@pytest.mark.parametrize("jump_ms", JUMPS)
def test_a_majority_of_devices_outvotes_the_clock(jump_ms: int) -> None:
    site = ClockedSite(synchronised=False, devices=3)
    site.wrong_ms = jump_ms  # wrong since this site was set up
    site.devices_wrong_ms = [0, 5000, 3 * HOUR]
    site.live(MINUTE)
    assert abs(site.error_ms) <= 5000
    assert site.belief.confirmed


def test_one_device_of_many_does_not_move_a_clock_that_did_not_jump() -> None:
    site = ClockedSite(synchronised=False, devices=1)
    site.devices_wrong_ms = [HOUR]
    site.live(HOUR)
    assert site.error_ms == 0
    assert site.belief.holds_future, "which of the two is wrong is unknown"


def test_a_device_ahead_of_a_confirmed_clock_is_ignored() -> None:
    site = ClockedSite(synchronised=True, devices=3)
    site.devices_wrong_ms = [HOUR, 0, 0]
    assert not site.live(HOUR).belief.holds_future


def test_three_weeks_without_power_are_caught_up_in_small_steps() -> None:
    site = ClockedSite(synchronised=True).live(2 * HOUR)
    off_from_ms = site.true_ms
    site.true_ms += 21 * DAY
    site.restart()
    site.live(HOUR - MINUTE)
    assert site.error_ms == 0
    assert site.belief.deletion_ms <= off_from_ms + HOUR, "nothing of those weeks is deleted in the first hour"
    steps = []
    while site.belief.deletion_ms < site.true_ms:
        before_ms = site.belief.deletion_ms
        site.live(5 * MINUTE)
        steps.append(site.belief.deletion_ms - before_ms)
    assert max(steps) <= 7 * HOUR
    assert len(steps) * 5 * MINUTE <= 8 * HOUR


def test_a_step_that_the_synchronisation_confirms_by_mistake_deletes_nothing_for_an_hour() -> None:
    site = ClockedSite(synchronised=False).live(2 * HOUR)  # never confirmed until now
    site.synchronised, site.wrong_ms = True, 730 * DAY
    site.live(50 * MINUTE)
    assert site.error_ms == 730 * DAY
    assert site.belief.deletion_ms == site.true_ms


def test_a_machine_without_a_clock_battery_continues_from_the_last_time_until_synchronised() -> None:
    site = ClockedSite(synchronised=True).live(2 * HOUR)
    site.true_ms += 8 * HOUR
    site.restart()
    site.synchronised, site.wrong_ms = False, -site.true_ms  # 1970
    site.live(MINUTE)
    assert site.error_ms == -8 * HOUR
    assert site.belief.holds_future, "devices know better; what they send is not refused"
    site.synchronised, site.wrong_ms = True, 0
    site.live(MINUTE)
    assert (site.error_ms, site.belief.confirmed) == (0, True)


def test_a_first_start_in_1970_does_not_delay_deletion() -> None:
    site = ClockedSite(synchronised=False)
    site.wrong_ms = -NOON
    site.live(MINUTE)
    site.synchronised, site.wrong_ms = True, 0
    site.live(MINUTE)
    assert (site.error_ms, site.belief.deletion_ms) == (0, site.true_ms)


def test_suspension_counts_as_elapsed_time() -> None:
    site = ClockedSite(synchronised=False).live(HOUR)
    site.true_ms += 9 * HOUR  # elapsed time counts suspension
    site.look()
    assert (site.error_ms, site.belief.deletion_ms) == (0, site.true_ms)


def test_a_paused_virtual_machine_follows_synchronised_time_after_half_an_hour() -> None:
    site = ClockedSite(synchronised=True).live(HOUR)
    site.booted_ms += 3 * HOUR  # neither clock ran; then the synchronisation set the wall clock
    site.true_ms += 3 * HOUR
    site.live(29 * MINUTE)
    assert site.error_ms == -3 * HOUR
    site.live(2 * MINUTE)
    assert site.error_ms == 0


def test_a_paused_virtual_machine_follows_its_devices_at_once() -> None:
    site = ClockedSite(synchronised=True, devices=3).live(HOUR)
    site.booted_ms += 3 * HOUR
    site.true_ms += 3 * HOUR
    site.look()
    assert site.error_ms == 0


def test_time_stands_still_after_a_small_step_back() -> None:
    site = ClockedSite(synchronised=True).live(HOUR)
    site.wrong_ms = -30_000
    seen = [site.live(10_000).belief.site_ms for _ in range(6)]
    assert seen == sorted(seen)
    assert site.error_ms == -30_000


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, 10_000, HOUR, 5 * DAY]),
            st.sampled_from([0, 30_000, -30_000, *JUMPS]),
            st.booleans(),
            st.sampled_from([(), (0,), (0, 0, HOUR), (4 * DAY, 4 * DAY)]),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_deletion_time_never_exceeds_site_time_or_elapsed_time(
    steps: list[tuple[int, int, bool, tuple[int, ...], bool]],
) -> None:
    site = ClockedSite(synchronised=False).live(MINUTE)
    for span_ms, wrong_ms, synchronised, devices, restarts in steps:
        if restarts:
            site.restart()
        site.wrong_ms, site.synchronised, site.devices_wrong_ms = wrong_ms, synchronised, devices
        before = site.belief
        site.true_ms += span_ms
        after = site.look()
        assert after.deletion_ms <= after.site_ms
        assert after.deletion_ms - before.deletion_ms <= span_ms + 72 * 5 * MINUTE
        if not after.confirmed:
            assert after.deletion_ms - before.deletion_ms <= span_ms


def test_one_misdated_event_of_the_only_device_moves_nothing_and_its_status_does() -> None:
    reading = ClockReading(NOON, HOUR, 1, synchronised=False)
    site_time = SiteTime(lambda: reading, ["pi-1"])
    site_time.now_ms()
    site_time.record_device_time("pi-1", NOON + DAY, exact=False)
    assert site_time.now_ms() == NOON
    assert site_time.holds_future
    site_time.record_device_time("pi-1", NOON + HOUR, exact=True)
    assert site_time.now_ms() == NOON + HOUR
    assert not site_time.holds_future
    assert site_time.fault == CollectorFault(FaultKind.CLOCK_OFF, off_s=3600)


def test_reports_of_unknown_devices_and_old_reports_are_ignored() -> None:
    times = DeviceTimes(frozenset({"pi-1"}))
    times.record("pi-2", NOON, 0, exact=True)
    assert times.estimate_now_ms(0) == []
    times.record("pi-1", NOON, 0, exact=True)
    assert times.estimate_now_ms(MAX_REPORT_AGE_MS) == [NOON + MAX_REPORT_AGE_MS]
    assert times.estimate_now_ms(MAX_REPORT_AGE_MS + 1) == []
