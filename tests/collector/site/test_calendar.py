"""The calendar: opening hours, red days, closed dates, and days of 23 and 25 hours."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.site.calendar import (
    HourCalendar,
    cut_hours,
    find_ended_days,
    find_midnight_ms,
    is_known_country,
    is_open,
    is_open_around_the_clock,
    is_red_day,
    opening_hours_on,
)
from collector.site.opening_spans import OpeningSpan, RedDays, read_hours
from collector.site.series_hours import HourOpening
from collector.site.site_plan import SitePlan
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.random_sites import build_desk_plan

DAY = (OpeningSpan(opens_min=7 * 60, closes_min=20 * 60),)
SHORT = (OpeningSpan(opens_min=10 * 60, closes_min=15 * 60),)
PLAN = replace(build_desk_plan(6), opening_hours={**dict.fromkeys(range(5), DAY), 6: SHORT})
"""Open on weekdays and Sundays."""


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=PLAN.time_zone).timestamp() * 1000)


def day_of(plan: SitePlan, day: date) -> list[tuple[int, HourOpening]]:
    """Return the hours of a local day with their opening."""
    start = datetime(day.year, day.month, day.day, tzinfo=plan.time_zone)
    begin, end = (round((start + timedelta(days=n)).timestamp() * 1000) for n in (0, 1))
    return [(hour.hour, hour.opening) for hour in cut_hours(plan, begin, end)]


@pytest.mark.parametrize(
    ("day", "red"),
    [
        ("2026-01-06", True),  # Epiphany
        ("2026-04-03", True),  # Good Friday
        ("2026-04-04", False),
        ("2026-04-06", True),  # Easter Monday
        ("2026-06-19", True),  # Midsummer's eve, treated by law as a red day
        ("2026-06-20", True),
        ("2026-06-22", False),
        ("2026-10-31", True),  # All Saints
        ("2026-11-22", False),  # an ordinary Sunday
        ("2026-12-24", True),
        ("2027-06-25", True),
    ],
)
def test_swedish_red_days_are_built_in(day: str, red: bool) -> None:
    assert is_red_day(PLAN, date.fromisoformat(day)) is red


def test_another_country_has_its_own_red_days() -> None:
    norway = replace(PLAN, country="NO")
    assert is_red_day(norway, date(2026, 5, 17))
    assert not is_red_day(PLAN, date(2026, 5, 17))
    assert not is_red_day(norway, date(2026, 6, 19))
    assert is_known_country("NO")
    assert not is_known_country("XX")


@pytest.mark.parametrize(("red_days", "opens"), [(RedDays.SUNDAY, SHORT), (RedDays.CLOSED, ()), (RedDays.OPEN, DAY)])
def test_red_day_hours_follow_the_site_file(red_days: RedDays, opens: tuple[OpeningSpan, ...]) -> None:
    assert opening_hours_on(replace(PLAN, red_days=red_days), date(2026, 4, 6)) == opens


def test_a_site_closed_on_sundays_is_closed_on_red_days() -> None:
    assert opening_hours_on(replace(PLAN, opening_hours={0: DAY}), date(2026, 4, 6)) == ()


LATE = replace(PLAN, opening_hours={4: (OpeningSpan(opens_min=18 * 60, closes_min=26 * 60),)})
"""Open on Fridays from 18:00 to 02:00."""


@pytest.mark.parametrize(
    ("time", "opens"),
    [
        ("2026-11-27T01:30", False),  # Friday morning; Thursday evening has no hours
        ("2026-11-27T17:59", False),
        ("2026-11-27T18:00", True),
        ("2026-11-28T01:59", True),
        ("2026-11-28T02:00", False),
        ("2026-11-28T18:30", False),
    ],
)
def test_hours_past_midnight_belong_to_the_day_on_which_they_begin(time: str, opens: bool) -> None:
    assert is_open(LATE, at(time)) is opens


def test_hours_after_midnight_are_open_in_a_forecast() -> None:
    friday, saturday = day_of(LATE, date(2026, 11, 27)), day_of(LATE, date(2026, 11, 28))
    assert [hour for hour, opening in friday if opening is HourOpening.OPEN] == [18, 19, 20, 21, 22, 23]
    assert [hour for hour, opening in saturday if opening is HourOpening.OPEN] == [0, 1]


def test_a_night_with_a_clock_change_ends_by_local_time() -> None:
    plan = replace(LATE, opening_hours={5: (OpeningSpan(opens_min=22 * 60, closes_min=27 * 60 + 30),)})
    assert is_open(plan, at("2026-10-25T03:29"))
    assert not is_open(plan, at("2026-10-25T03:30"))


def test_a_site_is_closed_between_two_spans_of_a_day() -> None:
    spans = OpeningSpan(opens_min=8 * 60, closes_min=12 * 60), OpeningSpan(opens_min=13 * 60, closes_min=17 * 60)
    plan = replace(PLAN, opening_hours={0: spans})
    opens = [hour for hour, opening in day_of(plan, date(2026, 11, 23)) if opening is HourOpening.OPEN]
    assert opens == [8, 9, 10, 11, 13, 14, 15, 16]


def test_hours_of_a_date_override_weekday_holiday_and_closed_dates() -> None:
    eve = date(2026, 12, 24)
    own = (OpeningSpan(opens_min=9 * 60, closes_min=13 * 60),)
    plan = replace(PLAN, hours_on={eve: own}, red_days=RedDays.CLOSED)
    assert opening_hours_on(plan, eve) == own
    assert {opening for hour, opening in day_of(plan, eve) if 9 <= hour < 13} == {HourOpening.OPEN}
    assert opening_hours_on(plan, date(2026, 12, 25)) == ()
    assert is_open(replace(plan, opening_hours={}), at("2026-12-24T09:00"))
    assert not is_open(replace(plan, opening_hours={}), at("2026-12-24T14:00"))


def test_a_site_without_hours_is_open_on_red_days_unless_set_otherwise() -> None:
    always = replace(PLAN, opening_hours={})
    assert is_open(always, at("2026-06-19T03:00"))
    assert not is_open(replace(always, red_days=RedDays.CLOSED), at("2026-06-19T03:00"))


def test_a_closed_date_is_closed_on_any_weekday() -> None:
    plan = replace(PLAN, closed=frozenset({date(2026, 11, 24)}))
    assert not is_open(plan, at("2026-11-24T12:00"))
    assert {opening for _, opening in day_of(plan, date(2026, 11, 24))} == {HourOpening.CLOSED}
    assert is_open(plan, at("2026-11-25T12:00"))


def test_hours_use_local_time_and_mark_red_days() -> None:
    def opened(day: date) -> set[tuple[int, HourOpening]]:
        return {hour for hour in day_of(PLAN, day) if hour[1] is not HourOpening.CLOSED}

    assert opened(date(2026, 11, 23)) == {(hour, HourOpening.OPEN) for hour in range(7, 20)}
    assert opened(date(2026, 4, 6)) == {(hour, HourOpening.RED) for hour in range(10, 15)}
    assert opened(date(2026, 4, 5)) == {(hour, HourOpening.OPEN) for hour in range(10, 15)}, "Easter Sunday is a Sunday"


def test_an_hour_is_open_if_the_site_is_open_in_its_middle() -> None:
    plan = replace(PLAN, opening_hours={0: (OpeningSpan(opens_min=7 * 60 + 30, closes_min=19 * 60 + 30),)})
    opened = [hour for hour, opening in day_of(plan, date(2026, 11, 23)) if opening is HourOpening.OPEN]
    assert opened == list(range(7, 19))


def test_the_day_on_which_clocks_go_forward_has_23_hours() -> None:
    names = [hour for hour, _ in day_of(replace(PLAN, opening_hours={}), date(2026, 3, 29))]
    assert names == [0, 1, *range(3, 24)]


def test_the_day_on_which_clocks_go_back_has_25_hours() -> None:
    names = [hour for hour, _ in day_of(replace(PLAN, opening_hours={}), date(2026, 10, 25))]
    assert names == [0, 1, 2, 2, *range(3, 24)]


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_opening_hours_stay_in_local_time_when_clocks_change(day: date) -> None:
    assert [is_open(PLAN, at(f"{day}T{hour:02}:00")) for hour in (9, 10, 14, 15)] == [False, True, True, False]


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.integers(1, 60),
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.sampled_from(RedDays),
)
def test_hours_of_a_span_are_complete_unique_and_consistent(
    first: date, days: int, opens: int, length: int, red_days: RedDays
) -> None:
    closes = min(24 * 60, opens + length)
    some = dict.fromkeys(range(0, 7, 2), (OpeningSpan(opens_min=opens, closes_min=closes),))
    plan = replace(PLAN, opening_hours=some, red_days=red_days)
    begin = find_midnight_ms(plan, at(f"{first}T12:00"))
    cut = cut_hours(plan, begin, begin + days * 24 * HOUR_MS)
    assert [hour.at_ms for hour in cut] == list(range(begin, begin + days * 24 * HOUR_MS, HOUR_MS))
    assert [hour.day for hour in cut] == sorted(hour.day for hour in cut)
    for hour in cut:
        assert (hour.opening is not HourOpening.CLOSED) is is_open(plan, hour.at_ms + HOUR_MS // 2)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 300)), min_size=1, max_size=8))
def test_a_cached_calendar_equals_a_new_one(spans: list[tuple[int, int]]) -> None:
    begin = at("2026-10-20T00:00")
    calendar = HourCalendar(PLAN, 100 * HOUR_MS)
    for first, length in spans:
        from_ms, to_ms = (begin + hour * HOUR_MS for hour in (first, first + length))
        assert calendar.cut_span(from_ms, to_ms) == cut_hours(PLAN, from_ms, to_ms)


def test_days_end_once_however_a_span_is_divided() -> None:
    begin, end = at("2026-03-27T00:00"), at("2026-03-31T00:00")
    whole = find_ended_days(PLAN, begin, end)
    assert [(end - begin) // HOUR_MS for begin, end in whole] == [24, 24, 23, 24]
    cut = [day for from_ms in range(begin, end, HOUR_MS) for day in find_ended_days(PLAN, from_ms, from_ms + HOUR_MS)]
    assert cut == whole
    assert find_ended_days(PLAN, begin, begin) == find_ended_days(PLAN, begin, at("2026-03-27T23:59")) == []


@pytest.mark.parametrize(
    ("yesterday", "today", "expected"),
    [
        (["08:00-18:00"], ["24/7"], True),
        (["08:00-18:00"], ["00:00-24:00"], True),
        (["08:00-18:00"], ["00:00-23:59"], True),
        (["08:00-18:00"], ["00:00-12:00", "12:00-24:00"], True),
        (["08:00-06:00"], ["06:00-05:00"], True),
        (["24/7"], ["08:00-18:00"], False),
        (["08:00-07:00"], ["08:00-24:00"], False),
        (["18:00-02:00"], ["18:00-02:00"], False),
        (["24/7"], ["00:00-12:00", "13:00-24:00"], False),
    ],
)
def test_a_day_is_open_around_the_clock_however_its_hours_are_written(
    yesterday: list[str], today: list[str], expected: bool
) -> None:
    plan = replace(build_desk_plan(1), opening_hours={6: read_hours(yesterday), 0: read_hours(today)})
    for time in ("00:00", "12:00", "23:59"):
        assert is_open_around_the_clock(plan, at(f"2026-11-23T{time}")) is expected


def test_a_closed_date_is_not_open_around_the_clock() -> None:
    plan, noon_ms = build_desk_plan(1), at("2026-11-23T12:00")
    assert is_open_around_the_clock(plan, noon_ms)
    assert not is_open_around_the_clock(replace(plan, closed=frozenset({date(2026, 11, 23)})), noon_ms)
