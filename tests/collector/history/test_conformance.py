"""One suite for every store of history: readers return exactly the rows that were written to the journal."""

import math
from zoneinfo import ZoneInfo

import pytest

from collector.configuration.collector_settings import HistoryKind, InfluxSettings, RetentionSettings
from collector.history import tables
from collector.history.measures import (
    AIR_FIVE_MIN,
    MEASURES,
    PEOPLE_CORRECTION,
    PEOPLE_FIVE_MIN,
    SPACE_HOUR,
    ZONE_FIVE_MIN,
    HistoryReader,
    HistoryRow,
)
from collector.history.open_history import HISTORIES, open_reader
from collector.site.site_plan import SitePlan
from collector.site.spaces import Space, SpaceKind
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from tests.support.collector.history_stores import read_all_measures

T0 = 1_763_856_000_000
BUCKET = 300_000
ODD = (
    "skrivbord vid fönstret",
    "a,b",
    "a=b",
    'say "hej"',
    "it's",
    "back\\slash",
    "a\\ b",
    "ÅÄÖ åäö é 席",
    "#1",
    "; DROP DATABASE ledig --",
    "' OR 'a'='a",
)


def hours(space, *taken):
    return [
        HistoryRow((space,), T0 + number * HOUR_MS, (taken_s, 3600.0 - taken_s, 0.0))
        for number, taken_s in enumerate(taken)
    ]


def test_a_history_without_rows_is_empty(store):
    store.write(AIR_FIVE_MIN, HistoryRow(("loft",), T0, (400.0, None, None)))
    for measure in (SPACE_HOUR, ZONE_FIVE_MIN, PEOPLE_FIVE_MIN):
        assert store.reader.read_rows(measure, 0, 2**42) == []
    assert store.reader.read_rows(AIR_FIVE_MIN, 0, 2**42, zone="nowhere") == []


def test_rows_are_ordered_by_tags_and_then_by_time(store):
    rows = [*hours("desk-2", 1.0, 2.0), *hours("desk-1", 3.0, 4.0), *hours("desk-10", 5.0)]
    store.write(SPACE_HOUR, *rows)
    assert store.reader.read_rows(SPACE_HOUR, T0, T0 + DAY_MS) == sorted(rows)


def test_a_period_includes_its_start_and_not_its_end(store):
    store.write(SPACE_HOUR, *hours("desk-1", 1.0, 2.0, 3.0, 4.0))
    found = store.reader.read_rows(SPACE_HOUR, T0 + HOUR_MS, T0 + 3 * HOUR_MS)
    assert [row.fields[0] for row in found] == [2.0, 3.0]
    assert store.reader.read_rows(SPACE_HOUR, T0 + HOUR_MS, T0 + HOUR_MS) == []
    assert store.reader.read_rows(SPACE_HOUR, T0 + 1, T0 + HOUR_MS) == []


def test_rows_can_be_selected_by_any_tag(store):
    rows = [
        HistoryRow((zone, kind), T0, (float(len(zone)), 0.5, 1.0, 0.0, 0.0))
        for zone in ("loft", "site")
        for kind in ("booth", "desk")
    ]
    store.write(ZONE_FIVE_MIN, *rows)
    ask = store.reader.read_rows
    assert ask(ZONE_FIVE_MIN, T0, T0 + 1) == rows
    assert ask(ZONE_FIVE_MIN, T0, T0 + 1, zone="loft") == rows[:2]
    assert ask(ZONE_FIVE_MIN, T0, T0 + 1, kind="desk") == rows[1::2]
    assert ask(ZONE_FIVE_MIN, T0, T0 + 1, zone="site", kind="booth") == [rows[2]]


def test_tags_may_have_any_characters(store):
    rows = sorted(HistoryRow((tag,), T0, (float(number), 0.0, 0.0)) for number, tag in enumerate(ODD))
    store.write(SPACE_HOUR, *rows)
    assert store.reader.read_rows(SPACE_HOUR, T0, T0 + 1) == rows
    for row in rows:
        assert store.reader.read_rows(SPACE_HOUR, T0, T0 + 1, space=row.tags[0]) == [row]


def test_a_row_written_again_overwrites_itself(store):
    store.write(SPACE_HOUR, *hours("desk-1", 1.0, 2.0))
    store.write(SPACE_HOUR, *hours("desk-1", 1.0, 2500.0))
    assert store.reader.read_rows(SPACE_HOUR, T0, T0 + DAY_MS) == hours("desk-1", 1.0, 2500.0)


def test_numbers_keep_every_digit_and_stay_floats(store):
    values = [21.0, 0.1 + 0.2, 1e-9, 1e17, 123456789.123456789, math.nextafter(1.0, 2), -40.0, 0.0]
    rows = [HistoryRow(("loft",), T0 + number * BUCKET, (value, value, value)) for number, value in enumerate(values)]
    store.write(AIR_FIVE_MIN, *rows)
    found = store.reader.read_rows(AIR_FIVE_MIN, T0, T0 + DAY_MS)
    assert repr(found) == repr(rows)


def test_an_unknown_field_is_none(store):
    rows = [
        HistoryRow(("loft",), T0, (400.0, None, None)),
        HistoryRow(("loft",), T0 + BUCKET, (None, 21.5, None)),
        HistoryRow(("loft",), T0 + 2 * BUCKET, (None, None, 40.0)),
    ]
    store.write(AIR_FIVE_MIN, *rows)
    assert store.reader.read_rows(AIR_FIVE_MIN, T0, T0 + DAY_MS) == rows


def test_thousands_of_rows_are_returned_completely(store):
    rows = [
        HistoryRow((f"zone-{zone}", "desk"), T0 + number * BUCKET, (12.0, number / 7, 3.0, 1.0, 0.0))
        for zone in range(4)
        for number in range(3000)
    ]
    store.write(ZONE_FIVE_MIN, *rows)
    assert store.reader.read_rows(ZONE_FIVE_MIN, T0, T0 + 20 * DAY_MS) == rows


def test_rows_older_than_their_retention_are_gone(store):
    plan = SitePlan(
        id="mill",
        name="Mill",
        time_zone=ZoneInfo("Europe/Stockholm"),
        floors=(),
        zones=(),
        spaces=(Space(id="booth-1", name="Booth", kind=SpaceKind.BOOTH, zone="loft", x_m=1, y_m=1),),
    )
    now_ms = T0 + 40 * DAY_MS
    old_and_new = [T0, now_ms - 30 * DAY_MS, now_ms - HOUR_MS]
    spaces = [HistoryRow((space,), at, (1.0, 2.0, 3.0)) for space in ("booth-1", "it's a, desk") for at in old_and_new]
    air = [HistoryRow(("loft",), at, (400.0, None, None)) for at in old_and_new]
    store.write(SPACE_HOUR, *spaces)
    store.write(AIR_FIVE_MIN, *air)
    tables.erase_expired_rows(store.journal.db, plan, RetentionSettings(series_days=29), now_ms)
    store.write(PEOPLE_FIVE_MIN, HistoryRow(("site",), now_ms - HOUR_MS, (1.0, 0.0, 1.0, 1.0, 1.0, None)))
    assert store.reader.read_rows(SPACE_HOUR, 0, now_ms) == [*spaces[:3], *spaces[4:]]
    assert store.reader.read_rows(AIR_FIVE_MIN, 0, now_ms) == air[2:]


def test_a_correction_that_no_longer_applies_is_gone(store):
    quiet, seen = (
        HistoryRow(("site", why), T0, fields) for why, fields in (("quiet", (6.0, 0.0)), ("seen", (1.0, 2.0)))
    )
    store.write(PEOPLE_CORRECTION, quiet, seen)
    tables.replace_rows(store.journal.db, PEOPLE_CORRECTION, [seen], T0, T0 + HOUR_MS)
    store.write(AIR_FIVE_MIN, HistoryRow(("loft",), T0, (400.0, None, None)))
    assert store.reader.read_rows(PEOPLE_CORRECTION, T0, T0 + HOUR_MS) == [seen]
    store.write(PEOPLE_CORRECTION, quiet)
    assert store.reader.read_rows(PEOPLE_CORRECTION, T0, T0 + HOUR_MS) == [quiet, seen]


def test_a_closed_reader_can_be_used_again(store):
    store.write(SPACE_HOUR, *hours("desk-1", 1.0))
    store.reader.close()
    assert read_all_measures(store.reader) == {
        measure.name: hours("desk-1", 1.0) if measure is SPACE_HOUR else [] for measure in MEASURES
    }


@pytest.mark.parametrize("kind", list(HistoryKind))
def test_every_kind_of_history_has_its_reader(kind, tmp_path):
    assert set(HISTORIES) == set(HistoryKind)
    reader: HistoryReader = open_reader(kind, tmp_path / "journal.sqlite", InfluxSettings(url="http://127.0.0.1:9"))
    reader.close()
