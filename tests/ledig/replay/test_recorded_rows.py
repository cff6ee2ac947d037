"""Rows are read in the order of the file; broken rows are reported, left out, and change nothing else."""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledig.replay.recorded_rows import (
    ISO_FORMAT,
    RecordedColumn,
    RecordedRow,
    RecordedRows,
    RowLayout,
    RowsRejected,
    TimeColumns,
    read_rows,
)

STOCKHOLM = ZoneInfo("Europe/Stockholm")
LAYOUT = RowLayout(
    times=TimeColumns(("Date", "Time"), "%Y/%m/%d %H:%M:%S", STOCKHOLM),
    columns=(RecordedColumn("PIR", 0, 1, whole=True), RecordedColumn("CO2", 0, 100_000)),
)
HEADER = "Date,Time,PIR,CO2\n"
GOOD = [f"2026/01/05,09:{minute:02}:00,{minute % 2},{400 + minute}\n" for minute in range(10)]
BROKEN = [
    ("2026/01/05,09:00:30,2,400\n", "column 'PIR' is '2'; it must be 0, 1, on or off"),
    ("2026/01/05,09:00:30,0.5,400\n", "column 'PIR' is '0.5'; it must be 0, 1, on or off"),
    ("2026/01/05,09:00:30,,400\n", "column 'PIR' is ''; it must be 0, 1, on or off"),
    ("2026/01/05,09:00:30,0,nan\n", "column 'CO2' is 'nan'; it must be a number from 0 to 100000"),
    ("2026/01/05,09:00:30,0,inf\n", "column 'CO2' is 'inf'; it must be a number from 0 to 100000"),
    ("2026/01/05,09:00:30,0,400 ppm\n", "column 'CO2' is '400 ppm'; it must be a number from 0 to 100000"),
    ("2026/01/05,09:00:30,0,4_00\n", "column 'CO2' is '4_00'; it must be a number from 0 to 100000"),
    ("2026/01/05,09:00:30,0,-400\n", "column 'CO2' is '-400'; it must be a number from 0 to 100000"),
    ("2026/01/05,09:00:30,0\n", "3 cells; the header has 4"),
    ("2026/01/05,09:00:30,0,400,1\n", "5 cells; the header has 4"),
    ("2026-01-05,09:00:30,0,400\n", "the time is '2026-01-05 09:00:30'; it must look like '%Y/%m/%d %H:%M:%S'"),
    (
        "2026/03/29,02:30:00,0,400\n",
        "'2026/03/29 02:30:00' does not exist in Europe/Stockholm: summer time starts then",
    ),
    ("1969/01/05,09:00:30,0,400\n", "the time is '1969/01/05 09:00:30'; it must lie from 1970 to 2100"),
    ("2101/01/05,09:00:30,0,400\n", "the time is '2101/01/05 09:00:30'; it must lie from 1970 to 2100"),
    ('2026/01/05,09:00:30,0,"400\n', "a quote is not closed"),
    ("2026/01/05,09:00:30,0,4\ufffd0\n", "it contains bytes that are not UTF-8"),
    ("\n", ""),
]


def rows_of(folder: Path, text: str, layout: RowLayout = LAYOUT) -> RecordedRows:
    (folder / "rows.csv").write_text(text, encoding="utf-8")
    return read_rows(folder / "rows.csv", layout)


@pytest.mark.parametrize(("broken", "finding"), BROKEN)
@pytest.mark.parametrize("place", [0, 4, 10])
def test_broken_row_is_reported_and_does_not_affect_the_others(
    tmp_path: Path, broken: str, finding: str, place: int
) -> None:
    expected = rows_of(tmp_path, HEADER + "".join(GOOD))
    found = rows_of(tmp_path, HEADER + "".join([*GOOD[:place], broken, *GOOD[place:]]))
    assert found.rows == expected.rows
    assert found.rows_left_out == bool(finding)
    assert all(f"rows.csv, row {place + 2}: {finding}" in named for named in found.named_faults)


@pytest.mark.parametrize(
    ("place", "stamp", "finding"),
    [
        (4, "2026/01/05,09:03:00", "row 6: '2026/01/05 09:03:00' is the same time as row 5, '2026/01/05 09:03:00'"),
        (4, "2026/01/05,08:00:00", "row 6: '2026/01/05 08:00:00' is not after row 5, '2026/01/05 09:03:00'"),
        (4, "2099/01/05,09:00:00", "row 6: '2099/01/05 09:00:00' is not before row 7, '2026/01/05 09:04:00'"),
        (0, "2026/01/05,09:05:00", "row 2: '2026/01/05 09:05:00' is not before row 3, '2026/01/05 09:00:00'"),
        (10, "2026/01/05,09:05:00", "row 12: '2026/01/05 09:05:00' is not after row 11, '2026/01/05 09:09:00'"),
    ],
)
def test_time_out_of_order_costs_only_its_own_row(tmp_path: Path, place: int, stamp: str, finding: str) -> None:
    found = rows_of(tmp_path, HEADER + "".join([*GOOD[:place], f"{stamp},1,999\n", *GOOD[place:]]))
    assert found.rows == rows_of(tmp_path, HEADER + "".join(GOOD)).rows
    assert found.rows_left_out == 1
    assert found.named_faults[0].endswith(finding)


@given(
    st.lists(st.tuples(st.integers(0, 10), st.sampled_from([row for row, finding in BROKEN if finding])), max_size=8)
)
def test_broken_rows_anywhere_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, broken: list[tuple[int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    lines = list(GOOD)
    for place, row in sorted(broken, reverse=True):
        lines.insert(place, row)
    found = rows_of(folder, HEADER + "".join(lines))
    assert found.rows == rows_of(folder, HEADER + "".join(GOOD)).rows
    assert found.rows_left_out == len(found.named_faults) == len(broken)


def test_only_the_first_twenty_broken_rows_are_listed(tmp_path: Path) -> None:
    found = rows_of(tmp_path, HEADER + "".join(GOOD) + "2026/01/06,09:00:00,7,x\n" * 100)
    assert (found.rows_left_out, len(found.named_faults)) == (100, 20)
    assert "row 12:" in found.named_faults[0]


def test_row_with_two_faults_is_counted_once(tmp_path: Path) -> None:
    assert rows_of(tmp_path, HEADER + GOOD[0] + "soon,now,7,x\n").rows_left_out == 1


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", "column 'Date' is not in the header"),
        (HEADER, "no rows below the header; there is nothing to play"),
        (HEADER.replace("CO2", "Co2") + GOOD[0], "column 'CO2' is not in the header"),
        (HEADER.replace("CO2", "PIR") + GOOD[0], "column 'PIR' is 2 times in the header"),
        (HEADER + "2026/01/05,09:00:00,7,x\n" * 30, "and 10 more rows"),
        (HEADER + "2026/01/05,09:00:00,7,x\n" * 30, "no valid row"),
    ],
)
def test_file_without_required_content_is_rejected(tmp_path: Path, text: str, finding: str) -> None:
    with pytest.raises(RowsRejected) as caught:
        rows_of(tmp_path, text)
    assert finding in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x1f\x8b broken", gzip.compress(b"Date" * 99, mtime=0)[:-9]])
def test_binary_file_is_rejected(tmp_path: Path, content: bytes) -> None:
    for name in ("rows.csv", "rows.csv.gz"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RowsRejected, match=r"give a CSV file in UTF-8, plain or compressed by gzip"):
            read_rows(tmp_path / name, LAYOUT)


def test_invalid_utf8_costs_only_its_own_row(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(
        (HEADER + GOOD[0]).encode() + b"2026/01/05,09:00:30,0,\xff4\n" + GOOD[1].encode()
    )
    found = read_rows(tmp_path / "rows.csv", LAYOUT)
    assert (len(found.rows), found.rows_left_out) == (2, 1)


def test_time_must_rise_only_within_a_series(tmp_path: Path) -> None:
    layout = RowLayout(
        times=TimeColumns(("at",), ISO_FORMAT, STOCKHOLM),
        columns=(RecordedColumn("n", 0, 9),),
        keys=("room", "by"),
        delimiter=";",
    )
    text = (
        "room;by;at;n\n"
        "5;bms;2026-01-05T10:00:00+01:00;1\n"
        "6;bms;2026-01-05T09:00:00Z;2\n"
        "5;bms;2026-01-05T10:00:00+01:00;3\n"
        "5;eye;2026-01-05T08:30:00.250+00:00;4\n"
        "6;bms;2026-01-05 10:30;5\n"
    )
    found = rows_of(tmp_path, text, layout)
    nine = int(datetime(2026, 1, 5, 9, tzinfo=UTC).timestamp()) * 1000
    half = 30 * 60_000
    assert found.rows == (
        RecordedRow(nine, {"n": 1}, ("5", "bms")),
        RecordedRow(nine, {"n": 2}, ("6", "bms")),
        RecordedRow(nine - half + 250, {"n": 4}, ("5", "eye")),
        RecordedRow(nine + half, {"n": 5}, ("6", "bms")),
    )
    assert found.rows_left_out == 1
    assert "row 4: '2026-01-05T10:00:00+01:00' is the same time as row 2" in found.named_faults[0]


def test_other_rows_are_skipped_and_optional_cells_may_be_empty(tmp_path: Path) -> None:
    layout = RowLayout(
        times=TimeColumns(("at",), ISO_FORMAT, STOCKHOLM),
        columns=(RecordedColumn("n", 0, 9), RecordedColumn("m", 0, 9, optional=True)),
        only={"room": "5"},
    )
    found = rows_of(tmp_path, "room,at,n,m\n5,2026-01-05 10:00,1,\n6,,,x\n5,2026-01-05 10:01,1,2\n", layout)
    assert [row.values for row in found.rows] == [{"n": 1}, {"n": 1, "m": 2}]
    assert found.rows_left_out == 0
    with pytest.raises(RowsRejected, match="no rows with room = 5; there is nothing to play"):
        rows_of(tmp_path, "room,at,n,m\n6,2026-01-05 10:00,1,\n", layout)


def test_table_written_by_r_with_a_time_of_day_is_read(tmp_path: Path) -> None:
    layout = RowLayout(
        times=TimeColumns(("time",), "%H:%M:%S", ZoneInfo("UTC")),
        columns=(RecordedColumn("n", 0, 9),),
        keys=("day",),
        row_names=True,
    )
    found = rows_of(tmp_path, '"day","time","n"\n"1","3","00:00:00",1\n"2","0","00:01:00",2\n', layout)
    assert found.rows == (RecordedRow(0, {"n": 1}, ("3",)), RecordedRow(60_000, {"n": 2}, ("0",)))
