"""Rules on daily tallies: what causes each finding, and what has another explanation and causes none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract.findings import Finding, FindingKind
from collector.health.clocks import NEEDED_HOURS, ArrivalAges, ClockHour, find_clock_fault
from collector.health.finding_rules import estimate_battery, evaluate_sensors
from collector.health.tallies.day_tallies import DayTally
from collector.health.tallies.hour_tallies import ActivityRule
from collector.health.tallies.site_activity import HoldReliability, SensorRecord
from collector.site.spaces import SpaceKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import HOUR_MS

DAY_MIN = 24 * 60


def make_record(
    *days: DayTally, kind: SensorKind = SensorKind.PIR, name: str = "pir", space: str = "desk", **more: object
) -> SensorRecord:
    how = ActivityRule("pi", name, kind, 75_000, EventKind.MOTION)
    return SensorRecord(rule=how, space=space, space_kind=SpaceKind.DESK, days=days, **more)  # type: ignore[arg-type]


def make_day(number: int, **more: object) -> DayTally:
    return DayTally(number, minutes=DAY_MIN, alive_min=DAY_MIN, **more)  # type: ignore[arg-type]


def find_kinds(*sensors: SensorRecord) -> list[FindingKind]:
    return [finding.kind for _, finding in evaluate_sensors(sensors)]


def find_one(*sensors: SensorRecord) -> Finding:
    ((_, finding),) = evaluate_sensors(sensors)
    return finding


def record_with_battery(*levels: float) -> SensorRecord:
    return make_record(*(make_day(n, battery_pct=level) for n, level in enumerate(levels)))


def test_battery_is_low_below_its_threshold_or_if_empty_within_two_weeks() -> None:
    assert find_kinds(record_with_battery(16, 16, 16)) == []
    assert find_one(record_with_battery(15)).battery_pct == 15
    falling = find_one(record_with_battery(60, 57, 54, 51, 48, 45))
    assert (falling.battery_pct, falling.days_left) == (45, 13)


def test_one_wrong_battery_reading_causes_no_finding() -> None:
    assert find_kinds(record_with_battery(80, 80, 55, 80, 80, 79)) == []


def test_battery_history_restarts_after_replacement() -> None:
    assert find_kinds(record_with_battery(40, 30, 20, 12, 8, 100, 99)) == []


def test_days_left_are_unknown_before_the_battery_has_fallen_for_days() -> None:
    assert estimate_battery(record_with_battery().days) is None
    assert estimate_battery(record_with_battery(90, 88, 86, 84).days) == (84, None)
    assert estimate_battery(record_with_battery(90, 90, 90, 90, 89, 89).days) == (89, None)
    assert estimate_battery(record_with_battery(90, 88, 86, 84, 82, 80).days) == (80, 37)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=14))
def test_days_left_are_never_negative(levels: list[float]) -> None:
    now_pct, left = estimate_battery(record_with_battery(*levels).days) or (None, None)
    assert now_pct == levels[-1]
    assert left is None or left >= 0


def test_ten_hours_are_a_long_stay_and_twenty_are_stuck_on() -> None:
    assert find_kinds(make_record(make_day(1, on_until_end_min=600))) == []
    assert find_one(make_record(make_day(1, on_until_end_min=1200))).span_min == 1200


def test_run_continues_across_days_and_ends_when_the_sensor_turns_off() -> None:
    through = (make_day(1, on_until_end_min=600), make_day(2, on_until_end_min=DAY_MIN))
    assert find_one(make_record(*through)).span_min == 600 + DAY_MIN
    assert find_kinds(make_record(*through, make_day(3))) == []


def test_machine_may_run_for_two_days() -> None:
    works = [make_day(n, on_until_end_min=DAY_MIN) for n in (1, 2, 3)]
    assert find_kinds(make_record(*works[:2], kind=SensorKind.POWER)) == []
    assert find_kinds(make_record(*works, kind=SensorKind.POWER)) == [FindingKind.STUCK_ON]


def test_inactive_witness_causes_no_finding() -> None:
    mat = make_record(
        make_day(5, uncorroborated_min=500, uncorroborated_by=("pi", "pir")), kind=SensorKind.PRESSURE, name="mat"
    )
    assert find_kinds(mat, make_record(make_day(5))) == []
    assert find_kinds(mat, make_record(make_day(4, active_min=300), make_day(5, active_min=9))) == [
        FindingKind.STUCK_ON
    ]


def test_three_busy_hours_are_flapping_and_two_are_not() -> None:
    assert find_kinds(make_record(make_day(1, flapping_hours=2, max_hourly_rises=900))) == []
    assert find_one(make_record(make_day(1, flapping_hours=3, max_hourly_rises=900))).times == 900
    assert (
        find_kinds(make_record(make_day(1, flapping_hours=3, max_hourly_rises=900), make_day(2), make_day(3))) == []
    ), "it has ended"


def test_hold_at_its_bound_with_many_flips_is_poor_coverage() -> None:
    assert find_kinds(make_record(make_day(1), hold=HoldReliability(3, 4, is_at_bound=True))) == []
    assert find_kinds(make_record(make_day(1), hold=HoldReliability(9, 80, is_at_bound=True))) == []
    assert find_kinds(make_record(make_day(1), hold=HoldReliability(9.2, 20))) == []
    assert find_one(make_record(make_day(1), hold=HoldReliability(9.2, 20, is_at_bound=True))).times == 9


def test_lost_visits_are_breaks_if_the_quiet_spans_show_it() -> None:
    days = [make_day(n, sparse_visits=4, lost_visits=4, lost_min=90, occupied_min=300) for n in (1, 2)]
    for hold, kinds in (
        (HoldReliability(), [FindingKind.POOR_COVERAGE]),
        (HoldReliability(1, 20, is_known=True), []),
        (HoldReliability(5, 20, is_known=True), [FindingKind.POOR_COVERAGE]),
    ):
        assert find_kinds(make_record(*days, hold=hold)) == kinds


@pytest.mark.parametrize(
    ("days", "lost", "lost_min", "is_found"),
    [(2, 45, 230, True), (1, 45, 230, False), (2, 12, 230, False), (2, 45, 90, False)],
)
def test_mat_that_loses_people_all_day_has_poor_coverage(days: int, lost: int, lost_min: int, is_found: bool) -> None:
    record = make_record(
        *(make_day(n, lost_visits=lost, lost_min=lost_min, occupied_min=270, active_min=270) for n in range(days)),
        kind=SensorKind.PRESSURE,
        name="mat",
    )
    assert (find_kinds(record) == [FindingKind.POOR_COVERAGE]) is is_found


def test_bag_on_the_mat_causes_no_poor_coverage() -> None:
    days = [
        make_day(n, blind_gaps=4, blind_min=90, witness_min=400, blind_witness=("pi", "mat"), active_min=99)
        for n in (1, 2)
    ]
    honest = make_record(make_day(1), make_day(2), kind=SensorKind.PRESSURE, name="mat")
    assert find_kinds(make_record(*days), honest) == [FindingKind.POOR_COVERAGE]
    with_a_bag = make_record(make_day(1, uncorroborated_min=400), make_day(5), kind=SensorKind.PRESSURE, name="mat")
    assert find_kinds(make_record(*days), with_a_bag) == []


def test_poor_coverage_needs_more_evidence_on_a_larger_site() -> None:
    bad = make_record(
        make_day(1, blind_gaps=3, blind_min=90, witness_min=400, blind_witness=("pi", "mat"), active_min=99)
    )
    others = [make_record(make_day(1, active_min=200), space=f"desk-{n}", name=f"pir-{n}") for n in range(15)]
    assert find_kinds(bad) == [FindingKind.POOR_COVERAGE]
    assert find_kinds(bad, *others) == []


def site_with(quiet: SensorRecord, days: int, used: int, desks: int = 9) -> list[SensorRecord]:
    """Return a quiet sensor among others, of which `used` are active each day."""
    return [
        quiet,
        *(
            make_record(
                *(make_day(n, active_min=60 * (desk < used)) for n in range(days)), name=f"pir-{desk}", space=f"d{desk}"
            )
            for desk in range(desks)
        ),
    ]


def test_sensor_is_never_triggered_only_if_nearly_all_peers_were_used_for_days() -> None:
    quiet = make_record(*(make_day(n) for n in range(10)))
    assert find_kinds(*site_with(quiet, 10, used=9))[:1] == [FindingKind.NEVER_TRIGGERED]
    assert find_kinds(*site_with(make_record(*(make_day(n) for n in range(5))), 5, used=9)) == [], "after installation"
    assert FindingKind.NEVER_TRIGGERED not in find_kinds(*site_with(quiet, 10, used=4))
    assert find_kinds(*site_with(quiet, 10, used=0)) == [], "a holiday"


def test_dedicated_desk_without_a_witness_is_never_a_finding() -> None:
    quiet = make_record(*(make_day(n) for n in range(14)), dedicated=True, fired=True)
    assert find_kinds(*site_with(quiet, 14, used=9)) == []


def test_sensor_that_was_active_before_is_stuck_off() -> None:
    quiet = make_record(*(make_day(n) for n in range(10)), fired=True)
    assert find_kinds(*site_with(quiet, 10, used=9))[:1] == [FindingKind.STUCK_OFF]


def test_only_door_of_a_used_site_is_found_after_four_days_and_one_of_two_never() -> None:
    def door(name: str) -> SensorRecord:
        how = ActivityRule("pi", name, SensorKind.BEAM_PAIR, 75_000, EventKind.CROSSING)
        return SensorRecord(rule=how, door=name, days=[make_day(n) for n in range(4)])

    used = [
        make_record(*(make_day(n, active_min=200) for n in range(4)), name=f"pir-{d}", space=f"d{d}") for d in range(3)
    ]
    assert find_kinds(door("front"), *used) == [FindingKind.NEVER_TRIGGERED]
    assert find_kinds(door("front"), door("back"), *used) == []


def test_matching_another_space_for_three_days_is_a_wrong_place() -> None:
    elsewhere = [make_day(n, is_comparable=True, matching_space="desk-2", other_pct=90, own_pct=5) for n in range(3)]
    at_home = [make_day(n, is_comparable=True, own_pct=90) for n in range(3, 6)]
    assert find_kinds(make_record(*elsewhere[:2])) == []
    assert find_one(make_record(*elsewhere)).space == "desk-2"
    assert find_kinds(make_record(*elsewhere, *at_home)) == []


tallies = st.builds(
    make_day,
    st.integers(1, 20),
    active_min=st.integers(0, DAY_MIN),
    blind_gaps=st.integers(0, 9),
    blind_min=st.integers(0, 400),
    witness_min=st.integers(0, 800),
    battery_pct=st.none() | st.floats(0, 100),
    uncorroborated_min=st.integers(0, DAY_MIN),
    matching_space=st.sampled_from(["", "desk-2"]),
    is_comparable=st.booleans(),
)


@given(days=st.lists(tallies, max_size=8, unique_by=lambda tally: tally.day))
def test_finding_about_a_dedicated_desk_has_no_numbers_except_battery(days: list[DayTally]) -> None:
    one = make_record(*sorted(days, key=lambda tally: tally.day), dedicated=True)
    witness = make_record(*(make_day(n, active_min=1) for n in range(21)), name="other", space="desk-3")
    for (_, sensor), finding in evaluate_sensors([one, witness]):
        if sensor == "pir" and finding.kind is not FindingKind.BATTERY_LOW:
            numbers = (finding.times, finding.days, finding.span_min, finding.share_pct, finding.own_pct)
            assert numbers == (None,) * 5


NOW_MS = 100 * HOUR_MS


def clock_hours(*ages_ms: int, **more: int) -> list[ClockHour]:
    return [
        ClockHour(NOW_MS - (len(ages_ms) - place) * HOUR_MS, more.get("samples", 50), age_ms)
        for place, age_ms in enumerate(ages_ms)
    ]


def test_clock_with_a_constant_error_for_three_hours_is_wrong() -> None:
    slow = find_clock_fault(clock_hours(3_600_000, 3_605_000, 3_601_000), NOW_MS)
    assert slow is not None
    assert slow.off_s == 3602
    fast = find_clock_fault(clock_hours(-90_000, -91_000, -90_500), NOW_MS)
    assert fast is not None
    assert fast.off_s == -90


@pytest.mark.parametrize(
    "ages_ms", [(500, 900, 300), (3_600_000, 1_800_000, 600_000), (3_600_000, 3_600_000), (3_600_000, 0, 3_600_000)]
)
def test_correct_clock_draining_backlog_and_too_few_hours_are_no_finding(ages_ms: tuple[int, ...]) -> None:
    assert find_clock_fault(clock_hours(*ages_ms), NOW_MS) is None


def test_events_without_a_time_or_from_the_future_show_a_wrong_clock() -> None:
    arrivals = ArrivalAges({})
    for hour in range(NEEDED_HOURS):
        for minute in range(20):
            arrivals.record_undated("pi", NOW_MS + hour * HOUR_MS + minute)
            arrivals.record_rejected("pi-2", 3, NOW_MS + hour * HOUR_MS + minute)
    after_ms = NOW_MS + NEEDED_HOURS * HOUR_MS
    never, ahead = (find_clock_fault(arrivals.hours[device], after_ms) for device in ("pi", "pi-2"))
    assert never is not None
    assert ahead is not None
    assert (never.share_pct, ahead.times) == (100, 180)


def test_one_recent_event_in_the_hour_shows_that_the_clock_is_correct() -> None:
    arrivals = ArrivalAges({})
    for hour in range(NEEDED_HOURS):
        for minute in range(30):
            now_ms = NOW_MS + hour * HOUR_MS + minute
            arrivals.record_event("pi", now_ms - (0 if minute == 29 else 7_200_000), now_ms)
    assert find_clock_fault(arrivals.hours["pi"], NOW_MS + NEEDED_HOURS * HOUR_MS) is None
