"""The tables of history: unchanged rows stay untouched, changes can be followed, old rows are erased."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from zoneinfo import ZoneInfo

import pytest

from collector.configuration.collector_settings import RetentionSettings
from collector.history import tables
from collector.history.measures import (
    AIR_FIVE_MIN,
    MEASURES,
    PEOPLE_CORRECTION,
    SPACE_HOUR,
    ZONE_FIVE_MIN,
    HistoryAway,
    HistoryRow,
)
from collector.history.sqlite import SqliteHistory
from collector.site.site_plan import SitePlan
from collector.site.spaces import Space, SpaceKind
from edge.timekeeping.durations import DAY_MS, HOUR_MS

T0 = 1_763_856_000_000
PLAN = SitePlan(
    id="mill",
    name="Mill",
    time_zone=ZoneInfo("Europe/Stockholm"),
    floors=(),
    zones=(),
    spaces=(
        Space(id="desk-1", name="Desk 1", kind=SpaceKind.DESK, zone="loft", x_m=1, y_m=1),
        Space(id="booth-1", name="Booth 1", kind=SpaceKind.BOOTH, zone="loft", x_m=2, y_m=1),
    ),
)


@pytest.fixture
def db(tmp_path):
    with closing(sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)) as made:
        made.execute("PRAGMA journal_mode = WAL")
        tables.create_tables(made)
        yield made


def hour(space, at_ms, *fields):
    return HistoryRow((space,), at_ms, fields or (3600.0, 0.0, 0.0))


def test_writing_an_identical_row_changes_nothing(db):
    rows = [hour("desk-1", T0), hour("desk-1", T0 + HOUR_MS)]
    assert tables.upsert_rows(db, SPACE_HOUR, rows) == 2
    assert tables.upsert_rows(db, SPACE_HOUR, rows) == 0
    assert tables.read_identity(db)[1] == 2


def test_a_row_that_becomes_known_or_unknown_is_a_change(db):
    tables.upsert_rows(db, AIR_FIVE_MIN, [HistoryRow(("loft",), T0, (None, 21.0, None))])
    assert tables.upsert_rows(db, AIR_FIVE_MIN, [HistoryRow(("loft",), T0, (500.0, 21.0, None))]) == 1
    assert tables.upsert_rows(db, AIR_FIVE_MIN, [HistoryRow(("loft",), T0, (500.0, 21.0, None))]) == 0


def test_changes_of_all_measures_are_ordered_by_revision(db):
    air, zone = (
        HistoryRow(("loft",), T0, (500.0, 21.0, None)),
        HistoryRow(("loft", "desk"), T0, (2.0, 1.0, 1.0, 1.0, 0.0)),
    )
    tables.upsert_rows(db, ZONE_FIVE_MIN, [zone])
    tables.upsert_rows(db, AIR_FIVE_MIN, [air])
    tables.upsert_rows(db, SPACE_HOUR, [hour("desk-1", T0)])
    assert tables.read_changed_rows(db, 0, 2) == [(1, ZONE_FIVE_MIN, zone), (2, AIR_FIVE_MIN, air)]
    assert tables.read_changed_rows(db, 2, 2) == [(3, SPACE_HOUR, hour("desk-1", T0))]
    tables.upsert_rows(db, ZONE_FIVE_MIN, [zone, HistoryRow(zone.tags, T0, (2.0, 0.5, 1.0, 1.0, 0.0))])
    assert [(rev, measure.name) for rev, measure, _ in tables.read_changed_rows(db, 0, 9)] == [
        (2, "air_five_min"),
        (3, "space_hour"),
        (4, "zone_five_min"),
    ]


def test_the_id_of_a_history_is_stable_and_unique(db, tmp_path):
    name = tables.read_identity(db)[0]
    tables.create_tables(db)
    assert tables.read_identity(db)[0] == name
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as other:
        tables.create_tables(other)
        assert tables.read_identity(other)[0] != name


def test_desks_are_erased_before_booths_and_unknown_spaces_like_desks(db):
    now_ms = T0 + 40 * DAY_MS
    rows = [hour(space, at) for space in ("desk-1", "booth-1", "gone") for at in (T0, now_ms - 35 * DAY_MS)]
    tables.upsert_rows(db, SPACE_HOUR, rows)
    tables.upsert_rows(db, AIR_FIVE_MIN, [HistoryRow(("loft",), T0, (1.0, None, None))])
    assert tables.erase_expired_rows(db, PLAN, RetentionSettings(), now_ms) == 2
    left = [(row.tags[0], row.at_ms) for _, _, row in tables.read_changed_rows(db, 0, 9)]
    assert ("desk-1", T0) not in left
    assert ("gone", T0) not in left
    assert ("booth-1", T0) in left
    assert len(left) == 5
    assert [(measure.name, tag, before) for _, measure, tag, before in tables.read_erasures(db, 0)] == [
        ("space_hour", "desk-1", now_ms - 35 * DAY_MS),
        ("space_hour", "gone", now_ms - 35 * DAY_MS),
    ]


def test_series_are_erased_after_their_days(db):
    tables.upsert_rows(db, AIR_FIVE_MIN, [HistoryRow(("loft",), T0, (1.0, None, None))])
    assert tables.erase_expired_rows(db, PLAN, RetentionSettings(series_days=3), T0 + 3 * DAY_MS) == 0
    assert tables.erase_expired_rows(db, PLAN, RetentionSettings(series_days=3), T0 + 3 * DAY_MS + 300_000) == 1
    assert tables.erase_expired_rows(db, PLAN, RetentionSettings(series_days=3), T0 + 3 * DAY_MS + 300_000) == 0


def test_erased_rows_cannot_be_found_in_the_file(db, tmp_path):
    tables.upsert_rows(db, SPACE_HOUR, [hour("desk-of-secrets", T0)])
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"desk-of-secrets" in (tmp_path / "journal.sqlite").read_bytes()
    tables.erase_expired_rows(db, PLAN, RetentionSettings(), T0 + 99 * DAY_MS)
    db.execute("DELETE FROM erased")  # it names the space, and until when it is erased
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"desk-of-secrets" not in (tmp_path / "journal.sqlite").read_bytes()


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_a_query_reads_no_row_that_it_does_not_need(db, measure):
    asked: list[str] = []
    db.set_trace_callback(asked.append)
    tables.read_changed_rows(db, 5, 5)
    tables.read_rows(db, measure, ["x"] * len(measure.tags), 1, 2)
    db.set_trace_callback(None)
    steps = [str(db.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()) for statement in asked]
    assert any(f"SEARCH {measure.name} USING INDEX {measure.name}_rev" in step for step in steps)
    assert f"SEARCH {measure.name} USING PRIMARY KEY" in steps[-1]


def write_history(db: sqlite3.Connection, from_ms: int, to_ms: int) -> None:
    """Write a row an hour to one series of each measure."""
    for measure in MEASURES:
        tags, fields = ("x",) * len(measure.tags), (1.0,) * len(measure.fields)
        tables.upsert_rows(db, measure, [HistoryRow(tags, at_ms, fields) for at_ms in range(from_ms, to_ms, HOUR_MS)])


def steps(db: sqlite3.Connection, work: Callable[[], object]) -> int:
    """How many operations SQLite needs for it."""
    taken: list[int] = []
    db.set_progress_handler(lambda: taken.append(1), 1)
    work()
    db.set_progress_handler(None, 0)
    return len(taken)


@pytest.mark.parametrize(
    "work",
    [
        lambda db: [list(tables.iterate_series(db, measure)) for measure in MEASURES],
        lambda db: tables.erase_expired_rows(db, PLAN, RetentionSettings(), T0 + 30 * DAY_MS),
        lambda db: tables.replace_rows(db, PEOPLE_CORRECTION, [], T0 + 30 * DAY_MS - HOUR_MS, T0 + 30 * DAY_MS),
    ],
    ids=["to find the series", "to purge where nothing is due", "to correct an hour"],
)
def test_an_old_site_costs_no_more_than_a_young_one(db, work):
    write_history(db, T0 + 28 * DAY_MS, T0 + 30 * DAY_MS - HOUR_MS)
    young = steps(db, lambda: work(db))
    write_history(db, T0, T0 + 28 * DAY_MS)
    assert steps(db, lambda: work(db)) == young


def test_a_missing_journal_is_away_and_the_error_names_its_creator(tmp_path):
    with pytest.raises(HistoryAway, match="the collector creates it"):
        SqliteHistory(tmp_path / "journal.sqlite").read_rows(SPACE_HOUR, 0, T0)


def test_a_file_without_history_is_away(tmp_path):
    (tmp_path / "journal.sqlite").touch()
    with pytest.raises(HistoryAway, match="no such table"):
        SqliteHistory(tmp_path / "journal.sqlite").read_rows(SPACE_HOUR, 0, T0)
