"""The transitions between the states of a space, and what causes each: the table behind the diagram in the docs.

In:    nothing.
Out:   every transition that `judge.py` can cause. A test compares it with the transitions of random events.
Never: a decision: a state is a function of the stored events and the time, not of the state before.
"""

from typing import Final, NamedTuple

from collector.contract.states import Occupancy


class StateTransition(NamedTuple):
    """One transition that is possible."""

    before: Occupancy | None
    """None: the first state."""
    after: Occupancy
    cause: str


STATE_TRANSITIONS: Final = (
    StateTransition(None, Occupancy.UNKNOWN, ""),
    StateTransition(Occupancy.UNKNOWN, Occupancy.OCCUPIED, "evidence"),
    StateTransition(Occupancy.UNKNOWN, Occupancy.AWAY, "a hold runs"),
    StateTransition(Occupancy.UNKNOWN, Occupancy.VACANT, "every sensor is alive and quiet"),
    StateTransition(Occupancy.VACANT, Occupancy.OCCUPIED, "evidence"),
    StateTransition(Occupancy.VACANT, Occupancy.AWAY, "a hold runs"),
    StateTransition(Occupancy.VACANT, Occupancy.UNKNOWN, "a sensor is silent"),
    StateTransition(Occupancy.OCCUPIED, Occupancy.AWAY, "the evidence ends, the hold runs"),
    StateTransition(Occupancy.OCCUPIED, Occupancy.VACANT, "a short hold ends"),
    StateTransition(Occupancy.OCCUPIED, Occupancy.UNKNOWN, "a sensor is silent"),
    StateTransition(Occupancy.AWAY, Occupancy.OCCUPIED, "evidence"),
    StateTransition(Occupancy.AWAY, Occupancy.VACANT, "the hold ends"),
    StateTransition(Occupancy.AWAY, Occupancy.UNKNOWN, "the hold ends, a sensor is silent"),
    StateTransition(None, Occupancy.DISABLED, "out of use"),
    StateTransition(Occupancy.UNKNOWN, Occupancy.STOCKED, "a level that is not low"),
    StateTransition(Occupancy.UNKNOWN, Occupancy.LOW, "a low level"),
    StateTransition(Occupancy.STOCKED, Occupancy.LOW, "a low level"),
    StateTransition(Occupancy.STOCKED, Occupancy.UNKNOWN, "its sensor is silent"),
    StateTransition(Occupancy.LOW, Occupancy.STOCKED, "a level that is not low"),
    StateTransition(Occupancy.LOW, Occupancy.UNKNOWN, "its sensor is silent"),
)
