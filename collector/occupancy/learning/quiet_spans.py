"""Separate quiet spans in which somebody was there all along from those in which somebody left and came back.

In:    how many quiet spans of a space had which length.
Out:   for each class of lengths, in which share of its spans somebody was there all along.
Never: clocks, times of single spans: only the number of spans of each class is kept.

A sensor misses somebody who sits still for longer spans ever less often. These spans have a Weibull distribution: its
shape covers sensors that detect everybody within minutes, sensors with a heavy tail that lose people for half an hour,
and mats that lose people for some minutes at a time. Absences have no such limit: errands, lunch, meetings and nights
spread over all lengths, and breaks last about a quarter of an hour. So the spans of a space are a mixture of stays,
breaks and other absences. The short spans, most of which are spent sitting, show how unlikely a long one is; what is
more frequent than that was an absence.

The mixture is fitted by expectation maximisation (Dempster, Laird and Rubin, Journal of the Royal Statistical Society B
39, 1977) for each distribution of a grid. The results are averaged with the likelihoods as weights, so that few spans
do not choose one distribution by chance.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from math import exp, log
from statistics import NormalDist
from typing import Final, NamedTuple

from msgspec import Struct

from edge.timekeeping.durations import DAY_MS, MINUTE_MS

EDGES_MIN: Final = (2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 20, 25, 30, 45, 60, 120, 240)
"""Lower edges of the classes of lengths, in minutes. No hold is shorter than the first; the last class is a night."""
MIN_SPANS: Final = 80
"""Fewest spans from which anything is concluded: two or three days of a motion sensor, a week of a mat."""
MAX_SPANS: Final = 2_000
MAX_NIGHTS: Final = 40
"""Above one of these, all counts are halved: eight weeks of a desk that is used every working day."""
REVIEW_EVERY: Final = 64
"""Spans between two fits of a space that is never quiet for a night; otherwise it is fitted after each night."""
ABSENCES_PER_NIGHT: Final = 10
"""People leave a space this often a day without any fault of a sensor: lunch, breaks, meetings and errands."""

BREAKS_PER_NIGHT: Final = 3
"""Most breaks of about a quarter of an hour a day. More spans of that length are likelier due to a sensor."""

_SHAPES: Final = (0.3, 0.45, 0.65, 0.9, 1.2, 1.7, 2.5, 4.0)
"""Shapes of the Weibull distribution. The best fits to the gaps above two minutes in UCI 864 are 0.25 and 1.45, of the
badly and the well placed sensor; 4 is nearly a fixed length."""
_TAILS: Final = (1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3, 8e-3, 0.016, 0.03, 0.06, 0.12, 0.2, 0.3)
"""Share of the spans of somebody there that are longer than ten minutes; 0.16 for that badly placed sensor."""
_TAIL_MIN: Final = 10
_ABSENCE_POWER: Final = 0.35
"""The share of absences that are longer than a time falls with this power of it: 57 % of those above two minutes are
longer than ten, and 19 % longer than four hours, about one night in five absences."""
_BREAK_MIN: Final = 13.0
_BREAK_SPREAD: Final = 0.45
"""Breaks have a lognormal distribution: two thirds of them last from 8 to 20 minutes."""
_STEPS: Final = 4
_MIN_SHARE: Final = 1e-4
_ALL_EDGES_MIN: Final = (*EDGES_MIN, DAY_MS / MINUTE_MS)


class QuietSpans(Struct, frozen=True, gc=False, array_like=True):
    """The quiet spans of a space. Old ones count less."""

    counts: tuple[int, ...] = ()
    """Spans of each class; empty: none."""
    stayed_pct: tuple[int, ...] = ()
    """Per cent of the spans of each class in which somebody was there all along; empty: not known yet."""


NO_QUIET_SPANS: Final = QuietSpans()


def count_span(known: QuietSpans, span_ms: int) -> QuietSpans:
    """Count one span; one that is shorter than every class changes nothing.

    Args:
        known: the spans so far.
        span_ms: for how long nobody was detected.
    """
    place = bisect_right(EDGES_MIN, span_ms / MINUTE_MS) - 1
    if place < 0:
        return known
    counts = list(known.counts or [0] * len(EDGES_MIN))
    counts[place] += 1
    total = sum(counts)
    if total > MAX_SPANS or counts[-1] > MAX_NIGHTS:
        counts = [count // 2 for count in counts]
    is_due = total >= MIN_SPANS and (place == len(EDGES_MIN) - 1 or total % REVIEW_EVERY == 0)
    return QuietSpans(tuple(counts), _estimate_stayed(counts) if is_due else known.stayed_pct)


def count_longer(known: QuietSpans, span_ms: int) -> tuple[float, float]:
    """Return how many spans were longer than a time, and in how many of those somebody was there all along.

    Within a class the spans are spread evenly.
    """
    at_min, longer, stayed = span_ms / MINUTE_MS, 0.0, 0.0
    shares = known.stayed_pct or (0,) * len(known.counts)
    for low, high, count, pct in zip(EDGES_MIN, _ALL_EDGES_MIN[1:], known.counts, shares, strict=False):
        if count and high > at_min:
            beyond = count * min(1.0, (high - at_min) / (high - low))
            longer += beyond
            stayed += beyond * pct / 100
    return longer, stayed


class _Mixture(NamedTuple):
    """How spans may be distributed: one fit."""

    log_likelihood: float
    stay_share: float
    """Share of all spans in which somebody was there all along."""
    break_share: float
    stays: Sequence[float]
    """How these spans are spread over the classes."""


def _estimate_stayed(counts: Sequence[int]) -> tuple[int, ...]:
    """Return in how many per cent of the spans of each class somebody was there all along."""
    breaks, others = _list_break_shares(), _list_absence_shares()
    fits = [_fit_mixture(counts, stays) for stays in _list_stay_shares()]
    best = max(fit.log_likelihood for fit in fits)
    weights = [exp(fit.log_likelihood - best) for fit in fits]
    found = [0.0] * len(counts)
    for fit, weight in zip(fits, weights, strict=True):
        if weight > _MIN_SHARE:
            other_share = 1 - fit.stay_share - fit.break_share
            for place, stay_part in enumerate(fit.stays):
                stay = fit.stay_share * stay_part
                every = stay + fit.break_share * breaks[place] + other_share * others[place]
                found[place] += weight * stay / every
    all_weights = sum(weight for weight in weights if weight > _MIN_SHARE)
    return tuple(round(100 * stayed / all_weights) for stayed in found)


def _fit_mixture(counts: Sequence[int], stays: Sequence[float]) -> _Mixture:
    """Fit the shares of stays, breaks and other absences; `stays`: how stays are spread over the classes."""
    total = sum(counts)
    most_share = max(_MIN_SHARE, 1 - min(1.0, ABSENCES_PER_NIGHT * counts[-1] / total))
    most_breaks = max(_MIN_SHARE, BREAKS_PER_NIGHT * counts[-1] / total)
    rows = [
        row for row in zip(counts, stays, _list_break_shares(), _list_absence_shares(), strict=True) if row[0]
    ]  # a class without spans changes neither the shares nor the likelihood
    stay_share, break_share = 0.7 * most_share, min(0.15, most_breaks)
    for _ in range(_STEPS):
        other_share = 1 - stay_share - break_share
        stayed = left = 0.0
        for count, stay_part, break_part, other_part in rows:
            stay, pause = stay_share * stay_part, break_share * break_part
            weight = count / (stay + pause + other_share * other_part)
            stayed += stay * weight
            left += pause * weight
        stay_share = min(most_share, max(_MIN_SHARE, stayed / total))
        break_share = min(most_breaks, 1 - stay_share - _MIN_SHARE, max(_MIN_SHARE, left / total))
    other_share = 1 - stay_share - break_share
    likelihood = sum(
        count * log(stay_share * stay_part + break_share * break_part + other_share * other_part)
        for count, stay_part, break_part, other_part in rows
    )
    return _Mixture(likelihood, stay_share, break_share, stays)


@cache
def _list_stay_shares() -> list[list[float]]:
    """Return the share of each class for every distribution of the grid."""
    found = []
    for shape in _SHAPES:
        for tail in _TAILS:
            rate = -log(tail) / (_TAIL_MIN**shape - EDGES_MIN[0] ** shape)
            found.append(_split_into_classes([exp(-rate * edge**shape) for edge in _ALL_EDGES_MIN]))
    return found


@cache
def _list_break_shares() -> list[float]:
    breaks = NormalDist(log(_BREAK_MIN), _BREAK_SPREAD)
    return _split_into_classes([1 - breaks.cdf(log(edge)) for edge in _ALL_EDGES_MIN])


@cache
def _list_absence_shares() -> list[float]:
    return _split_into_classes([edge**-_ABSENCE_POWER for edge in _ALL_EDGES_MIN])


def _split_into_classes(longer: Sequence[float]) -> list[float]:
    """Return the share of each class, of the spans within all classes; `longer`: the share above each edge."""
    whole = longer[0] - longer[-1]
    return [(first - after) / whole for first, after in pairwise(longer)]
