"""Create the data folder of this machine, or check that it can be created.

In:    a path from the site file or the command line.
Out:   the folder.
Never: a full or failing disk reported as a settings error.
"""

import contextlib
import errno
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PATH_REMEDIES: Final = {
    errno.EEXIST: "give the path of a folder",
    errno.ENOENT: "set another {setting}",
    errno.EINVAL: "set another {setting}",
    errno.ENOTDIR: "set another {setting}",
    errno.ELOOP: "set another {setting}",
    errno.ENAMETOOLONG: "set another {setting}",
}
"""Errors of a wrong path, which trying again cannot help, with their remedies."""
STORAGE_SETTING: Final = "[storage] directory"


class StorageRejected(ValueError):
    """A folder cannot have this path."""


def create_storage(folder: Path, setting: str = STORAGE_SETTING) -> None:
    """Create the folder and its parents, if they are missing.

    Args:
        folder: the folder for all data.
        setting: what names the folder, for the error.

    Raises:
        StorageRejected: the path is wrong, or a file has this path.
        OSError: the disk failed, or this user may not write a parent folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno not in _PATH_REMEDIES:
            raise
        reason = (error.strerror or str(error)).lower()
        raise StorageRejected(
            f"{error.filename or folder}: {reason}; {_PATH_REMEDIES[error.errno].format(setting=setting)}"
        ) from error


@contextlib.contextmanager
def try_storage(folder: Path) -> Iterator[None]:
    """Create the folder for the duration of the block, and check that a file can be written there.

    Raises:
        StorageRejected, OSError: see `create_storage`.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    create_storage(folder)
    try:
        try:
            with tempfile.TemporaryFile(dir=folder) as trial:
                trial.write(bytes(4096))
        except OSError as fault:
            fault.filename = str(folder)  # the file itself has no name
            raise
        yield
    finally:
        for one in missing:
            with contextlib.suppress(OSError):  # something else is in it by now
                one.rmdir()
