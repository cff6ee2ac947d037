"""Usual values of an hour of the week."""

import pytest

from collector.forecast.model.profile import WeekProfile

MONDAY_AT_NINE = (0, 9)


def after(*values: float) -> float | None:
    """Return the usual value of Mondays at nine after these values."""
    profile = WeekProfile()
    for value in values:
        profile.add(MONDAY_AT_NINE, value)
    return profile.usual_at(MONDAY_AT_NINE)


def test_one_unusual_week_hardly_changes_the_usual_value() -> None:
    assert after(10, 10, 10, 10, 40) == pytest.approx(14.5)
    assert after(10, 10, 10, 10, 40, 10, 10, 10) == pytest.approx(10, abs=2)


def test_a_lasting_change_is_followed() -> None:
    assert after(10, 10, 10, 10, 20, 20, 20, 20) == pytest.approx(19, abs=1)


def test_an_hour_uses_similar_days_while_few_weeks_are_known() -> None:
    profile = WeekProfile()
    for weekday in (1, 2, 3, 4):
        profile.add((weekday, 9), 20)
    profile.add((6, 9), 5)
    assert profile.usual_at(MONDAY_AT_NINE) == pytest.approx(20), "never seen: as the other working days"
    profile.add(MONDAY_AT_NINE, 10)
    first = profile.usual_at(MONDAY_AT_NINE)
    for _ in range(9):
        profile.add(MONDAY_AT_NINE, 10)
    tenth = profile.usual_at(MONDAY_AT_NINE)
    assert first is not None
    assert tenth is not None
    assert 20 > first > tenth > 10
    assert profile.usual_at((5, 9)) == pytest.approx(5), "a Saturday is as a Sunday, not as a working day"
    assert profile.usual_at((0, 10)) is None
