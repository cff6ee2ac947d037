from pathlib import Path

import pytest

from edge.settings import PeopleSettings
from tests.edge.sensors.table import table
from tests.servers import until


def counter(folder: Path, count: str) -> PeopleSettings:
    put(folder, count)
    return PeopleSettings(id="room-people", path=folder / "people")


def put(folder: Path, count: str) -> None:
    (folder / "next").write_text(f"{count}\n")
    (folder / "next").replace(folder / "people")


def test_it_says_how_many_there_are_when_that_changed(tmp_path: Path) -> None:
    with table(counter(tmp_path, "3")) as laid:
        laid.says([("people", 3)])
        laid.clock.at_ms += 5000
        until(lambda: not laid.inbox.empty(), seconds=10, what="the next reading")
        assert laid.said() == []
        assert laid.sensor.level() == 3
        put(tmp_path, "0")
        laid.clock.at_ms += 5000
        laid.says([("people", 0)])


@pytest.mark.parametrize("count", ["2.5", "-1"])
def test_half_a_person_is_a_fault_and_no_count(tmp_path: Path, count: str) -> None:
    with table(counter(tmp_path, count)) as laid:
        finding = f"{tmp_path}/people holds {count}; a count of people is a whole number, 0 or above"
        assert laid.fails() == finding
        assert laid.sensor.level() is None


def test_an_impossible_span_is_refused_with_its_bounds() -> None:
    with pytest.raises(ValueError, match="every_ms must lie between 100 and 600000, got 10"):
        PeopleSettings(id="room-people", path=Path("people"), every_ms=10)
