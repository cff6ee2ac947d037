from pathlib import Path

import pytest

from edge.settings import LightSettings
from tests.edge.sensors.table import table


def test_it_says_every_reading_in_lux(tmp_path: Path) -> None:
    path = tmp_path / "in_illuminance_input"
    path.write_text("418.27\n")
    with table(LightSettings(id="room-light", path=path)) as laid:
        laid.says([("light_lux", 418.3)])
        laid.clock.at_ms += 30_000
        laid.says([("light_lux", 418.3)])
        assert laid.sensor.level() == 418.3


def test_a_raw_file_is_scaled(tmp_path: Path) -> None:
    path = tmp_path / "in_illuminance_raw"
    path.write_text("1000\n")
    with table(LightSettings(id="room-light", path=path, scale=0.0576)) as laid:
        laid.says([("light_lux", 57.6)])


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with table(LightSettings(id="room-light", path=tmp_path / "gone")) as laid:
        assert "No such file" in laid.fails()


def test_an_impossible_span_is_refused_with_its_bounds() -> None:
    with pytest.raises(ValueError, match="every_ms must lie between 1000 and 600000, got 10"):
        LightSettings(id="room-light", path=Path("light"), every_ms=10)
