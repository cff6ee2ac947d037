"""Reads what is sound in a damaged outbox, page by page and without SQLite.

In:    the raw bytes of the file and of its write-ahead log.
Out:   the newest state that is sound, and every row of its stream whose checksum is right.
Never: a guess. A row is what its checksum vouches for, whatever became of the pages around it.

A leaf page of a table is found by its shape alone, in the file and in the log, so a broken header, schema or tree
costs nothing. Rows that were covered and still stand in the log come back too; the collector takes them for repeats.

Source: SQLite, "Database File Format", sections 1.6, 2 and 4.1.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edge.outbox.rows import KINDS, Row, State

PAGE_BYTES: Final = 4096
_LEAF: Final = 0x0D
_LOG_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
_NUMBERS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of a whole number, by its serial type."""
_COLUMNS: Final = len(Row._fields) + 1
"""Those of a row and its checksum. The first, `seq`, is stored as NULL: it is the key."""

Value = int | float | str | None


def log_of(path: Path) -> Path:
    """The write-ahead log of a file."""
    return path.with_name(path.name + "-wal")


def newest_state(path: Path) -> State | None:
    """The sound state with the highest number in the file or its log; raises OSError."""
    states = (state for page in _pages(path) for state in State.found_in(page))
    return max(states, key=lambda state: (state.last, state.dropped), default=None)


def states_in_log(path: Path) -> Iterator[State]:
    """Every sound state in the log: SQLite drops all that stands behind a damaged page there; raises OSError."""
    for page in _cut(log_of(path), _LOG_HEADER_BYTES, _FRAME_HEADER_BYTES):
        yield from State.found_in(page)


def sound_rows(path: Path, stream: str) -> Iterator[Row]:
    """Every row of this stream whose checksum is right, some of them twice; raises OSError."""
    for page in _pages(path):
        for row, checksum in _rows_of(page):
            if checksum == row.sum(stream) and row.kind in KINDS:
                yield row


def _pages(path: Path) -> Iterator[bytes]:
    yield from _cut(path, 0, 0)
    yield from _cut(log_of(path), _LOG_HEADER_BYTES, _FRAME_HEADER_BYTES)


def _cut(path: Path, start: int, between: int) -> Iterator[bytes]:
    """The pages of a file, the first after `start` bytes, each behind `between` more."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(start)
        while page := file.read(between + PAGE_BYTES):
            yield page[between:]


def _rows_of(page: bytes) -> Iterator[tuple[Row, int]]:
    """The rows of a leaf page, with the checksums that stand in it; what cannot be one is left out."""
    if len(page) < 8 or page[0] != _LEAF:
        return
    cells = min(int.from_bytes(page[3:5], "big"), (len(page) - 8) // 2)
    for cell in range(cells):
        at = int.from_bytes(page[8 + 2 * cell : 10 + 2 * cell], "big")
        try:
            found = _row_at(page, at)
        except (IndexError, ValueError, struct.error):
            continue
        if found is not None:
            yield found


def _row_at(page: bytes, at: int) -> tuple[Row, int] | None:
    _, at = _varint(page, at)  # the length of what follows
    seq, at = _varint(page, at)
    header_bytes, body = _varint(page, at)
    types: list[int] = []
    end = at + header_bytes
    while body < end:
        kind, body = _varint(page, body)
        types.append(kind)
    if len(types) != _COLUMNS:
        return None
    values: list[Value] = []
    for kind in types:
        value, body = _value(page, body, kind)
        values.append(value)
    checksum = values.pop()
    if not isinstance(checksum, int):
        return None
    return Row(seq, *values[1:]), checksum  # type: ignore[arg-type] # the checksum vouches for the types


def _varint(page: bytes, at: int) -> tuple[int, int]:
    """A number of up to nine bytes, seven bits in each but the last."""
    number = 0
    for count in range(9):
        byte = page[at]
        at += 1
        if count == 8:
            return number << 8 | byte, at
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, at
    raise ValueError("a number has nine bytes at most")


def _value(page: bytes, at: int, kind: int) -> tuple[Value, int]:
    """One column of this serial type, and where the next begins."""
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind == 7:
        return struct.unpack_from(">d", page, at)[0], at + 8
    if size := _NUMBERS.get(kind, 0):
        return int.from_bytes(page[at : at + size], "big", signed=True), at + size
    if kind < 13 or not kind % 2:
        raise ValueError("no text")
    size = (kind - 13) // 2
    return page[at : at + size].decode(), at + size
