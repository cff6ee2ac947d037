"""What a buyer gets today: rules that stand beside ours on the same events.

In:    events of motion, in order.
Out:   what such a rule shows, moment by moment.
Never: anything of ours.
"""

from collections.abc import Sequence

from bench.accuracy.player import Shown
from collector.evidence import Heard
from collector.outward import Occupancy
from edge.message import Kind


def timer(said: Sequence[Heard], hold_ms: int, until_ms: int) -> Shown:
    """A fixed timer: taken from each motion until this long after the last; free otherwise, from the first event on.

    It knows no silence and no second motion: a switch on the wall, or the usual rule of home automation.
    """
    shown: Shown = [(said[0].at_ms, Occupancy.VACANT)] if said else []
    ends_ms = 0
    for event in said:
        if event.kind is not Kind.MOTION:
            continue
        if event.at_ms >= ends_ms:
            shown += [(ends_ms, Occupancy.VACANT)] if ends_ms else []
            shown.append((event.at_ms, Occupancy.OCCUPIED))
        ends_ms = event.at_ms + hold_ms
    return [*shown, (ends_ms, Occupancy.VACANT)] if 0 < ends_ms <= until_ms else shown
