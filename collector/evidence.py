"""The words of inference: what was heard, what a space's sensors last said, and the rules to judge it by.

In:    the plan of the house.
Out:   rules of one space; frozen values that msgpack can carry.
Never: judgement (that is `inference.py`'s), clocks.

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
"""A moment so long ago that no hold reaches from it."""

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
"""What each kind of sensor says of what it watches; any may send a heartbeat and its battery besides."""


class Heard(Struct, frozen=True, gc=False, order=True):
    """One stored, synchronised event of a sensor that the plan knows; they sort in canonical order."""

    at_ms: int
    device: str
    stream: str
    seq: int
    sensor: str
    kind: Kind
    value: float

    @property
    def key(self) -> Key:
        """Its place in the canonical order."""
        return self.at_ms, self.device, self.stream, self.seq


class Transition(Struct, frozen=True, gc=False, array_like=True):
    """From `at_ms` on the space is `state`; the state before was another."""

    at_ms: int
    state: Occupancy
    because: Because


class SensorView(Struct, frozen=True, gc=False, array_like=True):
    """What one sensor of a space last said.

    `high` is its positive level: motion, pressure, presence, power in use, an open door, enough of a supply.
    """

    device: str
    sensor: str
    heard_ms: int
    """Its newest event."""
    since_ms: int
    """It has not been silent since then."""
    high: bool
    high_ms: int
    """When it last became high, or NEVER."""
    end_ms: int
    """While low: the last moment it is known to have been high (of a contact: when it closed), or NEVER."""
    full: bool
    """Its newest motion earned the full hold."""
    value: float
    """Its newest reading, in the unit of its own kind."""
    begun_ms: int = NEVER
    """When the run of motions began of which its newest is one, none of them long after the one before; or NEVER."""
    threshold: Threshold | None = None
    """What sound or light has learnt beside better sensors; None: nothing yet."""
    levels: TwoLevels | None = None
    """What a machine's watts have taught; None: nothing yet."""
    recent: tuple[tuple[int, float], ...] = ()
    """Of air: moment and CO2 of the readings that its trend is told by."""
    own: Kind | None = None
    """The kind in which it said its level: in another it would be another sensor; None: not noted yet."""


class Evidence(Struct, frozen=True, gc=False, array_like=True):
    """The settled state of one space: the fold over its stored events up to the newest. It refers to no plan."""

    key: Key
    """The newest event."""
    state: Occupancy
    """The state at the newest event."""
    since_ms: int
    because: Because
    """Why the state began."""
    before: Occupancy
    """The state before that; a second change in the same millisecond replaces the first."""
    before_since_ms: int
    before_because: Because
    check_ms: int
    """Silence alone changes nothing before this moment. A bound that saves work; it carries no evidence."""
    inside: bool
    """Somebody moved twice behind the closed door, which has not opened since."""
    opened_ms: int
    """When the door last let go of somebody inside: a hold runs from there; or NEVER."""
    views: tuple[SensorView | None, ...]
    """In the order of the rules' sensors; None was never heard. Empty: nothing was."""
    tuned: Tuned = UNTUNED
    """What the space has learnt of its hold after motion."""

    @property
    def at_ms(self) -> int:
        """The moment of the newest event; 0: none was heard."""
        return self.key[0]


_NOTHING: Final = Because(Reason.NEVER_HEARD)
START: Final = Evidence(
    key=(0, "", "", 0),
    state=Occupancy.UNKNOWN,
    since_ms=0,
    because=_NOTHING,
    before=Occupancy.UNKNOWN,
    before_since_ms=0,
    before_because=_NOTHING,
    check_ms=0,
    inside=False,
    opened_ms=NEVER,
    views=(),
)
"""A space of which nothing was heard."""


class Role(StrEnum):
    """How a sensor bears on its space."""

    MOTION = "motion"
    """High for moments; two moments make a person."""
    LEVEL = "level"
    """High as long as somebody is there."""
    CONTACT = "contact"
    """A door, high while open."""
    SUPPLY = "supply"
    """How much is left, in per cent."""


class Learns(StrEnum):
    """What a sensor learns from its readings."""

    NOTHING = "nothing"
    THRESHOLD = "threshold"
    """Above which level it speaks for somebody, from better sensors of its space."""
    LEVELS = "levels"
    """How much its machine draws at rest and in use."""
    BREATH = "breath"
    """Where CO2 is going; it speaks for somebody while that rises, and for nothing otherwise."""


CORROBORATING: Final = frozenset({Learns.THRESHOLD, Learns.BREATH})
"""Sensors that see nobody: they bear witness beside better ones."""


class SensorRules(Struct, frozen=True):
    """How to judge one sensor."""

    device: str
    sensor: str
    role: Role
    own: Kind
    """The kind in which it says its level."""
    reason: Reason
    above: float
    """It is high when its value is above this."""
    silent_ms: int
    """Not heard for this long, it vouches for nothing."""
    hold_ms: int
    """Its space stays taken this long after its evidence ended; it vouches for vacancy only after this much quiet."""
    lone_ms: int
    """The same after a lone motion; of a level, the space is `away` at once."""
    tunes: bool
    """Its hold is longer or shorter by what its space has learnt."""
    learns: Learns
    sees: bool
    """It sees people themselves: behind a closed door it knows that somebody is there."""


class SpaceRules(Struct, frozen=True):
    """How to judge one space."""

    space: str
    disabled: bool
    supply: bool
    contacts: bool
    """A door of its own is watched."""
    second_motion_ms: int
    better: bool
    """Some sensor sees people itself: sound and light need not vouch alone."""
    bounds: HoldBounds
    """Of the hold after motion."""
    sensors: tuple[SensorRules, ...]
    """Those that bear on its state, in the order of the plan."""
    places: dict[tuple[str, str], int]
    """Where each of them stands, by device and sensor."""


def hold_of(evidence: Evidence, sensor: SensorRules) -> int:
    """The full hold of one sensor, as long as its space has learnt that it must be."""
    return sensor.hold_ms + evidence.tuned.longer_ms if sensor.tunes else sensor.hold_ms


def longest_hold(evidence: Evidence, rules: SpaceRules) -> int:
    """The longest hold of a space's sensors: it runs too when a closed door opens."""
    return max((hold_of(evidence, sensor) for sensor in rules.sensors), default=0)


def space_rules(plan: SitePlan, space_id: str) -> SpaceRules:
    """The rules of one space of the plan."""
    space = plan.space[space_id]
    watching = plan.sensors_of(space_id)
    bounds = _bounds(plan.rules, space, sum(sensor.kind in _SEEING for sensor in watching))
    sensors = [_sensor_rules(plan, space, sensor, bounds) for sensor in watching if _bears(space, sensor)]
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
_OUTLASTING: Final = frozenset({SensorKind.LIGHT, SensorKind.AIR})
"""A lamp stays on until somebody switches it off, and breath stays in a room: no hold is added."""
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


def _bears(space: Space, sensor: Sensor) -> bool:
    if space.kind is SpaceKind.SUPPLY:
        return sensor.kind is SensorKind.DISTANCE
    return sensor.kind in _ROLES


def _bounds(rules: Rules, space: Space, seeing: int) -> HoldBounds:
    if space.motion_hold_ms is not None:
        return HoldBounds(space.motion_hold_ms, space.motion_hold_ms, space.motion_hold_ms)
    start_ms = rules.motion_hold_shared_ms if seeing > 1 else rules.motion_hold_ms
    if rules.learning is Learning.OFF:
        return HoldBounds(start_ms, start_ms, start_ms)
    return HoldBounds(start_ms, min(rules.motion_hold_least_ms, start_ms), max(rules.motion_hold_most_ms, start_ms))


def _holds(rules: Rules, role: Role, bounds: HoldBounds) -> tuple[int, int]:
    """The full hold and the hold after lone evidence."""
    if role is Role.MOTION:
        return bounds.start_ms, min(rules.lone_motion_hold_ms, bounds.least_ms)
    return (rules.level_hold_ms if role is Role.LEVEL else 0), 0


def _learns(space: Space, sensor: Sensor) -> Learns:
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
    held = sensor.held or sensor.kind in _OUTLASTING
    hold_ms, lone_ms = (0, 0) if held else _holds(plan.rules, role, bounds)
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
        learns=_learns(space, sensor),
        sees=sensor.kind in _SEEING,
    )
