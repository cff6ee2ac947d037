"""Truth labels: what somebody found in a space at one moment, beside the state that was shown then.

In:    labels of visitors and of truth rounds.
Out:   sums of right and wrong answers of each space, in which no label has a time any more.
Never: who reported it; clocks, files.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from collector.contract.states import Occupancy
from collector.contract.truth import FoundState, find_shown


class RiskClass(StrEnum):
    """How likely a space is shown wrong, as known when a truth round was drawn: the strata of its random choice."""

    SUSPECT = "suspect"
    """It has a finding or flips, or earlier labels show errors."""
    UNCHECKED = "unchecked"
    """It has few labels."""
    USUAL = "usual"


class LabelSource(StrEnum):
    """Where a label comes from."""

    VISITOR = "visitor"
    """The page of a space's code. Visitors mostly report errors, so these labels are not a fair sample."""
    ROUND = "round"
    """A truth round: its spaces were drawn at random with known probabilities."""


class TruthLabel(Struct, frozen=True, gc=False, array_like=True):
    """One label. It is kept for as long as raw events, then only in the sums of its space."""

    space: str
    at_ms: int
    found: FoundState
    source: LabelSource
    shown: Occupancy
    """What was shown when the label came."""
    risk: RiskClass = RiskClass.USUAL
    """The class of the space in its truth round."""
    probability: float = 1.0
    """With which probability its truth round checked this space; 1 for a label of a visitor."""

    @property
    def is_answered(self) -> bool:
        """Whether the space was shown as free or taken, so that the label can be right or wrong."""
        return find_shown(self.shown) is not None

    @property
    def is_wrong(self) -> bool:
        """Whether the space was shown as the opposite of what was found."""
        return self.is_answered and find_shown(self.shown) is not self.found


class CheckSums(Struct, frozen=True, gc=False, array_like=True):
    """Sums over labels: how many, how many wrong, and the same weighted with 1 / probability."""

    count: int = 0
    wrong: int = 0
    weight: float = 0.0
    squared_weight: float = 0.0
    wrong_weight: float = 0.0

    def __add__(self, other: "CheckSums") -> "CheckSums":
        return CheckSums(
            self.count + other.count,
            self.wrong + other.wrong,
            self.weight + other.weight,
            self.squared_weight + other.squared_weight,
            self.wrong_weight + other.wrong_weight,
        )


NO_CHECKS: Final = CheckSums()


class FoundChecks(Struct, frozen=True, gc=False, array_like=True):
    """Labels by what was found. Wrong ones: free while occupied, and occupied while free."""

    taken: CheckSums = NO_CHECKS
    free: CheckSums = NO_CHECKS

    def __add__(self, other: "FoundChecks") -> "FoundChecks":
        return FoundChecks(self.taken + other.taken, self.free + other.free)

    @property
    def total(self) -> CheckSums:
        """The sums over all labels."""
        return self.taken + self.free


NONE_FOUND: Final = FoundChecks()


class SpaceChecks(Struct, frozen=True, array_like=True):
    """The labels of one space, or of several, without times."""

    visitors: FoundChecks = NONE_FOUND
    rounds: dict[RiskClass, FoundChecks] = {}

    def __add__(self, other: "SpaceChecks") -> "SpaceChecks":
        merged = dict(self.rounds)
        for risk, checks in other.rounds.items():
            merged[risk] = merged.get(risk, NONE_FOUND) + checks
        return SpaceChecks(self.visitors + other.visitors, merged)

    @property
    def round_total(self) -> CheckSums:
        """The sums over the labels of all truth rounds."""
        return sum((checks.total for checks in self.rounds.values()), NO_CHECKS)


def count_labels(labels: Iterable[TruthLabel], before: Mapping[str, SpaceChecks]) -> dict[str, SpaceChecks]:
    """Add labels to the sums of their spaces; a label without an answer to check counts nowhere.

    Args:
        labels: in any order.
        before: sums by space.

    Returns:
        The new sums by space.
    """
    sums = dict(before)
    for label in labels:
        if label.is_answered:
            sums[label.space] = sums.get(label.space, SpaceChecks()) + _count_label(label)
    return sums


def _count_label(label: TruthLabel) -> SpaceChecks:
    weight = 1 / label.probability
    one = CheckSums(1, int(label.is_wrong), weight, weight * weight, weight * label.is_wrong)
    found = FoundChecks(taken=one) if label.found is FoundState.TAKEN else FoundChecks(free=one)
    if label.source is LabelSource.VISITOR:
        return SpaceChecks(visitors=found)
    return SpaceChecks(rounds={label.risk: found})
