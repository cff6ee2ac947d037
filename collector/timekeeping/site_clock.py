"""Estimates site time from several clocks, and for how much time data may be deleted.

In:    readings of the machine's clocks; the time that devices report; the last estimate, of this or an earlier run.
Out:   an estimate: site time, deletion time, and whether an event from the future may be due to this machine's clock.
Never: clocks, files, threads.

No single clock is trusted (docs/decisions/0030). Site time advances with elapsed time, which cannot be set. A step of
the wall clock is followed if it is small, or if the system's time synchronisation or the majority of the devices
confirms it. Deletion time never steps: it advances with elapsed time, and catches up with site time in small pieces
once site time has been confirmed for an hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from edge.timekeeping.durations import HOUR_MS, MINUTE_MS

AGREEMENT_MS: Final = MINUTE_MS
"""Clocks that differ by at most this agree. A smaller step of the wall clock is followed without confirmation."""
MAX_REBOOT_MS: Final = 5 * MINUTE_MS
"""A restart of the machine takes at most this long and needs no confirmation."""
SYNCHRONISED_FOR_MS: Final = 30 * MINUTE_MS
"""Confirmed time does not jump, so synchronisation alone must report a jump for this long before it is followed. Only
a virtual machine that was paused needs that."""
CONFIRMED_FOR_MS: Final = HOUR_MS
"""Deletion time catches up with site time once that has been confirmed for this long."""
CATCH_UP_FACTOR: Final = 72
"""Speed of catching up, in hours per hour: three weeks without power take seven hours."""
MAX_CATCH_UP_STEP_MS: Final = 5 * MINUTE_MS
"""Most elapsed time that counts for catching up in one step."""
EARLIEST_POSSIBLE_MS: Final = 1_767_225_600_000
"""2026-01-01: this code did not exist before, so an earlier time is wrong and no data is older."""
MIN_AGREEING_DEVICES: Final = 2
"""Fewest devices that must agree on a time that no clock of this machine shows."""


class ClockReading(NamedTuple):
    """The machine's clocks at one moment."""

    wall_ms: int
    """Unix milliseconds, right or wrong."""
    elapsed_ms: int
    """Milliseconds since the machine started, including suspension; cannot be set."""
    boot: int
    """Identifies the start of the machine: `elapsed_ms` of two starts cannot be compared."""
    synchronised: bool
    """Whether the system's time synchronisation confirms `wall_ms`."""


@dataclass(frozen=True, slots=True)
class TimeEstimate:
    """The estimate after one reading; `site_ms` 0: none yet."""

    site_ms: int = 0
    """Unix milliseconds."""
    deletion_ms: int = 0
    """The moment from which ages are computed when data is deleted or too old; never after `site_ms`."""
    boot: int = 0
    """0: no known start of the machine; then `elapsed_ms` has no meaning."""
    elapsed_ms: int = 0
    confirmed: bool = False
    """Whether `site_ms` was confirmed since the machine started, and has not stepped since."""
    confirmed_from_ms: int = 0
    """If confirmed: the elapsed time of the confirmation."""
    step_reported_from_ms: int | None = None
    """Since when (elapsed) the synchronisation has reported a step that is not followed yet."""
    wall_ahead_ms: int = 0
    """By how much the wall clock is ahead of site time, if by more than `AGREEMENT_MS`; else 0."""
    holds_future: bool = False
    """Whether an event from the future may be due to this machine's clock: it is neither accepted nor rejected."""


def update_estimate(
    before: TimeEstimate, reading: ClockReading, device_times: Sequence[int], needed: int = MIN_AGREEING_DEVICES
) -> TimeEstimate:
    """Update the estimate with one reading.

    Args:
        before: the last estimate, of this run or an earlier one.
        reading: the machine's clocks now.
        device_times: the time now (Unix ms) according to each device that reported its clock in the last minutes.
        needed: fewest devices that must agree on a time that no clock of this machine shows.

    Returns:
        The new estimate. `site_ms` goes back only if it was wrong by more than `AGREEMENT_MS`.
    """
    same_boot = before.boot == reading.boot and reading.elapsed_ms >= before.elapsed_ms
    passed_ms = reading.elapsed_ms - before.elapsed_ms if same_boot else reading.elapsed_ms
    pace_ms = before.site_ms + (passed_ms if before.boot else 0)
    consensus = _DeviceConsensus(_find_agreed_ms(device_times), len(device_times) >= needed)
    decision = _choose_time(_ClockEvidence(before, reading, same_boot, pace_ms, consensus))
    stays_confirmed = before.confirmed and same_boot and _is_near(decision.site_ms, pace_ms)
    off_ms = reading.wall_ms - decision.site_ms
    now = TimeEstimate(
        site_ms=decision.site_ms,
        deletion_ms=before.deletion_ms + (passed_ms if before.boot else 0),
        boot=reading.boot,
        elapsed_ms=reading.elapsed_ms,
        confirmed=decision.confirmed or stays_confirmed,
        confirmed_from_ms=before.confirmed_from_ms if stays_confirmed else reading.elapsed_ms,
        step_reported_from_ms=decision.insisted_from_ms,
        wall_ahead_ms=0 if _is_near(off_ms, 0) else off_ms,
    )
    ahead = consensus.agreed_ms is not None and consensus.agreed_ms > now.site_ms + AGREEMENT_MS
    holds_future = ahead or not now.confirmed
    return replace(now, deletion_ms=_advance_deletion_ms(now, before, passed_ms), holds_future=holds_future)


class _DeviceConsensus(NamedTuple):
    """The combined time of the devices."""

    agreed_ms: int | None
    """The time on which most of them agree."""
    are_enough: bool
    """Whether they may move site time to a value that no clock of this machine shows."""

    def supports(self, at_ms: int) -> bool:
        """Whether most of them agree on this time."""
        return self.agreed_ms is not None and _is_near(self.agreed_ms, at_ms)


class _Decision(NamedTuple):
    site_ms: int
    confirmed: bool
    insisted_from_ms: int | None = None


class _ClockEvidence(NamedTuple):
    """What is known about one reading."""

    before: TimeEstimate
    reading: ClockReading
    same_boot: bool
    pace_ms: int
    """The time now if the wall clock was not set since `before`; after a restart, the earliest possible time."""
    devices: _DeviceConsensus

    @property
    def steps(self) -> bool:
        """Whether the wall clock differs from the time expected from `before`."""
        return bool(self.before.site_ms) and not (self.same_boot and _is_near(self.reading.wall_ms, self.pace_ms))

    @property
    def wall_ms(self) -> int:
        """The wall clock; after a small step back, the last site time until the clock reaches it."""
        return self.reading.wall_ms if self.steps else max(self.reading.wall_ms, self.before.site_ms)


def _choose_time(evidence: _ClockEvidence) -> _Decision:
    """Choose between the wall clock, the expected time and the time of the devices."""
    if (site_ms := _find_confirmed_ms(evidence)) is not None:
        return _Decision(site_ms, confirmed=True)
    reading = evidence.reading
    if not evidence.steps:
        return _Decision(evidence.wall_ms, confirmed=False)
    if reading.synchronised:
        from_ms = evidence.before.step_reported_from_ms if evidence.same_boot else None
        from_ms = reading.elapsed_ms if from_ms is None else from_ms
        if reading.elapsed_ms - from_ms >= SYNCHRONISED_FOR_MS:
            return _Decision(reading.wall_ms, confirmed=True)
        return _Decision(evidence.pace_ms, confirmed=False, insisted_from_ms=from_ms)
    restarted = not evidence.same_boot and 0 <= reading.wall_ms - evidence.pace_ms <= MAX_REBOOT_MS
    return _Decision(reading.wall_ms if restarted else evidence.pace_ms, confirmed=False)


def _find_confirmed_ms(evidence: _ClockEvidence) -> int | None:
    """The time confirmed by the first rule that applies; None: none applies."""
    before, devices, wall_ms, pace_ms = evidence.before, evidence.devices, evidence.wall_ms, evidence.pace_ms
    impossible = evidence.steps and before.confirmed and (evidence.same_boot or wall_ms < pace_ms - AGREEMENT_MS)
    if (evidence.reading.synchronised and not impossible) or devices.supports(wall_ms):
        return wall_ms
    if evidence.steps and devices.supports(pace_ms):
        return pace_ms
    if devices.agreed_ms is None or (before.confirmed and evidence.same_boot):
        return None
    implausible = (pace_ms if before.site_ms else wall_ms) < EARLIEST_POSSIBLE_MS
    return devices.agreed_ms if implausible or devices.are_enough else None


def _advance_deletion_ms(now: TimeEstimate, before: TimeEstimate, passed_ms: int) -> int:
    """Deletion time, moved closer to site time if that is confirmed."""
    if before.site_ms < EARLIEST_POSSIBLE_MS:
        return now.site_ms
    reached_ms = now.deletion_ms
    if now.confirmed and now.elapsed_ms - now.confirmed_from_ms >= CONFIRMED_FOR_MS:
        reached_ms += min(passed_ms, MAX_CATCH_UP_STEP_MS) * CATCH_UP_FACTOR
    return min(reached_ms, now.site_ms)


def _find_agreed_ms(device_times: Sequence[int]) -> int | None:
    """The time on which more than half of the devices agree; None: there is none."""
    if not device_times:
        return None
    middle_ms = sorted(device_times)[(len(device_times) - 1) // 2]
    agreeing = sum(1 for each in device_times if _is_near(each, middle_ms))
    return middle_ms if 2 * agreeing > len(device_times) else None


def _is_near(one_ms: int, other_ms: int) -> bool:
    return abs(one_ms - other_ms) <= AGREEMENT_MS
