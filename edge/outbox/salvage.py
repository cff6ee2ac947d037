"""Reads the intact rows of a damaged outbox, page by page and without SQLite.

In:    the raw bytes of the file and of its write-ahead log.
Out:   the newest intact state, and every row of its stream whose checksum is right.
Never: a guess. A row counts if its checksum is right, whatever the condition of other pages.

Leaf pages of tables are recognised by their format alone, in the file and in the log, so a damaged header, schema or
tree loses no row. Rows that were deleted and are still in the log come back too; the collector drops them as repeats.

Source: SQLite, "Database File Format", sections 1.6, 2 and 4.1.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edge.outbox.outbox_rows import OutboxState, PendingEvent

PAGE_BYTES: Final = 4096
_LEAF_PAGE: Final = 0x0D
_LOG_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
_INTEGER_BYTES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of an integer, by its serial type."""
_COLUMNS: Final = len(PendingEvent._fields) + 1
"""Columns of a row with its checksum. The first, `seq`, is the key and is stored as NULL."""

Value = int | float | str | None


def wal_path(path: Path) -> Path:
    """Return the path of a file's write-ahead log."""
    return path.with_name(path.name + "-wal")


def find_newest_state(path: Path) -> OutboxState | None:
    """Find the sound state with the highest number in the file or its log; may raise OSError."""
    states = (state for page in _read_all_pages(path) for state in OutboxState.find_in(page))
    return max(states, key=lambda state: (state.last, state.dropped), default=None)


def find_states_in_wal(path: Path) -> Iterator[OutboxState]:
    """Find every sound state in the log, where SQLite drops all after a damaged page; may raise OSError."""
    for page in _read_pages(wal_path(path), _LOG_HEADER_BYTES, _FRAME_HEADER_BYTES):
        yield from OutboxState.find_in(page)


def read_sound_rows(path: Path, stream: str) -> Iterator[PendingEvent]:
    """Read every row of this stream whose checksum is right, some of them twice; may raise OSError."""
    for page in _read_all_pages(path):
        for row, checksum in _parse_rows(page):
            if row.is_sound(stream, checksum):
                yield row


def _read_all_pages(path: Path) -> Iterator[bytes]:
    yield from _read_pages(path, 0, 0)
    yield from _read_pages(wal_path(path), _LOG_HEADER_BYTES, _FRAME_HEADER_BYTES)


def _read_pages(path: Path, start: int, between: int) -> Iterator[bytes]:
    """Read the pages of a file: skip `start` bytes, then `between` bytes before each page."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(start)
        while page := file.read(between + PAGE_BYTES):
            yield page[between:]


def _parse_rows(page: bytes) -> Iterator[tuple[PendingEvent, int]]:
    """Parse the rows of a leaf page and their stored checksums; skip what cannot be a row."""
    if len(page) < 8 or page[0] != _LEAF_PAGE:
        return
    cells = min(int.from_bytes(page[3:5], "big"), (len(page) - 8) // 2)
    for cell in range(cells):
        at = int.from_bytes(page[8 + 2 * cell : 10 + 2 * cell], "big")
        try:
            found = _parse_row(page, at)
        except (IndexError, ValueError, struct.error):
            continue
        if found is not None:
            yield found


def _parse_row(page: bytes, at: int) -> tuple[PendingEvent, int] | None:
    _, at = _parse_varint(page, at)  # the length of the payload
    seq, at = _parse_varint(page, at)
    header_bytes, body = _parse_varint(page, at)
    types: list[int] = []
    end = at + header_bytes
    while body < end:
        kind, body = _parse_varint(page, body)
        types.append(kind)
    if len(types) != _COLUMNS:
        return None
    values: list[Value] = []
    for kind in types:
        value, body = _parse_value(page, body, kind)
        values.append(value)
    checksum = values.pop()
    if not isinstance(checksum, int):
        return None
    return PendingEvent(seq, *values[1:]), checksum  # type: ignore[arg-type] # the checksum proves the types


def _parse_varint(page: bytes, at: int) -> tuple[int, int]:
    """Parse a varint: up to nine bytes, seven bits in each but the last."""
    number = 0
    for count in range(9):
        byte = page[at]
        at += 1
        if count == 8:
            return number << 8 | byte, at
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, at
    raise ValueError("a varint has at most nine bytes")


def _parse_value(page: bytes, at: int, kind: int) -> tuple[Value, int]:
    """Parse one column of this serial type; return its value and the offset of the next column."""
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind == 7:
        return struct.unpack_from(">d", page, at)[0], at + 8
    if size := _INTEGER_BYTES.get(kind, 0):
        return int.from_bytes(page[at : at + size], "big", signed=True), at + size
    if kind < 13 or not kind % 2:
        raise ValueError("not text")
    size = (kind - 13) // 2
    return page[at : at + size].decode(), at + size
