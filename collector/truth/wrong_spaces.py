"""Finds the spaces that are shown wrong significantly more often than the site.

In:    the labels of truth rounds by space, the error rate of the site.
Out:   the spaces with their numbers.
Never: labels of visitors: anybody could cause a finding with them.
"""

from collections.abc import Mapping
from math import exp, lgamma, log, log1p
from typing import Final

from collector.contract.truth import ErrorRate
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.truth.labels import CheckSums, SpaceChecks

FALSE_FINDING_SHARE: Final = 0.05
"""The probability that any space of a site has this finding by chance."""


def find_wrong_spaces(by_space: Mapping[str, SpaceChecks], site: ErrorRate | None) -> dict[str, CheckSums]:
    """Return the checks of each space that is wrong too often for the error rate of its site.

    Args:
        by_space: the labels of each space.
        site: the error rate of the whole site. Its upper limit is compared, because the rate itself is uncertain.

    Source:
        Exact binomial test, with Bonferroni's correction for the number of spaces.
    """
    if site is None:
        return {}
    totals = {space: checks.round_total for space, checks in by_space.items()}
    checked = {space: sums for space, sums in totals.items() if sums.count >= MIN_SHOWN_GROUP}
    return {
        space: sums
        for space, sums in checked.items()
        if _compute_tail(sums, site.most) * len(checked) < FALSE_FINDING_SHARE
    }


def _compute_tail(sums: CheckSums, share: float) -> float:
    """Compute the probability of at least as many errors, if each check is wrong with this probability.

    In logarithms, because the binomial coefficients of a thousand checks exceed a float.
    """
    if sums.wrong == 0 or share >= 1:
        return 1.0
    if share <= 0:
        return 0.0
    count = sums.count
    return sum(
        exp(
            lgamma(count + 1)
            - lgamma(wrong + 1)
            - lgamma(count - wrong + 1)
            + wrong * log(share)
            + (count - wrong) * log1p(-share)
        )
        for wrong in range(sums.wrong, count + 1)
    )
