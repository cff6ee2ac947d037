"""Simulate how a desk of an office is used: work, coffee breaks, lunch, meetings, and others who pass or clean.

In:    a repeatable generator of numbers, what is special about the desk.
Out:   when somebody sits there, when others move beside it, and the movements that a motion sensor detects.
Never: sensors' outputs, scores.

A working day begins about 8:40 and ends about 16:50. It has a coffee break of 10 to 20 minutes in the morning and one
in the afternoon, sometimes a third, lunch, meetings, and short absences. One day in ten is worked elsewhere. Neighbours
walk past all day, and cleaners come in the evening.

While somebody sits, a motion sensor detects movement at intervals. Two thirds are shorter than a minute; the others are
a minute longer than a Weibull distribution, whose shape below 1 makes the tail heavy. Both pairs of parameters were
fitted to the intervals of UCI 864 while the room was taken: 143 of 432 intervals of the well placed sensor were longer
than a minute, and 81 of 405 of the badly placed one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS

BEGIN_MS: Final = 1_789_948_800_000
"""Midnight of a Monday, UTC."""
_SECOND_MS: Final = 1000
_WORKING_DAYS: Final = 5
_DEPARTURE_MS: Final = 20 * _SECOND_MS
"""Somebody who comes or goes is seen for this long."""

Span = tuple[int, int]
"""From and to, Unix ms."""


@dataclass(frozen=True, slots=True)
class Stillness:
    """Intervals between detected movements of somebody who sits there."""

    long_share: float
    """Share of the intervals that are longer than a minute."""
    shape: float
    scale_min: float
    """Of the Weibull distribution by which they are longer."""


WELL_PLACED: Final = Stillness(0.33, 0.9, 1.05)
BADLY_PLACED: Final = Stillness(0.20, 0.4, 0.8)
STILL_PERSON: Final = Stillness(0.45, 0.9, 1.4)
"""Somebody who moves less than usual before a well placed sensor."""


@dataclass(frozen=True, slots=True)
class DeskHabits:
    """What is special about a desk."""

    passers_per_hour: float = 1.0
    """People who walk past, from 8 to 17 o'clock."""
    short_absences: int = 3
    """Most absences of 2 to 8 minutes a day."""
    nap_chance: float = 0.0
    """Chance of half an hour without any movement after lunch."""


def simulate_stays(generator: Random, days: int, habits: DeskHabits) -> list[Span]:
    """Return when somebody sits at the desk, in order."""
    return [
        stay
        for day in range(days)
        if day % 7 < _WORKING_DAYS and generator.random() > 0.1
        for stay in _simulate_day(generator, BEGIN_MS + day * DAY_MS, habits)
    ]


def _simulate_day(generator: Random, midnight_ms: int, habits: DeskHabits) -> Iterator[Span]:
    def at(hour: float, spread_h: float) -> int:
        return midnight_ms + round(generator.gauss(hour, spread_h) * HOUR_MS)

    def last(least_min: float, most_min: float) -> int:
        return round(generator.uniform(least_min, most_min) * MINUTE_MS)

    absences = [(at(9.5, 0.2), last(10, 20)), (at(14.6, 0.2), last(10, 20)), (at(11.9, 0.25), last(30, 60))]
    if generator.random() < 0.4:
        absences.append((at(15.8, 0.3), last(10, 20)))
    absences += [(at(12.8, 2.2), last(2, 8)) for _ in range(generator.randint(0, habits.short_absences))]
    absences += [(at(13.0, 2.0), last(25, 90)) for _ in range(generator.choice((0, 0, 1, 2)))]
    from_ms, until_ms = at(8.7, 0.3), at(16.8, 0.5)
    for begins_ms, length_ms in sorted(absences):
        if begins_ms - from_ms >= 5 * MINUTE_MS and begins_ms + length_ms < until_ms - 10 * MINUTE_MS:
            yield from_ms, begins_ms
            from_ms = begins_ms + length_ms
    yield from_ms, max(until_ms, from_ms + 5 * MINUTE_MS)


def simulate_passers(generator: Random, days: int, habits: DeskHabits) -> Iterator[int]:
    """Yield the movements of neighbours who walk past, and of cleaners on two evenings a week, in order."""
    for day in range(days):
        if day % 7 >= _WORKING_DAYS:
            continue
        at_ms, until_ms = BEGIN_MS + day * DAY_MS + 8 * HOUR_MS, BEGIN_MS + day * DAY_MS + 17 * HOUR_MS
        while habits.passers_per_hour:
            at_ms += round(generator.expovariate(habits.passers_per_hour) * HOUR_MS)
            if at_ms >= until_ms:
                break
            yield from (at_ms + number * 2 * _SECOND_MS for number in range(generator.randint(1, 3)))
        if day % 7 in {1, 3}:
            at_ms = until_ms + round(generator.uniform(1, 2.5) * HOUR_MS)
            yield from (at_ms + number * 8 * _SECOND_MS for number in range(generator.randint(4, 15)))


def simulate_movements(generator: Random, stays: Sequence[Span], stillness: Stillness, habits: DeskHabits) -> list[int]:
    """Return the detected movements of those who sit there, in order of time."""
    found: list[int] = []
    for from_ms, until_ms in stays:
        asleep_ms = 0
        if generator.random() < habits.nap_chance and until_ms - from_ms > HOUR_MS:
            asleep_ms = from_ms + round(generator.uniform(0.2, 0.4) * (until_ms - from_ms))
        at_ms = from_ms
        while at_ms < until_ms:
            found.append(at_ms)
            gap_s = generator.uniform(3, 60)
            if at_ms > from_ms + _DEPARTURE_MS and generator.random() < stillness.long_share:
                gap_s = 60 + 60 * generator.weibullvariate(stillness.scale_min, stillness.shape)
            elif at_ms <= from_ms + _DEPARTURE_MS:
                gap_s = generator.uniform(2, 8)
            at_ms += round(gap_s * _SECOND_MS)
            if asleep_ms and at_ms > asleep_ms:
                at_ms, asleep_ms = asleep_ms + 30 * MINUTE_MS, 0
        found += [until_ms - 4 * _SECOND_MS, until_ms]
    return sorted(found)


def lose_pieces(generator: Random, stays: Sequence[Span], share: float) -> list[Span]:
    """Return when a level sensor detects somebody if it loses this share of a stay in pieces of 1 to 10 minutes."""
    seen: list[Span] = []
    for from_ms, until_ms in stays:
        at_ms = from_ms
        while share:
            kept_ms = round(generator.expovariate(1 / (5.5 * (1 - share) / share)) * MINUTE_MS)
            lost_ms = round(generator.uniform(1, 10) * MINUTE_MS)
            if at_ms + kept_ms + lost_ms >= until_ms:
                break
            seen.append((at_ms, at_ms + kept_ms))
            at_ms += kept_ms + lost_ms
        seen.append((at_ms, until_ms))
    return seen
