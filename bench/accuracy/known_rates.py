"""How good a count behind a simulated counter can be: odds by an observer who has facts that no real site has.

In:    a counter's and a motion sensor's results minute by minute, and the true counts of the room.
Out:   the median of the odds at the end of each minute, and the range that contains 90 % of them.
Never: a rule of the product; this is the reference for it.

The observer has the error rates of the counter, the rate at which people go out and come back within a minute, and
how the true count changed from minute to minute on all other days: the change, by the number of people inside and the
traffic at the door in the last five minutes. The odds of each count then follow from Bayes' rule, and their median has
the least error that this information allows. An observer with more information about the room could do better.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb
from typing import Final, NamedTuple

DAY_MIN: Final = 1440
_TRAFFIC_MIN: Final = 5
_MAX_TRAFFIC: Final = 4
_MAX_INSIDE: Final = 6
"""Both limits as the number of binary digits: 0, 1, 2 to 3, 4 to 7 and so on."""
_MAX_CHANGE: Final = 30
"""The count hardly ever changes by more than this within a minute."""
_RARE_CHANGE: Final = 1e-12
"""Probability of a larger change."""
_MAX_COUNT_ERROR: Final = 8
"""The counter is hardly ever wrong by more than this in a minute."""
_MAX_TRIPS: Final = 6
"""Maximum number of people who go out and come back in one minute, besides those counted in both directions."""
_PRIOR_MIN: Final = 60
"""Weight of the prior, in minutes."""
_POOLED_MIN: Final = 100
"""Weight of the changes pooled over all traffic, in minutes."""
_NEGLIGIBLE: Final = 1e-6

CountOdds = dict[int, float]


@dataclass(frozen=True, slots=True)
class SensorRates:
    """Rates with which the counter and the motion sensor are simulated."""

    missed_in_share: float
    missed_out_share: float
    reversed_share: float
    trips_per_min: float
    """Rate per person of going out and coming back within a minute."""
    motion_share: float
    """Share of half minutes with motion while anybody is there; there is none while nobody is."""


class SensedMinute(NamedTuple):
    """Results of the sensors in one minute."""

    entries: int
    exits: int
    halves_with_motion: int
    """Number of its two halves with motion."""


def estimate_counts(
    truth: Sequence[int], minutes: Sequence[SensedMinute], rates: SensorRates
) -> list[tuple[int, int, int]]:
    """Return for each minute the count, and the lower and upper end of its range."""
    traffic = _classify_traffic(minutes)
    frequencies, counter = _ChangeFrequencies(), _CounterModel(rates)
    days = [range(begin, min(begin + DAY_MIN, len(truth))) for begin in range(0, len(truth), DAY_MIN)]
    for day in days:
        frequencies.add(truth, traffic, day, 1)
    odds: CountOdds = {0: 1.0}
    found = []
    for day in days:
        frequencies.add(truth, traffic, day, -1)  # the day that is estimated must be unseen
        for minute in day:
            odds = counter.update_odds(odds, minutes[minute], frequencies, traffic[minute])
            found.append((_quantile(odds, 0.5), _quantile(odds, 0.05), _quantile(odds, 0.95)))
        frequencies.add(truth, traffic, day, 1)
    return found


def _classify_traffic(minutes: Sequence[SensedMinute]) -> list[int]:
    """Return the traffic at the door in the minutes before each minute, in classes."""
    net = [abs(minute.entries - minute.exits) for minute in minutes]
    return [min(_MAX_TRAFFIC, sum(net[max(0, at - _TRAFFIC_MIN) : at]).bit_length()) for at in range(len(net))]


class _ChangeFrequencies:
    """Frequencies of changes of the true count."""

    def __init__(self) -> None:
        self._changes: dict[tuple[int, int], Counter[int]] = {}
        self._chances: dict[tuple[int, int], dict[int, float]] = {}

    def add(self, truth: Sequence[int], traffic: Sequence[int], day: range, times: int) -> None:
        """Add a day, or remove it with `times` -1."""
        for at in day:
            before = truth[at - 1] if at else 0
            key = min(_MAX_INSIDE, before.bit_length()), traffic[at]
            self._changes.setdefault(key, Counter())[truth[at] - before] += times
        self._chances.clear()

    def chances_of(self, inside: int, traffic: int) -> dict[int, float]:
        """Return the probability of each change."""
        key = min(_MAX_INSIDE, inside.bit_length()), traffic
        if key not in self._chances:
            self._chances[key] = self._compute_chances(*key)
        return self._chances[key]

    def _compute_chances(self, inside: int, traffic: int) -> dict[int, float]:
        pooled: Counter[int] = Counter()
        for (known, _), changes in self._changes.items():
            if known == inside:
                pooled.update(changes)
        own = self._changes.get((inside, traffic), Counter())
        minutes, own_minutes = pooled.total() + _PRIOR_MIN, own.total() + _POOLED_MIN
        return {
            by: (own[by] + _POOLED_MIN * (pooled[by] + _PRIOR_MIN * _prior(by)) / minutes) / own_minutes
            for by in range(-_MAX_CHANGE, _MAX_CHANGE + 1)
        }


def _prior(by: int) -> float:
    """Return the prior probability of a change; they sum to 1."""
    return 0.05 / (abs(by) * (abs(by) + 1)) if by else 0.9


class _CounterModel:
    """Probabilities of the counter's results."""

    def __init__(self, rates: SensorRates) -> None:
        self._rates = rates
        self._changes: dict[tuple[int, int, int], list[tuple[int, float]]] = {}

    def update_odds(
        self, odds: CountOdds, minute: SensedMinute, frequencies: _ChangeFrequencies, traffic: int
    ) -> CountOdds:
        """Return the odds after one more minute."""
        new: CountOdds = {}
        for inside, likely in odds.items():
            chances = frequencies.chances_of(inside, traffic)
            for by, likelihood in self._likelihoods(inside, minute.entries, minute.exits):
                new[inside + by] = new.get(inside + by, 0.0) + likely * likelihood * chances.get(by, _RARE_CHANGE)
        motion, half = self._rates.motion_share, minute.halves_with_motion
        seen = motion**half * (1 - motion) ** (2 - half)
        new = {inside: each * (seen if inside else float(not half)) for inside, each in new.items()}
        floor = max(new.values()) * _NEGLIGIBLE
        total = sum(each for each in new.values() if each > floor)
        return {inside: new[inside] / total for inside in sorted(new) if new[inside] > floor}

    def _likelihoods(self, inside: int, entries: int, exits: int) -> list[tuple[int, float]]:
        """Return the likelihood of the counter's result for each change of the count, without negligible ones."""
        key = inside, entries, exits
        if key not in self._changes:
            middle = max(-inside, entries - exits)
            most = (
                middle + _MAX_COUNT_ERROR + (entries + exits if exits > inside else 0)
            )  # more exits than people inside: all may be wrong
            all_of = [
                (by, sum(self._trip_likelihoods(inside, by, entries, exits)))
                for by in range(max(-inside, middle - _MAX_COUNT_ERROR), most + 1)
            ]
            floor = max(each for _, each in all_of) * _NEGLIGIBLE
            self._changes[key] = [(by, each) for by, each in all_of if each > floor]
        return self._changes[key]

    def _trip_likelihoods(self, inside: int, by: int, entries: int, exits: int) -> Iterator[float]:
        """Yield the likelihood for each number of people who also go out and come back."""
        rate, may = self._rates.trips_per_min, min(inside, inside + by)
        for trips in range(min(_MAX_TRIPS + min(entries, exits), may) + 1):
            chance = comb(may, trips) * rate**trips * (1 - rate) ** (may - trips)
            yield chance * self._count_likelihood(max(0, by) + trips, max(0, -by) + trips, entries, exits)

    def _count_likelihood(self, came: int, went: int, entries: int, exits: int) -> float:
        """Return the probability that `came` and `went` are counted as `entries` and `exits`."""
        rates = self._rates
        return sum(
            _split_likelihood(came, entries - back, out, rates.missed_in_share, rates.reversed_share)
            * _split_likelihood(went, exits - out, back, rates.missed_out_share, rates.reversed_share)
            for out in range(min(came, exits) + 1)
            for back in range(min(went, entries) + 1)
        )


def _split_likelihood(people: int, right: int, wrong: int, missed: float, turned: float) -> float:
    """Return the probability that of `people`, `right` are counted correctly and `wrong` in the wrong direction."""
    unseen = people - right - wrong
    if unseen < 0:
        return 0.0
    ways = comb(people, unseen) * comb(right + wrong, wrong)
    return float(ways * missed**unseen * ((1 - missed) * (1 - turned)) ** right * ((1 - missed) * turned) ** wrong)


def _quantile(odds: CountOdds, share: float) -> int:
    """Return the least count at or below which `share` of the odds lies; `odds` must be in order."""
    total = 0.0
    for inside, each in odds.items():
        total += each
        if total >= share:
            return inside
    return max(odds)
