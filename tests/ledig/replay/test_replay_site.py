"""A recording is converted to a site whose pins and files it drives."""

from pathlib import Path
from zoneinfo import ZoneInfo

import gpiozero
import pytest

from collector.site.site_sensor import OutputTimes
from collector.site.spaces import SpaceKind
from edge.contract.broker_client import BrokerSettings
from edge.contract.file_sensor_kinds import AirSettings, LightSettings, PeopleSettings, PowerSettings, SoundSettings
from edge.contract.sensor_kinds import SensorKind
from ledig.replay.recorded_data import RecordedSensor, RecordedSpace, Recording, SensorChange
from ledig.replay.recorded_rows import RecordedRow
from ledig.replay.replay_site import ReplayWiring, build_replay_site


def recording(*sensors: RecordedSensor) -> Recording:
    return Recording(
        time_zone=ZoneInfo("UTC"),
        spaces=(RecordedSpace(id="room", kind=SpaceKind.ROOM),),
        sensors=sensors,
        spans=((RecordedRow(0, {}),),),
        step_ms=30_000,
    )


def sensor(kind: str, name: str = "it", **columns: str) -> RecordedSensor:
    if kind == "air":
        return RecordedSensor(id=name, kind=SensorKind.AIR, **columns)
    return RecordedSensor(id=name, kind=SensorKind(kind), space="room", column="C")


@pytest.mark.parametrize(
    ("kind", "value", "high"),
    [
        ("pir", 1, True),
        ("pir", 0, False),
        ("contact", 1, True),
        ("contact", 0, False),
        ("presence", 1, True),
        ("presence", 0, False),
        ("pressure", 1, False),
        ("pressure", 0, True),
    ],
)
def test_pin_has_its_level_before_and_after_the_agent_opens_it(
    tmp_path: Path, kind: str, value: float, *, high: bool
) -> None:
    it = sensor(kind)
    (device,) = build_replay_site(recording(it), BrokerSettings(), tmp_path).devices
    wiring = ReplayWiring(device, tmp_path)
    wiring.apply_change(it, SensorChange(0, "it", "column", value))
    pull_up = None if kind in {"pir", "presence"} else True
    opened = gpiozero.DigitalInputDevice(device.sensors[0].pins[0], pull_up=bool(pull_up), pin_factory=wiring.factory)
    assert bool(opened.pin.state) is high
    wiring.apply_change(it, SensorChange(1, "it", "column", 1 - value))
    assert bool(opened.pin.state) is not high
    opened.close()


def test_measured_values_are_written_to_the_files_that_the_agent_reads(tmp_path: Path) -> None:
    air = sensor("air", "air", co2_column="A", humidity_column="B")
    power = sensor("power", "laser")
    (device,) = build_replay_site(recording(air, power), BrokerSettings(), tmp_path).devices
    wiring = ReplayWiring(device, tmp_path)
    wiring.apply_change(air, SensorChange(0, "air", "co2_column", 612.5))
    wiring.apply_change(air, SensorChange(0, "air", "humidity_column", 41))
    wiring.apply_change(power, SensorChange(0, "laser", "column", 80))
    air_settings, power_settings = device.sensors
    assert isinstance(air_settings, AirSettings)
    assert isinstance(power_settings, PowerSettings)
    assert air_settings.temperature_path is None
    assert air_settings.humidity_path is not None
    assert float(air_settings.co2_path.read_text()) * air_settings.co2_scale == 612.5
    assert float(air_settings.humidity_path.read_text()) * air_settings.humidity_scale == 41
    assert float(power_settings.path.read_text()) * power_settings.scale == 80


@pytest.mark.parametrize(
    ("kind", "settings"), [("sound", SoundSettings), ("light", LightSettings), ("people", PeopleSettings)]
)
def test_level_of_a_space_is_written_to_its_file(tmp_path: Path, kind: str, settings: type) -> None:
    it = sensor(kind)
    (device,) = build_replay_site(recording(it), BrokerSettings(), tmp_path).devices
    ReplayWiring(device, tmp_path).apply_change(it, SensorChange(0, "it", "column", 12))
    (made,) = device.sensors
    assert type(made) is settings
    assert float(made.path.read_text()) == 12  # type: ignore[attr-defined]


def test_declared_output_times_are_in_the_plan(tmp_path: Path) -> None:
    held = RecordedSensor(id="it", kind=SensorKind.PIR, space="room", column="C", held_ms=60_000, blind_ms=30_000)
    (planned,) = build_replay_site(recording(held), BrokerSettings(), tmp_path).plan.sensors
    assert planned.output == OutputTimes(held_ms=60_000, blind_ms=30_000)


def test_sensors_beyond_the_pins_of_one_device_get_a_second_device(tmp_path: Path) -> None:
    site = build_replay_site(recording(*(sensor("pir", f"pir-{n}") for n in range(30))), BrokerSettings(), tmp_path)
    assert [len(device.sensors) for device in site.devices] == [28, 2]
    assert len(site.plan.sensors_of("room")) == 30
    for device in site.devices:
        pins = [pin for each in device.sensors for pin in each.pins]
        assert len(set(pins)) == len(pins)


def test_air_belongs_to_the_zone_and_motion_to_its_space(tmp_path: Path) -> None:
    plan = build_replay_site(
        recording(sensor("pir", "pir"), sensor("air", "air", co2_column="A")), BrokerSettings(), tmp_path
    ).plan
    pir, air = plan.sensors
    assert (pir.space, pir.zone) == ("room", None)
    assert (air.space, air.zone) == (None, plan.zones[0].id)
