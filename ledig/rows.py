"""Reads the rows of a recording from a CSV file.

In:    the file (plain or gzip), and what each column must hold.
Out:   rows in order of time, every value a number within its bounds; or every fault with its row and column.
Never: what a column means to a sensor.
"""

import csv
import gzip
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO
from zoneinfo import ZoneInfo

_FAULTS_TOLD: Final = 20
"""A file of the wrong kind has a fault in every row; nobody reads a million of them."""
_LATEST_MS: Final = 4_102_444_800_000
"""The year 2100: what lies beyond is a slip of the format."""


class RowsRejected(ValueError):
    """A CSV file cannot be played. Each fault says place, finding and remedy."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Column:
    """What one column must hold: a number from `low` to `high`, `whole` or not."""

    name: str
    low: float
    high: float
    whole: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its moment (Unix milliseconds, UTC) and its values by column."""

    at_ms: int
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """Which columns say when, joined by a space; how to read them (strptime); and whose local time it is."""

    names: tuple[str, ...]
    format: str
    zone: ZoneInfo


def read_rows(path: Path, delimiter: str, times: TimeColumns, columns: tuple[Column, ...]) -> tuple[Row, ...]:
    """Every row of a CSV file whose first row names the columns.

    Raises:
        RowsRejected: with the first 20 faults, and how many more there are.
    """
    table = _Table(path, times, columns)
    opened: Callable[..., TextIO] = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as lines:
            table.read(lines, delimiter)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as fault:
        table.faults.append(f"{path}: {_plain(fault)}; give a CSV file in UTF-8, plain or compressed by gzip")
    if not table.rows and not table.faults:
        table.faults.append(f"{path}: no rows below the header; there is nothing to play")
    if table.faults:
        more = len(table.faults) - _FAULTS_TOLD
        raise RowsRejected((*table.faults[:_FAULTS_TOLD], *([f"{path}: and {more} more faults"] if more > 0 else [])))
    return tuple(table.rows)


class _Table:
    """The rows read so far, and the faults found so far."""

    def __init__(self, path: Path, times: TimeColumns, columns: tuple[Column, ...]) -> None:
        self.rows: list[Row] = []
        self.faults: list[str] = []
        self._path, self._times, self._columns = path, times, columns

    def read(self, lines: TextIO, delimiter: str) -> None:
        """Take every row, good or bad."""
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        header = next(reader, [])
        needed = (*self._times.names, *(column.name for column in self._columns))
        for name in dict.fromkeys(needed):
            if header.count(name) != 1:
                found = f"stands {header.count(name)} times in the header" if name in header else "is not in the header"
                self.faults.append(f"{self._path}, row 1: column {name!r} {found}; it has {', '.join(header)[:500]!r}")
        if self.faults:
            return
        for cells in reader:
            if not cells:
                continue  # an empty line, as many programs leave at the end
            if len(cells) == len(header):
                self._take(reader.line_num, dict(zip(header, cells, strict=True)))
            else:
                self._fault(reader.line_num, f"{len(cells)} columns; the header has {len(header)}")

    def _take(self, number: int, cells: dict[str, str]) -> None:
        at_ms = self._moment(number, " ".join(cells[name] for name in self._times.names))
        values = {column.name: self._value(number, column, cells[column.name]) for column in self._columns}
        if at_ms is not None:
            self.rows.append(Row(at_ms, values))

    def _value(self, number: int, column: Column, cell: str) -> float:
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not (column.low <= value <= column.high and (value.is_integer() or not column.whole)):
            of = "a whole number" if column.whole else "a number"
            self._fault(
                number,
                f"column {column.name!r} is {cell[:50]!r}; it must be {of} from {column.low:g} to {column.high:g}",
            )
        return value

    def _moment(self, number: int, text: str) -> int | None:
        """The row's moment; of an hour that comes twice in autumn, the first that is after the row before."""
        try:
            read = datetime.strptime(text, self._times.format)  # noqa: DTZ007 - the recording's zone is put in below
        except ValueError:
            self._fault(number, f"the time is {text[:50]!r}; it must look like {self._times.format!r}")
            return None
        moments = [read] if read.tzinfo else [read.replace(tzinfo=self._times.zone, fold=fold) for fold in (0, 1)]
        if moments[0].astimezone(UTC).astimezone(moments[0].tzinfo).replace(fold=0) != moments[0]:
            self._fault(number, f"{text[:50]!r} is skipped in {self._times.zone.key} by summer time; check time_zone")
            return None
        after_ms = self.rows[-1].at_ms if self.rows else 0
        for moment in moments:
            at_ms = int(moment.timestamp() * 1000)
            if after_ms < at_ms < _LATEST_MS:
                return at_ms
        self._fault(number, f"{text[:50]!r} is not after the row before; rows must follow in time, from 1970 to 2100")
        return None

    def _fault(self, number: int, finding: str) -> None:
        self.faults.append(f"{self._path}, row {number}: {finding}")


def _plain(fault: Exception) -> str:
    return (fault.strerror if isinstance(fault, OSError) else None) or str(fault)
