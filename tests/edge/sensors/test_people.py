from pathlib import Path

import pytest

from edge.contract.file_sensor_kinds import PeopleSettings
from tests.support.edge.sensor_table import open_sensor_rig
from tests.support.servers import wait_until


def make_settings(folder: Path, count: str) -> PeopleSettings:
    write_reading(folder, count)
    return PeopleSettings(id="room-people", path=folder / "people")


def write_reading(folder: Path, count: str) -> None:
    (folder / "next").write_text(f"{count}\n")
    (folder / "next").replace(folder / "people")


def test_changed_count_is_published(tmp_path: Path) -> None:
    with open_sensor_rig(make_settings(tmp_path, "3")) as rig:
        rig.expect_events([("people", 3)])
        rig.clock.at_ms += 5000
        wait_until(lambda: not rig.inbox.empty(), seconds=10, what="the next reading")
        assert rig.read_events() == []
        assert rig.sensor.heartbeat_level() == 3
        write_reading(tmp_path, "0")
        rig.clock.at_ms += 5000
        rig.expect_events([("people", 0)])


@pytest.mark.parametrize("count", ["2.5", "-1"])
def test_invalid_count_is_a_fault(tmp_path: Path, count: str) -> None:
    with open_sensor_rig(make_settings(tmp_path, count)) as rig:
        problem = f"{tmp_path}/people holds {count}; a count of people is a whole number, 0 or above"
        assert rig.wait_for_fault() == problem
        assert rig.sensor.heartbeat_level() is None


def test_invalid_interval_is_rejected_with_its_bounds() -> None:
    with pytest.raises(ValueError, match="every_ms must lie between 100 and 600000, got 10"):
        PeopleSettings(id="room-people", path=Path("people"), every_ms=10)
