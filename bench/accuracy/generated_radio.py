"""Generated spaces whose sensors lose messages on the radio, and do not send them again.

In:    fixed seeds; no files.
Out:   lines: a desk with a motion sensor, a desk with a mat, and a booth with a door contact, for several loss rates.
Never: a rule or a threshold of its own.

The visits are those of `generated_spaces.py`. Every message is lost with the same probability: changes and heartbeats.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from bench.accuracy.generated_spaces import (
    CONTACT,
    PIR,
    Levels,
    Span,
    build_line,
    hold_output,
    list_events,
    score_events,
    simulate_booth,
)
from bench.accuracy.line import Figure, Goal, ResultLine
from bench.accuracy.player import SensorColumn, drop_messages
from collector.site.spaces import SpaceKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind

NAME: Final = "generated-radio"
SEEDS: Final = 4
DAYS: Final = 28
LOST_SHARES: Final = {0.0: 3, 0.05: 3, 0.2: 10}
"""Share of all messages that is lost, and most of the time (%) that the space may be unknown."""
OUTPUT_MS: Final = 2_500
_MORE_CHANGES: Final = 4
"""So many changes a day may be shown beyond the true ones."""
MAT: Final = SensorColumn("mat", SensorKind.PRESSURE, EventKind.PRESSURE, "")
SPACES: Final = {
    "desk, motion": (SpaceKind.DESK, (PIR,)),
    "desk, mat": (SpaceKind.DESK, (MAT,)),
    "booth, motion and contact": (SpaceKind.BOOTH, (PIR, CONTACT)),
}
"""Name of each generated space, its kind and its sensors."""


def measure(_folder: Path) -> list[ResultLine]:
    """Return the lines; nothing is read."""
    return [_measure_space(name, share) for name in SPACES for share in LOST_SHARES]


def score_lossy_space(name: str, lost_share: float, seed: int, days: int = DAYS) -> dict[Figure, float]:
    """Return the figures of one generated space of the table, with default rules."""
    kind, tracks = SPACES[name]
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    visits, movements, doors = simulate_booth(generator, days)
    levels = {PIR: hold_output(movements, OUTPUT_MS), CONTACT: doors, MAT: _list_sittings(visits)}
    events = list_events({track: levels[track] for track in tracks}, days)
    return score_events(drop_messages(events, lost_share, generator), tracks, visits, days, kind)


def _list_sittings(visits: Sequence[Span]) -> Levels:
    return [change for from_ms, to_ms in visits for change in ((from_ms, 1.0), (to_ms, 0.0))]


def _measure_space(name: str, lost_share: float) -> ResultLine:
    runs = [score_lossy_space(name, lost_share, seed) for seed in range(SEEDS)]
    true_changes = sum(run[Figure.TRUE_CHANGES_PER_DAY] for run in runs) / len(runs)
    goals = {
        Figure.UNKNOWN_PCT: Goal(most=LOST_SHARES[lost_share]),
        Figure.CHANGES_PER_DAY: Goal(most=round(true_changes + _MORE_CHANGES, 1)),
    }
    rule = f"{name}, {100 * lost_share:g} % of all messages lost"
    return build_line(NAME, rule, runs, goals, DAYS)
