"""The summary of the rest of the day, and the forecast for an hour of arrival."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from collector.contract.forecasts import Forecast, HourOutlook, Outlook, chance_in_hour
from collector.history.measures import PEOPLE
from collector.site.opening_spans import read_hours
from collector.site.spaces import SpaceKind
from dashboard.live.full_hours import summarise_rest_of_day
from dashboard.live.upcoming_hours import (
    MAX_FORECAST_AGE_MS,
    find_hour,
    format_hour,
    iterate_upcoming_hours,
    select_outlook,
    subtract_spaces,
)
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import HOUR_MS
from tests.support.dashboard.outlooks import build_outlook
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

SV, EN = PageTexts.load("sv"), PageTexts.load("en")


@pytest.mark.parametrize(
    ("outlook", "sv", "en"),
    [
        (
            build_outlook(0.2, 0.4, 8, 9, 10, 15),
            "Brukar vara fullt till kl. 12.00. Ungefär 9 lediga från kl. 12.00.",
            "Usually full until 12:00. About 9 free from 12:00.",
        ),
        (
            build_outlook(3, 0.2, 0.4, 1.2, 1.3, 1.2),
            "Brukar vara fullt kl. 11.00-13.00. Ungefär ett ledigt från kl. 13.00.",
            "Usually full 11:00-13:00. About one free from 13:00.",
        ),
        (build_outlook(3, 0.2, 0.4, usual=4), "Troligen fullt kl. 11.00-13.00.", "Probably full 11:00-13:00."),
        (build_outlook(3, 0.2, 0.4, usual=1), "Troligen fullt kl. 11.00-13.00.", "Probably full 11:00-13:00."),
        (build_outlook(0, 0, usual=4), "Troligen fullt till kl. 12.00.", "Probably full until 12:00."),
        (
            build_outlook(9, 6, 4.4, 7),
            "Minst ledigt kl. 12.00: ungefär 4 lediga.",
            "Busiest around 12:00: about 4 free.",
        ),
        (build_outlook(9, 1.1), "Minst ledigt kl. 11.00: ungefär ett ledigt.", "Busiest around 11:00: about one free."),
        (build_outlook(9, 9, first=14), "", ""),
        (build_outlook(), "", ""),
        (None, "", ""),
    ],
)
def test_the_rest_of_the_day_takes_at_most_two_sentences(outlook: Outlook | None, sv: str, en: str) -> None:
    parts = summarise_rest_of_day(PLAN, outlook, MONDAY_10_MS)
    assert [texts.describe_day_ahead(parts).replace("\u2013", "-") for texts in (SV, EN)] == [sv, en]


def test_an_hour_that_is_over_is_not_shown() -> None:
    outlook = build_outlook(0.2, 0.2, 8, 9)
    assert (
        EN.describe_day_ahead(summarise_rest_of_day(PLAN, outlook, MONDAY_10_MS + 2 * HOUR_MS))
        == "About 9 free from 13:00."
    )
    assert [one.hour.ahead for one in iterate_upcoming_hours(outlook, MONDAY_10_MS + 90 * 60_000)] == [1, 2, 3]


def test_the_summary_does_not_cover_tomorrow() -> None:
    evening = MONDAY_10_MS + 11 * HOUR_MS
    outlook = Outlook(at_ms=evening, capacity=28, days=30, hours=build_outlook(5, 5, first=10).hours)
    assert summarise_rest_of_day(PLAN, outlook, evening) == ()


def test_an_old_forecast_is_not_shown() -> None:
    forecast = Forecast(kinds={SpaceKind.DESK: build_outlook(5)}, people=build_outlook(5, capacity=None))
    assert select_outlook(forecast, SpaceKind.DESK, MONDAY_10_MS + MAX_FORECAST_AGE_MS - 1) is not None
    assert select_outlook(forecast, SpaceKind.DESK, MONDAY_10_MS + MAX_FORECAST_AGE_MS) is None
    assert select_outlook(forecast, PEOPLE, MONDAY_10_MS) is forecast.people
    assert select_outlook(forecast, SpaceKind.BOOTH, MONDAY_10_MS) is None
    assert select_outlook(None, SpaceKind.DESK, MONDAY_10_MS) is None


def test_an_arrival_belongs_to_the_hour_that_contains_it() -> None:
    outlook = build_outlook(5, 6, 7)
    assert find_hour(outlook, MONDAY_10_MS + HOUR_MS - 1) is outlook.hours[0]
    assert find_hour(outlook, MONDAY_10_MS + HOUR_MS) is outlook.hours[1]
    assert find_hour(outlook, MONDAY_10_MS - 1) is find_hour(outlook, MONDAY_10_MS + 3 * HOUR_MS) is None


def test_hours_that_begin_at_half_past_are_shown_with_minutes() -> None:
    kolkata = replace(PLAN, time_zone=ZoneInfo("Asia/Kolkata"))
    assert format_hour(kolkata, MONDAY_10_MS) == "14:30"
    assert format_hour(PLAN, MONDAY_10_MS) == "10"


def spread(ahead: int, *deciles: float) -> HourOutlook:
    return HourOutlook(ahead, 5.0, deciles, 0.9)


def test_spaces_out_of_use_are_subtracted_today_and_count_again_tomorrow() -> None:
    deciles = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
    hours = (spread(0, *deciles), spread(5, *deciles), spread(24, *deciles))
    outlook = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=30, hours=hours)
    left = subtract_spaces(outlook, 2, PLAN, MONDAY_10_MS)
    assert [hour.deciles for hour in left.hours] == [(0, 0, 0, 1, 2, 3, 4, 5, 6)] * 2 + [deciles]
    assert left.hours[0].odds == pytest.approx(chance_in_hour(outlook, hours[0], 3), abs=0.01), (
        "three free of all, one of the rest"
    )
    assert (left.hours[0].usual, left.hours[2], left.capacity) == (5.0, hours[2], 28)
    assert subtract_spaces(outlook, 0, PLAN, MONDAY_10_MS) is outlook
    assert {hour.odds for hour in subtract_spaces(outlook, 28, PLAN, MONDAY_10_MS).hours[:2]} == {0.0}
    people = structs.replace(outlook, capacity=None)
    assert subtract_spaces(people, 2, PLAN, MONDAY_10_MS) is people


def test_the_rest_of_the_day_includes_open_hours_past_midnight() -> None:
    night = replace(PLAN, opening_hours={weekday: read_hours(["18:00-02:00"]) for weekday in range(7)})
    ten_pm_ms = MONDAY_10_MS + 12 * HOUR_MS
    deciles = tuple(float(n) for n in range(1, 10))
    outlook = Outlook(at_ms=ten_pm_ms, capacity=28, days=30, hours=tuple(spread(n, *deciles) for n in (0, 3, 20)))
    assert [hour.deciles[-1] for hour in subtract_spaces(outlook, 1, night, ten_pm_ms).hours] == [8, 8, 9]
