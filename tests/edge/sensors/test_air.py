from dataclasses import replace
from pathlib import Path

from edge.contract.file_sensor_kinds import AirSettings
from tests.support.edge.sensor_table import open_sensor_rig


def make_settings(folder: Path) -> AirSettings:
    for name, raw in (("co2", "812.4"), ("temp", "21468"), ("humidity", "39770")):
        (folder / name).write_text(f"{raw}\n")
    return AirSettings(
        id="vavsalen-air", co2_path=folder / "co2", temperature_path=folder / "temp", humidity_path=folder / "humidity"
    )


def test_every_reading_is_published_in_its_unit(tmp_path: Path) -> None:
    with open_sensor_rig(make_settings(tmp_path)) as rig:
        expected = [("co2_ppm", 812), ("temperature_c", 21.5), ("humidity_pct", 39.8)]
        rig.expect_events(expected)
        assert rig.sensor.heartbeat_level() == 812
        rig.clock.at_ms += 30_000
        rig.expect_events(expected)


def test_co2_sensor_needs_one_file(tmp_path: Path) -> None:
    with open_sensor_rig(replace(make_settings(tmp_path), temperature_path=None, humidity_path=None)) as rig:
        rig.expect_events([("co2_ppm", 812)])


def test_missing_file_is_a_fault(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    settings.co2_path.unlink()
    with open_sensor_rig(settings) as rig:
        assert "No such file" in rig.wait_for_fault()
