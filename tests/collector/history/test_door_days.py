"""Days of the doors: where they begin, when the count turns, and what two weeks teach."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.history.door_days import (
    MIN_ERROR_SCALE,
    DayTurn,
    DayTurns,
    DoorDay,
    LearnedDoors,
    find_day_span,
    learn_doors,
)
from collector.history.measures import BUCKET_MS
from collector.site.opening_spans import OpeningSpan, RedDays
from collector.site.site_plan import SitePlan
from tests.support.collector.room import HOUR

STOCKHOLM = ZoneInfo("Europe/Stockholm")
DAYTIME = {weekday: (OpeningSpan(opens_min=6 * 60, closes_min=24 * 60),) for weekday in range(7)}


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM).timestamp()) * 1000


def site_with(hours: dict[int, OpeningSpan], closed: frozenset[date] = frozenset()) -> SitePlan:
    return SitePlan(
        id="mill",
        name="Mill",
        time_zone=STOCKHOLM,
        floors=(),
        zones=(),
        spaces=(),
        opening_hours=hours,
        closed=closed,
        red_days=RedDays.OPEN,
    )


def days(entries: int, exits: int, count: int = 14) -> list[DoorDay]:
    return [DoorDay(number, entries, exits, exits * HOUR) for number in range(count)]


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 24), ("2026-03-28", 23), ("2026-10-24", 25), ("2026-06-21", 24)]
)
def test_a_day_runs_from_four_to_four_also_with_23_or_25_hours(day: str, hours: int) -> None:
    span = find_day_span(moment(f"{day}T12:00"), STOCKHOLM)
    assert span.from_ms == moment(f"{day}T04:00")
    assert span.to_ms - span.from_ms == hours * HOUR
    assert find_day_span(span.from_ms, STOCKHOLM) == find_day_span(span.to_ms - 1, STOCKHOLM) == span
    assert find_day_span(span.to_ms, STOCKHOLM).day == span.day + 1


def test_a_crossing_after_midnight_belongs_to_the_previous_day() -> None:
    assert (
        find_day_span(moment("2026-06-21T03:59"), STOCKHOLM).day
        == find_day_span(moment("2026-06-20T20:00"), STOCKHOLM).day
    )


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_moment_lies_in_its_day(at: datetime) -> None:
    at_ms = int(at.timestamp() * 1000)
    span = find_day_span(at_ms, STOCKHOLM)
    assert span.from_ms <= at_ms < span.to_ms


def test_a_site_closed_at_four_is_empty_then() -> None:
    turn = DayTurns(site_with(DAYTIME)).find_turn(moment("2026-06-21T12:00"))
    assert (turn.at_ms, turn.is_closed) == (moment("2026-06-21T04:00"), True)


def test_a_site_that_never_closes_is_never_known_to_be_empty() -> None:
    turn = DayTurns(site_with({})).find_turn(moment("2026-06-21T12:00"))
    assert (turn.at_ms, turn.is_closed) == (moment("2026-06-21T04:00"), False)


def test_a_site_open_all_night_is_empty_in_the_middle_of_its_closed_time() -> None:
    night = {weekday: (OpeningSpan(opens_min=0, closes_min=8 * 60),) for weekday in range(7)}
    turn = DayTurns(site_with(night)).find_turn(moment("2026-06-21T05:00"))
    assert (turn.at_ms, turn.is_closed) == (moment("2026-06-21T16:00"), True)


def test_half_an_hour_closed_does_not_empty_the_site() -> None:
    hours = {weekday: (OpeningSpan(opens_min=0, closes_min=24 * 60 - 30),) for weekday in range(7)}
    assert not DayTurns(site_with(hours)).find_turn(moment("2026-06-21T12:00")).is_closed


@given(
    st.dictionaries(
        st.integers(0, 6),
        st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda hours: hours[0] < hours[1]),
    ),
    st.sampled_from(["2026-03-27", "2026-03-28", "2026-10-23", "2026-10-24", "2026-06-21"]),
)
def test_each_day_turns_once_within_itself(hours: dict[int, tuple[int, int]], first: str) -> None:
    plan = site_with({weekday: (OpeningSpan(opens_min=a, closes_min=b),) for weekday, (a, b) in hours.items()})
    turns: list[DayTurn] = []
    at_ms = find_day_span(moment(f"{first}T12:00"), STOCKHOLM).from_ms
    for _ in range(3):
        span = find_day_span(at_ms, STOCKHOLM)
        found = {DayTurns(plan).find_turn(moment_ms) for moment_ms in (span.from_ms, span.to_ms - 1)}
        turns += found
        assert len(found) == 1
        assert span.from_ms <= turns[-1].at_ms < span.to_ms
        assert turns[-1].at_ms % BUCKET_MS == 0
        at_ms = span.to_ms
    assert len({turn.day for turn in turns}) == 3


def test_doors_with_few_crossings_count_as_typical() -> None:
    assert learn_doors([]) == LearnedDoors()
    assert learn_doors(days(9, 6, count=1)).in_out_ratio == 1


def test_doors_that_miss_exits_are_learned_within_two_weeks() -> None:
    assert learn_doors(days(200, 180)).in_out_ratio == pytest.approx(200 / 180, rel=0.02)
    assert learn_doors(days(180, 200)).in_out_ratio == pytest.approx(180 / 200, rel=0.02)


def test_a_drift_below_three_per_cent_is_ignored() -> None:
    assert learn_doors(days(200, 195)).in_out_ratio == 1


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 10**10)), max_size=14))
def test_learned_values_stay_within_their_bounds(found: list[tuple[int, int, int]]) -> None:
    learnt = learn_doors([DoorDay(number, *day) for number, day in enumerate(found)])
    assert 0.67 <= learnt.in_out_ratio <= 1.5
    assert 0 < learnt.error_scale <= 4
    assert 0.1 <= learnt.leaving_per_h <= 3


def test_scattered_days_raise_the_learned_error() -> None:
    steady = learn_doors(days(200, 200))
    wild = learn_doors([DoorDay(number, 200, 200 + (-1) ** number * 40, 0) for number in range(14)])
    assert wild.error_scale > 2 * steady.error_scale


def test_doors_that_end_at_zero_every_day_hardly_err() -> None:
    assert learn_doors(days(100, 100)).error_scale < 0.01
    assert learn_doors(days(4, 4, count=2)).error_scale > 0.5, "a few crossings show little"


def test_people_who_stay_overnight_are_no_errors() -> None:
    stays = (0, 1, 0, 0, 2, 0, 1, 0, 0, 0, 3, 0, 0, 0)
    before = (0, *stays)
    found = [DoorDay(day, 100 + now - before[day], 100) for day, now in enumerate(stays)]
    assert learn_doors(found).error_scale < 0.05


def test_one_odd_day_does_not_make_precise_doors_typical() -> None:
    assert learn_doors([*days(100, 100, count=13), DoorDay(13, 107, 100)]).error_scale < 0.2


def test_doors_with_a_steady_drift_are_not_precise() -> None:
    assert learn_doors(days(200, 180)).error_scale >= MIN_ERROR_SCALE
