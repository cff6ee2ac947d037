"""Checksums of the pages of one SQLite file, to find a changed bit in a value, which SQLite cannot detect.

In:    the file of a database in WAL mode whose checkpoints all call `before_checkpoint` and `after_checkpoint`.
Out:   a file of checksums beside it; the pages that differ.
Never: a false alarm: the checksums are deleted before pages change, and written again when all pages are on the disk.
       Checksums of another database, such as the one before somebody restored a backup by hand, are not used.

Between checkpoints the database file does not change: commits go to the log, which has checksums of its own.
The file is read through one handle that stays open as long as SQLite uses the file: closing a second handle would drop
SQLite's locks. Source: SQLite, "Database File Format" (the header, and the frames of the log).
"""

import contextlib
import os
import struct
import threading
import zlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MAGIC: Final = b"ledig-page-sums-2\n"
_HEAD: Final = struct.Struct("!18s?8sIQ")
"""Magic, whether the database was closed after this was written, its mark, page size, number of pages.

A checksum of the header and of all page checksums follows, then the page checksums."""
_CHECK: Final = struct.Struct("!I")
_DATABASE_HEAD_BYTES: Final = 100
_WAL_HEAD: Final = 32
_FRAME_HEAD: Final = 24
_READ_PAGES: Final = 256

PageChecksums = array
"""One CRC-32 for each page, in order."""


@dataclass(frozen=True, slots=True)
class PageDifference:
    """Pages whose content differs from their checksums."""

    expected: "PageChecksums[int]"
    pages: tuple[int, ...]
    """Page indices from 0 on, ascending."""
    page_bytes: int

    def __str__(self) -> str:
        number = self.pages[0] + 1
        count = len(self.pages)
        verb = "differs" if count == 1 else "differ"
        return f"{count} of its pages {verb} from what was written (the first: page {number})"


class PageSums:
    """The checksums of one open database, used by the thread that commits.

    Another thread may call `read_checksums`, `find_difference` and `store_checksums` meanwhile. After `discard` and
    `close` they do nothing.
    """

    def __init__(self, path: Path) -> None:
        """Open the file for reading; SQLite must have it open already."""
        self._path, self._sums_path = path, make_checksums_path(path)
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._page_bytes = _read_page_bytes(os.pread(self._handle, _DATABASE_HEAD_BYTES, 0))
        self._changing: set[int] = set()
        self._ending = threading.Lock()
        self._ended = False
        self.sums: PageChecksums[int] | None = None
        """The checksums of the pages; None: not known yet, or no longer."""

    def close(self) -> None:
        """Close the file; SQLite must have closed it already."""
        with self._ending:
            self._ended = True
            os.close(self._handle)

    def read_checksums(self, stopped: Callable[[], bool]) -> "PageChecksums[int] | None":
        """The checksums of the pages as they are on the disk; None: stopped, or the file was closed meanwhile.

        Raises OSError.
        """
        sums, at = array("I"), 0
        while not stopped():
            with self._ending:  # the number of a closed handle may be reused for another file
                if self._ended:
                    return None
                block = os.pread(self._handle, self._page_bytes * _READ_PAGES, at)
            if not block:
                return sums
            _add_sums(sums, block, self._page_bytes)
            at += len(block)
        return None

    def find_difference(self, expected: "PageChecksums[int]", found: "PageChecksums[int]") -> PageDifference | None:
        """The pages that differ; None: none."""
        return _find_difference(expected, found, self._page_bytes)

    def store_checksums(self, found: "PageChecksums[int]") -> None:
        """Store these checksums, which were read while no page changed. Raises OSError."""
        with self._ending:
            if not self._ended:
                self.sums = found
                self.after_checkpoint()

    def before_checkpoint(self) -> None:
        """Delete the stored checksums, because the pages in the log are about to change. Raises OSError."""
        self._changing |= _find_logged_pages(self._path.with_name(f"{self._path.name}-wal"), self._page_bytes)
        if self._sums_path.exists():
            self._sums_path.unlink()
            _sync_folder(self._path.parent)

    def discard(self) -> None:
        """Delete the checksums, because others may change the file from now on."""
        with self._ending:
            self._ended, self.sums = True, None
            with contextlib.suppress(OSError):
                self._sums_path.unlink(missing_ok=True)

    def after_checkpoint(self, *, closing: bool = False) -> None:
        """Store the checksums again, now that every page of the log is in the file. Raises OSError."""
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
            mark = _read_mark(os.pread(self._handle, _DATABASE_HEAD_BYTES, 0))
            head = _HEAD.pack(_MAGIC, closing, mark, self._page_bytes, pages)
            file.write(head + _CHECK.pack(zlib.crc32(head + body)) + body)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._sums_path)


def make_checksums_path(path: Path) -> Path:
    """The path of the checksums of a database."""
    return path.with_name(f"{path.name}.sums")


def load_checksums(path: Path) -> "PageChecksums[int] | None":
    """The stored checksums of a database; None: there are none, or they are damaged.

    Call it before the database is opened. A database that was not closed and has no log was opened by another program,
    which wrote the log into it: then the checksums are unknown too.
    """
    found = _load_stored(path)
    return found[0] if found else None


def find_first_page_problem(path: Path) -> str:
    """What `find_closed_file_problem` finds in the first page, which controls how SQLite reads the others."""
    stored = _load_stored(path)
    if stored is None or not path.exists():
        return ""
    with path.open("rb") as file:
        first = array("I", [zlib.crc32(file.read(stored[1]))])
    return str(_find_difference(stored[0][:1], first, stored[1]) or "")


def find_closed_file_problem(path: Path, noticed: PageDifference | None = None) -> str:
    """The difference in a database that no connection of this process has open; empty: none.

    Pages are compared with the stored checksums, and with those that they had when a difference was found earlier.

    Args:
        path: the database.
        noticed: the earlier difference, if there is one.

    Raises:
        OSError: the file cannot be read.
    """
    stored = _load_stored(path)
    if stored is not None and (found := _find_difference(stored[0], _closed_sums(path, stored[1]), stored[1])):
        return str(found)
    if noticed is None:
        return ""
    found = _find_difference(noticed.expected, _closed_sums(path, noticed.page_bytes), noticed.page_bytes)
    return str(noticed) if found and not set(found.pages).isdisjoint(noticed.pages) else ""


def _closed_sums(path: Path, page_bytes: int) -> "PageChecksums[int]":
    sums = array("I")
    with path.open("rb") as file:
        while block := file.read(page_bytes * _READ_PAGES):
            _add_sums(sums, block, page_bytes)
    return sums


def _load_stored(path: Path) -> "tuple[PageChecksums[int], int] | None":
    """The stored checksums and the page size."""
    try:
        found = make_checksums_path(path).read_bytes()
    except OSError:
        return None
    if len(found) < _HEAD.size + _CHECK.size:
        return None
    magic, closed, mark, page_bytes, pages = _HEAD.unpack_from(found)
    (check,) = _CHECK.unpack_from(found, _HEAD.size)
    head, body = found[: _HEAD.size], found[_HEAD.size + _CHECK.size :]
    if magic != _MAGIC or zlib.crc32(head + body) != check or len(body) != 4 * pages:
        return None
    if not closed and not path.with_name(f"{path.name}-wal").exists():
        return None
    if _is_other_database(path, mark):
        return None
    sums = array("I")
    sums.frombytes(body)
    return sums, page_bytes


def _find_difference(
    expected: "PageChecksums[int]", found: "PageChecksums[int]", page_bytes: int
) -> PageDifference | None:
    changed = [place for place, (was, now) in enumerate(zip(expected, found, strict=False)) if was != now]
    pages = (*changed, *range(len(found), len(expected)))
    return PageDifference(expected, pages, page_bytes) if pages else None


def _add_sums(sums: "PageChecksums[int]", block: bytes, page_bytes: int) -> None:
    sums.extend(zlib.crc32(block[start : start + page_bytes]) for start in range(0, len(block), page_bytes))


def _read_mark(head: bytes) -> bytes:
    """What distinguishes this content from other contents: the journal modes, the page size, the change counter.

    A backup is in another journal mode than a database in use.
    """
    return head[16:20] + head[24:28]


def _is_other_database(path: Path, mark: bytes) -> bool:
    """Whether the file is a complete database with another mark, so that somebody put it in its place.

    Every change of SQLite writes the change counter twice; damage would have to change both to the same value.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_DATABASE_HEAD_BYTES)
    except OSError:
        return False
    is_intact = head.startswith(b"SQLite format 3\0") and head[24:28] == head[92:96]
    return is_intact and _read_mark(head) != mark


def _read_page_bytes(head: bytes) -> int:
    """The page size that the first page states."""
    stated = int.from_bytes(head[16:18], "big")
    return 65_536 if stated == 1 else stated or 4096


def _find_logged_pages(log: Path, page_bytes: int) -> set[int]:
    """The numbers of all pages in the log, including frames that a checkpoint may leave out."""
    pages: set[int] = set()
    with contextlib.suppress(FileNotFoundError), log.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        for at in range(_WAL_HEAD, size - _FRAME_HEAD, _FRAME_HEAD + page_bytes):
            pages.add(int.from_bytes(os.pread(file.fileno(), 4, at), "big"))
    return pages - {0}


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
