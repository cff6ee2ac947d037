"""A broken row in every file of a recording is reported, left out, and changes no figure."""

import gzip
import shutil
from pathlib import Path

import pytest

from bench.accuracy.harness import RECORDINGS, RecordingResult, measure_recording

ROWS = {"parking-birmingham": 4000, "room-occupancy-estimation": 1500, "sdu-ou44-rooms": 1500}
"""Number of rows read per file, for speed: four whole car parks, half a day of a room. Default: all rows."""


@pytest.fixture(scope="module", params=RECORDINGS)
def recording(request: pytest.FixtureRequest, shared_data: Path) -> Path:
    return shared_data / "data" / request.param


def break_row(line: str) -> str:
    """Return the row without its last cell."""
    return f"{line.rstrip().rpartition(',')[0]}\n"


def copy_recording(recording: Path, to: Path, *, broken: bool) -> None:
    """Copy a recording with shortened tables, optionally with a broken row in each."""
    to.mkdir(parents=True)
    for path in sorted(recording.iterdir()):
        if not path.name.endswith((".csv.gz", ".txt.gz", "dev.csv")):
            shutil.copy(path, to)
            continue
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
            lines = [line if line.endswith("\n") else f"{line}\n" for line in file]
        lines = lines[: ROWS.get(recording.name)]
        if broken:
            lines.insert(3, break_row(lines[2]))
        with gzip.open(to / path.name, "wt") if path.suffix == ".gz" else (to / path.name).open("w") as file:
            file.writelines(lines)


def count_left_out(found: RecordingResult) -> int:
    return sum(int(text.split(", ")[-1].split()[0]) for text in found.files)


def test_broken_row_in_each_file_changes_no_figure(recording: Path, tmp_path: Path) -> None:
    copy_recording(recording, tmp_path / "whole" / recording.name, broken=False)
    copy_recording(recording, tmp_path / "break_row" / recording.name, broken=True)
    whole = measure_recording(tmp_path / "whole" / recording.name)
    found = measure_recording(tmp_path / "break_row" / recording.name)
    assert found.lines == whole.lines
    assert whole.lines
    assert count_left_out(found) == count_left_out(whole) + len(found.files), "one more row is left out of each file"
    assert "row 4: " in "\n".join(found.rows_left_out)
