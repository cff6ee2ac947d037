"""Rooms with people counted by cameras (SDU OU44), behind a door with a faulty counter: accuracy of the count.

In:    `sdu-ou44-rooms`: the number of people in a room each minute. The days have no order and are used as in the file.
Out:   lines: the count with and without a motion sensor beside the door's counter, by plain sums, and by an observer
       who has the truth of the other days.
Never: a rule of its own.

The counter is simulated on the true counts (`simulated_door.py`). A usual pair of beams misses 5 % of those who come in
and 8 % of those who go out, and counts 2 % in the wrong direction. A motion sensor detects motion in 60 % of half
minutes while anybody is there, as a well placed one in the UCI 864 recording does, and a badly placed one in 5 %; there
is none while the room is empty.

Source: K. Arendt et al., "Room-level Occupant Counts, Airflow and CO2 Data from an Office Building", DATA 2018,
10.1145/3277868.3277875.
"""

import gzip
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from bench.accuracy.known_rates import SensedMinute, SensorRates
from bench.accuracy.known_rates import estimate_counts as count_by_known_rates
from bench.accuracy.line import Figure, Goal, ResultLine
from bench.accuracy.player import SPACE_ID, build_plan, play_events
from bench.accuracy.recordings import read_each
from bench.accuracy.simulated_door import (
    BEGIN_MS,
    TRACK,
    TRIPS_PER_MIN,
    USUAL,
    SimulatedSensors,
    simulate_crossings,
    simulate_motion,
)
from collector.contract.states import Occupancy
from collector.history.door_days import DayTurns
from collector.history.measures import BUCKET_MS
from collector.occupancy.space_rules import build_space_rules
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
from edge.timekeeping.durations import MINUTE_MS
from ledig.replay.recorded_rows import RecordedColumn, RecordedRow, RowLayout, TimeColumns

RECORDING: Final = "sdu-ou44-rooms"
SEEDS: Final = 12
INFORMED_RULE: Final = "door and motion, with all rates and the truth of all other days"
"""Reference that shows how good a count from the same crossings can be."""
_USUAL_MOTION: Final = 0.6
_NO_MOTION_MS: Final = 600_000
_DAY_MIN: Final = 1440
_MOTION_GOALS: Final = {Figure.COUNT_ERROR: Goal(most=0.75), Figure.FALSE_VACANT_PCT: Goal(most=0.1)}
_ALONE: Final = replace(USUAL, motion=None)
_BADLY_PLACED: Final = replace(USUAL, motion=0.05)
_PERFECT: Final = SimulatedSensors(0, 0, 0, _USUAL_MOTION)
_PERFECT_ALONE: Final = replace(_PERFECT, motion=None)
_BADLY_PLACED_GOALS: Final = {Figure.FALSE_VACANT_PCT: Goal(most=6.0)}
_PERFECT_GOALS: Final = {Figure.COUNT_ERROR: Goal(most=0.05)}
_COUNTER_GOALS: Final = {Figure.COUNT_ERROR: Goal(most=1.35), Figure.FALSE_VACANT_PCT: Goal(most=5.0)}

CountRanges = list[tuple[int, int, int]]
"""For each minute: the count, and the lower and upper end of its range."""


def measure(folder: Path) -> list[ResultLine]:
    """Return the lines of this recording."""
    rooms = [_read_people(rows) for _, rows in read_each(folder, "occ_data_room_*.csv.gz", _find_layout)]
    return [
        _build_line("door and motion", rooms, lambda truth, seed: _count_by_product(truth, seed, USUAL), _MOTION_GOALS),
        _build_line("door alone", rooms, lambda truth, seed: _count_by_product(truth, seed, _ALONE), _COUNTER_GOALS),
        _build_line(
            "door and badly placed motion",
            rooms,
            lambda truth, seed: _count_by_product(truth, seed, _BADLY_PLACED),
            _BADLY_PLACED_GOALS,
        ),
        _build_line(
            "perfect counter after two weeks, and motion",
            rooms,
            lambda truth, seed: _count_after_learning(truth, seed, _PERFECT),
            _PERFECT_GOALS,
        ),
        _build_line(
            "perfect counter after two weeks, alone",
            rooms,
            lambda truth, seed: _count_after_learning(truth, seed, _PERFECT_ALONE),
            _PERFECT_GOALS,
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


def _count_by_product(truth: Sequence[int], seed: int, sensors: SimulatedSensors) -> CountRanges:
    """Return the product's count at the end of each minute."""
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    crossings = list(simulate_crossings(truth, sensors, generator))
    plan = build_plan([] if sensors.motion is None else [TRACK])
    presence, turns, crowd = SeenPeople(plan), DayTurns(plan), PeopleEstimate()
    to_ms = BEGIN_MS + len(truth) * MINUTE_MS
    timelines = {}
    if sensors.motion is not None:
        _, states = play_events(
            list(simulate_motion(truth, sensors.motion, generator)), build_space_rules(plan, SPACE_ID), to_ms
        )
        timelines = {SPACE_ID: [(at_ms, Occupancy(state)) for at_ms, state in states]}
    counts: CountRanges = []
    for bucket in split_into_buckets(
        crossings, presence.compute_steps(timelines, BEGIN_MS, to_ms), (), BEGIN_MS, to_ms
    ):
        site = CountingContext(turns.find_turn(bucket.from_ms), presence.covers_all_zones)
        counts += _count_minutes(crowd, bucket, site)
        crowd, _ = finish_bucket(crowd, bucket, site)
        counts.append(_count_people(crowd, bucket, bucket.from_ms + BUCKET_MS))
    return counts[: len(truth)]


def _count_after_learning(truth: Sequence[int], seed: int, sensors: SimulatedSensors) -> CountRanges:
    """Return the same after the days were played once before."""
    return _count_by_product((*truth, *truth), seed, sensors)[len(truth) :]


def _count_minutes(
    crowd: PeopleEstimate, bucket: PeopleBucket, site: CountingContext
) -> Iterator[tuple[int, int, int]]:
    """Yield the counts at the end of each minute before the end of the bucket."""
    for until_ms in range(bucket.from_ms + MINUTE_MS, bucket.from_ms + BUCKET_MS, MINUTE_MS):
        so_far = [crossing for crossing in bucket.crossings if crossing.at_ms < until_ms]
        steps = [step for step in bucket.seen_people_steps if step.at_ms < until_ms]
        now, _ = advance_estimate(crowd, bucket._replace(crossings=so_far, seen_people_steps=steps), site, until_ms)
        yield _count_people(now, bucket, until_ms)


def _count_people(crowd: PeopleEstimate, bucket: PeopleBucket, until_ms: int) -> tuple[int, int, int]:
    known = next(step.seen_people for step in reversed(bucket.seen_people_steps) if step.at_ms < until_ms)
    found = build_people_count(crowd, known)
    return found.count, found.least, found.most


def _count_by_sum(truth: Sequence[int], seed: int, *, nightly: bool, clamped: bool) -> CountRanges:
    """Return the count by a plain sum; negative sums count as zero."""
    inside = 0
    counts: CountRanges = []
    passing = iter((*simulate_crossings(truth, USUAL, Random(seed)), DoorCrossing(1 << 62, 0)))  # noqa: S311 - repeatable, no secret
    crossing = next(passing)
    for minute in range(len(truth)):
        if nightly and minute % _DAY_MIN == 0:
            inside = 0
        while crossing.at_ms < BEGIN_MS + (minute + 1) * MINUTE_MS:
            inside += crossing.direction
            inside = max(0, inside) if clamped else inside
            crossing = next(passing)
        counts.append((max(0, inside),) * 3)
    return counts


def _count_scaled(truth: Sequence[int], seed: int) -> CountRanges:
    """Count with exits scaled by the true ratio, the best usual method; ten minutes without motion reset it to zero."""
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    crossings = list(simulate_crossings(truth, USUAL, generator))
    moved = [
        event.at_ms for event in simulate_motion(truth, _USUAL_MOTION, generator) if event.kind is EventKind.MOTION
    ]
    went_out = sum(crossing.direction < 0 for crossing in crossings)
    ratio = (len(crossings) - went_out) / max(1, went_out)
    inside, counts, place = 0.0, [], 0
    for minute in range(len(truth)):
        until_ms = BEGIN_MS + (minute + 1) * MINUTE_MS
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
        ((each.at_ms - BEGIN_MS) // MINUTE_MS, each.direction) for each in simulate_crossings(truth, USUAL, generator)
    )
    pulses = (
        event
        for event in simulate_motion(truth, _USUAL_MOTION, generator)
        if event.kind is EventKind.MOTION and event.value
    )
    moved = Counter((event.at_ms - BEGIN_MS) // MINUTE_MS for event in pulses)
    minutes = [SensedMinute(passed_by[at, 1], passed_by[at, -1], moved[at]) for at in range(len(truth))]
    rates = SensorRates(USUAL.missed_in, USUAL.missed_out, USUAL.reversed_share, TRIPS_PER_MIN, _USUAL_MOTION)
    return count_by_known_rates(truth, minutes, rates)
