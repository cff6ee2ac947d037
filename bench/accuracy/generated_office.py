"""A generated office: half a year with coffee breaks, lunch, meetings, neighbours, cleaners and faulty sensors.

In:    fixed seeds; no files.
Out:   a line for each desk, with the errors at the end beside those of the first weeks, and the findings of the site.
Never: a rule or a threshold of its own; how the desks are used (office_days.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from pathlib import Path
from random import Random
from statistics import mean
from typing import Final
from zoneinfo import ZoneInfo

from bench.accuracy.generated_spaces import hold_output
from bench.accuracy.line import Figure, Goal, ResultLine
from bench.accuracy.office_days import (
    BADLY_PLACED,
    BEGIN_MS,
    STILL_PERSON,
    WELL_PLACED,
    DeskHabits,
    Span,
    Stillness,
    lose_pieces,
    simulate_movements,
    simulate_passers,
    simulate_stays,
)
from bench.accuracy.player import ShownStates, list_figures
from bench.accuracy.watching import SensorFindings, collect_findings
from collector.occupancy.evaluate import find_lapses, fold_events, merge_transitions
from collector.occupancy.evidence import EMPTY_EVIDENCE, StoredEvent
from collector.occupancy.space_rules import build_space_rules
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Floor, Space, SpaceKind, Zone
from collector.timekeeping.instants import FOREVER_MS
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS
from ledig.replay.scoring import TruthSample, score_space

NAME: Final = "generated-office"
WEEKS: Final = 26
LEARNING_WEEKS: Final = 2
SEED: Final = 1
WEEK_MS: Final = 7 * DAY_MS
_HEARTBEAT_MS: Final = 10 * MINUTE_MS
"""Common for bought sensors with a battery."""
_OUTPUT_MS: Final = 2_500
_SHOWN_FIGURES: Final = (
    Figure.FALSE_VACANT_PCT,
    Figure.FALSE_OCCUPIED_PCT,
    Figure.UNKNOWN_PCT,
    Figure.CHANGES_PER_DAY,
    Figure.TRUE_CHANGES_PER_DAY,
)


@dataclass(frozen=True, slots=True)
class OfficeDesk:
    """One desk of the office and its sensor."""

    id: str
    rule: str
    """Its name in the table."""
    kind: SensorKind
    stillness: Stillness = WELL_PLACED
    lost_share: float = 0.0
    """Of a level sensor: share of a stay in which it does not detect the person."""
    habits: DeskHabits = DeskHabits()
    dies_after: float = 1.0
    """Share of the time after which its sensor sends nothing any more."""
    goals: Mapping[Figure, Goal] = field(default_factory=dict)


_NO_FINDING: Final = {Figure.FINDINGS: Goal(most=0)}
_ONE_FINDING: Final = {Figure.FINDINGS: Goal(least=1)}
_LATE_GOALS: Final = {Figure.FALSE_VACANT_PCT: Goal(most=0.1), Figure.FALSE_OCCUPIED_PCT: Goal(most=4.2)}
"""The second is what these desks had in their first two weeks when each flip still lengthened the hold."""
GOOD_DESKS: Final = tuple(
    OfficeDesk(
        f"good-{number}",
        f"well placed PIR {number}",
        SensorKind.PIR,
        habits=DeskHabits(passers, absences),
        goals=_NO_FINDING,
    )
    for number, (passers, absences) in enumerate(((0.0, 2), (0.5, 3), (1.0, 3), (1.0, 5), (2.0, 4), (0.5, 2)), start=1)
)
"""Desks differ by their passers-by and short absences."""
OTHER_DESKS: Final = (
    OfficeDesk("still", "well placed PIR, somebody very still", SensorKind.PIR, STILL_PERSON, goals=_NO_FINDING),
    OfficeDesk(
        "nap",
        "well placed PIR, somebody who naps",
        SensorKind.PIR,
        habits=DeskHabits(nap_chance=0.05),
        goals=_NO_FINDING,
    ),
    OfficeDesk("bad", "badly placed PIR", SensorKind.PIR, BADLY_PLACED, goals=_ONE_FINDING),
    OfficeDesk("dying", "well placed PIR that dies", SensorKind.PIR, dies_after=0.6, goals=_NO_FINDING),
    OfficeDesk("mat", "mat", SensorKind.PRESSURE, goals=_NO_FINDING),
    OfficeDesk(
        "mat-20",
        "mat that loses 20 %",
        SensorKind.PRESSURE,
        lost_share=0.2,
        goals=_NO_FINDING | {Figure.FALSE_VACANT_PCT: Goal(most=1)},
    ),
    OfficeDesk("mat-60", "mat that loses 60 %", SensorKind.PRESSURE, lost_share=0.6, goals=_ONE_FINDING),
)
DESKS: Final = GOOD_DESKS + OTHER_DESKS


@dataclass(frozen=True, slots=True)
class PlayedDesk:
    """What is known of one generated desk."""

    desk: OfficeDesk
    stays: Sequence[Span]
    events: Sequence[StoredEvent]


def measure(_folder: Path) -> list[ResultLine]:
    """Return the lines; nothing is read."""
    plan, until_ms = build_office(DESKS), BEGIN_MS + WEEKS * WEEK_MS
    played = [generate_desk(desk, SEED, WEEKS) for desk in DESKS]
    found = find_faults(played, plan)
    shown = [show_desk(one, plan, until_ms) for one in played]
    good = [(one, states) for one, states in zip(played, shown, strict=True) if one.desk in GOOD_DESKS]
    return [
        _measure_good_desks(good, "first two weeks", 0, 2, {}),
        _measure_good_desks(good, "last two weeks", WEEKS - 2, WEEKS, _LATE_GOALS),
        _measure_good_desks(good, "all weeks", 0, WEEKS, {Figure.FALSE_VACANT_PCT: Goal(most=0.1)}),
        *(_measure_desk(one, states, found) for one, states in zip(played, shown, strict=True)),
    ]


def _measure_good_desks(
    good: Sequence[tuple[PlayedDesk, ShownStates]], when: str, first: int, after: int, goals: dict[Figure, Goal]
) -> ResultLine:
    runs = [score_weeks(one, states, first, after) for one, states in good]
    return ResultLine(
        recording=NAME,
        rule=f"{len(good)} well placed PIRs, {when}",
        ours=True,
        figures={figure: mean(run.get(figure, 0.0) for run in runs) for figure in _SHOWN_FIGURES},
        goals=goals,
    )


def _measure_desk(played: PlayedDesk, states: ShownStates, found: SensorFindings) -> ResultLine:
    """Measure one desk; a mat after the two weeks in which it learns."""
    desk = played.desk
    first = LEARNING_WEEKS if desk.kind is SensorKind.PRESSURE else 0
    run = score_weeks(played, states, first, round(WEEKS * desk.dies_after))
    findings = [finding for (device, _), finding in found if device == f"pi-{desk.id}"]
    names = ", ".join(finding.kind.value.replace("_", " ") for finding in findings) or "nothing"
    return ResultLine(
        recording=NAME,
        rule=f"{desk.rule}, after two weeks" if first else desk.rule,
        ours=True,
        figures={figure: run[figure] for figure in _SHOWN_FIGURES if figure in run}
        | {Figure.FINDINGS: float(len(findings))},
        goals=desk.goals,
        note=f"Found by the collector: {names}.",
    )


def find_faults(played: Sequence[PlayedDesk], plan: SitePlan) -> SensorFindings:
    """Return all findings that the collector ever made, looking once a day."""
    return collect_findings(plan, list(merge(*(one.events for one in played), key=lambda event: event.key)), DAY_MS)


def build_office(desks: Sequence[OfficeDesk]) -> SitePlan:
    """Build the plan of an office with these desks and the default rules."""
    return SitePlan(
        id="office",
        name="Office",
        time_zone=ZoneInfo("UTC"),
        floors=(Floor(id="floor", name="Floor", width_m=40, depth_m=10),),
        zones=(Zone(id="zone", name="Zone", floor="floor", x_m=0, y_m=0, width_m=40, depth_m=10),),
        spaces=tuple(
            Space(id=desk.id, name=desk.id, kind=SpaceKind.DESK, zone="zone", x_m=1 + 2 * place, y_m=5)
            for place, desk in enumerate(desks)
        ),
        sensors=tuple(
            Sensor(device=f"pi-{desk.id}", id="sensor", kind=desk.kind, space=desk.id, heartbeat_ms=_HEARTBEAT_MS)
            for desk in desks
        ),
    )


def generate_desk(desk: OfficeDesk, seed: int, weeks: int) -> PlayedDesk:
    """Generate the stays at one desk and the events of its sensor."""
    generator = Random(f"{desk.id} {seed}")  # noqa: S311 - repeatable, no secret
    stays = simulate_stays(generator, 7 * weeks, desk.habits)
    if desk.kind is SensorKind.PIR:
        movements = simulate_movements(generator, stays, desk.stillness, desk.habits)
        passing = simulate_passers(generator, 7 * weeks, desk.habits)
        changes = hold_output(list(merge(movements, passing)), _OUTPUT_MS)
    else:
        seen = lose_pieces(generator, stays, desk.lost_share)
        changes = [change for span in seen for change in ((span[0], 1.0), (span[1], 0.0))]
    until_ms = BEGIN_MS + round(weeks * WEEK_MS * desk.dies_after)
    return PlayedDesk(desk, stays, list(_list_events(desk, changes, until_ms)))


def _list_events(desk: OfficeDesk, changes: Sequence[tuple[int, float]], until_ms: int) -> Iterator[StoredEvent]:
    """Yield the changes and, where nothing changed for a heartbeat interval, heartbeats."""
    own = EventKind(desk.kind.traits.level.name)
    device, level, sent_ms, seq = f"pi-{desk.id}", 0.0, BEGIN_MS, 0
    for at_ms, value in (*changes, (FOREVER_MS, 0.0)):
        for beat_ms in range(sent_ms + _HEARTBEAT_MS, min(at_ms, until_ms), _HEARTBEAT_MS):
            seq += 1
            yield StoredEvent(beat_ms, device, "played", seq, "sensor", EventKind.HEARTBEAT, level)
        if at_ms >= until_ms:
            return
        seq, sent_ms, level = seq + 1, at_ms, value
        yield StoredEvent(at_ms, device, "played", seq, "sensor", own, level)


def show_desk(played: PlayedDesk, plan: SitePlan, until_ms: int) -> ShownStates:
    """Return what is shown of one desk."""
    rules = build_space_rules(plan, played.desk.id)
    evidence, transitions = fold_events(EMPTY_EVIDENCE, played.events, rules)
    changes = merge_transitions(EMPTY_EVIDENCE.state, transitions + find_lapses(evidence, rules, until_ms))
    return [(change.at_ms, change.state.value) for change in changes]


def score_weeks(played: PlayedDesk, shown: ShownStates, first: int, after: int) -> dict[Figure, float]:
    """Score the weeks from `first` up to `after`, counted from 0."""
    from_ms, until_ms = BEGIN_MS + first * WEEK_MS, BEGIN_MS + after * WEEK_MS
    truth = list(_sample_truth(played.stays, from_ms, until_ms))
    before = [change for change in shown if change[0] <= from_ms][-1:]
    within = [change for change in shown if from_ms < change[0] < until_ms]
    return list_figures(score_space(truth, [*before, *within], reach_ms=HOUR_MS, break_ms=2 * HOUR_MS))


def _sample_truth(stays: Sequence[Span], from_ms: int, until_ms: int) -> Iterator[TruthSample]:
    """Yield the truth at every change and at every hour."""
    place = 0
    changes = {at_ms for stay in stays for at_ms in stay if from_ms < at_ms < until_ms}
    for at_ms in sorted(changes | set(range(from_ms, until_ms, HOUR_MS))):
        while place < len(stays) and stays[place][1] <= at_ms:
            place += 1
        yield TruthSample(at_ms, taken=place < len(stays) and stays[place][0] <= at_ms)
