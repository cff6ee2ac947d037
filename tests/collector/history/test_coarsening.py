"""History of an older version is coarsened like today's, completely and once."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from collector.history import tables
from collector.history.measures import (
    AIR_FIVE_MIN,
    FORECAST,
    PEOPLE_FIVE_MIN,
    SPACE_HOUR,
    ZONE_FIVE_MIN,
    ZONE_HOUR,
    HistoryRow,
    Measure,
)
from collector.store.journal import Journal
from collector.store.journal_schema import MIGRATION_STEPS
from edge.timekeeping.durations import HOUR_MS

COARSE = next(n for n, step in enumerate(MIGRATION_STEPS) if step.__name__ == "_version_6")
FIVE_MS = ZONE_FIVE_MIN.bucket_ms
T0 = 1_763_856_000_000
Fields = tuple[float | None, ...]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def migrated(path: Path, old: Mapping[Measure, Sequence[HistoryRow]]) -> Iterator[HistoryRow]:
    """Open an older file; yield the rows that it holds then."""
    with closing(Journal(path, MIGRATION_STEPS[:COARSE])) as journal, journal.transaction():
        for measure, rows in old.items():
            tables.upsert_rows(journal._connection, measure, rows)
        newest = tables.read_identity(journal._connection)[1]
    with closing(Journal(path)) as journal:
        db = journal._connection
        followed = {
            (measure, row.tags, row.at_ms) for _rev, measure, row in tables.read_changed_rows(db, newest, 10_000)
        }
        for measure in old:
            for tags in tables.iterate_series(db, measure):
                for row in tables.read_rows(db, measure, tags, 0, 2**60):
                    yield row
                    was = next((o for o in old[measure] if (o.tags, o.at_ms) == (row.tags, row.at_ms)), None)
                    assert row == was or (measure, row.tags, row.at_ms) in followed, "a projection follows"


def five(zone: str, kind: str, *fields: float | None, at_ms: int = T0) -> HistoryRow:
    return HistoryRow((zone, kind), at_ms, fields)


def fields_of(rows: Iterator[HistoryRow]) -> dict[tuple[str, ...], Fields]:
    return {row.tags: row.fields for row in rows}


def test_a_mean_does_not_show_when_within_five_minutes_a_space_changed(path: Path) -> None:
    rows = [
        five("hall", "desk", 12.0, 6.9403, 7.0, 5.0, 0.0),
        five("hall", "desk", 12.0, 7.2, 8, 4, 0.4, at_ms=T0 + FIVE_MS),
    ]
    found = list(migrated(path, {ZONE_FIVE_MIN: rows}))
    assert [row.fields for row in found] == [(12.0, 7.0, 7.0, 5.0, 0.0), (12.0, 8.0, 8.0, 4.0, 1.0)]


def test_the_site_is_the_sum_of_its_zones_so_that_no_zone_can_be_computed(path: Path) -> None:
    rows = [
        five("hall", "desk", 12.0, 7.0, 7.0, 5.0, 0.0),
        five("loft", "desk", 6.0, 2.3, 3.0, 3.0, 0.0),
        five("site", "desk", 18.0, 9.3, 10.0, 8.0, 0.0),
    ]
    found = fields_of(migrated(path, {ZONE_FIVE_MIN: rows}))
    assert found["hall", "desk"] == (12.0, 7.0, 7.0, 5.0, 0.0)
    assert found["loft", "desk"] == (6.0, 2.5, 2.5, 3.5, 0.0)
    assert found["site", "desk"][:3] == (18.0, 9.5, 9.5)


def test_fewer_than_five_and_rows_that_would_reveal_them_become_unknown(path: Path) -> None:
    rows = [
        five("hall", "desk", 12.0, 7.0, 7.0, 5.0, 0.0),
        five("loft", "desk", 6.0, 5.0, 5.0, 1.0, 0.0),
        five("nook", "desk", 2.0, 1.0, 1.0, 1.0, 0.0),
        five("site", "desk", 20.0, 13.0, 13.0, 7.0, 0.0),
        five("site", "booth", 2.0, 0.3, 1.0, 1.0, 0.0),
    ]
    found = fields_of(migrated(path, {ZONE_FIVE_MIN: rows}))
    assert found["nook", "desk"] == (2.0, 0.0, 0.0, None, 2.0)
    assert found["loft", "desk"] == (6.0, 0.0, 0.0, None, 6.0), "the site without the hall and the loft is the nook"
    assert found["site", "desk"] == (20.0, 13.0, 13.0, 7.0, 0.0), "7 in the hall, 6 in the rest"
    assert found["site", "booth"] == (2.0, 0.0, 0.0, None, 2.0)


def test_hours_are_computed_from_the_coarse_five_minutes(path: Path) -> None:
    rows = [five("hall", "desk", 12.0, 6.94, 7.0, 5.0, 0.0, at_ms=T0 + n * FIVE_MS) for n in range(12)]
    old = {ZONE_FIVE_MIN: rows, ZONE_HOUR: [HistoryRow(("hall", "desk"), T0, (12.0, 12.0, 6.94, 7.0, 5.0, 0.0, 0.0))]}
    assert list(migrated(path, old))[-1].fields == (12.0, 12.0, 7.0, 7.0, 5.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("stored", "coarse"),
    [
        ((3600.0, 0.0, 0.0), (3600.0, 0.0, 0.0)),
        ((0.001, 3599.999, 0.0), (1800.0, 1800.0, 0.0)),
        ((600.0, 600.0, 2400.0), (1200.0, 1200.0, 1200.0)),
        ((600.0, 0.0, 0.0), (1800.0, 0.0, 0.0)),
    ],
)
def test_an_hour_of_a_space_has_its_states_and_not_their_durations(path: Path, stored: Fields, coarse: Fields) -> None:
    assert [row.fields for row in migrated(path, {SPACE_HOUR: [HistoryRow(("booth",), T0, stored)]})] == [coarse]


def test_people_air_and_forecasts_have_no_finer_moment(path: Path) -> None:
    old = {
        PEOPLE_FIVE_MIN: [HistoryRow(("site",), T0, (1.0, 0.0, 7.0, 6.0, 8.0, float(T0 - 1)))],
        AIR_FIVE_MIN: [HistoryRow(("hall",), T0, (612.3456, 21.04321, None))],
        FORECAST: [
            HistoryRow(("hall", "booth", "hour"), T0, (0.0, 1.0, 2.0, 0.7, 1.0833, 1.0)),
            HistoryRow(("site", "people", "hour"), T0, (5.0, 7.0, 9.0, None, 7.25, None)),
        ],
    }
    people, air, booth, inside = (row.fields for row in migrated(path, old))
    assert people[-1] == T0 - FIVE_MS
    assert air == (612.0, 21.0, None)
    assert booth == (0.0, 1.0, 2.0, 0.7, None, None)
    assert inside == old[FORECAST][1].fields


def test_no_migrated_row_depends_on_the_moment_of_a_change_within_its_bucket(path: Path) -> None:
    """One change in each bucket, at any moment within it: the stored rows are the same."""
    chance = Random(7)  # noqa: S311 - moments of a test

    def stored(at: Path) -> list[HistoryRow]:
        rows = [
            five("hall", "desk", 12.0, 6.0 + chance.random(), 7.0, 5.0, chance.random(), at_ms=T0 + n * FIVE_MS)
            for n in range(24)
        ]
        taken_s = 3600 * chance.random()
        hour = HistoryRow(("booth",), T0, (taken_s, 3600 - taken_s, 0.0))
        return list(migrated(at, {ZONE_FIVE_MIN: rows, ZONE_HOUR: [], SPACE_HOUR: [hour]}))

    first, second = (stored(path.with_name(f"{name}.sqlite")) for name in ("one", "two"))
    assert first == second
    assert len(first) == 24 + 2 + 1
    assert first[-1].at_ms // HOUR_MS == T0 // HOUR_MS
