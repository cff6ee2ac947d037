"""Says at what time of day something happened, on a machine whose clock may be wrong at boot.

In:    readings of both clocks, and whether the time of day can be trusted.
Out:   an `Anchor`, and from it the Unix time of any monotonic moment; None while it cannot be known.
Never: clocks, files, a guess.

A Pi has no clock battery: it boots in 1970, or when it was last shut down. The monotonic clock counts right from
boot on, so an event is noted with that, and gets its time of day once the two can be tied together.

The rules, once tied:
- The anchor follows the clock while it is synchronised, and stands while it is not: the monotonic clock drifts by
  seconds a day, an unsynchronised clock can be wrong by years.
- A step of more than `HELD_MS` counts only if it is confirmed; the clock of a machine without time synchronisation
  (`clock = "host"`) is followed, but not if it jumps. A step forward that counts does so at once.
- A step back of at most `HELD_MS` holds time still until the clock has caught up: nothing may happen before what
  was already told. What happened before the step keeps its time.
- A longer step back counts at once: the time told until then was wrong, and more of it would only be worse.
"""

from dataclasses import dataclass

HELD_MS = 60_000
"""The longest step back that is hidden by holding time still."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What ties monotonic time to the time of day; a new one ties nothing."""

    offset_ms: int | None = None
    """Unix minus monotonic milliseconds; None: never synchronised since boot."""
    floor_ms: int = 0
    """After a short step back: nothing from now on happened before this (Unix milliseconds)."""
    before_ms: int = 0
    """The offset that held before that step."""

    def unix_ms(self, monotonic_ms: int) -> int | None:
        """The Unix time of a monotonic moment; None while that cannot be known."""
        if self.offset_ms is None:
            return None
        return max(0, monotonic_ms + self.offset_ms, min(monotonic_ms + self.before_ms, self.floor_ms))


def follow(anchor: Anchor, wall_ms: int, monotonic_ms: int, *, synchronised: bool, steps: bool = True) -> Anchor:
    """Look at both clocks at one moment, and tie them anew if the time of day can be trusted.

    Args:
        anchor: what ties them until now.
        wall_ms: the time of day by the machine, Unix milliseconds.
        monotonic_ms: its other clock at the same moment.
        synchronised: whether `wall_ms` can be trusted as long as it does not jump.
        steps: whether it can be trusted when it has jumped.
    """
    if not synchronised:
        return anchor
    offset_ms = wall_ms - monotonic_ms
    told_ms = anchor.unix_ms(monotonic_ms)
    if told_ms is not None and not steps and abs(wall_ms - told_ms) > HELD_MS:
        return anchor
    if told_ms is None or wall_ms >= told_ms or told_ms - wall_ms > HELD_MS:
        return Anchor(offset_ms)
    if anchor.offset_ms is None or offset_ms >= anchor.offset_ms:
        return anchor if anchor.offset_ms == offset_ms else Anchor(offset_ms, anchor.floor_ms, anchor.before_ms)
    before_ms = anchor.before_ms if told_ms == anchor.floor_ms else anchor.offset_ms  # time may be held already
    return Anchor(offset_ms, floor_ms=told_ms, before_ms=before_ms)
