"""Reads forecasts for the pages: the coming open hours, and the hour of an arrival.

In:    the collector's forecasts, the plan, site time.
Out:   hours of a forecast.
Never: texts, computing a forecast, a forecast that is more than three hours old.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from collector.contract.forecasts import Forecast, HourOutlook, Outlook, chance_in_hour
from collector.history.measures import PEOPLE
from collector.site.calendar import opening_day, to_local_time
from collector.site.site_plan import SitePlan
from collector.site.spaces import SpaceKind
from edge.timekeeping.durations import HOUR_MS

MAX_FORECAST_AGE_MS: Final = 3 * HOUR_MS
"""The collector makes a forecast every hour. An older one than this is not shown."""
MIN_SCORED_FORECASTS: Final = 20
"""With fewer scored forecasts than this, no percentage is shown: one out of one is not "100 of 100"."""
TOP_TENTH: Final = 9
"""Index of the last tenth of the odds: 90 % and more."""


@dataclass(frozen=True, slots=True)
class UpcomingHour:
    """One open hour that has not ended."""

    at_ms: int
    hour: HourOutlook


def select_outlook(forecast: Forecast | None, kind: str, now_ms: int) -> Outlook | None:
    """Return the forecast for a kind of space, or for PEOPLE; None if there is none or it is too old."""
    if forecast is None:
        return None
    found = forecast.people if kind == PEOPLE else forecast.kinds.get(SpaceKind(kind))
    return found if found is not None and now_ms - found.at_ms < MAX_FORECAST_AGE_MS else None


def subtract_spaces(outlook: Outlook, gone: int, plan: SitePlan, now_ms: int) -> Outlook:
    """Return the forecast for the rest of the day with fewer spaces; their usual users take other ones.

    Args:
        outlook: the forecast for a kind of space, made as if every space was in use.
        gone: number of spaces that are out of use now; on other days they count as available again.
        plan: the site.
        now_ms: site time, Unix ms.
    """
    if not gone or outlook.capacity is None:
        return outlook
    day = opening_day(plan, now_ms)
    return replace(
        outlook,
        hours=tuple(
            _subtract_from_hour(outlook, hour, gone)
            if opening_day(plan, outlook.begins_ms(hour.ahead) + HOUR_MS // 2) == day
            else hour
            for hour in outlook.hours
        ),
    )


def _subtract_from_hour(outlook: Outlook, hour: HourOutlook, gone: int) -> HourOutlook:
    odds = 0.0 if outlook.capacity is not None and gone >= outlook.capacity else chance_in_hour(outlook, hour, 1 + gone)
    return replace(
        hour,
        deciles=tuple(max(0.0, free - gone) for free in hour.deciles),
        odds=None if hour.odds is None or odds is None else round(odds, 2),
    )


def iterate_upcoming_hours(outlook: Outlook, now_ms: int) -> Iterator[UpcomingHour]:
    """Yield its open hours, from the current one on."""
    for hour in outlook.hours:
        at_ms = outlook.begins_ms(hour.ahead)
        if at_ms + HOUR_MS > now_ms:
            yield UpcomingHour(at_ms, hour)


def find_hour(outlook: Outlook, at_ms: int) -> HourOutlook | None:
    """Return the open hour that contains an instant; None if the site is closed then or it is too far ahead."""
    return next((hour for hour in outlook.hours if 0 <= at_ms - outlook.begins_ms(hour.ahead) < HOUR_MS), None)


def format_hour(plan: SitePlan, at_ms: int) -> str:
    """Format an hour as a clock shows it: `13`, or `13:30` where hours begin at half past."""
    at = to_local_time(plan, at_ms)
    return f"{at.hour}" if at.minute == 0 else f"{at.hour}:{at.minute:02}"
