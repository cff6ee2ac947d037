import os
from pathlib import Path

from edge.settings import PowerSettings
from tests.edge.sensors.table import table
from tests.servers import until


def make_settings(folder: Path, watts: float | str) -> PowerSettings:
    write_reading(folder, watts)
    return PowerSettings(id="laser-power", path=folder / "power1_input", every_ms=100)


def write_reading(folder: Path, watts: float | str) -> None:
    text = watts if isinstance(watts, str) else f"{watts * 1_000_000:.0f}\n"
    (folder / "next").write_text(text)
    (folder / "next").replace(folder / "power1_input")


def test_reading_is_published_when_it_has_changed_by_a_step(tmp_path: Path) -> None:
    with table(make_settings(tmp_path, 3.0)) as rig:
        rig.says([("power_w", 3.0)])
        write_reading(tmp_path, 7.9)
        rig.clock.at_ms += 1000
        values: list[tuple[str, float]] = []
        until(lambda: values.extend(rig.said()) or rig.sensor.level() == 7.9, what="the next reading")
        assert values == []
        write_reading(tmp_path, 8.0)
        rig.clock.at_ms += 1000
        rig.says([("power_w", 8.0)])
        assert rig.sensor.level() == 8.0


def test_missing_or_invalid_file_is_a_fault_until_it_is_corrected(tmp_path: Path) -> None:
    with table(make_settings(tmp_path, "nan")) as rig:
        assert rig.fails() == f"{tmp_path}/power1_input holds 'nan', which is not a number"
        (tmp_path / "power1_input").unlink()
        rig.faults.clear()
        rig.clock.at_ms += 1000
        assert "No such file" in rig.fails()
        write_reading(tmp_path, 12.0)
        rig.clock.at_ms += 1000
        rig.says([("power_w", 12.0)])


def test_file_that_never_answers_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "power1_input")
    with table(PowerSettings(id="laser-power", path=tmp_path / "power1_input")) as rig:
        assert rig.said(after_ms=60_000) == []
        assert rig.sensor.level() is None
    (tmp_path / "power1_input").write_text("1\n")  # ends the thread
