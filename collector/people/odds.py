"""How many people are inside, as the odds of each number: what crossings, quiet doors and seen people do to them.

In:    odds, and one piece of evidence.
Out:   new odds; the number to show, and the range that holds nine tenths of them.
Never: clocks, files; a number below zero.

A counter of crossings errs, so a plain sum drifts without a bound. Each crossing here moves the odds by one, and
spreads them by how often this house's doors miss somebody or take the way in for the way out (`Errors`). Who is
inside comes out again some time: doors through which nobody leaves speak for few people, and a crowd that leaves for
many. No number is impossible until something that cannot err by itself says so.

Source: the errors of a usual pair of beams are those of the published counters that `docs/accuracy.md` measures with;
what a house's own doors do replaces them (`collector/people/doors.py`).
"""

from math import exp
from typing import Final

from msgspec import Struct

TURNED: Final = 0.02
"""The share of a usual counter's crossings that are told the wrong way round."""
MISSED: Final = 0.05
"""The people that a usual counter misses beside each one that it tells, in either direction."""
_MOST_TURNED: Final = 0.2
_MOST_MISSED: Final = 0.3
SURE: Final = 0.9
"""A house is told as empty only if that is at least so likely; before, as one person."""
LIKELY: Final = 0.5
"""The same where everybody would be seen."""
TAIL: Final = 0.05
"""The odds that lie below, and as much above, the range that is shown."""
_TOGETHER: Final = 0.5
"""People come and go in groups, so that their leaving tells half of what it would if each went alone."""
_MOST_BLUR: Final = 0.2
"""No more than that passes unseen in either direction between two looks."""
_SITS: Final = 0.5
"""Who is alone may sit for hours: quiet doors thin a crowd out, and hardly ever empty a house."""
_SURPRISE: Final = 0.02
"""Nothing is taken for impossible because nobody was thought to be there."""
_NEGLIGIBLE: Final = 1e-7


class Odds(Struct, frozen=True, gc=False, array_like=True):
    """`of[i]` is how likely `least + i` people are inside; together they are 1."""

    least: int = 0
    of: tuple[float, ...] = (1.0,)


NOBODY: Final = Odds()


class Errors(Struct, frozen=True, gc=False, array_like=True):
    """How the doors of a house err: at each crossing, the odds that the people inside change by so many."""

    on_entry: tuple[float, float, float, float]
    """By -1, 0, 1, 2."""
    on_exit: tuple[float, float, float, float]
    """By -2, -1, 0, 1."""


def errors(ratio: float, scale: float) -> Errors:
    """The errors of doors that tell `ratio` times as many in as out, and err `scale` times as often as usual ones."""
    turned, missed = min(_MOST_TURNED, TURNED * scale), min(_MOST_MISSED, MISSED * scale)
    more_in, more_out = missed + max(0.0, 1 / ratio - 1), missed + max(0.0, ratio - 1)
    right = 1 - turned
    return Errors(
        on_entry=(turned * (1 - more_in), turned * more_in, right * (1 - more_in), right * more_in),
        on_exit=(right * more_out, right * (1 - more_out), turned * more_out, turned * (1 - more_out)),
    )


def entered(odds: Odds, by: Errors) -> Odds:
    """Somebody was counted in."""
    return _moved(odds, by.on_entry, -1)


def left(odds: Odds, by: Errors) -> Odds:
    """Somebody was counted out."""
    return _moved(odds, by.on_exit, -2)


def watched(odds: Odds, exits: int, hours: float, leaving_per_h: float) -> Odds:
    """The doors were watched for so long, and so many people went out, who are no longer in `odds`.

    `leaving_per_h` is how often one person inside goes out.
    """
    rate = hours * leaving_per_h
    if exits:
        before = odds.least + exits
        weights = [(1 + _SURPRISE - exp(-(before + i) * rate)) ** _TOGETHER for i in range(len(odds.of))]
    else:
        weights = [exp(-max(0.0, odds.least + i - _SITS) * rate * _TOGETHER) for i in range(len(odds.of))]
    told = _tidied(odds.least, [each * weight for each, weight in zip(odds.of, weights, strict=True)])
    return _blurred(told, rate)


def _blurred(odds: Odds, rate: float) -> Odds:
    """One in or out passed unseen, as likely as people are inside who may: so no number stays impossible."""
    chances = [min(_MOST_BLUR, MISSED * rate * (odds.least + i)) for i in range(len(odds.of))]
    old = (0.0, *odds.of, 0.0)
    moving = (0.0, *(each * chance for each, chance in zip(odds.of, chances, strict=True)), 0.0)
    new = [old[i] - 2 * moving[i] + moving[i - 1] + moving[i + 1] for i in range(1, len(odds.of) + 1)]
    below = [moving[1]] if odds.least else []
    return _tidied(odds.least - len(below), [*below, *new, moving[-2]])


def unseen(odds: Odds, hides: float) -> Odds:
    """Nobody is seen for a time in which somebody who is inside hides with this likelihood."""
    if odds.least or len(odds.of) == 1:
        return odds
    return _tidied(0, [odds.of[0], *(each * hides for each in odds.of[1:])])


def at_least(odds: Odds, people: int) -> Odds:
    """So many are known to be inside."""
    if people <= odds.least:
        return odds
    beyond = odds.of[people - odds.least :]
    return _tidied(people, list(beyond)) if beyond else Odds(people)


def at_most(odds: Odds, people: int) -> Odds:
    """No more than so many can be inside."""
    if people < odds.least:
        return Odds(people)
    return _tidied(odds.least, list(odds.of[: people - odds.least + 1]))


def shown(odds: Odds, sure: float) -> int:
    """The number in the middle of the odds; 0 only when it is at least so sure."""
    middle = quantile(odds, 0.5)
    return 1 if middle == 0 and odds.of[0] < sure else middle


def quantile(odds: Odds, share: float) -> int:
    """The least number of people at or below which so great a share of the odds lies."""
    total = 0.0
    for i, each in enumerate(odds.of):
        total += each
        if total >= share:
            return odds.least + i
    return odds.least + len(odds.of) - 1


def _moved(odds: Odds, by: tuple[float, float, float, float], first: int) -> Odds:
    """The odds after a change by `first`, `first` + 1 and so on, each as likely as `by` says; never below nobody."""
    a, b, c, d = by
    old = (0.0, 0.0, 0.0, *odds.of, 0.0, 0.0, 0.0)
    new = [d * old[i] + c * old[i + 1] + b * old[i + 2] + a * old[i + 3] for i in range(len(odds.of) + 3)]
    least = odds.least + first
    if least < 0:
        new = [sum(new[: 1 - least]), *new[1 - least :]]
        least = 0
    return _tidied(least, new)


def _tidied(least: int, weights: list[float]) -> Odds:
    """Odds that are 1 together, without what is negligible at both ends."""
    floor = max(weights) * _NEGLIGIBLE
    if floor <= 0.0:  # the evidence leaves nothing at all: what it leaves last is as good as any
        return Odds(least)
    first, last = 0, len(weights)
    while weights[first] < floor:
        first += 1
    while weights[last - 1] < floor:
        last -= 1
    kept = weights[first:last]
    total = sum(kept)
    return Odds(least + first, tuple([each / total for each in kept]))
