from pathlib import Path

import pytest

from edge.contract.file_sensor_kinds import SoundSettings
from tests.support.edge.sensor_table import SensorRig, open_sensor_rig
from tests.support.servers import wait_until


def make_settings(folder: Path, decibels: float | str) -> SoundSettings:
    write_reading(folder, decibels)
    return SoundSettings(id="booth-1-sound", path=folder / "level")


def write_reading(folder: Path, decibels: float | str) -> None:
    (folder / "next").write_text(f"{decibels}\n")
    (folder / "next").replace(folder / "level")


def wait_for_next_reading(rig: SensorRig) -> None:
    rig.clock.at_ms += 1000
    wait_until(lambda: not rig.inbox.empty(), seconds=10, what="the next reading")


def test_only_the_loudest_level_of_half_a_minute_is_published(tmp_path: Path) -> None:
    with open_sensor_rig(make_settings(tmp_path, 36.04)) as rig:
        rig.expect_events([("sound_db", 36.0)])
        for decibels in (41.0, 63.27, 38.5):
            write_reading(tmp_path, decibels)
            wait_for_next_reading(rig)
            assert rig.read_events() == []
        rig.clock.at_ms = 30_000
        rig.expect_events([("sound_db", 63.3)])
        assert rig.sensor.heartbeat_level() == 63.3
        rig.clock.at_ms = 60_000
        rig.expect_events([("sound_db", 38.5)])


def test_file_that_holds_more_than_a_level_is_a_fault(tmp_path: Path) -> None:
    with open_sensor_rig(make_settings(tmp_path, "RIFF$WAVE")) as rig:
        assert rig.wait_for_fault() == f"{tmp_path}/level holds 'RIFF$WAVE', which is not a number"


@pytest.mark.parametrize(("every_ms", "send_every_ms"), [(50, 30_000), (5000, 1000), (1000, 700_000)])
def test_invalid_interval_is_rejected_with_its_bounds(every_ms: int, send_every_ms: int) -> None:
    with pytest.raises(ValueError, match="100 <= every_ms <= send_every_ms <= 600000 must hold, got every_ms = "):
        SoundSettings(id="sound", path=Path("level"), every_ms=every_ms, send_every_ms=send_every_ms)
