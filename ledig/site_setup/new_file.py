"""Create a file completely or not at all, and never in the place of another.

In:    a path and a text.
Out:   the file, on disk when the function returns.
Never: a changed file; a partial one under this name, unless the file system has no hard links and the
       process is killed while it writes.
"""

import errno
import os
from pathlib import Path
from typing import Final

_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""A file system without hard links, such as FAT, reports one of these."""


def create_whole_file(path: Path, text: str) -> None:
    """Write a new file.

    Raises:
        FileExistsError: something has this name.
        OSError: the folder cannot be written, or the disk is full.
    """
    partial = path.with_name(f".ledig-init-{os.getpid()}")
    partial.unlink(missing_ok=True)
    try:
        _write_synced(partial, text)
        try:
            os.link(partial, path)  # a rename would replace a file that appeared meanwhile
        except OSError as fault:
            if fault.errno not in _NO_LINKS:
                raise
            _write_synced(path, text)
    except OSError as fault:
        fault.filename = str(path)  # what the user asked for
        fault.filename2 = None
        raise
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _write_synced(path: Path, text: str) -> None:
    """Write a new file; remove it if that fails."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
