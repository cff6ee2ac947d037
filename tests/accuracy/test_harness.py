"""The command reports what it measured and left out, and checks goals only with --check."""

from pathlib import Path

import pytest

from bench.accuracy.__main__ import main
from bench.accuracy.harness import MEASURED, RECORDINGS
from bench.accuracy.room_estimation import RECORDING
from bench.accuracy.sources import SOURCES
from tests.support.accuracy.room_rows import write_room_rows


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / RECORDING
    folder.mkdir(parents=True)
    (folder / "Occupancy_Estimation_x.csv").write_text(write_room_rows())
    return tmp_path / "data"


def test_folder_without_recordings_is_rejected_with_the_expected_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path)]) == 2
    assert RECORDING in capsys.readouterr().err


def test_missing_recordings_are_reported_and_the_page_is_unchanged(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = data / "page.md"
    page.write_text("as it was")
    assert main(["--data", str(data), "--page", str(page)]) == 0
    output = capsys.readouterr().out
    assert "Occupancy_Estimation_x.csv: 240 rows, 0 left out" in output
    assert "both PIRs" in output
    for name in RECORDINGS:
        assert (f"left out: {name}: {data / name} does not exist" in output) is (name != RECORDING)
    assert page.read_text() == "as it was"


def test_empty_folder_of_a_recording_is_reported(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / RECORDING / "Occupancy_Estimation_x.csv").unlink()
    page = data / "page.md"
    assert main(["--data", str(data), "--only", RECORDING, "--page", str(page)]) == 0
    assert f"left out: {RECORDING}: {data / RECORDING}: no good row" in capsys.readouterr().out
    assert not page.exists()


def test_missed_goal_fails_only_with_check(data: Path) -> None:
    """A person who never moves cannot be detected, so the space is shown free."""
    text = write_room_rows().replace(",1,1,1", ",0,0,1")
    (data / RECORDING / "Occupancy_Estimation_x.csv").write_text(text)
    options = ["--data", str(data), "--only", RECORDING, "--page", str(data / "page.md")]
    assert main(options) == 0
    assert main([*options, "--check"]) == 1


def test_every_recording_has_a_source_and_a_licence() -> None:
    assert set(MEASURED) == set(SOURCES)
    for source in (SOURCES[name] for name in RECORDINGS):
        assert "UCI" in source.text or "doi.org" in source.text or "github.com" in source.text
        assert "CC BY 4.0" in source.text or "licence" in source.text
