"""Choose the hold of a space from its quiet spans.

In:    how long a space was quiet before somebody was detected again, what it has learned so far, its bounds.
Out:   the hold, and how often the space flipped with it and would have flipped with the initial hold.
Never: clocks, times of arrivals or departures: a span is counted, and is not kept.

A flip is a quiet span that outlasted the hold although somebody was there all along (quiet_spans.py). A minute more of
hold costs a minute of every absence, and saves a minute of every flip. If a free space that is shown taken for a minute
weighs a thirtieth of a taken one that is shown free, the hold should be lengthened while more than one span in thirty
is a flip. It is shortened only while hardly any is, so that a space without a reason keeps the initial
hold, which comes from recordings.
"""

from typing import Final

from msgspec import Struct

from collector.occupancy.learning.quiet_spans import NO_QUIET_SPANS, QuietSpans, count_longer, count_span

MAX_FLIP_SHARE: Final = 0.03
"""With more flips among the spans that outlast it, a hold is too short."""
MIN_FLIP_SHARE: Final = 0.002
"""With fewer, it may be shorter. Far fewer, because few spans are so long that the estimate must be extrapolated."""
MIN_STAYED_SHARE: Final = 2 / 3
"""It is shortened only if somebody was there in most spans: otherwise too little is known about sitting still."""
STEP_MS: Final = 30_000


class HoldBounds(Struct, frozen=True, gc=False):
    """Initial hold of a space, and its bounds; all three are equal if the hold is fixed."""

    start_ms: int
    min_ms: int
    max_ms: int


class HoldStatistics(Struct, frozen=True, gc=False, array_like=True):
    """Learned hold of a space, and what it was learned from."""

    offset_ms: int = 0
    """Difference from the initial hold; below 0: shorter."""
    spans: QuietSpans = NO_QUIET_SPANS


NO_HOLD_STATISTICS: Final = HoldStatistics()


def fit_to_bounds(tuned: HoldStatistics, bounds: HoldBounds) -> HoldStatistics:
    """Fit what was learned to the current bounds."""
    hold_ms = min(max(bounds.start_ms + tuned.offset_ms, bounds.min_ms), bounds.max_ms)
    if hold_ms == bounds.start_ms + tuned.offset_ms:
        return tuned
    return HoldStatistics(hold_ms - bounds.start_ms, tuned.spans)


def learn_quiet_span(tuned: HoldStatistics, quiet_ms: int, bounds: HoldBounds) -> HoldStatistics:
    """Learn from one quiet span of a space after a full hold began, until the next evidence of somebody.

    Args:
        tuned: what was learned so far.
        quiet_ms: length of the quiet span.
        bounds: of the hold.
    """
    spans = count_span(tuned.spans, quiet_ms)
    if spans.stayed_pct == tuned.spans.stayed_pct:
        return tuned if spans is tuned.spans else HoldStatistics(tuned.offset_ms, spans)
    hold_ms = max(bounds.start_ms, _find_hold_ms(spans, MAX_FLIP_SHARE, bounds))
    all_spans, stayed = count_longer(spans, 0)
    if stayed >= MIN_STAYED_SHARE * all_spans:
        hold_ms = min(hold_ms, _find_hold_ms(spans, MIN_FLIP_SHARE, bounds))
    return HoldStatistics(hold_ms - bounds.start_ms, spans)


def _find_hold_ms(spans: QuietSpans, share: float, bounds: HoldBounds) -> int:
    """Return the shortest hold within the bounds with at most this share of flips; otherwise the longest."""
    for hold_ms in range(bounds.min_ms, bounds.max_ms, STEP_MS):
        longer, flips = count_longer(spans, hold_ms)
        if flips <= share * longer:
            return hold_ms
    return bounds.max_ms
