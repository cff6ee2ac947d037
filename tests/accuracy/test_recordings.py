"""A recording is read from all its files; broken rows are reported, left out and counted."""

import gzip
import logging
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bench.accuracy import room_estimation
from bench.accuracy.harness import measure_recording
from bench.accuracy.recordings import read_all
from ledig.replay.recorded_rows import RecordedColumn, RowLayout, RowsRejected, TimeColumns
from tests.support.accuracy.room_rows import write_room_rows

LAYOUT = RowLayout(
    times=TimeColumns(("time",), "%Y-%m-%d %H:%M", ZoneInfo("UTC")),
    columns=(RecordedColumn("people", 0, 100, whole=True),),
)
HEADER = "time,people\n"


def messages(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == level]


@pytest.fixture(autouse=True)
def _log_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bench.accuracy.recordings")


def test_files_are_merged_in_order_of_time_whatever_their_names(tmp_path: Path) -> None:
    (tmp_path / "part_a.csv").write_text(HEADER + "2026-01-02 10:00,3\n")
    with gzip.open(tmp_path / "part_b.csv.gz", "wt") as file:
        file.write(HEADER + "2026-01-01 10:00,1\n2026-01-03 10:00,2\n")
    (tmp_path / "SOURCE.md").write_text("not a part")
    assert [row.values["people"] for row in read_all(tmp_path, "part_*.csv*", LAYOUT)] == [1, 3, 2]


def test_row_in_two_files_is_read_once_and_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "part_a.csv").write_text(HEADER + "2026-01-01 10:00,1\n")
    (tmp_path / "part_b.csv").write_text(HEADER + "2026-01-01 10:00,9\n2026-01-01 11:00,2\n")
    assert [row.values["people"] for row in read_all(tmp_path, "part_*", LAYOUT)] == [1, 2]
    (named,) = messages(caplog, logging.WARNING)
    assert "part_b.csv" in named
    assert messages(caplog, logging.INFO) == ["part_a.csv: 1 rows, 0 left out", "part_b.csv: 1 rows, 1 left out"]


def test_file_that_is_no_table_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "part_a.csv").write_text(HEADER + "2026-01-01 10:00,1\n")
    (tmp_path / "part_b.csv").write_bytes(bytes(range(256)))
    assert len(read_all(tmp_path, "part_*", LAYOUT)) == 1
    assert "part_b.csv" in "\n".join(messages(caplog, logging.WARNING))


def test_folder_without_files_is_rejected_with_the_pattern(tmp_path: Path) -> None:
    with pytest.raises(RowsRejected, match=r"no good row in any file part_\*"):
        read_all(tmp_path, "part_*", LAYOUT)


@pytest.mark.parametrize(
    "broken",
    [
        "2026/01/05,08:50:10,5,5,5,5,0.1,0.1,0.1,0.1,500,1,1",
        "2026/01/05,08:50:10,5,5,5,5,0.1,0.1,0.1,0.1,500,1,1,somebody",
        "2026/01/05,08:50:10,5,5,5,5,0.1,0.1,0.1,0.1,500,2,1,1",
        "2026/01/05,08:50:10,5,5,5,5,90,0.1,0.1,0.1,500,1,1,1",
        "2026/01/05,08:50:00,5,5,5,5,0.1,0.1,0.1,0.1,500,1,1,1",
        "2031/01/05,08:50:10,5,5,5,5,0.1,0.1,0.1,0.1,500,1,1,1",
        "tomorrow",
    ],
    ids=["a cell short", "no number", "no such motion", "wrong unit", "a stamp twice", "far ahead", "no row"],
)
def test_broken_row_is_reported_and_changes_nothing_else(tmp_path: Path, broken: str) -> None:
    found = []
    for name, text in (("whole", write_room_rows()), ("torn", write_room_rows(broken=broken))):
        folder = tmp_path / name / room_estimation.RECORDING
        folder.mkdir(parents=True)
        (folder / "Occupancy_Estimation_x.csv").write_text(text)
        found.append(measure_recording(folder))
    whole, torn = found
    assert torn.lines == whole.lines
    assert whole.lines
    assert (len(whole.rows_left_out), len(torn.rows_left_out)) == (0, 1)
    assert "row 103" in torn.rows_left_out[0]
    assert torn.files == ("Occupancy_Estimation_x.csv: 240 rows, 1 left out",)
