"""Builds history rows of weeks of use for tests."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from collector.days import local
from collector.history import HOUR_MS, MINUTE_MS, Row
from collector.plan import WHOLE_SITE, SitePlan
from collector.series import MOST_UNCERTAIN
from dashboard.use.asked import Asked, Days
from tests.dashboard.house import PLAN

MONDAY = date(2025, 9, 29)
"""Four weeks before clocks in Sweden go back."""
ALWAYS = replace(PLAN, opening_hours={})
"""Open around the clock, also on public holidays, because the plan has no opening hours."""


def at_ms(day: date, hour: int = 0, plan: SitePlan = PLAN) -> int:
    return round(datetime(day.year, day.month, day.day, hour, tzinfo=plan.time_zone).timestamp() * 1000)


def weeks(count: int, first: date = MONDAY) -> Days:
    return Days(first, first + timedelta(days=7 * count - 1))


def hour_rows(
    days: Days,
    taken: Callable[[datetime], float],
    *,
    zone: str = WHOLE_SITE,
    kind: str = "desk",
    capacity: float = 10.0,
    unknown: float = 0.0,
    plan: SitePlan = PLAN,
) -> Iterator[Row]:
    """Yield a row for each hour of some days; a full hour is full in all of its buckets."""
    from_ms, to_ms = days.span(plan)
    for start_ms in range(from_ms, to_ms, HOUR_MS):
        mean = taken(local(plan, start_ms))
        free = capacity - mean  # an unknown space may be free
        least = free if unknown <= MOST_UNCERTAIN * capacity else None
        none_free = 12.0 if least is not None and least <= 0 else 0.0
        yield Row((zone, kind), start_ms, (12.0, capacity, mean, mean, least, unknown, none_free))


def people_rows(days: Days, people: Callable[[datetime], float], plan: SitePlan = PLAN) -> Iterator[Row]:
    from_ms, to_ms = days.span(plan)
    for start_ms in range(from_ms, to_ms, 5 * MINUTE_MS):
        count = people(local(plan, start_ms))
        yield Row((WHOLE_SITE,), start_ms, (0.0, 0.0, count, max(0.0, count - 1), count + 1, None))


def stay_row(day: date, *counts: float, zone: str = WHOLE_SITE, kind: str = "desk") -> Row:
    return Row((zone, kind), at_ms(day), (*counts, *(0.0,) * (8 - len(counts))))


def asked(days: Days, **more) -> Asked:
    return Asked(days=days, **more)
