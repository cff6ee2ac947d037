"""A mapping and a CSV file are read as a recording, or all faults are reported together."""

import dataclasses
import gzip
import re
import tomllib
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from ledig.replay.recorded_data import RecordedSensor, RecordedSpace, Recording, SensorChange, derive_changes
from ledig.replay.recording import RecordingRejected, read_recording
from tests.support.servers import ROOT

MAPPING = """
file = "rows.csv"
time = ["Date", "Time"]
format = "%Y/%m/%d %H:%M:%S"
time_zone = "Europe/Stockholm"

[[space]]
id = "room"
kind = "room"
truth = "People"

[[sensor]]
id = "pir"
kind = "pir"
space = "room"
column = "PIR"
pulse_ms = 40000

[[sensor]]
id = "air"
kind = "air"
co2_column = "CO2"
"""
HEADER = "Date,Time,PIR,CO2,People\n"
ROWS = (
    HEADER
    + "2026/01/05,09:00:00,0,400,0\n"
    + "2026/01/05,09:00:30,1,401.5,1\n"
    + "2026/01/05,09:01:00,1,402,1\n"
    + "2026/01/05,09:02:00,0,403,1\n"
    + "2026/01/05,19:00:00,0,404,0\n"
)


def recording(folder: Path, *, mapping: str = MAPPING, rows: str = ROWS) -> Recording:
    (folder / "rows.csv").write_text(rows)
    (folder / "mapping.toml").write_text(mapping)
    return read_recording(folder / "mapping.toml")


def faults(folder: Path, *, mapping: str = MAPPING, rows: str = ROWS) -> tuple[str, ...]:
    with pytest.raises(RecordingRejected) as caught:
        recording(folder, mapping=mapping, rows=rows)
    return caught.value.faults


def utc_ms(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc]


def test_rows_are_read_in_local_time_and_split_at_a_break(tmp_path: Path) -> None:
    played = recording(tmp_path)
    assert [len(span) for span in played.spans] == [4, 1]
    assert played.spans[0][0].at_ms == utc_ms(2026, 1, 5, 8)
    assert played.spans[0][1].values == {"People": 1, "PIR": 1, "CO2": 401.5}
    assert played.step_ms == 30_000


def test_gzip_file_given_separately_is_read_the_same(tmp_path: Path) -> None:
    expected = recording(tmp_path)
    other = tmp_path / "elsewhere.csv.gz"
    other.write_bytes(gzip.compress(ROWS.encode()))
    (tmp_path / "rows.csv").unlink()
    assert read_recording(tmp_path / "mapping.toml", other) == expected


def test_touching_pulses_are_joined(tmp_path: Path) -> None:
    played = recording(tmp_path)
    start = played.spans[0][0].at_ms
    motion = [change for change in derive_changes(played.spans[0], played.sensors) if change.sensor == "pir"]
    assert motion == [
        SensorChange(start + 30_000, "pir", "column", 1),
        SensorChange(start + 100_000, "pir", "column", 0),
    ]


def test_column_without_pulse_is_the_level(tmp_path: Path) -> None:
    played = recording(tmp_path, mapping=MAPPING.replace("pulse_ms = 40000", ""))
    levels = [change.value for change in derive_changes(played.spans[0], played.sensors) if change.sensor == "pir"]
    assert levels == [0, 1, 1, 0]


def test_amplifier_output_in_volts_is_converted_to_decibels(tmp_path: Path) -> None:
    sound = 'kind = "sound"\nvolts = true'
    mapping = MAPPING.replace('kind = "pir"', sound).replace("pulse_ms = 40000", "")
    played = recording(tmp_path, mapping=mapping, rows=ROWS.replace(",1,401.5,", ",10,401.5,"))
    levels = [change.value for change in derive_changes(played.spans[0], played.sensors) if change.sensor == "pir"]
    assert levels == pytest.approx([-60, 20, 0, -60]), "0 V is treated as the noise of the amplifier"


def test_changes_are_in_order_of_time(tmp_path: Path) -> None:
    played = recording(tmp_path, mapping=MAPPING.replace("40000", "20000"))
    moments = [change.at_ms for change in derive_changes(played.spans[0], played.sensors)]
    assert moments == sorted(moments)


def test_repeated_hour_at_the_end_of_summer_time_is_continuous(tmp_path: Path) -> None:
    rows = HEADER + "".join(f"2026/10/25,{time}:00,0,400,0\n" for time in ("02:20", "02:50", "02:20", "02:50", "03:20"))
    played = recording(tmp_path, rows=rows, mapping=MAPPING.replace("[[space]]", "break_after_s = 3600\n[[space]]", 1))
    moments = [row.at_ms for row in played.spans[0]]
    assert {later - row for row, later in pairwise(moments)} == {1_800_000}


def test_broken_row_is_reported_and_changes_nothing_else(tmp_path: Path) -> None:
    expected = recording(tmp_path)
    lines = ROWS.splitlines(keepends=True)
    played = recording(tmp_path, rows="".join([*lines[:3], "2026/01/05,09:00:40,2,400,0\n", *lines[3:]]))
    assert (played.spans, played.step_ms) == (expected.spans, expected.step_ms)
    assert played.rows_left_out == 1
    (named,) = played.named_faults
    assert named.endswith("rows.csv, row 4: column 'PIR' is '2'; it must be 0, 1, on or off")


def test_only_selected_rows_are_read(tmp_path: Path) -> None:
    mapping = MAPPING.replace("[[space]]", 'only = { Room = "5" }\n\n[[space]]', 1)
    first, *others = ROWS.splitlines()
    rows = "\n".join([f"{first},Room", *(f"{row},5\nsoon,later,7,x,none,6" for row in others)])
    played = recording(tmp_path, mapping=mapping, rows=rows)
    assert (played.spans, played.rows_left_out) == (recording(tmp_path).spans, 0)


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        ("", "column 'Date' is not in the header"),
        (HEADER, "no rows below the header"),
        (ROWS.replace("CO2", "Co2"), "column 'CO2' is not in the header"),
        (ROWS.replace("CO2", "PIR"), "column 'PIR' is 2 times"),
    ],
)
def test_file_without_required_columns_is_rejected(tmp_path: Path, rows: str, finding: str) -> None:
    assert finding in "\n".join(faults(tmp_path, rows=rows))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x1f\x8b broken"])
def test_binary_file_is_rejected(tmp_path: Path, content: bytes) -> None:
    recording(tmp_path)
    for name in ("rows.csv", "rows.csv.gz"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RecordingRejected, match=r"give a CSV file in UTF-8, plain or compressed by gzip"):
            read_recording(tmp_path / "mapping.toml", tmp_path / name)


def test_missing_files_are_reported(tmp_path: Path) -> None:
    with pytest.raises(RecordingRejected, match="No such file"):
        read_recording(tmp_path / "mapping.toml")
    recording(tmp_path)
    with pytest.raises(RecordingRejected, match=r"none\.csv: No such file"):
        read_recording(tmp_path / "mapping.toml", tmp_path / "none.csv")


def test_kind_that_a_recording_cannot_drive_is_rejected_with_those_that_it_can(tmp_path: Path) -> None:
    (finding,) = faults(
        tmp_path, mapping=MAPPING.replace('kind = "pir"', 'kind = "beam_pair"').replace("pulse_ms = 2500\n", "")
    )
    assert "kind beam_pair cannot be driven by a recording; give one of: air, contact, light, people, pir" in finding


def test_all_faults_of_a_mapping_are_reported_together(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        mapping=MAPPING.replace('format = "%Y/%m/%d %H:%M:%S"', 'colour = "red"')
        .replace('kind = "pir"', 'kind = "sonar"')
        .replace('kind = "room"', 'kind = "hall"')
        .replace('co2_column = "CO2"', ""),
    )
    text = "\n".join(found)
    for finding in (
        "format is missing",
        'no setting "colour"',
        'space "room": kind is "hall"; it must be one of: desk, booth, room, equipment',
        'sensor "pir": kind is "sonar"; it must be one of: pir, contact, pressure, distance, beam_pair, presence,',
        'sensor "air": co2_column is missing',
    ):
        assert finding in text
    assert all(str(tmp_path / "mapping.toml") in fault for fault in found)


@pytest.mark.parametrize(
    ("right", "wrong", "finding"),
    [
        ("Europe/Stockholm", "Europe/Nowhere", 'no time zone "Europe/Nowhere"'),
        ("Europe/Stockholm", "Europe", 'no time zone "Europe"'),
        ('space = "room"', 'space = "attic"', 'sensor "pir": no space "attic"; known spaces: room'),
        ("pulse_ms = 40000", "pulse_ms = 5", "between 100 and 600000, got 5"),
        ("pulse_ms = 40000", "volts = true", "volts does not apply to a sensor of kind pir"),
        ('id = "air"', 'id = "pir"', 'sensor "pir": is given twice'),
        ('id = "air"', 'id = "Air 1"', 'id "Air 1" is not allowed'),
        ('co2_column = "CO2"', 'co2_column = "CO2"\nspace = "room"', "space does not apply to a sensor of kind air"),
        ('file = "rows.csv"', "", "file is missing"),
        ('time = ["Date", "Time"]', "time = []", "time is empty"),
        ('file = "rows.csv"', 'file = "rows.csv"\ndelimiter = ";;"', "delimiter must be one character"),
    ],
)
def test_fault_of_a_mapping_is_reported_with_its_remedy(tmp_path: Path, right: str, wrong: str, finding: str) -> None:
    assert right in MAPPING
    assert finding in "\n".join(faults(tmp_path, mapping=MAPPING.replace(right, wrong)))


def test_mapping_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert recording(tmp_path, mapping="\ufeff" + MAPPING) == recording(tmp_path)


@pytest.mark.parametrize("text", ["file = ", 'file = "rows.csv"\n[[space]]\n', "file = " + "[" * 5000])
def test_truncated_mapping_is_rejected(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, mapping=text)


EVENTS = """
file = "rows.csv"
time = ["last_changed"]
format = "iso"
time_zone = "Europe/Stockholm"
break_after_s = 86400

[[space]]
id = "desk-1"
kind = "desk"

[[space]]
id = "booth-1"
kind = "booth"

[[sensor]]
id = "desk-pir"
kind = "pir"
space = "desk-1"
column = "state"
only = { entity_id = "binary_sensor.desk_1" }

[[sensor]]
id = "booth-door"
kind = "contact"
space = "booth-1"
column = "state"
only = { entity_id = "binary_sensor.booth_door" }
"""
HOME_ASSISTANT = """entity_id,state,last_changed
binary_sensor.desk_1,unavailable,2026-01-05T08:00:00.000Z
binary_sensor.desk_1,off,2026-01-05T08:00:30.000Z
binary_sensor.desk_1,on,2026-01-05T08:05:00.000Z
binary_sensor.desk_1,unavailable,2026-01-05T08:06:00.000Z
binary_sensor.desk_1,off,2026-01-05T08:07:00.000Z
binary_sensor.booth_door,closed,2026-01-05T08:00:00.000Z
binary_sensor.booth_door,open,2026-01-05T08:05:00.000Z
binary_sensor.kitchen,on,2026-01-05T08:05:30.000Z
"""


def list_changes(played: Recording) -> list[tuple[int, str, float]]:
    """Return the changes: seconds since 08:00 UTC, sensor, value."""
    begin_ms = utc_ms(2026, 1, 5, 8)
    return [
        ((each.at_ms - begin_ms) // 1000, each.sensor, each.value)
        for span in played.spans
        for each in derive_changes(span, played.sensors)
    ]


def test_file_with_one_row_per_change_is_read(tmp_path: Path) -> None:
    played = recording(tmp_path, mapping=EVENTS, rows=HOME_ASSISTANT)
    assert list_changes(played) == [
        (0, "booth-door", 0),
        (30, "desk-pir", 0),
        (300, "desk-pir", 1),
        (300, "booth-door", 1),
        (420, "desk-pir", 0),
    ]
    assert played.rows_left_out == 0


@pytest.mark.parametrize(
    ("rows", "mapping"),
    [
        (ROWS.replace(",", ";").replace("401.5", "401,5"), MAPPING),
        (ROWS.replace(",", "\t").replace("401.5", "401,5"), MAPPING),
        (HEADER + "".join(sorted(ROWS.splitlines(keepends=True)[1:], reverse=True)), MAPPING),
        (ROWS.replace(",0,4", ",off,4").replace(",1,4", ",On,4"), MAPPING),
        (ROWS.replace(",0,4", ",False,4").replace(",1,4", ",true,4"), MAPPING),
        (
            ROWS.replace("2026/01/05", "05.01.2026"),
            MAPPING.replace("%Y/%m/%d", "%d.%m.%Y"),
        ),
        (
            ROWS.replace("2026/01/05,", "2026-01-05T").replace("Date,Time", "When"),
            MAPPING.replace('["Date", "Time"]', '["When"]').replace("%Y/%m/%d %H:%M:%S", "iso"),
        ),
        (
            (
                "When,PIR,CO2,People\n1767600000,0,400,0\n1767600030,1,401.5,1\n1767600060,1,402,1\n"
                "1767600120,0,403,1\n1767636000,0,404,0\n"
            ),
            MAPPING.replace('["Date", "Time"]', '["When"]').replace("%Y/%m/%d %H:%M:%S", "unix"),
        ),
        (
            (
                "People, When, CO2, PIR\n0,1767600000000,400,0\n1,1767600030000,401.5,1\n1,1767600060000,402,1\n"
                "1,1767600120000,403,0\n0,1767636000000,404,0\n"
            ),
            MAPPING.replace('["Date", "Time"]', '["When"]').replace("%Y/%m/%d %H:%M:%S", "unix_ms"),
        ),
    ],
    ids=["semicolon", "tab", "newest-first", "on-off", "true-false", "day-first", "iso", "unix", "unix-ms"],
)
def test_equivalent_file_formats_give_the_same_recording(tmp_path: Path, rows: str, mapping: str) -> None:
    expected = recording(tmp_path)
    played = recording(tmp_path, mapping=mapping, rows=rows)
    assert (played.spans, played.rows_left_out) == (expected.spans, 0)


@pytest.mark.parametrize("text_for_missing", ["unavailable", "unknown", "", "None", "NaN"])
def test_sensor_without_a_value_keeps_its_last_one(tmp_path: Path, text_for_missing: str) -> None:
    rows = ROWS.replace("1,402,1", f"{text_for_missing},402,1").replace("0,403,1", f"0,{text_for_missing},1")
    played = recording(tmp_path, mapping=MAPPING.replace("pulse_ms = 40000", ""), rows=rows)
    assert played.rows_left_out == 0
    assert [value for _, sensor, value in list_changes(played) if sensor == "pir"] == [0, 1, 0, 0]
    assert [value for _, sensor, value in list_changes(played) if sensor == "air"] == [400, 401.5, 402, 404]


def test_sensor_without_any_value_is_rejected(tmp_path: Path) -> None:
    rows = ROWS.replace(",0,4", ",unavailable,4").replace(",1,4", ",unavailable,4")
    (fault,) = faults(tmp_path, rows=rows)
    assert fault.endswith('rows.csv: no row has a value for sensor "pir"; see its column and only')


def test_sensor_without_rows_is_reported(tmp_path: Path) -> None:
    found = faults(tmp_path, mapping=EVENTS.replace("booth_door", "booth_dor"), rows=HOME_ASSISTANT)
    assert len(found) == 1
    assert "no rows with entity_id = binary_sensor.booth_dor; there is nothing to play" in found[0]


def test_text_is_rejected_as_a_measured_value(tmp_path: Path) -> None:
    played = recording(tmp_path, rows=ROWS.replace("401.5", "on"))
    assert played.rows_left_out == 1
    assert "column 'CO2' is 'on'; it must be a number" in played.named_faults[0]


def test_documented_mapping_is_valid_and_has_every_key(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "operation.md").read_text()
    (mapping,) = re.findall(r"All keys of a mapping:\n\n```\n(.+?)```", text, re.DOTALL)
    assert all("room.csv.gz" in fault for fault in faults(tmp_path, mapping=mapping)), "only the data is missing"
    table = tomllib.loads(mapping)
    keys = set(table).union(*table["space"], *table["sensor"])
    kinds = (RecordedSpace, RecordedSensor)
    assert keys >= {field.name for kind in kinds for field in dataclasses.fields(kind)}
