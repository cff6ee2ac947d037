"""Gives the example house a past: weeks of made-up figures, then days of its invented people and the real judgement.

In:    the plan, the moment at which the pictures are taken.
Out:   a journal that a collector goes on from: history, forecasts, what was learnt, states that were just heard.
Never: a state or a forecast of its own. They are judged, counted and foretold by the collector's own code.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from collector.days import local
from collector.intake import Delivery
from collector.journal import Journal
from collector.plan import SitePlan
from collector.settings import RetentionSettings
from collector.work import Work
from edge.message import EventsMessage, Kind, SensorEvent, encode
from ledig.simulation import SEED
from ledig.simulation.people import day
from ledig.simulation.signs import Sign, signs
from tests.collector.seasons import past, remember

SLICE_MS = 2 * 60_000
"""So much is told, stored and judged together; sensors of the example say that they live as often."""
SETTLE_EVERY = 30


def remember_weeks(plan: SitePlan, journal: Path, first: date, last: date) -> None:
    """Fill a journal with the figures of whole days, the last one not among them."""
    begin_ms, end_ms = (day(plan, at, SEED).starts_ms for at in (first, last))
    with closing(Journal(journal)) as opened, opened.transaction():
        remember(opened.connection, past(plan, begin_ms, end_ms))


def live_through(plan: SitePlan, journal: Path, first: date, until_ms: int) -> None:
    """Fill a journal from the first day's midnight until that moment."""
    teller = _Teller(plan)
    with closing(Journal(journal)) as opened:
        work: Work | None = None
        for number, (now_ms, felt) in enumerate(_slices(plan, first, until_ms)):
            work = work or Work(plan, opened, RetentionSettings(), now_ms)
            work.take(teller.tell(felt, now_ms), now_ms)
            work.tick(now_ms)
            if number % SETTLE_EVERY == 0 or now_ms == until_ms:
                work.settle(now_ms)
        if work is not None:
            work.save()


def _slices(plan: SitePlan, first: date, until_ms: int) -> Iterator[tuple[int, list[Sign]]]:
    """What was felt in each slice, with the slice's end; the last one ends when all of it does."""
    today = local(plan, until_ms).date()
    for number in range((today - first).days + 1):
        lived = day(plan, first + timedelta(days=number), SEED)
        felt = signs(plan, lived, SEED)
        place = 0
        for begin_ms in range(lived.starts_ms, min(lived.ends_ms, until_ms), SLICE_MS):
            now_ms = min(begin_ms + SLICE_MS, until_ms)
            begin = place
            while place < len(felt) and felt[place].at_ms < now_ms:
                place += 1
            yield now_ms, felt[begin:place]


class _Teller:
    """What the devices say of what their sensors see; each sensor ends a slice by saying that it lives."""

    def __init__(self, plan: SitePlan) -> None:
        self._sensors = [sensor.key for sensor in plan.sensors]
        self._level: dict[tuple[str, str], float] = {}
        self._seq: Counter[str] = Counter()

    def tell(self, felt: list[Sign], now_ms: int) -> list[Delivery]:
        """One message of each device."""
        said: dict[str, list[SensorEvent]] = defaultdict(list)
        for sign in felt:
            self._level[sign.sensor] = 0.0 if sign.part == Kind.CROSSING else sign.value
            said[sign.sensor[0]].append(self._event(sign.sensor, sign.at_ms, Kind(sign.part), sign.value))
        for key in self._sensors:
            said[key[0]].append(self._event(key, now_ms - 1, Kind.HEARTBEAT, self._level.get(key, 0.0)))
        return [Delivery(device, encode(EventsMessage("pictures", 1, events))) for device, events in said.items()]

    def _event(self, key: tuple[str, str], at_ms: int, kind: Kind, value: float) -> SensorEvent:
        device, sensor = key
        self._seq[device] += 1
        return SensorEvent(seq=self._seq[device], sensor=sensor, at_ms=at_ms, kind=kind, value=value)
