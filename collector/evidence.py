"""Data types of occupancy: stored events, sensor states, the evidence of a space, and its rules.

In:    the plan of the site.
Out:   the rules of one space; frozen values that msgpack can encode.
Never: the evaluation of a state (see judge.py), clocks.

Instants are Unix milliseconds, UTC; spans are milliseconds.
"""

from enum import StrEnum
from math import inf, nextafter
from typing import Final

from msgspec import Struct

from collector.learning.threshold import Threshold
from collector.learning.tuning import UNTUNED, HoldBounds, Tuned
from collector.learning.two_levels import TwoLevels
from collector.outward import Because, Occupancy, Reason
from collector.plan import USUAL_W, Learning, Rules, Sensor, SensorKind, SitePlan, Space, SpaceKind
from edge.message import Kind

Key = tuple[int, str, str, int]
"""`at_ms`, device, stream, seq: the canonical order of a space's events."""

NEVER: Final = -(2**53)
"""A time so long ago that no hold lasts until now."""

OWN_KINDS: Final[dict[SensorKind, frozenset[Kind]]] = {
    SensorKind.PIR: frozenset({Kind.MOTION}),
    SensorKind.CONTACT: frozenset({Kind.CONTACT_OPEN}),
    SensorKind.PRESSURE: frozenset({Kind.PRESSURE}),
    SensorKind.DISTANCE: frozenset({Kind.PRESENCE, Kind.LEVEL_PCT}),
    SensorKind.BEAM_PAIR: frozenset({Kind.CROSSING}),
    SensorKind.POWER: frozenset({Kind.POWER_W}),
    SensorKind.AIR: frozenset({Kind.CO2_PPM, Kind.TEMPERATURE_C, Kind.HUMIDITY_PCT}),
    SensorKind.PRESENCE: frozenset({Kind.PRESENCE}),
    SensorKind.PEOPLE: frozenset({Kind.PEOPLE}),
    SensorKind.SOUND: frozenset({Kind.SOUND_DB}),
    SensorKind.LIGHT: frozenset({Kind.LIGHT_LUX}),
}
"""Kinds of events of each sensor kind. Every sensor may also send heartbeats and its battery level."""


class Heard(Struct, frozen=True, gc=False, order=True):
    """One stored event with a synchronised time, of a sensor in the plan. Events sort in canonical order."""

    at_ms: int
    device: str
    stream: str
    seq: int
    sensor: str
    kind: Kind
    value: float

    @property
    def key(self) -> Key:
        """Position in the canonical order."""
        return self.at_ms, self.device, self.stream, self.seq


class Transition(Struct, frozen=True, gc=False, array_like=True):
    """The space changes to `state` at `at_ms`; its previous state differs."""

    at_ms: int
    state: Occupancy
    because: Because


class SensorView(Struct, frozen=True, gc=False, array_like=True):
    """Newest state of one sensor of a space.

    `high` is its positive level: motion, pressure, presence, power in use, an open door, enough supply.
    """

    device: str
    sensor: str
    heard_ms: int
    """Time of its newest event."""
    since_ms: int
    """Start of the current period without silence."""
    high: bool
    high_ms: int
    """When it last became high, or NEVER_MS."""
    end_ms: int
    """While low: the last moment at which it was known to be high (of a contact: when it closed), or NEVER_MS."""
    full: bool
    """Its newest motion earned the full hold."""
    value: float
    """Its newest reading, in the unit of its own kind."""
    begun_ms: int = NEVER
    """Start of the current run of motions, in which no gap is long; or NEVER_MS."""
    threshold: Threshold | None = None
    """What a sound or light sensor has learned from direct sensors. None: nothing yet."""
    levels: TwoLevels | None = None
    """Learned power levels of a machine. None: nothing yet."""
    recent: tuple[tuple[int, float], ...] = ()
    """Of an air sensor: time and CO2 of the readings that its trend uses."""
    own: Kind | None = None
    """The event kind of its level; with another kind it counts as another sensor. None: not recorded yet."""


class Evidence(Struct, frozen=True, gc=False, array_like=True):
    """Evidence of one space: the fold over its stored events up to the newest. Independent of the plan."""

    key: Key
    """Key of the newest event."""
    state: Occupancy
    """State at the newest event."""
    since_ms: int
    because: Because
    """Reason for which the state began."""
    before: Occupancy
    """Previous state. A second change in the same millisecond replaces the first."""
    before_since_ms: int
    before_because: Because
    check_ms: int
    """No silence changes the state before this moment. A bound that saves work; it is not evidence."""
    inside: bool
    """Motion was seen twice behind the closed door, which has not opened since."""
    opened_ms: int
    """When `inside` last ended by the door; a hold runs from there. Or NEVER_MS."""
    views: tuple[SensorView | None, ...]
    """In the order of the rules' sensors. None: no event yet. Empty: no sensor had an event."""
    tuned: Tuned = UNTUNED
    """Learned hold after motion, and its statistics."""

    @property
    def at_ms(self) -> int:
        """Time of the newest event; 0 before the first."""
        return self.key[0]


_NO_EVENT: Final = Because(Reason.NEVER_HEARD)
START: Final = Evidence(
    key=(0, "", "", 0),
    state=Occupancy.UNKNOWN,
    since_ms=0,
    because=_NO_EVENT,
    before=Occupancy.UNKNOWN,
    before_since_ms=0,
    before_because=_NO_EVENT,
    check_ms=0,
    inside=False,
    opened_ms=NEVER,
    views=(),
)
"""Evidence of a space without any event."""


class Role(StrEnum):
    """How a sensor affects the state of its space."""

    MOTION = "motion"
    """High for moments. Two motions are needed for the full hold."""
    LEVEL = "level"
    """High while somebody is there."""
    CONTACT = "contact"
    """A door, high while open."""
    SUPPLY = "supply"
    """Remaining amount, in per cent."""


class Learns(StrEnum):
    """What a sensor learns from its readings."""

    NOTHING = "nothing"
    THRESHOLD = "threshold"
    """The level above which it indicates somebody, learned from direct sensors of the space."""
    LEVELS = "levels"
    """The power that its machine draws idle and in use."""
    BREATH = "breath"
    """The trend of CO2: rising CO2 indicates somebody; any other trend is no evidence."""


CORROBORATING: Final = frozenset({Learns.THRESHOLD, Learns.BREATH})
"""Learning of sensors that cannot detect people directly: they only support direct sensors."""


class SensorRules(Struct, frozen=True):
    """Rules of one sensor."""

    device: str
    sensor: str
    role: Role
    own: Kind
    """Event kind of its level."""
    reason: Reason
    above: float
    """It is high when its value is above this."""
    silent_ms: int
    """After this long without an event it counts as silent, and its space cannot be vacant."""
    hold_ms: int
    """Full hold: the space stays taken this long after the evidence ends, and is vacant only after this much quiet."""
    lone_ms: int
    """Hold after a lone motion. 0 for a level: the space is `away` at once."""
    tunes: bool
    """Its hold is adjusted by what the space has learned."""
    learns: Learns
    sees: bool
    """It detects people directly, so it can prove that somebody is behind a closed door."""


class SpaceRules(Struct, frozen=True):
    """Rules of one space."""

    space: str
    disabled: bool
    supply: bool
    contacts: bool
    """A contact watches its door."""
    second_motion_ms: int
    better: bool
    """It has a sensor other than contacts, sound, light and air: those need not confirm vacancy alone."""
    bounds: HoldBounds
    """Bounds of the hold after motion."""
    sensors: tuple[SensorRules, ...]
    """Sensors that affect its state, in the order of the plan."""
    places: dict[tuple[str, str], int]
    """Index in `sensors`, by device and sensor."""


def hold_of(evidence: Evidence, sensor: SensorRules) -> int:
    """Return the full hold of one sensor, adjusted by what the space has learned."""
    return sensor.hold_ms + evidence.tuned.longer_ms if sensor.tunes else sensor.hold_ms


def longest_hold(evidence: Evidence, rules: SpaceRules) -> int:
    """Return the longest hold of a space's sensors, which also runs after a closed door opens."""
    return max((hold_of(evidence, sensor) for sensor in rules.sensors), default=0)


def space_rules(plan: SitePlan, space_id: str) -> SpaceRules:
    """Build the rules of one space of the plan."""
    space = plan.space[space_id]
    watching = plan.sensors_of(space_id)
    bounds = _hold_bounds(plan.rules, space, sum(sensor.kind in _SEEING for sensor in watching))
    sensors = [_sensor_rules(plan, space, sensor, bounds) for sensor in watching if _affects_state(space, sensor)]
    return SpaceRules(
        space=space_id,
        disabled=space.disabled,
        supply=space.kind is SpaceKind.SUPPLY,
        contacts=any(sensor.role is Role.CONTACT for sensor in sensors),
        second_motion_ms=plan.rules.second_motion_ms,
        better=any(one.role is not Role.CONTACT and one.learns not in CORROBORATING for one in sensors),
        bounds=bounds,
        sensors=tuple(sensors),
        places={(sensor.device, sensor.sensor): place for place, sensor in enumerate(sensors)},
    )


_SEEING: Final = frozenset(
    {SensorKind.PIR, SensorKind.PRESSURE, SensorKind.DISTANCE, SensorKind.PRESENCE, SensorKind.PEOPLE}
)
_WITHOUT_HOLD: Final = frozenset({SensorKind.LIGHT, SensorKind.AIR})
"""Sensors without a hold: a lamp stays on until it is switched off, and CO2 stays in a room."""
_ROLES: Final = {
    SensorKind.PIR: (Role.MOTION, Kind.MOTION, Reason.MOTION),
    SensorKind.PRESSURE: (Role.LEVEL, Kind.PRESSURE, Reason.PRESSURE),
    SensorKind.DISTANCE: (Role.LEVEL, Kind.PRESENCE, Reason.PRESENCE),
    SensorKind.PRESENCE: (Role.LEVEL, Kind.PRESENCE, Reason.PRESENCE),
    SensorKind.PEOPLE: (Role.LEVEL, Kind.PEOPLE, Reason.PEOPLE),
    SensorKind.POWER: (Role.LEVEL, Kind.POWER_W, Reason.POWER),
    SensorKind.SOUND: (Role.MOTION, Kind.SOUND_DB, Reason.SOUND),
    SensorKind.LIGHT: (Role.LEVEL, Kind.LIGHT_LUX, Reason.LIGHT),
    SensorKind.AIR: (Role.LEVEL, Kind.CO2_PPM, Reason.AIR),
    SensorKind.CONTACT: (Role.CONTACT, Kind.CONTACT_OPEN, Reason.DOOR_CLOSED),
}


def _affects_state(space: Space, sensor: Sensor) -> bool:
    if space.kind is SpaceKind.SUPPLY:
        return sensor.kind is SensorKind.DISTANCE
    return sensor.kind in _ROLES


def _hold_bounds(rules: Rules, space: Space, seeing: int) -> HoldBounds:
    if space.motion_hold_ms is not None:
        return HoldBounds(space.motion_hold_ms, space.motion_hold_ms, space.motion_hold_ms)
    start_ms = rules.motion_hold_shared_ms if seeing > 1 else rules.motion_hold_ms
    if rules.learning is Learning.OFF:
        return HoldBounds(start_ms, start_ms, start_ms)
    return HoldBounds(start_ms, min(rules.motion_hold_least_ms, start_ms), max(rules.motion_hold_most_ms, start_ms))


def _sensor_holds_ms(rules: Rules, role: Role, bounds: HoldBounds) -> tuple[int, int]:
    """Return the full hold and the hold after a lone motion."""
    if role is Role.MOTION:
        return bounds.start_ms, min(rules.lone_motion_hold_ms, bounds.least_ms)
    return (rules.level_hold_ms if role is Role.LEVEL else 0), 0


def _learning_of(space: Space, sensor: Sensor) -> Learns:
    if sensor.kind in {SensorKind.SOUND, SensorKind.LIGHT}:
        return Learns.THRESHOLD
    if sensor.kind is SensorKind.AIR:
        return Learns.BREATH
    if sensor.kind is SensorKind.POWER and space.in_use_above_w is None:
        return Learns.LEVELS
    return Learns.NOTHING


def _sensor_rules(plan: SitePlan, space: Space, sensor: Sensor, bounds: HoldBounds) -> SensorRules:
    role, own, reason = _ROLES[sensor.kind]
    if space.kind is SpaceKind.SUPPLY:
        role, own, reason = Role.SUPPLY, Kind.LEVEL_PCT, Reason.LEVEL
    held = sensor.held or sensor.kind in _WITHOUT_HOLD
    hold_ms, lone_ms = (0, 0) if held else _sensor_holds_ms(plan.rules, role, bounds)
    above = 0.5
    if role is Role.SUPPLY:
        above = nextafter(space.low_below_pct, -inf)  # low is below, so the level itself is enough
    elif sensor.kind is SensorKind.POWER:
        above = USUAL_W if space.in_use_above_w is None else space.in_use_above_w
    return SensorRules(
        device=sensor.device,
        sensor=sensor.id,
        role=role,
        own=own,
        reason=reason,
        above=above,
        silent_ms=int(plan.rules.silent_after_heartbeats * sensor.heartbeat_ms),
        hold_ms=hold_ms,
        lone_ms=lone_ms,
        tunes=role is Role.MOTION and not sensor.held,
        learns=_learning_of(space, sensor),
        sees=sensor.kind in _SEEING,
    )
