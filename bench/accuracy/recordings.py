"""Read all files of a recording that match a pattern.

In:    the recording's folder, a pattern of names, the layout of the files.
Out:   the good rows of all files in order of time within each key; what was read or left out is logged.
Never: guesses. A file that cannot be read is left out and logged like a broken row.

Files of a recording may be added or removed. Their names only have to match the pattern.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ledig.replay.recorded_rows import MAX_NAMED_FAULTS, RecordedRow, RecordedRows, RowLayout, RowsRejected, read_rows

LOG: Final = logging.getLogger("bench.accuracy.recordings")
"""Logs each file read with its number of rows (INFO), and each row left out (WARNING)."""


def read_all(folder: Path, pattern: str, layout: RowLayout) -> tuple[RecordedRow, ...]:
    """Read the rows of every file of `folder` that matches `pattern`.

    A row whose time is in two files is read from the first in order of file names, and left out of the other.

    Raises:
        RowsRejected: no file matches, or none has a good row.
    """
    rows: dict[tuple[tuple[str, ...], int], RecordedRow] = {}
    for path in sorted(folder.glob(pattern)):
        found = _read_file(path, layout)
        repeated = [row for row in found.rows if rows.setdefault((row.key, row.at_ms), row) is not row]
        _log_rows(path, found, repeated)
    if not rows:
        raise RowsRejected((f"{folder}: no good row in any file {pattern}; put the recording's files there",))
    return tuple(rows[key] for key in sorted(rows))


def read_each(
    folder: Path, pattern: str, layout: Callable[[Path], RowLayout]
) -> Iterator[tuple[Path, tuple[RecordedRow, ...]]]:
    """Yield the good rows of each file of `folder` that matches `pattern`, in the order of the file.

    Raises:
        RowsRejected: no file matches, or none has a good row.
    """
    found_any = False
    for path in sorted(folder.glob(pattern)):
        found = _read_file(path, layout(path))
        _log_rows(path, found, [])
        if found.rows:
            found_any = True
            yield path, found.rows
    if not found_any:
        raise RowsRejected((f"{folder}: no good row in any file {pattern}; put the recording's files there",))


def _read_file(path: Path, layout: RowLayout) -> RecordedRows:
    try:
        return read_rows(path, layout)
    except RowsRejected as fault:
        return RecordedRows((), len(fault.faults), fault.faults)


def _log_rows(path: Path, found: RecordedRows, repeated: list[RecordedRow]) -> None:
    for finding in found.named_faults:
        LOG.warning("%s", finding)
    for row in repeated[:MAX_NAMED_FAULTS]:
        LOG.warning("%s: an earlier file also has the row of %d ms", " ".join((str(path), *row.key)), row.at_ms)
    if unnamed := found.rows_left_out - len(found.named_faults) + max(0, len(repeated) - MAX_NAMED_FAULTS):
        LOG.warning("%s: and %d more rows", path, unnamed)
    LOG.info(
        "%s: %d rows, %d left out", path.name, len(found.rows) - len(repeated), found.rows_left_out + len(repeated)
    )
