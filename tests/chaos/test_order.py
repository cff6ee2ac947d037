"""Events that arrive twice, out of order or days late change only the past that they belong to (R10, R11, R12).

The collector's pipeline on a real journal, without a network. `--full` runs up to 100,000 events.
"""

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as replaced

from collector.configuration.collector_settings import RetentionSettings
from collector.contract.loss_reasons import LossReason
from collector.contract.states import Occupancy
from collector.engine.pipeline import Pipeline
from collector.history.measures import MEASURES
from collector.intake.intake import IncomingMessage
from collector.store.journal import Journal
from edge.contract.message import EventsMessage, SensorEvent, encode
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, motion

pytestmark = pytest.mark.chaos

DEVICES = 4
BEAT_MS = 600_000
_MILL = build_desk_plan(2 * DEVICES, devices=DEVICES)
PLAN = replace(_MILL, sensors=tuple(replace(sensor, heartbeat_ms=BEAT_MS) for sensor in _MILL.sensors))
MESSAGE_EVENTS = 5
BATCH = 50
Message = tuple[str, list[SensorEvent]]


class OfflineCollector:
    """The collector's pipeline on its own file."""

    def __init__(self, path: Path, now_ms: int = NOON_MS) -> None:
        self.journal = Journal(path)
        self.journal._connection.execute("PRAGMA synchronous = OFF")  # this test has no power cuts
        self.work = Pipeline(PLAN, self.journal, RetentionSettings(), now_ms)

    def close(self) -> None:
        self.journal.close()

    def take(self, messages: list[Message], now_ms: int) -> None:
        deliveries = [IncomingMessage(device, encode(EventsMessage("s", 1, events))) for device, events in messages]
        self.work.process_batch(deliveries, now_ms)

    def settle(self, now_ms: int) -> None:
        self.work.tick(now_ms)
        for _ in range(100):  # each pass computes a part of the history
            self.work.advance_history(now_ms)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.journal._connection.execute(query).fetchall()

    def history(self) -> list[list[tuple[object, ...]]]:
        """Events, transitions and every computed row."""
        queries = [
            (
                "SELECT device, sensor, at_ms, event.seq, kind, value FROM event JOIN sensor ON sensor.no = sensor_no"
                " JOIN kind ON kind.no = kind_no ORDER BY device, event.seq"
            ),
            "SELECT * FROM transition ORDER BY space, at_ms",
        ]
        for measure in MEASURES:
            names = ", ".join((*measure.tags, "at_ms", *measure.fields))
            known = " OR ".join(f"{field} IS NOT NULL" for field in measure.fields)  # a row taken back has none
            queries.append(f"SELECT {names} FROM {measure.name} WHERE {known} ORDER BY {names}")  # noqa: S608 - our names
        return [self.rows(query) for query in queries]

    def states(self, now_ms: int) -> dict[str, Occupancy]:
        return {space.id: self.work.spaces.get_state(space.id, now_ms).state for space in PLAN.spaces}


@pytest.fixture
def collectors(tmp_path: Path) -> Iterator[tuple[OfflineCollector, OfflineCollector]]:
    with (
        closing(OfflineCollector(tmp_path / "one.sqlite")) as one,
        closing(OfflineCollector(tmp_path / "other.sqlite")) as other,
    ):
        yield one, other


def traffic(events: int, span_ms: int, seed: int) -> list[Message]:
    """What all devices send in `span_ms` from noon on, as messages in the order of their last event."""
    chance = random.Random(seed)  # noqa: S311 - readings, no secrets
    messages: list[Message] = []
    for number in range(DEVICES):
        device = f"pi-{number + 1}"
        sensors = [each.id for each in PLAN.sensors if each.device == device and each.space]
        moments = sorted(chance.randrange(span_ms) for _ in range(events // DEVICES))
        sent = [
            motion(seq, NOON_MS + at_ms, chance.choice(sensors), chance.randrange(2))
            for seq, at_ms in enumerate(moments, start=1)
        ]
        messages += [(device, sent[first : first + MESSAGE_EVENTS]) for first in range(0, len(sent), MESSAGE_EVENTS)]
    return sorted(messages, key=lambda message: message[1][-1].at_ms)


def test_a_day_sent_twice_adds_nothing_and_differing_events_are_rejected(
    collectors: tuple[OfflineCollector, OfflineCollector], full: bool
) -> None:
    collector, _ = collectors
    messages = traffic(100_000 if full else 400, 24 * HOUR_MS, seed=10)
    batches = [messages[first : first + BATCH] for first in range(0, len(messages), BATCH)]
    end_ms = NOON_MS + 24 * HOUR_MS
    for batch in batches:
        collector.take(batch, end_ms)
    collector.settle(end_ms)
    before = collector.history()
    for batch in batches:
        collector.take(batch, end_ms)
    collector.settle(end_ms)
    assert collector.history() == before
    assert collector.rows("SELECT * FROM quarantine") == []
    conflicts = [(device, replaced(sent[0], value=1 - sent[0].value)) for device, sent in messages[:20]]
    for device, event in conflicts:
        collector.take([(device, [event])], end_ms)
    collector.settle(end_ms)
    assert collector.history() == before
    refused = collector.rows("SELECT device, first, reason FROM quarantine ORDER BY device, first")
    assert refused == sorted((device, event.seq, LossReason.REUSED_SEQUENCE) for device, event in conflicts)
    assert collector.rows("SELECT * FROM gap") == []


def test_messages_out_of_order_give_the_history_of_the_sorted_run(
    collectors: tuple[OfflineCollector, OfflineCollector], full: bool
) -> None:
    """Devices overtake each other within 1,000 events; one message in a hundred arrives an hour late."""
    in_order, mixed = collectors
    span_ms = (24 if full else 3) * HOUR_MS
    messages = traffic(20_000 if full else 600, span_ms, seed=11)
    end_ms = NOON_MS + span_ms + 2 * HOUR_MS
    for message in messages:
        in_order.take([message], message[1][-1].at_ms)
    in_order.settle(end_ms)

    chance = random.Random(11)  # noqa: S311 - an order, no secret
    window = 1000 // MESSAGE_EVENTS
    arrivals = []
    for number, message in enumerate(messages):
        shifted = messages[min(len(messages) - 1, number + chance.randrange(window))][1][-1].at_ms
        late_ms = HOUR_MS if number % 100 == 7 else 0
        arrivals.append((shifted + late_ms, number, message))
    lost = 0
    for at_ms, number, message in sorted(arrivals):
        before = dict(mixed.work.stored_up_to)
        mixed.take([message], at_ms)
        lost += mixed.work.stored_up_to == before
        if number % 50 == 0:
            mixed.work.tick(at_ms)
            mixed.work.advance_history(at_ms)
    assert lost > 0, "no message overtook another one of its stream"
    for message in messages:  # the sender goes back to the last receipt
        mixed.take([message], end_ms)
    mixed.settle(end_ms)
    assert mixed.history() == in_order.history()
    assert mixed.states(end_ms) == in_order.states(end_ms)


def test_a_backlog_of_seven_days_corrects_the_past_and_never_the_live_view(
    collectors: tuple[OfflineCollector, OfflineCollector], full: bool
) -> None:
    """`pi-1` was disconnected for a week; the other devices are live while its events arrive."""
    with_backlog, without = collectors
    week_ms, per_hour = 7 * 24 * HOUR_MS, 120 if full else 12
    now_ms = NOON_MS + week_ms
    desk = next(each.id for each in PLAN.sensors if each.device == "pi-1" and each.space == "desk-0")
    backlog = [
        motion(seq, NOON_MS + at_ms, desk, seq % 2)
        for seq, at_ms in enumerate(range(0, week_ms - HOUR_MS, HOUR_MS // per_hour), start=1)
    ]
    retention_ms = RetentionSettings().raw_hours * HOUR_MS
    for hour_ms in range(NOON_MS, now_ms, HOUR_MS):
        for collector in collectors:
            collector.work.tick(hour_ms)
            collector.work.advance_history(hour_ms)
    too_old = 0
    for seq, first in enumerate(range(0, len(backlog), 250), start=1):
        now_ms += 1000
        too_old += sum(event.at_ms < now_ms - retention_ms for event in backlog[first : first + 250])
        live = ("pi-2", [motion(seq, now_ms, "desk-1-pir", seq % 2)])
        with_backlog.take([("pi-1", backlog[first : first + 250]), live], now_ms)
        without.take([live], now_ms)
        for collector in collectors:
            collector.work.tick(now_ms)
        assert with_backlog.states(now_ms) == without.states(now_ms), "an old event is shown as live"
    for collector in collectors:
        collector.settle(now_ms)
    oldest_ms = now_ms - retention_ms
    assert too_old > 0
    assert with_backlog.rows(f"SELECT * FROM event WHERE at_ms < {oldest_ms - 60_000}") == []  # noqa: S608 - a number
    gaps = with_backlog.rows("SELECT device, reason, sum(last - first + 1) FROM gap GROUP BY device, reason")
    assert gaps == [("pi-1", LossReason.TOO_OLD, too_old)]
    taken = "SELECT count(*) FROM space_hour WHERE space = 'desk-0' AND taken_s > 0"
    assert without.rows(taken) == [(0,)]
    hours = int(str(with_backlog.rows(taken)[0][0]))
    assert hours >= RetentionSettings().raw_hours - 2, "past hours are not corrected"
