import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest

from edge.contract.message import EventKind, SensorEvent
from edge.outbox import OUTBOX_VERSION, Outbox, OutboxAway, OutboxInUse, OutboxRejected, PendingEvent
from edge.outbox.outbox_rows import OutboxState
from tests.support.edge.outbox_events import create_timed_event

AT_MS = 1_763_870_400_000
NOBODY_UID = 65_534


def pending_event(
    value: float = 1, at_ms: int | None = AT_MS, *, monotonic_ms: int = 500, wall_ms: int = 700
) -> PendingEvent:
    return create_timed_event("desk-14-pir", EventKind.MOTION, value, at_ms, monotonic_ms=monotonic_ms, wall_ms=wall_ms)


def open_outbox(path: Path, *, max_events: int = 50_000, boot: str = "boot-1") -> Outbox:
    return Outbox(path, max_events=max_events, boot=boot)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


def test_events_are_read_in_order_and_numbered_from_one(path: Path) -> None:
    with open_outbox(path) as outbox:
        outbox.append([pending_event(1), pending_event(0), pending_event(21.5)])
        assert outbox.read_events(1, 10) == [
            SensorEvent(1, "desk-14-pir", AT_MS, EventKind.MOTION, 1),
            SensorEvent(2, "desk-14-pir", AT_MS, EventKind.MOTION, 0),
            SensorEvent(3, "desk-14-pir", AT_MS, EventKind.MOTION, 21.5),
        ]
        assert [type(event.value) for event in outbox.read_events(1, 10)] == [int, int, float]
        assert [event.seq for event in outbox.read_events(2, 1)] == [2]


def test_covered_events_are_deleted_and_numbers_are_never_reused(path: Path) -> None:
    with open_outbox(path) as outbox:
        outbox.append([pending_event(), pending_event(), pending_event()])
        outbox.delete_covered(2)
        assert (outbox.oldest_seq, outbox.last_seq, outbox.depth) == (3, 3, 1)
        outbox.delete_covered(1)
        outbox.delete_covered(99)
        assert outbox.depth == 0
        stream = outbox.stream
    with open_outbox(path) as outbox:
        assert (outbox.stream, outbox.oldest_seq, outbox.depth) == (stream, 4, 0)
        outbox.append([pending_event()])
        assert [event.seq for event in outbox.read_events(1, 10)] == [4]


def test_beyond_the_bound_the_oldest_events_are_dropped_and_counted(path: Path) -> None:
    with open_outbox(path, max_events=10) as outbox:
        outbox.append([pending_event() for _ in range(8)])
        outbox.append([pending_event() for _ in range(5)], lost=4)
        assert (outbox.oldest_seq, outbox.depth, outbox.dropped) == (4, 10, 3 + 4)
        outbox.append([pending_event() for _ in range(25)])
        assert (outbox.oldest_seq, outbox.depth, outbox.dropped) == (29, 10, 28 + 4)
        assert [event.seq for event in outbox.read_events(1, 100)] == list(range(29, 39))
    with open_outbox(path, max_events=10) as outbox:
        assert (outbox.oldest_seq, outbox.depth, outbox.dropped) == (29, 10, 32)


def test_events_without_a_time_of_day_hold_back_later_events(path: Path) -> None:
    with open_outbox(path) as outbox:
        outbox.append([pending_event()])
        outbox.append([pending_event(at_ms=None), pending_event(at_ms=None, monotonic_ms=900)])
        outbox.append([pending_event()])
        assert [event.seq for event in outbox.read_events(1, 10)] == [1]
        outbox.assign_times(AT_MS)
        assert [(event.at_ms - AT_MS, event.synchronised) for event in outbox.read_events(1, 10)] == [
            (0, True),
            (500, True),
            (900, True),
            (0, True),
        ]


def test_events_of_an_earlier_process_in_the_same_boot_get_their_time(path: Path) -> None:
    with open_outbox(path) as outbox:
        outbox.append([pending_event(at_ms=None)])
    with open_outbox(path) as outbox:
        assert outbox.read_events(1, 10) == []
        outbox.assign_times(AT_MS)
        assert outbox.read_events(1, 10)[0].at_ms == AT_MS + 500


def test_events_of_an_earlier_boot_keep_the_wall_clock_time_as_not_synchronised(path: Path) -> None:
    with open_outbox(path) as outbox:
        outbox.append([pending_event(at_ms=None)])
    with open_outbox(path, boot="boot-2") as outbox:
        outbox.append([pending_event(at_ms=None)])
        assert [(event.seq, event.at_ms, event.synchronised) for event in outbox.read_events(1, 10)] == [
            (1, 700, False)
        ]


def test_new_stream_renumbers_the_held_events_from_one(path: Path) -> None:
    with open_outbox(path) as outbox:
        outbox.append([pending_event(value) for value in (1, 0, 1, 0)])
        outbox.delete_covered(2)
        stream = outbox.stream
        outbox.start_new_stream()
        assert outbox.stream != stream
        assert [(event.seq, event.value) for event in outbox.read_events(1, 10)] == [(1, 1), (2, 0)]
        assert outbox.last_seq_at_open == 2, "its events may be sent before the first receipt"
        outbox.append([pending_event(0.5)])
        assert (outbox.oldest_seq, outbox.last_seq) == (1, 3)
    with open_outbox(path) as outbox:
        assert outbox.stream != stream
        assert [event.value for event in outbox.read_events(1, 10)] == [1, 0, 0.5]


def test_new_stream_is_on_disk_before_its_first_new_event(path: Path) -> None:
    with open_outbox(path) as outbox:
        outbox.append([pending_event(1), pending_event(0)])
        outbox.start_new_stream()
        stream = outbox.stream
    with open_outbox(path) as outbox:
        assert (outbox.stream, [event.value for event in outbox.read_events(1, 10)]) == (stream, [1, 0])


def test_old_events_are_dropped_and_counted(path: Path) -> None:
    with open_outbox(path) as outbox:
        outbox.append([pending_event(at_ms=at_ms) for at_ms in (10, 20, 30, 20)])
        outbox.delete_old(30)
        assert (outbox.oldest_seq, outbox.depth, outbox.dropped) == (3, 2, 2)
        outbox.append([pending_event(at_ms=None), pending_event(at_ms=60)])
        outbox.delete_old(50)  # an event without a time of day may be new
        assert (outbox.oldest_seq, outbox.depth, outbox.dropped) == (5, 2, 4)
        outbox.assign_times(0)
        outbox.delete_old(1000)
        assert (outbox.oldest_seq, outbox.depth, outbox.dropped) == (7, 0, 6)
    with open_outbox(path) as outbox:
        assert (outbox.oldest_seq, outbox.depth, outbox.dropped) == (7, 0, 6)
        outbox.append([pending_event()])
        assert outbox.last_seq == 7


def test_unreadable_file_is_moved_aside_and_a_new_stream_starts(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(b"this is not a database, only plain text" * 100)
    with open_outbox(path) as outbox:
        outbox.append([pending_event()])
        first = outbox.stream
    with path.open("r+b") as file:  # the first page survives, the table does not
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with open_outbox(path) as outbox:
        assert outbox.stream != first
        assert (outbox.oldest_seq, outbox.depth) == (1, 0)
    assert {each.name for each in path.parent.iterdir()} == {
        "outbox.sqlite",
        "outbox.sqlite.corrupt-1",
        "outbox.sqlite.corrupt-2",
        "outbox.sqlite.lock",
    }
    assert [record.getMessage().count("moved to") for record in caplog.records] == [1, 1]


def test_file_of_a_newer_version_is_rejected_and_unchanged(path: Path) -> None:
    with open_outbox(path) as outbox:
        outbox.append([pending_event()])
    newer = OUTBOX_VERSION + 1
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {newer}")
        db.execute("UPDATE outbox SET state = ?", (OutboxState("0123456789abcdef", 1, 0, newer).format_line(),))
    db.close()
    before = path.read_bytes()
    with pytest.raises(OutboxRejected, match="install the newer version"):
        open_outbox(path)
    assert path.read_bytes() == before


def test_second_agent_on_the_same_file_is_rejected(path: Path) -> None:
    in_use = rf"in use by another agent \(pid {os.getpid()}\); stop that one first"
    with open_outbox(path), pytest.raises(OutboxInUse, match=in_use):
        open_outbox(path)
    open_outbox(path).close()


def test_lock_is_released_when_the_outbox_cannot_be_opened(path: Path) -> None:
    path.mkdir()
    for _ in range(2):
        with pytest.raises(OutboxAway, match="a folder has this name; move the folder away"):
            open_outbox(path)
    path.rmdir()
    path.symlink_to(path.parent / "gone" / "outbox.sqlite")
    for _ in range(2):
        with pytest.raises(OutboxAway, match="whose folder does not exist; create that folder"):
            open_outbox(path)


def test_outbox_is_private_whatever_the_umask_and_its_old_mode(path: Path) -> None:
    before = os.umask(0)
    try:
        for _ in range(2):
            with open_outbox(path) as outbox:
                outbox.append([pending_event()])
                assert {each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {0o600}
            path.chmod(0o644)
        path.write_bytes(b"damaged" * 1000)
        with open_outbox(path):
            assert path.stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def test_missing_folder_raises_outbox_away(tmp_path: Path) -> None:
    with pytest.raises(OutboxAway, match="No such file or directory"):
        open_outbox(tmp_path / "gone" / "outbox.sqlite")


def test_covered_events_cannot_be_read_in_the_file(path: Path) -> None:
    with open_outbox(path) as outbox:
        outbox.append([create_timed_event("desk-of-somebody", EventKind.MOTION, 1, AT_MS)])
        outbox.delete_covered(1)
    assert b"desk-of-somebody" not in path.read_bytes()
    assert not path.with_name("outbox.sqlite-wal").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    mount = tmp_path / "disk"
    mount.mkdir()
    was_mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", mount], capture_output=True, check=False
    )
    if not was_mounted or was_mounted.returncode:
        pytest.skip("not root: a small disk cannot be mounted")
    yield mount
    subprocess.run(["umount", "-l", mount], check=True)


def test_full_disk_changes_nothing_and_recovers(small_disk: Path) -> None:
    with open_outbox(small_disk / "outbox.sqlite") as outbox:
        outbox.append([pending_event()])
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="No space left"):
            filler.write_bytes(b"x" * 1_000_000)
        with pytest.raises(OutboxAway, match="full"):
            outbox.append([pending_event() for _ in range(20_000)])
        last = outbox.last_seq
        assert [event.seq for event in outbox.read_events(1, 10_000)] == list(range(outbox.oldest_seq, last + 1))
        filler.unlink()
        outbox.append([pending_event()])
        assert outbox.last_seq == last + 1


@pytest.mark.usefixtures("as_root")
def test_file_of_another_user_is_not_reported_as_a_failing_disk() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outbox.sqlite"
        open_outbox(path).close()
        Path(folder).chmod(0o777)
        path.chmod(0o600)
        os.seteuid(NOBODY_UID)
        try:
            with pytest.raises(
                OutboxAway, match=r"outbox\.sqlite is owned by root with mode 0600 and this process runs as"
            ):
                open_outbox(path)
        finally:
            os.seteuid(0)
