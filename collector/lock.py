"""Keeps a second collector off a journal.

In:    the journal's path.
Out:   a lock beside it, held until it is released or its process ends, however it ends.
Never: the journal itself: to close any second handle on an SQLite file would drop SQLite's own locks.
"""

import contextlib
import fcntl
import os
from pathlib import Path


class InUse(ValueError):
    """Another process holds the lock."""


class Lock:
    """Holds `<path>.lock` with the number of this process in it.

    Raises:
        InUse: another collector holds it; the text names its process.
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._handle: int | None = handle
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise InUse(f"{path} is in use by another collector (pid {pid}); stop that one first") from None
        with contextlib.suppress(OSError):  # a full disk: the lock holds all the same, without the number
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go, once or more often; the file stays, for to delete it would race with the next holder."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)
