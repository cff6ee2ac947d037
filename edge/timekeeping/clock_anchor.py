"""Converts monotonic time to the time of day, on a machine whose clock may be wrong at boot.

In:    readings of both clocks, and whether the time of day can be trusted.
Out:   a `ClockAnchor`, which converts a monotonic time to Unix time; None while that is unknown.
Never: clocks, files, a guess.

A Pi has no clock battery: at boot its clock shows 1970 or the time of the last shutdown. The monotonic clock is right
from boot on, so an event is recorded with monotonic time, and gets its time of day once the offset between the two is
known.

The rules, once it is known:
- The anchor follows the clock while it is synchronised, and keeps its offset while it is not: the monotonic clock
  drifts by seconds a day, an unsynchronised clock can be wrong by years.
- A step of more than `MAX_HELD_STEP_MS` counts only if it is confirmed. The clock of a machine without time
  synchronisation (`clock = "host"`) is followed, but a jump of it is ignored. A step forward that counts takes effect
  at once.
- After a step back of at most `MAX_HELD_STEP_MS`, time stands still until the clock has caught up, so that no event
  is earlier than one already published. Events before the step keep their time.
- A longer step back takes effect at once: the time until then was wrong.
"""

from dataclasses import dataclass

from edge.timekeeping.durations import MINUTE_MS

MAX_HELD_STEP_MS = MINUTE_MS
"""The longest step back that is bridged by holding time still."""


@dataclass(frozen=True, slots=True)
class ClockAnchor:
    """The offset between monotonic time and the time of day; initially unknown."""

    offset_ms: int | None = None
    """Unix minus monotonic milliseconds; None: never synchronised since boot."""
    floor_ms: int = 0
    """After a short step back: no later event is earlier than this (Unix milliseconds)."""
    before_ms: int = 0
    """The offset before that step."""

    def unix_ms(self, monotonic_ms: int) -> int | None:
        """Convert a monotonic time to Unix time; None while the offset is unknown."""
        if self.offset_ms is None:
            return None
        return max(0, monotonic_ms + self.offset_ms, min(monotonic_ms + self.before_ms, self.floor_ms))


def update_anchor(
    anchor: ClockAnchor, wall_ms: int, monotonic_ms: int, *, synchronised: bool, step_confirmed: bool = True
) -> ClockAnchor:
    """Update the anchor from both clocks, read at the same time, if the time of day can be trusted.

    Args:
        anchor: the present anchor.
        wall_ms: the machine's time of day, Unix milliseconds.
        monotonic_ms: the machine's monotonic time, milliseconds.
        synchronised: whether `wall_ms` can be trusted as long as it does not jump.
        step_confirmed: whether it can be trusted when it has jumped.
    """
    if not synchronised:
        return anchor
    offset_ms = wall_ms - monotonic_ms
    anchored_ms = anchor.unix_ms(monotonic_ms)
    if anchored_ms is not None and not step_confirmed and abs(wall_ms - anchored_ms) > MAX_HELD_STEP_MS:
        return anchor
    if anchored_ms is None or wall_ms >= anchored_ms or anchored_ms - wall_ms > MAX_HELD_STEP_MS:
        return ClockAnchor(offset_ms)
    if anchor.offset_ms is None or offset_ms >= anchor.offset_ms:
        return anchor if anchor.offset_ms == offset_ms else ClockAnchor(offset_ms, anchor.floor_ms, anchor.before_ms)
    before_ms = (
        anchor.before_ms if anchored_ms == anchor.floor_ms else anchor.offset_ms
    )  # time may already be standing still
    return ClockAnchor(offset_ms, floor_ms=anchored_ms, before_ms=before_ms)
