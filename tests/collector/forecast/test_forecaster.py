"""Forecasts of a whole site: one series at a time, safe across restarts, and none of zones with hidden history."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from collector.configuration.collector_settings import RetentionSettings
from collector.contract import forecasts as outlook
from collector.contract.forecast_points import ChanceScore, ForecastPoint, ForecastScore, Lead
from collector.contract.forecasts import (
    OUTLOOK_DAYS,
    Forecast,
    ForecastScores,
    Outlook,
    build_hour_outlooks,
    round_count,
)
from collector.engine.pipeline import Pipeline
from collector.forecast.forecaster import Forecaster, list_series
from collector.history import tables
from collector.history.history_tables import HistoryTables
from collector.history.measures import FORECAST, SPACE_HOUR, HistoryRow
from collector.intake.intake import IncomingMessage
from collector.site.spaces import Space, SpaceKind, Tenure
from collector.sqlite_files.migration import migrate_schema
from collector.store.journal import Journal
from collector.store.journal_schema import MIGRATION_STEPS
from collector.store.journal_tables import JournalTables
from edge.contract import topics
from edge.contract.message import MAX_PAYLOAD_BYTES, EventKind, MessageRejected, SensorEvent
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from tests.support.collector import seasons
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, message
from tests.support.collector.site_observer import SiteObserver, run_collecting
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.servers import Mosquitto, wait_until

LEADS = ("1h", "day")
"""The hour that begins is covered by the very first forecast."""
SMALL = replace(PLAN, spaces=tuple(s for s in PLAN.spaces if s.zone == "hall"), doors=(), sensors=())
"""One zone with fifteen desks."""


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        migrate_schema(made, MIGRATION_STEPS)
        yield made


def run_forecaster(db: sqlite3.Connection, until_ms: int, plan=SMALL, made: Forecaster | None = None) -> Forecaster:
    made = made or Forecaster(plan)
    while made.is_due(until_ms):
        made.forecast_next(JournalTables(db), until_ms)
    return made


def rows(db: sqlite3.Connection) -> list[HistoryRow]:
    return [
        row for tags in tables.iterate_series(db, FORECAST) for row in tables.read_rows(db, FORECAST, tags, 0, 2**50)
    ]


def test_a_site_of_two_weeks_is_forecast_by_zone_and_as_a_whole(db: sqlite3.Connection) -> None:
    seasons.store_rows(HistoryTables(db), seasons.generate_rows(SMALL, MONDAY_10_MS - 21 * DAY_MS, MONDAY_10_MS))
    published = dict(run_forecaster(db, MONDAY_10_MS + 7 * 60_000).pop_changed_forecasts())
    assert published.keys() == {"hall", "site"}
    assert published["hall"] is not None
    outlook = published["hall"].kinds[SpaceKind.DESK]
    assert (outlook.at_ms, outlook.capacity, outlook.missing_days) == (MONDAY_10_MS, 15, 0)
    assert len(outlook.hours) == 5 * 13


def test_the_zone_of_all_booths_has_the_same_forecast_as_the_site(db: sqlite3.Connection) -> None:
    """Four spaces have no five-minute rows: both forecasts come from the states of the same spaces."""
    booths = tuple(
        Space(id=f"booth-{number}", name=f"Booth {number}", kind=SpaceKind.BOOTH, zone="hall", x_m=number, y_m=1)
        for number in range(1, 5)
    )
    plan = replace(SMALL, spaces=booths)
    hours = range(MONDAY_10_MS - 15 * DAY_MS, MONDAY_10_MS, HOUR_MS)
    for booth, space in enumerate(booths):
        states = [(at_ms, float((at_ms // HOUR_MS * 7 + booth * 3) % 5 < 2)) for at_ms in hours]
        stored = [HistoryRow((space.id,), at_ms, (taken, 1 - taken, 0.0)) for at_ms, taken in states]
        tables.upsert_rows(db, SPACE_HOUR, stored)
    published = dict(run_forecaster(db, MONDAY_10_MS, plan).pop_changed_forecasts())
    zone, site = published["hall"], published["site"]
    assert zone is not None
    assert zone == site
    assert zone.kinds[SpaceKind.BOOTH].hours


def test_the_first_days_publish_the_missing_days(db: sqlite3.Connection) -> None:
    seasons.store_rows(HistoryTables(db), seasons.generate_rows(SMALL, MONDAY_10_MS - 7 * DAY_MS, MONDAY_10_MS))
    published = dict(run_forecaster(db, MONDAY_10_MS).pop_changed_forecasts())
    assert published["site"] == Forecast(kinds={SpaceKind.DESK: Outlook(at_ms=MONDAY_10_MS, missing_days=7)})
    assert rows(db) == []


def test_each_step_forecasts_one_series_and_each_hour_has_one_round(db: sqlite3.Connection) -> None:
    made = Forecaster(PLAN)
    steps = 0
    while made.is_due(MONDAY_10_MS):
        made.forecast_next(JournalTables(db), MONDAY_10_MS)
        steps += 1
    assert steps == len(list(list_series(PLAN)))
    assert not made.is_due(MONDAY_10_MS + HOUR_MS - 1)
    assert made.is_due(MONDAY_10_MS + HOUR_MS)


def test_a_zone_is_published_when_all_its_kinds_are_forecast(db: sqlite3.Connection) -> None:
    made = Forecaster(PLAN)
    left = [one.zone for one in list_series(PLAN)]
    while made.is_due(MONDAY_10_MS):
        made.forecast_next(JournalTables(db), MONDAY_10_MS)
        left.pop(0)
        assert not {zone for zone, _ in made.pop_changed_forecasts()}.intersection(left)


def test_every_series_is_forecast_although_time_outruns_the_rounds(db: sqlite3.Connection) -> None:
    made = Forecaster(PLAN)
    for hour in range(2 * len(list(list_series(PLAN)))):
        made.forecast_next(JournalTables(db), MONDAY_10_MS + hour * HOUR_MS)
    assert {zone for zone, _ in made.pop_changed_forecasts()} == {"site", "hall", "quiet", "loft", "workshop"}


def test_rows_too_old_for_learning_or_scoring_are_not_read(db: sqlite3.Connection) -> None:
    def steps() -> int:
        """Return the number of SQLite's virtual machine steps for one round."""
        taken: list[int] = []
        db.set_progress_handler(lambda: taken.append(1), 1)
        run_forecaster(db, MONDAY_10_MS)
        db.set_progress_handler(None, 0)
        return len(taken)

    def add(teaches: int, scored: int) -> None:
        """Add history older than so many days."""
        begin_ms = MONDAY_10_MS - teaches * DAY_MS
        seasons.store_rows(HistoryTables(db), seasons.generate_rows(SMALL, begin_ms, begin_ms + DAY_MS))
        at_ms, kept = MONDAY_10_MS - scored * DAY_MS, (1.0, 2.0, 3.0, 0.5, 2.0, 1.0)
        tables.upsert_rows(
            db,
            FORECAST,
            [HistoryRow((one.zone, one.kind, lead.value), at_ms, kept) for one in list_series(SMALL) for lead in Lead],
        )

    add(teaches=141, scored=43)
    young = steps()
    add(teaches=143, scored=44)
    assert steps() == young


def test_a_restart_issues_nothing_twice_and_gives_the_same_rows(db: sqlite3.Connection) -> None:
    end_ms = MONDAY_10_MS + 4 * HOUR_MS
    seasons.store_rows(HistoryTables(db), seasons.generate_rows(SMALL, MONDAY_10_MS - 21 * DAY_MS, end_ms))
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as other:
        db.backup(other)
        made = Forecaster(SMALL)
        for now_ms in range(MONDAY_10_MS, end_ms + 1, HOUR_MS):
            run_forecaster(db, now_ms, made=made)
            run_forecaster(other, now_ms)  # a new process each hour
            revision = tables.read_identity(other)[1]
            run_forecaster(other, now_ms)
            assert tables.read_identity(other)[1] == revision, "a second start in the hour writes nothing"
        assert rows(db) == rows(other)


def test_forecasts_are_published_again_on_request(db: sqlite3.Connection) -> None:
    made = run_forecaster(db, MONDAY_10_MS)
    first = made.pop_changed_forecasts()
    assert made.pop_changed_forecasts() == []
    made.republish_all()
    again = dict(made.pop_changed_forecasts())
    assert {zone: again[zone] for zone, _ in first} == dict(first)
    assert {zone for zone, published in again.items() if published is None} == {"quiet", "loft", "workshop"}


def test_zones_with_hidden_history_are_not_forecast() -> None:
    def zones(spaces: tuple[Space, ...], kind: SpaceKind) -> set[str]:
        return {one.zone for one in list_series(replace(PLAN, spaces=spaces)) if one.kind == kind}

    assert zones(PLAN.spaces, SpaceKind.DESK) == {"site", "hall", "quiet", "loft"}
    few = tuple(replace(s, zone="workshop") if s.id in {"desk-1", "desk-2"} else s for s in PLAN.spaces)
    assert zones(few, SpaceKind.DESK) == {"site", "hall", "quiet"}, "the loft would give the workshop's two away"
    own = tuple(replace(s, tenure=Tenure.DEDICATED) if s.id == "desk-28" else s for s in PLAN.spaces)
    assert zones(own, SpaceKind.DESK) == {"site", "hall"}, "four desks of the loft are offered; quiet hides them"
    shut = tuple(replace(s, disabled=True) if s.id == "desk-28" else s for s in PLAN.spaces)
    assert zones(shut, SpaceKind.DESK) == {"site", "hall"}, "nobody can sit at the fifth desk of the loft"
    printer = tuple(replace(s, disabled=True) if s.kind is SpaceKind.EQUIPMENT else s for s in PLAN.spaces)
    assert zones(printer, SpaceKind.EQUIPMENT) == set(), "there is none to be free"
    room = tuple(replace(s, tenure=Tenure.DEDICATED) if s.id == "room-1" else s for s in PLAN.spaces)
    assert zones(room, SpaceKind.ROOM) == set()
    assert zones(PLAN.spaces[:3], SpaceKind.DESK) == set(), "a site of three desks has no forecast of them"
    assert "supply" not in {one.kind for one in list_series(PLAN)}


@pytest.mark.parametrize("capacity", [9, 99, 1000])
def test_a_forecast_of_the_largest_site_fits_one_message(capacity: int) -> None:
    begins = range(MONDAY_10_MS, MONDAY_10_MS + OUTLOOK_DAYS * DAY_MS, HOUR_MS)
    points = [ForecastPoint(at_ms, (capacity * 0.1234567,) * 9, capacity * 0.1, capacity, 42) for at_ms in begins]
    usual = tuple((n, round_count(capacity * 0.8765, capacity)) for n in range(-12, 13))
    looked = ForecastScores(
        dict.fromkeys(Lead, ForecastScore(1008, 12.3456, 1.2345, 0.8123, 12.3456)),
        (ChanceScore(4032, 0.9123, 0.9123),) * 10,
    )
    hours = build_hour_outlooks(points, MONDAY_10_MS)
    full = Outlook(at_ms=MONDAY_10_MS, capacity=capacity, days=42, usual=usual, hours=hours, scores=looked)
    kinds = dict.fromkeys((SpaceKind.DESK, SpaceKind.BOOTH, SpaceKind.ROOM, SpaceKind.EQUIPMENT), full)
    payload = outlook.encode(Forecast(kinds=kinds, people=full))
    assert len(hours) == 168
    assert len(payload) < MAX_PAYLOAD_BYTES
    assert outlook.decode(payload) == Forecast(kinds=kinds, people=full)


def test_a_forecast_that_breaks_the_contract_is_rejected() -> None:
    with pytest.raises(MessageRejected, match="nine"):
        outlook.decode(b'{"kinds":{},"nine":1}')


def deliver(work: Pipeline, desk: int, now_ms: int) -> None:
    """Deliver the hour without motion of one desk and the half hour before, which vacancy needs."""
    beats = [
        SensorEvent(seq=n + 1, sensor=f"desk-{desk}-pir", at_ms=at_ms, kind=EventKind.HEARTBEAT, value=0)
        for n, at_ms in enumerate(range(NOON_MS - HOUR_MS // 2, NOON_MS + HOUR_MS, 30_000))
    ]
    work.process_batch([IncomingMessage(f"pi-{desk + 1}", message(beats, stream=f"s{desk}"))], now_ms)


def settle(work: Pipeline, now_ms: int) -> None:
    work.tick(now_ms)
    for _ in range(20):
        work.advance_history(now_ms)


@pytest.mark.parametrize("restarted", [False, True])
def test_late_data_corrects_outcomes_also_after_a_restart(tmp_path: Path, restarted: bool) -> None:
    plan = build_desk_plan(5, devices=5)
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:

        def begun(now_ms: int) -> Pipeline:
            return Pipeline(plan, journal, RetentionSettings(), now_ms)

        def came() -> set[tuple[float | None, ...]]:
            found = [row for row in rows(journal._connection) if row.at_ms == NOON_MS and "desk" in row.tags]
            assert {row.tags for row in found} == {(zone, "desk", lead) for zone in ("hall", "site") for lead in LEADS}
            return {row.fields[-2:] for row in found}

        with journal.transaction():
            seasons.store_rows(journal.tables.history, seasons.generate_rows(plan, NOON_MS - 21 * DAY_MS, NOON_MS))
        work = begun(NOON_MS)
        settle(work, NOON_MS)
        assert came() == {(None, None)}
        work = begun(NOON_MS + HOUR_MS) if restarted else work
        for desk in range(1, 5):
            deliver(work, desk, NOON_MS + HOUR_MS)
        settle(work, NOON_MS + HOUR_MS)
        assert came() == {(4.0, 1.0)}
        work = begun(NOON_MS + 2 * HOUR_MS) if restarted else work
        deliver(work, 0, NOON_MS + 2 * HOUR_MS)
        settle(work, NOON_MS + 2 * HOUR_MS)
        assert came() == {(5.0, 1.0)}


def test_an_accelerated_site_is_forecast_completely(tmp_path: Path) -> None:
    plan = build_desk_plan(5)
    step_ms = DAY_MS // 60
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        with journal.transaction():
            seasons.store_rows(journal.tables.history, seasons.generate_rows(plan, NOON_MS - 21 * DAY_MS, NOON_MS))
        work = Pipeline(plan, journal, RetentionSettings(), NOON_MS)
        waiting = []
        for now_ms in range(NOON_MS, NOON_MS + 4 * step_ms, step_ms):
            work.tick(now_ms)
            waiting.append(work.advance_history(now_ms))
    assert {zone for zone, _ in work.forecaster.pop_changed_forecasts()} == {"hall", "site"}
    assert waiting == [True, True, False, True], "three series, and the first again after an hour"


def test_forecasts_are_published_to_a_broker_and_again_on_request(tmp_path: Path, broker: Mosquitto) -> None:
    plan = build_desk_plan(5)
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal, journal.transaction():
        seasons.store_rows(journal.tables.history, seasons.generate_rows(plan, NOON_MS - 21 * DAY_MS, NOON_MS))
    with closing(SiteObserver(broker)) as observer, run_collecting(broker, observer, plan, path):
        where = [topics.FORECAST.topic(plan.id, zone) for zone in ("hall", "site")]
        wait_until(lambda: all(topic in observer.retained for topic in where), what="the forecasts")
        broker.kill()
        observer.retained.clear()
        broker.start()
        wait_until(
            lambda: all(topic in observer.retained for topic in where), what="the forecasts after the broker lost them"
        )
        for topic in where:
            assert outlook.decode(observer.retained[topic]).kinds[SpaceKind.DESK].capacity == 5
