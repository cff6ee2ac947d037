"""People from the journal: live count and history agree, corrections follow late data, older journals continue."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.configuration.collector_settings import RetentionSettings
from collector.contract.states import PeopleCount
from collector.engine.pipeline import Pipeline
from collector.history import tables
from collector.history.measures import BUCKET_MS, PEOPLE_CORRECTION, PEOPLE_FIVE_MIN, CorrectionReason, HistoryRow
from collector.intake.intake import IncomingMessage
from collector.people.counting import RECOUNT_MS
from collector.site.opening_spans import OpeningSpan
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Door
from collector.store.journal import Journal
from collector.truth.truth_store import TRUTH_KEY
from edge.contract.message import EventKind, SensorEvent
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, message, motion

DAYTIME = {weekday: (OpeningSpan(opens_min=6 * 60, closes_min=24 * 60),) for weekday in range(7)}
PLAN = replace(build_desk_plan(2, devices=2), opening_hours=DAYTIME)


class CountingCollector:
    """A collector without sockets, and devices whose events come in order or late."""

    def __init__(self, path: Path, plan: SitePlan = PLAN, raw_hours: int = 72) -> None:
        self.plan = plan
        self.retention = RetentionSettings(raw_hours=raw_hours)
        self.journal = Journal(path)
        self.now_ms = NOON_MS
        self.work = Pipeline(plan, self.journal, self.retention, self.now_ms)
        self.seqs = dict.fromkeys(plan.device_ids, 0)

    def close(self) -> None:
        self.journal.close()

    def send(self, sensor: str, kind: EventKind, value: float, at_ms: int, device: str = "pi-1") -> None:
        self.seqs[device] += 1
        event = SensorEvent(seq=self.seqs[device], sensor=sensor, at_ms=at_ms, kind=kind, value=value)
        self.work.process_batch([IncomingMessage(device, message([event]))], self.now_ms)

    def cross(self, *ways: int, at_ms: int | None = None) -> None:
        for number, way in enumerate(ways):
            self.send("entrance-beams", EventKind.CROSSING, way, (at_ms or self.now_ms) + number)

    def pass_time(self, to_ms: int, *, alive: bool = True) -> None:
        """Let time pass; every 30 s all sensors send a heartbeat without presence."""
        while self.now_ms < to_ms:
            self.now_ms = min(to_ms, self.now_ms + 30_000)
            if alive:
                for number, device in enumerate(("pi-1", "pi-2")):
                    self.send(f"desk-{number}-pir", EventKind.HEARTBEAT, 0, self.now_ms, device)
                self.send("entrance-beams", EventKind.HEARTBEAT, 0, self.now_ms)
            self.settle()

    def settle(self) -> None:
        self.work.tick(self.now_ms)
        for _ in range(60):
            self.work.advance_history(self.now_ms)

    def restart(self) -> None:
        self.work = Pipeline(self.plan, self.journal, self.retention, self.now_ms)

    def people(self) -> PeopleCount:
        published = self.work.spaces.get_site_summary(
            self.now_ms + RECOUNT_MS
        ).people  # includes crossings of this moment
        assert published is not None
        return published

    def rows(self) -> list[HistoryRow]:
        return tables.read_rows(self.journal._connection, PEOPLE_FIVE_MIN, ("site",), 0, 2**50)

    def ledger(self, why: CorrectionReason) -> list[HistoryRow]:
        return tables.read_rows(self.journal._connection, PEOPLE_CORRECTION, ("site", why), 0, 2**50)


@pytest.fixture
def collected(tmp_path: Path) -> Iterator[CountingCollector]:
    with closing(CountingCollector(tmp_path / "journal.sqlite")) as made:
        yield made


def test_live_count_and_history_agree_at_every_bucket_end(collected: CountingCollector) -> None:
    collected.pass_time(NOON_MS + BUCKET_MS)
    for ways in ([1] * 8, [1, 1, -1], [-1] * 4, [-1] * 9, []):
        collected.cross(*ways)
        collected.pass_time(collected.now_ms + BUCKET_MS)
        now, row = collected.people(), collected.rows()[-1]
        assert row.at_ms == collected.now_ms - BUCKET_MS
        assert row.fields[2:5] == (now.count, now.least, now.most)
        collected.restart()
        assert collected.people() == now


def test_a_delayed_device_does_not_stop_the_live_count_at_a_new_day(
    collected: CountingCollector,
) -> None:
    collected.cross(1, -1, at_ms=NOON_MS - 20 * HOUR_MS)
    collected.cross(1, 1, 1)
    collected.settle()
    morning_ms = NOON_MS + 13 * HOUR_MS
    while collected.now_ms < morning_ms:
        collected.now_ms += BUCKET_MS
        collected.cross(1, -1, at_ms=collected.now_ms - 20 * HOUR_MS)
        collected.work.tick(collected.now_ms)
        collected.work.advance_history(collected.now_ms)
    assert collected.people() == PeopleCount(count=0, least=0, most=0, last_empty_ms=morning_ms - HOUR_MS)


def test_a_quiet_site_is_empty_with_a_correction(collected: CountingCollector) -> None:
    collected.pass_time(NOON_MS + 20 * MINUTE_MS)
    collected.cross(*[1] * 6)
    crossed_ms = collected.now_ms
    collected.send("desk-0-pir", EventKind.MOTION, 1, crossed_ms + 1)
    collected.send("desk-0-pir", EventKind.MOTION, 0, crossed_ms + 2)
    assert collected.people().count == 6
    collected.pass_time(crossed_ms + 95 * MINUTE_MS)  # nothing is learned of the sensors yet
    results = collected.people()
    assert (results.count, results.most) == (0, 0)
    assert results.last_empty_ms is not None
    assert results.last_empty_ms >= crossed_ms + 10 * MINUTE_MS
    (entry,) = collected.ledger(CorrectionReason.QUIET)
    assert entry.fields[1] == 0
    assert entry.at_ms <= results.last_empty_ms < entry.at_ms + BUCKET_MS
    assert collected.rows()[-1].fields[5] == results.last_empty_ms


def test_late_motion_revokes_the_correction_and_a_late_crossing_counts(collected: CountingCollector) -> None:
    collected.pass_time(NOON_MS + 20 * MINUTE_MS)
    collected.cross(*[1] * 6)
    crossed_ms = collected.now_ms
    collected.pass_time(crossed_ms + 95 * MINUTE_MS)  # nothing is learned of the sensors yet
    assert collected.people().count == 0
    assert collected.ledger(CorrectionReason.QUIET)
    for minute in range(95):  # a device that was offline reports somebody who was there all along
        collected.send("desk-1-pir", EventKind.MOTION, 1, crossed_ms + minute * MINUTE_MS + 1, "pi-2")
        collected.send("desk-1-pir", EventKind.MOTION, 0, crossed_ms + minute * MINUTE_MS + 2, "pi-2")
    collected.cross(1, 1, at_ms=crossed_ms + MINUTE_MS)
    collected.settle()
    assert collected.people().count == 7, "of eight, one has probably left uncounted since"
    assert collected.ledger(CorrectionReason.QUIET) == []
    assert collected.rows()[-1].fields[2] == 7


def test_a_count_by_doors_alone_is_reset_at_night(tmp_path: Path) -> None:
    doors_only = replace(PLAN, sensors=tuple(s for s in PLAN.sensors if s.door))
    with closing(CountingCollector(tmp_path / "journal.sqlite", doors_only)) as counting:
        counting.cross(*[1] * 9)
        counting.pass_time(NOON_MS + HOUR_MS, alive=False)
        assert counting.people().count == 9
        counting.pass_time(NOON_MS + 24 * HOUR_MS, alive=False)
        assert counting.people().count == 0
        (entry,) = counting.ledger(CorrectionReason.CLOSED)
        assert entry.fields == (9, 0)


def test_a_bucket_without_door_events_has_no_row(collected: CountingCollector) -> None:
    collected.cross(1)
    collected.pass_time(NOON_MS + 20 * MINUTE_MS, alive=False)
    collected.cross(1)
    collected.pass_time(NOON_MS + 30 * MINUTE_MS, alive=False)
    assert [row.at_ms for row in collected.rows()] == [NOON_MS, NOON_MS + 20 * MINUTE_MS]


def test_two_doors_make_one_count(tmp_path: Path) -> None:
    back = Sensor(device="pi-1", id="back-beams", kind=SensorKind.BEAM_PAIR, door="back")
    doors = (*PLAN.doors, Door(id="back", name="Back", floor="ground", x_m=1, y_m=1))
    with closing(
        CountingCollector(tmp_path / "journal.sqlite", replace(PLAN, doors=doors, sensors=(*PLAN.sensors, back)))
    ) as counting:
        counting.cross(1, 1, 1)
        counting.send("back-beams", EventKind.CROSSING, 1, NOON_MS + 10)
        counting.send("back-beams", EventKind.CROSSING, -1, NOON_MS + 20)
        assert counting.people().count == 3


def test_the_count_continues_after_the_morning_is_erased(tmp_path: Path) -> None:
    with closing(CountingCollector(tmp_path / "journal.sqlite", raw_hours=1)) as counting:
        counting.cross(*[1] * 7)
        counting.send("desk-0-pir", EventKind.MOTION, 1, NOON_MS + 1)
        for hour in range(1, 4):
            counting.send("desk-0-pir", EventKind.HEARTBEAT, 1, NOON_MS + hour * HOUR_MS - MINUTE_MS)
            counting.pass_time(NOON_MS + hour * HOUR_MS, alive=False)
        (kept,) = counting.journal._connection.execute(
            "SELECT count(*) FROM event WHERE at_ms < ?", (NOON_MS + HOUR_MS,)
        ).fetchone()
        assert kept == 0
        before = counting.people()
        assert before.count == 7
        counting.cross(1, at_ms=counting.now_ms - 10 * MINUTE_MS)
        counting.settle()
        assert counting.people().count == 8


def test_a_journal_of_version_1_continues_from_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(CountingCollector(path)) as counting:
        counting.cross(*[1] * 5)
        counting.pass_time(NOON_MS + 2 * BUCKET_MS, alive=False)
        now_ms = counting.now_ms
    with closing(sqlite3.connect(path, isolation_level=None)) as old:  # version 1 had rows and another blob
        old.execute("DROP TABLE people_estimate")
        old.execute("ALTER TABLE stale_history RENAME TO stale")
        old.execute("ALTER TABLE stored_value RENAME TO settled")
        old.execute("ALTER TABLE settled RENAME COLUMN key TO space")
        old.execute("DELETE FROM settled WHERE space = ?", (TRUTH_KEY,))
        for table in ("settled", "checkpoint"):
            old.execute(f"UPDATE {table} SET body = substr(body, 3)")  # noqa: S608 - without kind and version
        old.execute("DROP TABLE people_correction")
        old.execute("DROP TABLE forecast")
        for column in ("least", "most", "zero_ms"):
            old.execute(f"ALTER TABLE people_five_min DROP COLUMN {column}")
        old.execute("DROP INDEX quarantine_place")
        for column in ("stream", "first", "last", "sensor", "field", "times"):
            old.execute(f"ALTER TABLE quarantine DROP COLUMN {column}")
        for table in ("gap", "quarantine"):
            old.execute(f"ALTER TABLE {table} DROP COLUMN detail")
        old.execute("INSERT INTO settled (space, body) VALUES ('door:entrance', x'91919300cd00c805')")
        old.execute("PRAGMA user_version = 1")
    with closing(Journal(path)) as journal:
        work = Pipeline(PLAN, journal, RetentionSettings(), now_ms)
        people = work.spaces.get_site_summary(now_ms).people
        assert people is not None
        assert people.count == 5


NEWS = st.lists(
    st.tuples(st.integers(0, 100), st.sampled_from(["in", "in", "out", "move", "beat"])), min_size=1, max_size=25
)


@settings(max_examples=40, deadline=None)
@given(late_data=NEWS, random=st.randoms(use_true_random=False))
def test_late_and_repeated_data_give_the_same_rows_corrections_and_count(
    tmp_path_factory: pytest.TempPathFactory, late_data: list[tuple[int, str]], random: object
) -> None:
    end_ms = NOON_MS + 2 * HOUR_MS
    sent = [event_at(number + 1, minute, what) for number, (minute, what) in enumerate(sorted(late_data))]
    results = []
    for place in (0, 1):
        with closing(CountingCollector(tmp_path_factory.mktemp("site") / "journal.sqlite")) as counting:
            if place == 0:
                for event in sent:
                    counting.now_ms = max(counting.now_ms, event.at_ms)
                    counting.work.process_batch([IncomingMessage("pi-1", message([event]))], counting.now_ms)
                    counting.settle()
            else:
                counting.now_ms = end_ms
                for event in random.sample(sent, len(sent)):  # type: ignore[attr-defined]
                    one = message([replaced(event)], stream=f"late-{event.seq}")
                    counting.work.process_batch([IncomingMessage("pi-1", one), IncomingMessage("pi-1", one)], end_ms)
                    counting.settle()
            counting.now_ms = end_ms
            counting.settle()
            corrections = [counting.ledger(why) for why in CorrectionReason]
            results.append((counting.rows(), corrections, counting.people()))
    assert results[0] == results[1]


def event_at(seq: int, minute: int, what: str) -> SensorEvent:
    at_ms = NOON_MS + minute * MINUTE_MS + seq
    if what == "move":
        return motion(seq, at_ms)
    kind, value = {"in": (EventKind.CROSSING, 1), "out": (EventKind.CROSSING, -1), "beat": (EventKind.HEARTBEAT, 0)}[
        what
    ]
    return SensorEvent(seq=seq, sensor="entrance-beams", at_ms=at_ms, kind=kind, value=value)


def replaced(event: SensorEvent) -> SensorEvent:
    """Return the event as the only one of its own stream, so that any order is possible."""
    return SensorEvent(seq=1, sensor=event.sensor, at_ms=event.at_ms, kind=event.kind, value=event.value)


def all_of(rows: Sequence[HistoryRow], field: int) -> list[float | None]:
    return [row.fields[field] for row in rows]


def test_no_row_is_negative_and_every_range_includes_its_count(collected: CountingCollector) -> None:
    for number in range(12):
        collected.cross(*([1, -1, -1] if number % 2 else [1, 1, -1]))
        collected.pass_time(collected.now_ms + BUCKET_MS)
    rows = collected.rows()
    assert min(value for value in all_of(rows, 2) if value is not None) >= 0
    for row in rows:
        _, _, people, least, most, _ = row.fields
        assert people is not None
        assert least is not None
        assert most is not None
        assert 0 <= least <= people <= most
