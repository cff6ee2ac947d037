"""Says when the house is open, and writes instants as its own wall clock shows them.

In:    the plan's opening hours and time zone, and an instant.
Out:   open or closed, the next opening, local clock times.
Never: a clock of its own.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collector.plan import SitePlan


@dataclass(frozen=True, slots=True)
class Opening:
    """The next opening: days from today (0 is today), weekday (Monday 0), and the local time, `HH:MM`."""

    days: int
    weekday: int
    at: str


def local(plan: SitePlan, at_ms: int) -> datetime:
    """The instant on the house's wall clock."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(plan.time_zone)


def clock(plan: SitePlan, at_ms: int) -> str:
    """The instant as `HH:MM` on the house's wall clock."""
    return local(plan, at_ms).strftime("%H:%M")


def is_open(plan: SitePlan, now_ms: int) -> bool:
    """Whether the house is open; a house without hours always is."""
    if not plan.opening_hours:
        return True
    now = local(plan, now_ms)
    hours = plan.opening_hours.get(now.weekday())
    return hours is not None and hours.opens_min <= now.hour * 60 + now.minute < hours.closes_min


def next_opening(plan: SitePlan, now_ms: int) -> Opening | None:
    """When a closed house opens next, within a week; None if it is open."""
    if is_open(plan, now_ms):
        return None
    now = local(plan, now_ms)
    for days in range(8):
        weekday = (now + timedelta(days=days)).weekday()
        hours = plan.opening_hours.get(weekday)
        if hours is not None and (days > 0 or now.hour * 60 + now.minute < hours.opens_min):
            return Opening(days, weekday, f"{hours.opens_min // 60:02}:{hours.opens_min % 60:02}")
    return None


def midnight_ms(plan: SitePlan, now_ms: int, days_before: int = 0) -> int:
    """The local midnight that began today, or began the day `days_before` it; Unix ms."""
    day = local(plan, now_ms).date() - timedelta(days=days_before)
    return int(datetime(day.year, day.month, day.day, tzinfo=plan.time_zone).timestamp() * 1000)
