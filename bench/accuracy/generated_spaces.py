"""Generated spaces with known truth: what recordings lack, such as long outputs of bought motion sensors.

In:    fixed seeds; no files.
Out:   lines: a booth with a motion sensor and a door contact, and a desk that people only pass, for several outputs.
Never: a rule or a threshold of its own.

A booth has eight visits a working day of a quarter of an hour (median). Somebody inside moves every 45 seconds on
average and sits still for two to six minutes now and then. The door opens when somebody comes or goes, and closes by
itself. Two people an hour pass the desk from 8 to 18 o'clock, each seen for some seconds. An output is high from a
movement until it has seen none for its length.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import mean
from typing import Final

from msgspec.structs import replace

from bench.accuracy.line import Figure, Goal, ResultLine
from bench.accuracy.player import HEARTBEAT_MS, SPACE_ID, SensorColumn, build_plan, list_figures, play_events
from collector.occupancy.evidence import StoredEvent
from collector.occupancy.space_rules import build_space_rules
from collector.site.spaces import SpaceKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS
from ledig.replay.scoring import TruthSample, score_space

NAME: Final = "generated-spaces"
SEEDS: Final = 4
DAYS: Final = 28
_BEGIN_MS: Final = 1_789_948_800_000
"""Midnight of a Monday, UTC."""
_SECOND_MS: Final = 1000
_SAMPLE_MS: Final = 30 * _SECOND_MS
BOOTH_OUTPUTS_MS: Final = (2_500, 120_000, 180_000)
DESK_OUTPUTS_MS: Final = (2_500, 30_000, 90_000)
PIR: Final = SensorColumn("pir", SensorKind.PIR, EventKind.MOTION, "")
CONTACT: Final = SensorColumn("door", SensorKind.CONTACT, EventKind.CONTACT_OPEN, "")

Span = tuple[int, int]
"""From and to, Unix ms."""
Levels = Sequence[tuple[int, float]]
"""The changes of one output: time (Unix ms) and level, in order."""


def measure(_folder: Path) -> list[ResultLine]:
    """Return the lines; nothing is read."""
    return [
        *(_measure_booth(output_ms) for output_ms in BOOTH_OUTPUTS_MS),
        *(_measure_passed_desk(output_ms) for output_ms in DESK_OUTPUTS_MS),
    ]


def _measure_booth(output_ms: int) -> ResultLine:
    goals = {
        Figure.FALSE_VACANT_PCT: Goal(most=1),
        Figure.FALSE_OCCUPIED_PCT: Goal(most=4),
        Figure.UNKNOWN_PCT: Goal(most=5),
    }
    runs = [score_booth(output_ms, seed) for seed in range(SEEDS)]
    return build_line(NAME, f"booth with a contact, outputs of {output_ms / 1000:g} s", runs, goals, DAYS)


def _measure_passed_desk(output_ms: int) -> ResultLine:
    runs = [score_passed_desk(output_ms, seed) for seed in range(SEEDS)]
    rule = f"unused desk, two passers-by an hour, outputs of {output_ms / 1000:g} s"
    return build_line(NAME, rule, runs, {Figure.FALSE_OCCUPIED_PCT: Goal(most=6)}, DAYS)


def score_booth(output_ms: int, seed: int, days: int = DAYS) -> dict[Figure, float]:
    """Return the figures of one generated booth."""
    visits, movements, doors = simulate_booth(Random(seed), days)  # noqa: S311 - repeatable, no secret
    levels = {PIR: hold_output(movements, output_ms), CONTACT: doors}
    return score_levels(levels, visits, days, SpaceKind.BOOTH)


def simulate_booth(generator: Random, days: int) -> tuple[list[Span], list[int], Levels]:
    """Return the visits of a booth, the moments of its movements, and the changes of its door."""
    visits = list(_simulate_visits(generator, days))
    movements = [at_ms for visit in visits for at_ms in _simulate_movements(visit, generator)]
    doors = [change for visit in visits for at_ms in visit for change in ((at_ms - 3000, 1.0), (at_ms + 2000, 0.0))]
    return visits, movements, doors


def score_passed_desk(output_ms: int, seed: int, days: int = DAYS) -> dict[Figure, float]:
    """Return the figures of one generated desk that is never taken."""
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    movements: list[int] = []
    for day in range(days):
        at_ms = _BEGIN_MS + day * DAY_MS + 8 * HOUR_MS
        until_ms = at_ms + 10 * HOUR_MS
        while (at_ms := at_ms + round(generator.expovariate(2) * HOUR_MS)) < until_ms:
            movements += [at_ms + number * 2 * _SECOND_MS for number in range(generator.randint(1, 3))]
    return score_levels({PIR: hold_output(sorted(movements), output_ms)}, [], days, SpaceKind.DESK)


def score_levels(
    levels: dict[SensorColumn, Levels], visits: Sequence[Span], days: int, kind: SpaceKind
) -> dict[Figure, float]:
    """Return the figures of a new space with these outputs and default rules.

    Args:
        levels: the changes of each sensor's output.
        visits: when the space was taken, in order.
        days: length of the recording.
        kind: of the space.
    """
    return score_events(list_events(levels, days), tuple(levels), visits, days, kind)


def score_events(
    events: Sequence[StoredEvent], tracks: Sequence[SensorColumn], visits: Sequence[Span], days: int, kind: SpaceKind
) -> dict[Figure, float]:
    """Return the figures of a new space that received these events of its sensors; see `score_levels`."""
    until_ms = _BEGIN_MS + days * DAY_MS
    _, shown = play_events(events, build_space_rules(build_plan(tracks, kind), SPACE_ID), until_ms)
    return list_figures(score_space(list(_sample_truth(visits, until_ms)), shown))


def hold_output(movements: Sequence[int], output_ms: int) -> Levels:
    """Return the changes of an output that stays high for `output_ms` after each movement."""
    changes: list[tuple[int, float]] = []
    ends_ms: int | None = None
    for at_ms in movements:
        if ends_ms is not None and ends_ms < at_ms:
            changes.append((ends_ms, 0.0))
            ends_ms = None
        if ends_ms is None:
            changes.append((at_ms, 1.0))
        ends_ms = at_ms + output_ms
    return changes if ends_ms is None else [*changes, (ends_ms, 0.0)]


def list_events(levels: dict[SensorColumn, Levels], days: int) -> list[StoredEvent]:
    """Return the events of the sensors with their heartbeats, in canonical order."""
    until_ms = _BEGIN_MS + days * DAY_MS
    events = [event for track, changes in levels.items() for event in _list_sensor_events(track, changes, until_ms)]
    events.sort(key=lambda event: (event.at_ms, event.sensor))
    return [replace(event, seq=seq) for seq, event in enumerate(events, start=1)]


def _list_sensor_events(track: SensorColumn, changes: Levels, until_ms: int) -> Iterator[StoredEvent]:
    level, place = 0.0, 0
    for beat_ms in range(_BEGIN_MS, until_ms, HEARTBEAT_MS):
        while place < len(changes) and changes[place][0] <= beat_ms:
            at_ms, level = changes[place]
            yield StoredEvent(at_ms, "recorder", "played", 0, track.sensor, track.event_kind, level)
            place += 1
        yield StoredEvent(beat_ms + 1, "recorder", "played", 0, track.sensor, EventKind.HEARTBEAT, level)


def _simulate_visits(generator: Random, days: int) -> Iterator[Span]:
    for day in range(days):
        opens_ms = _BEGIN_MS + day * DAY_MS + 8 * HOUR_MS
        at_ms, closes_ms = opens_ms, opens_ms + 10 * HOUR_MS
        while day % 7 < 5:
            at_ms += 2 * MINUTE_MS + round(generator.expovariate(0.8) * HOUR_MS)
            if at_ms > closes_ms:
                break
            from_ms = at_ms
            at_ms += MINUTE_MS + round(min(90.0, generator.lognormvariate(2.7, 0.7)) * MINUTE_MS)
            yield from_ms, at_ms


def _simulate_movements(visit: Span, generator: Random) -> Iterator[int]:
    at_ms, leaves_ms = visit[0], visit[1] - 2 * _SECOND_MS
    while at_ms < leaves_ms:
        yield at_ms
        is_still = generator.random() < 0.03
        gap_s = generator.uniform(120, 360) if is_still else generator.expovariate(1 / 45)
        at_ms += 1 + round(gap_s * _SECOND_MS)
    yield leaves_ms


def _sample_truth(visits: Sequence[Span], until_ms: int) -> Iterator[TruthSample]:
    place = 0
    for at_ms in range(_BEGIN_MS, until_ms, _SAMPLE_MS):
        while place < len(visits) and visits[place][1] <= at_ms:
            place += 1
        yield TruthSample(at_ms, taken=place < len(visits) and visits[place][0] <= at_ms)


def build_line(
    name: str, rule: str, runs: Sequence[dict[Figure, float]], goals: dict[Figure, Goal], days: int
) -> ResultLine:
    """Build a line from the mean of the runs, one for each seed.

    Args:
        name: of the generated data.
        rule: name of the line.
        runs: the figures of each seed.
        goals: bounds of the means.
        days: length of a run.
    """
    found = {figure: mean(run[figure] for run in runs) for figure in runs[0] if all(figure in run for run in runs)}
    shares = (
        Figure.FALSE_VACANT_PCT,
        Figure.FALSE_OCCUPIED_PCT,
        Figure.UNKNOWN_PCT,
        Figure.CHANGES_PER_DAY,
        Figure.TRUE_CHANGES_PER_DAY,
    )
    kept = {figure: value for figure, value in found.items() if figure in shares}
    return ResultLine(
        recording=name,
        rule=rule,
        ours=True,
        figures=kept,
        goals=goals,
        note=f"Mean of {len(runs)} seeds, {days} days each.",
    )
