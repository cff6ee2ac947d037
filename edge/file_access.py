"""Explains why this process cannot use a file: its owner, its mode, and the command that fixes it.

In:    a path.
Out:   one sentence, or an empty text if owner and mode are not the reason.
Never: a change of the file.

SQLite reports a file beside the database that belongs to somebody else (`-wal`, `-shm`) as "disk I/O error" or
"unable to open database file". Both send an administrator to the wrong place.
"""

import os
import pwd
import shlex
import stat
from pathlib import Path

_COMPANIONS = ("", "-wal", "-shm", "-journal", ".lock")
"""What SQLite and our lock keep beside a database."""


def access_problem(path: Path) -> str:
    """What keeps this process from reading and writing a file, what stands beside it, and their folder.

    Returns:
        Such as "/d/journal.sqlite-wal is owned by root with mode 0600 and this process runs as ledig;
        run: sudo chown ledig /d/journal.sqlite-wal". Empty: nothing, as far as owner and mode go.
    """
    folder = path.parent
    if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK, effective_ids=True) and not _read_only(folder):
        return _sentence(folder, "rwx")
    for tail in _COMPANIONS:
        file = path.with_name(path.name + tail)
        try:
            there = file.exists()
        except PermissionError:
            return _sentence(folder, "rwx")
        if there and not os.access(file, os.R_OK | os.W_OK, effective_ids=True) and not _read_only(file):
            return _sentence(file, "rwx" if file.is_dir() else "rw")
    return ""


def read_problem(path: Path) -> str:
    """What keeps this process from reading a file, in the same words; empty: not owner and mode."""
    for part in (*reversed(path.absolute().parents), path):
        try:
            part.stat()
        except FileNotFoundError:
            return ""
        except OSError:
            continue  # the folder before it is the one that keeps us out
        if part.is_dir() and not os.access(part, os.X_OK, effective_ids=True):
            return _sentence(part, "rx")
    return "" if os.access(path, os.R_OK, effective_ids=True) else _sentence(path, "r")


def _read_only(path: Path) -> bool:
    """Whether the file system forbids writing, which is no matter of owner and mode."""
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def _sentence(path: Path, needed: str) -> str:
    try:
        found = path.stat()
    except OSError:
        return f"{path} cannot be reached by {_name(os.geteuid())}; give this user access to the folders above it"
    who = _name(os.geteuid())
    quoted = shlex.quote(str(path))
    command = f"chmod u+{needed} {quoted}" if found.st_uid == os.geteuid() else f"sudo chown {who} {quoted}"
    owner, mode = _name(found.st_uid), stat.S_IMODE(found.st_mode)
    return f"{path} is owned by {owner} with mode {mode:04o} and this process runs as {who}; run: {command}"


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
