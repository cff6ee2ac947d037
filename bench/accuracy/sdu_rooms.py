"""Rooms with people counted by cameras (SDU OU44), behind a door with a faulty counter: accuracy of the count.

In:    `sdu-ou44-rooms`: the number of people in a room each minute. The days have no order and are used as in the file.
Out:   lines: the count with and without a motion sensor beside the door's counter, by plain sums, and by an observer
       who has the truth of the other days.
Never: a rule of its own.

The counter is simulated on the true counts. A change from one minute to the next is a passage through the door. In
addition each person goes out and comes back once in two hours. A usual pair of beams misses 5 % of those who come in
and 8 % of those who go out, and counts 2 % in the wrong direction. A motion sensor detects motion in 60 % of half
minutes while anybody is there, as a well placed one in the UCI 864 recording does, and never while the room is empty.

Source: K. Arendt et al., "Room-level Occupant Counts, Airflow and CO2 Data from an Office Building", DATA 2018,
10.1145/3277868.3277875.
"""

import gzip
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from bench.accuracy.known_rates import SensedMinute, SensorRates
from bench.accuracy.known_rates import estimate_counts as count_by_known_rates
from bench.accuracy.line import Figure, Goal, ResultLine
from bench.accuracy.player import SPACE_ID, SensorColumn, build_plan, play_events
from bench.accuracy.recordings import read_each
from collector.contract.states import Occupancy
from collector.history.door_days import DayTurns
from collector.history.measures import BUCKET_MS
from collector.occupancy.evidence import StoredEvent, build_space_rules
from collector.people.estimate import (
    CountingContext,
    DoorCrossing,
    PeopleBucket,
    PeopleEstimate,
    advance_estimate,
    build_people_count,
    finish_bucket,
    split_into_buckets,
)
from collector.people.seen_people import SeenPeople
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import MINUTE_MS
from ledig.replay.recorded_rows import RecordedColumn, RecordedRow, RowLayout, TimeColumns

RECORDING: Final = "sdu-ou44-rooms"
SEEDS: Final = 12
INFORMED_RULE: Final = "door and motion, with all rates and the truth of all other days"
"""Reference that shows how good a count from the same crossings can be."""
_MISSED_IN, _MISSED_OUT, _REVERSED = 0.05, 0.08, 0.02
_TRIPS_PER_MIN: Final = 0.5 / 60
_MOTION: Final = 0.6
_SLOT_MS: Final = 30_000
_PULSE_MS: Final = 2_500
_NO_MOTION_MS: Final = 600_000
_BEGIN_MS: Final = 1_490_140_800_000
"""Midnight of the first day of the recording, used for all days: 22 March 2017, UTC."""
_DAY_MIN: Final = 1440
_TRACK: Final = SensorColumn("pir", SensorKind.PIR, EventKind.MOTION, "", _PULSE_MS)
_MOTION_GOALS: Final = {Figure.COUNT_ERROR: Goal(most=0.75), Figure.FALSE_VACANT_PCT: Goal(most=0.1)}
_COUNTER_GOALS: Final = {Figure.COUNT_ERROR: Goal(most=1.35), Figure.FALSE_VACANT_PCT: Goal(most=5.0)}

CountRanges = list[tuple[int, int, int]]
"""For each minute: the count, and the lower and upper end of its range."""


def measure(folder: Path) -> list[ResultLine]:
    """Return the lines of this recording."""
    rooms = [_read_people(rows) for _, rows in read_each(folder, "occ_data_room_*.csv.gz", _find_layout)]
    return [
        _build_line(
            "door and motion", rooms, lambda truth, seed: _count_by_product(truth, seed, motion=True), _MOTION_GOALS
        ),
        _build_line(
            "door alone", rooms, lambda truth, seed: _count_by_product(truth, seed, motion=False), _COUNTER_GOALS
        ),
        _build_line(
            "in minus out", rooms, lambda truth, seed: _count_by_sum(truth, seed, nightly=False, clamped=False)
        ),
        _build_line(
            "in minus out, nightly zero",
            rooms,
            lambda truth, seed: _count_by_sum(truth, seed, nightly=True, clamped=False),
        ),
        _build_line(
            "in minus out, nightly zero, never negative",
            rooms,
            lambda truth, seed: _count_by_sum(truth, seed, nightly=True, clamped=True),
        ),
        _build_line("the same with the true ratio, and motion", rooms, _count_scaled),
        _build_line(INFORMED_RULE, rooms, _count_informed),
    ]


def _find_layout(path: Path) -> RowLayout:
    """Return the layout of a file: the count is in the last column, which is named after the room."""
    with gzip.open(path, "rt") as file:
        name = file.readline().strip().split(",")[-1]
    return RowLayout(
        times=TimeColumns(("Time",), "%H:%M:%S", ZoneInfo("UTC")),
        columns=(RecordedColumn(name, 0, 1000),),
        keys=("DayId",),
    )


def _read_people(rows: Sequence[RecordedRow]) -> list[int]:
    return [round(next(iter(row.values.values()))) for row in rows]


def _build_line(
    rule: str,
    rooms: Sequence[Sequence[int]],
    count_people: Callable[[Sequence[int], int], CountRanges],
    goals: dict[Figure, Goal] | None = None,
) -> ResultLine:
    """Build a line with the figures over all minutes of all rooms and seeds."""
    minutes = taken = free = wrong_free = wrong_taken = held = 0
    error = 0
    per_room = []
    for truth in rooms:
        before = error
        for seed in range(SEEDS):
            for inside, (count, least, most) in zip(truth, count_people(truth, seed), strict=True):
                minutes += 1
                error += abs(inside - count)
                held += least <= inside <= most
                taken += inside > 0
                free += inside == 0
                wrong_free += inside > 0 and count == 0
                wrong_taken += inside == 0 and count > 0
        per_room.append((error - before) / len(truth) / SEEDS)
    figures = {
        Figure.COUNT_ERROR: error / minutes,
        Figure.FALSE_VACANT_PCT: 100 * wrong_free / max(1, taken),
        Figure.FALSE_OCCUPIED_PCT: 100 * wrong_taken / max(1, free),
    }
    by_room = ", ".join(f"{each:.2f}" for each in per_room)
    note = f"{len(rooms)} rooms, {SEEDS} seeds each, all minutes of all rooms together; by room {by_room}"
    if goals:
        note += (
            f"; {100 * held / minutes:.0f} % in the range; no evidence corrects a count while a room is in use, so the"
            " counter's errors remain until it is empty"
        )
    return ResultLine(
        recording=RECORDING, rule=rule, ours=goals is not None, figures=figures, goals=goals or {}, note=f"{note}."
    )


def _count_by_product(truth: Sequence[int], seed: int, *, motion: bool) -> CountRanges:
    """Return the product's count at the end of each minute."""
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    crossings = list(_simulate_crossings(truth, generator))
    plan = build_plan([_TRACK] if motion else [])
    presence, turns, crowd = SeenPeople(plan), DayTurns(plan), PeopleEstimate()
    to_ms = _BEGIN_MS + len(truth) * MINUTE_MS
    timelines = {}
    if motion:
        _, states = play_events(list(_simulate_motion(truth, generator)), build_space_rules(plan, SPACE_ID), to_ms)
        timelines = {SPACE_ID: [(at_ms, Occupancy(state)) for at_ms, state in states]}
    counts: CountRanges = []
    for bucket in split_into_buckets(
        crossings, presence.compute_steps(timelines, _BEGIN_MS, to_ms), (), _BEGIN_MS, to_ms
    ):
        site = CountingContext(turns.find_turn(bucket.from_ms), presence.covers_all_zones)
        counts += _count_minutes(crowd, bucket, site)
        crowd, _ = finish_bucket(crowd, bucket, site)
        counts.append(_count_people(crowd, bucket, site, bucket.from_ms + BUCKET_MS))
    return counts[: len(truth)]


def _count_minutes(
    crowd: PeopleEstimate, bucket: PeopleBucket, site: CountingContext
) -> Iterator[tuple[int, int, int]]:
    """Yield the counts at the end of each minute before the end of the bucket."""
    for until_ms in range(bucket.from_ms + MINUTE_MS, bucket.from_ms + BUCKET_MS, MINUTE_MS):
        so_far = [crossing for crossing in bucket.crossings if crossing.at_ms < until_ms]
        steps = [step for step in bucket.seen_people_steps if step.at_ms < until_ms]
        now, _ = advance_estimate(crowd, bucket._replace(crossings=so_far, seen_people_steps=steps), site, until_ms)
        yield _count_people(now, bucket, site, until_ms)


def _count_people(
    crowd: PeopleEstimate, bucket: PeopleBucket, site: CountingContext, until_ms: int
) -> tuple[int, int, int]:
    known = next(step.seen_people for step in reversed(bucket.seen_people_steps) if step.at_ms < until_ms)
    found = build_people_count(crowd, known, site)
    return found.count, found.least, found.most


def _count_by_sum(truth: Sequence[int], seed: int, *, nightly: bool, clamped: bool) -> CountRanges:
    """Return the count by a plain sum; negative sums count as zero."""
    inside = 0
    counts: CountRanges = []
    passing = iter((*_simulate_crossings(truth, Random(seed)), DoorCrossing(1 << 62, 0)))  # noqa: S311 - repeatable, no secret
    crossing = next(passing)
    for minute in range(len(truth)):
        if nightly and minute % _DAY_MIN == 0:
            inside = 0
        while crossing.at_ms < _BEGIN_MS + (minute + 1) * MINUTE_MS:
            inside += crossing.direction
            inside = max(0, inside) if clamped else inside
            crossing = next(passing)
        counts.append((max(0, inside),) * 3)
    return counts


def _count_scaled(truth: Sequence[int], seed: int) -> CountRanges:
    """Count with exits scaled by the true ratio, the best usual method; ten minutes without motion reset it to zero."""
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    crossings = list(_simulate_crossings(truth, generator))
    moved = [event.at_ms for event in _simulate_motion(truth, generator) if event.kind is EventKind.MOTION]
    went_out = sum(crossing.direction < 0 for crossing in crossings)
    ratio = (len(crossings) - went_out) / max(1, went_out)
    inside, counts, place = 0.0, [], 0
    for minute in range(len(truth)):
        until_ms = _BEGIN_MS + (minute + 1) * MINUTE_MS
        inside = inside if minute % _DAY_MIN else 0.0
        while place < len(crossings) and crossings[place].at_ms < until_ms:
            inside = max(0.0, inside + (1 if crossings[place].direction > 0 else -ratio))
            place += 1
        last = bisect_left(moved, until_ms)
        seen = last > 0 and moved[last - 1] >= until_ms - _NO_MOTION_MS
        inside = max(1.0, inside) if seen else 0.0
        counts.append((round(inside),) * 3)
    return counts


def _count_informed(truth: Sequence[int], seed: int) -> CountRanges:
    """Return the count by an observer with the product's data and facts that no real site has."""
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    passed_by = Counter(
        ((each.at_ms - _BEGIN_MS) // MINUTE_MS, each.direction) for each in _simulate_crossings(truth, generator)
    )
    pulses = (event for event in _simulate_motion(truth, generator) if event.kind is EventKind.MOTION and event.value)
    moved = Counter((event.at_ms - _BEGIN_MS) // MINUTE_MS for event in pulses)
    minutes = [SensedMinute(passed_by[at, 1], passed_by[at, -1], moved[at]) for at in range(len(truth))]
    rates = SensorRates(_MISSED_IN, _MISSED_OUT, _REVERSED, _TRIPS_PER_MIN, _MOTION)
    return count_by_known_rates(truth, minutes, rates)


def _simulate_crossings(truth: Sequence[int], generator: Random) -> Iterator[DoorCrossing]:
    """Yield the crossings that the counter reports, in order."""
    before = 0
    for minute, inside in enumerate(truth):
        trips = sum(generator.random() < _TRIPS_PER_MIN for _ in range(min(before, inside)))
        ways = [1] * _simulate_counter(max(0, inside - before) + trips, _MISSED_IN, generator)
        ways += [-1] * _simulate_counter(max(0, before - inside) + trips, _MISSED_OUT, generator)
        ways = [-way if generator.random() < _REVERSED else way for way in ways]
        generator.shuffle(ways)
        for place, way in enumerate(ways):
            yield DoorCrossing(_BEGIN_MS + minute * MINUTE_MS + (2 * place + 1) * MINUTE_MS // (2 * len(ways)), way)
        before = inside


def _simulate_counter(people: int, missed: float, generator: Random) -> int:
    return sum(generator.random() >= missed for _ in range(people))


def _simulate_motion(truth: Sequence[int], generator: Random) -> Iterator[StoredEvent]:
    """Yield the motion sensor's events: a pulse where it detects motion, else a heartbeat."""
    seq = 0
    for slot in range(len(truth) * MINUTE_MS // _SLOT_MS):
        at_ms = _BEGIN_MS + slot * _SLOT_MS
        seq += 2
        if truth[slot * _SLOT_MS // MINUTE_MS] > 0 and generator.random() < _MOTION:
            yield StoredEvent(at_ms, "recorder", "played", seq - 1, _TRACK.sensor, EventKind.MOTION, 1)
            yield StoredEvent(at_ms + _PULSE_MS, "recorder", "played", seq, _TRACK.sensor, EventKind.MOTION, 0)
        else:
            yield StoredEvent(at_ms, "recorder", "played", seq, _TRACK.sensor, EventKind.HEARTBEAT, 0)
