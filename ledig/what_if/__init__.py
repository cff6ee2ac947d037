"""Runs stored events again under other rules, and weighs what would have been shown against what was.

In:    the events of spaces, a plan and the same plan under other rules, a span.
Out:   for each space both timelines, their figures, and where they differ.
Never: files, clocks, printing; a second judgement: both timelines come from collector/inference/__init__.py.

Only what is offered is compared: a dedicated desk has no state of its own (docs/decisions/0006), and a total that
held it would tell it by subtraction. Instants are Unix milliseconds, UTC.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from collector.evidence import START, Evidence, Heard, space_rules
from collector.inference import advance, fitted, fold, story
from collector.learning.tuning import QUICK_MS
from collector.outward import TAKEN, Occupancy
from collector.plan import SitePlan, Space

MINUTE_MS: Final = 60_000
DAY_MS: Final = 1440 * MINUTE_MS


class Shown(StrEnum):
    """What a member sees of a space."""

    TAKEN = "taken"
    FREE = "free"
    UNKNOWN = "unknown"


STATES: Final = {Shown.TAKEN: Occupancy.OCCUPIED, Shown.FREE: Occupancy.VACANT, Shown.UNKNOWN: Occupancy.UNKNOWN}
"""A state that is shown so."""


class Part(Struct, frozen=True, gc=False, array_like=True):
    """From `from_ms` and before `to_ms` one thing is shown."""

    from_ms: int
    to_ms: int
    shown: Shown


Timeline = list[Part]
"""Parts without a hole between them, each shown otherwise than the one before."""


class Stored(Struct, frozen=True):
    """What is stored of one space: its evidence before the span, and its events since, in canonical order."""

    events: Sequence[Heard]
    before: Evidence = START


class Figures(Struct, frozen=True, gc=False):
    """One timeline, counted."""

    taken_min: float = 0
    free_min: float = 0
    unknown_min: float = 0
    changes: int = 0
    """Between free, taken and not known."""
    quick_flips: int = 0
    """Free for three minutes at most between two times taken: somebody was there all along."""

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, name) + getattr(other, name) for name in self.__struct_fields__))


class Compared(Struct, frozen=True):
    """One space under today's rules and under others."""

    space: str
    today: Timeline
    other: Timeline
    days: dict[date, float]
    """The local days on which the two differ, and for how many minutes."""

    @property
    def differ_min(self) -> float:
        """How long the two differ."""
        return sum(self.days.values())


def comparable(plan: SitePlan) -> list[Space]:
    """The spaces that may be compared one by one: those with a state that a member sees."""
    return [space for space in plan.spaces if space.offered and not space.disabled]


def run_again(plans: Sequence[SitePlan], space: str, stored: Stored, span: tuple[int, int]) -> list[Compared]:
    """Judge the events of one space during a span under the first plan, today's, and under each other beside it."""
    today, *others = (timeline(plan, space, stored, span) for plan in plans)
    zone = plans[0].time_zone
    return [Compared(space, today, other, _by_day(_differences(today, other), zone)) for other in others]


def timeline(plan: SitePlan, space: str, stored: Stored, span: tuple[int, int]) -> Timeline:
    """What a space shows during a span, by the rules of a plan."""
    from_ms, to_ms = span
    rules = space_rules(plan, space)
    evidence = fitted(stored.before, rules)
    after, transitions = fold(evidence, stored.events, rules)
    changes = story(evidence.state, transitions + advance(after, rules, to_ms))
    return joined(from_ms, to_ms, evidence.state, [(change.at_ms, change.state) for change in changes])


def joined(from_ms: int, to_ms: int, state: str, changes: Iterable[tuple[int, str]]) -> Timeline:
    """The parts of a span: the state that is told before it, and the changes up to its end, oldest first."""
    parts: Timeline = []
    shown = _shown(state)
    for at_ms, word in (*changes, (to_ms, "")):
        until_ms = min(at_ms, to_ms)
        if word and _shown(word) is shown:
            continue
        if until_ms > from_ms:
            parts.append(Part(from_ms, until_ms, shown))
            from_ms = until_ms
        shown = _shown(word)
    return parts


def figures(shown: Timeline) -> Figures:
    """Count one timeline."""
    spent_ms: Counter[Shown] = Counter()
    quick = 0
    for place, part in enumerate(shown):
        spent_ms[part.shown] += part.to_ms - part.from_ms
        around = shown[place - 1 : place] + shown[place + 1 : place + 2]
        between = len(around) == 2 and all(other.shown is Shown.TAKEN for other in around)
        quick += part.shown is Shown.FREE and between and part.to_ms - part.from_ms <= QUICK_MS
    taken, free, unknown = (spent_ms[word] / MINUTE_MS for word in (Shown.TAKEN, Shown.FREE, Shown.UNKNOWN))
    return Figures(taken, free, unknown, max(0, len(shown) - 1), quick)


def _shown(state: str) -> Shown:
    if state in TAKEN:
        return Shown.TAKEN
    return Shown.FREE if state == Occupancy.VACANT else Shown.UNKNOWN


def _differences(one: Timeline, other: Timeline) -> Iterator[tuple[int, int]]:
    """Where two timelines of the same span show different things: from, to."""
    places = [0, 0]
    while places[0] < len(one) and places[1] < len(other):
        left, right = one[places[0]], other[places[1]]
        from_ms, to_ms = max(left.from_ms, right.from_ms), min(left.to_ms, right.to_ms)
        if left.shown is not right.shown:
            yield from_ms, to_ms
        places[0] += left.to_ms == to_ms
        places[1] += right.to_ms == to_ms


def _by_day(spans: Iterable[tuple[int, int]], zone: ZoneInfo) -> dict[date, float]:
    """Minutes by local day; a day has 23, 24 or 25 hours."""
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
