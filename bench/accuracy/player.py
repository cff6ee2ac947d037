"""Plays a recording to the product: rows become the events that a device would send, and these what a member sees.

In:    rows of a recording in order of time, which column drives which sensor, and rules.
Out:   events as the collector stores them; what was shown, moment by moment; its score.
Never: a rule of its own. What is shown comes from collector/inference/__init__.py with default settings.

A row stands for the time until the next one. Where the next is further away than BREAK_MS the devices were off.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from bench.accuracy.line import Figure
from collector.evidence import START, Evidence, Heard, SpaceRules, space_rules
from collector.inference import advance, fold, story
from collector.plan import Floor, Sensor, SensorKind, SitePlan, Space, SpaceKind, Zone
from edge.message import Kind
from ledig.replay.rows import Row
from ledig.replay.scoring import BREAK_MS, Score, Truth, score

HEARTBEAT_MS: Final = 30_000
"""A sensor that says nothing else says this often that it lives: the edge's default."""
SPACE: Final = "room"
_DEVICE: Final = "recorder"
_STREAM: Final = "played"

Shown = list[tuple[int, str]]
"""Moment (Unix ms) and state of each change, oldest first."""


@dataclass(frozen=True, slots=True)
class Track:
    """One column, and the sensor that it drives."""

    sensor: str
    kind: SensorKind
    own: Kind
    """What the sensor says."""
    column: str
    pulse_ms: int = 0
    """A row above 0 is one pulse this long, and a quiet row says nothing; 0: each row is a reading."""
    unit: Callable[[float], float] = float
    """From the column's unit to the kind's."""


def decibels(volts: float) -> float:
    """The output of a microphone's amplifier as a level; 60 dB at one volt makes a quiet room about 35 dB."""
    return 60 + 20 * math.log10(max(volts, 0.001))


def house(tracks: Sequence[Track], kind: SpaceKind = SpaceKind.ROOM) -> SitePlan:
    """One space with these sensors, and default rules."""
    return SitePlan(
        id="recorded",
        name="Recorded",
        time_zone=ZoneInfo("UTC"),
        floors=(Floor(id="floor", name="Floor", width_m=10, depth_m=10),),
        zones=(Zone(id="zone", name="Zone", floor="floor", x_m=0, y_m=0, width_m=10, depth_m=10),),
        spaces=(Space(id=SPACE, name="Room", kind=kind, zone="zone", x_m=5, y_m=5),),
        sensors=tuple(
            Sensor(device=_DEVICE, id=track.sensor, kind=track.kind, space=SPACE, heartbeat_ms=HEARTBEAT_MS)
            for track in tracks
        ),
    )


def rules_of(tracks: Sequence[Track], kind: SpaceKind = SpaceKind.ROOM) -> SpaceRules:
    """The default rules of a space with these sensors."""
    return space_rules(house(tracks, kind), SPACE)


def spans(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """The rows, cut at every break."""
    starts = [0, *(at for at in range(1, len(rows)) if rows[at].at_ms - rows[at - 1].at_ms > BREAK_MS), len(rows)]
    return [rows[start:end] for start, end in pairwise(starts) if end > start]


def events(rows: Sequence[Row], tracks: Sequence[Track]) -> list[Heard]:
    """What the sensors say, in canonical order, `seq` without a hole."""
    said = [event for track in tracks for span in spans(rows) for event in _of_span(span, track)]
    said.sort(key=lambda event: (event.at_ms, event.sensor))
    return [replace(event, seq=seq) for seq, event in enumerate(said, start=1)]


def lossy(said: Sequence[Heard], chance: float, seed: int) -> list[Heard]:
    """The events that arrive if each pulse of motion is lost with this chance, its beginning and its end alike.

    What is lost never comes again, as from a bought sensor that nobody asks twice; our own edge sends again.
    """
    dice = Random(seed)  # noqa: S311 - repeatable, no secret
    lost: set[str] = set()
    arrived = []
    for event in said:
        if event.kind is Kind.MOTION:
            if event.value:
                (lost.add if dice.random() < chance else lost.discard)(event.sensor)
            if event.sensor in lost:
                continue
        arrived.append(event)
    return arrived


def silenced(said: Sequence[Heard], silences: Iterable[tuple[int, int]]) -> list[Heard]:
    """The events outside of these spans (from, to; Unix ms)."""
    gone = list(silences)
    return [event for event in said if not any(from_ms <= event.at_ms < to_ms for from_ms, to_ms in gone)]


def random_silences(rows: Sequence[Row], chance: float, length_ms: int, seed: int) -> list[tuple[int, int]]:
    """Spans (from, to; Unix ms) that begin at a random moment of any row with this chance, and do not meet."""
    dice = Random(seed)  # noqa: S311 - repeatable, no secret
    silent: list[tuple[int, int]] = []
    for row in rows:
        if dice.random() < chance and (not silent or row.at_ms > silent[-1][1]):
            from_ms = row.at_ms + dice.randrange(HEARTBEAT_MS)
            silent.append((from_ms, from_ms + length_ms))
    return silent


def play(said: Sequence[Heard], rules: SpaceRules, until_ms: int, start: Evidence = START) -> tuple[Evidence, Shown]:
    """The evidence after all events, and what was shown up to a moment."""
    evidence, transitions = fold(start, said, rules)
    told = story(start.state, transitions + advance(evidence, rules, until_ms))
    return evidence, [(change.at_ms, change.state.value) for change in told]


def truth_of(rows: Sequence[Row], column: str) -> list[Truth]:
    """Whether somebody was there, row by row."""
    return [Truth(row.at_ms, taken=row.values[column] > 0) for row in rows]


def judged(rows: Sequence[Row], column: str, shown: Shown) -> Score:
    """What was shown against a column that counts people; a row stands for at most a minute."""
    return score(truth_of(rows, column), shown)


def figures(found: Score) -> dict[Figure, float]:
    """A score as figures of the table; what nothing could be said of is left out."""
    arrival, release = found.arrival, found.release
    named = {
        Figure.FALSE_VACANT_PCT: _percent(found.false_vacant_share),
        Figure.FALSE_VACANT_MIN: found.false_vacant_min,
        Figure.LONGEST_FALSE_VACANT_MIN: found.longest_false_vacant_min,
        Figure.FALSE_OCCUPIED_PCT: _percent(found.false_occupied_share),
        Figure.UNKNOWN_PCT: _percent(found.unknown_share),
        Figure.CHANGES_PER_DAY: found.transitions_per_day,
        Figure.TRUE_CHANGES_PER_DAY: found.true_transitions_per_day,
        Figure.ARRIVAL_MEDIAN_S: arrival.median_s if arrival else None,
        Figure.ARRIVAL_95_S: arrival.at_95_s if arrival else None,
        Figure.RELEASE_MEDIAN_S: release.median_s if release else None,
        Figure.RELEASE_95_S: release.at_95_s if release else None,
    }
    return {figure: value for figure, value in named.items() if value is not None}


def _of_span(span: Sequence[Row], track: Track) -> Iterator[Heard]:
    """One sensor's words in a stretch without a break: pulses or readings, and heartbeats where it would be quiet."""
    spoken_ms, level = span[0].at_ms - HEARTBEAT_MS, 0.0
    for row in span:
        for beat_ms in range(spoken_ms + HEARTBEAT_MS, row.at_ms, HEARTBEAT_MS):
            yield _heard(beat_ms, track, Kind.HEARTBEAT, level)
            spoken_ms = beat_ms
        value = row.values[track.column]
        if not track.pulse_ms:
            level = track.unit(value)
            yield _heard(row.at_ms, track, track.own, level)
            spoken_ms = row.at_ms
        elif value > 0:
            yield _heard(row.at_ms, track, track.own, 1)
            yield _heard(row.at_ms + track.pulse_ms, track, track.own, 0)
            spoken_ms = row.at_ms + track.pulse_ms
    if spoken_ms < span[-1].at_ms:  # the last row stands too: the device is not off at once
        yield _heard(spoken_ms + HEARTBEAT_MS, track, Kind.HEARTBEAT, level)


def _heard(at_ms: int, track: Track, kind: Kind, value: float) -> Heard:
    return Heard(at_ms, _DEVICE, _STREAM, 0, track.sensor, kind, value)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
