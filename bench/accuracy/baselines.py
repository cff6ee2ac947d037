"""Rules of common products, applied to the same events for comparison.

In:    motion events, in order.
Out:   the states that such a rule shows, with their times.
Never: code of the product.
"""

from collections.abc import Iterable, Sequence
from math import inf, log, log2
from typing import Final

from bench.accuracy.player import ShownStates
from collector.contract.states import Occupancy
from collector.occupancy.evidence import StoredEvent
from edge.contract.message import EventKind

HALF_LIFE_MS: Final = 600_000
"""Area Occupancy Detection halves the evidence of a quiet sensor every 10 minutes in an office."""
MOTION_STRENGTH: Final = 2.85
"""Its log-odds of a motion sensor: 3 times the probability 0.95 of a movement while somebody is there."""
PRIOR: Final = 0.3
"""The prior of its documentation's example; a site learns its own."""
THRESHOLD: Final = 0.5


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


def apply_decay(motion_events: Sequence[StoredEvent], until_ms: int) -> ShownStates:
    """Apply the default rule of Area Occupancy Detection 2026.8 for motion sensors in an office, without its learning.

    The log-odds of the prior and of each sensor are added. A sensor counts fully while it is high, and half as much
    with each half-life after that. The space is taken while the sum is at least that of the threshold.

    Source: https://hankanman.github.io/Area-Occupancy-Detection, "Bayesian Probability Calculation" and "Area Purpose".
    """
    shown: ShownStates = [(motion_events[0].at_ms, Occupancy.VACANT)] if motion_events else []
    quiet_from_ms: dict[str, float] = {}
    ends_ms = -inf
    for event in motion_events:
        if event.kind is not EventKind.MOTION:
            continue
        if -inf < ends_ms <= event.at_ms:
            shown.append((round(ends_ms), Occupancy.VACANT))
            ends_ms = -inf
        quiet_from_ms[event.sensor] = inf if event.value else event.at_ms
        was_taken, ends_ms = ends_ms > -inf, _find_decay_end(quiet_from_ms.values(), event.at_ms)
        if not was_taken and ends_ms > event.at_ms:
            shown.append((event.at_ms, Occupancy.OCCUPIED))
    return [*shown, (round(ends_ms), Occupancy.VACANT)] if -inf < ends_ms <= until_ms else shown


def _find_decay_end(quiet_from_ms: Iterable[float], at_ms: int) -> float:
    """Return when the evidence falls below the threshold; infinite while a sensor is high."""
    high = [from_ms for from_ms in quiet_from_ms if from_ms == inf]
    if high:
        return inf
    needed = (log(THRESHOLD / (1 - THRESHOLD)) - log(PRIOR / (1 - PRIOR))) / MOTION_STRENGTH
    evidence = sum(2 ** ((from_ms - at_ms) / HALF_LIFE_MS) for from_ms in quiet_from_ms)
    return at_ms + HALF_LIFE_MS * log2(evidence / needed)
