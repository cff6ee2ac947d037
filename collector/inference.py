"""Decides whether a space is vacant, occupied, away or unknown, and a supply stocked or low.

In:    stored events of one space in canonical order, and moments.
Out:   the space's settled evidence, its transitions, and what it shows at a moment.
Never: clocks, sockets, files, logging. Time arrives as a value.
"""

from collections.abc import Iterable

from collector.evidence import OWN_KINDS, START, Evidence, Heard, SpaceRules, Transition, space_rules
from collector.outward import SpaceState

__all__ = [
    "OWN_KINDS",
    "START",
    "Evidence",
    "Heard",
    "SpaceRules",
    "Transition",
    "advance",
    "fitted",
    "fold",
    "next_lapse",
    "space_rules",
    "step",
    "view",
]


def step(evidence: Evidence, event: Heard, rules: SpaceRules) -> tuple[Evidence, list[Transition]]:
    """Take one event newer than `evidence.key`; return the new evidence and the transitions, oldest first.

    They include the lapses between the two. A transition at the very moment of an earlier one replaces it.
    """
    return fold(evidence, (event,), rules)


def fold(evidence: Evidence, events: Iterable[Heard], rules: SpaceRules) -> tuple[Evidence, list[Transition]]:
    """Take events, in canonical order and newer than `evidence.key`: `step` for many."""
    raise NotImplementedError


def fitted(evidence: Evidence, rules: SpaceRules) -> Evidence:
    """Stored evidence under the rules of today: sensors that left the plan are forgotten, the state judged anew."""
    raise NotImplementedError


def advance(evidence: Evidence, rules: SpaceRules, until_ms: int) -> list[Transition]:
    """The lapses that time alone brings after the newest event, each at its own moment, up to `until_ms` inclusive."""
    raise NotImplementedError


def next_lapse(evidence: Evidence, rules: SpaceRules, after_ms: int) -> Transition | None:
    """The first transition that silence alone will bring after `after_ms`; None if there is none."""
    raise NotImplementedError


def view(evidence: Evidence, rules: SpaceRules, now_ms: int) -> SpaceState:
    """What the space shows at `now_ms`, with its reason, its next lapse and the health of its sensors."""
    raise NotImplementedError
