"""Backups of the site file: one copy of each version that a collector was started with.

In:    the site file, the backup folder, the time.
Out:   at most `MAX_COPIES` copies, readable by this user only; the running collector deletes old ones.
Never: an error for a failing disk: a missing copy must not prevent the collector's start.

A changed site file takes effect when the collector restarts, so copying it at each start keeps every version that was
in effect. A damaged site file is never restored automatically: damage cannot be distinguished from an edit.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

from collector.store.recovery.site_file_copies import delete_replaced_copies, list_site_copies

MAX_COPIES: Final = 10


def save_site_copy(site_file: Path, folder: Path, now_ms: int) -> None:
    """Copy the site file unless the newest copy is the same.

    Args:
        site_file: the current site file.
        folder: folder of the copies, created with mode 0700.
        now_ms: Unix ms, for the name of the copy.
    """
    with contextlib.suppress(OSError):  # the journal on the same disk reports the problem
        _save_copy(site_file, folder, now_ms)


def _save_copy(site_file: Path, folder: Path, now_ms: int) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = site_file.read_bytes()
    copies = list_site_copies(folder)
    if not copies or copies[-1].path.read_bytes() != body:
        number = copies[-1].number + 1 if copies else 1
        partial = folder / "site.partial"
        partial.unlink(missing_ok=True)
        handle = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(folder / f"site-{number:06d}-{now_ms}.toml")
        for old in copies[: max(0, len(copies) - MAX_COPIES + 1)]:
            old.path.unlink(missing_ok=True)
    delete_replaced_copies(folder, now_ms)
