"""Reads forecasts for the pages: today in one line, the odds at an hour of arrival.

In:    what the collector forecasts, the plan, the house's time.
Out:   parts of a sentence; one hour.
Never: words, forecasting of its own, a forecast that nobody renewed for hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from msgspec.structs import replace

from collector.days import local, opening_day
from collector.forecast import HOUR_MS
from collector.forecast.outlook import Forecast, HourOutlook, Outlook, chance
from collector.history import PEOPLE
from collector.plan import SitePlan, SpaceKind

FRESH_MS: Final = 3 * HOUR_MS
"""A forecast is made every hour; one that is older than this is not shown."""
FULL: Final = 0.5
"""An hour is told as full when a free spot is less likely than this."""
OFTEN: Final = 20
"""Of fewer promises nothing is told in hundredths: one of one that came true is no "100 of 100"."""
SURE: Final = 9
"""The last tenth of promises: 90 % and more."""
STEADY: Final = 3
"""Hours whose mean is told as what follows."""

Part = tuple[str, str, str, int]
"""One sentence: its key among the words, from when, until when (as a clock shows it, `13`), how many."""


@dataclass(frozen=True, slots=True)
class Coming:
    """One open hour to come."""

    at_ms: int
    hour: HourOutlook


def outlook(forecast: Forecast | None, kind: str, now_ms: int) -> Outlook | None:
    """What is forecast of a kind of space, or of PEOPLE; None: nothing, or nothing lately."""
    if forecast is None:
        return None
    found = forecast.people if kind == PEOPLE else forecast.kinds.get(SpaceKind(kind))
    return found if found is not None and now_ms - found.at_ms < FRESH_MS else None


def without_spaces(told: Outlook, gone: int, plan: SitePlan, now_ms: int) -> Outlook:
    """The forecast of the rest of the day without so many spaces: whoever would have used them takes others.

    Args:
        told: the forecast of a kind of space, made as if every one was in use.
        gone: spaces that are out of use now; on other days they are expected back.
        plan: the site.
        now_ms: the site's time.
    """
    if not gone or told.capacity is None:
        return told
    day = opening_day(plan, now_ms)
    return replace(
        told,
        hours=tuple(
            _without(told, hour, gone) if opening_day(plan, told.begins_ms(hour.ahead) + HOUR_MS // 2) == day else hour
            for hour in told.hours
        ),
    )


def _without(told: Outlook, hour: HourOutlook, gone: int) -> HourOutlook:
    odds = 0.0 if told.capacity is not None and gone >= told.capacity else chance(told, hour, 1 + gone)
    return replace(
        hour,
        deciles=tuple(max(0.0, free - gone) for free in hour.deciles),
        odds=None if hour.odds is None or odds is None else round(odds, 2),
    )


def coming(told: Outlook, now_ms: int) -> Iterator[Coming]:
    """Its open hours from the present one on."""
    for hour in told.hours:
        at_ms = told.begins_ms(hour.ahead)
        if at_ms + HOUR_MS > now_ms:
            yield Coming(at_ms, hour)


def hour_at(told: Outlook, at_ms: int) -> HourOutlook | None:
    """The open hour that holds an instant; None: it is closed then, or too far off."""
    return next((hour for hour in told.hours if 0 <= at_ms - told.begins_ms(hour.ahead) < HOUR_MS), None)


def line(plan: SitePlan, told: Outlook | None, now_ms: int) -> tuple[Part, ...]:
    """The rest of the day in at most two sentences; empty when nothing is forecast or the day is over."""
    if told is None or told.capacity is None:
        return ()
    today = local(plan, now_ms).date()
    rest = [one for one in coming(told, now_ms) if local(plan, one.at_ms).date() == today]
    full = _first_full(rest)
    if full:
        after = [one for one in rest if one.at_ms > full[-1].at_ms]
        return (_full(plan, full, now_ms), *_then(plan, after))
    if not rest:
        return ()
    least = min(rest, key=lambda one: one.hour.middle)
    if least.at_ms <= now_ms:  # the answer above says what is now
        return _then(plan, rest[1:])
    return (("ahead.least", clock_hour(plan, least.at_ms), "", _spots([least])),)


def clock_hour(plan: SitePlan, at_ms: int) -> str:
    """An hour as a clock shows it: `13`, or `13:30` where hours begin at the half."""
    at = local(plan, at_ms)
    return f"{at.hour}" if at.minute == 0 else f"{at.hour}:{at.minute:02}"


def _first_full(rest: list[Coming]) -> list[Coming]:
    """The first hours on end in which a free spot is unlikely."""
    start = next((place for place, one in enumerate(rest) if _is_full(one.hour)), len(rest))
    return [
        one
        for place, one in enumerate(takewhile(lambda one: _is_full(one.hour), rest[start:]))
        if one.at_ms == rest[start].at_ms + place * HOUR_MS
    ]


def _full(plan: SitePlan, full: list[Coming], now_ms: int) -> Part:
    usual = "usual" if all(one.hour.usual < 1 for one in full) else "likely"
    begun = ".until" if full[0].at_ms <= now_ms else ""
    until = clock_hour(plan, full[-1].at_ms + HOUR_MS)
    return f"ahead.full.{usual}{begun}", clock_hour(plan, full[0].at_ms), until, 0


def _then(plan: SitePlan, after: list[Coming]) -> tuple[Part, ...]:
    following = list(takewhile(lambda one: not _is_full(one.hour), after))[:STEADY]
    if not following:
        return ()
    return (("ahead.from", clock_hour(plan, following[0].at_ms), "", _spots(following)),)


def _spots(hours: list[Coming]) -> int:
    return max(1, round(sum(one.hour.middle for one in hours) / len(hours)))


def _is_full(hour: HourOutlook) -> bool:
    return hour.odds is not None and hour.odds < FULL
