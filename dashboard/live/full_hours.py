"""Decides which coming hours are full, usually or probably, and describes the rest of the day by them.

In:    the coming hours of a forecast, the plan, site time.
Out:   sentence keys with their values.
Never: texts, computing a forecast.
"""

from itertools import takewhile
from typing import Final

from collector.contract.forecasts import HourOutlook, Outlook
from collector.site.calendar import to_local_time
from collector.site.site_plan import SitePlan
from dashboard.live.upcoming_hours import UpcomingHour, format_hour, iterate_upcoming_hours
from edge.timekeeping.durations import HOUR_MS

FULL_BELOW_ODDS: Final = 0.5
"""An hour counts as full when the chance of a free spot is below this."""
USUALLY_FULL_BELOW_FREE: Final = 1.0
"""A full hour is usually full when a usual week has fewer free spaces than this in it; otherwise probably full."""
MAX_AVERAGED_HOURS: Final = 3
"""The mean of at most this many hours describes what follows a full period."""

DaySentence = tuple[str, str, str, int]
"""One sentence: its text key, begin and end hour (as a clock shows them, `13`), and a count."""


def is_full(hour: HourOutlook) -> bool:
    """Return whether a free spot is unlikely in this hour."""
    return hour.odds is not None and hour.odds < FULL_BELOW_ODDS


def is_usually_full(hour: HourOutlook) -> bool:
    """Return whether less than one space is free in this hour of a usual week."""
    return hour.usual < USUALLY_FULL_BELOW_FREE


def summarise_rest_of_day(plan: SitePlan, outlook: Outlook | None, now_ms: int) -> tuple[DaySentence, ...]:
    """Describe the rest of the day in at most two sentences; empty without a forecast or when the day is over."""
    if outlook is None or outlook.capacity is None:
        return ()
    today = to_local_time(plan, now_ms).date()
    upcoming_hours = [
        upcoming
        for upcoming in iterate_upcoming_hours(outlook, now_ms)
        if to_local_time(plan, upcoming.at_ms).date() == today
    ]
    full_hours = _first_full(upcoming_hours)
    if full_hours:
        after = [upcoming for upcoming in upcoming_hours if upcoming.at_ms > full_hours[-1].at_ms]
        return (_describe_full(plan, full_hours, now_ms), *_describe_following(plan, after))
    if not upcoming_hours:
        return ()
    least = min(upcoming_hours, key=lambda upcoming: upcoming.hour.median)
    if least.at_ms <= now_ms:  # the page already shows the current state
        return _describe_following(plan, upcoming_hours[1:])
    return (("ahead.least", format_hour(plan, least.at_ms), "", _average_free([least])),)


def _first_full(hours: list[UpcomingHour]) -> list[UpcomingHour]:
    """Return the first consecutive hours in which a free spot is unlikely."""
    start = next((index for index, upcoming in enumerate(hours) if is_full(upcoming.hour)), len(hours))
    return [
        upcoming
        for index, upcoming in enumerate(takewhile(lambda upcoming: is_full(upcoming.hour), hours[start:]))
        if upcoming.at_ms == hours[start].at_ms + index * HOUR_MS
    ]


def _describe_full(plan: SitePlan, full_hours: list[UpcomingHour], now_ms: int) -> DaySentence:
    usual = "usual" if all(is_usually_full(upcoming.hour) for upcoming in full_hours) else "likely"
    begun = ".until" if full_hours[0].at_ms <= now_ms else ""
    until = format_hour(plan, full_hours[-1].at_ms + HOUR_MS)
    return f"ahead.full.{usual}{begun}", format_hour(plan, full_hours[0].at_ms), until, 0


def _describe_following(plan: SitePlan, after: list[UpcomingHour]) -> tuple[DaySentence, ...]:
    following = list(takewhile(lambda upcoming: not is_full(upcoming.hour), after))[:MAX_AVERAGED_HOURS]
    if not following:
        return ()
    return (("ahead.from", format_hour(plan, following[0].at_ms), "", _average_free(following)),)


def _average_free(hours: list[UpcomingHour]) -> int:
    return max(1, round(sum(upcoming.hour.median for upcoming in hours) / len(hours)))
