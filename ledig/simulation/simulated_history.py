"""Write a history for the example site: weeks of simulated days.

In:    the plan, a journal that does not exist yet, the time at which the site begins.
Out:   the rows of history that the collector computes from those days; the occupancy of each space is exact.
Never: raw events, transitions older than the retention, or forecasts; the collector computes its own forecasts.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from collector.contract.states import Because, Occupancy, Reason
from collector.history.measures import BUCKET_MS
from collector.occupancy.evidence import SpaceChange, StoredEvent, Transition
from collector.rollup.buckets import HistoryRollup
from collector.site.site_plan import SitePlan
from collector.site.spaces import Space, SpaceKind
from collector.store.journal import Journal
from edge.contract.message import EventKind
from edge.contract.raw_retention import MAX_RAW_MS
from edge.contract.sensor_traits import SensorRole
from edge.timekeeping.durations import DAY_MS
from ledig.simulation.signals import occupied_spans
from ledig.simulation.simulated_day import SimulatedDay, simulate_day
from ledig.simulation.simulator import SIMULATION_SEED

HISTORY_WEEKS: Final = 8
_STREAM: Final = "generated"


def write_history(plan: SitePlan, journal_path: Path, until_ms: int, report: Callable[[int, int], None]) -> None:
    """Fill a new journal with the weeks before `until_ms`.

    Args:
        plan: the site.
        journal_path: must not exist; an interrupted attempt leaves no file there.
        until_ms: site time at which the site begins, Unix milliseconds.
        report: called after each day with the number of days done and their total.
    """
    unfinished = journal_path.with_suffix(".unfinished")
    for leftover in journal_path.parent.glob(f"{unfinished.name}*"):
        leftover.unlink()
    with closing(Journal(unfinished)) as journal:
        _write_days(plan, journal, until_ms, report)
        journal.log.truncate()
    unfinished.rename(journal_path)
    unfinished.with_name(f"{unfinished.name}.lock").unlink(missing_ok=True)


def _write_days(plan: SitePlan, journal: Journal, until_ms: int, report: Callable[[int, int], None]) -> None:
    today = datetime.fromtimestamp(until_ms / 1000, plan.time_zone).date()
    settlement, seq, total = HistoryRollup(plan), 0, 7 * HISTORY_WEEKS
    for number in range(total, -1, -1):
        simulated = simulate_day(plan, today - timedelta(days=number), SIMULATION_SEED)
        end_ms = min(simulated.ends_ms, until_ms)
        crossings = list(_crossings(plan, simulated, seq, end_ms))
        seq += len(crossings)
        with journal.transaction():
            journal.replace_transitions(
                [_occupancy_of(space, simulated, end_ms) for space in plan.spaces if _is_usable(space)]
            )
            journal.add_events(crossings)
        is_behind = True
        while is_behind:
            with journal.transaction():
                is_behind = settlement.compute_slice(journal.tables, end_ms)
        _erase_expired(plan, journal, end_ms)
        report(total - number + 1, total + 1)


def _erase_expired(plan: SitePlan, journal: Journal, now_ms: int) -> None:
    """Erase all raw events, and the transitions that the collector would erase."""
    with journal.transaction():
        for space in plan.spaces:
            journal.erase_transitions(space.id, now_ms - MAX_RAW_MS)
        journal.erase_events(journal.list_sensors(), now_ms - DAY_MS, now_ms + DAY_MS)


def _is_usable(space: Space) -> bool:
    """Whether the space can be occupied."""
    return space.kind is not SpaceKind.SUPPLY and not space.disabled


def _occupancy_of(space: Space, simulated: SimulatedDay, end_ms: int) -> SpaceChange:
    uses = occupied_spans(simulated, space.id)
    if space.kind is SpaceKind.EQUIPMENT:
        uses = sorted((run.from_ms, run.to_ms) for run in simulated.machine_runs if run.space == space.id)
    changes = [(simulated.starts_ms, Occupancy.VACANT)]
    for from_ms, to_ms in uses:
        changes += [(from_ms, Occupancy.OCCUPIED), (to_ms, Occupancy.VACANT)]
    transitions = [Transition(at_ms, state, Because(Reason.QUIET)) for at_ms, state in changes if at_ms < end_ms]
    return SpaceChange(space.id, simulated.starts_ms, transitions, refolded=False)


def _crossings(plan: SitePlan, simulated: SimulatedDay, seq: int, end_ms: int) -> Iterator[StoredEvent]:
    """Yield all passages at the first people counter, with heartbeats in each bucket so that the counts are valid."""
    door = next((sensor for sensor in plan.sensors if sensor.kind.traits.role is SensorRole.CROSSINGS), None)
    if door is None:
        return
    beats = range(simulated.starts_ms, simulated.ends_ms, BUCKET_MS // 2)
    moments = [(at_ms, EventKind.HEARTBEAT, 0) for at_ms in beats]
    moments += [(passage.at_ms, EventKind.CROSSING, passage.direction) for passage in simulated.passages]
    for at_ms, kind, value in sorted(moments):
        if at_ms < end_ms:
            seq += 1
            yield StoredEvent(at_ms, door.device, _STREAM, seq, door.id, kind, value)
