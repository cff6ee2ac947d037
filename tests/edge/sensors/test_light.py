from pathlib import Path

import pytest

from edge.contract.file_sensor_kinds import LightSettings
from tests.support.edge.sensor_table import open_sensor_rig


def test_every_reading_is_published_in_lux(tmp_path: Path) -> None:
    path = tmp_path / "in_illuminance_input"
    path.write_text("418.27\n")
    with open_sensor_rig(LightSettings(id="room-light", path=path)) as rig:
        rig.expect_events([("light_lux", 418.3)])
        rig.clock.at_ms += 30_000
        rig.expect_events([("light_lux", 418.3)])
        assert rig.sensor.heartbeat_level() == 418.3


def test_raw_file_is_scaled(tmp_path: Path) -> None:
    path = tmp_path / "in_illuminance_raw"
    path.write_text("1000\n")
    with open_sensor_rig(LightSettings(id="room-light", path=path, scale=0.0576)) as rig:
        rig.expect_events([("light_lux", 57.6)])


def test_missing_file_is_a_fault(tmp_path: Path) -> None:
    with open_sensor_rig(LightSettings(id="room-light", path=tmp_path / "gone")) as rig:
        assert "No such file" in rig.wait_for_fault()


def test_invalid_interval_is_rejected_with_its_bounds() -> None:
    with pytest.raises(ValueError, match="every_ms must lie between 1000 and 600000, got 10"):
        LightSettings(id="room-light", path=Path("light"), every_ms=10)
