"""Decides whether an agent's work advances: the service manager restarts an agent whose work does not.

In:    the pending work and the receipts so far, at one moment.
Out:   whether there is progress.
Never: clocks, sockets. Time is a value.
"""

from dataclasses import dataclass
from typing import NamedTuple

BROKER_ANSWER_TIMEOUT_MS = 180_000
"""A connection works if the broker answered within this time. Events are resent after at most 90 s of silence."""


class AgentWork(NamedTuple):
    """The pending work of an agent at one moment."""

    now_ms: int
    """Real milliseconds, monotonic."""
    pending: int
    """Events that can be sent or are in flight, and have no receipt."""
    receipts: tuple[str, int]
    """The stream, and how many receipts came for it."""
    connected: bool
    """Whether the agent is connected to the broker."""
    collector_online: bool
    """Whether the collector reported itself online recently; a retained status does not count."""
    answered_ms: int
    """When the broker last sent anything, on the clock of `now_ms`."""


@dataclass(frozen=True, slots=True)
class AgentProgress:
    """The receipts at the last check."""

    receipts: tuple[str, int] = ("", 0)


def check_progress(before: AgentProgress, work: AgentWork) -> tuple[AgentProgress, bool]:
    """Check whether the work advances: nothing is pending, a receipt came, or the reason for waiting is known.

    A receipt counts even if it covers nothing new: a collector that holds events back, for example because its clock
    and the device's disagree, repeats the last receipt, and a restart of the agent would not change that.
    An unavailable broker and a collector that is offline or silent are known reasons, since a restart of the agent
    does not repair them. If the connection is dead, the collector may have come back unnoticed, so the broker must
    have answered recently.

    Returns:
        The new state, and whether the work advances.
    """
    advances = (
        work.pending <= 0
        or work.receipts != before.receipts
        or not work.connected
        or (not work.collector_online and work.now_ms - work.answered_ms <= BROKER_ANSWER_TIMEOUT_MS)
    )
    return AgentProgress(work.receipts), advances
