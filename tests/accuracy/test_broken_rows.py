"""Each recording with a broken row in every file: it is named, left out and counted, and no figure changes."""

import gzip
import shutil
from pathlib import Path

import pytest

from bench.accuracy.harness import RECORDINGS, Measured, measure

ROWS = {"parking-birmingham": 4000, "room-occupancy-estimation": 1500, "sdu-ou44-rooms": 1500}
"""Of each file, so that it is quick: four whole car parks, half a day of a room. Of others all."""


@pytest.fixture(scope="module", params=RECORDINGS)
def recording(request: pytest.FixtureRequest, shared_data: Path) -> Path:
    return shared_data / "data" / request.param


def torn(line: str) -> str:
    """The same row without its last cell."""
    return f"{line.rstrip().rpartition(',')[0]}\n"


def copied(recording: Path, to: Path, *, broken: bool) -> None:
    """Copy a recording with its tables shortened, and maybe a broken row in each."""
    to.mkdir(parents=True)
    for path in sorted(recording.iterdir()):
        if not path.name.endswith((".csv.gz", ".txt.gz", "dev.csv")):
            shutil.copy(path, to)
            continue
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
            lines = [line if line.endswith("\n") else f"{line}\n" for line in file]
        lines = lines[: ROWS.get(recording.name)]
        if broken:
            lines.insert(3, torn(lines[2]))
        with gzip.open(to / path.name, "wt") if path.suffix == ".gz" else (to / path.name).open("w") as file:
            file.writelines(lines)


def counted(found: Measured) -> int:
    return sum(int(text.split(", ")[-1].split()[0]) for text in found.files)


def test_a_broken_row_in_each_file_changes_no_figure(recording: Path, tmp_path: Path) -> None:
    copied(recording, tmp_path / "whole" / recording.name, broken=False)
    copied(recording, tmp_path / "torn" / recording.name, broken=True)
    whole = measure(tmp_path / "whole" / recording.name)
    found = measure(tmp_path / "torn" / recording.name)
    assert found.lines == whole.lines
    assert whole.lines
    assert counted(found) == counted(whole) + len(found.files), "one more is left out of each file"
    assert "row 4: " in "\n".join(found.left_out)
