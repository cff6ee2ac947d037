"""Read the rows of a recording from a CSV file, and leave out the broken ones.

In:    the file (plain or gzip) and its `RowLayout`: what each column must contain.
Out:   the good rows, every value a number within its bounds, and each bad row by its number and fault.
Never: what a column means to a sensor; guesses at what a broken row was meant to be.

The first line names the columns; every other line is one row. A quoted cell may contain the delimiter, but no line
break. Empty lines are ignored. A row is left out, without effect on the other rows, when

- it has more or fewer cells than the header, an unclosed quote, or bytes that are not UTF-8;
- a cell is not a number, or out of its column's bounds (a wrong unit);
- its time cannot be parsed, lies before 1970 or after 2100, or in the hour that summer time skips;
- its time does not rise: a repeated time, or rows out of order. The fewest rows that make all others rise are left
  out, so a single time that is far ahead costs one row. Where most times fall, the file has the newest row first,
  and the rows are reversed.

A value is a number; with a delimiter other than a comma it may have a decimal comma. Where only 0 and 1 are allowed,
it may be one of the words that programs write for them (`SWITCH_VALUES`).

A file that cannot be read, lacks a column in its header, or has no good row is rejected.
"""

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import groupby, pairwise
from pathlib import Path
from typing import Final, NamedTuple, TextIO
from zoneinfo import ZoneInfo

from edge.process.plurals import format_count
from ledig.replay.rising_times import select_rising

ISO_FORMAT: Final = "iso"
"""Time format: any form of ISO 8601 that Python reads, with or without an offset from UTC."""
UNIX_FORMATS: Final = {"unix": 1.0, "unix_ms": 0.001}
"""Time formats: seconds or milliseconds since 1970; the value is the unit in seconds."""
DELIMITERS: Final = (",", ";", "\t", "|")
SWITCH_VALUES: Final = {
    **dict.fromkeys(
        ("on", "true", "yes", "open", "opened", "active", "motion", "detected", "occupied", "present"), 1.0
    ),
    **dict.fromkeys(
        ("off", "false", "no", "closed", "clear", "inactive", "no motion", "vacant", "free", "absent"), 0.0
    ),
}
"""Lower-case texts that programs write for 1 and 0. Sources: states of Home Assistant and openHAB."""
MISSING_VALUES: Final = frozenset({"", "unavailable", "unknown", "none", "null", "nan", "na", "n/a", "-"})
"""Lower-case texts that programs write for a missing value."""
MAX_NAMED_FAULTS: Final = 20
"""Maximum number of bad rows that are listed."""
_LATEST_MS: Final = 4_102_444_800_000
"""The year 2100: a later time means that the format is wrong."""
_NO_YEAR: Final = 1900
"""The year that strptime returns when its format has none."""
_NOT_UTF8: Final = "\ufffd"
"""Replacement character for bytes that are not UTF-8."""


class RowsRejected(ValueError):
    """A CSV file cannot be played. Each fault names place, finding and remedy."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class RecordedColumn:
    """What one column must contain: a number from `low` to `high`, `whole` or not.

    An `optional` column may be empty or contain a text for a missing value (`MISSING_VALUES`). The row then has no
    such value, and `row.values.get(name)` is None.
    """

    name: str
    low: float
    high: float
    whole: bool = False
    optional: bool = False

    @property
    def is_switch(self) -> bool:
        """Whether only 0 and 1 are allowed, or the words for them."""
        return (self.low, self.high) == (0, 1)

    @property
    def bounds(self) -> str:
        """What a value must be, for an error."""
        if self.is_switch:
            return "0, 1, on or off"
        return f"{'a whole number' if self.whole else 'a number'} from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """The columns of the time, joined by a space, their format, and the time zone.

    `format` is one of strptime, `ISO_FORMAT` or one of `UNIX_FORMATS`. The zone does not apply to a time with its own
    offset from UTC. A format without a year counts from 1 January 1970; it is for a time of day (UTC), in a file
    whose days are keys.
    """

    names: tuple[str, ...]
    format: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLayout:
    """Layout of a file with rows."""

    times: TimeColumns
    columns: tuple[RecordedColumn, ...]
    keys: tuple[str, ...] = ()
    """Text columns that name the series of a row; times rise within each series, not between them."""
    only: Mapping[str, str] = field(default_factory=dict)
    """Text columns and their required content; other rows are skipped without a fault."""
    delimiter: str = ","
    """Empty: the one of DELIMITERS that finds the most columns in the header."""
    row_names: bool = False
    """The header has no name for the first column, as in tables written by R."""


@dataclass(frozen=True, slots=True)
class RecordedRow:
    """One row: its time (Unix milliseconds, UTC), its values by column, and the cells of the key columns."""

    at_ms: int
    values: dict[str, float]
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedRows:
    """The good rows in the order of the file, which within a key is the order of time, and the rows left out."""

    rows: tuple[RecordedRow, ...]
    rows_left_out: int = 0
    """Number of broken rows."""
    named_faults: tuple[str, ...] = ()
    """The first 20 broken rows: file, row number (the header is row 1), finding."""


def read_rows(path: Path, layout: RowLayout) -> RecordedRows:
    """Read a CSV file whose first line names the columns, at about 100,000 rows per second.

    Raises:
        RowsRejected: the file cannot be read, its header lacks a column, or it has no good row.
    """
    table = _RowTable(path, layout)
    opened: Callable[..., TextIO] = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", errors="replace") as lines:
            table.read(lines)
    except (OSError, EOFError, zlib.error) as fault:
        found = (fault.strerror if isinstance(fault, OSError) else None) or str(fault)
        raise RowsRejected((f"{path}: {found}; give a CSV file in UTF-8, plain or compressed by gzip",)) from fault
    rows = table.select_rows()
    faults = [f"{path}, row {number}: {finding}" for number, finding in sorted(table.faults)]
    if not rows:
        more = (
            [f"{path}: and {format_count(len(faults) - MAX_NAMED_FAULTS, 'more row')}"]
            if len(faults) > MAX_NAMED_FAULTS
            else []
        )
        why = (
            f"no rows {table.selection_text}; there is nothing to play"
            if not faults
            else "no valid row; check the columns in the mapping"
        )
        raise RowsRejected((*faults[:MAX_NAMED_FAULTS], *more, f"{path}: {why}"))
    return RecordedRows(rows, len(faults), tuple(faults[:MAX_NAMED_FAULTS]))


class _ParsedRow(NamedTuple):
    """A row without faults of its own; it has two possible times in the repeated hour when summer time ends."""

    number: int
    text: str
    moments: tuple[int, ...]
    values: dict[str, float]
    key: tuple[str, ...]


class _RowTable:
    """The rows read so far, and the faults found so far, by row number."""

    def __init__(self, path: Path, layout: RowLayout) -> None:
        self.faults: list[tuple[int, str]] = []
        self.selection_text = (
            " and ".join(f"with {name} = {text}" for name, text in layout.only.items()) or "below the header"
        )
        self._parsed_rows: list[_ParsedRow] = []
        self._path, self._layout = path, layout
        self._delimiter = layout.delimiter
        self._parse_time: Callable[[str], datetime] = datetime.fromisoformat
        if (unit_s := UNIX_FORMATS.get(layout.times.format)) is not None:
            self._parse_time = partial(_parse_unix, unit_s)
        elif layout.times.format != ISO_FORMAT:
            self._parse_time = partial(_parse_strptime, layout.times.format)

    def read(self, lines: TextIO) -> None:
        """Read every row, good or bad.

        Raises:
            RowsRejected: the header is missing or lacks a column.
        """
        places = self._read_header(next(lines, ""))
        for number, line in enumerate(lines, start=2):
            if text := line.rstrip("\r\n"):
                self._add_row(number, text, places)

    def select_rows(self) -> tuple[RecordedRow, ...]:
        """Select the rows whose times rise, and add a fault for every other row."""
        rows: list[tuple[int, RecordedRow]] = []
        by_key = sorted(
            self._parsed_rows, key=lambda found: found.key
        )  # stable: keeps the order of the file within a key
        for _, series in groupby(by_key, key=lambda found: found.key):
            rows += self._select_rising(*_sort_oldest_first(list(series)))
        return tuple(row for _, row in sorted(rows, key=lambda numbered: numbered[0]))

    def _select_rising(self, series: list[_ParsedRow], step: int) -> Iterator[tuple[int, RecordedRow]]:
        chosen = select_rising([found.moments for found in series])
        before: tuple[int, _ParsedRow] | None = None
        for place, (found, at_ms) in enumerate(zip(series, chosen, strict=True)):
            if at_ms is not None:
                before = at_ms, found
                yield step * found.number, RecordedRow(at_ms, found.values, found.key)
            elif before is not None and found.moments[-1] <= before[0]:
                again = "the same time as" if before[0] in found.moments else "not after"
                self.faults.append(
                    (found.number, f"{found.text!r} is {again} row {before[1].number}, {before[1].text!r}")
                )
            else:
                after = next(series[later] for later in range(place, len(series)) if chosen[later] is not None)
                self.faults.append((found.number, f"{found.text!r} is not before row {after.number}, {after.text!r}"))

    def _read_header(self, line: str) -> dict[str, int]:
        """Return the index of each column."""
        layout = self._layout
        self._delimiter = layout.delimiter or _delimiter(line, layout)
        header = [name.strip() for name in _split_cells(line.rstrip("\r\n"), self._delimiter) or []]
        if _NOT_UTF8 in line:
            raise RowsRejected((f"{self._path}: not text; give a CSV file in UTF-8, plain or compressed by gzip",))
        columns = (column.name for column in layout.columns)
        faults = []
        for name in dict.fromkeys((*layout.times.names, *layout.keys, *layout.only, *columns)):
            if header.count(name) != 1:
                found = f"is {header.count(name)} times in the header" if name in header else "is not in the header"
                faults.append(f"{self._path}, row 1: column {name!r} {found}; it has {', '.join(header)[:500]!r}")
        if faults:
            raise RowsRejected(tuple(faults))
        if layout.row_names:
            header.insert(0, "")
        return {name: place for place, name in enumerate(header)}

    def _add_row(self, number: int, line: str, places: dict[str, int]) -> None:
        layout = self._layout
        cells = _split_cells(line, self._delimiter)
        if cells is None or _NOT_UTF8 in line:
            self.faults.append(
                (number, "a quote is not closed" if cells is None else "it contains bytes that are not UTF-8")
            )
            return
        if len(cells) != len(places):
            self.faults.append((number, f"{len(cells)} cells; the header has {len(places)}"))
            return
        if any(cells[places[name]] != text for name, text in layout.only.items()):
            return
        text = " ".join([cells[places[name]] for name in layout.times.names])
        if (moments := self._parse_times(number, text)) and (
            values := self._parse_values(number, cells, places)
        ) is not None:
            key = tuple([cells[places[name]] for name in layout.keys])
            self._parsed_rows.append(_ParsedRow(number, text, moments, values, key))

    def _parse_values(self, number: int, cells: list[str], places: dict[str, int]) -> dict[str, float] | None:
        values: dict[str, float] = {}
        for column in self._layout.columns:
            cell = cells[places[column.name]]
            if column.optional and cell.strip().lower() in MISSING_VALUES:
                continue
            value = _parse_number(cell, column, self._delimiter)
            if value is None or not column.low <= value <= column.high or (column.whole and not value.is_integer()):
                self.faults.append((number, f"column {column.name!r} is {cell[:50]!r}; it must be {column.bounds}"))
                return None
            values[column.name] = value
        return values

    def _parse_times(self, number: int, text: str) -> tuple[int, ...] | None:
        """Return the possible times of a row: two in the repeated hour when summer time ends."""
        times = self._layout.times
        try:
            read = self._parse_time(text)
            ends = (read,) if read.tzinfo else tuple(read.replace(tzinfo=times.zone, fold=fold) for fold in (0, 1))
            moments = tuple([round(end.timestamp() * 1000) for end in ends])
        except (ValueError, OverflowError, OSError):
            self.faults.append((number, f"the time is {text[:50]!r}; it must look like {times.format!r}"))
            return None
        if moments[0] > moments[-1]:
            finding = f"{text[:50]!r} does not exist in {times.zone.key}: summer time starts then; check time_zone"
            self.faults.append((number, finding))
            return None
        if not 0 <= moments[0] < _LATEST_MS:
            self.faults.append((number, f"the time is {text[:50]!r}; it must lie from 1970 to 2100"))
            return None
        return moments if moments[0] < moments[-1] else moments[:1]


def _split_cells(line: str, delimiter: str) -> list[str] | None:
    """Split a line into cells; None if its quotes are broken."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def _parse_number(cell: str, column: RecordedColumn, delimiter: str) -> float | None:
    """Convert a cell to a number; None if it is not one (Python would read 1_0 as ten)."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        pass
    if delimiter != "," and cell.count(",") == 1 and "." not in cell:
        return _parse_number(cell.replace(",", "."), column, delimiter)
    return SWITCH_VALUES.get(cell.strip().lower()) if column.is_switch else None


def _delimiter(line: str, layout: RowLayout) -> str:
    """Return the delimiter that finds the most required columns in the header."""
    needed = {*layout.times.names, *layout.keys, *layout.only, *(column.name for column in layout.columns)}

    def found(delimiter: str) -> int:
        return sum(name.strip() in needed for name in _split_cells(line.rstrip("\r\n"), delimiter) or [])

    return max(DELIMITERS, key=found)


def _sort_oldest_first(series: list[_ParsedRow]) -> tuple[list[_ParsedRow], int]:
    """Return the rows of one series and 1; or reversed and -1, if the file has the newest row first."""
    falls = sum(later.moments[-1] < row.moments[0] for row, later in pairwise(series))
    rises = sum(later.moments[0] > row.moments[-1] for row, later in pairwise(series))
    return (series[::-1], -1) if falls > rises else (series, 1)


def _parse_unix(unit_s: float, text: str) -> datetime:
    return datetime.fromtimestamp(float(text) * unit_s, UTC)


def _parse_strptime(format: str, text: str) -> datetime:  # noqa: A002 - as in strptime
    read = datetime.strptime(text, format)  # noqa: DTZ007 - the caller adds the time zone
    return read.replace(year=1970) if read.year == _NO_YEAR else read
