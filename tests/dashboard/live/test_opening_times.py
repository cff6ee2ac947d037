"""Opening and closing times in the site's time zone."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from collector.site.calendar import find_midnight_ms, is_open
from collector.site.opening_spans import OpeningSpan
from dashboard.live.opening_times import NextOpening, find_closing_ms, find_next_opening, format_clock
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

WEEKDAYS = {day: (OpeningSpan(opens_min=7 * 60, closes_min=20 * 60),) for day in range(5)}


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=PLAN.time_zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2025-11-24T10:00", None),
        ("2025-11-24T06:59", NextOpening(0, 0, "07:00")),
        ("2025-11-24T20:00", NextOpening(1, 1, "07:00")),
        ("2025-11-28T20:00", NextOpening(3, 0, "07:00")),
        ("2025-11-30T23:59", NextOpening(1, 0, "07:00")),
    ],
)
def test_a_closed_site_has_a_next_opening(now: str, opening: NextOpening | None) -> None:
    plan = replace(PLAN, opening_hours=WEEKDAYS)
    assert find_next_opening(plan, at(now)) == opening
    assert is_open(plan, at(now)) is (opening is None)


def test_a_site_open_one_day_a_week_opens_in_seven_days() -> None:
    plan = replace(PLAN, opening_hours={0: WEEKDAYS[0]})
    assert find_next_opening(plan, at("2025-11-24T21:00")) == NextOpening(7, 0, "07:00")


def test_a_site_without_hours_is_always_open() -> None:
    assert is_open(replace(PLAN, opening_hours={}), at("2025-11-30T03:00"))


def test_the_clock_uses_the_time_zone_of_the_site() -> None:
    assert format_clock(PLAN, MONDAY_10_MS) == "10:00"


def test_days_start_at_local_midnight_also_when_clocks_change() -> None:
    after_the_change = at("2025-10-27T12:00")
    assert find_midnight_ms(PLAN, after_the_change) == at("2025-10-27T00:00")
    assert find_midnight_ms(PLAN, after_the_change, 1) == at("2025-10-26T00:00")
    assert find_midnight_ms(PLAN, after_the_change) - find_midnight_ms(PLAN, after_the_change, 1) == 25 * 3_600_000


def test_holidays_and_closed_days_are_skipped() -> None:
    plan = replace(PLAN, opening_hours=WEEKDAYS, closed=frozenset({date(2026, 4, 7)}))
    assert find_next_opening(plan, at("2026-04-02T21:00")) == NextOpening(6, 2, "07:00"), (
        "Easter, and the Tuesday after it"
    )


def test_a_site_closed_for_months_has_no_next_opening() -> None:
    plan = replace(PLAN, closed=frozenset(date(2026, 4, 1) + timedelta(days=n) for n in range(90)))
    assert find_next_opening(plan, at("2026-04-01T10:00")) is None
    assert find_next_opening(plan, at("2026-06-01T10:00")) == NextOpening(29, 1, "07:00")


@pytest.mark.parametrize(("hours", "closes"), [(0, 10), (9.9, 10), (10, None), (-4, None)])
def test_an_open_site_has_a_closing_time_and_a_closed_one_has_none(hours: float, closes: float | None) -> None:
    now_ms = MONDAY_10_MS + round(hours * 3_600_000)
    assert find_closing_ms(PLAN, now_ms) == (None if closes is None else MONDAY_10_MS + closes * 3_600_000)


def test_a_site_that_is_always_open_has_no_closing_time() -> None:
    assert find_closing_ms(replace(PLAN, opening_hours={}), MONDAY_10_MS) is None
