"""Owner and mode of files: makes them private, and explains why this process cannot use one.

In:    a path.
Out:   a private file; one sentence with a remedy, or an empty string if owner and mode are not the reason.
Never: a change of a file's content.

If a file beside the database (`-wal`, `-shm`) belongs to another user, SQLite reports "disk I/O error" or "unable to
open database file". Both messages mislead an administrator.
"""

import contextlib
import os
import pwd
import shlex
import stat
from pathlib import Path

_PRIVATE_MODE = 0o600
_COMPANIONS = ("", "-wal", "-shm", "-journal", ".lock")
"""Suffixes of the database and of the files that SQLite and our lock keep beside it."""


def make_private(path: Path) -> None:
    """Create a file that only this user may read, or take the rights of others away; SQLite keeps its mode.

    Raises:
        OSError: it cannot be created, or belongs to another user.
    """
    with contextlib.suppress(FileExistsError, FileNotFoundError):  # SQLite reports a missing folder
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, _PRIVATE_MODE))
    for suffix in _COMPANIONS:
        file = path.with_name(path.name + suffix)
        with contextlib.suppress(OSError):  # SQLite creates it, or reports why it cannot be used
            found = file.stat()
            if stat.S_ISREG(found.st_mode) and found.st_mode & 0o777 != _PRIVATE_MODE and found.st_uid == os.geteuid():
                file.chmod(_PRIVATE_MODE)


def find_access_problem(path: Path) -> str:
    """Find what prevents this process from reading and writing a file, its companion files and their folder.

    Returns:
        For example "/d/journal.sqlite-wal is owned by root with mode 0600 and this process runs as ledig;
        run: sudo chown ledig /d/journal.sqlite-wal". Empty if owner and mode are not the reason.
    """
    folder = path.parent
    if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK, effective_ids=True) and not _is_read_only(folder):
        return _format_problem(folder, "rwx")
    for suffix in _COMPANIONS:
        file = path.with_name(path.name + suffix)
        try:
            exists = file.exists()
        except PermissionError:
            return _format_problem(folder, "rwx")
        if exists and not os.access(file, os.R_OK | os.W_OK, effective_ids=True) and not _is_read_only(file):
            return _format_problem(file, "rwx" if file.is_dir() else "rw")
    return ""


def find_obstacle(path: Path) -> tuple[str, str] | None:
    """Find what is in the place of a file: a folder, or a link to nowhere. Returns the finding and its remedy."""
    if path.is_dir():
        return "a folder has this name", "move the folder away"
    target = os.path.realpath(path)
    if path.is_symlink() and Path(target).is_symlink():
        return "it is a link to itself", "remove the link"
    if path.is_symlink() and not Path(target).parent.is_dir():
        return f"it is a link to {target}, whose folder does not exist", "create that folder, or remove the link"
    return None


def find_read_problem(path: Path) -> str:
    """Find what prevents this process from reading a file; empty if owner and mode are not the reason."""
    for part in (*reversed(path.absolute().parents), path):
        try:
            part.stat()
        except FileNotFoundError:
            return ""
        except OSError:
            continue  # a folder above it denies access, and that one is reported
        if part.is_dir() and not os.access(part, os.X_OK, effective_ids=True):
            return _format_problem(part, "rx")
    return "" if os.access(path, os.R_OK, effective_ids=True) else _format_problem(path, "r")


def _is_read_only(path: Path) -> bool:
    """Return whether the file system is read-only, whatever owner and mode are."""
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def _format_problem(path: Path, needed: str) -> str:
    try:
        found = path.stat()
    except OSError:
        return f"{path} cannot be reached by {_user_name(os.geteuid())}; give this user access to the folders above it"
    user = _user_name(os.geteuid())
    quoted = shlex.quote(str(path))
    command = f"chmod u+{needed} {quoted}" if found.st_uid == os.geteuid() else f"sudo chown {user} {quoted}"
    owner, mode = _user_name(found.st_uid), stat.S_IMODE(found.st_mode)
    return f"{path} is owned by {owner} with mode {mode:04o} and this process runs as {user}; run: {command}"


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
