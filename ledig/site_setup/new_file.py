"""Create a file completely or not at all, and never in the place of another.

In:    a path and a text.
Out:   the file, on disk when the function returns.
Never: a changed file; a partial one, unless the process is killed while it writes under another name.
"""

import os
from pathlib import Path


def create_whole_file(path: Path, text: str) -> None:
    """Write a new file.

    Raises:
        FileExistsError: something has this name.
        OSError: the folder cannot be written, or the disk is full.
    """
    partial = path.with_name(f".ledig-init-{os.getpid()}")
    partial.unlink(missing_ok=True)
    try:
        handle = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(partial, path)  # a rename would replace a file that appeared meanwhile
    except OSError as fault:
        fault.filename = str(path)  # what the user asked for
        fault.filename2 = None
        raise
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
