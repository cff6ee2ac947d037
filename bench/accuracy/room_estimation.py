"""The recorded room with two motion sensors, sound, light and CO2 (UCI 864): free or taken?

In:    `room-occupancy-estimation`: a row every half minute, motion in it, and how many people were counted by hand.
Out:   lines: both motion sensors; with messages lost; each alone; with the desk's sound; gone silent; and fixed timers.
Never: a rule or a threshold of its own.

Source: A. P. Singh et al., "Machine Learning-Based Occupancy Estimation Using Multivariate Sensor Nodes", 2018.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Final
from zoneinfo import ZoneInfo

from bench.accuracy.line import Figure, Goal, Line
from bench.accuracy.player import Track, events, figures, judged, lossy, play, rules_of, timer
from bench.accuracy.recordings import joined
from collector.evidence import Heard
from collector.plan import SensorKind
from edge.message import Kind
from ledig.rows import Column, Layout, Row, TimeColumns

RECORDING: Final = "room-occupancy-estimation"
FILES: Final = "Occupancy_Estimation_*.csv*"
PEOPLE: Final = "Room_Occupancy_Count"
SEEDS: Final = 30
_LOST: Final = 0.2
_PULSE_MS: Final = 2500
"""A row tells of motion somewhere in half a minute; common modules hold their output for two to three seconds."""
_TIMERS_MIN: Final = (1.5, 7, 10, 12, 30)

LAYOUT: Final = Layout(
    times=TimeColumns(("Date", "Time"), "%Y/%m/%d %H:%M:%S", ZoneInfo("UTC")),
    columns=(
        Column("S6_PIR", 0, 1, whole=True),
        Column("S7_PIR", 0, 1, whole=True),
        *(Column(f"S{desk}_Sound", 0, 10) for desk in (1, 2, 3, 4)),
        *(Column(f"S{desk}_Light", 0, 100_000) for desk in (1, 2, 3, 4)),
        Column("S5_CO2", 0, 100_000),
        Column(PEOPLE, 0, 1000, whole=True),
    ),
)
"""The recording does not say which zone its times are of; it crosses no change to or from summer time."""

GOOD: Final = Track("s6-pir", SensorKind.PIR, Kind.MOTION, "S6_PIR", _PULSE_MS)
BADLY_PLACED: Final = Track("s7-pir", SensorKind.PIR, Kind.MOTION, "S7_PIR", _PULSE_MS)
BOTH: Final = (GOOD, BADLY_PLACED)


def measure(folder: Path) -> list[Line]:
    """Every line of this recording."""
    rows = joined(folder, FILES, LAYOUT)
    return [
        both(rows),
        with_losses(rows),
        _line("one PIR, well placed", played(rows, (GOOD,)), {}),
        _line("one PIR, badly placed", played(rows, (BADLY_PLACED,)), {}),
        *timers(rows),
    ]


def both(rows: Sequence[Row]) -> Line:
    """Both motion sensors, every message."""
    goals = {
        Figure.FALSE_VACANT_PCT: Goal(most=0.1),
        Figure.LONGEST_FALSE_VACANT_MIN: Goal(most=1),
        Figure.FALSE_OCCUPIED_PCT: Goal(most=1.7),
        Figure.CHANGES_PER_DAY: Goal(most=8),
    }
    return _line("both PIRs", played(rows, BOTH), goals)


def with_losses(rows: Sequence[Row], seeds: int = SEEDS) -> Line:
    """Both motion sensors, a fifth of the motion never told; the mean over the seeds, the longest of all."""
    runs = [played(rows, BOTH, lossy(events(rows, BOTH), _LOST, seed)) for seed in range(seeds)]
    found = {figure: mean(run[figure] for run in runs) for figure in runs[0]}
    longest = Figure.LONGEST_FALSE_VACANT_MIN
    found[longest] = max(run[longest] for run in runs)
    worst = max(run[Figure.FALSE_VACANT_PCT] for run in runs)
    goals = {Figure.FALSE_VACANT_PCT: Goal(most=0.4), Figure.FALSE_OCCUPIED_PCT: Goal(most=2.4)}
    note = f"Mean of {seeds} seeds; the worst seed has {worst:.2f} % false vacant."
    return _line(f"both PIRs, {_LOST:.0%} of motion lost", found, goals, note=note)


def timers(rows: Sequence[Row]) -> Iterator[Line]:
    """What a buyer gets: any motion holds for a fixed time."""
    said = events(rows, BOTH)
    for minutes in _TIMERS_MIN:
        found = figures(judged(rows, PEOPLE, timer(said, round(minutes * 60_000), rows[-1].at_ms)))
        yield _line(f"both PIRs, timer of {minutes:g} min", found, {}, ours=False)


def played(rows: Sequence[Row], tracks: Sequence[Track], said: Sequence[Heard] | None = None) -> dict[Figure, float]:
    """The figures of a fresh space with these sensors, default rules; `said`: what arrives, if not all."""
    said = events(rows, tracks) if said is None else said
    _, shown = play(said, rules_of(tracks), rows[-1].at_ms)
    return dict(figures(judged(rows, PEOPLE, shown)))


def _line(
    rule: str, found: Mapping[Figure, float], goals: Mapping[Figure, Goal], *, ours: bool = True, note: str = ""
) -> Line:
    return Line(recording=RECORDING, rule=rule, ours=ours, figures=found, goals=goals, note=note)
