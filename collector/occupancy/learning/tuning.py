"""Learn the hold of a space after its last motion, from its quiet spans.

In:    how long a space was quiet before somebody was detected again, what it has learned so far, its bounds.
Out:   the new hold, and how often the space flipped with it and would have flipped with the initial hold.
Never: clocks, times of arrivals or departures: a span adjusts the hold, is counted, and is not kept.

Somebody detected within FLIP_PERIOD_MS after the hold ended was there all along: a flip. By the stochastic
approximation of Robbins and Monro (Annals of Mathematical Statistics, 1951), a flip lengthens the hold much, and any
other quiet span shortens it a little, so that it converges to the intended share of flips. Other people arrive by
chance, as many in the next FLIP_PERIOD_MS as in the first. Arrivals in the second window are subtracted, so that a busy
space does not look like a poorly covered one.
"""

from typing import Final

from msgspec import Struct

from collector.contract.states import FLIP_MEMORY_SPANS, FLIP_PERIOD_MS

LENGTHEN_BY_MS: Final = 57_000
"""A flip lengthens the hold by this."""
SHORTEN_BY_MS: Final = 3_000
"""A quiet span that is no flip shortens it by this. Flips converge to SHORTEN of (SHORTEN + LENGTHEN), 1 in 20."""
_FADE: Final = 1 - 1 / FLIP_MEMORY_SPANS


class HoldBounds(Struct, frozen=True, gc=False):
    """Initial hold of a space, and its bounds; all three are equal if the hold is fixed."""

    start_ms: int
    min_ms: int
    max_ms: int


class HoldStatistics(Struct, frozen=True, gc=False, array_like=True):
    """Learned hold of a space and its statistics. Counts fade: older spans weigh less."""

    offset_ms: int = 0
    """Difference from the initial hold; below 0: shorter."""
    quiet_spans: float = 0.0
    """Quiet spans that outlasted the hold."""
    flips: float = 0.0
    """Quiet spans of these that were flips."""
    start_quiet_spans: float = 0.0
    """Quiet spans that would have outlasted the initial hold."""
    start_flips: float = 0.0


NO_HOLD_STATISTICS: Final = HoldStatistics()


def fit_to_bounds(tuned: HoldStatistics, bounds: HoldBounds) -> HoldStatistics:
    """Fit what was learned to the current bounds."""
    longer_ms = _clamp(tuned.offset_ms, bounds)
    if longer_ms == tuned.offset_ms:
        return tuned
    return HoldStatistics(longer_ms, tuned.quiet_spans, tuned.flips, tuned.start_quiet_spans, tuned.start_flips)


def learn_quiet_span(tuned: HoldStatistics, quiet_ms: int, bounds: HoldBounds) -> HoldStatistics:
    """Learn from one quiet span of a space after a full hold, until the next evidence of somebody.

    Args:
        tuned: what was learned so far.
        quiet_ms: length of the quiet span.
        bounds: of the hold.
    """
    start_over_ms = quiet_ms - bounds.start_ms
    over_ms = start_over_ms - tuned.offset_ms
    if over_ms <= 0 and start_over_ms <= 0:
        return tuned
    longer_ms, ends, flips = tuned.offset_ms, tuned.quiet_spans, tuned.flips
    if over_ms > 0:
        flip = over_ms <= FLIP_PERIOD_MS
        ends, flips = ends * _FADE + 1, flips * _FADE + flip
        by_chance = FLIP_PERIOD_MS < over_ms <= 2 * FLIP_PERIOD_MS
        longer_ms = _clamp(_adjust(longer_ms, flip=flip, by_chance=by_chance), bounds)
    start_ends, start_flips = tuned.start_quiet_spans, tuned.start_flips
    if start_over_ms > 0:
        start_ends, start_flips = start_ends * _FADE + 1, start_flips * _FADE + (start_over_ms <= FLIP_PERIOD_MS)
    return HoldStatistics(longer_ms, ends, flips, start_ends, start_flips)


def _adjust(longer_ms: int, *, flip: bool, by_chance: bool) -> int:
    if flip:
        return longer_ms + LENGTHEN_BY_MS
    if by_chance and longer_ms > 0:
        return max(0, longer_ms - LENGTHEN_BY_MS)  # never below what flips have added
    return longer_ms - SHORTEN_BY_MS


def _clamp(longer_ms: int, bounds: HoldBounds) -> int:
    return min(max(longer_ms, bounds.min_ms - bounds.start_ms), bounds.max_ms - bounds.start_ms)
