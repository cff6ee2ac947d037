"""A device may start any number of streams: old ones are removed, and nothing counts twice."""

from contextlib import closing
from pathlib import Path

from collector.intake import KEPT_STREAMS, Delivery
from collector.journal import Journal
from collector.settings import RetentionSettings
from collector.work import Work
from tests.collector.houses import HOUR_MS, NOON_MS, house_of, message, motion

PLAN = house_of(2)
RETENTION = RetentionSettings(raw_hours=1)
STREAMS = 1200


def first_event(number: int, at_ms: int) -> Delivery:
    return Delivery("pi-1", message([motion(1, at_ms=at_ms + number)], stream=f"s{number}"))


def stored(journal: Journal, table: str = "event") -> int:
    (count,) = journal.connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
    return int(count)


def purge(work: Work, now_ms: int) -> None:
    work.tick(now_ms)
    while work.settle(now_ms):
        pass


def test_old_streams_are_removed_and_new_ones_are_always_accepted(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        work = Work(PLAN, journal, RETENTION, NOON_MS)
        repeats = [first_event(number, NOON_MS) for number in range(STREAMS)]
        for first in range(0, STREAMS, 100):
            owed = work.take(repeats[first : first + 100], NOON_MS + 60_000)
            assert owed == {("pi-1", f"s{number}"): 1 for number in range(first, first + 100)}
        assert stored(journal) == stored(journal, "stream") == STREAMS
        assert len(work.take(repeats, NOON_MS + 60_000)) == STREAMS
        assert stored(journal) == STREAMS
        for hours in range(1, 5):
            purge(work, NOON_MS + hours * HOUR_MS)
        later_ms = NOON_MS + 4 * HOUR_MS
        assert (stored(journal), stored(journal, "stream"), len(work.marks)) == (0, KEPT_STREAMS, KEPT_STREAMS)
        assert work.take(repeats, later_ms)  # too old to be accepted again, whether removed or not
        assert stored(journal) == 0
        assert work.take([first_event(STREAMS, later_ms)], later_ms + 60_000) == {("pi-1", f"s{STREAMS}"): 1}
        assert stored(journal) == 1
    with closing(Journal(path)) as journal:
        assert Work(PLAN, journal, RETENTION, NOON_MS + 4 * HOUR_MS).marks[("pi-1", f"s{STREAMS}")] == 1


def test_a_stream_with_stored_events_is_not_removed(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        work = Work(PLAN, journal, RETENTION, NOON_MS)
        work.take([first_event(number, NOON_MS) for number in range(KEPT_STREAMS + 5)], NOON_MS + 60_000)
        with journal.transaction():
            assert journal.retire_streams(KEPT_STREAMS) == []
            journal.erase_events({("pi-1", "desk-0-pir")}, NOON_MS + 3, 2**62)
            retired = journal.retire_streams(KEPT_STREAMS)
        assert retired == [("pi-1", f"s{number}") for number in (2, 1, 0)]
