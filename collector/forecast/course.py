"""Forecasts the coming hours of a series from its past.

In:    what was learnt of the days before today, today's hours so far, and the coming hours.
Out:   a point for each coming hour, or None where nothing may be shown.
Never: clocks. Nothing that comes after a moment bears on what is forecast at it.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from collector.forecast import DECILES, HOUR_MS, LEAST_DAYS, Hour, Opening, Point
from collector.forecast.profile import Profile, Slot

CARRIED: Final = 0.8
"""So much of the present error is left an hour later."""
WINDOW_DAYS: Final = 42
"""The bands are learnt from the errors of so many days."""


@dataclass(frozen=True, slots=True)
class Error:
    """One hour of the past: what was expected at its day's midnight, and what came."""

    expected: float
    came: float
    hour: int
    day: int


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a series has taught by the midnight before `today`."""

    today: int
    first_day: int | None
    profile: Profile
    level: float
    errors: tuple[Error, ...]


def learn(history: Iterable[Hour], today: int) -> Learnt:
    """Learn from all days before `today` (an ordinal, as in Hour.day); later hours are not looked at."""
    profile = Profile()
    days: deque[tuple[float, float]] = deque(maxlen=5)
    errors: list[Error] = []
    first: int | None = None
    for day, members in groupby(history, key=lambda hour: hour.day):
        if day >= today:
            break
        known = [hour for hour in members if hour.value is not None and hour.opening is not Opening.CLOSED]
        level = _level(days)
        came = base = 0.0
        for hour in known:
            expected = profile.at(_slot(hour))
            if expected is not None and hour.value is not None:
                came, base = came + hour.value, base + expected
                errors.append(Error(expected * level, hour.value, hour.hour, day))
        for hour in known:
            profile.take(_slot(hour), hour.value or 0.0)
        if known and first is None:
            first = day
        if base > 0:
            days.append((came, base))
    recent = tuple(error for error in errors if error.day >= today - WINDOW_DAYS)
    return Learnt(today, first, profile, _level(days), recent)


def forecast(learnt: Learnt, recent: Sequence[Hour], coming: Sequence[Hour]) -> list[Point | None]:
    """A point for each coming hour, in its order.

    Args:
        learnt: of the days before `learnt.today`.
        recent: the hours of today that are over, oldest first.
        coming: the hours asked for; their values are not looked at.

    Returns:
        None for an hour that is closed, or that nothing is known of, or when the series is under two weeks old.
    """
    if learnt.first_day is None or learnt.today - learnt.first_day < LEAST_DAYS:
        return [None] * len(coming)
    now = next(
        (hour for hour in reversed(recent) if hour.value is not None and hour.opening is not Opening.CLOSED), None
    )
    return [_point(learnt, now, hour) for hour in coming]


def _slot(hour: Hour) -> Slot:
    return hour.weekday, hour.hour


def _level(days: Iterable[tuple[float, float]]) -> float:
    came, base = (sum(part) for part in zip(*days, strict=True)) if days else (0.0, 0.0)
    return min(1.6, max(0.5, 0.5 + 0.5 * came / base)) if base > 0 else 1.0


def _point(learnt: Learnt, now: Hour | None, hour: Hour) -> Point | None:
    usual = learnt.profile.at(_slot(hour))
    if usual is None or hour.opening is Opening.CLOSED:
        return None
    middle = usual * (learnt.level if hour.day == learnt.today else 1.0)
    if now is not None and now.value is not None:
        present = learnt.profile.at(_slot(now))
        if present is not None:
            middle += (now.value - present * learnt.level) * CARRIED ** ((hour.at_ms - now.at_ms) / HOUR_MS)
    errors = sorted(error.came - error.expected for error in learnt.errors)
    deciles = [middle + _quantile(errors, chance) for chance in DECILES] if errors else [middle] * len(DECILES)
    most = hour.capacity if hour.capacity is not None else float("inf")
    days = len({error.day for error in learnt.errors})
    return Point(hour.at_ms, tuple(min(most, max(0.0, value)) for value in deciles), usual, hour.capacity, days)


def _quantile(ordered: Sequence[float], chance: float) -> float:
    place = chance * (len(ordered) + 1) - 1
    low = min(len(ordered) - 1, max(0, int(place)))
    high = min(len(ordered) - 1, low + 1)
    return ordered[low] + (ordered[high] - ordered[low]) * min(1.0, max(0.0, place - low))
