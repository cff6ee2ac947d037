"""Says when a closed house opens next, and writes instants as its own wall clock shows them.

In:    the plan's days (collector/days.py says which are open), and an instant.
Out:   the next opening, local clock times.
Never: a clock of its own.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from collector.days import hours_of, is_open, local
from collector.plan import SitePlan

LOOKS_AHEAD_DAYS: Final = 62
"""A house that is closed for longer does not say when it opens."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The next opening: days from today (0 is today), weekday (Monday 0), and the local time, `HH:MM`."""

    days: int
    weekday: int
    at: str


def clock(plan: SitePlan, at_ms: int) -> str:
    """The instant as `HH:MM` on the house's wall clock."""
    return local(plan, at_ms).strftime("%H:%M")


def next_opening(plan: SitePlan, now_ms: int) -> Opening | None:
    """When a closed house opens next, within two months; None if it is open."""
    if is_open(plan, now_ms):
        return None
    now = local(plan, now_ms)
    for days in range(LOOKS_AHEAD_DAYS):
        day = now.date() + timedelta(days=days)
        hours = hours_of(plan, day)
        if hours is not None and (days > 0 or now.hour * 60 + now.minute < hours.opens_min):
            return Opening(days, day.weekday(), f"{hours.opens_min // 60:02}:{hours.opens_min % 60:02}")
    return None


def closing_time(plan: SitePlan, now_ms: int) -> str | None:
    """When an open house closes, as `HH:MM` on its wall clock; None if it is closed or does not close today."""
    closes_ms = closing(plan, now_ms)
    return None if closes_ms is None else clock(plan, closes_ms)


def closing(plan: SitePlan, now_ms: int) -> int | None:
    """When an open house closes today, Unix ms; None if it is closed, or stays open over midnight."""
    if not is_open(plan, now_ms):
        return None
    today = local(plan, now_ms).date()
    hours = hours_of(plan, today)
    days, minutes = divmod(hours.closes_min if hours else 0, 24 * 60)
    at = datetime.combine(today + timedelta(days=days), time(minutes // 60, minutes % 60), plan.time_zone)
    closes_ms = round(at.timestamp() * 1000)
    return None if is_open(plan, closes_ms) else closes_ms
