"""Hours known well enough to learn from, and what was free in them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from collector.forecast.known_hours import KnownHour, read_free_hours, read_people_hours, read_small_group_hours
from collector.history import tables
from collector.history.measures import PEOPLE_FIVE_MIN, SPACE_HOUR, ZONE_FIVE_MIN, HistoryRow
from collector.site.privacy_limits import Tenancy
from collector.sqlite_files.migration import migrate_schema
from collector.store.journal_schema import MIGRATION_STEPS
from collector.store.journal_tables import JournalTables
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.seasons import build_people_row

T0 = 1_763_856_000_000
BUCKET = ZONE_FIVE_MIN.bucket_ms
LOFT = ("loft", "desk")
SHARED = Tenancy(10)


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        migrate_schema(made, MIGRATION_STEPS)
        yield made


def write(db: sqlite3.Connection, free: list[float], unknown: float = 0.0, capacity: float = 10.0) -> None:
    rows = [HistoryRow(LOFT, T0 + n * BUCKET, (capacity, 4.0, 5.0, value, unknown)) for n, value in enumerate(free)]
    tables.upsert_rows(db, ZONE_FIVE_MIN, rows)


def known(db: sqlite3.Connection, let: Tenancy = SHARED) -> dict[int, KnownHour | None]:
    return read_free_hours(JournalTables(db), LOFT, let, T0, T0 + HOUR_MS)


def test_free_spaces_are_the_mean_over_the_starts_of_buckets(db: sqlite3.Connection) -> None:
    write(db, [0.0] * 3 + [1.0] * 3 + [4.0] * 6)
    assert known(db) == {T0: KnownHour(2.25, 0.75, 10.0)}


def test_dedicated_desks_do_not_count_as_offered(db: sqlite3.Connection) -> None:
    write(db, [2.0] * 12)
    assert known(db, Tenancy(6, dedicated=4)) == {T0: KnownHour(2.0, 1.0, 6.0)}


@pytest.mark.parametrize(("capacity", "offered"), [(10.0, 6.0), (6.0, 6.0), (12.0, 12.0)])
def test_too_few_dedicated_desks_count_only_in_older_rows(
    db: sqlite3.Connection, capacity: float, offered: float
) -> None:
    write(db, [2.0] * 12, capacity=capacity)
    assert known(db, Tenancy(6, uncounted=4)) == {T0: KnownHour(2.0, 1.0, offered)}


def test_desks_free_before_they_became_dedicated_count_as_offered(db: sqlite3.Connection) -> None:
    write(db, [9.0] * 12)
    assert known(db, Tenancy(6, dedicated=4)) == {T0: KnownHour(9.0, 1.0, 9.0)}


@pytest.mark.parametrize(("unknown", "expected"), [(2.0, True), (2.1, False)])
def test_an_hour_with_more_than_a_fifth_unknown_is_unknown(
    db: sqlite3.Connection, unknown: float, expected: bool
) -> None:
    write(db, [2.0] * 12, unknown)
    assert (known(db)[T0] is not None) is expected


@pytest.mark.parametrize(("buckets", "expected"), [(10, True), (9, False)])
def test_an_hour_with_many_missing_buckets_is_unknown(db: sqlite3.Connection, buckets: int, expected: bool) -> None:
    write(db, [2.0] * buckets)
    assert (known(db)[T0] is not None) is expected


def test_an_hour_without_any_row_is_left_out(db: sqlite3.Connection) -> None:
    assert known(db) == {}
    assert read_people_hours(JournalTables(db), "site", T0, T0 + HOUR_MS) == {}


@pytest.mark.parametrize("few", [1.0, 2.0, 4.0])
def test_the_exact_count_of_one_to_four_people_does_not_show(db: sqlite3.Connection, few: float) -> None:
    tables.upsert_rows(db, PEOPLE_FIVE_MIN, [build_people_row(T0 + n * BUCKET, 12.5 if n else few) for n in range(12)])
    assert read_people_hours(JournalTables(db), "site", T0, T0 + HOUR_MS) == {T0: KnownHour((11 * 12.5 + 2.5) / 12)}


@pytest.mark.parametrize(("buckets", "expected"), [(10, True), (9, False)])
def test_an_hour_with_door_events_in_few_buckets_is_unknown(
    db: sqlite3.Connection, buckets: int, expected: bool
) -> None:
    tables.upsert_rows(db, PEOPLE_FIVE_MIN, [build_people_row(T0 + n * BUCKET, 5.0) for n in range(buckets)])
    assert (read_people_hours(JournalTables(db), "site", T0, T0 + HOUR_MS)[T0] is not None) is expected


def test_people_are_the_mean_of_the_hour(db: sqlite3.Connection) -> None:
    tables.upsert_rows(db, PEOPLE_FIVE_MIN, [build_people_row(T0 + n * BUCKET, float(n)) for n in range(12)])
    assert read_people_hours(JournalTables(db), "site", T0, T0 + HOUR_MS) == {T0: KnownHour(5.5)}


TAKEN, VACANT, UNKNOWN, DISABLED = (3600.0, 0.0, 0.0), (0.0, 3600.0, 0.0), (0.0, 0.0, 3600.0), (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((TAKEN, VACANT), KnownHour(1.0, 1.0, 2.0)),
        ((TAKEN, TAKEN), KnownHour(0.0, 0.0, 2.0)),
        ((VACANT, DISABLED), KnownHour(1.0, 1.0, 1.0)),
        ((VACANT, UNKNOWN), None),
        ((VACANT,), None),
        ((DISABLED, DISABLED), None),
    ],
)
def test_few_spaces_use_their_states_at_half_past(
    db: sqlite3.Connection, states: tuple[tuple[float, ...], ...], expected: KnownHour | None
) -> None:
    rows = [HistoryRow((f"booth-{number}",), T0, state) for number, state in enumerate(states)]
    tables.upsert_rows(db, SPACE_HOUR, rows)
    assert read_small_group_hours(JournalTables(db), ("booth-0", "booth-1"), T0, T0 + HOUR_MS) == {T0: expected}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((TAKEN, TAKEN, VACANT, VACANT, VACANT), KnownHour(2.5, 1.0, 5.0)),
        ((TAKEN, TAKEN, TAKEN, TAKEN, TAKEN), KnownHour(0.0, 0.0, 5.0)),
        ((VACANT, VACANT, VACANT, VACANT, UNKNOWN), KnownHour(4.0, 1.0, 5.0)),
        ((VACANT, VACANT, VACANT, UNKNOWN, UNKNOWN), None),
        ((TAKEN, DISABLED, DISABLED, DISABLED, DISABLED), KnownHour(0.0, 0.0, 1.0)),
    ],
)
def test_one_to_four_taken_of_five_spaces_count_as_one_number(
    db: sqlite3.Connection, states: tuple[tuple[float, ...], ...], expected: KnownHour | None
) -> None:
    spaces = [f"booth-{number}" for number in range(len(states))]
    tables.upsert_rows(
        db, SPACE_HOUR, [HistoryRow((space,), T0, state) for space, state in zip(spaces, states, strict=True)]
    )
    assert read_small_group_hours(JournalTables(db), spaces, T0, T0 + HOUR_MS) == {T0: expected}
