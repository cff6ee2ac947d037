"""Create the data folder of this machine.

In:    a path from the site file or the command line.
Out:   the folder.
Never: a full or failing disk reported as a settings error.
"""

import errno
from pathlib import Path
from typing import Final

_PATH_REMEDIES: Final = {
    errno.EEXIST: "give the path of a folder",
    errno.ENOTDIR: "set another [storage] directory",
    errno.ELOOP: "set another [storage] directory",
    errno.ENAMETOOLONG: "set another [storage] directory",
}
"""Errors of a wrong path, which trying again cannot help, with their remedies."""


class StorageRejected(ValueError):
    """A folder cannot have this path."""


def create_storage(folder: Path) -> None:
    """Create the folder and its parents, if they are missing.

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
        raise StorageRejected(f"{error.filename or folder}: {reason}; {_PATH_REMEDIES[error.errno]}") from error
