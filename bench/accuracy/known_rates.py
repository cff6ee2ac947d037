"""How well a count behind a simulated counter can do: the odds as somebody reckons who is told what no house knows.

In:    what a counter and a motion sensor told minute by minute, and the true counts of the room.
Out:   the middle of the odds at the end of each minute, and the range that holds nine tenths of them.
Never: a rule of the product: this is what it is measured beside.

Told are how often the counter misses somebody or errs about the way, how often people go out and come back within
the minute, and how the true count changed from minute to minute on all other days: by how many, while about so many
were inside and so much had passed the door in the last five minutes. The odds of each number then follow by Bayes'
rule, and their middle has the least error that this allows. Who knew more of a room's habits could do better still.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb
from typing import Final, NamedTuple

DAY_MIN: Final = 1440
_LIVELY_MIN: Final = 5
_MOST_LIVELY: Final = 4
_MOST_INSIDE: Final = 6
"""Both as the number of binary digits: 0, 1, 2 to 3, 4 to 7 and so on."""
_FURTHEST: Final = 30
"""By more than so many the count hardly ever changes within a minute."""
_UNHEARD_OF: Final = 1e-12
"""How likely that is all the same."""
_BEYOND: Final = 8
"""The counter is hardly ever wrong by more than so many in a minute."""
_MOST_TRIPS: Final = 6
"""More than so many, besides those that both ways tell of, hardly ever go out and come back in one minute."""
_USUAL_MIN: Final = 60
"""So many minutes' weight has a usual change, and ..."""
_POOLED_MIN: Final = 100
"""... so many what the door's liveliness left out of account."""
_NEGLIGIBLE: Final = 1e-6

Odds = dict[int, float]


@dataclass(frozen=True, slots=True)
class Rates:
    """By which rates the counter and the motion sensor are simulated."""

    missed_in: float
    missed_out: float
    turned: float
    trips_per_min: float
    """How often one person goes out and comes back within the minute."""
    motion: float
    """In such a share of half minutes motion is seen while anybody is there; never while nobody is."""


class Minute(NamedTuple):
    """What was told in one minute."""

    entries: int
    exits: int
    moved: int
    """In so many of its two halves motion was seen."""


def told(truth: Sequence[int], minutes: Sequence[Minute], rates: Rates) -> list[tuple[int, int, int]]:
    """For each minute how many are told, and the range."""
    lively = _lively(minutes)
    habits, doors = _Habits(), _Doors(rates)
    days = [range(begin, min(begin + DAY_MIN, len(truth))) for begin in range(0, len(truth), DAY_MIN)]
    for day in days:
        habits.add(truth, lively, day, 1)
    odds: Odds = {0: 1.0}
    found = []
    for day in days:
        habits.add(truth, lively, day, -1)  # what is judged is not known
        for minute in day:
            odds = doors.passed(odds, minutes[minute], habits, lively[minute])
            found.append((_quantile(odds, 0.5), _quantile(odds, 0.05), _quantile(odds, 0.95)))
        habits.add(truth, lively, day, 1)
    return found


def _lively(minutes: Sequence[Minute]) -> list[int]:
    """How much passed the door in the minutes before each: none, one, some or many."""
    net = [abs(minute.entries - minute.exits) for minute in minutes]
    return [min(_MOST_LIVELY, sum(net[max(0, at - _LIVELY_MIN) : at]).bit_length()) for at in range(len(net))]


class _Habits:
    """How often the true count changed by how many."""

    def __init__(self) -> None:
        self._changes: dict[tuple[int, int], Counter[int]] = {}
        self._chances: dict[tuple[int, int], dict[int, float]] = {}

    def add(self, truth: Sequence[int], lively: Sequence[int], day: range, times: int) -> None:
        """Take account of a day, or with -1 forget it."""
        for at in day:
            before = truth[at - 1] if at else 0
            key = min(_MOST_INSIDE, before.bit_length()), lively[at]
            self._changes.setdefault(key, Counter())[truth[at] - before] += times
        self._chances.clear()

    def of(self, inside: int, lively: int) -> dict[int, float]:
        """How likely each change is."""
        key = min(_MOST_INSIDE, inside.bit_length()), lively
        if key not in self._chances:
            self._chances[key] = self._chance(*key)
        return self._chances[key]

    def _chance(self, inside: int, lively: int) -> dict[int, float]:
        pooled: Counter[int] = Counter()
        for (known, _), changes in self._changes.items():
            if known == inside:
                pooled.update(changes)
        own = self._changes.get((inside, lively), Counter())
        minutes, own_minutes = pooled.total() + _USUAL_MIN, own.total() + _POOLED_MIN
        return {
            by: (own[by] + _POOLED_MIN * (pooled[by] + _USUAL_MIN * _usual(by)) / minutes) / own_minutes
            for by in range(-_FURTHEST, _FURTHEST + 1)
        }


def _usual(by: int) -> float:
    """How likely a change is before anything is known; 1 in all."""
    return 0.05 / (abs(by) * (abs(by) + 1)) if by else 0.9


class _Doors:
    """How likely it is that the counter tells this of that."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._changes: dict[tuple[int, int, int], list[tuple[int, float]]] = {}

    def passed(self, odds: Odds, minute: Minute, habits: _Habits, lively: int) -> Odds:
        """The odds after one more minute."""
        new: Odds = {}
        for inside, likely in odds.items():
            chances = habits.of(inside, lively)
            for by, heard in self._likely(inside, minute.entries, minute.exits):
                new[inside + by] = new.get(inside + by, 0.0) + likely * heard * chances.get(by, _UNHEARD_OF)
        motion, half = self._rates.motion, minute.moved
        seen = motion**half * (1 - motion) ** (2 - half)
        new = {inside: each * (seen if inside else float(not half)) for inside, each in new.items()}
        floor = max(new.values()) * _NEGLIGIBLE
        total = sum(each for each in new.values() if each > floor)
        return {inside: new[inside] / total for inside in sorted(new) if new[inside] > floor}

    def _likely(self, inside: int, entries: int, exits: int) -> list[tuple[int, float]]:
        """For each change of the count, how likely the counter tells this of it; what is negligible is left out."""
        key = inside, entries, exits
        if key not in self._changes:
            middle = max(-inside, entries - exits)
            most = middle + _BEYOND + (entries + exits if exits > inside else 0)  # more out than were in: all wrong
            all_of = [
                (by, sum(self._trips(inside, by, entries, exits)))
                for by in range(max(-inside, middle - _BEYOND), most + 1)
            ]
            floor = max(each for _, each in all_of) * _NEGLIGIBLE
            self._changes[key] = [(by, each) for by, each in all_of if each > floor]
        return self._changes[key]

    def _trips(self, inside: int, by: int, entries: int, exits: int) -> Iterator[float]:
        """The same for each number of people who go out and come back besides."""
        rate, may = self._rates.trips_per_min, min(inside, inside + by)
        for trips in range(min(_MOST_TRIPS + min(entries, exits), may) + 1):
            chance = comb(may, trips) * rate**trips * (1 - rate) ** (may - trips)
            yield chance * self._counted(max(0, by) + trips, max(0, -by) + trips, entries, exits)

    def _counted(self, came: int, went: int, entries: int, exits: int) -> float:
        """How likely so many who came and went are counted as so many entries and exits."""
        rates = self._rates
        return sum(
            _split(came, entries - back, out, rates.missed_in, rates.turned)
            * _split(went, exits - out, back, rates.missed_out, rates.turned)
            for out in range(min(came, exits) + 1)
            for back in range(min(went, entries) + 1)
        )


def _split(people: int, right: int, wrong: int, missed: float, turned: float) -> float:
    """How likely of so many people so many are told the right way, and so many the wrong one."""
    unseen = people - right - wrong
    if unseen < 0:
        return 0.0
    ways = comb(people, unseen) * comb(right + wrong, wrong)
    return float(ways * missed**unseen * ((1 - missed) * (1 - turned)) ** right * ((1 - missed) * turned) ** wrong)


def _quantile(odds: Odds, share: float) -> int:
    """The least number at or below which so great a share lies; `odds` in order."""
    total = 0.0
    for inside, each in odds.items():
        total += each
        if total >= share:
            return inside
    return max(odds)
