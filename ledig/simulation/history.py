"""Gives the example site a past: weeks of the days that its invented people live, as history and nothing else.

In:    the plan, a journal that does not exist yet, the moment at which the site begins.
Out:   the rows of history that the collector computes from those days; who was in each space is as the people lived it.
Never: raw events or single transitions that are older than the retention, a forecast: the collector makes its own.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from collector.evidence import Heard, Transition
from collector.history import DAY_MS
from collector.journal import Journal
from collector.outward import Because, Occupancy, Reason
from collector.plan import SensorKind, SitePlan, Space, SpaceKind
from collector.settings import RAW_HOURS_CEILING
from collector.settle import BUCKET_MS, Settlement
from edge.message import Kind
from ledig.simulation import SEED
from ledig.simulation.people import Day, day
from ledig.simulation.signs import spans

WEEKS: Final = 8
_STREAM: Final = "generated"


class _Span(NamedTuple):
    """What became of one space on one day."""

    space: str
    from_ms: int
    transitions: Sequence[Transition]


def write_history(plan: SitePlan, journal_path: Path, until_ms: int, report: Callable[[int, int], None]) -> None:
    """Fill a new journal with the weeks before a moment.

    Args:
        plan: the site.
        journal_path: no file yet; an interrupted attempt leaves none.
        until_ms: site time at which the site begins, Unix milliseconds.
        report: called after each day with how many are done, of how many.
    """
    unfinished = journal_path.with_suffix(".unfinished")
    for left in journal_path.parent.glob(f"{unfinished.name}*"):
        left.unlink()
    with closing(Journal(unfinished)) as journal:
        _write_days(plan, journal, until_ms, report)
        journal.shrink()
    unfinished.rename(journal_path)
    unfinished.with_name(f"{unfinished.name}.lock").unlink(missing_ok=True)


def _write_days(plan: SitePlan, journal: Journal, until_ms: int, report: Callable[[int, int], None]) -> None:
    today = datetime.fromtimestamp(until_ms / 1000, plan.time_zone).date()
    settlement, seq, total = Settlement(plan), 0, 7 * WEEKS
    for number in range(total, -1, -1):
        lived = day(plan, today - timedelta(days=number), SEED)
        end_ms = min(lived.ends_ms, until_ms)
        crossings = list(_crossings(plan, lived, seq, end_ms))
        seq += len(crossings)
        with journal.transaction():
            journal.rewrite([_transitions(space, lived, end_ms) for space in plan.spaces if _is_taken(space)])
            journal.add_events(crossings)
        is_behind = True
        while is_behind:
            with journal.transaction():
                is_behind = settlement.settle(journal.connection, end_ms)
        _forget(plan, journal, end_ms)
        report(total - number + 1, total + 1)


def _forget(plan: SitePlan, journal: Journal, now_ms: int) -> None:
    """Keep no raw events at all, and no transition longer than the collector would."""
    with journal.transaction():
        for space in plan.spaces:
            journal.erase_transitions(space.id, now_ms - RAW_HOURS_CEILING * 3_600_000)
        journal.erase_events(journal.sensors(), now_ms - DAY_MS, now_ms + DAY_MS)


def _is_taken(space: Space) -> bool:
    """Whether somebody can be in a space or use it."""
    return space.kind is not SpaceKind.SUPPLY and not space.disabled


def _transitions(space: Space, lived: Day, end_ms: int) -> _Span:
    uses = spans(lived, space.id)
    if space.kind is SpaceKind.EQUIPMENT:
        uses = sorted((run.from_ms, run.to_ms) for run in lived.runs if run.space == space.id)
    changes = [(lived.starts_ms, Occupancy.VACANT)]
    for from_ms, to_ms in uses:
        changes += [(from_ms, Occupancy.OCCUPIED), (to_ms, Occupancy.VACANT)]
    made = [Transition(at_ms, state, Because(Reason.QUIET)) for at_ms, state in changes if at_ms < end_ms]
    return _Span(space.id, lived.starts_ms, made)


def _crossings(plan: SitePlan, lived: Day, seq: int, end_ms: int) -> Iterator[Heard]:
    """Everybody passes the first door that counts people; it lives in each bucket, or nobody would be counted."""
    door = next((sensor for sensor in plan.sensors if sensor.kind is SensorKind.BEAM_PAIR), None)
    if door is None:
        return
    beats = range(lived.starts_ms, lived.ends_ms, BUCKET_MS // 2)
    moments = [(at_ms, Kind.HEARTBEAT, 0) for at_ms in beats]
    moments += [(passage.at_ms, Kind.CROSSING, passage.way) for passage in lived.passages]
    for at_ms, kind, value in sorted(moments):
        if at_ms < end_ms:
            seq += 1
            yield Heard(at_ms, door.device, _STREAM, seq, door.id, kind, value)
