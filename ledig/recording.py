"""Reads a recording: recorded sensor data as CSV, and a small TOML file that says which column drives which sensor.

In:    the path of the mapping, and maybe of the data.
Out:   a `Recording`: spaces, sensors and rows in order of time, cut into spans; or every fault at once.
Never: servers, clocks, pins.

    file = "room.csv.gz"                # beside this file; plain or gzip
    time = ["Date", "Time"]             # one column, or several that are joined by a space
    format = "%Y/%m/%d %H:%M:%S"        # as in Python's strptime
    time_zone = "Europe/Stockholm"

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

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from collector.plan import SpaceKind
from edge.message import Kind
from ledig.rows import Column, Row, RowsRejected, TimeColumns, read_rows

_PULSE_MOST_MS: Final = 600_000
_ID: Final = re.compile(r"[a-z0-9-]{1,64}")

COLUMNS: Final[dict[str, dict[str, Kind]]] = {
    "pir": {"column": Kind.MOTION},
    "contact": {"column": Kind.CONTACT_OPEN},
    "pressure": {"column": Kind.PRESSURE},
    "power": {"column": Kind.POWER_W},
    "air": {
        "co2_column": Kind.CO2_PPM,
        "temperature_column": Kind.TEMPERATURE_C,
        "humidity_column": Kind.HUMIDITY_PCT,
    },
}
"""What drives each kind of sensor: the mapping's key, and what its column holds. The first key is needed."""
ON_PINS: Final = ("pir", "contact", "pressure")
"""Kinds that are driven by a pin's level; the others are read from files."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSensor:
    """One sensor. `columns` by key of `COLUMNS`; `pulse_ms` 0: the column is the level itself."""

    id: str
    kind: str
    columns: dict[str, str]
    space: str | None = None
    pulse_ms: int = 0


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

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(map(len, self.spans))

    @property
    def recorded_ms(self) -> int:
        """How long the spans are together, milliseconds."""
        return sum(span[-1].at_ms + self.step_ms - span[0].at_ms for span in self.spans)


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
    faults: list[str] = []
    mapping = _Table(document, str(path), faults)
    file = mapping.text("file") if data is None else mapping.text("file", "")
    delimiter = mapping.text("delimiter", ",")
    if len(delimiter) != 1:
        mapping.fault("delimiter", f"is {delimiter!r}; it must be one character")
    times = _times(mapping)
    break_ms = 1000 * mapping.whole("break_after_s", 1, 86_400, 600)
    spaces = tuple(_space(table) for table in mapping.tables("space"))
    sensors = tuple(_sensor(table, {space.id for space in spaces}) for table in mapping.tables("sensor"))
    mapping.close()
    for kind, ids in (("space", [space.id for space in spaces]), ("sensor", [sensor.id for sensor in sensors])):
        for twice in sorted({name for name in ids if ids.count(name) > 1}):
            mapping.fault(f'{kind} "{twice}"', "is there twice; give each an id of its own")
    if faults:
        raise RecordingRejected(tuple(faults))
    try:
        rows = read_rows(data or path.parent / file, delimiter, times, _columns(spaces, sensors))
    except RowsRejected as fault:
        raise RecordingRejected(fault.faults) from fault
    spans = tuple(_cut(rows, break_ms))
    return Recording(
        time_zone=times.zone, spaces=spaces, sensors=sensors, spans=spans, step_ms=_step_ms(rows, break_ms)
    )


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
            kind = COLUMNS[sensor.kind][key]
            columns.append(Column(name, kind.low, kind.high, whole=sensor.kind in ON_PINS))
    return tuple(columns)


def _times(mapping: "_Table") -> TimeColumns:
    names, form, zone = mapping.texts("time"), mapping.text("format"), mapping.text("time_zone")
    try:
        return TimeColumns(names, form, ZoneInfo(zone))
    except (ValueError, OSError, ZoneInfoNotFoundError):  # OSError: a directory of the zone database
        if zone:
            mapping.fault("time_zone", f'is {zone!r}; it must be a zone such as "Europe/Stockholm"')
        return TimeColumns(names, form, ZoneInfo("UTC"))


def _space(table: "_Table") -> RecordedSpace:
    space_id, kind, truth = table.name(), table.text("kind"), table.text("truth", "")
    table.close()
    known = [known for known in SpaceKind if known is not SpaceKind.SUPPLY]  # a supply is never taken
    if kind and kind not in known:
        table.fault("kind", f"is {kind!r}; known kinds: {', '.join(known)}")
    return RecordedSpace(id=space_id, kind=SpaceKind(kind) if kind in known else SpaceKind.ROOM, truth=truth)


def _sensor(table: "_Table", spaces: set[str]) -> RecordedSensor:
    sensor_id, kind = table.name(), table.text("kind")
    keys = COLUMNS.get(kind, {})
    if kind and not keys:
        table.fault("kind", f"is {kind!r}; known kinds: {', '.join(COLUMNS)}")
    columns = {}
    for place, key in enumerate(keys):
        if name := table.text(key) if place == 0 else table.text(key, ""):
            columns[key] = name
    space = None if kind == "air" else table.text("space")
    if space and space not in spaces:
        table.fault("space", f"is {space!r}; the mapping has no such [[space]]")
    pulse_ms = table.whole("pulse_ms", 100, _PULSE_MOST_MS, 0) if kind == "pir" else 0
    table.close()
    return RecordedSensor(id=sensor_id, kind=kind, columns=columns, space=space, pulse_ms=pulse_ms)


class _Table:
    """One table of the mapping: takes its keys one by one, and gathers what is wrong with them."""

    def __init__(self, values: dict[str, Any], place: str, faults: list[str]) -> None:
        self._values, self._place, self._faults = dict(values), place, faults

    def fault(self, key: str, finding: str) -> None:
        """Note what is wrong with a key."""
        self._faults.append(f"{self._place}: {key} {finding}")

    def text(self, key: str, default: str | None = None) -> str:
        """The text under `key`; needed and not empty if there is no default."""
        value = self._values.pop(key, default)
        if isinstance(value, str) and (value or default is not None):
            return value
        self.fault(key, "is missing; give it as text" if value is None else f"is {value!r}; it must be text")
        return ""

    def texts(self, key: str) -> tuple[str, ...]:
        """One text, or a list of them."""
        value = self._values.get(key)
        if isinstance(value, list) and value and all(isinstance(each, str) and each for each in value):
            del self._values[key]
            return tuple(value)
        return (self.text(key),)

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        """The whole number under `key`."""
        value = self._values.pop(key, None)
        if value is None:
            return default
        if type(value) is int and low <= value <= high:  # a bool is an int to isinstance
            return value
        self.fault(key, f"is {value!r}; it must be a whole number from {low} to {high}")
        return default

    def name(self) -> str:
        """The table's id, which joins the place of later faults."""
        value = self.text("id")
        if value and not _ID.fullmatch(value):
            self.fault("id", f"is {value!r}; it must be 1 to 64 of a-z, 0-9 and -")
        self._place = f'{self._place} "{value}"'
        return value

    def tables(self, key: str) -> list["_Table"]:
        """The tables under `[[key]]`, at least one."""
        value = self._values.pop(key, [])
        if not isinstance(value, list) or not value or not all(isinstance(each, dict) for each in value):
            self.fault(f"[[{key}]]", "is missing; a recording needs at least one")
            return []
        return [_Table(each, f"{self._place}, {key}", self._faults) for each in value]

    def close(self) -> None:
        """Refuse what nobody took."""
        for key in self._values:
            self.fault(key, "is no key of a recording; see `ledig replay --help`")
