"""Odds of each number of people inside, and how crossings, quiet doors and detected people change them.

In:    odds, and one piece of evidence.
Out:   new odds; the number to show, and the range that covers 90 % of the odds.
Never: clocks, files; a number below zero.

A counter of crossings makes errors, so a plain sum drifts without bound. Here each crossing moves the odds by one, and
spreads them by how often the doors of this site miss somebody or confuse the directions (`CrossingErrors`). Everybody
inside leaves at some time: doors without exits indicate few people, and many exits indicate many. No
number is impossible until reliable evidence rules it out.

Source: the initial errors of a pair of beams are those of the published counters that `docs/accuracy.md` measures with;
what is learned of a site's own doors replaces them (`collector/history/door_days.py`).
"""

from math import exp
from typing import Final

from msgspec import Struct

from collector.history.door_days import MIN_ERROR_SCALE, MISSED_SHARE, REVERSED_SHARE

_MAX_REVERSED: Final = 0.2
_MAX_MISSED: Final = 0.3
MIN_EMPTY_ODDS: Final = 0.9
"""A site is shown as empty only if that is at least this likely; otherwise as one person."""
TAIL_SHARE: Final = 0.05
"""Odds below the shown range, and as much above it."""
_GROUP_WEIGHT: Final = 0.5
"""People come and go in groups, so exits carry half the information that independent people would give."""
_MAX_UNDETECTED: Final = 0.2
"""Most people that pass undetected in either direction between two updates."""
_MAY_STAY: Final = 0.5
"""One person may stay for hours: quiet doors reduce a number, but hardly ever to zero."""
_MIN_EXIT_WEIGHT: Final = 0.02
"""An exit stays possible when nobody was expected inside."""
_NEGLIGIBLE: Final = 1e-7


class PeopleOdds(Struct, frozen=True, gc=False, array_like=True):
    """`of[i]` is the odds of `least + i` people inside; their sum is 1."""

    least: int = 0
    probabilities: tuple[float, ...] = (1.0,)


NOBODY_INSIDE: Final = PeopleOdds()


class CrossingErrors(Struct, frozen=True, gc=False, array_like=True):
    """Errors of a site's doors: for each crossing, the odds of each change of the number of people."""

    on_entry: tuple[float, float, float, float]
    """Odds of a change by -1, 0, 1, 2."""
    on_exit: tuple[float, float, float, float]
    """Odds of a change by -2, -1, 0, 1."""


def compute_crossing_errors(ratio: float, scale: float) -> CrossingErrors:
    """Compute the errors of doors with `ratio` entries per exit and `scale` times the typical error rate."""
    turned, missed = min(_MAX_REVERSED, REVERSED_SHARE * scale), min(_MAX_MISSED, MISSED_SHARE * scale)
    more_in, more_out = missed + max(0.0, 1 / ratio - 1), missed + max(0.0, ratio - 1)
    right = 1 - turned
    return CrossingErrors(
        on_entry=(turned * (1 - more_in), turned * more_in, right * (1 - more_in), right * more_in),
        on_exit=(right * more_out, right * (1 - more_out), turned * more_out, turned * (1 - more_out)),
    )


def after_entry(odds: PeopleOdds, by: CrossingErrors) -> PeopleOdds:
    """Return the odds after an entry."""
    return _shift(odds, by.on_entry, -1)


def after_exit(odds: PeopleOdds, by: CrossingErrors) -> PeopleOdds:
    """Return the odds after an exit."""
    return _shift(odds, by.on_exit, -2)


def after_watched_doors(
    odds: PeopleOdds, exits: int, hours: float, leaving_per_h: float, error_scale: float
) -> PeopleOdds:
    """Return the odds after the doors were watched for `hours` and `exits` people left, who are no longer in `odds`.

    Args:
        odds: of the people inside, after the exits.
        exits: people who left in that time.
        hours: how long the doors were watched.
        leaving_per_h: how often one person inside leaves.
        error_scale: error rate of the doors, relative to the typical one. Habits are crude evidence, so they correct
            a counter only as far as it errs.
    """
    rate = hours * leaving_per_h
    correction = min(1.0, error_scale / MIN_ERROR_SCALE)
    weight_of_habits = _GROUP_WEIGHT * correction
    if exits:
        before = odds.least + exits
        weights = [
            (1 + _MIN_EXIT_WEIGHT - exp(-(before + i) * rate)) ** weight_of_habits
            for i in range(len(odds.probabilities))
        ]
    else:
        weights = [
            exp(-max(0.0, odds.least + i - _MAY_STAY) * rate * weight_of_habits) for i in range(len(odds.probabilities))
        ]
    updated = _normalise(odds.least, [each * weight for each, weight in zip(odds.probabilities, weights, strict=True)])
    return _spread(updated, rate * correction)


def _spread(odds: PeopleOdds, rate: float) -> PeopleOdds:
    """Spread the odds by one undetected crossing, in proportion to the people inside: no number stays impossible."""
    chances = [min(_MAX_UNDETECTED, MISSED_SHARE * rate * (odds.least + i)) for i in range(len(odds.probabilities))]
    old = (0.0, *odds.probabilities, 0.0)
    moving = (0.0, *(each * chance for each, chance in zip(odds.probabilities, chances, strict=True)), 0.0)
    new = [old[i] - 2 * moving[i] + moving[i - 1] + moving[i + 1] for i in range(1, len(odds.probabilities) + 1)]
    below = [moving[1]] if odds.least else []
    return _normalise(odds.least - len(below), [*below, *new, moving[-2]])


def after_nobody_seen(odds: PeopleOdds, hidden: int, hides: float) -> PeopleOdds:
    """Return the odds after nobody was detected for some time.

    Args:
        odds: before that time.
        hidden: so many people would not be detected in any case.
        hides: likelihood that more people than that stay undetected for the time.
    """
    known = hidden + 1 - odds.least
    if known <= 0 or known >= len(odds.probabilities):
        return odds
    return _normalise(odds.least, [*odds.probabilities[:known], *(each * hides for each in odds.probabilities[known:])])


def with_chance_of_somebody(odds: PeopleOdds, chance: float) -> PeopleOdds:
    """Return the odds given that somebody is inside with this chance."""
    if odds.least or len(odds.probabilities) == 1:
        return odds
    somebody = 1 - odds.probabilities[0]
    return _normalise(0, [1 - chance, *(each * chance / somebody for each in odds.probabilities[1:])])


def chance_above(odds: PeopleOdds, people: int) -> float:
    """Return the odds that more than this many people are inside."""
    return 1.0 if people < odds.least else max(0.0, 1.0 - sum(odds.probabilities[: people - odds.least + 1]))


def with_at_least(odds: PeopleOdds, people: int) -> PeopleOdds:
    """Return the odds given that at least this many people are inside."""
    if people <= odds.least:
        return odds
    beyond = odds.probabilities[people - odds.least :]
    return _normalise(people, list(beyond)) if beyond else PeopleOdds(people)


def with_at_most(odds: PeopleOdds, people: int) -> PeopleOdds:
    """Return the odds given that at most this many people are inside."""
    if people < odds.least:
        return PeopleOdds(people)
    return _normalise(odds.least, list(odds.probabilities[: people - odds.least + 1]))


def number_to_show(odds: PeopleOdds) -> int:
    """Return the median of the odds; 0 only if its odds are at least `MIN_EMPTY_ODDS`."""
    middle = quantile(odds, 0.5)
    return 1 if middle == 0 and odds.probabilities[0] < MIN_EMPTY_ODDS else middle


def quantile(odds: PeopleOdds, share: float) -> int:
    """Return the smallest number of people whose cumulative odds reach `share`."""
    total = 0.0
    for i, each in enumerate(odds.probabilities):
        total += each
        if total >= share:
            return odds.least + i
    return odds.least + len(odds.probabilities) - 1


def _shift(odds: PeopleOdds, by: tuple[float, float, float, float], first: int) -> PeopleOdds:
    """Return the odds after a change by `first`, `first` + 1 and so on, with the odds in `by`; never below 0 people."""
    a, b, c, d = by
    old = (0.0, 0.0, 0.0, *odds.probabilities, 0.0, 0.0, 0.0)
    new = [d * old[i] + c * old[i + 1] + b * old[i + 2] + a * old[i + 3] for i in range(len(odds.probabilities) + 3)]
    least = odds.least + first
    if least < 0:
        new = [sum(new[: 1 - least]), *new[1 - least :]]
        least = 0
    return _normalise(least, new)


def _normalise(least: int, weights: list[float]) -> PeopleOdds:
    """Normalise odds to a sum of 1, without negligible values at both ends."""
    floor = max(weights) * _NEGLIGIBLE
    if floor <= 0.0:  # the evidence rules out every number
        return PeopleOdds(least)
    first, last = 0, len(weights)
    while weights[first] < floor:
        first += 1
    while weights[last - 1] < floor:
        last -= 1
    kept = weights[first:last]
    total = sum(kept)
    return PeopleOdds(least + first, tuple([each / total for each in kept]))
