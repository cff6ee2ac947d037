"""Says what is wrong in a house at one moment, as signs; the book makes alerts of them.

In:    the plan, the settings, everything the collector knows that bears on alerts.
Out:   a sign for each thing that is wrong, or that nobody can know; none for what is well.
Never: clocks, files, memory of earlier moments.

Quiet, by these rules:
- a start, or a broker that comes back: silence counts from when a device has spoken, or has had the time to;
- a dead device is one alert, not one for each of its sensors;
- free desks are too few only if they were even with every unknown one free, and enough only without any of those;
- outside its hours a kind begins nothing; what is open ends only when it is over.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from collector.alerts.book import Level, Sign, Timing
from collector.alerts.hours import judged
from collector.alerts.settings import LEAST_PEOPLE, AlertSettings
from collector.alerts.wire import AT_MOST, NO_BACKUP, Alert, AlertKind, Severity
from collector.health.findings import Finding, FindingKind
from collector.outward import Air, Occupancy, SpaceState, Summary
from collector.plan import WHOLE_SITE, Sensor, SitePlan, SpaceKind

Name = tuple[str, str]
"""Device and sensor."""

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
CO2_BACK_PPM: Final = 200
"""Air is good again this far below the threshold: two breaths at the sensor are less."""
PEOPLE_BACK: Final = 0.95
"""People are few enough again at this share of what is too many."""
SUPPLY_BACK_PCT: Final = 5.0
"""A supply is filled up this far above its low mark: a jar that is shaken tells a few per cent more."""
DISK_BACK_PCT: Final = 2.0
RESTORED_SHOWN_MS: Final = 72 * HOUR_MS
LOST_QUIET_MS: Final = HOUR_MS
"""Events that are lost within an hour of each other belong to one alert."""
PLACES: Final = frozenset({SpaceKind.DESK, SpaceKind.BOOTH, SpaceKind.ROOM})
_FOUND: Final = {
    FindingKind.STUCK_ON: AlertKind.STUCK,
    FindingKind.STUCK_OFF: AlertKind.STUCK,
    FindingKind.NEVER_TRIGGERED: AlertKind.STUCK,
    FindingKind.BATTERY_LOW: AlertKind.BATTERY_LOW,
    FindingKind.TWO_CLIENTS: AlertKind.TWO_CLIENTS,
}
"""Findings that are alerts too; the others wait until somebody looks at the page."""


class Ear(StrEnum):
    """Whether devices can be heard at all."""

    AWAY = "away"
    """The broker is not there."""
    NEW = "new"
    """It has only just come: a device that has not spoken since then may be on its way."""
    OPEN = "open"


class Lost(Struct, frozen=True, gc=False, array_like=True):
    """Events of a device that will never be stored, without an hour's pause."""

    at_ms: int
    """When the newest were lost."""
    events: int
    reason: str
    """Of the newest, as `Loss` names it."""


class Known(Struct, frozen=True):
    """What bears on alerts at one moment."""

    now_ms: int
    ear: Ear
    heard: Mapping[Name, int]
    """The newest event of each sensor, by its device's clock; one that is missing was never heard."""
    spoke: Mapping[str, int]
    """When a message of each device last came over this connection, whatever it said, and whatever its clock."""
    findings: Iterable[tuple[Name, Finding]]
    lost: Mapping[str, Lost]
    site: Summary
    airs: Mapping[str, Air | None]
    supplies: Mapping[str, SpaceState]
    disk_free_pct: float | None
    """None: it could not be asked."""
    clock_off_ms: int
    """By how much the server's clock is ahead of site time; 0: it is not doubted."""
    failing: Mapping[str, int | None]
    """Destinations that took nothing since then; None: not tried yet."""
    history_fault: bool = False
    """Whether InfluxDB does not take all of the history."""
    restored: tuple[int, int] | None = None
    """When the journal was last restored, and from when on its events are missing: 0 if all are; None: never."""


class AlertSubjects:
    """What the site file has that an alert of each kind can be about; made once, asked for every sign."""

    def __init__(self, plan: SitePlan, settings: AlertSettings) -> None:
        used = missed(plan)
        sources = frozenset(name for sensor in used for name in (sensor.device, f"{sensor.device}/{sensor.id}"))
        self._others = frozenset({*plan.devices, WHOLE_SITE, *(f"{one.device}/{one.id}" for one in plan.sensors)})
        self._by_kind = {
            AlertKind.DEVICE_SILENT: sources,
            AlertKind.SENSOR_SILENT: sources,
            AlertKind.NOT_DELIVERED: frozenset(one.name for one in settings.destinations),
            AlertKind.CO2_HIGH: frozenset(sensor.zone for sensor in plan.sensors if sensor.zone is not None),
            AlertKind.SUPPLY_LOW: frozenset(supplies_of(plan)),
            AlertKind.OVER_CAPACITY: frozenset({WHOLE_SITE} if plan.doors else ()),
            AlertKind.FEW_FREE: frozenset({WHOLE_SITE} if settings.free_desks_below > 0 else ()),
        }
        self._off = frozenset(kind for kind in AlertKind if settings.hours(kind) == "off")

    def has(self, kind: AlertKind, subject: str) -> bool:
        """Whether the site file has the subject, and asks for alerts of this kind."""
        return kind not in self._off and subject in self._by_kind.get(kind, self._others)


def timings(settings: AlertSettings) -> dict[AlertKind, Timing]:
    """How each kind begins and ends. Findings are judged once an hour, so two hours without one are its end."""
    return {
        AlertKind.DEVICE_SILENT: _timing(Severity.WARNING, settings.device_silent_min, 5),
        AlertKind.SENSOR_SILENT: _timing(Severity.WARNING, settings.sensor_silent_min, 10),
        AlertKind.BATTERY_LOW: _timing(Severity.NOTICE, 0, 120),
        AlertKind.STUCK: _timing(Severity.WARNING, 0, 120),
        AlertKind.LOST_EVENTS: _timing(Severity.WARNING, 0, 0),
        AlertKind.TWO_CLIENTS: _timing(Severity.WARNING, 0, 10),
        AlertKind.OVER_CAPACITY: _timing(Severity.URGENT, 5, 10),
        AlertKind.CO2_HIGH: _timing(Severity.WARNING, settings.co2_min, 10),
        AlertKind.SUPPLY_LOW: _timing(Severity.NOTICE, 10, 10),
        AlertKind.FEW_FREE: _timing(Severity.NOTICE, settings.free_desks_min, 15),
        AlertKind.DISK_NEARLY_FULL: _timing(Severity.URGENT, 5, 5),
        AlertKind.JOURNAL_AWAY: _timing(Severity.URGENT, 0, 0),
        AlertKind.JOURNAL_RESTORED: _timing(Severity.WARNING, 0, 0),
        AlertKind.HISTORY_AWAY: _timing(Severity.WARNING, 15, 10),
        AlertKind.NOT_DELIVERED: _timing(Severity.WARNING, 0, 0),
        AlertKind.CLOCK_DOUBTED: _timing(Severity.WARNING, 2, 10),
    }


def signs(plan: SitePlan, settings: AlertSettings, subjects: AlertSubjects, known: Known) -> list[Sign]:
    """Everything that is not well, or not known, in the hours in which it is judged.

    Args:
        plan: the site.
        settings: its thresholds and hours.
        subjects: of both.
        known: what is known now.
    """
    found = [
        *_silent(plan, known),
        *_findings(known.findings),
        *_lost(settings, known),
        *_people(plan, settings, known.site),
        *_air(settings, known.airs),
        *_supplies(plan, known.supplies),
        *_desks(settings, known.site),
        *_disk(settings, known.disk_free_pct),
        *_restored(known.restored, known.now_ms),
        *_history(has_fault=known.history_fault),
        *_failing(known.failing),
        *_clock(known.clock_off_ms),
    ]
    inside = {kind: judged(plan, settings.hours(kind), known.now_ms) for kind in AlertKind}
    return [
        sign if inside[sign.kind] else replace(sign, level=Level.BLIND)
        for sign in found
        if subjects.has(sign.kind, sign.subject)
    ]


def outage(since_ms: int, now_ms: int) -> Alert:
    """That the journal cannot be written: there is no sign of it, since nothing is judged meanwhile."""
    return Alert(AlertKind.JOURNAL_AWAY, WHOLE_SITE, Severity.URGENT, min(since_ms, now_ms), now_ms)


def missed(plan: SitePlan) -> list[Sensor]:
    """The sensors whose silence somebody would miss: not those of spaces that are out of use."""
    return [sensor for sensor in plan.sensors if sensor.space is None or not plan.space[sensor.space].disabled]


def supplies_of(plan: SitePlan) -> list[str]:
    """The supplies whose level is watched."""
    return [space.id for space in plan.spaces if space.kind is SpaceKind.SUPPLY and not space.disabled]


def places(plan: SitePlan, settings: AlertSettings) -> int:
    """How many people the house has places for."""
    own = sum(space.kind in PLACES and not space.disabled for space in plan.spaces)
    return settings.most_people or max(own, LEAST_PEOPLE)


def _timing(severity: Severity, after_min: int, calm_min: int) -> Timing:
    return Timing(severity, after_min * MINUTE_MS, calm_min * MINUTE_MS)


def _silent(plan: SitePlan, known: Known) -> Iterator[Sign]:
    """Devices none of whose sensors is heard, and single sensors of those that are."""
    by_device: dict[str, list[Sensor]] = {}
    for sensor in missed(plan):
        by_device.setdefault(sensor.device, []).append(sensor)
    for device, sensors in by_device.items():
        last_ms = max((known.heard[sensor.key] for sensor in sensors if sensor.key in known.heard), default=None)
        quiet = [
            sensor for sensor in sensors if known.now_ms - known.heard.get(sensor.key, 0) >= _patience(plan, sensor)
        ]
        dead = len(quiet) == len(sensors)
        # It speaks, but of other times: its clock is off, or a backlog drains. Nobody can say which sensor is silent.
        speaks = known.now_ms - known.spoke.get(device, 0) < max(_patience(plan, sensor) for sensor in sensors)
        coming = known.ear is Ear.NEW and device not in known.spoke
        blind = known.ear is Ear.AWAY or coming or (dead and speaks)
        if dead:
            level = Level.BLIND if blind else Level.PRESENT
            yield Sign(AlertKind.DEVICE_SILENT, device, level, last_ms, sensors=len(sensors))
        for sensor in quiet if len(sensors) > 1 else ():
            level = Level.BLIND if blind or dead else Level.PRESENT
            yield Sign(AlertKind.SENSOR_SILENT, f"{device}/{sensor.id}", level, known.heard.get(sensor.key))


def _patience(plan: SitePlan, sensor: Sensor) -> float:
    """A sensor that is not heard for so long vouches for nothing, in milliseconds."""
    return plan.rules.silent_after_heartbeats * sensor.heartbeat_ms


def _findings(found: Iterable[tuple[Name, Finding]]) -> Iterator[Sign]:
    """What sensor health has found; of two findings about the same, the first."""
    told: set[tuple[AlertKind, str]] = set()
    for (device, sensor), finding in found:
        if (kind := _FOUND.get(finding.kind)) is None:
            continue
        sign = Sign(
            kind,
            f"{device}/{sensor}" if sensor else device,
            Level.PRESENT,
            finding.since_ms,
            value=finding.battery_pct,
            reason=finding.kind.value if kind is AlertKind.STUCK else "",
            seen=finding.ignored,
        )
        if sign.key not in told:
            told.add(sign.key)
            yield sign


def _lost(settings: AlertSettings, known: Known) -> Iterator[Sign]:
    for device, lost in known.lost.items():
        if lost.events >= settings.lost_events and known.now_ms - lost.at_ms < LOST_QUIET_MS:
            yield Sign(AlertKind.LOST_EVENTS, device, Level.PRESENT, lost.at_ms, lost.events, reason=lost.reason)


def _people(plan: SitePlan, settings: AlertSettings, site: Summary) -> Iterator[Sign]:
    people, limit = site.people, places(plan, settings)
    if people is None or people.count is None or people.count <= limit * PEOPLE_BACK:
        return
    level = Level.PRESENT if people.count > limit else Level.BETWEEN
    yield Sign(AlertKind.OVER_CAPACITY, WHOLE_SITE, level, value=people.count, limit=limit)


def _air(settings: AlertSettings, airs: Mapping[str, Air | None]) -> Iterator[Sign]:
    limit = settings.co2_above_ppm
    for zone, air in airs.items():
        if air is None or air.co2_ppm is None:
            yield Sign(AlertKind.CO2_HIGH, zone, Level.BLIND)
        elif air.co2_ppm > limit:
            yield Sign(AlertKind.CO2_HIGH, zone, Level.PRESENT, value=round(air.co2_ppm), limit=limit)
        elif air.co2_ppm > limit - CO2_BACK_PPM:
            yield Sign(AlertKind.CO2_HIGH, zone, Level.BETWEEN)


def _supplies(plan: SitePlan, supplies: Mapping[str, SpaceState]) -> Iterator[Sign]:
    for space, state in supplies.items():
        limit, level_pct = plan.space[space].low_below_pct, state.level_pct
        if state.state not in {Occupancy.LOW, Occupancy.STOCKED} or level_pct is None:
            yield Sign(AlertKind.SUPPLY_LOW, space, Level.BLIND)
        elif state.state is Occupancy.LOW:
            yield Sign(AlertKind.SUPPLY_LOW, space, Level.PRESENT, value=round(level_pct), limit=limit)
        elif level_pct < limit + SUPPLY_BACK_PCT:
            yield Sign(AlertKind.SUPPLY_LOW, space, Level.BETWEEN)


def _desks(settings: AlertSettings, site: Summary) -> Iterator[Sign]:
    desks, limit = site.kinds.get(SpaceKind.DESK), settings.free_desks_below
    if desks is None or not limit or desks.free_min >= limit:
        return
    level = Level.PRESENT if desks.free_max < limit else Level.BLIND
    reason = AT_MOST if desks.unknown else ""
    yield Sign(AlertKind.FEW_FREE, WHOLE_SITE, level, value=desks.free_max, limit=limit, reason=reason)


def _disk(settings: AlertSettings, free_pct: float | None) -> Iterator[Sign]:
    limit = settings.disk_free_below_pct
    if free_pct is None:
        yield Sign(AlertKind.DISK_NEARLY_FULL, WHOLE_SITE, Level.BLIND)
    elif free_pct < limit + DISK_BACK_PCT:
        level = Level.PRESENT if free_pct < limit else Level.BETWEEN
        yield Sign(AlertKind.DISK_NEARLY_FULL, WHOLE_SITE, level, value=round(free_pct, 1), limit=limit)


def _restored(restored: tuple[int, int] | None, now_ms: int) -> Iterator[Sign]:
    if restored is None or now_ms - restored[0] >= RESTORED_SHOWN_MS:
        return
    from_ms = restored[1]
    reason = "" if from_ms else NO_BACKUP
    yield Sign(AlertKind.JOURNAL_RESTORED, WHOLE_SITE, Level.PRESENT, from_ms or restored[0], reason=reason)


def _history(*, has_fault: bool) -> Iterator[Sign]:
    if has_fault:
        yield Sign(AlertKind.HISTORY_AWAY, WHOLE_SITE, Level.PRESENT)


def _failing(failing: Mapping[str, int | None]) -> Iterator[Sign]:
    for name, since_ms in failing.items():
        level = Level.BLIND if since_ms is None else Level.PRESENT
        yield Sign(AlertKind.NOT_DELIVERED, name, level, since_ms)


def _clock(off_ms: int) -> Iterator[Sign]:
    if off_ms:
        minutes = max(1, round(abs(off_ms) / MINUTE_MS))
        yield Sign(AlertKind.CLOCK_DOUBTED, WHOLE_SITE, Level.PRESENT, value=minutes)
