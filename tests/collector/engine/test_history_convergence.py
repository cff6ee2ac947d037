"""Delay, repetition and reordering of messages change neither transitions, history nor sensors' days, byte for byte.

Everything between the wire and the tables is real: intake, states, journal, rollup and a restart.
"""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.configuration.collector_settings import RetentionSettings
from collector.engine.pipeline import Pipeline
from collector.health.health_store import load_pasts
from collector.history import tables
from collector.history.measures import BUCKET_MS, MEASURES
from collector.intake.intake import IncomingMessage
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Door, Space, SpaceKind, Tenure, Zone
from edge.contract.message import EventKind, EventsMessage, SensorEvent, encode
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.empty_journals import copy_journal, create_empty_journal, open_fast_journal

T0 = 1_790_000_000_000 // HOUR_MS * HOUR_MS
MINUTE = 60_000
END_MS = T0 + 8 * HOUR_MS


def _desk(name, tenure=Tenure.SHARED):
    return Space(id=name, name=name, kind=SpaceKind.DESK, zone="hall", x_m=1, y_m=1, tenure=tenure)


SENSORS = (
    Sensor(device="pi-1", id="a-pir", kind=SensorKind.PIR, space="a"),
    Sensor(device="pi-2", id="a-mat", kind=SensorKind.PRESSURE, space="a"),
    Sensor(device="pi-2", id="b-pir", kind=SensorKind.PIR, space="b"),
    Sensor(device="pi-1", id="c-mat", kind=SensorKind.PRESSURE, space="c"),
    Sensor(device="pi-1", id="beams", kind=SensorKind.BEAM_PAIR, door="entrance"),
    Sensor(device="pi-2", id="back-beams", kind=SensorKind.BEAM_PAIR, door="back"),
    Sensor(device="pi-1", id="air-1", kind=SensorKind.AIR, zone="loft"),
    Sensor(device="pi-2", id="air-2", kind=SensorKind.AIR, zone="loft"),
)
UNWATCHED = ("d", "e", "f", "g")
"""With fewer desks than these and the others, a zone has no series, because they would expose single members."""
KINDS = {
    SensorKind.PIR: (EventKind.MOTION, st.integers(0, 1)),
    SensorKind.PRESSURE: (EventKind.PRESSURE, st.integers(0, 1)),
    SensorKind.BEAM_PAIR: (EventKind.CROSSING, st.sampled_from([-1, 1, 1])),
    SensorKind.AIR: (EventKind.CO2_PPM, st.floats(300, 3000)),
}
PLAN = SitePlan(
    id="mill",
    name="The mill",
    time_zone=ZoneInfo("Europe/Stockholm"),
    floors=(),
    zones=tuple(
        Zone(id=zone, name=zone, floor="ground", x_m=0, y_m=0, width_m=9, depth_m=9) for zone in ("hall", "loft")
    ),
    spaces=(_desk("a"), _desk("b"), _desk("c", Tenure.DEDICATED), *map(_desk, UNWATCHED)),
    doors=tuple(Door(id=door, name=door, floor="ground", x_m=0, y_m=0) for door in ("entrance", "back")),
    sensors=SENSORS,
)


@st.composite
def days(draw):
    """The numbered events of two devices, with runs of heartbeats, so that sensors are not silent all the time."""
    sent = {"pi-1": [], "pi-2": []}
    at_ms = T0
    for _ in range(draw(st.integers(1, 12))):
        at_ms += draw(st.sampled_from([0, 1, 40_000, 7 * MINUTE, 55 * MINUTE, 2 * HOUR_MS]))
        sensor = draw(st.sampled_from(SENSORS))
        kind, values = KINDS[sensor.kind]
        sent[sensor.device].append((at_ms, sensor.id, kind, draw(values), draw(st.integers(0, 9)) > 0))
        for beat in range(draw(st.sampled_from([0, 0, 3, 26]))):
            sent[sensor.device].append((at_ms + 30_000 * (beat + 1), sensor.id, EventKind.HEARTBEAT, 0, True))
    return {
        device: [
            SensorEvent(seq=seq, sensor=sensor, at_ms=at, kind=kind, value=value, synchronised=sync)
            for seq, (at, sensor, kind, value, sync) in enumerate(sorted(events, key=lambda event: event[0]), 1)
        ]
        for device, events in sent.items()
    }


class RestartableCollector:
    """A journal with its pipeline, that can be restarted."""

    def __init__(self, path):
        self._path = path
        self.now_ms = T0
        self._open()

    def _open(self):
        self._journal = open_fast_journal(self._path)
        self._work = Pipeline(PLAN, self._journal, RetentionSettings(), self.now_ms)

    def restart(self):
        self._journal.close()
        self._open()

    def deliver(self, device, events):
        self.now_ms = max(self.now_ms, *(event.at_ms for event in events))
        payload = encode(EventsMessage("stream", 1, list(events)))
        return self._work.process_batch([IncomingMessage(device, payload)], self.now_ms)[device, "stream"]

    def tick(self, now_ms):
        self.now_ms = max(self.now_ms, now_ms)
        self._work.tick(self.now_ms)
        self._work.advance_history(self.now_ms)

    def tick_in_order(self, now_ms):
        """Without late events, history can only advance when a bucket is over."""
        if now_ms // BUCKET_MS > self.now_ms // BUCKET_MS:
            self.tick(now_ms)
        else:
            self.now_ms = max(self.now_ms, now_ms)
            self._work.tick(self.now_ms)

    def finish(self):
        """Everything stored once rollup is complete, except revisions, which depend on the order."""
        db = self._journal._connection
        written = -1
        while written != db.total_changes:  # each pass computes a part of the history
            written = db.total_changes
            self.tick(END_MS)
        stored_text = {
            measure.name: [
                (*row.tags, row.at_ms, *row.fields)
                for tags in tables.iterate_series(db, measure)
                for row in tables.read_rows(db, measure, tags, 0, 2**50)
            ]
            for measure in MEASURES
        }
        stored_text["transition"] = db.execute("SELECT * FROM transition").fetchall()
        stored_text["sensors"] = [
            (name, sorted(past.hours.items()), past.days, past.fired)
            for name, past in sorted(load_pasts(self._journal, PLAN).items())
        ]
        self._journal.close()
        return repr(stored_text)


def in_order(empty, sent):
    with copy_journal(empty) as path:
        collector = RestartableCollector(path)
        for at_ms, device, number in sorted(
            (event.at_ms, device, number) for device, events in sent.items() for number, event in enumerate(events)
        ):
            collector.tick_in_order(at_ms)
            collector.deliver(device, sent[device][number : number + 1])
        return collector.finish()


def out_of_order(empty, sent, data):
    """Send the devices' events one after the other or in turns, with holes, repeats, waits and restarts."""
    whole = {device: len(events) for device, events in sent.items() if events}
    stored = dict.fromkeys(whole, 0)
    with copy_journal(empty) as path:
        collector = RestartableCollector(path)
        while left := sorted(device for device in whole if stored[device] < whole[device]):
            device = data.draw(st.sampled_from(left))
            first = max(0, stored[device] + data.draw(st.sampled_from([0, 0, 0, -5, 3])))
            events = sent[device][first : first + data.draw(st.sampled_from([1, 5, 100]))]
            if events:
                stored[device] = collector.deliver(device, events)
            match data.draw(st.sampled_from(["on", "on", "tick", "wait", "restart"])):
                case "tick":
                    collector.tick(collector.now_ms)
                case "wait":
                    collector.tick(
                        min(END_MS, collector.now_ms + data.draw(st.sampled_from([1000, 300_000, 2 * HOUR_MS])))
                    )
                case "restart":
                    collector.restart()
        return collector.finish()


@pytest.fixture(scope="module")
def empty():
    with create_empty_journal() as path:
        yield path


def test_the_in_order_run_has_rows_of_spaces_zones_people_and_air(empty):
    first = [SensorEvent(seq=1, sensor="a-pir", at_ms=T0, kind=EventKind.MOTION, value=1)]
    first += [SensorEvent(seq=2, sensor="beams", at_ms=T0, kind=EventKind.CROSSING, value=1)]
    second = [SensorEvent(seq=1, sensor="air-2", at_ms=T0, kind=EventKind.CO2_PPM, value=400)]
    stored_text = in_order(empty, {"pi-1": first, "pi-2": second})
    assert all(f"'{tag}', {T0}, " in stored_text for tag in ("a", "desk", "site", "loft"))


@settings(
    max_examples=max(700, 3 * settings().max_examples),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(sent=days(), data=st.data())
def test_history_does_not_depend_on_the_order_of_arrival(empty, sent, data):
    assert out_of_order(empty, sent, data) == in_order(empty, sent)
