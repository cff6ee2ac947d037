"""Takes the exact moments of long ago out of the evidence of a space, and nothing else.

In:    evidence, its rules, the moment before which single changes are forgotten.
Out:   evidence that is judged as before.
Never: clocks.

Evidence of a space in which nothing happens holds its last change for as long as that lasts: when somebody left on a
Friday, or a member with a desk of their own before a holiday. Rounding each moment for itself would change what is
judged, since some are compared exactly (a hold that ran out began its state at that very millisecond). So all of them
move back together, by what the newest of them lies after a full five minutes. What lies between two of them stays, and
what lies between them and the next event that can come is longer than anything that is ever waited for.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from collector.evidence import Evidence, SensorView, SpaceRules, longest_hold
from collector.inference.judgement import BEHIND_DOOR_MS
from collector.learning.tuning import QUICK_MS
from collector.outward import COARSE_MS, Because

_SILENCES: Final = 2
"""A sensor that is heard again after less than two silences was only late."""


def longest_wait_ms(evidence: Evidence, rules: SpaceRules) -> int:
    """For so long after a moment it may still matter exactly when that was: to a hold, a silence, or what is learnt."""
    silences = (_SILENCES * sensor.silent_ms for sensor in rules.sensors)
    return max(BEHIND_DOOR_MS, longest_hold(evidence, rules), rules.bounds.most_ms + 2 * QUICK_MS, *silences)


def coarsened(evidence: Evidence, rules: SpaceRules, before_ms: int) -> Evidence:
    """Evidence whose moments of long before `before_ms` are no longer exact; the same if there are none.

    What lies less than `longest_wait_ms` before `before_ms` stays exact: the next event may come right after that.

    Args:
        evidence: of one space.
        rules: of that space, and fitting the evidence.
        before_ms: no event from before will come. If the newest event of the evidence is older, it must be erased,
            with all others from before: its place in the order of events moves too.
    """
    reach_ms = longest_wait_ms(evidence, rules)
    from_ms = before_ms - reach_ms
    cut_ms, newer_ms = None, None
    for at_ms in sorted({at_ms for at_ms in _moments(evidence) if at_ms > 0}, reverse=True):
        if at_ms < from_ms and (newer_ms is None or newer_ms - at_ms > reach_ms):
            cut_ms = at_ms
            break
        newer_ms = at_ms
    if cut_ms is None or cut_ms % COARSE_MS == 0:
        return evidence
    return _moved(evidence, cut_ms, cut_ms % COARSE_MS, before_ms)


def _moments(evidence: Evidence) -> Iterator[int]:
    yield from (evidence.key[0], evidence.since_ms, evidence.because.at_ms, evidence.opened_ms)
    yield from (evidence.before_since_ms, evidence.before_because.at_ms)
    for known in evidence.views:
        if known is not None:
            yield from (known.heard_ms, known.since_ms, known.high_ms, known.end_ms, known.begun_ms)
            yield from (at_ms for at_ms, _ in known.recent)


def _moved(evidence: Evidence, cut_ms: int, by_ms: int, before_ms: int) -> Evidence:
    """All moments up to `cut_ms` go back by the same time."""

    def moved(at_ms: int) -> int:
        return at_ms - by_ms if 0 < at_ms <= cut_ms else at_ms

    def reason(because: Because) -> Because:
        return replace(because, at_ms=moved(because.at_ms))

    def view(known: SensorView) -> SensorView:
        return replace(
            known,
            heard_ms=moved(known.heard_ms),
            since_ms=moved(known.since_ms),
            high_ms=moved(known.high_ms),
            end_ms=moved(known.end_ms),
            begun_ms=moved(known.begun_ms),
            recent=tuple((moved(at_ms), value) for at_ms, value in known.recent),
        )

    check_ms = evidence.check_ms
    return replace(
        evidence,
        key=(moved(evidence.key[0]), *evidence.key[1:]),
        since_ms=moved(evidence.since_ms),
        because=reason(evidence.because),
        before_since_ms=moved(evidence.before_since_ms),
        before_because=reason(evidence.before_because),
        opened_ms=moved(evidence.opened_ms),
        check_ms=check_ms - by_ms if by_ms < check_ms < before_ms else check_ms,  # an earlier bound is as good
        views=tuple(None if known is None else view(known) for known in evidence.views),
    )
