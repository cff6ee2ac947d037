"""Hourly use of a space: its state at half past each hour, and the pieces of its timeline."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from collector.contract.states import Occupancy
from collector.history.measures import HistoryRow
from collector.occupancy.hourly_use import compute_space_hours, split_timeline
from edge.timekeeping.durations import HOUR_MS

T0 = 1_763_856_000_000
"""The start of an hour, UTC."""
MINUTE = 60_000
STATES = st.sampled_from([Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.AWAY, Occupancy.UNKNOWN, Occupancy.DISABLED])
TIMELINES = st.dictionaries(st.integers(T0 - HOUR_MS, T0 + 4 * HOUR_MS), STATES, max_size=30).map(
    lambda changes: sorted(changes.items())
)


def test_an_hour_has_the_state_at_half_past_and_away_counts_as_taken():
    timeline = [
        (T0 + 10 * MINUTE, Occupancy.VACANT),
        (T0 + 30 * MINUTE, Occupancy.AWAY),
        (T0 + 70 * MINUTE + 1, Occupancy.VACANT),
    ]
    assert compute_space_hours("desk-1", timeline, T0, T0 + 2 * HOUR_MS) == [
        HistoryRow(("desk-1",), T0, (3600.0, 0.0, 0.0)),
        HistoryRow(("desk-1",), T0 + HOUR_MS, (0.0, 3600.0, 0.0)),
    ]


def test_disabled_time_is_in_no_field():
    (row,) = compute_space_hours(
        "desk-1", [(T0 - 5, Occupancy.VACANT), (T0 + 1000, Occupancy.DISABLED)], T0, T0 + HOUR_MS
    )
    assert row.fields == (0.0, 0.0, 0.0)


def test_hours_before_the_first_state_are_unknown():
    (row,) = compute_space_hours("desk-1", [(T0 + 31 * MINUTE, Occupancy.OCCUPIED)], T0, T0 + HOUR_MS)
    assert row.fields == (0.0, 0.0, 3600.0)


@given(timeline=TIMELINES)
def test_pieces_cover_the_span_without_gaps(timeline):
    found = list(split_timeline(timeline, T0, T0 + 3 * HOUR_MS))
    assert found[0][0] == T0
    assert found[-1][1] == T0 + 3 * HOUR_MS
    assert all(left[1] == right[0] for left, right in itertools.pairwise(found))


@given(timeline=TIMELINES)
def test_an_hour_has_one_state_and_does_not_depend_on_the_span(timeline):
    rows = compute_space_hours("desk-1", timeline, T0, T0 + 3 * HOUR_MS)
    assert all(sorted(row.fields) in ([0.0, 0.0, 0.0], [0.0, 0.0, 3600.0]) for row in rows)
    assert rows == [
        row
        for at in range(3)
        for row in compute_space_hours("desk-1", timeline, T0 + at * HOUR_MS, T0 + (at + 1) * HOUR_MS)
    ]
