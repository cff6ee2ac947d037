import os
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest
from gpiozero import DigitalInputDevice
from gpiozero.pins.mock import MockFactory

from edge.broker import BrokerSettings
from edge.message import SensorHealth
from edge.sensors.sensor import Fault, Reading
from edge.settings import PirSettings, PowerSettings, SensorSettings
from edge.watch import Watch
from tests.edge.house import device
from tests.edge.sensors.table import HandClock
from tests.servers import until

HEARTBEAT_MS = 30_000
ONE, TWO = PirSettings(id="desk-1-pir", pin=4), PirSettings(id="desk-2-pir", pin=5)


class House:
    """A watch, its queue, and a clock that moves when it is told to."""

    def __init__(self, folder: Path, *sensors: SensorSettings, factory: MockFactory | None = None) -> None:
        self.clock, self.factory, self.inbox = HandClock(), factory or MockFactory(), SimpleQueue[object]()
        settings = device(BrokerSettings(), folder, *sensors, heartbeat_ms=HEARTBEAT_MS)
        self.watch = Watch(settings, self.factory, self.clock, self.inbox)

    def said(self, after_ms: int = 0) -> list[tuple[str, str, float]]:
        told = []
        while True:
            try:
                item = self.inbox.get_nowait()
            except Empty:
                break
            if isinstance(item, Reading):
                told += self.watch.take(item)
            if isinstance(item, Fault):
                self.watch.fail(item)
        self.clock.at_ms += after_ms
        told += self.watch.wake(self.clock.at_ms)
        return [(sensor, str(each.kind), each.value) for sensor, each in told]


def test_every_sensor_says_its_level_and_then_that_it_lives(tmp_path: Path) -> None:
    house = House(tmp_path, ONE, TWO)
    assert house.said(after_ms=50) == [("desk-1-pir", "motion", 0), ("desk-2-pir", "motion", 0)]
    assert house.watch.next_wake() == 50 + HEARTBEAT_MS
    assert house.said(after_ms=HEARTBEAT_MS - 1) == []
    assert house.said(after_ms=1) == [("desk-1-pir", "heartbeat", 0), ("desk-2-pir", "heartbeat", 0)]


def test_heartbeats_go_together_and_none_is_late(tmp_path: Path) -> None:
    house = House(tmp_path, ONE, TWO)
    house.said(after_ms=50)
    house.said(after_ms=5_000)
    house.factory.pin(5).drive_high()
    assert house.said(after_ms=50) == [("desk-2-pir", "motion", 1)]
    house.said(after_ms=HEARTBEAT_MS - 5_050)
    assert house.clock.at_ms == 50 + HEARTBEAT_MS
    assert house.said(after_ms=0) == []
    assert house.watch.next_wake() == 50 + 2 * HEARTBEAT_MS, "both were told at the first one's moment"


def test_a_pin_that_is_busy_fails_and_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    factory = MockFactory()
    somebody = DigitalInputDevice(4, pin_factory=factory)
    house = House(tmp_path, ONE, TWO, factory=factory)
    assert house.said(after_ms=50) == [("desk-2-pir", "motion", 0)]
    assert house.watch.health == {"desk-1-pir": SensorHealth.FAILED, "desk-2-pir": SensorHealth.HEALTHY}
    assert house.said(after_ms=HEARTBEAT_MS) == [("desk-2-pir", "heartbeat", 0)]
    somebody.close()
    house.said(after_ms=HEARTBEAT_MS)
    assert ("desk-1-pir", "motion", 0) in house.said(after_ms=50)
    assert house.watch.health["desk-1-pir"] is SensorHealth.HEALTHY
    failed, back = (record.getMessage() for record in caplog.records)
    assert failed.startswith('sensor "desk-1-pir" failed: pin GPIO4 is already in use by')
    assert back == 'sensor "desk-1-pir" is back'


def test_a_meter_that_stops_answering_falls_silent_and_vouches_for_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "power1_input")
    house = House(tmp_path, PowerSettings(id="laser-power", path=tmp_path / "power1_input"))
    assert house.said(after_ms=2 * HEARTBEAT_MS - 1) == []
    assert house.watch.health == {"laser-power": SensorHealth.HEALTHY}
    assert house.said(after_ms=1) == []
    assert house.watch.health == {"laser-power": SensorHealth.SILENT}
    (tmp_path / "power1_input").write_text("12000000\n")
    told: list[tuple[str, str, float]] = []
    until(lambda: told.extend(house.said()) or told, what="the meter's reading")
    assert told == [("laser-power", "power_w", 12.0)]
    assert house.watch.health == {"laser-power": SensorHealth.HEALTHY}
    house.watch.close()


def test_a_reading_that_the_contract_refuses_is_a_fault_and_no_event(tmp_path: Path) -> None:
    (tmp_path / "power1_input").write_text("9e300\n")
    house = House(tmp_path, PowerSettings(id="laser-power", path=tmp_path / "power1_input"))
    told: list[tuple[str, str, float]] = []
    until(lambda: told.extend(house.said()) or house.watch.health["laser-power"] is SensorHealth.FAILED, what="a fault")
    assert house.said(after_ms=HEARTBEAT_MS) == []
    assert told == []
    house.watch.close()
