from pathlib import Path

import pytest

from edge.settings import SoundSettings
from tests.edge.sensors.table import Table, table
from tests.servers import until


def meter(folder: Path, decibels: float | str) -> SoundSettings:
    put(folder, decibels)
    return SoundSettings(id="booth-1-sound", path=folder / "level")


def put(folder: Path, decibels: float | str) -> None:
    (folder / "next").write_text(f"{decibels}\n")
    (folder / "next").replace(folder / "level")


def read_again(laid: Table) -> None:
    laid.clock.at_ms += 1000
    until(lambda: not laid.inbox.empty(), seconds=10, what="the next reading")


def test_of_half_a_minute_it_says_the_loudest_level_and_nothing_else(tmp_path: Path) -> None:
    with table(meter(tmp_path, 36.04)) as laid:
        laid.says([("sound_db", 36.0)])
        for decibels in (41.0, 63.27, 38.5):
            put(tmp_path, decibels)
            read_again(laid)
            assert laid.said() == []
        laid.clock.at_ms = 30_000
        laid.says([("sound_db", 63.3)])
        assert laid.sensor.level() == 63.3
        laid.clock.at_ms = 60_000
        laid.says([("sound_db", 38.5)])


def test_a_file_that_holds_more_than_a_level_is_refused(tmp_path: Path) -> None:
    with table(meter(tmp_path, "RIFF$WAVE")) as laid:
        assert laid.fails() == f"{tmp_path}/level holds 'RIFF$WAVE', which is not a number"


@pytest.mark.parametrize(("every_ms", "tell_ms"), [(50, 30_000), (5000, 1000), (1000, 700_000)])
def test_an_impossible_span_is_refused_with_its_bounds(every_ms: int, tell_ms: int) -> None:
    with pytest.raises(ValueError, match="100 <= every_ms <= tell_ms <= 600000 must hold, got every_ms = "):
        SoundSettings(id="sound", path=Path("level"), every_ms=every_ms, tell_ms=tell_ms)
