"""Reads every file of a recording that fits a pattern, as one.

In:    the recording's folder, a pattern of names, how a file tells its rows.
Out:   the good rows of all files in order of time within each key; what was read and what was left out is logged.
Never: a guess. A file that cannot be read is left out and named like a broken row.

Parts of a recording may be added or taken away: the names of the files mean nothing but that they fit.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ledig.replay.rows import NAMED, Layout, Row, Rows, RowsRejected, read_rows

LOG: Final = logging.getLogger("bench.accuracy.recordings")
"""At INFO each file that was read, with its count of rows; at WARNING each row that was left out."""


def joined(folder: Path, pattern: str, layout: Layout) -> tuple[Row, ...]:
    """The rows of every file of `folder` that fits `pattern`.

    A moment that two files tell is taken from the first in order of their names, and left out of the other.

    Raises:
        RowsRejected: no file fits, or none has a good row.
    """
    rows: dict[tuple[tuple[str, ...], int], Row] = {}
    for path in sorted(folder.glob(pattern)):
        found = _read(path, layout)
        again = [row for row in found.rows if rows.setdefault((row.key, row.at_ms), row) is not row]
        _tell(path, found, again)
    if not rows:
        raise RowsRejected((f"{folder}: no good row in any file {pattern}; put the recording's files there",))
    return tuple(rows[key] for key in sorted(rows))


def read_each(folder: Path, pattern: str, layout: Callable[[Path], Layout]) -> Iterator[tuple[Path, tuple[Row, ...]]]:
    """The good rows of each file of `folder` that fits `pattern`, in the order of the file; a file is a series.

    Raises:
        RowsRejected: no file fits, or none has a good row.
    """
    told = False
    for path in sorted(folder.glob(pattern)):
        found = _read(path, layout(path))
        _tell(path, found, [])
        if found.rows:
            told = True
            yield path, found.rows
    if not told:
        raise RowsRejected((f"{folder}: no good row in any file {pattern}; put the recording's files there",))


def _read(path: Path, layout: Layout) -> Rows:
    try:
        return read_rows(path, layout)
    except RowsRejected as fault:
        return Rows((), len(fault.faults), fault.faults)


def _tell(path: Path, found: Rows, again: list[Row]) -> None:
    for finding in found.named:
        LOG.warning("%s", finding)
    for row in again[:NAMED]:
        LOG.warning("%s: a file before it has the row of %d ms too", " ".join((str(path), *row.key)), row.at_ms)
    if unnamed := found.left_out - len(found.named) + max(0, len(again) - NAMED):
        LOG.warning("%s: and %d more rows", path, unnamed)
    LOG.info("%s: %d rows, %d left out", path.name, len(found.rows) - len(again), found.left_out + len(again))
