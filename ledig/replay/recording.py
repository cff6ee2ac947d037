"""Read a recording: sensor data as CSV, and a small TOML file that maps its columns to sensors.

In:    the path of the mapping, and optionally of the data.
Out:   a `Recording`: spaces, sensors and rows in order of time, split into spans; or every fault at once.
Never: servers, clocks, pins.

docs/operation.md lists the keys of a mapping. The rows of a file may be sorted oldest or newest first. A sensor without
a value in any row is a fault.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge.contract.message import EventKind
from edge.contract.settings_rejected import SettingsRejected
from edge.timekeeping.durations import DAY_S, MINUTE_MS
from ledig.replay.recorded_data import RecordedSensor, RecordedSpace, Recording
from ledig.replay.recorded_rows import (
    MAX_NAMED_FAULTS,
    RecordedColumn,
    RecordedRow,
    RecordedRows,
    RowLayout,
    RowsRejected,
    TimeColumns,
    read_rows,
)
from ledig.site.table_reader import Faults, Table, TableReader, describe_unknown
from ledig.site.toml_text import parse_toml

_T = TypeVar("_T")


class RecordingRejected(ValueError):
    """A recording cannot be played. Each fault names place, finding and remedy."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class _RowsFile:
    """The description of the rows' file in the mapping."""

    time: tuple[str, ...]
    format: str
    time_zone: str
    file: Path | None = None
    delimiter: str = ""
    row_names: bool = False
    only: dict[str, str] = field(default_factory=dict)
    break_after_s: int = 600

    def __post_init__(self) -> None:
        if not self.time:
            raise SettingsRejected(("time", 'is empty; give the columns that contain it: time = ["Date", "Time"]'))
        if len(self.delimiter) > 1:
            raise SettingsRejected(("delimiter", f"must be one character, got {self.delimiter!r}"))
        if not 1 <= self.break_after_s <= DAY_S:
            raise SettingsRejected(("break_after_s", f"must lie between 1 and {DAY_S}, got {self.break_after_s}"))
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, OSError, ZoneInfoNotFoundError) as fault:  # OSError: a folder of the zone database
            raise SettingsRejected(
                ("", f'no time zone "{self.time_zone}"; give one such as "Europe/Stockholm"')
            ) from fault


def read_recording(path: Path, data: Path | None = None) -> Recording:
    """Read a mapping and its rows.

    Args:
        path: the mapping, TOML.
        data: the CSV file, instead of the one that the mapping names.

    Raises:
        RecordingRejected: every fault of the mapping, or else every fault of the rows.
    """
    try:
        document = parse_toml(path.read_text(encoding="utf-8-sig"))
    except OSError as fault:
        raise RecordingRejected((f"{path}: {fault.strerror}; give the mapping of a recording",)) from fault
    except ValueError as fault:  # invalid UTF-8 or invalid TOML
        raise RecordingRejected((f"{path}: {fault}; a mapping is a TOML file",)) from fault
    faults = Faults(str(path))
    reader = TableReader(faults, path.parent)
    table = reader.build_value(_RowsFile, document, "", beside={"space", "sensor"})
    spaces = _build_all(reader, document, "space", RecordedSpace)
    sensors = _build_all(reader, document, "sensor", RecordedSensor)
    known = {space.id for space in spaces}
    for sensor in sensors:
        if sensor.space and sensor.space not in known:
            faults.add(f'sensor "{sensor.id}"', describe_unknown("space", sensor.space, known))
    file = data or (table.file if table else None)
    if file is None and table is not None:
        faults.add("", "file is missing; name the CSV file there, or give it with --data")
    if table is None or file is None or faults:
        raise RecordingRejected(faults.list_faults())
    found = _read_all_rows(file, table, spaces, sensors)
    break_ms = table.break_after_s * 1000
    return Recording(
        time_zone=ZoneInfo(table.time_zone),
        spaces=spaces,
        sensors=sensors,
        spans=tuple(_split_spans(found.rows, break_ms)),
        step_ms=_step_ms(found.rows, break_ms),
        rows_left_out=found.rows_left_out,
        named_faults=found.named_faults,
    )


def _read_all_rows(
    file: Path, table: _RowsFile, spaces: tuple[RecordedSpace, ...], sensors: tuple[RecordedSensor, ...]
) -> RecordedRows:
    """Read every row that drives a sensor or has the truth of a space; rows with the same time are merged.

    Raises:
        RecordingRejected: every fault of the rows, and every sensor that has no value in any row.
    """
    groups: dict[tuple[tuple[str, str], ...], list[RecordedSensor]] = {}
    for sensor in sensors:
        groups.setdefault(tuple(sorted(sensor.only.items())), []).append(sensor)
    if any(space.truth for space in spaces):
        groups.setdefault((), [])
    read: list[RecordedRows] = []
    faults: list[str] = []
    for only, members in groups.items():
        layout = RowLayout(
            times=TimeColumns(table.time, table.format, ZoneInfo(table.time_zone)),
            columns=_columns(() if only else spaces, members),
            only={**table.only, **dict(only)},
            delimiter=table.delimiter,
            row_names=table.row_names,
        )
        try:
            read.append(_rename_values(read_rows(file, layout), members) if only else read_rows(file, layout))
        except RowsRejected as fault:
            faults += fault.faults
    merged = read[0] if len(read) == 1 else _merge(read)
    if not faults:
        silent = [sensor for sensor in sensors if not _has_value(sensor, merged.rows)]
        faults += [f'{file}: no row has a value for sensor "{sensor.id}"; see its column and only' for sensor in silent]
    if faults:
        raise RecordingRejected(tuple(dict.fromkeys(faults)))
    return merged


def _has_value(sensor: RecordedSensor, rows: tuple[RecordedRow, ...]) -> bool:
    return any(name in row.values for row in rows for name in sensor.value_names.values())


def _rename_values(found: RecordedRows, sensors: Sequence[RecordedSensor]) -> RecordedRows:
    """Rename the values in rows of sensors that have their own rows."""
    names = [(sensor.columns[key], name) for sensor in sensors for key, name in sensor.value_names.items()]
    rows = (
        replace(row, values={name: row.values[column] for column, name in names if column in row.values})
        for row in found.rows
    )
    return replace(found, rows=tuple(rows))


def _merge(read: Sequence[RecordedRows]) -> RecordedRows:
    """Merge the rows of several passes over one file in order of time; rows with the same time become one."""
    by_time: dict[int, dict[str, float]] = {}
    for row in sorted((row for found in read for row in found.rows), key=attrgetter("at_ms")):
        by_time.setdefault(row.at_ms, {}).update(row.values)
    named = dict.fromkeys(text for found in read for text in found.named_faults)
    rows = tuple(RecordedRow(at_ms, values) for at_ms, values in by_time.items())
    return RecordedRows(rows, max((found.rows_left_out for found in read), default=0), tuple(named)[:MAX_NAMED_FAULTS])


def _build_all(reader: TableReader, document: Table, key: str, kind: type[_T]) -> tuple[_T, ...]:
    """Build every `[[key]]`; there must be at least one, and no id twice."""
    tables = reader.get_tables(document, key)
    if not tables:
        reader.faults.add("", f"no [[{key}]]; a recording needs at least one")
    names = [str(table.get("id", number)) for number, table in enumerate(tables, start=1)]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        reader.faults.add(f'{key} "{twice}"', "is given twice; give each its own id")
    built = (reader.build_value(kind, table, f'{key} "{name}"') for table, name in zip(tables, names, strict=True))
    return tuple(each for each in built if each is not None)


def _split_spans(rows: tuple[RecordedRow, ...], break_ms: int) -> Iterator[tuple[RecordedRow, ...]]:
    """Split the rows where two are further apart than `break_ms`."""
    start = 0
    for place in range(1, len(rows) + 1):
        if place == len(rows) or rows[place].at_ms - rows[place - 1].at_ms > break_ms:
            yield rows[start:place]
            start = place


def _step_ms(rows: tuple[RecordedRow, ...], break_ms: int) -> int:
    steps = [later.at_ms - row.at_ms for row, later in pairwise(rows)]
    return int(median([step for step in steps if step <= break_ms] or [MINUTE_MS]))


def _columns(spaces: Sequence[RecordedSpace], sensors: Sequence[RecordedSensor]) -> tuple[RecordedColumn, ...]:
    truths = (
        RecordedColumn(space.truth, 0, EventKind.PEOPLE.high, whole=True, optional=True)
        for space in spaces
        if space.truth
    )
    return (*truths, *(column for sensor in sensors for column in sensor.required_columns()))
