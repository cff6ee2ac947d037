"""Write the history of the example site: weeks of simulated figures, then days of simulated people and real evaluation.

In:    the plan, the time of the screenshots.
Out:   a journal that a collector continues: history, forecasts, learned values, current states.
Never: a state or a forecast of its own; the collector's code computes them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from collector.configuration.collector_settings import RetentionSettings
from collector.engine.pipeline import Pipeline
from collector.intake.intake import IncomingMessage
from collector.site.calendar import to_local_time
from collector.site.site_plan import SitePlan
from collector.store.journal import Journal
from edge.contract.message import EventKind, EventsMessage, SensorEvent, encode
from ledig.simulation.signals import SensorSignal, compute_signals
from ledig.simulation.simulated_day import simulate_day
from ledig.simulation.simulator import SIMULATION_SEED
from tests.support.collector.seasons import generate_rows, store_rows

SLICE_MS = 2 * 60_000
"""Length of the slices that are sent, stored and evaluated together; also the heartbeat interval of the sensors."""
ROLLUP_EVERY = 30


def write_weeks(plan: SitePlan, journal: Path, first: date, last: date) -> None:
    """Fill a journal with the figures of whole days, without the last one."""
    begin_ms, end_ms = (simulate_day(plan, at, SIMULATION_SEED).starts_ms for at in (first, last))
    with closing(Journal(journal)) as opened, opened.transaction():
        store_rows(opened.tables.history, generate_rows(plan, begin_ms, end_ms))


def write_days(plan: SitePlan, journal: Path, first: date, until_ms: int) -> None:
    """Fill a journal with events from the first day's midnight until `until_ms`."""
    builder = _MessageBuilder(plan)
    with closing(Journal(journal)) as opened:
        work: Pipeline | None = None
        for number, (now_ms, sensed) in enumerate(_split_slices(plan, first, until_ms)):
            work = work or Pipeline(plan, opened, RetentionSettings(), now_ms)
            work.process_batch(builder.build(sensed, now_ms), now_ms)
            work.tick(now_ms)
            if number % ROLLUP_EVERY == 0 or now_ms == until_ms:
                work.advance_history(now_ms)
        if work is not None:
            work.save_evidence()


def _split_slices(plan: SitePlan, first: date, until_ms: int) -> Iterator[tuple[int, list[SensorSignal]]]:
    """Yield each slice's end and its sensor signals; the last slice ends at `until_ms`."""
    today = to_local_time(plan, until_ms).date()
    for number in range((today - first).days + 1):
        simulated = simulate_day(plan, first + timedelta(days=number), SIMULATION_SEED)
        sensed = compute_signals(plan, simulated, SIMULATION_SEED)
        place = 0
        for begin_ms in range(simulated.starts_ms, min(simulated.ends_ms, until_ms), SLICE_MS):
            now_ms = min(begin_ms + SLICE_MS, until_ms)
            begin = place
            while place < len(sensed) and sensed[place].at_ms < now_ms:
                place += 1
            yield now_ms, sensed[begin:place]


class _MessageBuilder:
    """Converts sensor signals to device messages; each sensor ends a slice with a heartbeat."""

    def __init__(self, plan: SitePlan) -> None:
        self._sensors = [sensor.key for sensor in plan.sensors]
        self._level: dict[tuple[str, str], float] = {}
        self._seq: Counter[str] = Counter()

    def build(self, sensed: list[SensorSignal], now_ms: int) -> list[IncomingMessage]:
        """Build one message of each device."""
        by_device: dict[str, list[SensorEvent]] = defaultdict(list)
        for sign in sensed:
            self._level[sign.sensor] = 0.0 if sign.quantity == EventKind.CROSSING else sign.value
            by_device[sign.sensor[0]].append(
                self._build_event(sign.sensor, sign.at_ms, EventKind(sign.quantity), sign.value)
            )
        for key in self._sensors:
            by_device[key[0]].append(self._build_event(key, now_ms - 1, EventKind.HEARTBEAT, self._level.get(key, 0.0)))
        return [
            IncomingMessage(device, encode(EventsMessage("screenshots", 1, events)))
            for device, events in by_device.items()
        ]

    def _build_event(self, key: tuple[str, str], at_ms: int, kind: EventKind, value: float) -> SensorEvent:
        device, sensor = key
        self._seq[device] += 1
        return SensorEvent(seq=self._seq[device], sensor=sensor, at_ms=at_ms, kind=kind, value=value)
