"""Evaluate stored events again under other rules, and compare the results with the current rules.

In:    the events of spaces, a plan, the same plan under other rules, a span.
Out:   for each space both timelines, their figures, and where they differ.
Never: files, clocks, printing; rules of its own: both timelines come from the collector's evaluation.

Only spaces with a public state are compared: a dedicated desk has no state of its own (docs/decisions/0006), and a
total that included it would reveal it by subtraction. Times are Unix milliseconds, UTC.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from collector.contract.states import FLIP_PERIOD_MS, TAKEN_STATES, Occupancy
from collector.occupancy.evaluate import find_lapses, fit_to_rules, fold_events, merge_transitions
from collector.occupancy.evidence import EMPTY_EVIDENCE, Evidence, StoredEvent
from collector.occupancy.space_rules import build_space_rules
from collector.site.site_plan import SitePlan
from collector.site.spaces import Space
from edge.timekeeping.durations import MINUTE_MS


class ShownState(StrEnum):
    """The state of a space as members see it."""

    TAKEN = "taken"
    FREE = "free"
    UNKNOWN = "unknown"


OCCUPANCY_OF_SHOWN: Final = {
    ShownState.TAKEN: Occupancy.OCCUPIED,
    ShownState.FREE: Occupancy.VACANT,
    ShownState.UNKNOWN: Occupancy.UNKNOWN,
}
"""One occupancy state for each shown state."""


class TimelinePart(Struct, frozen=True, gc=False, array_like=True):
    """One state is shown from `from_ms` until before `to_ms`."""

    from_ms: int
    to_ms: int
    shown: ShownState


Timeline = list[TimelinePart]
"""Adjacent parts without holes, each with another state than the one before."""


class StoredSpace(Struct, frozen=True):
    """Stored data of one space: its evidence before the span, and its events since, in canonical order."""

    events: Sequence[StoredEvent]
    before: Evidence = EMPTY_EVIDENCE


class TimelineFigures(Struct, frozen=True, gc=False):
    """Figures of one timeline."""

    taken_min: float = 0
    free_min: float = 0
    unknown_min: float = 0
    changes: int = 0
    """Number of changes between free, taken and unknown."""
    quick_flips: int = 0
    """Free parts of at most three minutes between two taken parts: the space was probably taken throughout."""

    def __add__(self, other: "TimelineFigures") -> "TimelineFigures":
        return TimelineFigures(*(getattr(self, name) + getattr(other, name) for name in self.__struct_fields__))


class SpaceComparison(Struct, frozen=True):
    """One space under the current rules and under others."""

    space: str
    current: Timeline
    other: Timeline
    days: dict[date, float]
    """The local days on which the two differ, with the number of minutes."""

    @property
    def differ_min(self) -> float:
        """Number of minutes for which the two differ."""
        return sum(self.days.values())


def comparable_spaces(plan: SitePlan) -> list[Space]:
    """Return the spaces that may be compared one by one: those with a state that members see."""
    return [space for space in plan.spaces if space.is_offered and not space.disabled]


def compare_rules(
    plans: Sequence[SitePlan], space: str, stored: StoredSpace, span: tuple[int, int]
) -> list[SpaceComparison]:
    """Evaluate the events of one space under the current rules and under each other set of rules.

    Args:
        plans: the current plan, then the same plan under each other set of rules.
        space: id of the space.
        stored: the stored data of the space.
        span: from and to, Unix milliseconds.

    Returns:
        One comparison for each other plan.
    """
    today, *others = (compute_timeline(plan, space, stored, span) for plan in plans)
    zone = plans[0].time_zone
    return [SpaceComparison(space, today, other, _split_by_day(_differences(today, other), zone)) for other in others]


def compute_timeline(plan: SitePlan, space: str, stored: StoredSpace, span: tuple[int, int]) -> Timeline:
    """Compute the timeline of a space during a span, under the rules of a plan."""
    from_ms, to_ms = span
    rules = build_space_rules(plan, space)
    evidence = fit_to_rules(stored.before, rules)
    after, transitions = fold_events(evidence, stored.events, rules)
    changes = merge_transitions(evidence.state, transitions + find_lapses(after, rules, to_ms))
    return build_timeline(from_ms, to_ms, evidence.state, [(change.at_ms, change.state) for change in changes])


def build_timeline(from_ms: int, to_ms: int, state: str, changes: Iterable[tuple[int, str]]) -> Timeline:
    """Build the timeline of a span from the state before it and the changes up to its end, oldest first."""
    parts: Timeline = []
    shown = _classify(state)
    for at_ms, new_state in (*changes, (to_ms, "")):
        until_ms = min(at_ms, to_ms)
        if new_state and _classify(new_state) is shown:
            continue
        if until_ms > from_ms:
            parts.append(TimelinePart(from_ms, until_ms, shown))
            from_ms = until_ms
        shown = _classify(new_state)
    return parts


def compute_figures(shown: Timeline) -> TimelineFigures:
    """Compute the figures of one timeline."""
    spent_ms: Counter[ShownState] = Counter()
    quick = 0
    for place, part in enumerate(shown):
        spent_ms[part.shown] += part.to_ms - part.from_ms
        around = shown[place - 1 : place] + shown[place + 1 : place + 2]
        between = len(around) == 2 and all(other.shown is ShownState.TAKEN for other in around)
        quick += part.shown is ShownState.FREE and between and part.to_ms - part.from_ms <= FLIP_PERIOD_MS
    taken, free, unknown = (
        spent_ms[each] / MINUTE_MS for each in (ShownState.TAKEN, ShownState.FREE, ShownState.UNKNOWN)
    )
    return TimelineFigures(taken, free, unknown, max(0, len(shown) - 1), quick)


def _classify(state: str) -> ShownState:
    if state in TAKEN_STATES:
        return ShownState.TAKEN
    return ShownState.FREE if state == Occupancy.VACANT else ShownState.UNKNOWN


def _differences(one: Timeline, other: Timeline) -> Iterator[tuple[int, int]]:
    """Yield the spans in which two timelines of the same span differ."""
    places = [0, 0]
    while places[0] < len(one) and places[1] < len(other):
        left, right = one[places[0]], other[places[1]]
        from_ms, to_ms = max(left.from_ms, right.from_ms), min(left.to_ms, right.to_ms)
        if left.shown is not right.shown:
            yield from_ms, to_ms
        places[0] += left.to_ms == to_ms
        places[1] += right.to_ms == to_ms


def _split_by_day(spans: Iterable[tuple[int, int]], zone: ZoneInfo) -> dict[date, float]:
    """Return the minutes of the spans by local day; a day has 23, 24 or 25 hours."""
    found: dict[date, float] = {}
    for begins_ms, to_ms in spans:
        from_ms = begins_ms
        while from_ms < to_ms:
            day = datetime.fromtimestamp(from_ms / 1000, UTC).astimezone(zone).date()
            tomorrow = day + timedelta(days=1)
            midnight_ms = int(datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).timestamp() * 1000)
            until_ms = min(to_ms, midnight_ms)
            found[day] = found.get(day, 0.0) + (until_ms - from_ms) / MINUTE_MS
            from_ms = until_ms
    return found
