"""Three offices with faulty sensors (Brains4Buildings 2022): the collector's findings, and whether they are right.

In:    `brains4buildings`: motion from the building management system (with a hold time), stereo counters, CO2 of two
       makes.
Out:   a line for each sensor with its findings and whether its data show it to be right; one line for all sensors.
Never: a rule of the product. Phones and manual spot checks are no sensors of a site, and valves do not detect people:
       both are left out.

Which sensors are right is decided from the data, independently of the findings:

- A motion sensor is right if it is quiet at night, when the building is closed, and the CO2 of its room is higher
  while it detects somebody. It is wrong if it detects motion at night. Without CO2 it is unknown.
- A counter is wrong if it has people left in the last hour of a day, or counts somebody for three hours until the air
  is as fresh as at night. Else it is right if the CO2 is higher while it counts somebody, and unknown if it hardly ever
  counts.
- A CO2 meter is wrong if it ever reads less than outdoor air, else right.

Source: Research Group Energy Transition, Windesheim University of Applied Sciences, 2022.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median
from typing import Final
from zoneinfo import ZoneInfo

from bench.accuracy.line import Figure, Goal, ResultLine
from bench.accuracy.recordings import read_all
from bench.accuracy.watching import SensorFindings, collect_findings
from collector.occupancy.evidence import StoredEvent
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import UNKNOWN_OUTPUT, OutputTimes, Sensor
from collector.site.spaces import Floor, Space, SpaceKind, Zone
from dashboard.manager_rows.finding_rows import describe_finding
from dashboard.text.page_texts import PageTexts
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import HOUR_MS
from ledig.replay.recorded_rows import ISO_FORMAT, RecordedColumn, RecordedRow, RowLayout, RowsRejected, TimeColumns

RECORDING: Final = "brains4buildings"
FILES: Final = "raw_properties_*.csv*"
ZONE: Final = ZoneInfo("Europe/Amsterdam")
_PIR_OUTPUT: Final = OutputTimes(held_ms=900_000)
"""The building management system holds presence for a quarter of an hour."""
_TIMES: Final = TimeColumns(("timestamp",), ISO_FORMAT, ZONE)
_PRESENT, _PEOPLE, _CO2 = "occupancy__bool", "occupancy__p", "co2__ppm"
NIGHT: Final = range(5)
"""Local hours in which the building is closed."""
LAST_HOUR: Final = 23
OUTDOORS_PPM: Final = 350
"""Outdoor air has had more than this since the 1980s (415 in 2022): a meter that reads less is wrong."""
PRESENCE_PPM: Final = 30
"""An average CO2 increase of this much shows that somebody was there."""
MIN_PLAUSIBLE_SHARE: Final = 0.99
"""A meter with at least this share of plausible readings may be used to check other sensors."""
LONG_COUNT_MS: Final = 3 * HOUR_MS
MIN_COUNTED_ROWS: Final = 20
"""A counter that counted somebody in fewer rows cannot be checked."""

TimeSeries = Sequence[tuple[int, float]]
"""Times (Unix ms) and values, in order."""


class SensorVerdict(StrEnum):
    """Whether a sensor is right, by evidence that is independent of the collector's findings."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


_FINDING_GOALS: Final = {SensorVerdict.RIGHT: Goal(most=0), SensorVerdict.WRONG: Goal(least=1)}


@dataclass(frozen=True, slots=True)
class RecordedSeries:
    """One sensor's readings, and whether it is right by other evidence."""

    sensor: Sensor
    event_kind: EventKind
    series: TimeSeries
    verdict: SensorVerdict
    reason: str


@dataclass(frozen=True, slots=True)
class RoomSensorType:
    """One kind of sensor of a room."""

    id: str
    kind: SensorKind
    event_kind: EventKind
    check: Callable[[TimeSeries, TimeSeries], tuple[SensorVerdict, str]]
    """Takes its readings and those of a CO2 meter of its room."""


def measure(folder: Path) -> list[ResultLine]:
    """Return one line for all sensors, and one for each."""
    recorded = read_sensors(folder)
    plan = build_plan([one.sensor for one in recorded])
    found = collect_findings(plan, derive_events(recorded))
    wrongly = [each for one in recorded if one.verdict is SensorVerdict.RIGHT for each in findings_about(one, found)]
    figures = {Figure.FINDINGS: float(len(found)), Figure.FALSE_ALARMS: float(len(wrongly))}
    right = sum(one.verdict is SensorVerdict.RIGHT for one in recorded)
    note = f"{len(recorded)} sensors, {right} of them right by other evidence."
    goals = {Figure.FALSE_ALARMS: Goal(most=0)}
    whole = ResultLine(recording=RECORDING, rule="all sensors", ours=True, figures=figures, goals=goals, note=note)
    return [whole, *(_build_line(one, findings_about(one, found)) for one in recorded)]


def findings_about(one: RecordedSeries, found: SensorFindings) -> SensorFindings:
    """Return the findings about one sensor."""
    return [each for each in found if each[0] == one.sensor.key]


def _build_line(one: RecordedSeries, found: SensorFindings) -> ResultLine:
    sentences = (
        " ".join(describe_finding(device, finding, PageTexts.load("en")) for (device, _), finding in found)
        or "nothing."
    )
    kinds = ", ".join(finding.kind.value.replace("_", " ") for _, finding in found)
    return ResultLine(
        recording=RECORDING,
        rule=f"{one.sensor.device} {one.sensor.id}",
        ours=True,
        figures={Figure.FINDINGS: float(len(found))},
        goals={Figure.FINDINGS: goal} if (goal := _FINDING_GOALS.get(one.verdict)) is not None else {},
        note=f"{one.verdict.capitalize()}: {one.reason}. Found: {f'{kinds}. ' if kinds else ''}{sentences}",
    )


def read_sensors(folder: Path) -> list[RecordedSeries]:
    """Read every sensor of the recording, by room.

    Raises:
        RowsRejected: there is no good row of the building management system.
    """
    managed = _read_source(folder, "bms", (_PRESENT, _CO2))
    counted, metered = _read_if_any(folder, "xovis", (_PEOPLE,)), _read_if_any(folder, "CO2-meter-SCD4x", (_CO2,))
    recorded: list[RecordedSeries] = []
    for room in sorted({key for rows in (managed, counted, metered) for key in rows}):
        ppm, desk_ppm = (_read_column(rows.get(room, ()), _CO2) for rows in (managed, metered))
        readings = {
            "pir": _read_column(managed.get(room, ()), _PRESENT),
            "stereo-counter": _read_column(counted.get(room, ()), _PEOPLE),
            "managed-air": ppm,
            "desk-air": desk_ppm,
        }
        co2 = _plausible(ppm) or _plausible(desk_ppm)
        recorded += [_build_series(room, part, readings[part.id], co2) for part in SENSOR_TYPES if readings[part.id]]
    return recorded


def _build_series(room: str, part: RoomSensorType, series: TimeSeries, co2: TimeSeries) -> RecordedSeries:
    step_ms = int(median(later - at for (at, _), (later, _) in pairwise(series))) if len(series) > 1 else 60_000
    air = part.kind is SensorKind.AIR
    sensor = Sensor(
        device=room,
        id=part.id,
        kind=part.kind,
        space=None if air else room,
        zone=_zone_id(room) if air else None,
        heartbeat_ms=max(30_000, step_ms),
        output=_PIR_OUTPUT if part.kind is SensorKind.PIR else UNKNOWN_OUTPUT,
    )
    return RecordedSeries(sensor, part.event_kind, series, *part.check(series, co2))


def build_plan(all_sensors: Sequence[Sensor]) -> SitePlan:
    """Build a plan with a room and a zone for each device."""
    rooms = sorted({sensor.device for sensor in all_sensors})
    return SitePlan(
        id="offices",
        name="Offices",
        time_zone=ZONE,
        floors=(Floor(id="floor", name="Floor", width_m=10, depth_m=10),),
        zones=tuple(
            Zone(id=_zone_id(room), name=room, floor="floor", x_m=0, y_m=0, width_m=10, depth_m=10) for room in rooms
        ),
        spaces=tuple(
            Space(id=room, name=room, kind=SpaceKind.ROOM, zone=_zone_id(room), x_m=5, y_m=5) for room in rooms
        ),
        sensors=tuple(all_sensors),
    )


def derive_events(recorded: Sequence[RecordedSeries]) -> list[StoredEvent]:
    """Convert to events: a change as the sensor's own kind, a repeated value as a heartbeat; CO2 always."""
    rows: list[tuple[int, str, str, EventKind, float]] = []
    for one in recorded:
        before: float | None = None
        for at_ms, value in one.series:
            again = value == before and one.sensor.kind is not SensorKind.AIR
            rows.append((at_ms, *one.sensor.key, EventKind.HEARTBEAT if again else one.event_kind, value))
            before = value
    rows.sort()
    return [
        StoredEvent(at_ms, device, "played", seq, name, kind, value)
        for seq, (at_ms, device, name, kind, value) in enumerate(rows, start=1)
    ]


def _check_motion(series: TimeSeries, ppm: TimeSeries) -> tuple[SensorVerdict, str]:
    if nights := sum(1 for at_ms, value in series if value and _local_hour(at_ms) in NIGHT):
        return SensorVerdict.WRONG, f"it detected motion in {nights} minutes while closed at night"
    if (more := _co2_increase_ppm(series, ppm)) is None:
        return SensorVerdict.UNKNOWN, "there is no CO2 to compare with"
    text = f"quiet all nights, and {more:+.0f} ppm CO2 while it detects somebody"
    return (SensorVerdict.RIGHT if more >= PRESENCE_PPM else SensorVerdict.UNKNOWN), text


def _check_counter(series: TimeSeries, ppm: TimeSeries) -> tuple[SensorVerdict, str]:
    left = {_local_day(at_ms): value for at_ms, value in series if value and _local_hour(at_ms) == LAST_HOUR}
    if left:
        counts = ", ".join(f"{count:g}" for count in left.values())
        return SensorVerdict.WRONG, f"people left in the last hour of {len(left)} days: {counts}"
    if stale := _counted_in_fresh_air(series, ppm):
        return (
            SensorVerdict.WRONG,
            f"{stale} times it counted somebody for hours, until the air was as fresh as at night",
        )
    counted_rows = sum(1 for _, value in series if value)
    more = _co2_increase_ppm(series, ppm)
    if counted_rows < MIN_COUNTED_ROWS or more is None:
        return SensorVerdict.UNKNOWN, f"it counted somebody in {counted_rows} of {len(series)} rows"
    text = f"nobody left over, and {more:+.0f} ppm CO2 while it counts somebody"
    return (SensorVerdict.RIGHT if more >= PRESENCE_PPM else SensorVerdict.UNKNOWN), text


def _counted_in_fresh_air(series: TimeSeries, ppm: TimeSeries) -> int:
    """Count the times somebody was counted for three hours or more, with the CO2 of a night in the last hour."""
    nights = [value for at_ms, value in ppm if _local_hour(at_ms) in NIGHT]
    if not nights:
        return 0
    fresh, times, begun_ms = median(nights) + PRESENCE_PPM, 0, 0
    for (at_ms, value), (after_ms, _) in pairwise(series):
        begun_ms = (begun_ms or at_ms) if value else 0
        if value and after_ms - begun_ms >= LONG_COUNT_MS:
            last = [level for when_ms, level in ppm if after_ms - HOUR_MS <= when_ms < after_ms]
            if last and fmean(last) < fresh:
                times, begun_ms = times + 1, 0
    return times


def _check_air(series: TimeSeries, _ppm: TimeSeries) -> tuple[SensorVerdict, str]:
    low = min(value for _, value in series)
    if below := sum(1 for _, value in series if value < OUTDOORS_PPM):
        return SensorVerdict.WRONG, f"{below} of {len(series)} readings below outdoor air, the lowest {low:g} ppm"
    return SensorVerdict.RIGHT, f"never below outdoor air, the lowest {low:g} ppm"


SENSOR_TYPES: Final = (
    RoomSensorType("pir", SensorKind.PIR, EventKind.MOTION, _check_motion),
    RoomSensorType("stereo-counter", SensorKind.PEOPLE, EventKind.PEOPLE, _check_counter),
    RoomSensorType("managed-air", SensorKind.AIR, EventKind.CO2_PPM, _check_air),
    RoomSensorType("desk-air", SensorKind.AIR, EventKind.CO2_PPM, _check_air),
)


def _plausible(ppm: TimeSeries) -> TimeSeries:
    """Return the plausible readings, if nearly all are plausible."""
    true = [(at_ms, value) for at_ms, value in ppm if value >= OUTDOORS_PPM]
    return true if len(true) >= MIN_PLAUSIBLE_SHARE * len(ppm) else []


def _co2_increase_ppm(series: TimeSeries, ppm: TimeSeries) -> float | None:
    """Return how much more CO2 there is on average while a sensor detects somebody; None: nothing to compare."""
    place, level = 0, 0.0
    beside: dict[bool, list[float]] = {True: [], False: []}
    for at_ms, value in ppm:
        while place < len(series) and series[place][0] <= at_ms:
            level = series[place][1]
            place += 1
        if 0 < place < len(series):
            beside[level > 0].append(value)
    if not beside[True] or not beside[False]:
        return None
    return fmean(beside[True]) - fmean(beside[False])


def _read_source(folder: Path, source: str, columns: Sequence[str]) -> dict[str, list[RecordedRow]]:
    layout = RowLayout(
        times=_TIMES,
        columns=tuple(RecordedColumn(name, 0, 100_000, optional=True) for name in columns),
        keys=("id",),
        only={"source": source},
    )
    found: dict[str, list[RecordedRow]] = {}
    for row in read_all(folder, FILES, layout):
        found.setdefault(row.key[0], []).append(row)
    return found


def _read_if_any(folder: Path, source: str, columns: Sequence[str]) -> Mapping[str, list[RecordedRow]]:
    try:
        return _read_source(folder, source, columns)
    except RowsRejected:
        return {}


def _read_column(rows: Sequence[RecordedRow], column: str) -> list[tuple[int, float]]:
    return [(row.at_ms, value) for row in rows if (value := row.values.get(column)) is not None]


def _zone_id(room: str) -> str:
    return f"around-{room}"


def _local_hour(at_ms: int) -> int:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZONE).hour


def _local_day(at_ms: int) -> int:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZONE).toordinal()
