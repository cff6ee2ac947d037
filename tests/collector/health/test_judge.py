"""Each finding from days alone: what raises it, and the good explanations that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.health.clocks import HOURS, Arrivals, ClockHour, clock_off
from collector.health.days import DayTally
from collector.health.findings import Finding, FindingKind
from collector.health.hours import HOUR_MS, Reading
from collector.health.judge import Hold, Known, battery, findings
from collector.plan import SensorKind, SpaceKind
from edge.message import Kind

DAY_MIN = 24 * 60


def known(
    *days: DayTally, kind: SensorKind = SensorKind.PIR, name: str = "pir", space: str = "desk", **more: object
) -> Known:
    how = Reading("pi", name, kind, 75_000, Kind.MOTION)
    return Known(how=how, space=space, space_kind=SpaceKind.DESK, days=days, **more)  # type: ignore[arg-type]


def day(number: int, **more: object) -> DayTally:
    return DayTally(number, minutes=DAY_MIN, alive_min=DAY_MIN, **more)  # type: ignore[arg-type]


def kinds(*sensors: Known) -> list[FindingKind]:
    return [finding.kind for _, finding in findings(sensors)]


def found(*sensors: Known) -> Finding:
    ((_, finding),) = findings(sensors)
    return finding


def batteries(*levels: float) -> Known:
    return known(*(day(n, battery_pct=level) for n, level in enumerate(levels)))


def test_a_battery_is_low_below_its_mark_or_when_its_fall_ends_within_two_weeks() -> None:
    assert kinds(batteries(16, 16, 16)) == []
    assert found(batteries(15)).battery_pct == 15
    falling = found(batteries(60, 57, 54, 51, 48, 45))
    assert (falling.battery_pct, falling.days_left) == (45, 13)


def test_one_odd_reading_makes_no_fall() -> None:
    assert kinds(batteries(80, 80, 55, 80, 80, 79)) == []


def test_a_new_battery_begins_anew() -> None:
    assert kinds(batteries(40, 30, 20, 12, 8, 100, 99)) == []


def test_how_long_a_battery_lasts_is_not_known_before_it_has_fallen_for_days() -> None:
    assert battery(batteries().days) is None
    assert battery(batteries(90, 88, 86, 84).days) == (84, None)
    assert battery(batteries(90, 90, 90, 90, 89, 89).days) == (89, None)
    assert battery(batteries(90, 88, 86, 84, 82, 80).days) == (80, 37)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=14))
def test_a_battery_lasts_for_no_less_than_no_days(levels: list[float]) -> None:
    now_pct, left = battery(batteries(*levels).days) or (None, None)
    assert now_pct == levels[-1]
    assert left is None or left >= 0


def test_ten_hours_are_a_long_stay_and_twenty_are_nobody() -> None:
    assert kinds(known(day(1, on_tail_min=600))) == []
    assert found(known(day(1, on_tail_min=1200))).span_min == 1200


def test_a_run_goes_on_over_the_edge_of_a_day_and_ends_when_it_falls() -> None:
    through = (day(1, on_tail_min=600), day(2, on_tail_min=DAY_MIN))
    assert found(known(*through)).span_min == 600 + DAY_MIN
    assert kinds(known(*through, day(3))) == []


def test_a_machine_may_work_for_two_days() -> None:
    works = [day(n, on_tail_min=DAY_MIN) for n in (1, 2, 3)]
    assert kinds(known(*works[:2], kind=SensorKind.POWER)) == []
    assert kinds(known(*works, kind=SensorKind.POWER)) == [FindingKind.STUCK_ON]


def test_a_dead_witness_accuses_nobody() -> None:
    mat = known(day(5, against_min=500, against=("pi", "pir")), kind=SensorKind.PRESSURE, name="mat")
    assert kinds(mat, known(day(5))) == []
    assert kinds(mat, known(day(4, active_min=300), day(5, active_min=9))) == [FindingKind.STUCK_ON]


def test_a_busy_hour_is_no_flapping_and_three_are() -> None:
    assert kinds(known(day(1, fast_hours=2, most_rises=900))) == []
    assert found(known(day(1, fast_hours=3, most_rises=900))).times == 900
    assert kinds(known(day(1, fast_hours=3, most_rises=900), day(2), day(3))) == [], "it is over"


def test_hold_at_its_bound_and_still_flipping_is_poor_coverage() -> None:
    assert kinds(known(day(1), hold=Hold(3, 4, at_most=True))) == []
    assert kinds(known(day(1), hold=Hold(9, 60, at_most=True))) == []
    assert found(known(day(1), hold=Hold(9.2, 20, at_most=True))).times == 9


def test_a_bag_on_the_mat_makes_no_movement_sensor_bad() -> None:
    days = [day(n, blind_times=4, blind_min=90, seen_min=400, blind_by=("pi", "mat"), active_min=99) for n in (1, 2)]
    honest = known(day(1), day(2), kind=SensorKind.PRESSURE, name="mat")
    assert kinds(known(*days), honest) == [FindingKind.POOR_COVERAGE]
    with_a_bag = known(day(1, against_min=400), day(5), kind=SensorKind.PRESSURE, name="mat")
    assert kinds(known(*days), with_a_bag) == []


def test_the_bigger_the_house_the_more_it_takes() -> None:
    bad = known(day(1, blind_times=3, blind_min=90, seen_min=400, blind_by=("pi", "mat"), active_min=99))
    others = [known(day(1, active_min=200), space=f"desk-{n}", name=f"pir-{n}") for n in range(15)]
    assert kinds(bad) == [FindingKind.POOR_COVERAGE]
    assert kinds(bad, *others) == []


def house_of(quiet: Known, days: int, used: int, desks: int = 9) -> list[Known]:
    """A quiet sensor among others of which `used` come on each day."""
    return [
        quiet,
        *(
            known(*(day(n, active_min=60 * (desk < used)) for n in range(days)), name=f"pir-{desk}", space=f"d{desk}")
            for desk in range(desks)
        ),
    ]


def test_a_sensor_is_missed_only_where_nearly_all_others_were_used_for_long() -> None:
    quiet = known(*(day(n) for n in range(10)))
    assert kinds(*house_of(quiet, 10, used=9))[:1] == [FindingKind.NEVER_TRIGGERED]
    assert kinds(*house_of(known(*(day(n) for n in range(5))), 5, used=9)) == [], "a fresh start"
    assert FindingKind.NEVER_TRIGGERED not in kinds(*house_of(quiet, 10, used=4))
    assert kinds(*house_of(quiet, 10, used=0)) == [], "a holiday"


def test_a_dedicated_desk_without_a_witness_is_never_missed() -> None:
    quiet = known(*(day(n) for n in range(14)), dedicated=True, fired=True)
    assert kinds(*house_of(quiet, 14, used=9)) == []


def test_what_once_came_on_is_stuck_off_and_not_never_triggered() -> None:
    quiet = known(*(day(n) for n in range(10)), fired=True)
    assert kinds(*house_of(quiet, 10, used=9))[:1] == [FindingKind.STUCK_OFF]


def test_the_only_door_of_a_used_house_is_missed_after_four_days_and_one_of_two_never() -> None:
    def door(name: str) -> Known:
        how = Reading("pi", name, SensorKind.BEAM_PAIR, 75_000, Kind.CROSSING)
        return Known(how=how, door=name, days=[day(n) for n in range(4)])

    used = [known(*(day(n, active_min=200) for n in range(4)), name=f"pir-{d}", space=f"d{d}") for d in range(3)]
    assert kinds(door("front"), *used) == [FindingKind.NEVER_TRIGGERED]
    assert kinds(door("front"), door("back"), *used) == []


def test_one_day_with_another_space_is_chance_and_three_are_a_place() -> None:
    elsewhere = [day(n, moved=True, moves_with="desk-2", other_pct=90, own_pct=5) for n in range(3)]
    at_home = [day(n, moved=True, own_pct=90) for n in range(3, 6)]
    assert kinds(known(*elsewhere[:2])) == []
    assert found(known(*elsewhere)).space == "desk-2"
    assert kinds(known(*elsewhere, *at_home)) == []


tallies = st.builds(
    day,
    st.integers(1, 20),
    active_min=st.integers(0, DAY_MIN),
    blind_times=st.integers(0, 9),
    blind_min=st.integers(0, 400),
    seen_min=st.integers(0, 800),
    battery_pct=st.none() | st.floats(0, 100),
    against_min=st.integers(0, DAY_MIN),
    moves_with=st.sampled_from(["", "desk-2"]),
    moved=st.booleans(),
)


@given(days=st.lists(tallies, max_size=8, unique_by=lambda tally: tally.day))
def test_of_a_dedicated_desk_no_number_is_told_but_its_batterys(days: list[DayTally]) -> None:
    one = known(*sorted(days, key=lambda tally: tally.day), dedicated=True)
    witness = known(*(day(n, active_min=1) for n in range(21)), name="other", space="desk-3")
    for (_, sensor), finding in findings([one, witness]):
        if sensor == "pir" and finding.kind is not FindingKind.BATTERY_LOW:
            numbers = (finding.times, finding.days, finding.span_min, finding.share_pct, finding.own_pct)
            assert numbers == (None,) * 5


NOW_MS = 100 * HOUR_MS


def hours(*ages_ms: int, **more: int) -> list[ClockHour]:
    return [
        ClockHour(NOW_MS - (len(ages_ms) - place) * HOUR_MS, more.get("samples", 50), age_ms)
        for place, age_ms in enumerate(ages_ms)
    ]


def test_a_clock_that_is_off_by_the_same_for_three_hours_is_off() -> None:
    slow = clock_off(hours(3_600_000, 3_605_000, 3_601_000), NOW_MS)
    assert slow is not None
    assert slow.off_s == 3602
    fast = clock_off(hours(-90_000, -91_000, -90_500), NOW_MS)
    assert fast is not None
    assert fast.off_s == -90


@pytest.mark.parametrize(
    "ages_ms", [(500, 900, 300), (3_600_000, 1_800_000, 600_000), (3_600_000, 3_600_000), (3_600_000, 0, 3_600_000)]
)
def test_a_right_clock_a_backlog_that_drains_and_too_few_hours_are_not(ages_ms: tuple[int, ...]) -> None:
    assert clock_off(hours(*ages_ms), NOW_MS) is None


def test_news_without_a_time_or_from_the_future_tells_of_the_clock_too() -> None:
    arrivals = Arrivals({})
    for hour in range(HOURS):
        for minute in range(20):
            arrivals.undated("pi", NOW_MS + hour * HOUR_MS + minute)
            arrivals.refused("pi-2", 3, NOW_MS + hour * HOUR_MS + minute)
    after_ms = NOW_MS + HOURS * HOUR_MS
    never, ahead = (clock_off(arrivals.hours[device], after_ms) for device in ("pi", "pi-2"))
    assert never is not None
    assert ahead is not None
    assert (never.share_pct, ahead.times) == (100, 180)


def test_one_piece_of_fresh_news_in_the_hour_clears_a_backlog_of_suspicion() -> None:
    arrivals = Arrivals({})
    for hour in range(HOURS):
        for minute in range(30):
            now_ms = NOW_MS + hour * HOUR_MS + minute
            arrivals.heard("pi", now_ms - (0 if minute == 29 else 7_200_000), now_ms)
    assert clock_off(arrivals.hours["pi"], NOW_MS + HOURS * HOUR_MS) is None
