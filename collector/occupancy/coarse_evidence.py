"""Coarsen the old moments in the evidence of a space, and change nothing else.

In:    evidence, its rules, the moment before which single changes must not be exact.
Out:   evidence that evaluates as before.
Never: clocks.

Evidence of an unused space keeps its last change for as long as nothing happens: when somebody left on a Friday, or a
member with a dedicated desk before a holiday. Rounding each moment separately would change the evaluation, since some
are compared exactly (a hold that ended began its state in that millisecond). So all of them move back together, by the
distance of the newest of them from a full five minutes. The time between two of them stays the same, and the time from
them to the next possible event is longer than any hold or silence.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from collector.contract.states import COARSE_STEP_MS, Because
from collector.occupancy.evidence import Evidence, SensorState
from collector.occupancy.judge import MAX_BEHIND_DOOR_MS
from collector.occupancy.learning.quiet_spans import EDGES_MIN
from collector.occupancy.space_rules import SpaceRules, hold_after_door_opens_ms
from edge.timekeeping.durations import MINUTE_MS

_SILENCES: Final = 2
"""A sensor that reports again after less than this many silences was only late."""


def longest_wait_ms(evidence: Evidence, rules: SpaceRules) -> int:
    """Return for how long the exact time of a moment may matter: to a hold, a silence, or learning."""
    silences = (_SILENCES * sensor.max_silent_ms for sensor in rules.sensors)
    return max(
        MAX_BEHIND_DOOR_MS,
        hold_after_door_opens_ms(evidence, rules),
        rules.hold_bounds.max_ms,
        rules.level_hold_bounds.max_ms,
        round(EDGES_MIN[-1] * MINUTE_MS),
        *silences,
    )


def coarsen_evidence(evidence: Evidence, rules: SpaceRules, before_ms: int) -> Evidence:
    """Return evidence whose moments long before `before_ms` are coarse; the same object if there are none.

    Moments less than `longest_wait_ms` before `before_ms` stay exact: the next event may come right after it.

    Args:
        evidence: of one space.
        rules: of that space, matching the evidence.
        before_ms: no event before this will come. If the newest event of the evidence is older, it must be erased with
            all others before this: its position in the order of events moves too.
    """
    reach_ms = longest_wait_ms(evidence, rules)
    from_ms = before_ms - reach_ms
    cut_ms, newer_ms = None, None
    for at_ms in sorted({at_ms for at_ms in _list_moments(evidence) if at_ms > 0}, reverse=True):
        if at_ms < from_ms and (newer_ms is None or newer_ms - at_ms > reach_ms):
            cut_ms = at_ms
            break
        newer_ms = at_ms
    if cut_ms is None or cut_ms % COARSE_STEP_MS == 0:
        return evidence
    return _move_back(evidence, cut_ms, cut_ms % COARSE_STEP_MS, before_ms)


def _list_moments(evidence: Evidence) -> Iterator[int]:
    yield from (evidence.key[0], evidence.since_ms, evidence.because.at_ms, evidence.door_released_ms)
    yield from (evidence.previous_since_ms, evidence.previous_because.at_ms)
    for known in evidence.sensor_states:
        if known is not None:
            yield from (known.last_event_ms, known.alive_since_ms, known.rose_ms, known.fell_ms, known.run_start_ms)
            yield from (at_ms for at_ms, _ in known.recent_co2)


def _move_back(evidence: Evidence, cut_ms: int, by_ms: int, before_ms: int) -> Evidence:
    """Move all moments up to `cut_ms` back by the same time."""

    def move(at_ms: int) -> int:
        return at_ms - by_ms if 0 < at_ms <= cut_ms else at_ms

    def move_because(because: Because) -> Because:
        return replace(because, at_ms=move(because.at_ms))

    def move_view(known: SensorState) -> SensorState:
        return replace(
            known,
            last_event_ms=move(known.last_event_ms),
            alive_since_ms=move(known.alive_since_ms),
            rose_ms=move(known.rose_ms),
            fell_ms=move(known.fell_ms),
            run_start_ms=move(known.run_start_ms),
            recent_co2=tuple((move(at_ms), value) for at_ms, value in known.recent_co2),
        )

    check_ms = evidence.check_ms
    return replace(
        evidence,
        key=(move(evidence.key[0]), *evidence.key[1:]),
        since_ms=move(evidence.since_ms),
        because=move_because(evidence.because),
        previous_since_ms=move(evidence.previous_since_ms),
        previous_because=move_because(evidence.previous_because),
        door_released_ms=move(evidence.door_released_ms),
        check_ms=check_ms - by_ms if by_ms < check_ms < before_ms else check_ms,  # an earlier bound is valid too
        sensor_states=tuple(None if known is None else move_view(known) for known in evidence.sensor_states),
    )
