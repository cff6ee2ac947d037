"""Corrections: what somebody found in a space is shown until its sensors bring news.

In:    what was found, the evidence of the space, the time.
Out:   whether it still applies; the state to show.
Never: evidence, transitions, history: a correction changes only what is shown.
"""

from typing import Final, NamedTuple

from collector.contract.states import Because, Occupancy, Reason, SpaceState
from collector.contract.truth import FoundState, find_shown
from collector.occupancy.evidence import Evidence
from edge.timekeeping.durations import HOUR_MS

MAX_CORRECTION_MS: Final = HOUR_MS
"""A correction without news ends after this time: whoever was found has probably left or come by then."""
_SHOWN_AS: Final = {FoundState.FREE: Occupancy.VACANT, FoundState.TAKEN: Occupancy.OCCUPIED}


class Correction(NamedTuple):
    """What somebody found in a space."""

    found: FoundState
    at_ms: int
    shown: Occupancy
    """What the sensors showed then."""


def is_current(correction: Correction, evidence: Evidence, state: SpaceState, now_ms: int) -> bool:
    """Return whether a correction still applies.

    News of the sensors ends it: they show another answer than when it was made, or one of them detected somebody since.

    Args:
        correction: the newest one of the space.
        evidence: of the space.
        state: what the sensors show now.
        now_ms: site time.
    """
    shown = find_shown(correction.shown)
    if shown is correction.found or find_shown(state.state) is not shown or state.state is Occupancy.DISABLED:
        return False
    is_young = 0 <= now_ms - correction.at_ms < MAX_CORRECTION_MS
    return is_young and not any(
        known is not None and known.rose_ms > correction.at_ms for known in evidence.sensor_states
    )


def apply_correction(correction: Correction, state: SpaceState) -> SpaceState:
    """Return the state to show, with the correction as its reason."""
    return SpaceState(
        state=_SHOWN_AS[correction.found],
        since_ms=correction.at_ms,
        because=Because(Reason.CORRECTED, at_ms=correction.at_ms),
        health=state.health,
        at_ms=state.at_ms,
    )


def get_corrected_occupancy(correction: Correction) -> Occupancy:
    """Return the occupancy that a correction shows."""
    return _SHOWN_AS[correction.found]
