"""Counts what one sensor did in one hour.

In:    the sensor's events of that hour, how the hour before ended, how to interpret its values.
Out:   a tally: one bit per minute in which it was alive, active, or on throughout; activations; battery; the range
       of the readings of each checked quantity.
Never: clocks, the journal. Bit 0 is the first minute of the hour.

A tally with minutes shows when somebody was present, so `health_service.py` deletes it when the raw events of its hour
expire.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import SpaceKind
from collector.store.journal_tables import TimedValue
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.contract.sensor_traits import HealthRole, LearningMethod
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS

MINUTES_PER_HOUR: Final = 60


class ActivityRule(Struct, frozen=True, gc=False):
    """How to interpret one sensor's values."""

    device: str
    sensor: str
    kind: SensorKind
    silent_after_ms: int
    """Without an event for this long, it is not alive."""
    event_kind: str = ""
    """The kind of event that carries its level; empty: none that depends on people."""
    active_above: float = 0.5
    """It is on above this value."""
    is_threshold_learned: bool = False
    """Whether the threshold must be learned first."""

    @property
    def key(self) -> tuple[str, str]:
        """Device and sensor id."""
        return self.device, self.sensor

    @property
    def health_role(self) -> HealthRole:
        """Which health rules apply to the sensor."""
        return self.kind.traits.health.role


class ReadingRange(Struct, frozen=True, gc=False, array_like=True):
    """The readings of one quantity in one hour, or on one day."""

    quantity: str
    readings: int
    """Heartbeats that repeat the level count too."""
    implausible: int
    """Readings that a sound sensor never has."""
    low: float
    high: float


class HourTally(Struct, frozen=True, gc=False, array_like=True):
    """One sensor in one hour."""

    event_count: int = 0
    """Events of any kind."""
    rises: int = 0
    """How often it turned on; for a door counter, crossings."""
    alive: int = 0
    active: int = 0
    held: int = 0
    """Minutes in which it was on throughout. This and the two fields above are bits, the first minute lowest."""
    battery_pct: float | None = None
    """The last reported level in per cent."""
    is_on: bool = False
    """Whether it was on at the end of the hour."""
    last_event_ms: int = 0
    """Its newest event, in this hour or earlier; 0: none."""
    ranges: tuple[ReadingRange, ...] = ()
    """Of the checked quantities with readings."""
    net_entries: int = 0
    """For a door counter: entries minus exits."""


EMPTY_TALLY: Final = HourTally()
"""A sensor without any events so far."""


def build_activity_rule(plan: SitePlan, sensor: Sensor, above: float | None) -> ActivityRule:
    """Return how to interpret a sensor of the plan; it is on above `above`; None: the threshold is not learned yet."""
    supply = sensor.space is not None and plan.space_by_id[sensor.space].kind is SpaceKind.SUPPLY
    traits = sensor.kind.traits
    own = "" if supply or traits.health.role is HealthRole.UNCHECKED else traits.level.name
    return ActivityRule(
        device=sensor.device,
        sensor=sensor.id,
        kind=sensor.kind,
        silent_after_ms=plan.silent_after_ms(sensor),
        event_kind="" if above is None else own,
        active_above=0.5 if above is None else above,
        is_threshold_learned=own != "" and traits.learning is LearningMethod.THRESHOLD,
    )


def count_hour(events: Sequence[TimedValue], before: HourTally, from_ms: int, rule: ActivityRule) -> HourTally:
    """Count one hour.

    Args:
        events: the sensor's events of the hour, oldest first.
        before: the tally of the hour before, or EMPTY_TALLY.
        from_ms: start of the hour.
        rule: how to interpret the sensor.
    """
    minutes = _MinuteBits(from_ms, rule.silent_after_ms, before)
    rises, battery = 0, None
    for at_ms, kind, value in events:
        minutes.advance_to(at_ms)
        if kind == EventKind.BATTERY_PCT:
            battery = value
        elif rule.event_kind == EventKind.CROSSING:
            if kind == EventKind.CROSSING and value:
                rises += 1
                minutes.active |= _touched_bits(at_ms - from_ms, at_ms - from_ms)
        elif rule.event_kind and kind in (rule.event_kind, EventKind.HEARTBEAT):
            on = value > rule.active_above
            if on and not minutes.on:
                rises += 1
                minutes.active |= _touched_bits(at_ms - from_ms, at_ms - from_ms)
            minutes.on = on
        minutes.last_event_ms = at_ms
    minutes.advance_to(from_ms + HOUR_MS)
    return HourTally(
        len(events),
        rises,
        minutes.alive,
        minutes.active,
        minutes.held,
        battery,
        is_on=minutes.on,
        last_event_ms=minutes.last_event_ms,
        ranges=_find_ranges(events, rule.kind),
        net_entries=round(sum(value for _, kind, value in events if kind == EventKind.CROSSING)),
    )


def _find_ranges(events: Sequence[TimedValue], kind: SensorKind) -> tuple[ReadingRange, ...]:
    """Return the range of each checked quantity; readings that are not possible are left out."""
    found: list[ReadingRange] = []
    for quantity, check in kind.traits.checked_quantities:
        names = {quantity.name, EventKind.HEARTBEAT} if quantity is kind.traits.level else {quantity.name}
        values = [value for _, name, value in events if name in names and quantity.low <= value <= quantity.high]
        if values:
            implausible = sum(not check.is_plausible(value) for value in values)
            found.append(ReadingRange(quantity.name, len(values), implausible, min(values), max(values)))
    return tuple(found)


def join_ranges(ranges: Iterable[ReadingRange]) -> tuple[ReadingRange, ...]:
    """Return one range for each quantity."""
    joined: dict[str, ReadingRange] = {}
    for one in ranges:
        known = joined.get(one.quantity)
        joined[one.quantity] = (
            one
            if known is None
            else ReadingRange(
                one.quantity,
                known.readings + one.readings,
                known.implausible + one.implausible,
                min(known.low, one.low),
                max(known.high, one.high),
            )
        )
    return tuple(joined.values())


class _MinuteBits:
    """The minutes of one hour, set in order of time."""

    def __init__(self, from_ms: int, silent_after_ms: int, before: HourTally) -> None:
        self.alive = self.active = self.held = 0
        self.on, self.last_event_ms = before.is_on, before.last_event_ms
        self._from_ms, self._silent_after_ms = from_ms, silent_after_ms
        self._at_ms = from_ms
        self._held_from_ms = from_ms
        """Start of the time for which it has been on without a break."""

    def advance_to(self, at_ms: int) -> None:
        """Apply the last value up to `at_ms`, or until the sensor has been silent for too long."""
        alive_until_ms = min(at_ms, self.last_event_ms + self._silent_after_ms) if self.last_event_ms else self._at_ms
        if alive_until_ms > self._at_ms:
            span = _touched_bits(self._at_ms - self._from_ms, alive_until_ms - 1 - self._from_ms)
            self.alive |= span
            if self.on:
                self.active |= span
                self.held |= _covered_bits(self._held_from_ms - self._from_ms, alive_until_ms - self._from_ms)
        if not self.on or alive_until_ms < at_ms:
            self._held_from_ms = at_ms
        if alive_until_ms < at_ms:
            self.on = False  # after a silence it starts off, as in the evaluation of spaces
        self._at_ms = max(self._at_ms, at_ms)


def _touched_bits(first_ms: int, last_ms: int) -> int:
    """Return the bits of every minute that a span touches, both ends within the hour."""
    first, last = max(0, first_ms) // MINUTE_MS, min(last_ms, HOUR_MS - 1) // MINUTE_MS
    return ((1 << (last - first + 1)) - 1) << first if last >= first else 0


def _covered_bits(from_ms: int, to_ms: int) -> int:
    """Return the bits of every minute that lies completely within a span."""
    first, after = -(-max(0, from_ms) // MINUTE_MS), min(to_ms, HOUR_MS) // MINUTE_MS
    return ((1 << (after - first)) - 1) << first if after > first else 0


def join_hours(hours: Iterable[int]) -> int:
    """Return the bits of consecutive hours as one number."""
    bits = 0
    for index, hour in enumerate(hours):
        bits |= hour << (index * MINUTES_PER_HOUR)
    return bits
