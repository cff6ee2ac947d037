"""Counts what one sensor did in one hour.

In:    what the sensor said in that hour, how the hour before it ended, how to read it.
Out:   a tally: a bit for each minute in which it lived, was active, was on all through; changes; battery.
Never: clocks, the journal. Bit 0 is the first minute of the hour.

A tally with its minutes lives no longer than raw events do (`watch` sees to that): it tells when somebody was there.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from collector.plan import Sensor, SensorKind, SitePlan, SpaceKind
from edge.message import Kind

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
MINUTES: Final = 60

Said = tuple[int, str, float]
"""When (Unix ms), kind, value."""


class Reading(Struct, frozen=True, gc=False):
    """How to read one sensor."""

    device: str
    sensor: str
    kind: SensorKind
    silent_ms: int
    """Not heard for this long, it is not alive."""
    own: str = ""
    """The kind of event that says its level; empty: it has none that tells of people."""
    above: float = 0.5
    """It is on above this."""
    learns: bool = False
    """Where that is must be learnt first."""

    @property
    def key(self) -> tuple[str, str]:
        """Device and sensor."""
        return self.device, self.sensor


class HourTally(Struct, frozen=True, gc=False, array_like=True):
    """One sensor in one hour."""

    heard: int = 0
    """Events of any kind."""
    rises: int = 0
    """How often it came on; of a door, people who passed."""
    alive: int = 0
    active: int = 0
    held: int = 0
    """Minutes in which it was on from the first to the last moment."""
    battery_pct: float | None = None
    """The last it said."""
    on: bool = False
    """At the end of the hour."""
    heard_ms: int = 0
    """Its newest event, in this hour or before; 0: none."""


BEFORE: Final = HourTally()
"""A sensor of which nothing is known."""
_LEVELS: Final = {
    SensorKind.PIR: Kind.MOTION,
    SensorKind.PRESSURE: Kind.PRESSURE,
    SensorKind.DISTANCE: Kind.PRESENCE,
    SensorKind.PRESENCE: Kind.PRESENCE,
    SensorKind.PEOPLE: Kind.PEOPLE,
    SensorKind.SOUND: Kind.SOUND_DB,
    SensorKind.CONTACT: Kind.CONTACT_OPEN,
    SensorKind.POWER: Kind.POWER_W,
    SensorKind.BEAM_PAIR: Kind.CROSSING,
}
"""The kinds of sensor whose level tells of people, and the events that say it."""


def reading(plan: SitePlan, sensor: Sensor, above: float | None) -> Reading:
    """How to read a sensor of the plan; it is on above `above`, None: nobody knows yet where that is."""
    supply = sensor.space is not None and plan.space[sensor.space].kind is SpaceKind.SUPPLY
    own = "" if supply else _LEVELS.get(sensor.kind, "")
    return Reading(
        device=sensor.device,
        sensor=sensor.id,
        kind=sensor.kind,
        silent_ms=int(plan.rules.silent_after_heartbeats * sensor.heartbeat_ms),
        own="" if above is None else own,
        above=0.5 if above is None else above,
        learns=sensor.kind is SensorKind.SOUND,
    )


def tally(said: Sequence[Said], before: HourTally, from_ms: int, how: Reading) -> HourTally:
    """Count one hour.

    Args:
        said: the sensor's events of the hour, oldest first.
        before: the tally of the hour before, or BEFORE.
        from_ms: when the hour begins.
        how: how to read the sensor.
    """
    marks = _Marks(from_ms, how.silent_ms, before)
    rises, battery = 0, None
    for at_ms, kind, value in said:
        marks.until(at_ms)
        if kind == Kind.BATTERY_PCT:
            battery = value
        elif how.own == Kind.CROSSING:
            if kind == Kind.CROSSING and value:
                rises += 1
                marks.active |= _minutes(at_ms - from_ms, at_ms - from_ms)
        elif how.own and kind in (how.own, Kind.HEARTBEAT):
            on = value > how.above
            if on and not marks.on:
                rises += 1
                marks.active |= _minutes(at_ms - from_ms, at_ms - from_ms)
            marks.on = on
        marks.heard_ms = at_ms
    marks.until(from_ms + HOUR_MS)
    return HourTally(
        len(said), rises, marks.alive, marks.active, marks.held, battery, on=marks.on, heard_ms=marks.heard_ms
    )


class _Marks:
    """The minutes of one hour, marked from left to right."""

    def __init__(self, from_ms: int, silent_ms: int, before: HourTally) -> None:
        self.alive = self.active = self.held = 0
        self.on, self.heard_ms = before.on, before.heard_ms
        self._from_ms, self._silent_ms = from_ms, silent_ms
        self._at_ms = from_ms
        self._held_from_ms = from_ms
        """Of the span in which it has been on without a break."""

    def until(self, at_ms: int) -> None:
        """What it said last holds up to a moment, or until it has been silent for too long."""
        lives_ms = min(at_ms, self.heard_ms + self._silent_ms) if self.heard_ms else self._at_ms
        if lives_ms > self._at_ms:
            span = _minutes(self._at_ms - self._from_ms, lives_ms - 1 - self._from_ms)
            self.alive |= span
            if self.on:
                self.active |= span
                self.held |= _whole(self._held_from_ms - self._from_ms, lives_ms - self._from_ms)
        if not self.on or lives_ms < at_ms:
            self._held_from_ms = at_ms
        if lives_ms < at_ms:
            self.on = False  # of one that was silent nobody knows; it begins low, as in the judgement of spaces
        self._at_ms = max(self._at_ms, at_ms)


def _minutes(first_ms: int, last_ms: int) -> int:
    """The bits of every minute that a span touches, both ends within the hour."""
    first, last = max(0, first_ms) // MINUTE_MS, min(last_ms, HOUR_MS - 1) // MINUTE_MS
    return ((1 << (last - first + 1)) - 1) << first if last >= first else 0


def _whole(from_ms: int, to_ms: int) -> int:
    """The bits of every minute that lies within a span as a whole."""
    first, after = -(-max(0, from_ms) // MINUTE_MS), min(to_ms, HOUR_MS) // MINUTE_MS
    return ((1 << (after - first)) - 1) << first if after > first else 0


def joined(hours: Iterable[int]) -> int:
    """The bits of consecutive hours as one number."""
    bits = 0
    for place, hour in enumerate(hours):
        bits |= hour << (place * MINUTES)
    return bits
