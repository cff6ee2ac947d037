import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.keeping import RETRY_MS, TAIL_EVENTS, Keeping
from edge.message import Kind
from edge.sensors.sensor import Told
from edge.stamp import Anchor

NOW_MS = 1_763_870_400_000
ANCHOR = Anchor(NOW_MS)


def add(keeping: Keeping, count: int, first: int = 0) -> None:
    for number in range(count):
        keeping.add("desk-14-pir", Told(first + number, Kind.MOTION, number % 2), 0)


def times(keeping: Keeping) -> list[int]:
    return [event.at_ms - NOW_MS for event in keeping.read(1, 100_000, 0)]


def test_events_are_stamped_as_they_are_written(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path / "outbox.sqlite", 10_000)
    add(keeping, 3)
    keeping.flush(Anchor(), 0)
    assert (keeping.depth, times(keeping)) == (3, [])
    add(keeping, 1, first=7)
    keeping.flush(ANCHOR, 0)
    assert (keeping.depth, times(keeping)) == (4, [0, 1, 2, 7])
    keeping.close()


def test_without_a_disk_events_wait_in_memory_and_the_loss_is_counted_exactly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    folder = tmp_path / "card"
    keeping = Keeping(folder / "outbox.sqlite", 10_000)
    add(keeping, TAIL_EVENTS + 7)
    keeping.flush(ANCHOR, 1)
    assert (keeping.depth, keeping.dropped) == (TAIL_EVENTS, 7)
    folder.mkdir()
    keeping.flush(ANCHOR, RETRY_MS - 1)
    assert keeping.outbox is None
    keeping.flush(ANCHOR, RETRY_MS)
    assert (keeping.depth, keeping.dropped) == (TAIL_EVENTS, 7)
    assert times(keeping) == list(range(7, TAIL_EVENTS + 7))
    keeping.close()
    assert Keeping(folder / "outbox.sqlite", 10_000).dropped == 7
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]


@pytest.fixture
def card(tmp_path: Path, as_root: None) -> Iterator[Path]:
    folder = tmp_path / "card"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_fills_up_and_is_freed(card: Path) -> None:
    keeping = Keeping(card / "outbox.sqlite", 100_000)
    add(keeping, 10)
    keeping.flush(ANCHOR, 0)
    with pytest.raises(OSError, match="No space left"):
        (card / "filler").write_bytes(b"x" * 2_000_000)
    add(keeping, 30_000, first=10)
    keeping.flush(ANCHOR, 0)
    assert (keeping.depth, keeping.dropped) == (10 + TAIL_EVENTS, 30_000 - TAIL_EVENTS)
    add(keeping, 5, first=30_010)
    assert (keeping.depth, keeping.dropped) == (10 + TAIL_EVENTS, 30_005 - TAIL_EVENTS)
    (card / "filler").unlink()
    keeping.flush(ANCHOR, RETRY_MS)
    assert (keeping.depth, keeping.dropped) == (10 + TAIL_EVENTS, 30_005 - TAIL_EVENTS)
    assert times(keeping) == [*range(10), *range(30_015 - TAIL_EVENTS, 30_015)]
    keeping.close()


def test_a_disk_that_becomes_read_only_and_is_mended(card: Path) -> None:
    keeping = Keeping(card / "outbox.sqlite", 10_000)
    subprocess.run(["mount", "-o", "remount,ro", card], check=False)
    keeping.close()
    subprocess.run(["mount", "-o", "remount,ro", card], check=True)
    keeping = Keeping(card / "outbox.sqlite", 10_000)
    add(keeping, 3)
    keeping.flush(ANCHOR, 0)
    assert (keeping.outbox, keeping.depth) == (None, 3)
    subprocess.run(["mount", "-o", "remount,rw", card], check=True)
    keeping.flush(ANCHOR, RETRY_MS)
    assert times(keeping) == [0, 1, 2]
    keeping.close()


def test_a_file_damaged_under_a_running_agent_is_replaced_and_nothing_new_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    keeping = Keeping(path, 100_000)
    add(keeping, 30_000)
    keeping.flush(ANCHOR, 0)
    keeping.close()
    keeping = Keeping(path, 100_000)
    stream = keeping.outbox and keeping.outbox.stream
    with path.open("r+b") as file:
        file.seek(2 * 4096)
        file.write(b"\xff" * (path.stat().st_size - 2 * 4096))
    add(keeping, 3)
    for now_ms in range(0, 10 * RETRY_MS, RETRY_MS):
        keeping.flush(ANCHOR, now_ms)
        keeping.read(1, 100_000, now_ms)
    assert keeping.outbox is not None
    assert (keeping.outbox.stream, keeping.outbox.last) == (stream, 30_003)
    keeping.cover(30_000, 0)
    assert [event.seq for event in keeping.read(30_001, 10, 0)] == [30_001, 30_002, 30_003]
    keeping.close()
    assert (tmp_path / "outbox.sqlite.corrupt-1").exists()
