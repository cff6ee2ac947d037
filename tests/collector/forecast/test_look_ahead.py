"""Forecast of one series for the next days, and its outcomes."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

import pytest

from collector.contract.forecast_points import Lead
from collector.contract.forecasts import Outlook, chance_in_hour
from collector.forecast.known_hours import KnownHour
from collector.forecast.look_ahead import ForecastSeries, forecast_series
from collector.forecast.score_keeping import CAME, CAME_FREE, HIGH, LOW, ODDS, score_rows
from collector.history.measures import HistoryRow
from collector.site.calendar import cut_hours, to_local_time
from collector.site.opening_spans import OpeningSpan, RedDays
from collector.site.series_hours import HourOpening, SeriesHour
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from tests.support.collector.random_sites import build_desk_plan

PLAN = replace(
    build_desk_plan(10), opening_hours=dict.fromkeys(range(7), (OpeningSpan(opens_min=8 * 60, closes_min=18 * 60),))
)
DESKS = ForecastSeries("site", "desk", 10)
PEOPLE = ForecastSeries("site", "people")


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=PLAN.time_zone).timestamp() * 1000)


NOON = at("2026-02-25T12:00")
"""A Wednesday."""


def free(at_ms: int) -> float:
    """Return five and a half free desks in the morning, two after noon, with some noise."""
    usual = 5.5 if to_local_time(PLAN, at_ms).hour < 12 else 2.0
    return usual + Random(at_ms).uniform(-1, 1)  # noqa: S311 - an artificial site


def weeks(count: float, now_ms: int = NOON) -> dict[int, KnownHour | None]:
    begin = now_ms - round(count * 7) * DAY_MS
    return {at_ms: KnownHour(free(at_ms), min(1.0, free(at_ms) / 2), 10.0) for at_ms in range(begin, now_ms, HOUR_MS)}


def calendar(now_ms: int = NOON, plan=PLAN) -> list[SeriesHour]:
    return cut_hours(plan, now_ms - 140 * DAY_MS, now_ms + 16 * DAY_MS)


def ahead(known: dict[int, KnownHour | None], now_ms: int = NOON, issued: list[HistoryRow] = [], plan=PLAN):  # noqa: B006 - read only
    return forecast_series(DESKS, calendar(now_ms, plan), now_ms, known, issued)


def kept(rows: list[HistoryRow], more: list[HistoryRow]) -> list[HistoryRow]:
    """Return rows as the tables keep them: a later row replaces an earlier one."""
    return list({(row.tags, row.at_ms): row for row in [*rows, *more]}.values())


@pytest.mark.parametrize(("days", "missing"), [(0, 14), (1, 13), (13, 1)])
def test_before_two_weeks_only_the_missing_days_are_published(days: int, missing: int) -> None:
    outlook, rows = ahead(weeks(days / 7))
    assert outlook == Outlook(at_ms=NOON, missing_days=missing)
    assert rows == []


@pytest.mark.parametrize("days", range(14, 40, 5))
def test_a_site_open_one_hour_a_week_is_forecast_or_needs_more_days(days: int) -> None:
    seldom = replace(PLAN, opening_hours={2: (OpeningSpan(opens_min=12 * 60, closes_min=13 * 60),)})
    outlook, _ = ahead(weeks(days / 7), plan=seldom)
    assert bool(outlook.missing_days) is not bool(outlook.hours)


def test_after_two_weeks_each_open_hour_of_seven_days_is_forecast() -> None:
    outlook, _ = ahead(weeks(6))
    starts = [to_local_time(PLAN, outlook.begins_ms(hour.ahead)) for hour in outlook.hours]
    assert starts[0] == to_local_time(PLAN, NOON)
    assert len(starts) == 70
    assert {moment.hour for moment in starts} == set(range(8, 18))
    assert [to_local_time(PLAN, outlook.begins_ms(place)).hour for place, _ in outlook.usual] == list(range(8, 18))


def test_known_past_hours_of_today_are_published() -> None:
    outlook, _ = ahead(weeks(6) | {at("2026-02-25T10:00"): None})
    assert [place for place, _free in outlook.actual] == [-4, -3, -1]
    assert outlook.actual[-1][1] == pytest.approx(free(NOON - HOUR_MS), abs=0.06)


def test_an_unknown_past_hour_still_has_its_usual_value() -> None:
    known = weeks(6) | {NOON - HOUR_MS: None}
    assert ahead(known)[0].usual[:4] == ahead(weeks(6))[0].usual[:4]


def test_published_counts_are_free_spaces_and_agree_with_their_odds() -> None:
    outlook, _ = ahead(weeks(6))
    by_hour = {to_local_time(PLAN, outlook.begins_ms(hour.ahead)).hour: hour for hour in outlook.hours[10:20]}
    assert by_hour[9].median == pytest.approx(5.5, abs=1)
    assert by_hour[14].median == pytest.approx(2, abs=1)
    for hour in outlook.hours:
        assert list(hour.deciles) == sorted(hour.deciles)
        assert chance_in_hour(outlook, hour, 1) == pytest.approx(hour.odds, abs=0.02)
        odds = [chance_in_hour(outlook, hour, wanted) or 0 for wanted in range(1, 11)]
        assert odds == sorted(odds, reverse=True)
        assert 0 < odds[-1] < odds[0] < 1


def test_people_have_a_band_and_no_odds() -> None:
    known = {at_ms: KnownHour(hour.mean) for at_ms, hour in weeks(6).items() if hour is not None}
    outlook, rows = forecast_series(PEOPLE, calendar(), NOON, known, [])
    assert outlook.actual == ()
    assert outlook.capacity is None
    assert outlook.hours[0].median == pytest.approx(2, abs=1)
    assert {hour.odds for hour in outlook.hours} == {row.fields[ODDS] for row in rows} == {None}
    assert chance_in_hour(outlook, outlook.hours[0], 1) is None


def test_a_closed_date_is_left_out() -> None:
    plan = replace(PLAN, closed=frozenset({date(2026, 2, 26)}))
    outlook, _ = ahead(weeks(6), plan=plan)
    assert {to_local_time(PLAN, outlook.begins_ms(hour.ahead)).day for hour in outlook.hours} == {
        25,
        27,
        28,
        1,
        2,
        3,
        4,
    }


def test_a_red_day_is_left_out_or_forecast_as_a_sunday() -> None:
    eve = at("2026-04-06T08:00")  # Easter Monday
    known = weeks(8, eve)
    sundays = {h.at_ms for h in calendar(eve) if h.weekday == 6 and h.at_ms < eve}
    known |= {at_ms: KnownHour(9.0, 1.0, 10.0) for at_ms in sundays & known.keys()}
    outlook, _ = ahead(known, eve)
    assert outlook.hours[0].usual > 8, "a red day is like the Sundays before it"
    closed, _ = ahead(known, eve, plan=replace(PLAN, red_days=RedDays.CLOSED))
    assert to_local_time(PLAN, closed.begins_ms(closed.hours[0].ahead)).day == 7
    working, _ = ahead(known, eve, plan=replace(PLAN, red_days=RedDays.OPEN))
    assert working.hours[0].usual < 8


def test_a_red_day_teaches_nothing() -> None:
    later = at("2026-04-12T08:00")  # the Sunday after Easter
    known = weeks(8, later)
    red = {h.at_ms for h in calendar(later) if h.opening is HourOpening.RED}
    strange = known | {at_ms: KnownHour(0.0, 0.0, 10.0) for at_ms in red & known.keys()}
    assert strange != known
    assert ahead(strange, later)[0].hours == ahead(known, later)[0].hours


def test_each_hour_issues_every_lead_once() -> None:
    outlook, rows = ahead(weeks(6))
    by_lead = {lead: [row.at_ms for row in rows if row.tags == ("site", "desk", lead.value)] for lead in Lead}
    assert by_lead[Lead.HOUR] == [NOON]
    assert by_lead[Lead.THREE_HOURS] == [NOON + 2 * HOUR_MS]
    assert by_lead[Lead.DAY] == [NOON + n * HOUR_MS for n in range(6)]
    assert by_lead[Lead.WEEK] == [NOON + 7 * DAY_MS + n * HOUR_MS for n in range(-4, 6)]
    now = next(row for row in rows if row.tags[-1] == Lead.HOUR)
    assert now.fields[LOW : HIGH + 1] == pytest.approx(
        (outlook.hours[0].low, outlook.hours[0].median, outlook.hours[0].high), abs=0.05
    )
    assert ahead(weeks(6), issued=rows)[1] == []


def test_a_restart_between_forecast_and_outcome_changes_nothing() -> None:
    _, first = ahead(weeks(6))
    later = NOON + 3 * HOUR_MS
    _, then = ahead(weeks(6, later), later, first)
    stored = kept(first, then)
    (row,) = [row for row in stored if row.tags[-1] == Lead.HOUR and row.at_ms == NOON]
    promised = next(row for row in first if row.tags[-1] == Lead.HOUR)
    assert row.fields[:CAME] == promised.fields[:CAME], "what was issued stays as it was issued"
    assert row.fields[CAME:] == (free(NOON), min(1.0, free(NOON) / 2))
    assert ahead(weeks(6, later), later, stored)[1] == []


def test_late_data_corrects_only_outcomes() -> None:
    later = NOON + 3 * HOUR_MS
    _, first = ahead(weeks(6))
    poor = weeks(6, later) | {NOON: None}
    stored = kept(first, ahead(poor, later, first)[1])
    assert {row.fields[CAME] for row in stored if row.at_ms == NOON} == {None}
    corrected = kept(stored, ahead(weeks(6, later), later, stored)[1])
    at_once = kept(first, ahead(weeks(6, later), later, first)[1])
    came = {(row.tags, row.at_ms): row.fields[CAME:] for row in corrected}
    assert came == {(row.tags, row.at_ms): row.fields[CAME:] for row in at_once}
    assert {row.fields[CAME_FREE] for row in corrected if row.at_ms == NOON} == {min(1.0, free(NOON) / 2)}


def test_hours_erased_from_history_keep_their_outcome() -> None:
    long_ago = HistoryRow(("site", "desk", "1h"), NOON - 40 * DAY_MS, (1.0, 2.0, 3.0, 0.9, 2.5, 1.0))
    assert ahead(weeks(3), issued=[long_ago])[1] != []
    assert long_ago not in ahead(weeks(3), issued=[long_ago])[1]
    assert all(row.at_ms > long_ago.at_ms for row in ahead(weeks(3), issued=[long_ago])[1])


def test_scores_cover_known_outcomes() -> None:
    def row(lead: str, came: float | None, kept: float | None) -> HistoryRow:
        return HistoryRow(("site", "desk", lead), NOON, (2.0, 4.0, 6.0, 0.95, came, kept))

    looked = score_rows([row("1h", 5.0, 1.0), row("1h", 7.0, 0.5), row("day", None, None)])
    assert looked is not None
    assert looked.leads.keys() == {Lead.HOUR}
    assert (looked.leads[Lead.HOUR].points, looked.leads[Lead.HOUR].error) == (2, 2.0)
    assert (looked.leads[Lead.HOUR].coverage, looked.leads[Lead.HOUR].width) == (0.5, 4.0)
    assert looked.hit_rates[-1] is not None
    assert (looked.hit_rates[-1].forecasts, looked.hit_rates[-1].hit_rate) == (2, 0.75)
    assert looked.hit_rates[:-1] == (None,) * 9
    assert score_rows([row("day", None, None)]) is None


def test_after_closing_the_next_open_day_is_forecast() -> None:
    evening = at("2026-02-25T19:00")
    outlook, rows = ahead(weeks(6, evening), evening)
    assert to_local_time(PLAN, outlook.begins_ms(outlook.hours[0].ahead)) == to_local_time(PLAN, at("2026-02-26T08:00"))
    assert {row.tags[-1] for row in rows} == {Lead.DAY, Lead.WEEK}, "nothing is open an hour or three from now"


@pytest.mark.parametrize(("now", "names"), [("2026-03-27T12:00", 23), ("2026-10-23T12:00", 25)])
def test_a_week_with_a_clock_change_has_each_hour_once(now: str, names: int) -> None:
    always = replace(PLAN, opening_hours={})
    outlook, rows = ahead(weeks(6, at(now)), at(now), plan=always)
    assert [hour.ahead for hour in outlook.hours] == list(range(168))
    sunday = date.fromisoformat(now[:10]) + timedelta(days=2)
    local_hours = [to_local_time(PLAN, outlook.begins_ms(hour.ahead)) for hour in outlook.hours]
    assert sum(moment.date() == sunday for moment in local_hours) == names
    assert len({(row.tags, row.at_ms) for row in rows}) == len(rows)
