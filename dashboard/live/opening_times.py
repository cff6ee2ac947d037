"""Finds the next opening and closing time, and formats instants as local clock times.

In:    the plan's days (collector/site/calendar.py defines which are open), and an instant.
Out:   the next opening, local clock times.
Never: reading a clock.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from collector.site.calendar import find_open_span, is_open, opening_hours_on, to_local_time
from collector.site.site_plan import SitePlan
from edge.timekeeping.durations import DAY_MS, MINUTES_PER_DAY

MAX_SEARCH_DAYS: Final = 62
"""If a site is closed for longer, no opening time is shown."""


@dataclass(frozen=True, slots=True)
class NextOpening:
    """The next opening: days from today (0 is today), weekday (Monday 0), and the local time, `HH:MM`."""

    days: int
    weekday: int
    at: str


def format_clock(plan: SitePlan, at_ms: int) -> str:
    """Format an instant as `HH:MM` in the site's time zone."""
    return to_local_time(plan, at_ms).strftime("%H:%M")


def find_next_opening(plan: SitePlan, now_ms: int) -> NextOpening | None:
    """Find the next opening of a closed site, within two months; None if it is open."""
    if is_open(plan, now_ms):
        return None
    now = to_local_time(plan, now_ms)
    for days in range(MAX_SEARCH_DAYS):
        day = now.date() + timedelta(days=days)
        for span in opening_hours_on(plan, day):
            if days > 0 or now.hour * 60 + now.minute < span.opens_min:
                return NextOpening(days, day.weekday(), f"{span.opens_min // 60:02}:{span.opens_min % 60:02}")
    return None


def format_closing_time(plan: SitePlan, now_ms: int) -> str | None:
    """Return the closing time of an open site as `HH:MM`; None if it is closed or does not close today."""
    closes_ms = find_closing_ms(plan, now_ms)
    return None if closes_ms is None else format_clock(plan, closes_ms)


def find_closing_ms(plan: SitePlan, now_ms: int) -> int | None:
    """Return when an open site closes, Unix ms; None if it is closed, or stays open for more than a day."""
    at_ms = now_ms
    while (found := find_open_span(plan, to_local_time(plan, at_ms))) is not None:
        day, span = found
        days, minutes = divmod(span.closes_min, MINUTES_PER_DAY)
        at = datetime.combine(day + timedelta(days=days), time(minutes // 60, minutes % 60), plan.time_zone)
        at_ms = round(at.timestamp() * 1000)
        if at_ms - now_ms > DAY_MS:
            return None
    return None if at_ms == now_ms else at_ms
