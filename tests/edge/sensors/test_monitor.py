import os
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest
from gpiozero import DigitalInputDevice
from gpiozero.pins.mock import MockFactory

from edge.contract.broker_client import BrokerSettings
from edge.contract.file_sensor_kinds import AirSettings, LightSettings, PeopleSettings, PowerSettings, SoundSettings
from edge.contract.message import SensorHealth
from edge.contract.pin_sensor_kinds import PirSettings
from edge.contract.sensor_settings import SensorSettings
from edge.sensors.channel_faults import RECOVERY_MS
from edge.sensors.monitor import SensorMonitor
from edge.sensors.sensor import SensorFault, SensorReading
from tests.support.edge.sensor_table import ManualClock
from tests.support.edge.site import make_device_settings
from tests.support.servers import wait_until

HEARTBEAT_MS = 30_000
ONE, TWO = PirSettings(id="desk-1-pir", pin=4), PirSettings(id="desk-2-pir", pin=5)


class MonitorRig:
    """A sensor monitor, its queue, and a manually advanced clock."""

    def __init__(self, folder: Path, *sensors: SensorSettings, factory: MockFactory | None = None) -> None:
        self.clock, self.factory, self.inbox = ManualClock(), factory or MockFactory(), SimpleQueue[object]()
        settings = make_device_settings(BrokerSettings(), folder, *sensors, heartbeat_ms=HEARTBEAT_MS)
        self.monitor = SensorMonitor(settings, self.factory, self.clock, self.inbox)

    def collect_events(self, after_ms: int = 0) -> list[tuple[str, str, float]]:
        events = []
        while True:
            try:
                item = self.inbox.get_nowait()
            except Empty:
                break
            if isinstance(item, SensorReading):
                events += self.monitor.handle_reading(item)
            if isinstance(item, SensorFault):
                self.monitor.handle_fault(item)
        self.clock.at_ms += after_ms
        events += self.monitor.advance_time(self.clock.at_ms)
        return [(event.sensor, event.kind, event.value) for event in events]


def test_sensor_sends_its_level_and_then_heartbeats(tmp_path: Path) -> None:
    rig = MonitorRig(tmp_path, ONE, TWO)
    assert rig.collect_events(after_ms=50) == [("desk-1-pir", "motion", 0), ("desk-2-pir", "motion", 0)]
    assert rig.monitor.next_wake_ms() == 50 + HEARTBEAT_MS
    assert rig.collect_events(after_ms=HEARTBEAT_MS - 1) == []
    assert rig.collect_events(after_ms=1) == [("desk-1-pir", "heartbeat", 0), ("desk-2-pir", "heartbeat", 0)]


def test_heartbeats_are_sent_together_and_none_is_late(tmp_path: Path) -> None:
    rig = MonitorRig(tmp_path, ONE, TWO)
    rig.collect_events(after_ms=50)
    rig.collect_events(after_ms=5_000)
    rig.factory.pin(5).drive_high()
    assert rig.collect_events(after_ms=50) == [("desk-2-pir", "motion", 1)]
    rig.collect_events(after_ms=HEARTBEAT_MS - 5_050)
    assert rig.clock.at_ms == 50 + HEARTBEAT_MS
    assert rig.collect_events(after_ms=0) == []
    assert rig.monitor.next_wake_ms() == 50 + 2 * HEARTBEAT_MS, "both were sent when the first was due"


def test_sensor_on_a_busy_pin_fails_and_is_retried(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    factory = MockFactory()
    other_device = DigitalInputDevice(4, pin_factory=factory)
    rig = MonitorRig(tmp_path, ONE, TWO, factory=factory)
    assert rig.collect_events(after_ms=50) == [("desk-2-pir", "motion", 0)]
    assert rig.monitor.health == {"desk-1-pir": SensorHealth.FAILED, "desk-2-pir": SensorHealth.HEALTHY}
    assert rig.collect_events(after_ms=HEARTBEAT_MS) == [("desk-2-pir", "heartbeat", 0)]
    other_device.close()
    rig.collect_events(after_ms=HEARTBEAT_MS)
    assert ("desk-1-pir", "motion", 0) in rig.collect_events(after_ms=50)
    assert rig.monitor.health["desk-1-pir"] is SensorHealth.HEALTHY
    rig.collect_events(after_ms=RECOVERY_MS)
    failed, recovered = (record.getMessage() for record in caplog.records)
    assert failed.startswith('sensor "desk-1-pir" failed: pin GPIO4 is already in use by')
    assert recovered == 'sensor "desk-1-pir" works again'


def test_meter_that_stops_answering_is_silent_and_sends_no_heartbeat(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "power1_input")
    rig = MonitorRig(tmp_path, PowerSettings(id="laser-power", path=tmp_path / "power1_input"))
    assert rig.collect_events(after_ms=2 * HEARTBEAT_MS - 1) == []
    assert rig.monitor.health == {"laser-power": SensorHealth.HEALTHY}
    assert rig.collect_events(after_ms=1) == []
    assert rig.monitor.health == {"laser-power": SensorHealth.SILENT}
    (tmp_path / "power1_input").write_text("12000000\n")
    events: list[tuple[str, str, float]] = []
    wait_until(lambda: events.extend(rig.collect_events()) or events, what="the meter's reading")
    assert events == [("laser-power", "power_w", 12.0)]
    assert rig.monitor.health == {"laser-power": SensorHealth.HEALTHY}
    rig.monitor.close()


IMPOSSIBLE = [
    ("power", 9e300),
    ("power", -4_294_967.0),
    ("people", 65_535),
    ("sound", 6_553.5),
    ("light", 4_294_967.0),
    ("co2", 65_535),
    ("co2", 0),
]


def make_file_sensor(kind: str, path: Path) -> SensorSettings:
    return {
        "power": PowerSettings(id=kind, path=path, scale=1.0),
        "people": PeopleSettings(id=kind, path=path),
        "sound": SoundSettings(id=kind, path=path),
        "light": LightSettings(id=kind, path=path),
        "co2": AirSettings(id=kind, co2_path=path),
    }[kind]


@pytest.mark.parametrize(("kind", "value"), IMPOSSIBLE)
def test_impossible_reading_makes_the_sensor_fail_and_causes_no_event(tmp_path: Path, kind: str, value: float) -> None:
    (tmp_path / "reading").write_text(f"{value}\n")
    rig = MonitorRig(tmp_path, make_file_sensor(kind, tmp_path / "reading"))
    events: list[tuple[str, str, float]] = []
    wait_until(
        lambda: events.extend(rig.collect_events()) or rig.monitor.health[kind] is SensorHealth.FAILED, what="a fault"
    )
    for _ in range(3):  # the same reading again, and the time for heartbeats
        events += rig.collect_events(after_ms=HEARTBEAT_MS)
    assert events == []
    assert rig.monitor.health == {kind: SensorHealth.FAILED}
    rig.monitor.close()


USUAL = {"co2_ppm": "612", "temperature_c": "21400", "humidity_pct": "39500"}
"""The channels of an air sensor and the content of their files."""
IMPOSSIBLE_AIR = {"co2_ppm": "65535", "temperature_c": "-127000", "humidity_pct": "0"}
ROUNDS = 40
"""Readings, 30 s apart."""


class AirSensorRig(MonitorRig):
    """A monitor of one air sensor, whose thread reads files that the test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write({})
        files = {f"{name}_path": folder / name for name in ("co2", "temperature", "humidity")}
        super().__init__(folder, AirSettings(id="air", **files))
        self.read_round()

    def write(self, changed: dict[str, str | None]) -> None:
        """Set each file to its usual text, or to the one in `changed`; None: the file is missing.

        Each change is one rename, because the sensor's thread reads at any time and must not find a partial file.
        """
        for channel, text in (USUAL | changed).items():
            path = self.folder / channel.partition("_")[0]
            if text is None:
                path.unlink(missing_ok=True)
            else:
                complete = path.with_suffix(".new")
                complete.write_text(text)
                complete.replace(path)

    def wait_for_reading(self) -> None:
        """Wait until each channel was read once; the next reading is due when the clock is advanced."""
        wait_until(lambda: self.inbox.qsize() >= len(USUAL), what="a reading of each channel")

    def read_round(self) -> set[str]:
        """Return the kinds of the events of one reading."""
        self.wait_for_reading()
        return {kind for _, kind, _ in self.collect_events(after_ms=HEARTBEAT_MS)}


@pytest.mark.parametrize("channel", USUAL)
@pytest.mark.parametrize("readings", ["missing", "impossible"])
def test_failed_channel_is_logged_once_and_the_others_continue(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, channel: str, readings: str
) -> None:
    caplog.set_level("INFO")
    rig = AirSensorRig(tmp_path)
    rig.write({channel: None if readings == "missing" else IMPOSSIBLE_AIR[channel]})
    rig.read_round()  # a reading of the valid file may have been in progress
    for _ in range(ROUNDS):
        assert rig.read_round() == USUAL.keys() - {channel}
    (record,) = caplog.records
    assert record.getMessage().startswith(f'sensor "air", {channel}, failed: ')
    assert rig.monitor.health == {"air": SensorHealth.HEALTHY}
    assert rig.monitor.failed_channels == {"air": [channel]}
    rig.monitor.close()


def test_intermittent_channel_is_one_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    rig = AirSensorRig(tmp_path)
    for number in range(ROUNDS):
        rig.wait_for_reading()  # the files change between two readings: each state is read once
        rig.write({} if number % 3 else {"humidity_pct": None})
        rig.collect_events(after_ms=HEARTBEAT_MS)
    assert len(caplog.records) == 1
    assert rig.monitor.failed_channels == {"air": ["humidity_pct"]}
    rig.write({})
    for _ in range(RECOVERY_MS // HEARTBEAT_MS + 2):
        rig.read_round()
    assert [record.getMessage() for record in caplog.records[1:]] == ['sensor "air", humidity_pct, works again']
    assert rig.monitor.failed_channels == {}
    rig.monitor.close()


def test_sensor_whose_channels_all_fail_has_failed_and_sends_nothing(tmp_path: Path) -> None:
    rig = AirSensorRig(tmp_path)
    rig.write(IMPOSSIBLE_AIR)
    rig.read_round()
    assert [rig.read_round() for _ in range(5)] == [set()] * 5
    assert rig.monitor.health == {"air": SensorHealth.FAILED}
    rig.monitor.close()


def test_no_heartbeat_repeats_the_level_of_a_failed_channel(tmp_path: Path) -> None:
    rig = AirSensorRig(tmp_path)
    rig.write({"co2_ppm": "65535", "temperature_c": None, "humidity_pct": None})
    rig.read_round()
    assert [rig.read_round() for _ in range(5)] == [set()] * 5
    rig.monitor.close()
