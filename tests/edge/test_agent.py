import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from edge.agent import read_wifi_dbm
from edge.contract import topics
from edge.contract.file_sensor_kinds import PowerSettings
from edge.contract.message import (
    ClockState,
    CommandName,
    DeviceCommand,
    EventKind,
    OutboxStatus,
    SensorHealth,
    encode,
)
from edge.contract.pin_sensor_kinds import ContactSettings, PirSettings
from edge.contract.raw_retention import MAX_RAW_HOURS
from edge.outbox import Outbox
from edge.outbox.outbox_rows import OutboxState
from edge.timekeeping.durations import HOUR_MS
from edge.timekeeping.machine_clock import HostClock
from tests.support.edge.outbox_events import create_timed_event
from tests.support.edge.site import DEVICE, SITE, FakeCollector, make_device_settings, running_agent
from tests.support.servers import Mosquitto, wait_until

COMMAND = topics.DEVICE_COMMAND.topic(SITE, DEVICE)
PIR = PirSettings(id="desk-14-pir", pin=4)
DOOR = ContactSettings(id="booth-1-door", pin=5)
ROUNDING_MS = 1
"""An event's time is the sum of two truncated clocks: up to 1 ms less than a single clock shows."""


def test_event_of_a_pin_reaches_the_collector_and_gets_a_receipt(broker: Mosquitto, tmp_path: Path) -> None:
    factory = MockFactory()
    with (
        FakeCollector(broker) as collector,
        running_agent(make_device_settings(broker.settings(DEVICE), tmp_path, PIR, DOOR), factory),
    ):
        collector.wait_for(lambda: len(collector.events) == 2, "the present level of each sensor")
        assert collector.values_of(PIR.id) == [("motion", 0)]
        assert collector.values_of(DOOR.id) == [("contact_open", 1)]
        before_ms = HostClock().now_ms()
        factory.pin(4).drive_high()
        factory.pin(5).drive_low()
        collector.wait_for(
            lambda: len(collector.values_of(PIR.id)) + len(collector.values_of(DOOR.id)) == 4, "both changes"
        )
        assert collector.values_of(PIR.id)[-1] == ("motion", 1)
        assert collector.values_of(DOOR.id)[-1] == ("contact_open", 0)
        after_ms = HostClock().now_ms()
        measured_ms = [event.at_ms for event in collector.events[-2:]]
        assert all(before_ms - ROUNDING_MS <= at_ms <= after_ms for at_ms in measured_ms), (before_ms, measured_ms)
        collector.wait_for(lambda: ("heartbeat", 1) in collector.values_of(PIR.id, heartbeats=True), "a heartbeat")
        assert ("heartbeat", 0) in collector.values_of(DOOR.id, heartbeats=True)
        collector.publish(COMMAND, encode(DeviceCommand(CommandName.REPORT)))
        collector.wait_for(lambda: len(collector.statuses) > 1, "the status")
        status = collector.statuses[-1]
        assert (status.online, status.clock) == (True, ClockState.SYNCHRONISED)
        assert status.sensors == {PIR.id: SensorHealth.HEALTHY, DOOR.id: SensorHealth.HEALTHY}
    assert [event.seq for event in collector.events] == list(range(1, len(collector.events) + 1))


def test_clean_stop_publishes_offline_and_the_next_start_continues_the_stream(
    broker: Mosquitto, tmp_path: Path
) -> None:
    settings = make_device_settings(broker.settings(DEVICE), tmp_path, PIR)
    with FakeCollector(broker) as collector:
        with running_agent(settings, MockFactory()):
            collector.wait_for(lambda: collector.events, "the first event")
        collector.wait_for(lambda: not collector.statuses[-1].online, "offline")
        received = len(collector.events)
        with running_agent(settings, MockFactory()):
            collector.wait_for(lambda: len(collector.events) > received, "the first event after the start")
        assert len(collector.streams) == 1
        assert [event.seq for event in collector.events] == list(range(1, len(collector.events) + 1))


def test_no_event_is_lost_when_the_broker_dies_and_restarts_empty(broker: Mosquitto, tmp_path: Path) -> None:
    factory = MockFactory()
    settings = make_device_settings(
        broker.settings(DEVICE), tmp_path, PirSettings(id="desk-14-pir", pin=4, debounce_ms=0)
    )
    with running_agent(settings, factory), FakeCollector(broker) as collector:
        collector.wait_for(lambda: collector.events, "the first event")
        collector.sends_receipts = False  # events sent from here on get no receipt
        for _ in range(10):
            factory.pin(4).drive_high()
            factory.pin(4).drive_low()
        broker.kill()
        for _ in range(10):
            factory.pin(4).drive_high()
            factory.pin(4).drive_low()
        broker.start()
        collector.sends_receipts = True
        collector.wait_for(lambda: len(collector.values_of(PIR.id)) == 41, "all forty changes")
        assert [event.value for event in collector.events if event.kind is EventKind.MOTION] == [0, *[1, 0] * 20]


def test_sensor_that_cannot_be_opened_is_failed_and_the_others_continue(broker: Mosquitto, tmp_path: Path) -> None:
    meter_path = tmp_path / "power1_input"
    power = PowerSettings(id="laser-power", path=meter_path, every_ms=100)
    same_pin = PirSettings(id="desk-15-pir", pin=4)
    with (
        FakeCollector(broker) as collector,
        running_agent(make_device_settings(broker.settings(DEVICE), tmp_path, PIR, same_pin, power), MockFactory()),
    ):
        collector.wait_for(lambda: collector.values_of(PIR.id), "the sensor that works")
        collector.wait_for(
            lambda: (
                collector.statuses
                and collector.statuses[-1].sensors
                == {
                    PIR.id: SensorHealth.HEALTHY,
                    same_pin.id: SensorHealth.FAILED,
                    power.id: SensorHealth.FAILED,
                }
            ),
            "both failures in the status",
        )
        meter_path.write_text("12000000\n")
        collector.wait_for(lambda: collector.values_of(power.id) == [("power_w", 12)], "the meter, once it is there")
        collector.wait_for(lambda: collector.statuses[-1].sensors[power.id] == SensorHealth.HEALTHY, "its health")


class LateClock(HostClock):
    """A Pi's clock: 1970 until a time server answers."""

    is_set = False

    def now_ms(self) -> int:
        return super().now_ms() if self.is_set else 5000

    def synchronised(self) -> bool:
        return self.is_set


def test_events_before_the_clock_is_set_are_kept_and_get_their_true_time(
    broker: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    clock, factory = LateClock(), MockFactory()
    pir = PirSettings(id=PIR.id, pin=4, debounce_ms=0)
    with (
        FakeCollector(broker) as collector,
        running_agent(make_device_settings(broker.settings(DEVICE), tmp_path, pir), factory, clock),
    ):
        before_ms = HostClock().now_ms()
        collector.wait_for(lambda: collector.statuses, "the status")
        assert collector.statuses[-1].clock is ClockState.WAITING
        waiting = [line for line in caplog.messages if line.startswith("waiting for time synchronisation")]
        assert len(waiting) == 1
        factory.pin(4).drive_high()
        collector.wait_for(lambda: collector.statuses[-1].online, "online")
        assert collector.events == []
        clock.is_set = True
        collector.wait_for(lambda: len(collector.values_of(PIR.id)) == 2, "both events")
        assert all(before_ms - 2000 <= event.at_ms <= HostClock().now_ms() for event in collector.events)
        assert all(event.synchronised for event in collector.events)
        collector.wait_for(lambda: collector.statuses[-1].clock is ClockState.SYNCHRONISED, "the clock's state")


def test_wrong_password_is_logged_with_the_user_and_the_remedy(
    broker: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refused = replace(broker.settings(DEVICE), password="wrong")  # noqa: S106 - no secret
    with caplog.at_level("WARNING"), running_agent(make_device_settings(refused, tmp_path, PIR), MockFactory()):
        wait_until(lambda: caplog.messages, what="a warning")
    assert f'refuses user "{DEVICE}": wrong password, or not in its list; run passwords.sh' in caplog.messages[0]


def test_lamp_shows_the_state_of_its_space(broker: Mosquitto, tmp_path: Path) -> None:
    factory = MockFactory()
    settings = make_device_settings(broker.settings(DEVICE), tmp_path, lamp_pin=17, lamp_space="booth-1")
    lamp, topic, status_topic = (
        factory.pin(17),
        topics.SPACE_STATE.topic(SITE, "booth-1"),
        topics.COLLECTOR_STATUS.topic(SITE),
    )
    with FakeCollector(broker) as collector:
        collector.publish(topic, b'{"state":"vacant"}', retain=True)
        # from a collector that died with its broker
        collector.publish(status_topic, b'{"online":true,"at":1}', retain=True)
        with running_agent(settings, factory):
            collector.wait_for(
                lambda: lamp.state, "a pulse: the collector has not confirmed that the space is still free"
            )
            collector.publish(status_topic, b'{"online":true,"at":2}', retain=True)
            collector.wait_for(lambda: not lamp.state and len(lamp.states) < 100, "dark")
            collector.publish(status_topic, b'{"online":false}', retain=True)
            collector.wait_for(lambda: lamp.state, "a pulse: the collector is gone")
            collector.publish(topic, b'{"state":"occupied","since":1,"because":"movement"}', retain=True)
            collector.publish(status_topic, b'{"online":true,"at":3}', retain=True)
            collector.wait_for(lambda: lamp.state, "lit")


def let_device_report(collector: FakeCollector, status: str) -> None:
    """Publish that the collector is online, then wait for a status of the device."""
    before = len(collector.statuses)
    collector.publish(status, b'{"online":true,"at":2}', retain=True)
    collector.publish(COMMAND, encode(DeviceCommand(CommandName.REPORT)))
    collector.wait_for(lambda: len(collector.statuses) > before, "the device's status")


def test_retained_status_does_not_make_a_collector_count_as_online(broker: Mosquitto, tmp_path: Path) -> None:
    """The retained status of a dead collector must not cause restarts of an agent without a collector."""
    progress, status = threading.Event(), topics.COLLECTOR_STATUS.topic(SITE)
    settings = make_device_settings(broker.settings(DEVICE), tmp_path, PIR)
    with FakeCollector(broker) as collector:
        collector.sends_receipts = False
        collector.publish(status, b'{"online":true,"at":1}', retain=True)
        with running_agent(settings, MockFactory(), report_progress=progress.set):
            collector.wait_for(lambda: collector.unanswered_messages, "an event that gets no receipt")
            progress.clear()
            collector.wait_for(progress.is_set, "progress: the collector has sent nothing")
            let_device_report(collector, status)
            progress.clear()  # from here on the collector counts as online
            let_device_report(collector, status)
            let_device_report(collector, status)
            assert not progress.is_set(), "an online collector that sends no receipts is not a known reason"


def test_lamp_blinks_after_the_identify_command(broker: Mosquitto, tmp_path: Path) -> None:
    factory = MockFactory()
    settings = make_device_settings(broker.settings(DEVICE), tmp_path, lamp_pin=17, lamp_space="booth-1")
    lamp = factory.pin(17)
    with FakeCollector(broker) as collector, running_agent(settings, factory):
        collector.wait_for(lambda: collector.statuses, "the status")
        lamp.clear_states()
        collector.publish(COMMAND, encode(DeviceCommand(CommandName.IDENTIFY)))
        collector.wait_for(lambda: len(lamp.states) > 6, "a fast blink")


def test_outbox_that_is_behind_the_collector_starts_a_new_stream(broker: Mosquitto, tmp_path: Path) -> None:
    factory, settings = MockFactory(), make_device_settings(broker.settings(DEVICE), tmp_path, PIR)
    with FakeCollector(broker) as collector:
        with running_agent(settings, factory):
            collector.wait_for(lambda: collector.events, "the first event")
            stream = collector.streams[0]
        collector.publish(
            topics.RECEIPT.topic(SITE, DEVICE),
            f'{{"stream":"{stream}","seq":5000}}'.encode(),
            retain=True,
        )
        with running_agent(settings, MockFactory()):
            collector.wait_for(lambda: len(collector.streams) == 2, "a new stream")
            collector.wait_for(lambda: collector.events[-1].seq >= 1, "its events")


def test_memory_card_that_lost_its_last_writes_loses_no_new_event(broker: Mosquitto, tmp_path: Path) -> None:
    pins = [PirSettings(id=f"pir-{pin}", pin=pin, debounce_ms=0) for pin in range(4, 12)]
    settings = make_device_settings(broker.settings(DEVICE), tmp_path, *pins, heartbeat_ms=600_000)
    with FakeCollector(broker) as collector:
        with running_agent(settings, MockFactory()):
            collector.wait_for(lambda: len(collector.events) == 8, "the levels at the start")
        with Outbox(settings.outbox_path, max_events=1000, boot="") as outbox:
            assert (outbox.depth, outbox.last_seq) == (0, 8)
        with closing(sqlite3.connect(settings.outbox_path)) as db, db:
            db.execute("UPDATE outbox SET state = ?", (OutboxState(outbox.stream, 5, 0).format_line(),))
        with running_agent(settings, MockFactory()):
            collector.wait_for(lambda: len(collector.events) == 16, "all levels at the next start")
        assert len(collector.streams) == 2


@pytest.mark.parametrize("raw_hours", [MAX_RAW_HOURS, 48])
def test_event_older_than_the_retention_is_not_sent(broker: Mosquitto, tmp_path: Path, raw_hours: int) -> None:
    settings = make_device_settings(broker.settings(DEVICE), tmp_path, raw_hours=raw_hours)
    with Outbox(settings.outbox_path, max_events=1000, boot="") as outbox:
        now_ms = HostClock().now_ms()
        old_ms = now_ms - raw_hours * HOUR_MS - 1
        outbox.append([create_timed_event("x", EventKind.MOTION, 1, at_ms) for at_ms in (old_ms, now_ms)])
    with FakeCollector(broker) as collector, running_agent(settings, MockFactory()):
        collector.wait_for(lambda: collector.events, "the newer event")
        assert [event.seq for event in collector.events] == [2]
        collector.wait_for(lambda: collector.statuses, "the status")
        assert collector.statuses[-1].outbox == OutboxStatus(depth=1, dropped=1)


@pytest.mark.parametrize("payload", [b"", b"{", b'{"command":"explode"}', b"[" * 60_000])
def test_malformed_command_is_rejected_and_the_agent_continues(
    broker: Mosquitto, tmp_path: Path, payload: bytes
) -> None:
    factory = MockFactory()
    with (
        FakeCollector(broker) as collector,
        running_agent(make_device_settings(broker.settings(DEVICE), tmp_path, PIR), factory),
    ):
        collector.wait_for(lambda: collector.events, "the first event")
        collector.publish(COMMAND, payload)
        collector.publish(topics.RECEIPT.topic(SITE, DEVICE), payload)
        factory.pin(4).drive_high()
        collector.wait_for(lambda: ("motion", 1) in collector.values_of(PIR.id), "the next event")


@pytest.mark.parametrize(
    ("row", "dbm"),
    [
        (" wlan0: 0000   58.  -52.  -256        0      0      0      0     87        0\n", -52),
        (" wlan0: 0000   58.   62.     0        0      0      0      0     87        0\n", None),
        ("", None),
        (" wlan0: who knows\n", None),
    ],
)
def test_wifi_strength_is_read_from_linux_or_unknown(tmp_path: Path, row: str, dbm: int | None) -> None:
    table = tmp_path / "wireless"
    table.write_text(
        "Inter-| sta-|   Quality        |   Discarded packets\n face | tus | link level noise |  nwid\n" + row
    )
    assert read_wifi_dbm(table) == dbm
    assert read_wifi_dbm(tmp_path / "nothing") is None
