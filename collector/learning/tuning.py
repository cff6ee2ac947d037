"""Learns how long a space stays taken after its last movement, from the quiet spans of its own story.

In:    how long a space was quiet before somebody was seen there again, what it has learnt so far, its bounds.
Out:   what it knows now: its own hold, and how often the space flipped with it and would have with the starting one.
Never: clocks, when somebody came or went: a span moves the hold, is counted, and forgotten.

Who is seen again within QUICK_MS after the hold ran out was there all along: a flip. By the stochastic approximation
of Robbins and Monro (Annals of Mathematical Statistics, 1951) a flip lengthens the hold by much and a quiet that was
no flip shortens it by little, so that it settles where flips are their stated share of both. Newcomers come by chance,
and as many in the next QUICK_MS as in the first: what comes there is taken off again, so that a busy space does not
pass for a badly seen one.
"""

from typing import Final

from msgspec import Struct

QUICK_MS: Final = 180_000
LONGER_MS: Final = 57_000
"""A flip lengthens the hold by this."""
SHORTER_MS: Final = 3_000
"""A quiet that nobody broke soon shortens it by this: flips settle at SHORTER of (SHORTER + LONGER), 1 in 20."""
MEMORY: Final = 200
"""About so many of the last quiet spans count in the shares."""
_FADE: Final = 1 - 1 / MEMORY


class HoldBounds(Struct, frozen=True, gc=False):
    """Where the hold of a space begins, and how far it may learn; all three are the same where it is pinned."""

    start_ms: int
    least_ms: int
    most_ms: int


class Tuned(Struct, frozen=True, gc=False, array_like=True):
    """What a space has learnt of its hold. The counts fade: older spans weigh less."""

    longer_ms: int = 0
    """Its hold is this much longer than the starting one; below 0: shorter."""
    ends: float = 0.0
    """Quiet spans that outlasted the hold."""
    flips: float = 0.0
    """Those of them that were flips."""
    start_ends: float = 0.0
    """Quiet spans that would have outlasted the starting hold."""
    start_flips: float = 0.0


UNTUNED: Final = Tuned()


def fitted_to(tuned: Tuned, bounds: HoldBounds) -> Tuned:
    """What was learnt, within bounds that may be others today."""
    longer_ms = _within(tuned.longer_ms, bounds)
    if longer_ms == tuned.longer_ms:
        return tuned
    return Tuned(longer_ms, tuned.ends, tuned.flips, tuned.start_ends, tuned.start_flips)


def seen_again(tuned: Tuned, quiet_ms: int, bounds: HoldBounds) -> Tuned:
    """Take one quiet span: of a space that was taken in full, until the next evidence of somebody."""
    start_over_ms = quiet_ms - bounds.start_ms
    over_ms = start_over_ms - tuned.longer_ms
    if over_ms <= 0 and start_over_ms <= 0:
        return tuned
    longer_ms, ends, flips = tuned.longer_ms, tuned.ends, tuned.flips
    if over_ms > 0:
        flip = over_ms <= QUICK_MS
        ends, flips = ends * _FADE + 1, flips * _FADE + flip
        by_chance = QUICK_MS < over_ms <= 2 * QUICK_MS
        longer_ms = _within(_moved(longer_ms, flip=flip, by_chance=by_chance), bounds)
    start_ends, start_flips = tuned.start_ends, tuned.start_flips
    if start_over_ms > 0:
        start_ends, start_flips = start_ends * _FADE + 1, start_flips * _FADE + (start_over_ms <= QUICK_MS)
    return Tuned(longer_ms, ends, flips, start_ends, start_flips)


def _moved(longer_ms: int, *, flip: bool, by_chance: bool) -> int:
    if flip:
        return longer_ms + LONGER_MS
    if by_chance and longer_ms > 0:
        return max(0, longer_ms - LONGER_MS)  # it takes back no more than flips have given
    return longer_ms - SHORTER_MS


def _within(longer_ms: int, bounds: HoldBounds) -> int:
    return min(max(longer_ms, bounds.least_ms - bounds.start_ms), bounds.most_ms - bounds.start_ms)
