"""Reads the rows of a recording from a CSV file, and leaves out the broken ones.

In:    the file (plain or gzip) and its `Layout`: what each column must hold.
Out:   the good rows, every value a number within its bounds, and each bad row by its number and what is wrong with it.
Never: what a column means to a sensor; a guess at what a broken row may have meant.

The first line names the columns; every other line is one row (a quoted cell may hold the delimiter, but no line
break); empty lines are nothing. A row is left out, and all others are read as if it had not been there, when

- it has more or fewer cells than the header, a quote that does not end, or bytes that are no UTF-8;
- a cell is no number, or out of its column's bounds (a wrong unit);
- its time cannot be read, lies before 1970 or after 2100, or in the hour that summer time skips;
- its time does not rise: a stamp twice, or rows out of order. The fewest rows that let all others rise are left out,
  so one stamp that is far ahead costs one row. Where most times fall, the newest row stands first: they are reversed.

A value is a number; behind another delimiter than a comma it may have a decimal comma. Where only 0 and 1 are allowed,
it may be one of the words that programs write for them (`WORDS`).

A file that cannot be read, whose header lacks a column, or without one good row is refused.
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

from edge.plurals import counted
from ledig.replay.rising import rising

ISO: Final = "iso"
"""As a time's format: any form of ISO 8601 that Python reads, with its offset from UTC or without one."""
UNIX: Final = {"unix": 1.0, "unix_ms": 0.001}
"""As a time's format: seconds or milliseconds since 1970, and how many seconds one is."""
DELIMITERS: Final = (",", ";", "\t", "|")
WORDS: Final = {
    **dict.fromkeys(
        ("on", "true", "yes", "open", "opened", "active", "motion", "detected", "occupied", "present"), 1.0
    ),
    **dict.fromkeys(
        ("off", "false", "no", "closed", "clear", "inactive", "no motion", "vacant", "free", "absent"), 0.0
    ),
}
"""What programs write for 1 and 0, in small letters. Sources: states of Home Assistant and openHAB."""
MISSING: Final = frozenset({"", "unavailable", "unknown", "none", "null", "nan", "na", "n/a", "-"})
"""What programs write where there is no value, in small letters."""
NAMED: Final = 20
"""So many bad rows are named; nobody reads a million of them."""
_LATEST_MS: Final = 4_102_444_800_000
"""The year 2100: what lies beyond is a slip of the format."""
_NO_YEAR: Final = 1900
"""What strptime says when its format has none."""
_NOT_UTF8: Final = "\ufffd"
"""What stands for bytes that are no UTF-8."""


class RowsRejected(ValueError):
    """A CSV file cannot be played. Each fault says place, finding and remedy."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Column:
    """What one column must hold: a number from `low` to `high`, `whole` or not.

    A cell of an `optional` column that is empty, or says that there is no value (`MISSING`), is no fault: the row has
    no such value, and `row.values.get(name)` is None.
    """

    name: str
    low: float
    high: float
    whole: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """Which columns say when, joined by a space; how to read them; and whose local time it is.

    `format` is strptime's, `ISO` or one of `UNIX`; a time that has its own offset from UTC needs no zone's. A format
    without a year counts from 1 January 1970: a time of day (UTC), in a file whose days are keys.
    """

    names: tuple[str, ...]
    format: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a file tells its rows."""

    times: TimeColumns
    columns: tuple[Column, ...]
    keys: tuple[str, ...] = ()
    """Columns of text that say which series a row belongs to; time rises within each series, not between them."""
    only: Mapping[str, str] = field(default_factory=dict)
    """Columns of text and what must stand there; every other row belongs to somebody else, and is no fault."""
    delimiter: str = ","
    """Empty: whichever of DELIMITERS divides the header into the columns."""
    row_names: bool = False
    """The header has no name for the first column, as R writes its tables."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its moment (Unix milliseconds, UTC), its values by column, and the cells of the key columns."""

    at_ms: int
    values: dict[str, float]
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """The good rows in the order of the file, so those of one key in order of time; and what was left out."""

    rows: tuple[Row, ...]
    left_out: int = 0
    """How many rows were broken."""
    named: tuple[str, ...] = ()
    """The first 20 of them: file, row number (the header's is 1), finding."""


def read_rows(path: Path, layout: Layout) -> Rows:
    """Read a CSV file whose first line names the columns; about 100,000 rows a second.

    Raises:
        RowsRejected: the file cannot be read, its header lacks a column, or it has no good row.
    """
    table = _Table(path, layout)
    opened: Callable[..., TextIO] = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", errors="replace") as lines:
            table.read(lines)
    except (OSError, EOFError, zlib.error) as fault:
        found = (fault.strerror if isinstance(fault, OSError) else None) or str(fault)
        raise RowsRejected((f"{path}: {found}; give a CSV file in UTF-8, plain or compressed by gzip",)) from fault
    rows = table.risen()
    faults = [f"{path}, row {number}: {finding}" for number, finding in sorted(table.faults)]
    if not rows:
        more = [f"{path}: and {counted(len(faults) - NAMED, 'more row')}"] if len(faults) > NAMED else []
        why = (
            f"no rows {table.wanted}; there is nothing to play"
            if not faults
            else "no valid row; check the columns in the mapping"
        )
        raise RowsRejected((*faults[:NAMED], *more, f"{path}: {why}"))
    return Rows(rows, len(faults), tuple(faults[:NAMED]))


class _Found(NamedTuple):
    """A row that is sound by itself; its moments are two in the hour that comes twice."""

    number: int
    text: str
    moments: tuple[int, ...]
    values: dict[str, float]
    key: tuple[str, ...]


class _Table:
    """The rows read so far, and the faults found so far by row number."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.faults: list[tuple[int, str]] = []
        self.wanted = " and ".join(f"with {name} = {text}" for name, text in layout.only.items()) or "below the header"
        self._found: list[_Found] = []
        self._path, self._layout = path, layout
        self._delimiter = layout.delimiter
        self._parsed: Callable[[str], datetime] = datetime.fromisoformat
        if (unit_s := UNIX.get(layout.times.format)) is not None:
            self._parsed = partial(_from_unix, unit_s)
        elif layout.times.format != ISO:
            self._parsed = partial(_strptime, layout.times.format)

    def read(self, lines: TextIO) -> None:
        """Take every row, good or bad.

        Raises:
            RowsRejected: the header is none, or lacks a column.
        """
        places = self._places(next(lines, ""))
        for number, line in enumerate(lines, start=2):
            if text := line.rstrip("\r\n"):
                self._take(number, text, places)

    def risen(self) -> tuple[Row, ...]:
        """The rows whose times rise; those that do not are faults from now on."""
        rows: list[tuple[int, Row]] = []
        by_key = sorted(self._found, key=lambda found: found.key)  # stable: within a key as in the file
        for _, series in groupby(by_key, key=lambda found: found.key):
            rows += self._series(*_oldest_first(list(series)))
        return tuple(row for _, row in sorted(rows, key=lambda numbered: numbered[0]))

    def _series(self, series: list[_Found], step: int) -> Iterator[tuple[int, Row]]:
        chosen = rising([found.moments for found in series])
        before: tuple[int, _Found] | None = None
        for place, (found, at_ms) in enumerate(zip(series, chosen, strict=True)):
            if at_ms is not None:
                before = at_ms, found
                yield step * found.number, Row(at_ms, found.values, found.key)
            elif before is not None and found.moments[-1] <= before[0]:
                again = "the same time as" if before[0] in found.moments else "not after"
                self.faults.append(
                    (found.number, f"{found.text!r} is {again} row {before[1].number}, {before[1].text!r}")
                )
            else:
                after = next(series[later] for later in range(place, len(series)) if chosen[later] is not None)
                self.faults.append((found.number, f"{found.text!r} is not before row {after.number}, {after.text!r}"))

    def _places(self, line: str) -> dict[str, int]:
        """Where each column stands."""
        layout = self._layout
        self._delimiter = layout.delimiter or _delimiter(line, layout)
        header = [name.strip() for name in _cells(line.rstrip("\r\n"), self._delimiter) or []]
        if _NOT_UTF8 in line:
            raise RowsRejected((f"{self._path}: no text; give a CSV file in UTF-8, plain or compressed by gzip",))
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

    def _take(self, number: int, line: str, places: dict[str, int]) -> None:
        layout = self._layout
        cells = _cells(line, self._delimiter)
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
        if (moments := self._moments(number, text)) and (values := self._values(number, cells, places)) is not None:
            key = tuple([cells[places[name]] for name in layout.keys])
            self._found.append(_Found(number, text, moments, values, key))

    def _values(self, number: int, cells: list[str], places: dict[str, int]) -> dict[str, float] | None:
        values: dict[str, float] = {}
        for column in self._layout.columns:
            cell = cells[places[column.name]]
            if column.optional and cell.strip().lower() in MISSING:
                continue
            value = _value(cell, column, self._delimiter)
            if value is None or not column.low <= value <= column.high or (column.whole and not value.is_integer()):
                of = "a whole number" if column.whole else "a number"
                bounds = f"from {column.low:g} to {column.high:g}"
                self.faults.append((number, f"column {column.name!r} is {cell[:50]!r}; it must be {of} {bounds}"))
                return None
            values[column.name] = value
        return values

    def _moments(self, number: int, text: str) -> tuple[int, ...] | None:
        """What the row's time may mean; in the hour that comes twice it is two moments."""
        times = self._layout.times
        try:
            read = self._parsed(text)
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


def _cells(line: str, delimiter: str) -> list[str] | None:
    """The cells of one line; None if its quotes are broken."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def _value(cell: str, column: Column, delimiter: str) -> float | None:
    """What a cell holds as a number; None if it holds none (Python would read 1_0 as ten)."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        pass
    if delimiter != "," and cell.count(",") == 1 and "." not in cell:
        return _value(cell.replace(",", "."), column, delimiter)
    is_switch = (column.low, column.high) == (0, 1)
    return WORDS.get(cell.strip().lower()) if is_switch else None


def _delimiter(line: str, layout: Layout) -> str:
    """The delimiter that finds the most of the needed columns in the header."""
    needed = {*layout.times.names, *layout.keys, *layout.only, *(column.name for column in layout.columns)}

    def found(delimiter: str) -> int:
        return sum(name.strip() in needed for name in _cells(line.rstrip("\r\n"), delimiter) or [])

    return max(DELIMITERS, key=found)


def _oldest_first(series: list[_Found]) -> tuple[list[_Found], int]:
    """The rows of one series and 1; or reversed and -1, if the file has the newest first."""
    falls = sum(later.moments[-1] < row.moments[0] for row, later in pairwise(series))
    rises = sum(later.moments[0] > row.moments[-1] for row, later in pairwise(series))
    return (series[::-1], -1) if falls > rises else (series, 1)


def _from_unix(unit_s: float, text: str) -> datetime:
    return datetime.fromtimestamp(float(text) * unit_s, UTC)


def _strptime(format: str, text: str) -> datetime:  # noqa: A002 - strptime's own word
    read = datetime.strptime(text, format)  # noqa: DTZ007 - the recording's zone is put in by the caller
    return read.replace(year=1970) if read.year == _NO_YEAR else read
