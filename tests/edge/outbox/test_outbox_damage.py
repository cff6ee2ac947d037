"""A damaged outbox: the agent starts, sends no damaged event, and every other event is sent or in an exact gap."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.contract.message import EventKind, SensorEvent
from edge.outbox import OUTBOX_VERSION, Outbox, PendingEvent, create_event
from edge.outbox.buffered_outbox import BufferedOutbox
from edge.outbox.outbox_rows import Holes
from edge.outbox.salvage import find_newest_state, wal_path
from edge.timekeeping.clock_anchor import ClockAnchor
from tests.support.edge.outbox_events import create_timed_event

AT_MS = 1_763_870_400_000
EVENTS, COVERED = 400, 40
FLIPS, FULL_FLIPS = 120, 2000
NAME = "outbox.sqlite"
GOLDEN = Path(__file__).parent.parent / "golden"


@dataclass
class EventSink:
    """Accepts events as the collector does: the next expected ones, or a gap if the sender's oldest is higher."""

    stored_seq: int = COVERED
    received: dict[int, SensorEvent] = field(default_factory=dict)
    gap: set[int] = field(default_factory=set)

    def receive_all(self, keeping: BufferedOutbox) -> None:
        while keeping.outbox is not None and keeping.outbox.depth:
            outbox = keeping.outbox
            events = keeping.read_events(max(self.stored_seq + 1, outbox.oldest_seq), 50, 0)
            self.gap |= set(range(self.stored_seq + 1, outbox.oldest_seq))
            self.stored_seq = max(self.stored_seq, outbox.oldest_seq - 1)
            if not events:
                assert outbox.oldest_seq > self.stored_seq, "neither events nor progress"
                continue
            assert events[0].seq == self.stored_seq + 1
            self.received |= {event.seq: event for event in events}
            self.stored_seq = events[-1].seq
            keeping.delete_covered(self.stored_seq, 0)


def make_event(number: int) -> PendingEvent:
    kinds = ((EventKind.MOTION, number % 2), (EventKind.POWER_W, number / 8), (EventKind.CROSSING, number % 3 - 1))
    kind, value = kinds[number % 3]
    return create_timed_event(f"sensor-{number % 7}", kind, value, AT_MS + number)


@pytest.fixture(scope="module")
def sound_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders with the same outbox: after a close, and after a kill, with a log."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "open").mkdir()
    with Outbox(folder / NAME, max_events=10_000, boot="boot") as outbox:
        for first in range(1, EVENTS + 1, 5):
            outbox.append([make_event(number) for number in range(first, first + 5)])
            if first + 4 == COVERED:
                outbox.delete_covered(COVERED)
                outbox.clear_log()
        for name in (NAME, f"{NAME}-wal"):
            shutil.copy(folder / name, folder / "open" / name)
    return folder


def expected_events() -> dict[int, SensorEvent]:
    pending = {number: make_event(number) for number in range(COVERED + 1, EVENTS + 1)}
    return {
        number: SensorEvent(number, item.sensor, AT_MS + number, item.kind, item.value)
        for number, item in pending.items()
    }


def open_damaged(
    folder: Path, names: tuple[str, ...], target: Path, damage: Callable[[bytearray], None], file: str
) -> BufferedOutbox:
    """Open a copy with this damage."""
    target.mkdir()
    for name in names:
        shutil.copy(folder / name, target / name)
    raw = bytearray((target / file).read_bytes())
    damage(raw)
    (target / file).write_bytes(raw)
    return BufferedOutbox(target / NAME, 10_000)


def add_one(keeping: BufferedOutbox) -> None:
    """Add an event, as every agent does at its start."""
    keeping.add(create_event("sensor-1", EventKind.MOTION, 1, EVENTS), 0)
    keeping.flush(ClockAnchor(AT_MS), 0)


@pytest.mark.parametrize("form", ["closed", "killed"])
def test_flipped_bit_causes_at_most_an_exact_gap(sound_folder: Path, tmp_path: Path, form: str, full: bool) -> None:
    source, names = (sound_folder, (NAME,)) if form == "closed" else (sound_folder / "open", (NAME, f"{NAME}-wal"))
    stream = _stream(sound_folder)
    expected = expected_events()
    flips_with_gap = 0
    for seed in range(FULL_FLIPS if full else FLIPS):
        rng = random.Random(seed)  # noqa: S311 - no secret
        file = rng.choice(names)

        def flip(raw: bytearray, rng: random.Random = rng) -> None:
            at = rng.randrange(len(raw))
            raw[at] ^= 1 << rng.randrange(8)

        target = tmp_path / f"{form}-{seed}"
        with closing(open_damaged(source, names, target, flip, file)) as keeping:
            assert keeping.outbox is not None, f"seed {seed} does not start"
            assert keeping.outbox.stream == stream, f"seed {seed}"
            add_one(keeping)
            sink = EventSink()
            sink.receive_all(keeping)
            new = sink.received.pop(sink.stored_seq)
            assert (new.at_ms, sink.stored_seq) == (AT_MS + EVENTS, EVENTS + 1), f"seed {seed}"
            assert all(expected[seq] == item for seq, item in sink.received.items()), f"seed {seed}"
            assert sink.gap == expected.keys() - sink.received.keys(), f"seed {seed}"
            flips_with_gap += bool(sink.gap)
        shutil.rmtree(target)
    assert flips_with_gap > 5, "too few flips caused damage"


@pytest.mark.parametrize("form", ["closed", "killed"])
def test_truncation_causes_at_most_an_exact_gap(sound_folder: Path, tmp_path: Path, form: str) -> None:
    source, names = (sound_folder, (NAME,)) if form == "closed" else (sound_folder / "open", (NAME, f"{NAME}-wal"))
    stream = _stream(sound_folder)
    expected = expected_events()
    size = (source / NAME).stat().st_size
    kept_streams = 0
    for number in range(60):
        length = size * number // 60

        def cut(raw: bytearray, length: int = length) -> None:
            del raw[length:]

        target = tmp_path / f"{form}-{number}"
        with closing(open_damaged(source, names, target, cut, NAME)) as keeping:
            assert keeping.outbox is not None, f"{length} bytes: not opened"
            add_one(keeping)
            sink = EventSink() if keeping.outbox.stream == stream else EventSink(stored_seq=0)
            kept_streams += keeping.outbox.stream == stream
            sink.receive_all(keeping)
            new = sink.received.pop(sink.stored_seq)
            assert new.at_ms == AT_MS + EVENTS
            assert all(expected[seq] == item for seq, item in sink.received.items()), f"{length} bytes"
            if keeping.outbox.stream == stream:
                assert sink.gap == expected.keys() - sink.received.keys(), f"{length} bytes"
            else:
                assert not sink.received, f"{length} bytes"
        shutil.rmtree(target)
    assert kept_streams > 40


def test_truncated_log_yields_the_events_written_before(sound_folder: Path, tmp_path: Path) -> None:
    expected = expected_events()
    size = (sound_folder / "open" / f"{NAME}-wal").stat().st_size
    for number in range(40):

        def cut(raw: bytearray, length: int = size * number // 40) -> None:
            del raw[length:]

        target = tmp_path / str(number)
        names = (NAME, f"{NAME}-wal")
        with closing(open_damaged(sound_folder / "open", names, target, cut, f"{NAME}-wal")) as keeping:
            sink = EventSink()
            sink.receive_all(keeping)
            assert all(expected[seq] == item for seq, item in sink.received.items())
            assert sink.gap == set(range(COVERED + 1, sink.stored_seq + 1)) - sink.received.keys()
        shutil.rmtree(target)


def test_only_the_newest_damaged_files_are_kept(tmp_path: Path) -> None:
    path = tmp_path / NAME
    for number in range(6):
        with Outbox(path, max_events=10_000, boot="boot") as outbox:
            outbox.append([make_event(1)])
        with path.open("r+b") as file:
            file.write(bytes(16))
        assert len(list(tmp_path.glob("*.corrupt-*"))) == min(number, 3)
    with Outbox(path, max_events=10_000, boot="boot") as outbox:
        assert outbox.last_seq == 6
    assert {item.name for item in tmp_path.glob("*.corrupt-*")} == {f"{NAME}.corrupt-{n}" for n in (4, 5, 6)}


def test_events_without_a_time_of_day_survive_damage(tmp_path: Path) -> None:
    path = tmp_path / NAME
    with Outbox(path, max_events=10_000, boot="boot") as outbox:
        outbox.append([make_event(1)._replace(at_ms=None, monotonic_ms=500), make_event(2)._replace(at_ms=None)])
    with path.open("r+b") as file:
        file.write(bytes(16))
    with Outbox(path, max_events=10_000, boot="boot") as outbox:
        outbox.assign_times(AT_MS)
        assert [item.at_ms - AT_MS for item in outbox.read_events(1, 10)] == [500, 0]


def test_file_of_version_1_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / NAME
    shutil.copy(GOLDEN / "outbox-1.sqlite", path)
    with Outbox(path, max_events=10_000, boot="boot-1") as outbox:
        assert (outbox.stream, outbox.oldest_seq, outbox.last_seq, outbox.dropped) == ("6a0a680e622a9aab", 3, 8, 3)
        outbox.assign_times(AT_MS)
        read = outbox.read_events(1, 10)
        assert [(item.seq, item.at_ms - AT_MS) for item in read] == [(3, 2), (4, 3), (5, 4), (6, 5), (7, 100), (8, 500)]
        assert read[4] == SensorEvent(7, "laser-power", AT_MS + 100, EventKind.POWER_W, 21.5)
        outbox.append([make_event(9)])
        assert outbox.last_seq == 9
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (OUTBOX_VERSION,)


def test_invalid_row_in_a_file_of_version_1_becomes_a_gap(tmp_path: Path) -> None:
    path = tmp_path / NAME
    shutil.copy(GOLDEN / "outbox-1.sqlite", path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE events SET kind = 'movion' WHERE seq = 5")
        db.execute("UPDATE events SET value = 77 WHERE seq = 4")
    with Outbox(path, max_events=10_000, boot="boot-2") as outbox:
        assert [item.seq for item in outbox.read_events(3, 10)] == [3]
        outbox.delete_covered(3)
        assert (outbox.oldest_seq, outbox.dropped) == (6, 5)
        assert [item.seq for item in outbox.read_events(6, 10)] == [6, 7, 8]


def test_covered_event_is_in_no_file_of_a_running_outbox(tmp_path: Path) -> None:
    keeping = BufferedOutbox(tmp_path / NAME, 10_000)
    for number in range(3000):
        keeping.add(create_event(f"desk-of-{number}", EventKind.MOTION, 1, number), 0)
        if number % 100 == 99:
            keeping.flush(ClockAnchor(AT_MS), 0)
    assert keeping.outbox is not None
    keeping.delete_covered(keeping.outbox.last_seq - 1, 0)
    keeping.flush(ClockAnchor(AT_MS), 60_000)
    raw = b"".join(item.read_bytes() for item in tmp_path.iterdir())
    assert b"desk-of-2999" in raw
    assert raw.count(b"desk-of-") == 1
    assert wal_path(tmp_path / NAME).stat().st_size == 0
    keeping.close()


def test_log_stays_small_while_nothing_is_covered(tmp_path: Path) -> None:
    with Outbox(tmp_path / NAME, max_events=100_000, boot="") as outbox:
        for _ in range(400):
            outbox.append([make_event(1)])
        assert wal_path(tmp_path / NAME).stat().st_size < 2_000_000


def _stream(folder: Path) -> str:
    state = find_newest_state(folder / NAME)
    assert state is not None
    return state.stream


def write_sound_outbox(path: Path) -> None:
    with Outbox(path, max_events=100, boot="boot") as outbox:
        outbox.append([create_timed_event("desk-14-pir", EventKind.MOTION, value, 1000 + value) for value in (0, 1)])


def read_values(path: Path) -> list[float]:
    with Outbox(path, max_events=100, boot="boot") as outbox:
        return [event.value for event in outbox.read_events(1, 10)]


def test_damaged_version_number_loses_no_event(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    write_sound_outbox(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    assert read_values(path) == [0, 1]
    assert path.with_name("outbox.sqlite.corrupt-1").exists()


def test_row_that_is_not_text_is_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    write_sound_outbox(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE events SET sensor = CAST(x'ff' AS TEXT) WHERE seq = 1")
        db.commit()
    assert read_values(path) == [1]


@pytest.mark.parametrize(("has_log", "values"), [(False, [0, 1]), (True, [])])
def test_interrupted_replacement_is_finished_only_if_the_new_file_is_complete(
    tmp_path: Path, has_log: bool, values: list[float]
) -> None:
    path, new_path = tmp_path / "outbox.sqlite", tmp_path / "outbox.sqlite.new"
    write_sound_outbox(path)
    path.rename(new_path)
    if has_log:
        wal_path(new_path).touch()
    assert read_values(path) == values


def test_holes_are_joined_and_removed() -> None:
    holes = Holes()
    for first, last in ((5, 6), (9, 9), (7, 7), (4, 3)):
        holes.add(first, last)
    assert [holes.first_from(seq) for seq in (1, 6, 8, 10)] == [5, 6, 9, None]
    assert [holes.end_of(seq) for seq in (4, 5, 7, 9)] == [None, 7, 7, 9]
    holes.shift(-1)
    assert holes.remove_below(6) == 2
    assert holes.first_from(1) == 6
