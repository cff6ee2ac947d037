"""Prevents a second process from using an SQLite file that belongs to one process.

In:    the file's path.
Out:   a lock file beside it, held until it is released or its process ends in any way.
Never: the file itself: closing a second handle on an SQLite file would drop SQLite's own locks.
"""

import contextlib
import fcntl
import os
from pathlib import Path


class LockInUse(ValueError):
    """Another process holds the lock."""


class FileLock:
    """Holds `<path>.lock`, which contains the id of this process."""

    def __init__(self, path: Path, owner: str) -> None:
        """Take the lock.

        Args:
            path: the file that it protects.
            owner: which program uses the file, such as "collector".

        Raises:
            LockInUse: another process holds it; the text names the process.
            OSError: the lock file cannot be created.
        """
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._handle: int | None = handle
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise LockInUse(f"{path} is in use by another {owner} (pid {pid}); stop that one first") from None
        with contextlib.suppress(OSError):  # a full disk: the lock still works, without the process id
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Release the lock; may be called again. The file stays: deleting it would race with the next holder."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)
