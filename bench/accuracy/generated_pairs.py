"""Desks with a motion sensor and a mat each: two pairs of motion sensors are exchanged; and months without a fault.

In:    fixed seeds; no files.
Out:   a line with the pairs that the collector named within two days, and one with false findings.
Never: a rule or a threshold of its own; how the desks are used (office_days.py).
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from bench.accuracy.generated_office import WEEK_MS, WEEKS, OfficeDesk, build_office, generate_desk
from bench.accuracy.line import Figure, Goal, ResultLine
from bench.accuracy.office_days import BEGIN_MS, DeskHabits
from bench.accuracy.watching import SensorFindings, collect_findings
from collector.contract.findings import FindingKind
from collector.occupancy.evidence import StoredEvent
from collector.site.site_plan import SitePlan
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import DAY_MS

NAME: Final = "generated-pairs"
SEEDS: Final = range(1, 9)
DESK_COUNT: Final = 8
MAX_DAYS: Final = 2
"""A pair is to be named within so many days."""
EXCHANGED: Final = (("desk-1", "desk-2"), ("desk-5", "desk-7"))
EXCHANGED_MS: Final = BEGIN_MS + WEEK_MS + DAY_MS
"""Tuesday of the second week."""
_EXCHANGED_WEEKS: Final = 2
_KINDS: Final = (SensorKind.PIR, SensorKind.PRESSURE)


def measure(_folder: Path) -> list[ResultLine]:
    """Return the lines; nothing is read."""
    runs = [find_with_exchange(seed) for seed in SEEDS]
    named = sum(1 for run in runs for days in list_named_days(run).values() if days <= MAX_DAYS)
    others = sum(len(run) - len(list_named_days(run)) for run in runs)
    longest = max((days for run in runs for days in list_named_days(run).values()), default=0.0)
    pairs = len(EXCHANGED) * len(SEEDS)
    sound = find_all(generate_events(1, WEEKS, {}))
    return [
        ResultLine(
            recording=NAME,
            rule=f"{pairs} exchanged pairs",
            ours=True,
            figures={Figure.FINDINGS: float(named), Figure.FALSE_ALARMS: float(others)},
            goals={Figure.FINDINGS: Goal(least=pairs, most=pairs), Figure.FALSE_ALARMS: Goal(most=0)},
            note=f"Named as pairs within {MAX_DAYS} days; the slowest after {longest:g}. Every other finding is false.",
        ),
        ResultLine(
            recording=NAME,
            rule=f"no fault, {WEEKS} weeks",
            ours=True,
            figures={Figure.FALSE_ALARMS: float(len(sound))},
            goals={Figure.FALSE_ALARMS: Goal(most=0)},
        ),
    ]


def find_with_exchange(seed: int) -> SensorFindings:
    """Return the findings after the motion sensors of two pairs of desks were exchanged."""
    seen_by = {one: other for pair in EXCHANGED for one, other in (pair, pair[::-1])}
    return find_all(generate_events(seed, _EXCHANGED_WEEKS, seen_by))


def list_named_days(found: SensorFindings) -> dict[tuple[str, str], float]:
    """Return for each exchanged pair that a finding names, after how many days."""
    return {
        pair: (finding.since_ms - EXCHANGED_MS) / DAY_MS
        for (device, sensor), finding in found
        for pair in EXCHANGED
        if finding.kind is FindingKind.SWAPPED
        and sensor == finding.witness == SensorKind.PIR
        and (device, finding.witness_device) == (f"pi-{pair[0]}", f"pi-{pair[1]}")
    }


def find_all(events: Sequence[StoredEvent]) -> SensorFindings:
    """Return all findings that the collector ever made, looking once a day."""
    return collect_findings(_build_plan(), events, DAY_MS)


def generate_events(seed: int, weeks: int, seen_by: Mapping[str, str]) -> list[StoredEvent]:
    """Generate the events of all desks.

    Args:
        seed: of the days.
        weeks: their number.
        seen_by: for each desk whose motion sensor was moved, the desk of the sensor that sees it from then on.
    """
    streams = [
        _rename(generate_desk(desk, seed, weeks).events, kind, seen_by)
        for number in range(1, DESK_COUNT + 1)
        for kind in _KINDS
        for desk in (_make_desk(number, kind),)
    ]
    return list(merge(*streams, key=lambda event: event.key))


def _make_desk(number: int, kind: SensorKind) -> OfficeDesk:
    """Return a desk with one of its two sensors; the same number and seed give the same stays."""
    return OfficeDesk(f"desk-{number}", f"desk {number}", kind, habits=DeskHabits(number % 3, 2 + number % 3))


def _rename(events: Sequence[StoredEvent], kind: SensorKind, seen_by: Mapping[str, str]) -> Iterator[StoredEvent]:
    """Give the events of one sensor its device and name: those of the desk where it is mounted by the site file."""
    for event in events:
        desk = event.device.removeprefix("pi-")
        is_moved = kind is SensorKind.PIR and event.at_ms >= EXCHANGED_MS
        place = seen_by.get(desk, desk) if is_moved else desk
        yield replace(event, device=f"pi-{place}", stream=f"{kind}-{desk}", sensor=kind.value)


def _build_plan() -> SitePlan:
    plan = build_office([_make_desk(number, SensorKind.PIR) for number in range(1, DESK_COUNT + 1)])
    sensors = (dataclasses.replace(sensor, id=kind.value, kind=kind) for sensor in plan.sensors for kind in _KINDS)
    return dataclasses.replace(plan, sensors=tuple(sensors))
