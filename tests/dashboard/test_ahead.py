"""The summary of the rest of the day, and the forecast for an hour of arrival."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from collector.forecast import HOUR_MS
from collector.forecast.outlook import Forecast, HourOutlook, Outlook, chance
from collector.history import PEOPLE
from collector.opening_hours import read_hours
from collector.plan import SpaceKind
from dashboard.ahead import FRESH_MS, clock_hour, coming, hour_at, line, outlook, without_spaces
from dashboard.words import Words
from tests.dashboard.house import MONDAY_10_MS, PLAN

SV, EN = Words.of("sv"), Words.of("en")


def expected(*free: float, usual: float = 0.0, first: int = 0, capacity: int | None = 28) -> Outlook:
    """Build consecutive hours with these medians and matching odds."""
    hours = tuple(
        HourOutlook(first + n, usual, (middle,) * 9, min(0.968, max(0.032, middle / 2)))
        for n, middle in enumerate(free)
    )
    return Outlook(at_ms=MONDAY_10_MS, capacity=capacity, days=30, hours=hours)


@pytest.mark.parametrize(
    ("outlook", "sv", "en"),
    [
        (
            expected(0.2, 0.4, 8, 9, 10, 15),
            "Brukar vara fullt till kl. 12.00. Ungefär 9 lediga från kl. 12.00.",
            "Usually full until 12:00. About 9 free from 12:00.",
        ),
        (
            expected(3, 0.2, 0.4, 1.2, 1.3, 1.2),
            "Brukar vara fullt kl. 11.00-13.00. Ungefär ett ledigt från kl. 13.00.",
            "Usually full 11:00-13:00. About one free from 13:00.",
        ),
        (expected(3, 0.2, 0.4, usual=4), "Troligen fullt kl. 11.00-13.00.", "Probably full 11:00-13:00."),
        (expected(3, 0.2, 0.4, usual=1), "Troligen fullt kl. 11.00-13.00.", "Probably full 11:00-13:00."),
        (expected(0, 0, usual=4), "Troligen fullt till kl. 12.00.", "Probably full until 12:00."),
        (
            expected(9, 6, 4.4, 7),
            "Minst ledigt kl. 12.00: ungefär 4 lediga.",
            "Busiest around 12:00: about 4 free.",
        ),
        (expected(9, 1.1), "Minst ledigt kl. 11.00: ungefär ett ledigt.", "Busiest around 11:00: about one free."),
        (expected(9, 9, first=14), "", ""),
        (expected(), "", ""),
        (None, "", ""),
    ],
)
def test_the_rest_of_the_day_takes_at_most_two_sentences(outlook: Outlook | None, sv: str, en: str) -> None:
    parts = line(PLAN, outlook, MONDAY_10_MS)
    assert [words.ahead(parts).replace("\u2013", "-") for words in (SV, EN)] == [sv, en]


def test_an_hour_that_is_over_is_not_shown() -> None:
    outlook = expected(0.2, 0.2, 8, 9)
    assert EN.ahead(line(PLAN, outlook, MONDAY_10_MS + 2 * HOUR_MS)) == "About 9 free from 13:00."
    assert [one.hour.ahead for one in coming(outlook, MONDAY_10_MS + 90 * 60_000)] == [1, 2, 3]


def test_the_summary_does_not_cover_tomorrow() -> None:
    evening = MONDAY_10_MS + 11 * HOUR_MS
    outlook = Outlook(at_ms=evening, capacity=28, days=30, hours=expected(5, 5, first=10).hours)
    assert line(PLAN, outlook, evening) == ()


def test_an_old_forecast_is_not_shown() -> None:
    forecast = Forecast(kinds={SpaceKind.DESK: expected(5)}, people=expected(5, capacity=None))
    assert outlook(forecast, SpaceKind.DESK, MONDAY_10_MS + FRESH_MS - 1) is not None
    assert outlook(forecast, SpaceKind.DESK, MONDAY_10_MS + FRESH_MS) is None
    assert outlook(forecast, PEOPLE, MONDAY_10_MS) is forecast.people
    assert outlook(forecast, SpaceKind.BOOTH, MONDAY_10_MS) is None
    assert outlook(None, SpaceKind.DESK, MONDAY_10_MS) is None


def test_an_arrival_belongs_to_the_hour_that_contains_it() -> None:
    outlook = expected(5, 6, 7)
    assert hour_at(outlook, MONDAY_10_MS + HOUR_MS - 1) is outlook.hours[0]
    assert hour_at(outlook, MONDAY_10_MS + HOUR_MS) is outlook.hours[1]
    assert hour_at(outlook, MONDAY_10_MS - 1) is hour_at(outlook, MONDAY_10_MS + 3 * HOUR_MS) is None


def test_hours_that_begin_at_half_past_are_shown_with_minutes() -> None:
    kolkata = replace(PLAN, time_zone=ZoneInfo("Asia/Kolkata"))
    assert clock_hour(kolkata, MONDAY_10_MS) == "14:30"
    assert clock_hour(PLAN, MONDAY_10_MS) == "10"


def spread(ahead: int, *deciles: float) -> HourOutlook:
    return HourOutlook(ahead, 5.0, deciles, 0.9)


def test_spaces_out_of_use_are_subtracted_today_and_count_again_tomorrow() -> None:
    deciles = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
    hours = (spread(0, *deciles), spread(5, *deciles), spread(24, *deciles))
    outlook = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=30, hours=hours)
    left = without_spaces(outlook, 2, PLAN, MONDAY_10_MS)
    assert [hour.deciles for hour in left.hours] == [(0, 0, 0, 1, 2, 3, 4, 5, 6)] * 2 + [deciles]
    assert left.hours[0].odds == pytest.approx(chance(outlook, hours[0], 3), abs=0.01), (
        "three free of all, one of the rest"
    )
    assert (left.hours[0].usual, left.hours[2], left.capacity) == (5.0, hours[2], 28)
    assert without_spaces(outlook, 0, PLAN, MONDAY_10_MS) is outlook
    assert {hour.odds for hour in without_spaces(outlook, 28, PLAN, MONDAY_10_MS).hours[:2]} == {0.0}
    people = structs.replace(outlook, capacity=None)
    assert without_spaces(people, 2, PLAN, MONDAY_10_MS) is people


def test_the_rest_of_the_day_includes_open_hours_past_midnight() -> None:
    night = replace(PLAN, opening_hours={weekday: read_hours(["18:00-02:00"]) for weekday in range(7)})
    ten_pm_ms = MONDAY_10_MS + 12 * HOUR_MS
    deciles = tuple(float(n) for n in range(1, 10))
    outlook = Outlook(at_ms=ten_pm_ms, capacity=28, days=30, hours=tuple(spread(n, *deciles) for n in (0, 3, 20)))
    assert [hour.deciles[-1] for hour in without_spaces(outlook, 1, night, ten_pm_ms).hours] == [8, 8, 9]
