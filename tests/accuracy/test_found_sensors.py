"""The recorded room with a badly placed motion sensor (UCI 864): which of its sensors are found to be poor."""

from pathlib import Path

import pytest

from bench.accuracy.player import Track, decibels, events, house
from bench.accuracy.recordings import joined
from bench.accuracy.room_estimation import BADLY_PLACED, BOTH, FILES, GOOD, LAYOUT, RECORDING
from bench.accuracy.watching import ever_found
from collector.health.findings import Finding, FindingKind
from collector.plan import SensorKind
from edge.message import Kind
from ledig.replay.rows import Row

SOUND = Track("s1-sound", SensorKind.SOUND, Kind.SOUND_DB, "S1_Sound", unit=decibels)


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> tuple[Row, ...]:
    return joined(shared_data / "data" / RECORDING, FILES, LAYOUT)


def found(rows: tuple[Row, ...], *tracks: Track) -> dict[str, Finding]:
    """By sensor; each has one finding at most."""
    told = ever_found(house(tracks), events(rows, tracks))
    assert len({name for name, _ in told}) == len(told)
    return {name: finding for (_, name), finding in told}


def test_the_badly_placed_sensor_is_found_poor_by_its_desks_sound_once_that_is_learnt(rows: tuple[Row, ...]) -> None:
    (finding,) = found(rows, BADLY_PLACED, SOUND).values()
    assert (finding.kind, finding.sensor) == (FindingKind.POOR_COVERAGE, "s7-pir")
    assert finding.witness == "s1-sound"
    assert finding.share_pct is not None
    assert finding.share_pct >= 15


def test_it_is_found_poor_alone_too_by_the_people_whom_it_loses_and_finds_again(rows: tuple[Row, ...]) -> None:
    (finding,) = found(rows, BADLY_PLACED).values()
    assert (finding.kind, finding.sensor, finding.witness) == (FindingKind.POOR_COVERAGE, "s7-pir", "")


@pytest.mark.parametrize("tracks", [(GOOD,), (GOOD, SOUND), BOTH, (*BOTH, SOUND)], ids=["one", "one+", "two", "two+"])
def test_the_good_sensor_and_the_pair_are_found_nothing_against(
    rows: tuple[Row, ...], tracks: tuple[Track, ...]
) -> None:
    assert found(rows, *tracks) == {}
