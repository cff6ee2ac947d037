"""Hourly tallies of one sensor, and minutes as bits."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from collector.health.tallies.hour_tallies import EMPTY_TALLY, ActivityRule, HourTally, count_hour
from collector.health.tallies.minutes import (
    bin_minutes,
    correlate,
    find_runs,
    join_runs,
    make_span_bits,
    measure_longest_run,
)
from collector.store.journal_tables import TimedValue
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS

SILENT_MS = 75_000
PIR = ActivityRule("pi", "pir", SensorKind.PIR, SILENT_MS, EventKind.MOTION)
START = 1_790_000_000_000 // HOUR_MS * HOUR_MS


def beats(level: float = 0, minutes: range = range(60)) -> list[TimedValue]:
    return [(START + m * MINUTE_MS + half, EventKind.HEARTBEAT, level) for m in minutes for half in (0, MINUTE_MS // 2)]


def test_sensor_without_events_is_not_alive() -> None:
    assert count_hour([], EMPTY_TALLY, START, PIR) == HourTally()


def test_heartbeats_make_every_minute_alive_and_none_active() -> None:
    hour = count_hour(beats(), EMPTY_TALLY, START, PIR)
    assert (hour.alive.bit_count(), hour.active, hour.rises, hour.is_on) == (60, 0, 0, False)


def test_short_movement_marks_its_minute_active_but_not_held() -> None:
    events = sorted([*beats(), (START + 61_000, EventKind.MOTION, 1.0), (START + 63_000, EventKind.MOTION, 0.0)])
    hour = count_hour(events, EMPTY_TALLY, START, PIR)
    assert (find_runs(hour.active), hour.held, hour.rises) == ([(1, 2)], 0, 1)


def test_output_that_stays_on_holds_whole_minutes_across_hours() -> None:
    first = count_hour(beats(1, range(30, 60)), EMPTY_TALLY, START, PIR)
    assert find_runs(first.held) == [(30, 60)]
    assert first.is_on
    following = [(at_ms + HOUR_MS, kind, value) for at_ms, kind, value in beats(1)]
    assert count_hour(following, first, START + HOUR_MS, PIR).held.bit_count() == 60


def test_silent_sensor_is_neither_alive_nor_on() -> None:
    hour = count_hour(beats(1, range(10)), EMPTY_TALLY, START, PIR)
    assert find_runs(hour.alive) == [(0, 11)]
    assert not hour.is_on


def test_battery_is_the_last_reported_level() -> None:
    events = [(START, EventKind.BATTERY_PCT, 40.0), (START + 1, EventKind.BATTERY_PCT, 39.0)]
    assert count_hour(events, EMPTY_TALLY, START, PIR).battery_pct == 39.0


def test_each_crossing_of_a_door_counts() -> None:
    beams = ActivityRule("pi", "beams", SensorKind.BEAM_PAIR, SILENT_MS, EventKind.CROSSING)
    events = [(START + n, EventKind.CROSSING, (-1.0) ** n) for n in range(5)]
    assert count_hour(events, EMPTY_TALLY, START, beams).rises == 5


events_of_an_hour = st.lists(
    st.tuples(
        st.integers(0, HOUR_MS - 1),
        st.sampled_from([EventKind.MOTION, EventKind.HEARTBEAT]),
        st.sampled_from([0.0, 1.0]),
    ),
    max_size=40,
).map(lambda found: [(START + at_ms, kind, value) for at_ms, kind, value in sorted(found)])


@given(events=events_of_an_hour)
def test_held_minutes_are_active_and_active_minutes_are_alive(events: list[TimedValue]) -> None:
    hour = count_hour(events, EMPTY_TALLY, START, PIR)
    assert not hour.held & ~hour.active
    assert not hour.active & ~hour.alive
    assert hour.alive >> 60 == 0


@given(bits=st.integers(0, 2**200 - 1), join=st.integers(0, 20))
def test_runs_and_joined_runs_cover_the_same_minutes(bits: int, join: int) -> None:
    assert sum(map(make_span_bits, find_runs(bits))) == bits
    assert measure_longest_run(bits) == max((after - first for first, after in find_runs(bits)), default=0)
    joined = join_runs(bits, join)
    assert not bits & ~sum(map(make_span_bits, joined))
    assert all(later[0] - earlier[1] > join for earlier, later in pairwise(joined))


def test_five_minutes_are_one_bin() -> None:
    assert bin_minutes(0b1_00000_00001) == 0b101
    assert bin_minutes(0) == 0


@given(one=st.integers(0, 2**100 - 1), other=st.integers(0, 2**100 - 1))
def test_correlation_is_symmetric_and_bounded(one: int, other: int) -> None:
    assert correlate(one, other, 100) == correlate(other, one, 100)
    assert -1.001 <= correlate(one, other, 100) <= 1.001
