"""Rollup of people: buckets with door events, estimates between them, and doors whose sensors are silent."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from collector.history.door_days import DayTurns, DoorDay
from collector.history.measures import BUCKET_MS, PEOPLE_CORRECTION, PEOPLE_FIVE_MIN, HistoryRow
from collector.people.estimate import PeopleEstimate
from collector.people.odds import PeopleOdds
from collector.rollup.buckets import HistoryRollup
from collector.rollup.people_buckets import PEOPLE_ESTIMATE, PeopleRollup
from collector.site.site_sensor import Sensor
from collector.store.journal_tables import JournalTables
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import DAY_MS, MINUTE_MS
from tests.support.collector.rollup_journal import ROLLUP_PLAN, RollupJournal

T0 = 1_763_856_000_000
"""The start of an hour, UTC."""
DOOR = replace(ROLLUP_PLAN.sensors[0], heartbeat_ms=BUCKET_MS)
ONE_DOOR = replace(ROLLUP_PLAN, sensors=(DOOR,))
TWO_DOORS = replace(ROLLUP_PLAN, sensors=(DOOR, replace(DOOR, id="back", door="back")))
SILENT_MS = ONE_DOOR.silent_after_ms(DOOR)


@pytest.fixture
def journal() -> Iterator[RollupJournal]:
    made = RollupJournal()
    with closing(made.db):
        yield made


def compute(journal, plan=ONE_DOOR, buckets=4):
    """Compute some buckets; return the rollup and the tables."""
    rollup, db = PeopleRollup(plan), JournalTables(journal.db)
    rollup.compute_span(db, {}, T0, T0 + buckets * BUCKET_MS)
    return rollup, db


def buckets_with_watched_doors(journal, plan=ONE_DOOR):
    """Return the numbers of the buckets in which the absence of exits counted as evidence."""
    crowd = PeopleEstimate(at_ms=T0, odds=PeopleOdds(30))
    JournalTables(journal.db).store_people_estimates([(T0, PEOPLE_ESTIMATE.encode(crowd))])
    rollup, db = compute(journal, plan)
    odds = [rollup.read_estimate(db, T0 + number * BUCKET_MS).odds for number in range(5)]
    return {number for number in range(4) if odds[number] != odds[number + 1]}


@pytest.mark.parametrize(
    ("at_ms", "watched"),
    [(-1, {0}), (0, {0, 1}), (BUCKET_MS - 1, {0, 1}), (BUCKET_MS, {1, 2}), (BUCKET_MS + 1, {1, 2})],
)
def test_a_door_is_watched_in_buckets_that_end_before_its_sensor_is_silent(journal, at_ms, watched):
    assert SILENT_MS == 2 * BUCKET_MS
    journal.add_event("entrance", T0 + at_ms, "heartbeat", 0)
    assert buckets_with_watched_doors(journal) == watched


@pytest.mark.parametrize(
    ("alive", "watched"), [({"entrance"}, set()), ({"back"}, set()), ({"entrance", "back"}, {0, 1})]
)
def test_one_silent_door_is_enough_for_nothing_to_be_concluded(journal, alive, watched):
    for sensor in alive:
        journal.add_event(sensor, T0, "heartbeat", 0)
    assert buckets_with_watched_doors(journal, TWO_DOORS) == watched


def test_only_buckets_with_door_events_have_rows(journal):
    journal.add_event("entrance", T0 + 2 * MINUTE_MS, "crossing", 1)
    journal.add_event("entrance", T0 + 3 * BUCKET_MS - 1, "heartbeat", 0)
    compute(journal)
    assert [(row.at_ms, row.fields[:3]) for row in journal.rows(PEOPLE_FIVE_MIN)] == [
        (T0, (1.0, 0.0, 1.0)),
        (T0 + 2 * BUCKET_MS, (0.0, 0.0, 1.0)),
    ]


def test_only_crossings_are_counted(journal):
    journal.add_event("entrance", T0, "heartbeat", 1)
    compute(journal)
    assert [row.fields[:3] for row in journal.rows(PEOPLE_FIVE_MIN)] == [(0.0, 0.0, 0.0)]


def test_late_states_of_spaces_change_the_count(journal):
    sensor = Sensor(device="pi-1", id="pir", kind=SensorKind.PIR, space="desk-1")
    journal.settlement = HistoryRollup(replace(ROLLUP_PLAN, sensors=(DOOR, sensor)))
    journal.add_event("entrance", T0, "heartbeat", 0)
    journal.settle(T0 + BUCKET_MS)
    journal.became("desk-1", T0 + MINUTE_MS, "occupied")
    journal.settle(T0 + BUCKET_MS)
    assert [row.fields[2] for row in journal.rows(PEOPLE_FIVE_MIN)] == [1.0]


def test_the_estimates_begin_with_the_first_door_event(journal):
    journal.add_event("entrance", T0 + BUCKET_MS, "heartbeat", 0)
    _, db = compute(journal)
    assert db.read_people_estimate(T0 + BUCKET_MS) is None
    assert db.read_people_estimate(T0 + 2 * BUCKET_MS) is not None


def test_every_bucket_keeps_its_corrections(journal):
    for number in range(2):
        journal.add_event("entrance", T0 + number * BUCKET_MS, "crossing", -1)
    compute(journal)
    assert [(row.tags, row.at_ms, row.fields) for row in journal.rows(PEOPLE_CORRECTION)] == [
        (("site", "negative"), T0, (-1.0, 0.0)),
        (("site", "negative"), T0 + BUCKET_MS, (-1.0, 0.0)),
    ]


def people_row(at_ms, entries, exits, count):
    return HistoryRow(("site",), at_ms, (entries, exits, count, 0.0, 9.0, None))


def test_without_a_stored_estimate_it_is_restored_from_the_rows_of_the_days(journal):
    day = DayTurns(ONE_DOOR).find_turn(T0).day
    earlier = [people_row(T0 - DAY_MS, 3.0, 2.0, 1.0), people_row(T0 - DAY_MS + BUCKET_MS, 1.0, 0.0, 2.0)]
    today = [people_row(T0, 4.0, 0.0, 4.0), people_row(T0 + BUCKET_MS, 0.0, 1.0, 3.0)]
    db = JournalTables(journal.db)
    db.history.upsert_rows(PEOPLE_FIVE_MIN, earlier)
    estimate = PeopleRollup(ONE_DOOR).read_estimate(db, T0)
    yesterday = DoorDay(day - 1, 4, 2, 3 * BUCKET_MS)
    assert (estimate.odds, estimate.today, estimate.days) == (PeopleOdds(0), DoorDay(day), (yesterday,))
    db.history.upsert_rows(PEOPLE_FIVE_MIN, today)
    estimate = PeopleRollup(ONE_DOOR).read_estimate(db, T0 + 2 * BUCKET_MS)
    assert (estimate.at_ms, estimate.odds) == (T0 + 2 * BUCKET_MS, PeopleOdds(3))
    assert (estimate.today, estimate.days) == (DoorDay(day, 4, 1, 7 * BUCKET_MS), (yesterday,))


def test_crossings_are_read_from_the_start_of_a_span_to_before_its_end(journal):
    for at_ms in (T0 - 1, T0, T0 + BUCKET_MS - 1, T0 + BUCKET_MS):
        journal.add_event("entrance", at_ms, "crossing", 1)
    crossings = PeopleRollup(ONE_DOOR).read_crossings(JournalTables(journal.db), T0, T0 + BUCKET_MS)
    assert [crossing.at_ms for crossing in crossings] == [T0, T0 + BUCKET_MS - 1]
