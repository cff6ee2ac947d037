"""The command tells what it measured and what it left out, and judges only when it is asked to."""

from pathlib import Path

import pytest

from bench.accuracy.__main__ import main
from bench.accuracy.harness import RECORDINGS
from bench.accuracy.room_estimation import RECORDING
from bench.accuracy.sources import SOURCES
from tests.accuracy.test_recordings import room


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / RECORDING
    folder.mkdir(parents=True)
    (folder / "Occupancy_Estimation_x.csv").write_text(room())
    return tmp_path / "data"


def test_a_folder_without_recordings_is_refused_with_what_it_should_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path)]) == 2
    assert RECORDING in capsys.readouterr().err


def test_what_is_absent_is_named_and_the_page_is_left_as_it_was(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = data / "page.md"
    page.write_text("as it was")
    assert main(["--data", str(data), "--page", str(page)]) == 0
    told = capsys.readouterr().out
    assert "Occupancy_Estimation_x.csv: 240 rows, 0 left out" in told
    assert "both PIRs" in told
    for name in RECORDINGS:
        assert (f"left out: {name}: {data / name} is not there" in told) is (name != RECORDING)
    assert page.read_text() == "as it was"


def test_an_empty_folder_of_a_recording_is_told_as_such(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / RECORDING / "Occupancy_Estimation_x.csv").unlink()
    page = data / "page.md"
    assert main(["--data", str(data), "--only", RECORDING, "--page", str(page)]) == 0
    assert f"left out: {RECORDING}: {data / RECORDING}: no good row" in capsys.readouterr().out
    assert not page.exists()


def test_only_with_check_a_missed_goal_is_a_failure(data: Path) -> None:
    """Somebody who never moves is shown free: no sensor can see him."""
    text = room().replace(",1,1,1", ",0,0,1")
    (data / RECORDING / "Occupancy_Estimation_x.csv").write_text(text)
    asked = ["--data", str(data), "--only", RECORDING, "--page", str(data / "page.md")]
    assert main(asked) == 0
    assert main([*asked, "--check"]) == 1


def test_every_recording_says_where_it_is_from() -> None:
    assert set(RECORDINGS) <= set(SOURCES)
    for source in SOURCES.values():
        assert "UCI" in source.text or "doi.org" in source.text or "github.com" in source.text
        assert "CC BY 4.0" in source.text or "licence" in source.text
