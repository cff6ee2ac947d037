"""Play a recording to the product: convert rows to the events a device would send, and compute the shown states.

In:    rows of a recording in order of time, the column of each sensor, and rules.
Out:   events as the collector stores them; the shown states with their times; their score.
Never: a rule of its own. The states come from the collector's inference with default settings.

A row is valid until the next one. Where the next row is more than BREAK_MS away, the devices were off.
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
from collector.occupancy.evaluate import find_lapses, fold_events, merge_transitions
from collector.occupancy.evidence import EMPTY_EVIDENCE, Evidence, StoredEvent
from collector.occupancy.space_rules import SpaceRules, build_space_rules
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import UNKNOWN_OUTPUT, OutputTimes, Sensor
from collector.site.spaces import Floor, Space, SpaceKind, Zone
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from ledig.replay.recorded_rows import RecordedRow
from ledig.replay.scoring import BREAK_MS, SpaceScore, TruthSample, score_space

HEARTBEAT_MS: Final = 30_000
"""Heartbeat interval of a sensor that sends nothing else: the default of the edge agent."""
SPACE_ID: Final = "room"
_DEVICE: Final = "recorder"
_STREAM: Final = "played"

ShownStates = list[tuple[int, str]]
"""Time (Unix ms) and state of each change, oldest first."""


@dataclass(frozen=True, slots=True)
class SensorColumn:
    """A column and the sensor that it drives."""

    sensor: str
    kind: SensorKind
    event_kind: EventKind
    """Kind of the sensor's own events."""
    column: str
    pulse_ms: int = 0
    """Each row above 0 holds the output high for this long, other rows send nothing; 0: each row is a reading."""
    blind_ms: int = 0
    """With pulses: nothing is detected during one, nor for this long after it, and both times are declared."""
    convert: Callable[[float], float] = float
    """Converts from the unit of the column to the unit of the kind."""


def convert_to_decibels(volts: float) -> float:
    """Convert a microphone amplifier's output to a level; with 60 dB at one volt a quiet room has about 35 dB."""
    return 60 + 20 * math.log10(max(volts, 0.001))


def build_plan(tracks: Sequence[SensorColumn], kind: SpaceKind = SpaceKind.ROOM) -> SitePlan:
    """Build a plan of one space with these sensors and the default rules."""
    return SitePlan(
        id="recorded",
        name="Recorded",
        time_zone=ZoneInfo("UTC"),
        floors=(Floor(id="floor", name="Floor", width_m=10, depth_m=10),),
        zones=(Zone(id="zone", name="Zone", floor="floor", x_m=0, y_m=0, width_m=10, depth_m=10),),
        spaces=(Space(id=SPACE_ID, name="Room", kind=kind, zone="zone", x_m=5, y_m=5),),
        sensors=tuple(
            Sensor(
                device=_DEVICE,
                id=track.sensor,
                kind=track.kind,
                space=SPACE_ID,
                heartbeat_ms=HEARTBEAT_MS,
                output=_declare_output(track),
            )
            for track in tracks
        ),
    )


def _declare_output(track: SensorColumn) -> OutputTimes:
    return OutputTimes(held_ms=track.pulse_ms, blind_ms=track.blind_ms) if track.blind_ms else UNKNOWN_OUTPUT


def build_rules(tracks: Sequence[SensorColumn], kind: SpaceKind = SpaceKind.ROOM) -> SpaceRules:
    """Return the default rules of a space with these sensors."""
    return build_space_rules(build_plan(tracks, kind), SPACE_ID)


def split_at_breaks(rows: Sequence[RecordedRow]) -> list[Sequence[RecordedRow]]:
    """Split the rows at every break."""
    starts = [0, *(at for at in range(1, len(rows)) if rows[at].at_ms - rows[at - 1].at_ms > BREAK_MS), len(rows)]
    return [rows[start:end] for start, end in pairwise(starts) if end > start]


def derive_events(rows: Sequence[RecordedRow], tracks: Sequence[SensorColumn]) -> list[StoredEvent]:
    """Convert rows to the events of the sensors, in canonical order, `seq` without gaps."""
    found = [event for track in tracks for span in split_at_breaks(rows) for event in _span_events(span, track)]
    found.sort(key=lambda event: (event.at_ms, event.sensor))
    return [replace(event, seq=seq) for seq, event in enumerate(found, start=1)]


def drop_motion(sent: Sequence[StoredEvent], chance: float, seed: int) -> list[StoredEvent]:
    """Drop each motion pulse, start and end together, with a probability of `chance`.

    Lost events are not repeated, as with a bought sensor; Ledig's own edge agent would send them again.
    """
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    lost: set[str] = set()
    arrived = []
    for event in sent:
        if event.kind is EventKind.MOTION:
            if event.value:
                (lost.add if generator.random() < chance else lost.discard)(event.sensor)
            if event.sensor in lost:
                continue
        arrived.append(event)
    return arrived


def drop_messages(sent: Sequence[StoredEvent], chance: float, generator: Random) -> list[StoredEvent]:
    """Drop each message, changes and heartbeats alike, with a probability of `chance`, as a bought sensor does."""
    return [event for event in sent if generator.random() >= chance]


def drop_spans(sent: Sequence[StoredEvent], silences: Iterable[tuple[int, int]]) -> list[StoredEvent]:
    """Drop the events in these spans (from, to; Unix ms)."""
    spans_ms = list(silences)
    return [event for event in sent if not any(from_ms <= event.at_ms < to_ms for from_ms, to_ms in spans_ms)]


def choose_silences(rows: Sequence[RecordedRow], chance: float, length_ms: int, seed: int) -> list[tuple[int, int]]:
    """Return spans (from, to; Unix ms) that do not touch and begin in any row with a probability of `chance`."""
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    silences: list[tuple[int, int]] = []
    for row in rows:
        if generator.random() < chance and (not silences or row.at_ms > silences[-1][1]):
            from_ms = row.at_ms + generator.randrange(HEARTBEAT_MS)
            silences.append((from_ms, from_ms + length_ms))
    return silences


def play_events(
    stored: Sequence[StoredEvent], rules: SpaceRules, until_ms: int, start: Evidence = EMPTY_EVIDENCE
) -> tuple[Evidence, ShownStates]:
    """Return the evidence after all events, and the states shown until `until_ms`."""
    evidence, transitions = fold_events(start, stored, rules)
    changes = merge_transitions(start.state, transitions + find_lapses(evidence, rules, until_ms))
    return evidence, [(change.at_ms, change.state.value) for change in changes]


def read_truth(rows: Sequence[RecordedRow], column: str) -> list[TruthSample]:
    """Return whether the space was taken, row by row."""
    return [TruthSample(row.at_ms, taken=row.values[column] > 0) for row in rows]


def score_rows(rows: Sequence[RecordedRow], column: str, shown: ShownStates) -> SpaceScore:
    """Score the shown states against a column with the number of people; a row is valid for at most a minute."""
    return score_space(read_truth(rows, column), shown)


def list_figures(found: SpaceScore) -> dict[Figure, float]:
    """Convert a score to figures of the table, without those that are None."""
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


def _span_events(span: Sequence[RecordedRow], track: SensorColumn) -> Iterator[StoredEvent]:
    """Yield one sensor's events in a span without a break: levels, and heartbeats in between."""
    sent_ms, level = span[0].at_ms - HEARTBEAT_MS, 0.0
    for at_ms, value in _list_pulses(span, track) if track.pulse_ms else _list_readings(span, track):
        for beat_ms in range(sent_ms + HEARTBEAT_MS, at_ms, HEARTBEAT_MS):
            yield _build_event(beat_ms, track, EventKind.HEARTBEAT, level)
            sent_ms = beat_ms
        if value is not None:
            level = value
            yield _build_event(at_ms, track, track.event_kind, level)
            sent_ms = at_ms
    if sent_ms < span[-1].at_ms:  # the last row is valid too: the device is not off at once
        yield _build_event(sent_ms + HEARTBEAT_MS, track, EventKind.HEARTBEAT, level)


def _list_readings(span: Sequence[RecordedRow], track: SensorColumn) -> Iterator[tuple[int, float | None]]:
    """Yield the time and the reading of each row."""
    return ((row.at_ms, track.convert(row.values[track.column])) for row in span)


def _list_pulses(span: Sequence[RecordedRow], track: SensorColumn) -> Iterator[tuple[int, float | None]]:
    """Yield the changes of an output that each row with motion holds for `pulse_ms`, and the end of the span."""
    ends_ms: int | None = None
    detects_from_ms = 0
    for row in span:
        if ends_ms is not None and ends_ms < row.at_ms:
            yield ends_ms, 0.0
            ends_ms = None
        if row.values[track.column] > 0 and row.at_ms >= detects_from_ms:
            if ends_ms is None:
                yield row.at_ms, 1.0
            ends_ms = row.at_ms + track.pulse_ms
            detects_from_ms = ends_ms + track.blind_ms if track.blind_ms else 0
    if ends_ms is not None:
        yield ends_ms, 0.0
    else:
        yield span[-1].at_ms, None


def _build_event(at_ms: int, track: SensorColumn, kind: EventKind, value: float) -> StoredEvent:
    return StoredEvent(at_ms, _DEVICE, _STREAM, 0, track.sensor, kind, value)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
