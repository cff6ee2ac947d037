"""The rest of the day in a line, and the hour at which somebody comes."""

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
    """Hours on end with these middles; the odds go with them."""
    hours = tuple(
        HourOutlook(first + n, usual, (middle,) * 9, min(0.968, max(0.032, middle / 2)))
        for n, middle in enumerate(free)
    )
    return Outlook(at_ms=MONDAY_10_MS, capacity=capacity, days=30, hours=hours)


@pytest.mark.parametrize(
    ("told", "sv", "en"),
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
def test_the_rest_of_the_day_is_told_in_at_most_two_sentences(told: Outlook | None, sv: str, en: str) -> None:
    parts = line(PLAN, told, MONDAY_10_MS)
    assert [words.ahead(parts).replace("\u2013", "-") for words in (SV, EN)] == [sv, en]


def test_an_hour_that_is_over_is_not_told() -> None:
    told = expected(0.2, 0.2, 8, 9)
    assert EN.ahead(line(PLAN, told, MONDAY_10_MS + 2 * HOUR_MS)) == "About 9 free from 13:00."
    assert [one.hour.ahead for one in coming(told, MONDAY_10_MS + 90 * 60_000)] == [1, 2, 3]


def test_nothing_is_told_of_tomorrow() -> None:
    evening = MONDAY_10_MS + 11 * HOUR_MS
    told = Outlook(at_ms=evening, capacity=28, days=30, hours=expected(5, 5, first=10).hours)
    assert line(PLAN, told, evening) == ()


def test_a_forecast_that_nobody_renews_is_not_shown() -> None:
    forecast = Forecast(kinds={SpaceKind.DESK: expected(5)}, people=expected(5, capacity=None))
    assert outlook(forecast, SpaceKind.DESK, MONDAY_10_MS + FRESH_MS - 1) is not None
    assert outlook(forecast, SpaceKind.DESK, MONDAY_10_MS + FRESH_MS) is None
    assert outlook(forecast, PEOPLE, MONDAY_10_MS) is forecast.people
    assert outlook(forecast, SpaceKind.BOOTH, MONDAY_10_MS) is None
    assert outlook(None, SpaceKind.DESK, MONDAY_10_MS) is None


def test_the_hour_of_an_arrival_is_the_one_that_holds_it() -> None:
    told = expected(5, 6, 7)
    assert hour_at(told, MONDAY_10_MS + HOUR_MS - 1) is told.hours[0]
    assert hour_at(told, MONDAY_10_MS + HOUR_MS) is told.hours[1]
    assert hour_at(told, MONDAY_10_MS - 1) is hour_at(told, MONDAY_10_MS + 3 * HOUR_MS) is None


def test_where_hours_begin_at_the_half_the_clock_says_so() -> None:
    kolkata = replace(PLAN, time_zone=ZoneInfo("Asia/Kolkata"))
    assert clock_hour(kolkata, MONDAY_10_MS) == "14:30"
    assert clock_hour(PLAN, MONDAY_10_MS) == "10"


def spread(ahead: int, *deciles: float) -> HourOutlook:
    return HourOutlook(ahead, 5.0, deciles, 0.9)


def test_what_is_out_of_use_is_not_promised_for_the_rest_of_the_day_and_expected_back_tomorrow() -> None:
    deciles = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
    hours = (spread(0, *deciles), spread(5, *deciles), spread(24, *deciles))
    told = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=30, hours=hours)
    left = without_spaces(told, 2, PLAN, MONDAY_10_MS)
    assert [hour.deciles for hour in left.hours] == [(0, 0, 0, 1, 2, 3, 4, 5, 6)] * 2 + [deciles]
    assert left.hours[0].odds == pytest.approx(chance(told, hours[0], 3), abs=0.01), (
        "three free of all, one of the rest"
    )
    assert (left.hours[0].usual, left.hours[2], left.capacity) == (5.0, hours[2], 28)
    assert without_spaces(told, 0, PLAN, MONDAY_10_MS) is told
    assert {hour.odds for hour in without_spaces(told, 28, PLAN, MONDAY_10_MS).hours[:2]} == {0.0}
    people = structs.replace(told, capacity=None)
    assert without_spaces(people, 2, PLAN, MONDAY_10_MS) is people


def test_the_rest_of_the_day_runs_past_midnight_where_the_site_is_open_then() -> None:
    night = replace(PLAN, opening_hours={weekday: read_hours(["18:00-02:00"]) for weekday in range(7)})
    ten_pm_ms = MONDAY_10_MS + 12 * HOUR_MS
    deciles = tuple(float(n) for n in range(1, 10))
    told = Outlook(at_ms=ten_pm_ms, capacity=28, days=30, hours=tuple(spread(n, *deciles) for n in (0, 3, 20)))
    assert [hour.deciles[-1] for hour in without_spaces(told, 1, night, ten_pm_ms).hours] == [8, 8, 9]
