"""Hourly tallies of one sensor, and minutes as bits."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from collector.health.hours import BEFORE, HOUR_MS, MINUTE_MS, HourTally, Reading, Said, tally
from collector.health.minutes import alike, binned, longest, runs, span_bits, spells
from collector.plan import SensorKind
from edge.message import Kind

SILENT_MS = 75_000
PIR = Reading("pi", "pir", SensorKind.PIR, SILENT_MS, Kind.MOTION)
START = 1_790_000_000_000 // HOUR_MS * HOUR_MS


def beats(level: float = 0, minutes: range = range(60)) -> list[Said]:
    return [(START + m * MINUTE_MS + half, Kind.HEARTBEAT, level) for m in minutes for half in (0, MINUTE_MS // 2)]


def test_sensor_without_events_is_not_alive() -> None:
    assert tally([], BEFORE, START, PIR) == HourTally()


def test_heartbeats_make_every_minute_alive_and_none_active() -> None:
    hour = tally(beats(), BEFORE, START, PIR)
    assert (hour.alive.bit_count(), hour.active, hour.rises, hour.on) == (60, 0, 0, False)


def test_short_movement_marks_its_minute_active_but_not_held() -> None:
    events = sorted([*beats(), (START + 61_000, Kind.MOTION, 1.0), (START + 63_000, Kind.MOTION, 0.0)])
    hour = tally(events, BEFORE, START, PIR)
    assert (runs(hour.active), hour.held, hour.rises) == ([(1, 2)], 0, 1)


def test_output_that_stays_on_holds_whole_minutes_across_hours() -> None:
    first = tally(beats(1, range(30, 60)), BEFORE, START, PIR)
    assert runs(first.held) == [(30, 60)]
    assert first.on
    following = [(at_ms + HOUR_MS, kind, value) for at_ms, kind, value in beats(1)]
    assert tally(following, first, START + HOUR_MS, PIR).held.bit_count() == 60


def test_silent_sensor_is_neither_alive_nor_on() -> None:
    hour = tally(beats(1, range(10)), BEFORE, START, PIR)
    assert runs(hour.alive) == [(0, 11)]
    assert not hour.on


def test_battery_is_the_last_reported_level() -> None:
    events = [(START, Kind.BATTERY_PCT, 40.0), (START + 1, Kind.BATTERY_PCT, 39.0)]
    assert tally(events, BEFORE, START, PIR).battery_pct == 39.0


def test_each_crossing_of_a_door_counts() -> None:
    beams = Reading("pi", "beams", SensorKind.BEAM_PAIR, SILENT_MS, Kind.CROSSING)
    events = [(START + n, Kind.CROSSING, (-1.0) ** n) for n in range(5)]
    assert tally(events, BEFORE, START, beams).rises == 5


events_of_an_hour = st.lists(
    st.tuples(st.integers(0, HOUR_MS - 1), st.sampled_from([Kind.MOTION, Kind.HEARTBEAT]), st.sampled_from([0.0, 1.0])),
    max_size=40,
).map(lambda found: [(START + at_ms, kind, value) for at_ms, kind, value in sorted(found)])


@given(events=events_of_an_hour)
def test_held_minutes_are_active_and_active_minutes_are_alive(events: list[Said]) -> None:
    hour = tally(events, BEFORE, START, PIR)
    assert not hour.held & ~hour.active
    assert not hour.active & ~hour.alive
    assert hour.alive >> 60 == 0


@given(bits=st.integers(0, 2**200 - 1), join=st.integers(0, 20))
def test_runs_and_joined_runs_cover_the_same_minutes(bits: int, join: int) -> None:
    assert sum(map(span_bits, runs(bits))) == bits
    assert longest(bits) == max((after - first for first, after in runs(bits)), default=0)
    joined = spells(bits, join)
    assert not bits & ~sum(map(span_bits, joined))
    assert all(later[0] - earlier[1] > join for earlier, later in pairwise(joined))


def test_five_minutes_are_one_bin() -> None:
    assert binned(0b1_00000_00001) == 0b101
    assert binned(0) == 0


@given(one=st.integers(0, 2**100 - 1), other=st.integers(0, 2**100 - 1))
def test_correlation_is_symmetric_and_bounded(one: int, other: int) -> None:
    assert alike(one, other, 100) == alike(other, one, 100)
    assert -1.001 <= alike(one, other, 100) <= 1.001
