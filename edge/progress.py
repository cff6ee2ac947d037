"""Decides whether an agent's work advances: the service manager restarts an agent whose work does not.

In:    what there is to do at one moment, and how far it is.
Out:   whether that is progress.
Never: clocks, sockets. Time is a value.
"""

from dataclasses import dataclass
from typing import NamedTuple

ANSWER_MS = 180_000
"""A line over which the broker answered within this time works. Events are sent again after at most 90 s of silence."""


class WorkState(NamedTuple):
    """The work of an agent at one moment."""

    now_ms: int
    """Real milliseconds, monotonic."""
    pending: int
    """Events that could be sent, or are on their way, and have no receipt."""
    receipts: tuple[str, int]
    """The stream, and how many receipts came for it."""
    connected: bool
    """Whether the broker is there, as far as the agent knows."""
    collector_online: bool
    """Whether the collector lately reported that it works; a status that the broker only kept is no such report."""
    answered_ms: int
    """When the broker last answered anything, on the clock of `now_ms`."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The receipts that were known at the last look."""

    receipts: tuple[str, int] = ("", 0)


def step(before: Progress, work: WorkState) -> tuple[Progress, bool]:
    """Whether the work advances: nothing is pending, a receipt came, or the reason for waiting is known.

    A receipt counts although it may cover nothing new: a collector that holds events back, say because its clock and
    the device's do not agree, repeats the last one, and a restart of the agent would not change that.
    A broker that is away and a collector that is offline, or silent, are such reasons, since no restart of the agent
    mends them.
    But a collector may have come back unnoticed if the line is dead, so the broker must have answered lately.
    """
    advances = (
        work.pending <= 0
        or work.receipts != before.receipts
        or not work.connected
        or (not work.collector_online and work.now_ms - work.answered_ms <= ANSWER_MS)
    )
    return Progress(work.receipts), advances
