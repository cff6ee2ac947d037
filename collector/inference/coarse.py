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

from collector.evidence import Evidence, SensorView, SpaceRules, longest_hold
from collector.inference.judgement import BEHIND_DOOR_MS
from collector.learning.tuning import QUICK_MS
from collector.outward import COARSE_MS, Because

_SILENCES: Final = 2
"""A sensor that reports again after less than this many silences was only late."""


def longest_wait_ms(evidence: Evidence, rules: SpaceRules) -> int:
    """Return for how long the exact time of a moment may matter: to a hold, a silence, or learning."""
    silences = (_SILENCES * sensor.silent_ms for sensor in rules.sensors)
    return max(BEHIND_DOOR_MS, longest_hold(evidence, rules), rules.bounds.most_ms + 2 * QUICK_MS, *silences)


def coarsened(evidence: Evidence, rules: SpaceRules, before_ms: int) -> Evidence:
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
    if cut_ms is None or cut_ms % COARSE_MS == 0:
        return evidence
    return _move_back(evidence, cut_ms, cut_ms % COARSE_MS, before_ms)


def _list_moments(evidence: Evidence) -> Iterator[int]:
    yield from (evidence.key[0], evidence.since_ms, evidence.because.at_ms, evidence.opened_ms)
    yield from (evidence.before_since_ms, evidence.before_because.at_ms)
    for known in evidence.views:
        if known is not None:
            yield from (known.heard_ms, known.since_ms, known.high_ms, known.end_ms, known.begun_ms)
            yield from (at_ms for at_ms, _ in known.recent)


def _move_back(evidence: Evidence, cut_ms: int, by_ms: int, before_ms: int) -> Evidence:
    """Move all moments up to `cut_ms` back by the same time."""

    def move(at_ms: int) -> int:
        return at_ms - by_ms if 0 < at_ms <= cut_ms else at_ms

    def move_because(because: Because) -> Because:
        return replace(because, at_ms=move(because.at_ms))

    def move_view(known: SensorView) -> SensorView:
        return replace(
            known,
            heard_ms=move(known.heard_ms),
            since_ms=move(known.since_ms),
            high_ms=move(known.high_ms),
            end_ms=move(known.end_ms),
            begun_ms=move(known.begun_ms),
            recent=tuple((move(at_ms), value) for at_ms, value in known.recent),
        )

    check_ms = evidence.check_ms
    return replace(
        evidence,
        key=(move(evidence.key[0]), *evidence.key[1:]),
        since_ms=move(evidence.since_ms),
        because=move_because(evidence.because),
        before_since_ms=move(evidence.before_since_ms),
        before_because=move_because(evidence.before_because),
        opened_ms=move(evidence.opened_ms),
        check_ms=check_ms - by_ms if by_ms < check_ms < before_ms else check_ms,  # an earlier bound is valid too
        views=tuple(None if known is None else move_view(known) for known in evidence.views),
    )
