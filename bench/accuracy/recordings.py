"""Reads every file of a recording that fits a pattern, as one.

In:    the recording's folder, a pattern of names, how a file tells its rows.
Out:   the good rows of all files in order of time within each key; what was left out is logged, row by row.
Never: a guess. A file that cannot be read is left out and named like a broken row.

Parts of a recording may be added or taken away: the names of the files mean nothing but that they fit.
"""

import logging
from pathlib import Path

from ledig.rows import Layout, Row, Rows, RowsRejected, read_rows

LOG = logging.getLogger("bench.accuracy.recordings")
"""Says at WARNING what was left out: each finding its own record, `%d more rows` when there are too many to name."""


def joined(folder: Path, pattern: str, layout: Layout) -> tuple[Row, ...]:
    """The rows of every file of `folder` that fits `pattern`.

    A moment that two files tell is taken from the first in order of their names, and left out of the other.

    Raises:
        RowsRejected: no file fits, or none has a good row.
    """
    rows: dict[tuple[tuple[str, ...], int], Row] = {}
    for path in sorted(folder.glob(pattern)):
        found = _read(path, layout)
        _tell(found)
        for row in found.rows:
            if rows.setdefault((row.key, row.at_ms), row) is not row:
                LOG.warning("%s: the row of %d ms %s is in a file before it", path.name, row.at_ms, row.key)
    if not rows:
        raise RowsRejected((f"{folder}: no good row in any file {pattern}; put the recording's files there",))
    return tuple(rows[key] for key in sorted(rows))


def _read(path: Path, layout: Layout) -> Rows:
    try:
        return read_rows(path, layout)
    except RowsRejected as fault:
        return Rows((), len(fault.faults), fault.faults)


def _tell(found: Rows) -> None:
    for finding in found.named:
        LOG.warning("%s", finding)
    if found.left_out > len(found.named):
        LOG.warning("and %d more rows", found.left_out - len(found.named))
