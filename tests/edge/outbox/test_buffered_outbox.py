import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.contract.message import EventKind
from edge.outbox import create_event
from edge.outbox.buffered_outbox import DISK_RETRY_MS, MAX_BUFFERED_EVENTS, BufferedOutbox
from edge.timekeeping.clock_anchor import ClockAnchor

NOW_MS = 1_763_870_400_000
ANCHOR = ClockAnchor(NOW_MS)


def add_events(buffer: BufferedOutbox, count: int, first: int = 0) -> None:
    for number in range(count):
        buffer.add(create_event("desk-14-pir", EventKind.MOTION, number % 2, first + number), 0)


def read_times(buffer: BufferedOutbox) -> list[int]:
    return [event.at_ms - NOW_MS for event in buffer.read_events(1, 100_000, 0)]


def test_events_get_their_time_of_day_when_they_are_written(tmp_path: Path) -> None:
    buffer = BufferedOutbox(tmp_path / "outbox.sqlite", 10_000)
    add_events(buffer, 3)
    buffer.flush(ClockAnchor(), 0)
    assert (buffer.depth, read_times(buffer)) == (3, [])
    add_events(buffer, 1, first=7)
    buffer.flush(ANCHOR, 0)
    assert (buffer.depth, read_times(buffer)) == (4, [0, 1, 2, 7])
    buffer.close()


def test_events_are_buffered_without_a_disk_and_losses_are_counted_exactly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    folder = tmp_path / "card"
    buffer = BufferedOutbox(folder / "outbox.sqlite", 10_000)
    add_events(buffer, MAX_BUFFERED_EVENTS + 7)
    buffer.flush(ANCHOR, 1)
    assert (buffer.depth, buffer.dropped) == (MAX_BUFFERED_EVENTS, 7)
    folder.mkdir()
    buffer.flush(ANCHOR, DISK_RETRY_MS - 1)
    assert buffer.outbox is None
    buffer.flush(ANCHOR, DISK_RETRY_MS)
    assert (buffer.depth, buffer.dropped) == (MAX_BUFFERED_EVENTS, 7)
    assert read_times(buffer) == list(range(7, MAX_BUFFERED_EVENTS + 7))
    buffer.close()
    assert BufferedOutbox(folder / "outbox.sqlite", 10_000).dropped == 7
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]


def test_disk_that_stays_unavailable_is_tried_again_at_intervals(tmp_path: Path) -> None:
    folder = tmp_path / "card"
    buffer = BufferedOutbox(folder / "outbox.sqlite", 10_000)
    add_events(buffer, 1)
    buffer.flush(ANCHOR, DISK_RETRY_MS)
    folder.mkdir()
    buffer.flush(ANCHOR, 2 * DISK_RETRY_MS - 1)
    assert buffer.outbox is None
    buffer.flush(ANCHOR, 2 * DISK_RETRY_MS)
    assert read_times(buffer) == [0]
    buffer.close()


def test_events_of_an_earlier_process_get_their_time_when_the_clock_is_already_right(tmp_path: Path) -> None:
    earlier = BufferedOutbox(tmp_path / "outbox.sqlite", 10_000)
    add_events(earlier, 2)
    earlier.flush(ClockAnchor(), 0)
    earlier.close()
    buffer = BufferedOutbox(tmp_path / "outbox.sqlite", 10_000)
    buffer.flush(ANCHOR, 0)
    assert read_times(buffer) == [0, 1]
    buffer.close()


@pytest.fixture
def small_card(tmp_path: Path, as_root: None) -> Iterator[Path]:
    folder = tmp_path / "card"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_full_disk_that_is_freed_loses_only_counted_events(small_card: Path) -> None:
    buffer = BufferedOutbox(small_card / "outbox.sqlite", 100_000)
    add_events(buffer, 10)
    buffer.flush(ANCHOR, 0)
    with pytest.raises(OSError, match="No space left"):
        (small_card / "filler").write_bytes(b"x" * 2_000_000)
    add_events(buffer, 30_000, first=10)
    buffer.flush(ANCHOR, 0)
    assert (buffer.depth, buffer.dropped) == (10 + MAX_BUFFERED_EVENTS, 30_000 - MAX_BUFFERED_EVENTS)
    add_events(buffer, 5, first=30_010)
    assert (buffer.depth, buffer.dropped) == (10 + MAX_BUFFERED_EVENTS, 30_005 - MAX_BUFFERED_EVENTS)
    (small_card / "filler").unlink()
    buffer.flush(ANCHOR, DISK_RETRY_MS)
    assert (buffer.depth, buffer.dropped) == (10 + MAX_BUFFERED_EVENTS, 30_005 - MAX_BUFFERED_EVENTS)
    assert read_times(buffer) == [*range(10), *range(30_015 - MAX_BUFFERED_EVENTS, 30_015)]
    buffer.close()


def test_read_only_disk_that_is_repaired_loses_no_event(small_card: Path) -> None:
    buffer = BufferedOutbox(small_card / "outbox.sqlite", 10_000)
    subprocess.run(["mount", "-o", "remount,ro", small_card], check=False)
    buffer.close()
    subprocess.run(["mount", "-o", "remount,ro", small_card], check=True)
    buffer = BufferedOutbox(small_card / "outbox.sqlite", 10_000)
    add_events(buffer, 3)
    buffer.flush(ANCHOR, 0)
    assert (buffer.outbox, buffer.depth) == (None, 3)
    subprocess.run(["mount", "-o", "remount,rw", small_card], check=True)
    buffer.flush(ANCHOR, DISK_RETRY_MS)
    assert read_times(buffer) == [0, 1, 2]
    buffer.close()


def test_file_damaged_under_a_running_agent_is_replaced_and_loses_no_new_event(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    buffer = BufferedOutbox(path, 100_000)
    add_events(buffer, 30_000)
    buffer.flush(ANCHOR, 0)
    buffer.close()
    buffer = BufferedOutbox(path, 100_000)
    stream = buffer.outbox and buffer.outbox.stream
    with path.open("r+b") as file:
        file.seek(2 * 4096)
        file.write(b"\xff" * (path.stat().st_size - 2 * 4096))
    add_events(buffer, 3)
    for now_ms in range(0, 10 * DISK_RETRY_MS, DISK_RETRY_MS):
        buffer.flush(ANCHOR, now_ms)
        buffer.read_events(1, 100_000, now_ms)
    assert buffer.outbox is not None
    assert (buffer.outbox.stream, buffer.outbox.last_seq) == (stream, 30_003)
    buffer.delete_covered(30_000, 0)
    assert [event.seq for event in buffer.read_events(30_001, 10, 0)] == [30_001, 30_002, 30_003]
    buffer.close()
    assert (tmp_path / "outbox.sqlite.corrupt-1").exists()
