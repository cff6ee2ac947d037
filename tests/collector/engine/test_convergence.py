"""Delayed, repeated and reordered events lead to the same history as the in-order run, byte for byte."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from collector.configuration.collector_settings import RetentionSettings
from collector.engine.pipeline import Pipeline
from collector.history.measures import BUCKET_MS, MEASURES
from collector.intake.intake import IncomingMessage
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from edge.contract.message import EventKind, EventsMessage, SensorEvent, encode
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.empty_journals import copy_journal, create_empty_journal, open_fast_journal
from tests.support.collector.random_sites import NOON_MS, build_desk_plan

DEVICES = ("pi-1", "pi-2")
END_MS = NOON_MS + 4 * HOUR_MS
SPOKEN = {
    SensorKind.PIR: (EventKind.MOTION, (0, 1)),
    SensorKind.PRESSURE: (EventKind.PRESSURE, (0, 1)),
    SensorKind.CONTACT: (EventKind.CONTACT_OPEN, (0, 1)),
    SensorKind.BEAM_PAIR: (EventKind.CROSSING, (-1, 1)),
    SensorKind.AIR: (EventKind.CO2_PPM, (400, 650.5, 1200)),
}


def mill() -> SitePlan:
    """Two desks, each seen by sensors of both devices, so that events of one space overtake each other."""
    plan = build_desk_plan(2)
    more = (
        Sensor(device="pi-2", id="desk-0-mat", kind=SensorKind.PRESSURE, space="desk-0"),
        Sensor(device="pi-2", id="desk-1-pir-2", kind=SensorKind.PIR, space="desk-1"),
        Sensor(device="pi-2", id="desk-1-door", kind=SensorKind.CONTACT, space="desk-1"),
        Sensor(device="pi-2", id="side-beams", kind=SensorKind.BEAM_PAIR, door="entrance"),
    )
    slow = tuple(replace(sensor, heartbeat_ms=600_000) for sensor in (*plan.sensors, *more))
    return replace(plan, sensors=slow)


PLAN = mill()
Stream = list[SensorEvent]


@st.composite
def streams(draw: st.DrawFn) -> tuple[Stream, Stream]:
    """The events of each device in about three hours, in its own order; clocks may step back."""
    found: list[Stream] = []
    for device in DEVICES:
        sensors = [sensor for sensor in PLAN.sensors if sensor.device == device]
        stream: Stream = []
        at_ms = NOON_MS
        for seq in range(1, draw(st.integers(1, 12)) + 1):
            at_ms += draw(st.sampled_from([0, 1, 5_000, 60_000, 130_000, 700_000, 1_500_000, -3_000]))
            sensor = draw(st.sampled_from(sensors))
            kind, values = SPOKEN[sensor.kind]
            if draw(st.integers(0, 3)) == 0:
                kind, values = EventKind.HEARTBEAT, (0, 1) if sensor.kind is not SensorKind.AIR else (500,)
            at_ms = min(max(at_ms, NOON_MS), END_MS - HOUR_MS)
            dated = draw(st.integers(0, 9)) > 0
            stream.append(SensorEvent(seq, sensor.id, at_ms, kind, draw(st.sampled_from(values)), dated))
        found.append(stream)
    return found[0], found[1]


class ReplayedCollector:
    """The collector's pipeline on a real file, without a network, closed and opened at will."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.now_ms = NOON_MS
        self._open()

    def _open(self) -> None:
        self.journal = open_fast_journal(self._path)
        self.work = Pipeline(PLAN, self.journal, RetentionSettings(), self.now_ms)

    def crash(self) -> None:
        self.journal.close()
        self._open()

    def deliver(self, messages: list[tuple[int, Stream]]) -> None:
        self.work.process_batch(
            [IncomingMessage(DEVICES[device], encode(EventsMessage("s", 1, events))) for device, events in messages],
            self.now_ms,
        )

    def mark(self, device: int) -> int:
        return self.work.stored_up_to.get((DEVICES[device], "s"), 0)

    def tick(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.work.tick(now_ms)
        self.work.advance_history(now_ms)

    def tick_in_order(self, now_ms: int) -> None:
        """Without late events, history can only advance when a bucket is over."""
        if now_ms // BUCKET_MS > self.now_ms // BUCKET_MS:
            self.tick(now_ms)
        else:
            self.now_ms = now_ms
            self.work.tick(now_ms)

    def end(self) -> str:
        """Advance time to the end; return everything that is stored, as text."""
        db = self.journal._connection
        written = -1
        while written != db.total_changes:  # each pass computes a part of the history
            written = db.total_changes
            self.tick(END_MS)
        return dump(db)

    def close(self) -> None:
        self.journal.close()


def dump(db: sqlite3.Connection) -> str:
    queries = {
        "event": "SELECT sensor.device, sensor, at_ms, stream, stream.seq, event.seq, kind, value, synchronised"
        " FROM event JOIN sensor ON sensor.no = sensor_no JOIN stream ON stream.no = stream_no"
        " JOIN kind ON kind.no = kind_no ORDER BY 1, 2, 3, 4, 6",
        "transition": "SELECT * FROM transition ORDER BY space, at_ms",
        "gap": "SELECT * FROM gap",
    }
    for measure in MEASURES:
        names = ", ".join((*measure.tags, "at_ms", *measure.fields))
        known = " OR ".join(f"{field} IS NOT NULL" for field in measure.fields)  # a row taken back is left without any
        queries[measure.name] = f"SELECT {names} FROM {measure.name} WHERE {known} ORDER BY {names}"  # noqa: S608 - names of MEASURES
    return "\n".join(f"{name} {row!r}" for name, query in queries.items() for row in db.execute(query))


@pytest.fixture(scope="module")
def empty() -> Iterator[Path]:
    with create_empty_journal() as path:
        yield path


def in_order(collector: ReplayedCollector, sent: tuple[Stream, Stream]) -> str:
    """Deliver each event alone and at its time, the older first."""
    left = [list(stream) for stream in sent]
    while any(left):
        device = min((d for d in (0, 1) if left[d]), key=lambda d: left[d][0].at_ms)
        event = left[device].pop(0)
        collector.tick_in_order(max(collector.now_ms, event.at_ms))
        collector.deliver([(device, [event])])
    return collector.end()


def over_bad_network(collector: ReplayedCollector, sent: tuple[Stream, Stream], data: st.DataObject) -> str:
    """Lose, repeat, reorder and batch messages at will, and crash the collector in between.

    When the network works again, the senders go back to the last receipt.
    """
    for _ in range(data.draw(st.integers(0, 8))):
        if data.draw(st.integers(0, 9)) == 0:
            collector.crash()
        collector.tick(min(END_MS, collector.now_ms + data.draw(st.sampled_from([0, 1000, 400_000, 2_400_000]))))
        batch = []
        for _ in range(data.draw(st.integers(1, 3))):
            device = data.draw(st.integers(0, 1))
            known = [event for event in sent[device] if event.at_ms <= collector.now_ms]
            first = data.draw(st.integers(0, len(known)))
            events = sent[device][first : first + data.draw(st.integers(1, 6))]
            if events and all(event.at_ms <= collector.now_ms for event in events):
                batch.append((device, events))
        collector.deliver(batch)
    collector.tick(max(collector.now_ms, END_MS - data.draw(st.sampled_from([HOUR_MS, 10_000, 1]))))
    for device in data.draw(st.permutations((0, 1))):
        while (mark := collector.mark(device)) < len(sent[device]):
            collector.deliver([(device, sent[device][mark : mark + 5])])
    return collector.end()


@settings(max_examples=max(1000, 3 * settings().max_examples), phases=[Phase.explicit, Phase.generate, Phase.shrink])
@given(sent=streams(), data=st.data())
def test_history_does_not_depend_on_how_its_events_arrived(
    empty: Path, sent: tuple[Stream, Stream], data: st.DataObject
) -> None:
    with copy_journal(empty) as path, closing(ReplayedCollector(path)) as collector:
        expected = in_order(collector, sent)
    with copy_journal(empty) as path, closing(ReplayedCollector(path)) as collector:
        assert over_bad_network(collector, sent, data) == expected
