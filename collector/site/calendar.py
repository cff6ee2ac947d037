"""Calendar of a site: when it is open, red days, local days, and the hours of a span.

In:    the plan of the site; a local day, an instant, or a span.
Out:   open or closed; hours with their local day and hour.
Never: clocks.

An hour is an hour of UTC with the local hour at which it begins. So a local day has 23, 24 or 25 hours: in spring one
local hour is missing, in autumn two hours have the same local hour, and no hour is empty or counted twice.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final

from collector.site.opening_spans import OpeningSpan, RedDays
from collector.site.series_hours import HourOpening, SeriesHour
from collector.site.site_plan import SitePlan
from edge.timekeeping.durations import DAY_MS, DAYS_PER_WEEK, HOUR_MS, MINUTES_PER_DAY

ALL_DAY: Final = OpeningSpan(opens_min=0, closes_min=MINUTES_PER_DAY)
SUNDAY: Final = 6
_ONE_DAY: Final = timedelta(days=1)
_RED_KINDS: Final = ("public", "de_facto")
"""Categories of `holidays`: public holidays, and eves treated as such (in Sweden Midsummer, Christmas, New Year's)."""


def to_local_time(plan: SitePlan, at_ms: int) -> datetime:
    """Convert an instant to the site's local time."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(plan.time_zone)


def is_known_country(country: str) -> bool:
    """Return whether the red days of a country are known."""
    import holidays

    return country in holidays.list_supported_countries(include_aliases=False)


def is_red_day(plan: SitePlan, day: date) -> bool:
    """Return whether a day is a public holiday in the site's country. An ordinary Sunday is not."""
    return day in _red_days(plan.country, day.year)


def opening_hours_on(plan: SitePlan, day: date) -> tuple[OpeningSpan, ...]:
    """Return the opening spans that begin on a local day, in order; empty if the site is closed."""
    if day in plan.hours_on:
        return plan.hours_on[day]
    if day in plan.closed:
        return ()
    weekday = day.weekday()
    if plan.red_days is not RedDays.OPEN and is_red_day(plan, day):
        if plan.red_days is RedDays.CLOSED:
            return ()
        weekday = SUNDAY
    return plan.opening_hours.get(weekday, ()) if plan.opening_hours else (ALL_DAY,)


def is_open(plan: SitePlan, at_ms: int) -> bool:
    """Return whether the site is open at an instant, in local time."""
    return find_open_span(plan, to_local_time(plan, at_ms)) is not None


def is_open_around_the_clock(plan: SitePlan, at_ms: int) -> bool:
    """Return whether the site is open all of the local day of an instant, however its hours are written.

    Spans that follow each other without a break count as one, and so does the rest of the previous day's last span.
    One minute is no break: people write "00:00-23:59" for a whole day.
    """
    day = to_local_time(plan, at_ms).date()
    before = [
        (span.opens_min - MINUTES_PER_DAY, span.closes_min - MINUTES_PER_DAY)
        for span in opening_hours_on(plan, day - _ONE_DAY)
    ]
    own = [(span.opens_min, span.closes_min) for span in opening_hours_on(plan, day)]
    open_until_min = 0
    for opens_min, closes_min in sorted([*before, *own]):
        if opens_min > open_until_min + 1:
            return False
        open_until_min = max(open_until_min, closes_min)
    return open_until_min + 1 >= MINUTES_PER_DAY


def count_weekdays_around_the_clock(plan: SitePlan) -> int:
    """Return how many days of a usual week are open around the clock; dates with hours of their own do not count."""
    usual = replace(plan, hours_on={}, closed=frozenset(), red_days=RedDays.OPEN)
    return sum(is_open_around_the_clock(usual, day * DAY_MS) for day in range(DAYS_PER_WEEK))


def find_open_span(plan: SitePlan, at: datetime) -> tuple[date, OpeningSpan] | None:
    """Return the opening span at a local time, with the day on which it begins; None if the site is closed."""
    for days_before in (0, 1):
        day = at.date() - timedelta(days=days_before)
        minute = days_before * MINUTES_PER_DAY + at.hour * 60 + at.minute
        for span in opening_hours_on(plan, day):
            if span.opens_min <= minute < span.closes_min:
                return day, span
    return None


def opening_day(plan: SitePlan, at_ms: int) -> date:
    """Return the date whose hours apply: yesterday while one of its spans runs past midnight, else today."""
    at = to_local_time(plan, at_ms)
    found = find_open_span(plan, at)
    return at.date() if found is None else found[0]


def cut_hours(plan: SitePlan, from_ms: int, to_ms: int) -> list[SeriesHour]:
    """Return the hours from `from_ms` to `to_ms`, both on the full hour, without values.

    An hour is open if the site is open in the middle of it. On a red day with Sunday hours it is `RED`; so are the
    hours after midnight of a span that began on such a day.
    """
    cut: list[SeriesHour] = []
    for at_ms in range(from_ms, to_ms, HOUR_MS):
        begins = to_local_time(plan, at_ms)
        opening = _classify_hour(plan, to_local_time(plan, at_ms + HOUR_MS // 2))
        cut.append(SeriesHour(at_ms, begins.date().toordinal(), begins.hour, opening))
    return cut


class HourCalendar:
    """Caches the hours of overlapping spans that move forward, so that each hour is computed once."""

    def __init__(self, plan: SitePlan, keeps_ms: int) -> None:
        self._plan, self._keeps_ms = plan, keeps_ms
        self._cut: list[SeriesHour] = []

    def cut_span(self, from_ms: int, to_ms: int) -> list[SeriesHour]:
        """Return `cut_hours` of a span that is not empty. Hours more than `keeps_ms` before its end may be dropped."""
        cut = self._cut
        if cut and cut[0].at_ms <= to_ms and from_ms <= cut[-1].at_ms + HOUR_MS:
            before = cut_hours(self._plan, from_ms, cut[0].at_ms)
            cut = [*before, *cut, *cut_hours(self._plan, cut[-1].at_ms + HOUR_MS, to_ms)]
        else:
            cut = cut_hours(self._plan, from_ms, to_ms)
        begin, end = ((at_ms - cut[0].at_ms) // HOUR_MS for at_ms in (from_ms, to_ms))
        self._cut = cut[max(0, min(begin, end - self._keeps_ms // HOUR_MS)) :]
        return cut[begin:end]


def find_midnight_ms(plan: SitePlan, now_ms: int, days_before: int = 0) -> int:
    """Return the local midnight that began today, or the day `days_before` it, in Unix ms."""
    return _day_start_ms(plan, to_local_time(plan, now_ms).date() - timedelta(days=days_before))


def find_ended_days(plan: SitePlan, after_ms: int, until_ms: int) -> list[tuple[int, int]]:
    """Return the local days that ended after one instant and not after another, as (start, end)."""
    ended: list[tuple[int, int]] = []
    day = to_local_time(plan, after_ms).date()
    begun_ms = _day_start_ms(plan, day)
    while (end_ms := _day_start_ms(plan, day := day + timedelta(days=1))) <= until_ms:
        if end_ms > after_ms:
            ended.append((begun_ms, end_ms))
        begun_ms = end_ms
    return ended


def _day_start_ms(plan: SitePlan, day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=plan.time_zone).timestamp() * 1000)


def _classify_hour(plan: SitePlan, at: datetime) -> HourOpening:
    found = find_open_span(plan, at)
    if found is None:
        return HourOpening.CLOSED
    day = found[0]
    has_own_hours = day in plan.hours_on or plan.red_days is not RedDays.SUNDAY or day.weekday() == SUNDAY
    return HourOpening.OPEN if has_own_hours or not is_red_day(plan, day) else HourOpening.RED


@cache
def _red_days(country: str, year: int) -> frozenset[date]:
    import holidays  # the import takes a third of a second, and agents do not install it

    known = holidays.country_holidays(country)
    kinds = tuple(kind for kind in _RED_KINDS if kind in known.supported_categories)
    return frozenset(holidays.country_holidays(country, years=year, categories=kinds or None))
