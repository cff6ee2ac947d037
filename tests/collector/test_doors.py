"""People in the house: in minus out since four in the morning."""

from datetime import UTC, datetime
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.doors import DoorState, cross, day_span, people
from collector.outward import People
from tests.collector.room import HOUR

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM).timestamp()) * 1000


def crossed(*crossings: tuple[int, float]) -> DoorState:
    state = DoorState()
    for day, value in crossings:
        state = cross(state, day, value)
    return state


def test_people_are_those_who_came_less_those_who_went_by_any_door() -> None:
    doors = [crossed((7, 1), (7, 1), (7, 1)), crossed((7, -1), (7, 1))]
    assert people(doors, 7) == People(count=3, error=1)


def test_a_count_is_never_shown_negative_and_is_not_mended_behind_the_scenes() -> None:
    state = crossed((7, -1), (7, -1), (7, 1))
    assert people([state], 7).count == 0
    assert people([cross(state, 7, 1), crossed((7, 1))], 7).count == 1


@pytest.mark.parametrize(("crossings", "error"), [(0, 0), (1, 1), (20, 1), (21, 2), (400, 20)])
def test_the_error_is_five_in_a_hundred_crossings_rounded_up(crossings: int, error: int) -> None:
    assert people([crossed(*[(7, 1)] * crossings)], 7).error == error


@given(st.permutations([(7, 1), (7, 1), (7, -1), (8, 1), (8, -1), (9, 1), (5, 1)]))
def test_late_crossings_end_in_the_same_days_in_any_order(crossings: list[tuple[int, float]]) -> None:
    state = crossed(*crossings)
    assert [(day.day, day.entries, day.exits) for day in state.days] == [(8, 1, 1), (9, 1, 0)]


def test_days_before_yesterday_are_dropped_in_whatever_order_they_come() -> None:
    assert {crossed(*order) for order in permutations([(5, 1), (6, 1), (7, 1)])} == {crossed((6, 1), (7, 1))}


def test_a_crossing_of_yesterday_moves_no_count_of_today() -> None:
    state = crossed((7, 1), (6, 1))
    assert people([state], 7).count == 1
    assert people([state], 8).count == 0


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
