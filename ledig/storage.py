"""Makes the folder that everything of this machine is kept in.

In:    the path that the site file or the command line gives.
Out:   a folder.
Never: a full or failing disk reported as a wrong setting.
"""

import errno
from pathlib import Path
from typing import Final

_WRONG: Final = {
    errno.EEXIST: "give the path of a folder",
    errno.ENOTDIR: "set another [storage] directory",
    errno.ELOOP: "set another [storage] directory",
    errno.ENAMETOOLONG: "set another [storage] directory",
}
"""The path itself is wrong, and stays so."""


class StorageRejected(ValueError):
    """No folder can have this path."""


def make_storage(folder: Path) -> None:
    """Make the folder and those above it, if they are missing.

    Raises:
        StorageRejected: something else is in its place.
        OSError: the disk, or a folder above it that this user may not write.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        if fault.errno not in _WRONG:
            raise
        reason = (fault.strerror or str(fault)).lower()
        raise StorageRejected(f"{fault.filename or folder}: {reason}; {_WRONG[fault.errno]}") from fault
