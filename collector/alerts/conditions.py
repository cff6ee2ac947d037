"""Finds what is wrong at a site at one instant, as signs; `episodes` turns them into alerts.

In:    the plan, the settings, the facts that alerts are computed from.
Out:   a sign for each thing that is wrong or cannot be known; none for what is in order.
Never: clocks, files, earlier instants.

These rules avoid false and repeated alerts:
- after a start, or when the broker returns, a device is silent only after it has sent a message or had time to;
- an offline device is one alert, not one for each of its sensors;
- free desks are too few only if they are too few with all unknown desks counted as free, and enough only if they are
  enough with none of them;
- outside its hours no alert of a kind begins, and an open one ends only when its condition is gone.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from collector.alerts.alert_hours import is_evaluated
from collector.alerts.alert_kinds import ALERT_KINDS, get_hours
from collector.alerts.episodes import AlertSign, AlertTiming, SignState
from collector.alerts.subjects import list_monitored_sensors
from collector.configuration.alert_settings import AlertSettings, count_places
from collector.contract.alerts import AT_MOST, NO_BACKUP, Alert, AlertKind, Severity
from collector.contract.findings import Finding, FindingKind
from collector.contract.states import Occupancy, SpaceState, Summary, ZoneAir
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.site_sensor import Sensor, SensorKey
from collector.site.spaces import SpaceKind
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS

CO2_HYSTERESIS_PPM: Final = 200
"""Air is good again this far below the threshold; two breaths at the sensor change it by less."""
PEOPLE_CLEAR_SHARE: Final = 0.95
"""The alert ends when the number of people falls to this share of the limit."""
SUPPLY_HYSTERESIS_PCT: Final = 5.0
"""A supply counts as refilled this far above its limit; shaking a jar raises the reading by a few per cent."""
DISK_HYSTERESIS_PCT: Final = 2.0
LOSS_GAP_MS: Final = HOUR_MS
"""Losses less than an hour apart belong to one alert."""
_ALERT_BY_FINDING: Final = {
    FindingKind.STUCK_ON: AlertKind.STUCK,
    FindingKind.STUCK_OFF: AlertKind.STUCK,
    FindingKind.NEVER_TRIGGERED: AlertKind.STUCK,
    FindingKind.BATTERY_LOW: AlertKind.BATTERY_LOW,
    FindingKind.TWO_CLIENTS: AlertKind.TWO_CLIENTS,
}
"""Findings that also raise an alert; the others are only shown on the page."""


class Reachability(StrEnum):
    """Whether messages of devices can reach the collector."""

    NO_BROKER = "no_broker"
    """The broker is not reachable."""
    GRACE_PERIOD = "grace_period"
    """The grace period after connecting: a device without a message may still be reconnecting."""
    REACHABLE = "reachable"


class EventLoss(Struct, frozen=True, gc=False, array_like=True):
    """Events of a device that will never be stored; losses less than an hour apart are added up."""

    at_ms: int
    """When the newest loss happened."""
    events: int
    reason: str
    """The reason of the newest loss, a `LossReason` value."""


class AlertFacts(Struct, frozen=True):
    """The facts that alerts are computed from, at one instant."""

    now_ms: int
    reachability: Reachability
    last_event_ms: Mapping[SensorKey, int]
    """Time of each sensor's newest event by its device's clock; a missing sensor has no event."""
    last_message_ms: Mapping[str, int]
    """When the last message of each device arrived on this connection, whatever its content and clock."""
    findings: Iterable[tuple[SensorKey, Finding]]
    lost: Mapping[str, EventLoss]
    site: Summary
    air_by_zone: Mapping[str, ZoneAir | None]
    supply_states: Mapping[str, SpaceState]
    disk_free_pct: float | None
    """None: not known."""
    clock_off_ms: int
    """By how much the server's clock is ahead of site time; 0: the clock is trusted."""
    failing_since_ms: Mapping[str, int | None]
    """Destinations and since when deliveries to them fail; None: not tried yet."""
    history_fault: bool = False
    """Whether InfluxDB rejects part of the history."""
    restored: tuple[int, int] | None = None
    """When the journal was last restored, and from when on events are missing (0: all of them).

    None: never, or longer ago than the retention of raw events.
    """


class AlertSubjects:
    """The subjects in the site file that alerts of each kind can have; built once, queried for every sign."""

    def __init__(self, plan: SitePlan, settings: AlertSettings) -> None:
        self._by_kind = {kind: row.subjects(plan, settings) for kind, row in ALERT_KINDS.items()}
        self._off = frozenset(kind for kind in AlertKind if get_hours(settings, kind) == "off")

    def is_monitored(self, kind: AlertKind, subject: str) -> bool:
        """Return whether the site file has the subject and enables alerts of this kind."""
        return kind not in self._off and subject in self._by_kind[kind]


def build_timings(settings: AlertSettings) -> dict[AlertKind, AlertTiming]:
    """Return when alerts of each kind begin and end.

    Findings are evaluated once an hour, so their alerts end after two hours without one.
    """
    return {
        kind: AlertTiming(row.severity, row.raise_after_min(settings) * MINUTE_MS, row.clear_after_min * MINUTE_MS)
        for kind, row in ALERT_KINDS.items()
    }


def find_signs(plan: SitePlan, settings: AlertSettings, subjects: AlertSubjects, known: AlertFacts) -> list[AlertSign]:
    """Return a sign for everything that is wrong or unknown; outside a kind's hours the state is `UNKNOWN`.

    Args:
        plan: the site.
        settings: its thresholds and hours.
        subjects: the subjects of this plan and these settings.
        known: the current facts.
    """
    found = [
        *_find_silent(plan, known),
        *_find_reported(known.findings),
        *_find_losses(settings, known),
        *_find_over_capacity(plan, settings, known.site),
        *_find_poor_air(settings, known.air_by_zone),
        *_find_low_supplies(plan, known.supply_states),
        *_find_few_free(settings, known.site),
        *_find_low_disk(settings, known.disk_free_pct),
        *_find_restored_journal(known.restored),
        *_find_history_fault(has_fault=known.history_fault),
        *_find_failing_destinations(known.failing_since_ms),
        *_find_doubted_clock(known.clock_off_ms),
    ]
    is_kind_evaluated = {kind: is_evaluated(plan, get_hours(settings, kind), known.now_ms) for kind in AlertKind}
    return [
        sign if is_kind_evaluated[sign.kind] else replace(sign, state=SignState.UNKNOWN)
        for sign in found
        if subjects.is_monitored(sign.kind, sign.subject)
    ]


def build_outage_alert(since_ms: int, now_ms: int) -> Alert:
    """Return the alert that the journal cannot be written; it has no sign, because nothing is evaluated meanwhile."""
    return Alert(AlertKind.JOURNAL_AWAY, WHOLE_SITE, Severity.URGENT, min(since_ms, now_ms), now_ms)


def _find_silent(plan: SitePlan, known: AlertFacts) -> Iterator[AlertSign]:
    """Yield devices without events from any sensor, and single silent sensors of the other devices."""
    by_device: dict[str, list[Sensor]] = {}
    for sensor in list_monitored_sensors(plan):
        by_device.setdefault(sensor.device, []).append(sensor)
    for device, sensors in by_device.items():
        last_ms = max(
            (known.last_event_ms[sensor.key] for sensor in sensors if sensor.key in known.last_event_ms), default=None
        )
        quiet = [
            sensor
            for sensor in sensors
            if known.now_ms - known.last_event_ms.get(sensor.key, 0) >= plan.silent_after_ms(sensor)
        ]
        are_all_quiet = len(quiet) == len(sensors)
        # Messages arrive, but with other times: the clock is wrong, or a backlog drains. Which sensors are silent is
        # not known then.
        is_sending = known.now_ms - known.last_message_ms.get(device, 0) < max(
            plan.silent_after_ms(sensor) for sensor in sensors
        )
        is_reconnecting = known.reachability is Reachability.GRACE_PERIOD and device not in known.last_message_ms
        is_blind = known.reachability is Reachability.NO_BROKER or is_reconnecting or (are_all_quiet and is_sending)
        if are_all_quiet:
            state = SignState.UNKNOWN if is_blind else SignState.PRESENT
            yield AlertSign(AlertKind.DEVICE_SILENT, device, state, last_ms, sensors=len(sensors))
        for sensor in quiet if len(sensors) > 1 else ():
            state = SignState.UNKNOWN if is_blind or are_all_quiet else SignState.PRESENT
            yield AlertSign(
                AlertKind.SENSOR_SILENT, f"{device}/{sensor.id}", state, known.last_event_ms.get(sensor.key)
            )


def _find_reported(found: Iterable[tuple[SensorKey, Finding]]) -> Iterator[AlertSign]:
    """Yield signs for findings of sensor health; only the first of several with the same key."""
    seen_keys: set[tuple[AlertKind, str]] = set()
    for (device, sensor), finding in found:
        if (kind := _ALERT_BY_FINDING.get(finding.kind)) is None:
            continue
        sign = AlertSign(
            kind,
            f"{device}/{sensor}" if sensor else device,
            SignState.PRESENT,
            finding.since_ms,
            value=finding.battery_pct,
            reason=finding.kind.value if kind is AlertKind.STUCK else "",
            is_ignored=finding.ignored,
        )
        if sign.key not in seen_keys:
            seen_keys.add(sign.key)
            yield sign


def _find_losses(settings: AlertSettings, known: AlertFacts) -> Iterator[AlertSign]:
    for device, lost in known.lost.items():
        if lost.events >= settings.lost_events and known.now_ms - lost.at_ms < LOSS_GAP_MS:
            yield AlertSign(
                AlertKind.LOST_EVENTS, device, SignState.PRESENT, lost.at_ms, lost.events, reason=lost.reason
            )


def _find_over_capacity(plan: SitePlan, settings: AlertSettings, site: Summary) -> Iterator[AlertSign]:
    people, limit = site.people, count_places(plan, settings)
    if people is None or people.count is None or people.count <= limit * PEOPLE_CLEAR_SHARE:
        return
    state = SignState.PRESENT if people.count > limit else SignState.BETWEEN
    yield AlertSign(AlertKind.OVER_CAPACITY, WHOLE_SITE, state, value=people.count, limit=limit)


def _find_poor_air(settings: AlertSettings, airs: Mapping[str, ZoneAir | None]) -> Iterator[AlertSign]:
    limit = settings.co2_above_ppm
    for zone, air in airs.items():
        if air is None or air.co2_ppm is None:
            yield AlertSign(AlertKind.CO2_HIGH, zone, SignState.UNKNOWN)
        elif air.co2_ppm > limit:
            yield AlertSign(AlertKind.CO2_HIGH, zone, SignState.PRESENT, value=round(air.co2_ppm), limit=limit)
        elif air.co2_ppm > limit - CO2_HYSTERESIS_PPM:
            yield AlertSign(AlertKind.CO2_HIGH, zone, SignState.BETWEEN)


def _find_low_supplies(plan: SitePlan, supplies: Mapping[str, SpaceState]) -> Iterator[AlertSign]:
    for space, state in supplies.items():
        limit, level_pct = plan.space_by_id[space].low_below_pct, state.level_pct
        if state.state not in {Occupancy.LOW, Occupancy.STOCKED} or level_pct is None:
            yield AlertSign(AlertKind.SUPPLY_LOW, space, SignState.UNKNOWN)
        elif state.state is Occupancy.LOW:
            yield AlertSign(AlertKind.SUPPLY_LOW, space, SignState.PRESENT, value=round(level_pct), limit=limit)
        elif level_pct < limit + SUPPLY_HYSTERESIS_PCT:
            yield AlertSign(AlertKind.SUPPLY_LOW, space, SignState.BETWEEN)


def _find_few_free(settings: AlertSettings, site: Summary) -> Iterator[AlertSign]:
    desks, limit = site.kinds.get(SpaceKind.DESK), settings.free_desks_below
    if desks is None or not limit or desks.free_min >= limit:
        return
    state = SignState.PRESENT if desks.free_max < limit else SignState.UNKNOWN
    reason = AT_MOST if desks.unknown else ""
    yield AlertSign(AlertKind.FEW_FREE, WHOLE_SITE, state, value=desks.free_max, limit=limit, reason=reason)


def _find_low_disk(settings: AlertSettings, free_pct: float | None) -> Iterator[AlertSign]:
    limit = settings.disk_free_below_pct
    if free_pct is None:
        yield AlertSign(AlertKind.DISK_NEARLY_FULL, WHOLE_SITE, SignState.UNKNOWN)
    elif free_pct < limit + DISK_HYSTERESIS_PCT:
        state = SignState.PRESENT if free_pct < limit else SignState.BETWEEN
        yield AlertSign(AlertKind.DISK_NEARLY_FULL, WHOLE_SITE, state, value=round(free_pct, 1), limit=limit)


def _find_restored_journal(restored: tuple[int, int] | None) -> Iterator[AlertSign]:
    if restored is None:
        return
    from_ms = restored[1]
    reason = "" if from_ms else NO_BACKUP
    yield AlertSign(AlertKind.JOURNAL_RESTORED, WHOLE_SITE, SignState.PRESENT, from_ms or restored[0], reason=reason)


def _find_history_fault(*, has_fault: bool) -> Iterator[AlertSign]:
    if has_fault:
        yield AlertSign(AlertKind.HISTORY_AWAY, WHOLE_SITE, SignState.PRESENT)


def _find_failing_destinations(failing: Mapping[str, int | None]) -> Iterator[AlertSign]:
    for name, since_ms in failing.items():
        state = SignState.UNKNOWN if since_ms is None else SignState.PRESENT
        yield AlertSign(AlertKind.NOT_DELIVERED, name, state, since_ms)


def _find_doubted_clock(off_ms: int) -> Iterator[AlertSign]:
    if off_ms:
        minutes = max(1, round(abs(off_ms) / MINUTE_MS))
        yield AlertSign(AlertKind.CLOCK_DOUBTED, WHOLE_SITE, SignState.PRESENT, value=minutes)
