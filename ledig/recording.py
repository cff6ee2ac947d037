"""Reads a recording: recorded sensor data as CSV, and a small TOML file that says which column drives which sensor.

In:    the path of the mapping, and maybe of the data.
Out:   a `Recording`: spaces, sensors and rows in order of time, cut into spans; or every fault at once.
Never: servers, clocks, pins.

    file = "room.csv.gz"                # beside this file; plain or gzip
    time = ["Date", "Time"]             # the columns that say when, joined by a space
    format = "%Y/%m/%d %H:%M:%S"        # as in Python's strptime; or "iso": ISO 8601, with or without its offset
    time_zone = "Europe/Stockholm"
    delimiter = ","                     # this and the next two may be left out
    row_names = false                   # true: the header has no name for the first column, as R writes its tables
    only = { id = "999169" }            # rows with this in the column are the recording; left out: all are

    [[space]]
    id = "room"
    kind = "room"
    truth = "Room_Occupancy_Count"      # may be left out; above 0 means taken

    [[sensor]]
    id = "room-pir"
    kind = "pir"
    space = "room"
    column = "S6_PIR"
    pulse_ms = 2500                     # each row with a 1 is one pulse; left out: the column is the output's level
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from collector.plan import SpaceKind
from edge.message import Kind
from ledig.ids import id_fault
from ledig.reader import Faults, Reader, Table, one_of
from ledig.rows import Column, Layout, Row, RowsRejected, TimeColumns, read_rows


class RecordedKind(StrEnum):
    """What kinds of sensor a recording can drive."""

    PIR = "pir"
    CONTACT = "contact"
    PRESSURE = "pressure"
    POWER = "power"
    AIR = "air"


ON_PINS: Final = frozenset({RecordedKind.PIR, RecordedKind.CONTACT, RecordedKind.PRESSURE})
"""Kinds that are driven by a pin's level; the others are read from files."""
_COLUMN: Final = {
    RecordedKind.PIR: Kind.MOTION,
    RecordedKind.CONTACT: Kind.CONTACT_OPEN,
    RecordedKind.PRESSURE: Kind.PRESSURE,
    RecordedKind.POWER: Kind.POWER_W,
}
"""What `column` holds."""
_AIR_COLUMNS: Final = {
    "co2_column": Kind.CO2_PPM,
    "temperature_column": Kind.TEMPERATURE_C,
    "humidity_column": Kind.HUMIDITY_PCT,
}
"""What the columns of an air sensor hold; only the first is needed."""


_T = TypeVar("_T")


class RecordingRejected(ValueError):
    """A recording cannot be played. Each fault says place, finding and remedy."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSpace:
    """One space; `truth` is the column that counts the people in it, "" if there is none."""

    id: str
    kind: SpaceKind
    truth: str = ""

    def __post_init__(self) -> None:
        if fault := id_fault(self.id):
            raise ValueError(fault)
        if self.kind is SpaceKind.SUPPLY:
            raise ValueError("a supply runs out and is never taken; a recording cannot play it")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSensor:
    """One sensor and the columns that drive it."""

    id: str
    kind: RecordedKind
    space: str = ""
    """What it watches; "" for air, which is the zone's."""
    column: str = ""
    """Of a pin: 0 or 1; of power: watts."""
    co2_column: str = ""
    temperature_column: str = ""
    humidity_column: str = ""
    pulse_ms: int = 0
    """Each row with a 1 is a pulse this long; 0: the column is the output's level itself."""

    def __post_init__(self) -> None:
        if fault := id_fault(self.id):
            raise ValueError(fault)
        air = self.kind is RecordedKind.AIR
        for name in ("space", "column") if not air else ("co2_column",):
            if not getattr(self, name):
                raise ValueError(f"{name} is missing; a sensor of kind {self.kind} needs it")
        for name in ("space", "column", "pulse_ms") if air else _AIR_COLUMNS:
            if getattr(self, name):
                raise ValueError(f"{name} is nothing for a sensor of kind {self.kind}; take it out")
        if self.pulse_ms and (self.kind is not RecordedKind.PIR or not 100 <= self.pulse_ms <= 600_000):
            raise ValueError(f"pulse_ms is for a pir, from 100 to 600000; got {self.pulse_ms}")

    @property
    def columns(self) -> dict[str, str]:
        """The columns in use, by the mapping's key."""
        return {key: name for key in ("column", *_AIR_COLUMNS) if (name := getattr(self, key))}


@dataclass(frozen=True, slots=True, kw_only=True)
class _RowsFile:
    """The rows' file as the mapping tells of it."""

    time: tuple[str, ...]
    format: str
    time_zone: str
    file: Path | None = None
    delimiter: str = ","
    row_names: bool = False
    only: dict[str, str] = field(default_factory=dict)
    break_after_s: int = 600

    def __post_init__(self) -> None:
        if not self.time:
            raise ValueError('time is empty; give the columns that tell it: time = ["Date", "Time"]')
        if len(self.delimiter) != 1:
            raise ValueError(f"delimiter must be one character, got {self.delimiter!r}")
        if not 1 <= self.break_after_s <= 86_400:
            raise ValueError(f"break_after_s must lie between 1 and 86400, got {self.break_after_s}")
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, OSError, ZoneInfoNotFoundError) as fault:  # OSError: a folder of the zone database
            raise ValueError(f'no time zone "{self.time_zone}"; give one such as "Europe/Stockholm"') from fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What happened, row by row; a row holds until the next one of its span, the last one of a span for `step_ms`."""

    time_zone: ZoneInfo
    spaces: tuple[RecordedSpace, ...]
    sensors: tuple[RecordedSensor, ...]
    spans: tuple[tuple[Row, ...], ...]
    """Rows without a break between them; in a break the devices are off."""
    step_ms: int
    """The usual time from one row to the next."""
    left_out: int = 0
    """How many rows were broken."""
    named: tuple[str, ...] = ()
    """The first 20 of them: file, row number, finding."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(map(len, self.spans))


@dataclass(frozen=True, slots=True)
class Change:
    """At `at_ms` the column `name` of a sensor becomes `value`."""

    at_ms: int
    sensor: str
    key: str
    value: float


def changes(span: tuple[Row, ...], sensors: tuple[RecordedSensor, ...]) -> Iterator[Change]:
    """What the sensors of one span feel, oldest first; pulses that meet become one."""
    held_until: dict[str, int] = {}
    for row, following in zip(span, (*span[1:], None), strict=True):
        for sensor in sensors:
            for key, column in sensor.columns.items():
                value = row.values[column]
                if not sensor.pulse_ms:
                    yield Change(row.at_ms, sensor.id, key, value)
                elif value:
                    if sensor.id not in held_until:
                        yield Change(row.at_ms, sensor.id, key, 1)
                    held_until[sensor.id] = row.at_ms + sensor.pulse_ms
        falls = sorted((end, sensor) for sensor, end in held_until.items())
        for end, sensor_id in falls:
            if following is None or end < following.at_ms:
                del held_until[sensor_id]
                yield Change(end, sensor_id, "column", 0)


def read(path: Path, data: Path | None = None) -> Recording:
    """Read a mapping and its rows.

    Args:
        path: the mapping, TOML.
        data: the CSV file, instead of the one that the mapping names.

    Raises:
        RecordingRejected: with every fault of the mapping, or else every fault of the rows.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise RecordingRejected((f"{path}: {fault.strerror}; give the mapping of a recording",)) from fault
    except ValueError as fault:  # bad UTF-8, or no TOML
        raise RecordingRejected((f"{path}: {fault}; a mapping is a TOML file",)) from fault
    faults = Faults(str(path))
    reader = Reader(faults, path.parent)
    table = reader.build(_RowsFile, document, "", beside={"space", "sensor"})
    spaces = _all(reader, document, "space", RecordedSpace)
    sensors = _all(reader, document, "sensor", RecordedSensor)
    known = {space.id for space in spaces}
    for sensor in sensors:
        if sensor.space and sensor.space not in known:
            faults.add(f'sensor "{sensor.id}"', one_of("space", sensor.space, known))
    file = data or (table.file if table else None)
    if file is None and table is not None:
        faults.add("", "file is missing; name the CSV file there, or give it with --data")
    if table is None or file is None or faults:
        raise RecordingRejected(faults.texts())
    zone = ZoneInfo(table.time_zone)
    try:
        found = read_rows(
            file,
            Layout(
                times=TimeColumns(table.time, table.format, zone),
                columns=_columns(spaces, sensors),
                only=table.only,
                delimiter=table.delimiter,
                row_names=table.row_names,
            ),
        )
    except RowsRejected as fault:
        raise RecordingRejected(fault.faults) from fault
    break_ms = table.break_after_s * 1000
    return Recording(
        time_zone=zone,
        spaces=spaces,
        sensors=sensors,
        spans=tuple(_cut(found.rows, break_ms)),
        step_ms=_step_ms(found.rows, break_ms),
        left_out=found.left_out,
        named=found.named,
    )


def _all(reader: Reader, document: Table, key: str, kind: type[_T]) -> tuple[_T, ...]:
    """Every `[[key]]`; there must be one, and no id twice."""
    tables = reader.tables(document, key)
    if not tables:
        reader.faults.add("", f"no [[{key}]]; a recording needs at least one")
    names = [str(table.get("id", number)) for number, table in enumerate(tables, start=1)]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        reader.faults.add(f'{key} "{twice}"', "is there twice; give each an id of its own")
    built = (reader.build(kind, table, f'{key} "{name}"') for table, name in zip(tables, names, strict=True))
    return tuple(each for each in built if each is not None)


def _cut(rows: tuple[Row, ...], break_ms: int) -> Iterator[tuple[Row, ...]]:
    """The rows, cut wherever two are further apart than `break_ms`."""
    start = 0
    for place in range(1, len(rows) + 1):
        if place == len(rows) or rows[place].at_ms - rows[place - 1].at_ms > break_ms:
            yield rows[start:place]
            start = place


def _step_ms(rows: tuple[Row, ...], break_ms: int) -> int:
    steps = [later.at_ms - row.at_ms for row, later in pairwise(rows)]
    return int(median([step for step in steps if step <= break_ms] or [60_000]))


def _columns(spaces: tuple[RecordedSpace, ...], sensors: tuple[RecordedSensor, ...]) -> tuple[Column, ...]:
    columns = [Column(space.truth, 0, Kind.PEOPLE.high, whole=True) for space in spaces if space.truth]
    for sensor in sensors:
        for key, name in sensor.columns.items():
            kind = _AIR_COLUMNS.get(key) or _COLUMN[sensor.kind]
            columns.append(Column(name, kind.low, kind.high, whole=sensor.kind in ON_PINS))
    return tuple(columns)
