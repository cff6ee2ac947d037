import os
from pathlib import Path

from edge.settings import PowerSettings
from tests.edge.sensors.table import table
from tests.servers import until


def meter(folder: Path, watts: float | str) -> PowerSettings:
    put(folder, watts)
    return PowerSettings(id="laser-power", path=folder / "power1_input", every_ms=100)


def put(folder: Path, watts: float | str) -> None:
    text = watts if isinstance(watts, str) else f"{watts * 1_000_000:.0f}\n"
    (folder / "next").write_text(text)
    (folder / "next").replace(folder / "power1_input")


def test_it_says_a_reading_when_it_moved_by_a_step(tmp_path: Path) -> None:
    with table(meter(tmp_path, 3.0)) as laid:
        laid.says([("power_w", 3.0)])
        put(tmp_path, 7.9)
        laid.clock.at_ms += 1000
        told: list[tuple[str, float]] = []
        until(lambda: told.extend(laid.said()) or laid.sensor.level() == 7.9, what="the next reading")
        assert told == []
        put(tmp_path, 8.0)
        laid.clock.at_ms += 1000
        laid.says([("power_w", 8.0)])
        assert laid.sensor.level() == 8.0


def test_a_file_that_is_gone_or_holds_no_number_is_told_and_mends_itself(tmp_path: Path) -> None:
    with table(meter(tmp_path, "nan")) as laid:
        assert laid.fails() == f"{tmp_path}/power1_input holds 'nan', which is not a number"
        (tmp_path / "power1_input").unlink()
        laid.faults.clear()
        laid.clock.at_ms += 1000
        assert "No such file" in laid.fails()
        put(tmp_path, 12.0)
        laid.clock.at_ms += 1000
        laid.says([("power_w", 12.0)])


def test_a_file_that_never_answers_holds_up_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "power1_input")
    with table(PowerSettings(id="laser-power", path=tmp_path / "power1_input")) as laid:
        assert laid.said(after_ms=60_000) == []
        assert laid.sensor.level() is None
    (tmp_path / "power1_input").write_text("1\n")  # lets the thread go
