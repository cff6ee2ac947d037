"""The simulated history of the example site has whole weeks, and nothing older than the retention."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.configuration.collector_settings import RetentionSettings
from collector.engine.pipeline import Pipeline
from collector.history.measures import PEOPLE_FIVE_MIN, SPACE_HOUR, STAYS, ZONE_FIVE_MIN, ZONE_HOUR
from collector.site.site_plan import WHOLE_SITE
from collector.store.journal import Journal
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from ledig.runtime import scaled_clock
from ledig.simulation.simulated_history import HISTORY_WEEKS, write_history
from ledig.up.up_command import read_site_or_example

PLAN = read_site_or_example(None).plan
BEGIN_MS = scaled_clock.first_morning_ms(datetime(2026, 11, 25, 12, tzinfo=UTC), PLAN.time_zone)


@pytest.fixture(scope="module")
def journal_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("example") / "journal.sqlite"
    (path.parent / "journal.unfinished").write_bytes(b"left by an interrupted attempt")
    days: list[tuple[int, int]] = []
    write_history(PLAN, path, BEGIN_MS, lambda done, of: days.append((done, of)))
    assert days == [(number, 7 * HISTORY_WEEKS + 1) for number in range(1, 7 * HISTORY_WEEKS + 2)]
    return path


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(statement).fetchall()


def test_every_measure_of_the_pages_has_whole_weeks(journal_path: Path) -> None:
    for measure in (SPACE_HOUR, ZONE_FIVE_MIN, ZONE_HOUR, STAYS, PEOPLE_FIVE_MIN):
        ((first, last),) = query(journal_path, f"SELECT min(at_ms), max(at_ms) FROM {measure.name}")  # noqa: S608
        assert isinstance(first, int)
        assert isinstance(last, int)
        assert last < BEGIN_MS
        assert last - first > (7 * HISTORY_WEEKS - 2) * DAY_MS, measure.name
    ((most,),) = query(journal_path, "SELECT max(taken_mean) FROM zone_hour WHERE zone = 'site' AND kind = 'desk'")
    assert isinstance(most, float)
    assert most > 10, "people came"
    ((counted,),) = query(journal_path, "SELECT avg(people IS NOT NULL) FROM people_five_min")
    assert counted == pytest.approx(1, abs=0.02), "the door counted them"


def test_nothing_exceeds_the_retention_and_no_temporary_file_remains(journal_path: Path) -> None:
    ((oldest,),) = query(journal_path, "SELECT min(at_ms) FROM transition")
    assert isinstance(oldest, int)
    assert oldest >= BEGIN_MS - 72 * HOUR_MS
    ((oldest_event,),) = query(journal_path, "SELECT coalesce(min(at_ms), 9e18) FROM event")
    assert isinstance(oldest_event, int | float)
    assert oldest_event >= BEGIN_MS - DAY_MS
    assert [path.name for path in journal_path.parent.iterdir() if "unfinished" in path.name] == []


def test_collector_continues_from_the_history_and_forecasts(journal_path: Path) -> None:
    with closing(Journal(journal_path)) as journal:
        work = Pipeline(PLAN, journal, RetentionSettings(), BEGIN_MS)
        work.tick(BEGIN_MS)
        while work.advance_history(BEGIN_MS):
            pass
        forecasts = dict(work.forecaster.pop_changed_forecasts())
    site = forecasts[WHOLE_SITE]
    assert site is not None
    assert site.people is not None
    assert {outlook.missing_days for outlook in (*site.kinds.values(), site.people)} == {0}
