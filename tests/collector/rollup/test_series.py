"""Five-minute series: counts at the start of each bucket, coarse where they are small."""

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract.states import Occupancy
from collector.history.measures import BUCKET_MS, HistoryRow
from collector.history.zone_hours import compute_zone_hours
from collector.occupancy.hourly_use import compute_space_hours
from collector.rollup.series import SeriesPart, compute_air_rows, compute_zone_rows
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.timelines import HOUR_BEGIN_MS, TIMELINES

MINUTE = 60_000
TAGS = ("loft", "desk")
VACANT, OCCUPIED, UNKNOWN = Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.UNKNOWN


def desks(*timelines):
    return SeriesPart(offered=True, timelines=timelines)


def occupied(count, of=10):
    return desks(*[((HOUR_BEGIN_MS - 1, OCCUPIED if number < count else VACANT),) for number in range(of)])


def test_a_bucket_counts_the_states_at_its_start():
    first = (HOUR_BEGIN_MS, OCCUPIED), (HOUR_BEGIN_MS + 2 * MINUTE, VACANT)
    five = [((HOUR_BEGIN_MS - 1, OCCUPIED),)] * 5
    rows = compute_zone_rows(TAGS, [desks(first, *five)], HOUR_BEGIN_MS, HOUR_BEGIN_MS + 2 * BUCKET_MS)
    assert [row.fields for row in rows] == [(6.0, 6.0, 6.0, 0.0, 0.0), (6.0, 5.0, 5.0, 1.0, 0.0)]


@pytest.mark.parametrize(("taken", "stored"), [(0, 0.0), (1, 2.5), (2, 2.5), (4, 2.5), (5, 5.0), (10, 10.0)])
def test_counts_of_one_to_four_are_stored_as_one_number(taken, stored):
    (row,) = compute_zone_rows(TAGS, [occupied(taken)], HOUR_BEGIN_MS, HOUR_BEGIN_MS + BUCKET_MS)
    assert row.fields == (10.0, stored, stored, 10.0 - stored, 0.0)


def test_each_part_is_coarsened_separately():
    (row,) = compute_zone_rows(TAGS, [occupied(7), occupied(3)], HOUR_BEGIN_MS, HOUR_BEGIN_MS + BUCKET_MS)
    assert row.fields == (20.0, 9.5, 9.5, 10.5, 0.0)


def test_unknown_spaces_may_be_free_in_a_minimum():
    (row,) = compute_zone_rows(
        TAGS, [desks(*[((HOUR_BEGIN_MS - 1, VACANT),)] * 4, ())], HOUR_BEGIN_MS, HOUR_BEGIN_MS + BUCKET_MS
    )
    assert row.fields == (5.0, 0.0, 0.0, 5.0, 1.0)


def test_a_minimum_ignores_moments_with_more_than_a_fifth_unknown():
    (row,) = compute_zone_rows(
        TAGS, [desks(*[((HOUR_BEGIN_MS - 1, VACANT),)] * 3, ())], HOUR_BEGIN_MS, HOUR_BEGIN_MS + BUCKET_MS
    )
    assert row.fields == (4.0, 0.0, 0.0, None, 1.0)


def test_fewer_than_five_usable_spaces_have_no_minimum():
    shut = ((HOUR_BEGIN_MS, Occupancy.DISABLED),)
    (row,) = compute_zone_rows(
        TAGS,
        [desks(((HOUR_BEGIN_MS, OCCUPIED),), ((HOUR_BEGIN_MS, VACANT),), shut, shut, shut)],
        HOUR_BEGIN_MS,
        HOUR_BEGIN_MS + BUCKET_MS,
    )
    assert row.fields == (2.0, 2.5, 2.5, None, 0.0)


@pytest.mark.parametrize(
    ("unknown", "others", "least"), [((0, 2), 10, 15.0), ((2, 0), 10, 15.0), ((3, 0), 5, None), ((0, 3), 5, None)]
)
def test_the_unknown_spaces_of_all_parts_are_compared_with_all_offered_spaces(unknown, others, least):
    def part(count, unknown_count):
        return desks(*[((HOUR_BEGIN_MS, VACANT),)] * (count - unknown_count), *[()] * unknown_count)

    parts = [part(5 if unknown[0] else others, unknown[0]), part(5 if unknown[1] else others, unknown[1])]
    (row,) = compute_zone_rows(TAGS, parts, HOUR_BEGIN_MS, HOUR_BEGIN_MS + BUCKET_MS)
    assert row.fields[3] == least


@pytest.mark.parametrize("minutes", [1, 4, 8, 20, 59])
@pytest.mark.parametrize("devices_off", [1, 2, 3])
def test_a_power_cut_never_lowers_the_minimum(minutes, devices_off):
    """Nine of fourteen desks are free, on three devices."""
    states = [OCCUPIED] * 5 + [VACANT] * 9
    begin, end = HOUR_BEGIN_MS + 11 * MINUTE, HOUR_BEGIN_MS + (11 + minutes) * MINUTE
    timelines = [
        ((HOUR_BEGIN_MS, state), *([(begin, UNKNOWN), (end, state)] if number % 3 < devices_off else []))
        for number, state in enumerate(states)
    ]
    rows = compute_zone_rows(TAGS, [desks(*timelines)], HOUR_BEGIN_MS, HOUR_BEGIN_MS + 2 * HOUR_MS)
    assert {row.fields[3] for row in rows} <= {9.0, None}
    assert {hour.fields[4] for hour in compute_zone_hours(rows)} <= {9.0, None}
    assert [hour.fields[6] for hour in compute_zone_hours(rows)] == [0.0, 0.0], "nothing free is claimed of no moment"


def test_the_minimum_is_not_zero_while_one_space_is_unknown():
    full = [((HOUR_BEGIN_MS, OCCUPIED),)] * 9
    (row,) = compute_zone_rows(
        TAGS, [desks(*full, ((HOUR_BEGIN_MS, UNKNOWN),))], HOUR_BEGIN_MS, HOUR_BEGIN_MS + BUCKET_MS
    )
    assert row.fields[3] == 1.0


def test_dedicated_desks_count_in_taken_and_capacity_but_are_never_free():
    mine = SeriesPart(offered=False, timelines=[((HOUR_BEGIN_MS, OCCUPIED),)] * 5 + [((HOUR_BEGIN_MS, VACANT),)])
    (row,) = compute_zone_rows(TAGS, [mine], HOUR_BEGIN_MS, HOUR_BEGIN_MS + BUCKET_MS)
    assert row.fields == (6.0, 5.0, 5.0, 0.0, 0.0)


def test_a_disabled_space_does_not_count_in_capacity():
    (row,) = compute_zone_rows(
        TAGS,
        [desks(((HOUR_BEGIN_MS, VACANT),), ((HOUR_BEGIN_MS, Occupancy.DISABLED),))],
        HOUR_BEGIN_MS,
        HOUR_BEGIN_MS + BUCKET_MS,
    )
    assert row.fields == (1.0, 0.0, 0.0, 1.0, 0.0)


@given(timelines=st.lists(TIMELINES, min_size=1, max_size=7), random=st.randoms(use_true_random=False))
def test_no_row_depends_on_when_within_its_bucket_a_space_changed(timelines, random):
    """Moving every change within its bucket, independently per space, changes no series."""

    def moved(timeline, width_ms, phase_ms):
        """Move the changes of a bucket within it, in order; a change on the edge stays there."""
        found = []
        for at_ms, state in timeline:
            begin = at_ms - (at_ms - phase_ms) % width_ms
            low = max(begin + 1, found[-1][0] + 1 if found else 0)
            found.append((at_ms if at_ms == begin else random.randint(low, max(low, at_ms)), state))
        return found

    fives = [moved(timeline, BUCKET_MS, 0) for timeline in timelines]
    span = HOUR_BEGIN_MS, HOUR_BEGIN_MS + 3 * HOUR_MS
    assert compute_zone_rows(TAGS, [desks(*timelines)], *span) == compute_zone_rows(TAGS, [desks(*fives)], *span)
    for timeline in timelines:
        hour = moved(timeline, HOUR_MS, HOUR_MS // 2)
        assert compute_space_hours("booth", timeline, *span) == compute_space_hours("booth", hour, *span)


@given(timelines=st.lists(TIMELINES, min_size=1, max_size=7))
def test_buckets_computed_separately_are_identical_and_add_up(timelines):
    parts = [SeriesPart(offered=number != 1, timelines=[timeline]) for number, timeline in enumerate(timelines)]
    rows = compute_zone_rows(TAGS, parts, HOUR_BEGIN_MS, HOUR_BEGIN_MS + HOUR_MS)
    assert rows == [
        row
        for at in range(HOUR_BEGIN_MS, HOUR_BEGIN_MS + HOUR_MS, BUCKET_MS)
        for row in compute_zone_rows(TAGS, parts, at, at + BUCKET_MS)
    ]
    (hour,) = compute_zone_hours(rows)
    assert (hour.tags, hour.at_ms, hour.fields[0]) == (TAGS, HOUR_BEGIN_MS, 12.0)
    for number, merge in ((1, fmean), (2, fmean), (3, max), (5, fmean)):
        assert hour.fields[number] == pytest.approx(merge(row.fields[number - 1] for row in rows))
    known = [row.fields[3] for row in rows if row.fields[3] is not None]
    assert hour.fields[4] == min(known, default=None)
    assert hour.fields[6] == known.count(0.0)


def test_air_has_the_mean_of_each_kind_or_none():
    readings = [
        (HOUR_BEGIN_MS, "co2_ppm", 400),
        (HOUR_BEGIN_MS + 1, "co2_ppm", 502.0),
        (HOUR_BEGIN_MS + 2, "temperature_c", 21),
        (HOUR_BEGIN_MS + 3, "heartbeat", 5),
    ]
    assert compute_air_rows("loft", readings, HOUR_BEGIN_MS, HOUR_BEGIN_MS + 2 * BUCKET_MS) == [
        HistoryRow(("loft",), HOUR_BEGIN_MS, (451.0, 21.0, None))
    ]


def test_means_of_air_are_rounded_to_the_precision_of_the_sensors():
    readings = [
        (HOUR_BEGIN_MS + number, kind, value)
        for kind, values in (("co2_ppm", (400, 401, 401)), ("temperature_c", (21.0, 21.1, 21.1)))
        for number, value in enumerate(values)
    ]
    (row,) = compute_air_rows("loft", readings, HOUR_BEGIN_MS, HOUR_BEGIN_MS + BUCKET_MS)
    assert row.fields == (401.0, 21.1, None)


def test_readings_outside_of_the_span_are_ignored():
    readings = [(HOUR_BEGIN_MS + offset_ms, "co2_ppm", 400) for offset_ms in (-1, BUCKET_MS)]
    assert compute_air_rows("loft", readings, HOUR_BEGIN_MS, HOUR_BEGIN_MS + BUCKET_MS) == []


@given(values=st.lists(st.floats(-90, 200), min_size=2, max_size=20), random=st.randoms(use_true_random=False))
def test_the_mean_does_not_depend_on_the_order_of_readings(values, random):
    readings = [(HOUR_BEGIN_MS + number, "temperature_c", value) for number, value in enumerate(values)]
    shuffled = random.sample(readings, len(readings))
    assert compute_air_rows("loft", readings, HOUR_BEGIN_MS, HOUR_BEGIN_MS + BUCKET_MS) == compute_air_rows(
        "loft", shuffled, HOUR_BEGIN_MS, HOUR_BEGIN_MS + BUCKET_MS
    )
