"""Learn how many messages of a sensor are lost, and how many lost heartbeats in a row do not yet mean that it is dead.

In:    the times between the messages of one sensor that arrived, in order; its heartbeat interval.
Out:   the share of its heartbeats that are lost, and the number of lost heartbeats in a row to tolerate.
Never: clocks.

A bought radio sensor does not send a lost message again. Its heartbeats are periodic, so a gap of n intervals shows
that n - 1 heartbeats were lost. If a share p is lost, k in a row are lost with a probability of p^k. So many are
tolerated that chance alone makes the sensor seem dead at most once a week. An agent with an outbox sends every message
again: it has no gaps, and nothing is tolerated.
"""

from typing import Final

from msgspec import Struct

from edge.timekeeping.durations import DAY_MS

BLOCK_HEARTBEATS: Final = 500
"""The last 500 to 1,000 heartbeats count: a share of 1 % is then 5 to 10 of them, and a sensor that was moved to a
better place is known to be better after four to eight hours with heartbeats of 30 s."""
MIN_GAPS: Final = 3
"""So many gaps are needed: one or two are restarts of a device."""
MAX_LOST_SHARE: Final = 0.9
"""The highest share that is believed, so that the number of tolerated heartbeats is bounded."""
_FALSE_SILENCE_EVERY_MS: Final = 7 * DAY_MS
"""A sensor that works counts as silent by chance at most this often."""


class HeartbeatLosses(Struct, frozen=True, gc=False, array_like=True):
    """The heartbeats of one sensor since its first loss, in blocks."""

    due: int = 0
    """Heartbeats that were due in the current block."""
    lost: int = 0
    """Those of them that did not arrive."""
    gaps: int = 0
    """Gaps in which at least one was lost."""
    earlier_due: int = 0
    """The same for the block before it; 0 in the first block."""
    earlier_lost: int = 0
    earlier_gaps: int = 0
    tolerated: int = 0
    """Heartbeats in a row that may be lost before the sensor counts as silent, beyond those of the rules."""

    @property
    def lost_share(self) -> float:
        """The share of heartbeats that are lost; 0 while too few gaps are known."""
        if self.gaps + self.earlier_gaps < MIN_GAPS:
            return 0.0
        return (self.lost + self.earlier_lost) / (self.due + self.earlier_due)


def learn_gap(known: HeartbeatLosses | None, gap_ms: int, heartbeat_ms: int, max_gap_ms: int) -> HeartbeatLosses | None:
    """Learn from the time between two messages of a sensor; None: none was lost lately.

    The first loss only begins the count, because a count that begins with a loss would contain too many.

    Args:
        known: what was learned so far; None: nothing was lost.
        gap_ms: time from the message before to this one.
        heartbeat_ms: interval of the sensor's heartbeats.
        max_gap_ms: a sensor that sends nothing for longer is off; nothing is learned from that.
    """
    due = count_due_heartbeats(gap_ms, heartbeat_ms)
    if due < 1 or gap_ms > max_gap_ms:
        return known
    if known is None:
        return HeartbeatLosses() if due > 1 else None
    if known.due >= BLOCK_HEARTBEATS:
        if not known.gaps:
            return HeartbeatLosses() if due > 1 else None
        known = HeartbeatLosses(
            earlier_due=known.due, earlier_lost=known.lost, earlier_gaps=known.gaps, tolerated=known.tolerated
        )
    learned = add_received(known, due)
    if due == 1:
        return learned
    return _set_tolerated(learned, due - 1, heartbeat_ms)


def count_due_heartbeats(gap_ms: int, heartbeat_ms: int) -> int:
    """Return how many heartbeats were due in a gap up to and including its end; a late one counts at its own time."""
    return (2 * gap_ms + heartbeat_ms) // (2 * heartbeat_ms)


def add_received(known: HeartbeatLosses, due: int) -> HeartbeatLosses:
    """Add heartbeats that were due, none of which was lost."""
    return HeartbeatLosses(
        known.due + due,
        known.lost,
        known.gaps,
        known.earlier_due,
        known.earlier_lost,
        known.earlier_gaps,
        known.tolerated,
    )


def _set_tolerated(known: HeartbeatLosses, lost: int, heartbeat_ms: int) -> HeartbeatLosses:
    """Add the lost heartbeats of one gap, and compute what to tolerate."""
    counted = HeartbeatLosses(
        known.due, known.lost + lost, known.gaps + 1, known.earlier_due, known.earlier_lost, known.earlier_gaps
    )
    return HeartbeatLosses(
        counted.due,
        counted.lost,
        counted.gaps,
        counted.earlier_due,
        counted.earlier_lost,
        counted.earlier_gaps,
        compute_tolerated(counted.lost_share, heartbeat_ms),
    )


def compute_tolerated(lost_share: float, heartbeat_ms: int) -> int:
    """Return how many heartbeats in a row may be lost, so that one more is lost by chance at most once a week."""
    share = min(lost_share, MAX_LOST_SHARE)
    expected = _FALSE_SILENCE_EVERY_MS / heartbeat_ms * share
    tolerated = 0
    while expected > 1:
        expected *= share
        tolerated += 1
    return tolerated
