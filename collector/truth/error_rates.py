"""How often a space, a zone or the site is shown wrong, with intervals, from the labels of truth rounds.

In:    sums of labels by the risk class that they were drawn from.
Out:   shares with their 95 % intervals.
Never: labels of visitors: they mostly report errors, so they would make every share too high.

The spaces of a round are drawn with unequal probabilities, so each label weighs 1 / probability (Hájek's ratio of two
Horvitz-Thompson sums). An interval combines the Wilson intervals of the risk classes.
"""

from collections.abc import Callable, Iterable, Mapping
from math import sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

from collector.contract.truth import ERROR_RATE_CONFIDENCE, AnswerAccuracy, ErrorRate
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.truth.labels import NO_CHECKS, NONE_FOUND, CheckSums, FoundChecks, RiskClass, SpaceChecks

_NORMAL_QUANTILE: Final = NormalDist().inv_cdf((1 + ERROR_RATE_CONFIDENCE) / 2)
"""Quantile of the normal distribution for a two-sided interval."""
MAX_PUBLISHED_SPACES: Final = 200
"""With ids of usual length these fit into a message of 64 KiB."""


class ErrorRates(NamedTuple):
    """The error rates of a space, a zone or the site; None: there is no such check."""

    total: ErrorRate | None
    free_while_occupied: ErrorRate | None
    """Of the checks that found somebody."""
    occupied_while_free: ErrorRate | None
    """Of the checks that found nobody."""


def compute_error_rates(checks: SpaceChecks) -> ErrorRates:
    """Compute the error rates from the labels of truth rounds.

    The classes of spaces that are not suspect count as one: more strata would only make the intervals wider.
    """
    suspect = checks.rounds.get(RiskClass.SUSPECT, NONE_FOUND)
    others = (found for risk, found in checks.rounds.items() if risk is not RiskClass.SUSPECT)
    strata = (suspect, sum(others, NONE_FOUND))
    return ErrorRates(
        compute_error_rate(strata, lambda found: found.total),
        compute_error_rate(strata, lambda found: found.taken),
        compute_error_rate(strata, lambda found: found.free),
    )


def compute_accuracy(checks: SpaceChecks) -> AnswerAccuracy | None:
    """Compute what is published about a space, a zone or the site; None: fewer than five checks."""
    total, *by_found = (_limit_rate(rate) for rate in compute_error_rates(checks))
    return None if total is None else AnswerAccuracy(total, *by_found)


def _limit_rate(rate: ErrorRate | None) -> ErrorRate | None:
    """Return a rate as it is published; None: it comes from too few checks."""
    if rate is None or rate.checked < MIN_SHOWN_GROUP:
        return None
    return ErrorRate(rate.checked, rate.wrong, round(rate.share, 4), round(rate.least, 4), round(rate.most, 4))


def select_worst(rates: Mapping[str, AnswerAccuracy | None]) -> dict[str, AnswerAccuracy]:
    """Return the known rates of the spaces with the highest error rate, as many as fit into one message."""
    known = [(space, rate) for space, rate in rates.items() if rate is not None]
    known.sort(key=lambda pair: -pair[1].total.share)
    return dict(known[:MAX_PUBLISHED_SPACES])


def compute_error_rate(strata: Iterable[FoundChecks], select: Callable[[FoundChecks], CheckSums]) -> ErrorRate | None:
    """Compute one error rate with its 95 % interval.

    Args:
        strata: the labels of each risk class.
        select: the labels of a class that count: those that found somebody, those that found nobody, or all.

    Returns:
        The rate; None without labels.

    Source:
        Wilson (1927) for each class; Zou and Donner (2008), "Construction of confidence limits about effect measures",
        for their weighted sum. How many of a class count is itself estimated; the linearised variance of that
        (Särndal, Swensson and Wretman 1992, 5.6) is added.
    """
    counted = [(select(found), found.total) for found in strata]
    total = sum((sums for sums, _ in counted), NO_CHECKS)
    if not total.count:
        return None
    share = total.wrong_weight / total.weight
    below = above = 0.0
    for sums, drawn in counted:
        if not sums.count:
            continue
        part, own_share = sums.weight / total.weight, sums.wrong_weight / sums.weight
        least, most = compute_wilson_interval(own_share, sums.weight * sums.weight / sums.squared_weight)
        below += (part * (own_share - least)) ** 2
        above += (part * (most - own_share)) ** 2
        spread = (own_share - share) ** 2 * _compute_size_variance(sums, drawn) / total.weight**2
        below += _NORMAL_QUANTILE**2 * spread
        above += _NORMAL_QUANTILE**2 * spread
    return ErrorRate(total.count, total.wrong, share, max(0.0, share - sqrt(below)), min(1.0, share + sqrt(above)))


def _compute_size_variance(sums: CheckSums, drawn: CheckSums) -> float:
    """Compute the variance of the weight of the labels that count, among all labels of their class."""
    part = sums.weight / drawn.weight
    return part * (1 - part) * drawn.squared_weight


def compute_wilson_interval(share: float, count: float) -> tuple[float, float]:
    """Compute the 95 % interval of a proportion.

    Args:
        share: the proportion found, 0 to 1.
        count: how many were examined, or the effective number of weighted ones; above 0.

    Returns:
        Its lower and upper limit.

    Source:
        Wilson, E. B. (1927), "Probable inference, the law of succession, and statistical inference".
    """
    square = _NORMAL_QUANTILE * _NORMAL_QUANTILE
    centre = (share + square / (2 * count)) / (1 + square / count)
    reach = _NORMAL_QUANTILE / (1 + square / count) * sqrt(share * (1 - share) / count + square / (4 * count * count))
    return max(0.0, centre - reach), min(1.0, centre + reach)
