"""Simulated wiring behaves like real hardware for the sensors."""

from pathlib import Path

import pytest

from edge.configuration.device_settings import DeviceSettings
from edge.contract.broker_client import BrokerSettings
from edge.contract.file_sensor_kinds import AirSettings, LightSettings, PeopleSettings, PowerSettings, SoundSettings
from edge.contract.pin_sensor_kinds import (
    BeamPairSettings,
    ContactSettings,
    DistanceSettings,
    PirSettings,
    PresenceSettings,
    PressureSettings,
)
from edge.contract.sensor_settings import SensorSettings
from ledig.simulation.signals import SensorSignal
from ledig.simulation.wired_pins import SimulatedWiring
from tests.support.edge.sensor_table import open_sensor_rig

KEY = ("pi", "sensor")
SETTLED_MS = 1000


def wired(folder: Path, sensor: SensorSettings) -> tuple[SimulatedWiring, SensorSettings]:
    broker = BrokerSettings()
    device = DeviceSettings(
        site="mill", device="pi", broker=broker, outbox_path=folder / "outbox.sqlite", sensors=(sensor,)
    )
    wires = SimulatedWiring(device, folder)
    return wires, wires.settings.sensors[0]


@pytest.mark.parametrize(
    ("sensor", "part"),
    [
        (PirSettings(id="sensor", pin=4), "motion"),
        (ContactSettings(id="sensor", pin=4), "contact_open"),
        (PressureSettings(id="sensor", pin=4), "pressure"),
        (PresenceSettings(id="sensor", pin=4), "presence"),
    ],
)
def test_level_is_read_before_and_after_the_agent_opens_the_pin(
    tmp_path: Path, sensor: SensorSettings, part: str
) -> None:
    wires, settings = wired(tmp_path, sensor)
    wires.apply_signal(SensorSignal(0, KEY, part, 1))  # before the agent starts: its pull must not change the level
    with open_sensor_rig(settings, wires.factory) as laid:
        assert laid.read_events(SETTLED_MS) == [(part, 1)]
        for level in (0, 1, 0):
            wires.apply_signal(SensorSignal(0, KEY, part, level))
            assert laid.read_events(SETTLED_MS) == [(part, level)]


@pytest.mark.parametrize("way", [1, -1])
def test_passage_is_counted_as_a_crossing(tmp_path: Path, way: int) -> None:
    wires, settings = wired(tmp_path, BeamPairSettings(id="sensor", outer_pin=5, inner_pin=6))
    with open_sensor_rig(settings, wires.factory) as laid:
        assert laid.read_events() == [("crossing", 0)]
        wires.apply_signal(SensorSignal(0, KEY, "crossing", way))
        assert laid.read_events() == [("crossing", way)]


def test_level_of_a_supply_is_measured(tmp_path: Path) -> None:
    jar = DistanceSettings(id="sensor", echo_pin=7, trigger_pin=8, empty_mm=300, full_mm=40)
    wires, settings = wired(tmp_path, jar)
    wires.apply_signal(SensorSignal(0, KEY, "level_pct", 62))
    with open_sensor_rig(settings, wires.factory) as laid:
        laid.expect_events([("level_pct", 62)])


def test_seat_below_a_distance_sensor_is_taken(tmp_path: Path) -> None:
    wires, settings = wired(tmp_path, DistanceSettings(id="sensor", echo_pin=7, trigger_pin=8, near_mm=800))
    wires.apply_signal(SensorSignal(0, KEY, "presence", 1))
    with open_sensor_rig(settings, wires.factory) as laid:
        laid.expect_events([("presence", 1)], after_ms=10_000)


@pytest.mark.parametrize(
    ("sensor", "part", "value"),
    [
        (SoundSettings(id="sensor", path=Path("/level"), scale=0.1), "sound_db", 61.5),
        (LightSettings(id="sensor", path=Path("/light")), "light_lux", 480),
        (PeopleSettings(id="sensor", path=Path("/people")), "people", 4),
    ],
)
def test_sensor_with_one_file_reads_the_simulated_file(
    tmp_path: Path, sensor: SensorSettings, part: str, value: float
) -> None:
    wires, settings = wired(tmp_path, sensor)
    wires.apply_signal(SensorSignal(0, KEY, part, value))
    with open_sensor_rig(settings, wires.factory) as laid:
        laid.expect_events([(part, value)])


def test_meter_and_air_sensor_read_the_simulated_files(tmp_path: Path) -> None:
    kernel = Path("/sys/class/hwmon/hwmon1/power1_input")
    wires, settings = wired(tmp_path, PowerSettings(id="sensor", path=kernel))
    wires.apply_signal(SensorSignal(0, KEY, "power_w", 87.5))
    with open_sensor_rig(settings, wires.factory) as laid:
        laid.expect_events([("power_w", 87.5)])
    wires, settings = wired(tmp_path, AirSettings(id="sensor", co2_path=kernel, temperature_path=kernel))
    wires.apply_signal(SensorSignal(0, KEY, "co2_ppm", 640))
    wires.apply_signal(SensorSignal(0, KEY, "temperature_c", 21.4))
    wires.apply_signal(SensorSignal(0, KEY, "humidity_pct", 40))  # this air sensor has no such part
    with open_sensor_rig(settings, wires.factory) as laid:
        laid.expect_events([("co2_ppm", 640), ("temperature_c", 21.4)])
