import os
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest
from gpiozero import DigitalInputDevice
from gpiozero.pins.mock import MockFactory

from edge.broker import BrokerSettings
from edge.channel_faults import RECOVERY_MS
from edge.message import SensorHealth
from edge.sensors.sensor import Fault, Reading
from edge.settings import (
    AirSettings,
    LightSettings,
    PeopleSettings,
    PirSettings,
    PowerSettings,
    SensorSettings,
    SoundSettings,
)
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
    house.said(after_ms=RECOVERY_MS)
    failed, recovered = (record.getMessage() for record in caplog.records)
    assert failed.startswith('sensor "desk-1-pir" failed: pin GPIO4 is already in use by')
    assert recovered == 'sensor "desk-1-pir" works again'


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


IMPOSSIBLE = [
    ("power", 9e300),
    ("power", -4_294_967.0),
    ("people", 65_535),
    ("sound", 6_553.5),
    ("light", 4_294_967.0),
    ("co2", 65_535),
    ("co2", 0),
]


def one_file_sensor(kind: str, path: Path) -> SensorSettings:
    return {
        "power": PowerSettings(id=kind, path=path, scale=1.0),
        "people": PeopleSettings(id=kind, path=path),
        "sound": SoundSettings(id=kind, path=path),
        "light": LightSettings(id=kind, path=path),
        "co2": AirSettings(id=kind, co2_path=path),
    }[kind]


@pytest.mark.parametrize(("kind", "value"), IMPOSSIBLE)
def test_an_impossible_reading_is_a_failed_sensor_and_never_an_event(tmp_path: Path, kind: str, value: float) -> None:
    (tmp_path / "reading").write_text(f"{value}\n")
    house = House(tmp_path, one_file_sensor(kind, tmp_path / "reading"))
    events: list[tuple[str, str, float]] = []
    until(lambda: events.extend(house.said()) or house.watch.health[kind] is SensorHealth.FAILED, what="a fault")
    for _ in range(3):  # the same reading again, and the time for heartbeats
        events += house.said(after_ms=HEARTBEAT_MS)
    assert events == []
    assert house.watch.health == {kind: SensorHealth.FAILED}
    house.watch.close()


USUAL = {"co2_ppm": "612", "temperature_c": "21400", "humidity_pct": "39500"}
"""The channels of an air sensor, and what their files hold."""
IMPOSSIBLE_AIR = {"co2_ppm": "65535", "temperature_c": "-127000", "humidity_pct": "0"}
ROUNDS = 40
"""Readings, 30 s apart."""


class AirHouse(House):
    """A watch over one air sensor, whose thread reads files that the test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write({})
        files = {f"{name}_path": folder / name for name in ("co2", "temperature", "humidity")}
        super().__init__(folder, AirSettings(id="air", **files))
        self.round()

    def write(self, changed: dict[str, str | None]) -> None:
        """Set each file to its usual text, or to the one in `changed`; None: the file is missing.

        Each change is one rename: the sensor's thread reads meanwhile, and must find no file missing or half written.
        """
        for channel, text in (USUAL | changed).items():
            path = self.folder / channel.partition("_")[0]
            if text is None:
                path.unlink(missing_ok=True)
            else:
                complete = path.with_suffix(".new")
                complete.write_text(text)
                complete.replace(path)

    def round(self) -> set[str]:
        """The kinds of the events of one reading."""
        until(lambda: self.inbox.qsize() >= len(USUAL), what="a reading of each channel")
        return {kind for _, kind, _ in self.said(after_ms=HEARTBEAT_MS)}


@pytest.mark.parametrize("channel", USUAL)
@pytest.mark.parametrize("readings", ["missing", "impossible"])
def test_a_failed_channel_is_logged_once_and_the_others_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, channel: str, readings: str
) -> None:
    caplog.set_level("INFO")
    house = AirHouse(tmp_path)
    house.write({channel: None if readings == "missing" else IMPOSSIBLE_AIR[channel]})
    house.round()  # one reading of the sound file may have been under way
    for _ in range(ROUNDS):
        assert house.round() == USUAL.keys() - {channel}
    (record,) = caplog.records
    assert record.getMessage().startswith(f'sensor "air", {channel}, failed: ')
    assert house.watch.health == {"air": SensorHealth.HEALTHY}
    assert house.watch.failed_channels == {"air": [channel]}
    house.watch.close()


def test_a_channel_that_comes_and_goes_is_one_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    house = AirHouse(tmp_path)
    for number in range(ROUNDS):
        house.write({} if number % 3 else {"humidity_pct": None})
        house.round()
    assert len(caplog.records) == 1
    assert house.watch.failed_channels == {"air": ["humidity_pct"]}
    house.write({})
    for _ in range(RECOVERY_MS // HEARTBEAT_MS + 2):
        house.round()
    assert [record.getMessage() for record in caplog.records[1:]] == ['sensor "air", humidity_pct, works again']
    assert house.watch.failed_channels == {}
    house.watch.close()


def test_a_sensor_whose_every_channel_fails_has_failed_and_sends_nothing(tmp_path: Path) -> None:
    house = AirHouse(tmp_path)
    house.write(IMPOSSIBLE_AIR)
    house.round()
    assert [house.round() for _ in range(5)] == [set()] * 5
    assert house.watch.health == {"air": SensorHealth.FAILED}
    house.watch.close()


def test_no_heartbeat_repeats_the_level_of_a_failed_channel(tmp_path: Path) -> None:
    house = AirHouse(tmp_path)
    house.write({"co2_ppm": "65535", "temperature_c": None, "humidity_pct": None})
    house.round()
    assert [house.round() for _ in range(5)] == [set()] * 5
    house.watch.close()
