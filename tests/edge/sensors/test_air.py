from dataclasses import replace
from pathlib import Path

from edge.settings import AirSettings
from tests.edge.sensors.table import table


def scd41(folder: Path) -> AirSettings:
    for name, raw in (("co2", "812.4"), ("temp", "21468"), ("humidity", "39770")):
        (folder / name).write_text(f"{raw}\n")
    return AirSettings(
        id="vavsalen-air", co2_path=folder / "co2", temperature_path=folder / "temp", humidity_path=folder / "humidity"
    )


def test_it_says_every_reading_in_its_unit(tmp_path: Path) -> None:
    with table(scd41(tmp_path)) as laid:
        whole = [("co2_ppm", 812), ("temperature_c", 21.5), ("humidity_pct", 39.8)]
        laid.says(whole)
        assert laid.sensor.level() == 812
        laid.clock.at_ms += 30_000
        laid.says(whole)


def test_a_sensor_of_co2_alone_needs_one_file(tmp_path: Path) -> None:
    with table(replace(scd41(tmp_path), temperature_path=None, humidity_path=None)) as laid:
        laid.says([("co2_ppm", 812)])


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    settings = scd41(tmp_path)
    settings.co2_path.unlink()
    with table(settings) as laid:
        assert "No such file" in laid.fails()
