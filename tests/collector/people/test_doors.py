"""The doors' day: where it is cut, when it turns, and what the last two weeks teach."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.people.doors import BUCKET_MS, DoorDay, Learnt, Turn, Turns, day_span, learn
from collector.plan import OpeningHours, RedDays, SitePlan
from tests.collector.room import HOUR

STOCKHOLM = ZoneInfo("Europe/Stockholm")
DAYTIME = {weekday: (OpeningHours(opens_min=6 * 60, closes_min=24 * 60),) for weekday in range(7)}


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM).timestamp()) * 1000


def house(hours: dict[int, OpeningHours], closed: frozenset[date] = frozenset()) -> SitePlan:
    return SitePlan(
        id="house",
        name="House",
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
def test_a_day_runs_from_four_to_four_however_many_hours_that_is(day: str, hours: int) -> None:
    span = day_span(moment(f"{day}T12:00"), STOCKHOLM)
    assert span.from_ms == moment(f"{day}T04:00")
    assert span.to_ms - span.from_ms == hours * HOUR
    assert day_span(span.from_ms, STOCKHOLM) == day_span(span.to_ms - 1, STOCKHOLM) == span
    assert day_span(span.to_ms, STOCKHOLM).day == span.day + 1


def test_a_guest_who_leaves_after_midnight_leaves_on_the_day_of_arrival() -> None:
    assert day_span(moment("2026-06-21T03:59"), STOCKHOLM).day == day_span(moment("2026-06-20T20:00"), STOCKHOLM).day


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_moment_lies_in_its_day(at: datetime) -> None:
    at_ms = int(at.timestamp() * 1000)
    span = day_span(at_ms, STOCKHOLM)
    assert span.from_ms <= at_ms < span.to_ms


def test_a_house_that_is_closed_at_four_is_empty_then() -> None:
    turn = Turns(house(DAYTIME)).of(moment("2026-06-21T12:00"))
    assert (turn.at_ms, turn.closed) == (moment("2026-06-21T04:00"), True)


def test_a_house_that_never_closes_is_known_to_be_empty_at_no_time() -> None:
    turn = Turns(house({})).of(moment("2026-06-21T12:00"))
    assert (turn.at_ms, turn.closed) == (moment("2026-06-21T04:00"), False)


def test_a_house_that_is_open_all_night_is_empty_in_the_middle_of_the_day_it_is_closed() -> None:
    night = {weekday: (OpeningHours(opens_min=0, closes_min=8 * 60),) for weekday in range(7)}
    turn = Turns(house(night)).of(moment("2026-06-21T05:00"))
    assert (turn.at_ms, turn.closed) == (moment("2026-06-21T16:00"), True)


def test_half_an_hour_of_cleaning_empties_no_house() -> None:
    hours = {weekday: (OpeningHours(opens_min=0, closes_min=24 * 60 - 30),) for weekday in range(7)}
    assert not Turns(house(hours)).of(moment("2026-06-21T12:00")).closed


@given(
    st.dictionaries(
        st.integers(0, 6),
        st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda hours: hours[0] < hours[1]),
    ),
    st.sampled_from(["2026-03-27", "2026-03-28", "2026-10-23", "2026-10-24", "2026-06-21"]),
)
def test_each_day_turns_once_at_a_moment_of_its_own(hours: dict[int, tuple[int, int]], first: str) -> None:
    plan = house({weekday: (OpeningHours(opens_min=a, closes_min=b),) for weekday, (a, b) in hours.items()})
    turns: list[Turn] = []
    at_ms = day_span(moment(f"{first}T12:00"), STOCKHOLM).from_ms
    for _ in range(3):
        span = day_span(at_ms, STOCKHOLM)
        found = {Turns(plan).of(moment_ms) for moment_ms in (span.from_ms, span.to_ms - 1)}
        turns += found
        assert len(found) == 1
        assert span.from_ms <= turns[-1].at_ms < span.to_ms
        assert turns[-1].at_ms % BUCKET_MS == 0
        at_ms = span.to_ms
    assert len({turn.day for turn in turns}) == 3


def test_doors_that_have_counted_little_are_taken_for_usual_ones() -> None:
    assert learn([]) == Learnt()
    assert learn(days(9, 6, count=1)).ratio == 1


def test_doors_that_miss_who_goes_out_are_found_out_within_two_weeks() -> None:
    assert learn(days(200, 180)).ratio == pytest.approx(200 / 180, rel=0.02)
    assert learn(days(180, 200)).ratio == pytest.approx(180 / 200, rel=0.02)


def test_a_drift_of_less_than_three_in_a_hundred_is_left_alone() -> None:
    assert learn(days(200, 195)).ratio == 1


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 10**10)), max_size=14))
def test_what_is_learnt_stays_within_its_bounds(found: list[tuple[int, int, int]]) -> None:
    learnt = learn([DoorDay(number, *day) for number, day in enumerate(found)])
    assert 0.67 <= learnt.ratio <= 1.5
    assert 0.5 <= learnt.erring <= 4
    assert 0.1 <= learnt.leaving_per_h <= 3


def test_days_that_scatter_teach_that_the_doors_err_more() -> None:
    steady = learn(days(200, 200))
    wild = learn([DoorDay(number, 200, 200 + (-1) ** number * 40, 0) for number in range(14)])
    assert wild.erring > 2 * steady.erring
