"""Builds history rows of weeks of use for tests."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from collector.history.measures import HistoryRow
from collector.rollup.series import MAX_UNCERTAIN_SHARE
from collector.site.calendar import to_local_time
from collector.site.site_plan import WHOLE_SITE, SitePlan
from dashboard.use.use_query import DayRange, UseQuery
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS
from tests.support.dashboard.site import PLAN

MONDAY = date(2025, 9, 29)
"""Four weeks before clocks in Sweden go back."""
ALWAYS_OPEN_PLAN = replace(PLAN, opening_hours={})
"""Open around the clock, also on public holidays, because the plan has no opening hours."""


def to_unix_ms(day: date, hour: int = 0, plan: SitePlan = PLAN) -> int:
    return round(datetime(day.year, day.month, day.day, hour, tzinfo=plan.time_zone).timestamp() * 1000)


def build_weeks(count: int, first: date = MONDAY) -> DayRange:
    return DayRange(first, first + timedelta(days=7 * count - 1))


def generate_hour_rows(
    days: DayRange,
    taken: Callable[[datetime], float],
    *,
    zone: str = WHOLE_SITE,
    kind: str = "desk",
    capacity: float = 10.0,
    unknown: float = 0.0,
    plan: SitePlan = PLAN,
) -> Iterator[HistoryRow]:
    """Yield a row for each hour of some days; a full hour is full in all of its buckets."""
    from_ms, to_ms = days.to_span_ms(plan)
    for start_ms in range(from_ms, to_ms, HOUR_MS):
        mean = taken(to_local_time(plan, start_ms))
        free = capacity - mean  # an unknown space may be free
        least = free if unknown <= MAX_UNCERTAIN_SHARE * capacity else None
        none_free = 12.0 if least is not None and least <= 0 else 0.0
        yield HistoryRow((zone, kind), start_ms, (12.0, capacity, mean, mean, least, unknown, none_free))


def generate_people_rows(
    days: DayRange, people: Callable[[datetime], float], plan: SitePlan = PLAN
) -> Iterator[HistoryRow]:
    from_ms, to_ms = days.to_span_ms(plan)
    for start_ms in range(from_ms, to_ms, 5 * MINUTE_MS):
        count = people(to_local_time(plan, start_ms))
        yield HistoryRow((WHOLE_SITE,), start_ms, (0.0, 0.0, count, max(0.0, count - 1), count + 1, None))


def build_stay_row(day: date, *counts: float, zone: str = WHOLE_SITE, kind: str = "desk") -> HistoryRow:
    return HistoryRow((zone, kind), to_unix_ms(day), (*counts, *(0.0,) * (8 - len(counts))))


def build_query(days: DayRange, **more) -> UseQuery:
    return UseQuery(days=days, **more)


def build_five_minute_rows(
    of: DayRange, free: float, *, unknown: float = 0.0, capacity: float = 32.0
) -> list[HistoryRow]:
    begin, end = of.to_span_ms(PLAN)
    return [
        HistoryRow(("site", "desk"), at, (capacity, 9.0, 9.0, free, unknown)) for at in range(begin, end, 5 * MINUTE_MS)
    ]
