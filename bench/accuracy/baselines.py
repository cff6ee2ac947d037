"""Rules of common products, applied to the same events for comparison.

In:    motion events, in order.
Out:   the states that such a rule shows, with their times.
Never: code of the product.
"""

from collections.abc import Sequence

from bench.accuracy.player import ShownStates
from collector.contract.states import Occupancy
from collector.occupancy.evidence import StoredEvent
from edge.contract.message import EventKind


def apply_timer(motion_events: Sequence[StoredEvent], hold_ms: int, until_ms: int) -> ShownStates:
    """Apply a fixed timer: taken from a motion until `hold_ms` after the last one; free before, from the first event.

    It ignores silent sensors and does not require a second motion, like a wall switch or a usual home automation rule.
    """
    shown: ShownStates = [(motion_events[0].at_ms, Occupancy.VACANT)] if motion_events else []
    ends_ms = 0
    for event in motion_events:
        if event.kind is not EventKind.MOTION:
            continue
        if event.at_ms >= ends_ms:
            shown += [(ends_ms, Occupancy.VACANT)] if ends_ms else []
            shown.append((event.at_ms, Occupancy.OCCUPIED))
        ends_ms = event.at_ms + hold_ms
    return [*shown, (ends_ms, Occupancy.VACANT)] if 0 < ends_ms <= until_ms else shown
