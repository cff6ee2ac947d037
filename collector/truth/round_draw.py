"""Draws the spaces of a truth round: those whose truth is worth most, at random with known probabilities.

In:    the spaces that show an answer now, what is known of each, the labels so far, a source of random numbers.
Out:   at most eight spaces, each with its risk class and the size of that class.
Never: clocks, files, the order in which to walk.

Each class of risk is a stratum of the draw: within a class every space is equally likely. A class gets the more spaces
the more its error rate is uncertain, so the same number of checks gives narrower intervals.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import sqrt
from random import Random
from typing import Final, NamedTuple

from msgspec import Struct

from collector.truth.labels import NONE_FOUND, CheckSums, RiskClass, SpaceChecks

ROUND_SPACES: Final = 8
"""Spaces of one round: at ten seconds each, with the way between them, a few minutes."""
FEW_LABELS: Final = 3
"""A space with fewer labels is unchecked."""
MIN_OF_CLASS: Final = 1
"""Each class with a space is in each round, so that every space can be drawn."""
ADDED_WRONG: Final = 2
ADDED_CHECKS: Final = 4
"""Added to the labels of a class before its spread is computed, so that a class without errors still gets checks.
Source: Agresti, A. and Coull, B. (1998), "Approximate is better than exact for interval estimation"."""
SUSPECT_WORTH: Final = 2.0
"""A check of a suspect space is worth two: the host also wants to know whether that space works."""
EXPECTED_SHARE: Final = 0.03
"""The error rate of a site before its first round. It only affects which spaces are suspect, never an estimate."""
SUSPECT_FACTOR: Final = 2.0
"""A space whose error rate is this many times the site's is suspect."""


class RoundCandidate(NamedTuple):
    """A space that shows an answer now."""

    space: str
    is_doubted: bool
    """Whether its sensors have a finding, or it flipped lately."""
    checks: SpaceChecks
    """Its labels so far."""


class RoundPick(Struct, frozen=True, gc=False, array_like=True):
    """A space to check. Its probability is the number of picks of its class divided by `class_size`."""

    space: str
    risk: RiskClass
    class_size: int


def draw_round(candidates: Sequence[RoundCandidate], site: SpaceChecks, random: Random) -> list[RoundPick]:
    """Draw the spaces of a round.

    Args:
        candidates: the spaces that can be checked.
        site: the labels of all spaces so far.
        random: unpredictable in production; with a seed in tests.

    Returns:
        At most ROUND_SPACES picks, in no order.
    """
    members = defaultdict(list)
    for candidate in candidates:
        members[classify_risk(candidate, site.round_total)].append(candidate.space)
    sizes = {risk: len(members[risk]) for risk in RiskClass if members[risk]}
    counts = allocate_picks(sizes, site)
    return [
        RoundPick(space, risk, sizes[risk])
        for risk, count in counts.items()
        for space in random.sample(members[risk], count)
    ]


def classify_risk(candidate: RoundCandidate, site: CheckSums) -> RiskClass:
    """Return the risk class of a space; a small number of labels is pulled towards the site's error rate."""
    own = candidate.checks.round_total
    site_share = (site.wrong + EXPECTED_SHARE * ADDED_CHECKS) / (site.count + ADDED_CHECKS)
    share = (own.wrong + FEW_LABELS * site_share) / (own.count + FEW_LABELS)
    if candidate.is_doubted or share > SUSPECT_FACTOR * site_share:
        return RiskClass.SUSPECT
    return RiskClass.UNCHECKED if own.count < FEW_LABELS else RiskClass.USUAL


def allocate_picks(sizes: Mapping[RiskClass, int], site: SpaceChecks) -> dict[RiskClass, int]:
    """Divide a round among the classes in proportion to their size and the spread of their answers.

    Source:
        Neyman, J. (1934), "On the two different aspects of the representative method".
    """
    worth = {risk: size * _estimate_spread(risk, site) for risk, size in sizes.items()}
    if RiskClass.SUSPECT in worth:
        worth[RiskClass.SUSPECT] *= SUSPECT_WORTH
    counts = {risk: min(MIN_OF_CLASS, size) for risk, size in sizes.items()}
    while sum(counts.values()) < min(ROUND_SPACES, sum(sizes.values())):
        open_classes = [risk for risk, size in sizes.items() if counts[risk] < size]
        counts[max(open_classes, key=lambda risk: worth[risk] / (counts[risk] + 0.5))] += 1
    return counts


def _estimate_spread(risk: RiskClass, site: SpaceChecks) -> float:
    sums = site.rounds.get(risk, NONE_FOUND).total
    share = (sums.wrong + ADDED_WRONG) / (sums.count + ADDED_CHECKS)
    return sqrt(share * (1 - share))
