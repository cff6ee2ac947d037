"""A damaged outbox: the agent starts, no damaged event is sent, and the rest is sent or is an exact gap."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.keeping import Keeping
from edge.message import Kind, SensorEvent
from edge.outbox import SCHEMA_VERSION, Outbox, Said
from edge.outbox.rows import Holes
from edge.outbox.salvage import log_of, newest_state
from edge.sensors.sensor import Told
from edge.stamp import Anchor

AT_MS = 1_763_870_400_000
EVENTS, COVERED = 400, 40
FLIPS, FULL_FLIPS = 120, 2000
NAME = "outbox.sqlite"
GOLDEN = Path(__file__).parent / "golden"


@dataclass
class Sink:
    """Takes events as the collector does: the next expected ones, and a gap where the sender's oldest lies higher."""

    mark: int = COVERED
    taken: dict[int, SensorEvent] = field(default_factory=dict)
    gap: set[int] = field(default_factory=set)

    def drain(self, keeping: Keeping) -> None:
        while keeping.outbox is not None and keeping.outbox.depth:
            outbox = keeping.outbox
            events = keeping.read(max(self.mark + 1, outbox.oldest), 50, 0)
            self.gap |= set(range(self.mark + 1, outbox.oldest))
            self.mark = max(self.mark, outbox.oldest - 1)
            if not events:
                assert outbox.oldest > self.mark, "neither events nor progress"
                continue
            assert events[0].seq == self.mark + 1
            self.taken |= {event.seq: event for event in events}
            self.mark = events[-1].seq
            keeping.cover(self.mark, 0)


def event(number: int) -> Said:
    kinds = ((Kind.MOTION, number % 2), (Kind.POWER_W, number / 8), (Kind.CROSSING, number % 3 - 1))
    kind, value = kinds[number % 3]
    return Said(f"sensor-{number % 7}", kind, value, 0, 0, AT_MS + number)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders with the same outbox: closed, and as a killed process leaves it, with a log."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "open").mkdir()
    with Outbox(folder / NAME, max_events=10_000, boot="boot") as outbox:
        for first in range(1, EVENTS + 1, 5):
            outbox.append([event(number) for number in range(first, first + 5)])
            if first + 4 == COVERED:
                outbox.cover(COVERED)
                outbox.clear_log()
        for name in (NAME, f"{NAME}-wal"):
            shutil.copy(folder / name, folder / "open" / name)
    return folder


def originals() -> dict[int, SensorEvent]:
    made = {number: event(number) for number in range(COVERED + 1, EVENTS + 1)}
    return {
        number: SensorEvent(number, each.sensor, AT_MS + number, each.kind, each.value) for number, each in made.items()
    }


def started(
    folder: Path, names: tuple[str, ...], target: Path, damage: Callable[[bytearray], None], file: str
) -> Keeping:
    """A fresh start on a copy with this damage."""
    target.mkdir()
    for name in names:
        shutil.copy(folder / name, target / name)
    raw = bytearray((target / file).read_bytes())
    damage(raw)
    (target / file).write_bytes(raw)
    return Keeping(target / NAME, 10_000)


def add_one(keeping: Keeping) -> None:
    """A new event, as every agent reports at its start."""
    keeping.add("sensor-1", Told(EVENTS, Kind.MOTION, 1), 0)
    keeping.flush(Anchor(AT_MS), 0)


@pytest.mark.parametrize("form", ["closed", "killed"])
def test_each_flipped_bit_costs_no_more_than_an_exact_gap(sound: Path, tmp_path: Path, form: str, full: bool) -> None:
    source, names = (sound, (NAME,)) if form == "closed" else (sound / "open", (NAME, f"{NAME}-wal"))
    stream = _stream(sound)
    expected = originals()
    hit = 0
    for seed in range(FULL_FLIPS if full else FLIPS):
        chance = random.Random(seed)  # noqa: S311 - no secret
        file = chance.choice(names)

        def flip(raw: bytearray, chance: random.Random = chance) -> None:
            at = chance.randrange(len(raw))
            raw[at] ^= 1 << chance.randrange(8)

        target = tmp_path / f"{form}-{seed}"
        with closing(started(source, names, target, flip, file)) as keeping:
            assert keeping.outbox is not None, f"seed {seed} does not start"
            assert keeping.outbox.stream == stream, f"seed {seed}"
            add_one(keeping)
            sink = Sink()
            sink.drain(keeping)
            new = sink.taken.pop(sink.mark)
            assert (new.at_ms, sink.mark) == (AT_MS + EVENTS, EVENTS + 1), f"seed {seed}"
            assert all(expected[seq] == each for seq, each in sink.taken.items()), f"seed {seed}"
            assert sink.gap == expected.keys() - sink.taken.keys(), f"seed {seed}"
            hit += bool(sink.gap)
        shutil.rmtree(target)
    assert hit > 5, "hardly any flip did damage"


@pytest.mark.parametrize("form", ["closed", "killed"])
def test_each_truncation_costs_no_more_than_an_exact_gap(sound: Path, tmp_path: Path, form: str) -> None:
    source, names = (sound, (NAME,)) if form == "closed" else (sound / "open", (NAME, f"{NAME}-wal"))
    stream = _stream(sound)
    expected = originals()
    size = (source / NAME).stat().st_size
    kept_streams = 0
    for number in range(60):
        length = size * number // 60

        def cut(raw: bytearray, length: int = length) -> None:
            del raw[length:]

        target = tmp_path / f"{form}-{number}"
        with closing(started(source, names, target, cut, NAME)) as keeping:
            assert keeping.outbox is not None, f"{length} bytes do not start"
            add_one(keeping)
            sink = Sink() if keeping.outbox.stream == stream else Sink(mark=0)
            kept_streams += keeping.outbox.stream == stream
            sink.drain(keeping)
            new = sink.taken.pop(sink.mark)
            assert new.at_ms == AT_MS + EVENTS
            assert all(expected[seq] == each for seq, each in sink.taken.items()), f"{length} bytes"
            if keeping.outbox.stream == stream:
                assert sink.gap == expected.keys() - sink.taken.keys(), f"{length} bytes"
            else:
                assert not sink.taken, f"{length} bytes"
        shutil.rmtree(target)
    assert kept_streams > 40


def test_a_log_that_ends_early_gives_what_was_written_before(sound: Path, tmp_path: Path) -> None:
    expected = originals()
    size = (sound / "open" / f"{NAME}-wal").stat().st_size
    for number in range(40):

        def cut(raw: bytearray, length: int = size * number // 40) -> None:
            del raw[length:]

        target = tmp_path / str(number)
        names = (NAME, f"{NAME}-wal")
        with closing(started(sound / "open", names, target, cut, f"{NAME}-wal")) as keeping:
            sink = Sink()
            sink.drain(keeping)
            assert all(expected[seq] == each for seq, each in sink.taken.items())
            assert sink.gap == set(range(COVERED + 1, sink.mark + 1)) - sink.taken.keys()
        shutil.rmtree(target)


def test_a_damaged_file_is_kept_beside_the_new_one_and_only_the_newest_few(tmp_path: Path) -> None:
    path = tmp_path / NAME
    for number in range(6):
        with Outbox(path, max_events=10_000, boot="boot") as outbox:
            outbox.append([event(1)])
        with path.open("r+b") as file:
            file.write(bytes(16))
        assert len(list(tmp_path.glob("*.corrupt-*"))) == min(number, 3)
    with Outbox(path, max_events=10_000, boot="boot") as outbox:
        assert outbox.last == 6
    assert {each.name for each in tmp_path.glob("*.corrupt-*")} == {f"{NAME}.corrupt-{n}" for n in (4, 5, 6)}


def test_events_that_wait_for_the_time_of_day_survive_damage(tmp_path: Path) -> None:
    path = tmp_path / NAME
    with Outbox(path, max_events=10_000, boot="boot") as outbox:
        outbox.append([event(1)._replace(at_ms=None, monotonic_ms=500), event(2)._replace(at_ms=None)])
    with path.open("r+b") as file:
        file.write(bytes(16))
    with Outbox(path, max_events=10_000, boot="boot") as outbox:
        outbox.stamp(AT_MS)
        assert [each.at_ms - AT_MS for each in outbox.read(1, 10)] == [500, 0]


def test_a_file_of_version_1_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / NAME
    shutil.copy(GOLDEN / "outbox-1.sqlite", path)
    with Outbox(path, max_events=10_000, boot="boot-1") as outbox:
        assert (outbox.stream, outbox.oldest, outbox.last, outbox.dropped) == ("6a0a680e622a9aab", 3, 8, 3)
        outbox.stamp(AT_MS)
        read = outbox.read(1, 10)
        assert [(each.seq, each.at_ms - AT_MS) for each in read] == [(3, 2), (4, 3), (5, 4), (6, 5), (7, 100), (8, 500)]
        assert read[4] == SensorEvent(7, "laser-power", AT_MS + 100, Kind.POWER_W, 21.5)
        outbox.append([event(9)])
        assert outbox.last == 9
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_a_wrong_kind_in_a_file_of_version_1_is_a_gap(tmp_path: Path) -> None:
    path = tmp_path / NAME
    shutil.copy(GOLDEN / "outbox-1.sqlite", path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE events SET kind = 'movion' WHERE seq = 5")
        db.execute("UPDATE events SET value = 77 WHERE seq = 4")
    with Outbox(path, max_events=10_000, boot="boot-2") as outbox:
        assert [each.seq for each in outbox.read(3, 10)] == [3]
        outbox.cover(3)
        assert (outbox.oldest, outbox.dropped) == (6, 5)
        assert [each.seq for each in outbox.read(6, 10)] == [6, 7, 8]


def test_a_covered_event_is_in_no_file_of_a_running_outbox(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path / NAME, 10_000)
    for number in range(3000):
        keeping.add(f"desk-of-{number}", Told(number, Kind.MOTION, 1), 0)
        if number % 100 == 99:
            keeping.flush(Anchor(AT_MS), 0)
    assert keeping.outbox is not None
    keeping.cover(keeping.outbox.last - 1, 0)
    keeping.flush(Anchor(AT_MS), 60_000)
    raw = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert b"desk-of-2999" in raw
    assert raw.count(b"desk-of-") == 1
    assert log_of(tmp_path / NAME).stat().st_size == 0
    keeping.close()


def test_the_log_stays_small_while_nothing_is_covered(tmp_path: Path) -> None:
    with Outbox(tmp_path / NAME, max_events=100_000, boot="") as outbox:
        for _ in range(400):
            outbox.append([event(1)])
        assert log_of(tmp_path / NAME).stat().st_size < 2_000_000


def _stream(folder: Path) -> str:
    state = newest_state(folder / NAME)
    assert state is not None
    return state.stream


def test_holes_are_joined_and_forgotten() -> None:
    holes = Holes()
    for first, last in ((5, 6), (9, 9), (7, 7), (4, 3)):
        holes.add(first, last)
    assert [holes.first_from(seq) for seq in (1, 6, 8, 10)] == [5, 6, 9, None]
    assert [holes.end_of(seq) for seq in (4, 5, 7, 9)] == [None, 7, 7, 9]
    holes.shift(-1)
    assert holes.forget_below(6) == 2
    assert holes.first_from(1) == 6
