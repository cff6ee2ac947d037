"""What went wrong becomes one plain line and a status that says whose move it is."""

import errno
import sqlite3

import pytest

from collector.history import HistoryAway
from edge.broker import BrokerAway
from ledig.exits import Status, judge
from ledig.site import SiteRejected


def disk_full() -> sqlite3.OperationalError:
    """What SQLite raises on a full disk, raised by SQLite: a database that may not grow."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE big (x)")
    db.execute("PRAGMA max_page_count = 2")
    try:
        db.execute("INSERT INTO big VALUES (zeroblob(1000000))")
    except sqlite3.OperationalError as fault:
        return fault
    finally:
        db.close()
    raise AssertionError("it grew")


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        (SiteRejected(("a: b; c", "d: e; f")), Status.WRONG, "a: b; c\nd: e; f"),
        (BrokerAway("broker h:1: no answer"), Status.AWAY, "broker h:1: no answer"),
        (HistoryAway("influxdb: no answer"), Status.AWAY, "influxdb: no answer"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/d"),
            Status.WRONG,
            "/d: no space left on device; make room",
        ),
        (OSError(errno.EROFS, "Read-only file system", "/d"), Status.WRONG, "/d: read-only file system; mount it for"),
        (
            PermissionError(errno.EACCES, "Permission denied", "/d"),
            Status.WRONG,
            "/d: permission denied; give this user",
        ),
        (
            FileExistsError(errno.EEXIST, "File exists", "/d"),
            Status.WRONG,
            "/d: file exists; give the path of a folder",
        ),
        (IsADirectoryError(errno.EISDIR, "Is a directory", "/d"), Status.WRONG, "/d: is a directory; a file belongs"),
        (OSError(errno.EADDRINUSE, "Address already in use"), Status.WRONG, "address already in use; end what uses it"),
        (disk_full(), Status.WRONG, "database: database or disk is full; make room on its disk"),
        (
            ModuleNotFoundError(name="flask"),
            Status.WRONG,
            "ledig user: the Python package flask is not installed; in the folder of Ledig, run: make install",
        ),
    ],
)
def test_a_fault_of_the_world_is_one_plain_line(fault: Exception, status: Status, text: str) -> None:
    found, told = judge(fault, "user")
    assert found is status
    assert told.startswith(text)


@pytest.mark.parametrize(
    "fault",
    [
        KeyError("x"),
        ValueError("somebody else's"),
        ConnectionResetError("somebody else's"),
        sqlite3.OperationalError("no such table: x"),
        ModuleNotFoundError(name="collector.nowhere"),
        FileNotFoundError(errno.ENOENT, "No such file or directory", "/d"),
    ],
)
def test_everything_else_is_our_bug_and_keeps_its_traceback(fault: Exception) -> None:
    assert judge(fault, "collector") == (Status.BUG, "")
