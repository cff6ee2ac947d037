"""Hourly use of a space: its state at half past each hour, and the pieces of its timeline."""

import itertools

from hypothesis import given

from collector.contract.states import Occupancy
from collector.history.measures import HistoryRow
from collector.occupancy.hourly_use import compute_space_hours, split_timeline
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.timelines import HOUR_BEGIN_MS, TIMELINES

MINUTE = 60_000


def test_an_hour_has_the_state_at_half_past_and_away_counts_as_taken():
    timeline = [
        (HOUR_BEGIN_MS + 10 * MINUTE, Occupancy.VACANT),
        (HOUR_BEGIN_MS + 30 * MINUTE, Occupancy.AWAY),
        (HOUR_BEGIN_MS + 70 * MINUTE + 1, Occupancy.VACANT),
    ]
    assert compute_space_hours("desk-1", timeline, HOUR_BEGIN_MS, HOUR_BEGIN_MS + 2 * HOUR_MS) == [
        HistoryRow(("desk-1",), HOUR_BEGIN_MS, (3600.0, 0.0, 0.0)),
        HistoryRow(("desk-1",), HOUR_BEGIN_MS + HOUR_MS, (0.0, 3600.0, 0.0)),
    ]


def test_disabled_time_is_in_no_field():
    (row,) = compute_space_hours(
        "desk-1",
        [(HOUR_BEGIN_MS - 5, Occupancy.VACANT), (HOUR_BEGIN_MS + 1000, Occupancy.DISABLED)],
        HOUR_BEGIN_MS,
        HOUR_BEGIN_MS + HOUR_MS,
    )
    assert row.fields == (0.0, 0.0, 0.0)


def test_hours_before_the_first_state_are_unknown():
    (row,) = compute_space_hours(
        "desk-1", [(HOUR_BEGIN_MS + 31 * MINUTE, Occupancy.OCCUPIED)], HOUR_BEGIN_MS, HOUR_BEGIN_MS + HOUR_MS
    )
    assert row.fields == (0.0, 0.0, 3600.0)


@given(timeline=TIMELINES)
def test_pieces_cover_the_span_without_gaps(timeline):
    found = list(split_timeline(timeline, HOUR_BEGIN_MS, HOUR_BEGIN_MS + 3 * HOUR_MS))
    assert found[0][0] == HOUR_BEGIN_MS
    assert found[-1][1] == HOUR_BEGIN_MS + 3 * HOUR_MS
    assert all(left[1] == right[0] for left, right in itertools.pairwise(found))


@given(timeline=TIMELINES)
def test_an_hour_has_one_state_and_does_not_depend_on_the_span(timeline):
    rows = compute_space_hours("desk-1", timeline, HOUR_BEGIN_MS, HOUR_BEGIN_MS + 3 * HOUR_MS)
    assert all(sorted(row.fields) in ([0.0, 0.0, 0.0], [0.0, 0.0, 3600.0]) for row in rows)
    assert rows == [
        row
        for at in range(3)
        for row in compute_space_hours(
            "desk-1", timeline, HOUR_BEGIN_MS + at * HOUR_MS, HOUR_BEGIN_MS + (at + 1) * HOUR_MS
        )
    ]
