"""A device may start any number of streams: old ones are removed, and nothing counts twice."""

from contextlib import closing
from pathlib import Path

from collector.configuration.collector_settings import RetentionSettings
from collector.engine.pipeline import Pipeline
from collector.intake.intake import KEPT_STREAMS, IncomingMessage
from collector.store.journal import Journal
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, message, motion

PLAN = build_desk_plan(2)
RETENTION = RetentionSettings(raw_hours=1)
STREAMS = 1200


def first_event(number: int, at_ms: int) -> IncomingMessage:
    return IncomingMessage("pi-1", message([motion(1, at_ms=at_ms + number)], stream=f"s{number}"))


def stored(journal: Journal, table: str = "event") -> int:
    (count,) = journal._connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
    return int(count)


def purge(work: Pipeline, now_ms: int) -> None:
    work.tick(now_ms)
    while work.advance_history(now_ms):
        pass


def test_old_streams_are_removed_and_new_ones_are_always_accepted(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        work = Pipeline(PLAN, journal, RETENTION, NOON_MS)
        repeats = [first_event(number, NOON_MS) for number in range(STREAMS)]
        for first in range(0, STREAMS, 100):
            owed = work.process_batch(repeats[first : first + 100], NOON_MS + 60_000)
            assert owed == {("pi-1", f"s{number}"): 1 for number in range(first, first + 100)}
        assert stored(journal) == stored(journal, "stream") == STREAMS
        assert len(work.process_batch(repeats, NOON_MS + 60_000)) == STREAMS
        assert stored(journal) == STREAMS
        for hours in range(1, 5):
            purge(work, NOON_MS + hours * HOUR_MS)
        later_ms = NOON_MS + 4 * HOUR_MS
        assert (stored(journal), stored(journal, "stream"), len(work.stored_up_to)) == (0, KEPT_STREAMS, KEPT_STREAMS)
        assert work.process_batch(repeats, later_ms)  # too old to be accepted again, whether removed or not
        assert stored(journal) == 0
        assert work.process_batch([first_event(STREAMS, later_ms)], later_ms + 60_000) == {("pi-1", f"s{STREAMS}"): 1}
        assert stored(journal) == 1
    with closing(Journal(path)) as journal:
        assert Pipeline(PLAN, journal, RETENTION, NOON_MS + 4 * HOUR_MS).stored_up_to[("pi-1", f"s{STREAMS}")] == 1


def test_a_stream_with_stored_events_is_not_removed(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        work = Pipeline(PLAN, journal, RETENTION, NOON_MS)
        work.process_batch([first_event(number, NOON_MS) for number in range(KEPT_STREAMS + 5)], NOON_MS + 60_000)
        with journal.transaction():
            assert journal.remove_old_streams(KEPT_STREAMS) == []
            journal.erase_events({("pi-1", "desk-0-pir")}, NOON_MS + 3, 2**62)
            retired = journal.remove_old_streams(KEPT_STREAMS)
        assert retired == [("pi-1", f"s{number}") for number in (2, 1, 0)]
