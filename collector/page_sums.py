"""Checksums of the pages of one SQLite file, so that a changed bit in a value is found, which SQLite itself cannot see.

In:    the file of a database in WAL mode whose checkpoints all pass through `before_checkpoint`, `after_checkpoint`.
Out:   a file of checksums beside it; the pages that differ.
Never: a false alarm: before pages change, the checksums are taken away, and are back when all are on the disk.

Between checkpoints the database file does not change: commits go to the log, which has checksums of its own.
The file is read through one handle that stays open as long as SQLite has it: to close a second handle would drop
SQLite's locks. Source: SQLite, "Database File Format" (the header, and the frames of the log).
"""

import contextlib
import os
import struct
import zlib
from array import array
from pathlib import Path
from typing import Final

_MAGIC: Final = b"ledig-page-sums-1\n"
_HEAD: Final = struct.Struct("!18s?IQ")
"""Magic, whether the database was closed after this, size of a page, number of pages. A checksum of all this follows,
and of the checksums that follow it."""
_CHECK: Final = struct.Struct("!I")
_WAL_HEAD: Final = 32
_FRAME_HEAD: Final = 24
_READ_PAGES: Final = 256

Sums = array
"""One CRC-32 for each page, in their order."""


class PageSums:
    """The checksums of one open database. Belongs to the thread that commits, but for `read`, which any may call."""

    def __init__(self, path: Path) -> None:
        """Open the file for reading; SQLite has it open already."""
        self._path, self._sums_path = path, sums_path(path)
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._page_bytes = _page_bytes(os.pread(self._handle, 100, 0))
        self._changing: set[int] = set()
        self.sums: Sums[int] | None = None
        """What the pages are; None: not known yet, or not any more."""

    def close(self) -> None:
        """Let go of the file; SQLite has closed it already."""
        os.close(self._handle)

    def read(self) -> "Sums[int]":
        """The checksums of the pages as they are on the disk now. Raises OSError."""
        return _read(self._handle, self._page_bytes)

    def before_checkpoint(self) -> None:
        """Take the stored checksums away, for the pages in the log are about to change. Raises OSError."""
        self._changing |= _pages_in(self._path.with_name(f"{self._path.name}-wal"), self._page_bytes)
        if self._sums_path.exists():
            self._sums_path.unlink()
            _sync(self._path.parent)

    def forget(self) -> None:
        """The file may be changed by others from here on."""
        self.sums = None
        with contextlib.suppress(OSError):
            self._sums_path.unlink(missing_ok=True)

    def after_checkpoint(self, *, closing: bool = False) -> None:
        """Store the checksums again: every page of the log is in the file now. Raises OSError."""
        if self.sums is None:
            return
        pages = os.fstat(self._handle).st_size // self._page_bytes
        del self.sums[pages:]
        self.sums.extend([0] * (pages - len(self.sums)))
        for place in sorted(number - 1 for number in self._changing if number <= pages):
            self.sums[place] = zlib.crc32(os.pread(self._handle, self._page_bytes, place * self._page_bytes))
        self._changing.clear()
        body = self.sums.tobytes()
        beside = self._sums_path.with_name(f"{self._sums_path.name}.new")
        with beside.open("wb") as file:
            head = _HEAD.pack(_MAGIC, closing, self._page_bytes, pages)
            file.write(head + _CHECK.pack(zlib.crc32(head + body)) + body)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._sums_path)


def sums_path(path: Path) -> Path:
    """Where the checksums of a database are."""
    return path.with_name(f"{path.name}.sums")


def stored_sums(path: Path) -> "Sums[int] | None":
    """The checksums that were stored for a database; None: there are none, or they are damaged themselves.

    Call it before the database is opened. If it was not closed and has no log, another program has opened it since and
    has written the log into it: then nothing is known either.
    """
    found = _stored(path)
    return found[0] if found else None


def first_page_problem(path: Path) -> str:
    """What `closed_sums_problem` finds in the first page, which holds what SQLite must believe before it reads on."""
    stored = _stored(path)
    if stored is None or not path.exists():
        return ""
    with path.open("rb") as file:
        return difference(stored[0][:1], array("I", [zlib.crc32(file.read(stored[1]))]))


def closed_sums_problem(path: Path) -> str:
    """What differs from the stored checksums in a database that no connection of this process has open; empty: nothing.

    Raises OSError.
    """
    stored = _stored(path)
    if stored is None:
        return ""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return difference(stored[0], _read(handle, stored[1]))
    finally:
        os.close(handle)


def _stored(path: Path) -> "tuple[Sums[int], int] | None":
    """The stored checksums and the size of a page."""
    try:
        found = sums_path(path).read_bytes()
    except OSError:
        return None
    if len(found) < _HEAD.size + _CHECK.size:
        return None
    magic, closed, page_bytes, pages = _HEAD.unpack_from(found)
    (check,) = _CHECK.unpack_from(found, _HEAD.size)
    head, body = found[: _HEAD.size], found[_HEAD.size + _CHECK.size :]
    if magic != _MAGIC or zlib.crc32(head + body) != check or len(body) != 4 * pages:
        return None
    if not closed and not path.with_name(f"{path.name}-wal").exists():
        return None
    sums = array("I")
    sums.frombytes(body)
    return sums, page_bytes


def difference(expected: "Sums[int]", found: "Sums[int]") -> str:
    """Which pages are not what they were stored as, in words; empty: all are."""
    if len(found) < len(expected):
        return f"{len(expected) - len(found)} of its {len(expected)} pages are missing"
    changed = [number for number, (was, now) in enumerate(zip(expected, found, strict=False), 1) if was != now]
    return f"page {changed[0]} and {len(changed) - 1} others differ from what was written" if changed else ""


def _read(handle: int, page_bytes: int) -> "Sums[int]":
    sums, at = array("I"), 0
    while block := os.pread(handle, page_bytes * _READ_PAGES, at):
        sums.extend(zlib.crc32(block[start : start + page_bytes]) for start in range(0, len(block), page_bytes))
        at += len(block)
    return sums


def _page_bytes(head: bytes) -> int:
    """The size of a page, as the first page states it."""
    stated = int.from_bytes(head[16:18], "big")
    return 65_536 if stated == 1 else stated or 4096


def _pages_in(log: Path, page_bytes: int) -> set[int]:
    """The numbers of all pages that stand in the log, also in frames that a checkpoint may leave out."""
    pages: set[int] = set()
    with contextlib.suppress(FileNotFoundError), log.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        for at in range(_WAL_HEAD, size - _FRAME_HEAD, _FRAME_HEAD + page_bytes):
            pages.add(int.from_bytes(os.pread(file.fileno(), 4, at), "big"))
    return pages - {0}


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
