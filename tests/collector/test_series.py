"""Five-minute series: the peak of the sum, the minimum surplus, means that no order changes."""

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.history import HOUR_MS, Row
from collector.outward import Occupancy
from collector.series import BUCKET_MS, Member, air_rows, zone_hours, zone_rows
from tests.collector.test_use import T0, TIMELINES

MINUTE = 60_000
TAGS = ("loft", "desk")
VACANT, OCCUPIED, UNKNOWN = Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.UNKNOWN


def shared(*timeline):
    return Member(offered=True, timeline=timeline)


def test_the_peak_is_that_of_the_sum_not_the_sum_of_the_peaks():
    first = shared((T0, OCCUPIED), (T0 + 2 * MINUTE, VACANT))
    second = shared((T0, VACANT), (T0 + 3 * MINUTE, OCCUPIED))
    (row,) = zone_rows(TAGS, [first, second], T0, T0 + BUCKET_MS)
    assert row == Row(TAGS, T0, (2.0, 0.8, 1.0, 1.0, 0.0))


def test_two_spaces_that_swap_in_one_millisecond_make_no_peak():
    first = shared((T0, OCCUPIED), (T0 + MINUTE, VACANT))
    second = shared((T0, VACANT), (T0 + MINUTE, OCCUPIED))
    for members in ([first, second], [second, first]):
        (row,) = zone_rows(TAGS, members, T0, T0 + BUCKET_MS)
        assert row.fields[2:4] == (1.0, 1.0)


def test_unknown_spaces_are_counted_and_a_minimum_takes_them_for_possibly_free():
    vacant = [shared((T0 - 1, VACANT)) for _ in range(4)]
    (row,) = zone_rows(TAGS, [*vacant, shared()], T0, T0 + BUCKET_MS)
    assert row.fields == (5.0, 0.0, 0.0, 5.0, 1.0)


def test_a_minimum_uses_no_moment_at_which_more_than_a_fifth_is_unknown():
    vacant = [shared((T0 - 1, VACANT)) for _ in range(3)]
    (row,) = zone_rows(TAGS, [*vacant, shared()], T0, T0 + BUCKET_MS)
    assert row.fields == (4.0, 0.0, 0.0, None, 1.0)


@pytest.mark.parametrize("minutes", [1, 4, 8, 20, 59])
@pytest.mark.parametrize("devices_off", [1, 2, 3])
def test_a_power_cut_never_lowers_the_fewest_that_were_free(minutes, devices_off):
    """Nine of twelve desks are free, four on each of three devices."""
    states = [OCCUPIED] * 3 + [VACANT] * 9
    begin, end = T0 + 11 * MINUTE, T0 + (11 + minutes) * MINUTE
    members = [
        shared((T0, state), *([(begin, UNKNOWN), (end, state)] if number % 3 < devices_off else []))
        for number, state in enumerate(states)
    ]
    rows = zone_rows(TAGS, members, T0, T0 + 2 * HOUR_MS)
    assert {row.fields[3] for row in rows} <= {9.0, None}
    assert {hour.fields[4] for hour in zone_hours(rows)} <= {9.0, None}
    assert [hour.fields[6] for hour in zone_hours(rows)] == [0.0, 0.0], "nothing free is claimed of no moment"


def test_nothing_free_in_an_outage_is_claimed_only_where_it_is_certain():
    full = [shared((T0, OCCUPIED)) for _ in range(9)]
    (row,) = zone_rows(TAGS, [*full, shared((T0, OCCUPIED), (T0 + MINUTE, UNKNOWN))], T0, T0 + BUCKET_MS)
    assert row.fields[3] == 0.0, "known for the first minute"
    (row,) = zone_rows(TAGS, [*full, shared((T0, UNKNOWN))], T0, T0 + BUCKET_MS)
    assert row.fields[3] == 1.0, "the unknown one may be free"


def test_a_dedicated_desk_counts_as_taken_and_in_capacity_but_is_never_free():
    mine = Member(offered=False, timeline=((T0, OCCUPIED), (T0 + MINUTE, VACANT)))
    (row,) = zone_rows(TAGS, [mine], T0, T0 + BUCKET_MS)
    assert row.fields == (1.0, 0.2, 1.0, 0.0, 0.0)


def test_a_disabled_space_leaves_the_capacity():
    (row,) = zone_rows(TAGS, [shared((T0, VACANT)), shared((T0, Occupancy.DISABLED))], T0, T0 + BUCKET_MS)
    assert row.fields == (1.0, 0.0, 0.0, 1.0, 0.0)


@given(timelines=st.lists(TIMELINES, min_size=1, max_size=5))
def test_buckets_computed_alone_are_the_same_bytes_and_add_up(timelines):
    members = [Member(offered=number != 1, timeline=timeline) for number, timeline in enumerate(timelines)]
    rows = zone_rows(TAGS, members, T0, T0 + HOUR_MS)
    assert rows == [
        row for at in range(T0, T0 + HOUR_MS, BUCKET_MS) for row in zone_rows(TAGS, members, at, at + BUCKET_MS)
    ]
    (hour,) = zone_hours(rows)
    assert (hour.tags, hour.at_ms, hour.fields[0]) == (TAGS, T0, 12.0)
    for number, merge in ((1, fmean), (2, fmean), (3, max), (5, fmean)):
        assert hour.fields[number] == pytest.approx(merge(row.fields[number - 1] for row in rows))
    known = [row.fields[3] for row in rows if row.fields[3] is not None]
    assert hour.fields[4] == min(known, default=None)
    assert hour.fields[6] == known.count(0.0)
    for row in rows:
        capacity, taken_mean, taken_peak, free_least, unknown_mean = row.fields
        assert taken_mean <= taken_peak <= len(members)
        assert taken_mean + unknown_mean <= capacity + 1e-9
        assert free_least is None or free_least <= len(members)
        assert free_least is None or unknown_mean or taken_mean + free_least <= capacity + 1e-9


def test_air_has_the_mean_of_each_kind_and_none_for_what_was_not_measured():
    readings = [
        (T0, "co2_ppm", 400),
        (T0 + 1, "co2_ppm", 501.0),
        (T0 + 2, "temperature_c", 21),
        (T0 + 3, "heartbeat", 5),
    ]
    assert air_rows("loft", readings, T0, T0 + 2 * BUCKET_MS) == [Row(("loft",), T0, (450.5, 21.0, None))]


@given(values=st.lists(st.floats(-90, 200), min_size=2, max_size=20), random=st.randoms(use_true_random=False))
def test_no_order_of_readings_shows_in_their_mean(values, random):
    readings = [(T0 + number, "temperature_c", value) for number, value in enumerate(values)]
    shuffled = random.sample(readings, len(readings))
    assert air_rows("loft", readings, T0, T0 + BUCKET_MS) == air_rows("loft", shuffled, T0, T0 + BUCKET_MS)
