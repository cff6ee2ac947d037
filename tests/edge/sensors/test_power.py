import os
from pathlib import Path

from edge.contract.file_sensor_kinds import PowerSettings
from tests.support.edge.sensor_table import open_sensor_rig
from tests.support.servers import wait_until


def make_settings(folder: Path, watts: float | str) -> PowerSettings:
    write_reading(folder, watts)
    return PowerSettings(id="laser-power", path=folder / "power1_input", every_ms=100)


def write_reading(folder: Path, watts: float | str) -> None:
    text = watts if isinstance(watts, str) else f"{watts * 1_000_000:.0f}\n"
    (folder / "next").write_text(text)
    (folder / "next").replace(folder / "power1_input")


def test_reading_is_published_when_it_has_changed_by_a_step(tmp_path: Path) -> None:
    with open_sensor_rig(make_settings(tmp_path, 3.0)) as rig:
        rig.expect_events([("power_w", 3.0)])
        write_reading(tmp_path, 7.9)
        rig.clock.at_ms += 1000
        values: list[tuple[str, float]] = []
        wait_until(
            lambda: values.extend(rig.read_events()) or rig.sensor.heartbeat_level() == 7.9, what="the next reading"
        )
        assert values == []
        write_reading(tmp_path, 8.0)
        rig.clock.at_ms += 1000
        rig.expect_events([("power_w", 8.0)])
        assert rig.sensor.heartbeat_level() == 8.0


def test_missing_or_invalid_file_is_a_fault_until_it_is_corrected(tmp_path: Path) -> None:
    with open_sensor_rig(make_settings(tmp_path, "nan")) as rig:
        assert rig.wait_for_fault() == f"{tmp_path}/power1_input holds 'nan', which is not a number"
        (tmp_path / "power1_input").unlink()
        rig.faults.clear()
        rig.clock.at_ms += 1000
        assert "No such file" in rig.wait_for_fault()
        write_reading(tmp_path, 12.0)
        rig.clock.at_ms += 1000
        rig.expect_events([("power_w", 12.0)])


def test_file_that_never_answers_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "power1_input")
    with open_sensor_rig(PowerSettings(id="laser-power", path=tmp_path / "power1_input")) as rig:
        assert rig.read_events(after_ms=60_000) == []
        assert rig.sensor.heartbeat_level() is None
    (tmp_path / "power1_input").write_text("1\n")  # ends the thread
