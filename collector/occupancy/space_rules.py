"""Rules of one space: the role, hold, silence limit and learning of each of its sensors.

In:    the plan of the site; what a space has learned.
Out:   the rules of the space; the holds and silence limits that apply now.
Never: the evaluation of a state (see judge.py), clocks.

Instants are Unix milliseconds, UTC; spans are milliseconds.
"""

from math import inf, nextafter
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from collector.contract.states import Reason
from collector.occupancy.evidence import (
    Evidence,
    SensorState,
)
from collector.occupancy.learning.output_length import PulseLengths
from collector.occupancy.learning.tuning import HoldBounds
from collector.site.occupancy_rules import LearningSwitch, OccupancyRules
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Space, SpaceKind
from edge.contract.message import EVENT_KIND_BY_NAME, EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.contract.sensor_traits import HoldRule, LearningMethod, SensorRole, SensorTraits

EVENT_KINDS: Final = {
    kind: frozenset(EVENT_KIND_BY_NAME[quantity.name] for quantity in kind.traits.all_quantities) for kind in SensorKind
}
"""Kinds of events of each sensor kind. Every sensor may also send heartbeats and its battery level."""


_REASONS: Final = {kind: Reason(kind.traits.reason) for kind in SensorKind if kind.traits.reason is not None}
"""The reason of a state that a sensor of the kind causes."""


MEASURED_OUTPUT_MS: Final = 2_500
"""Length of the outputs with which the default holds were measured (docs/decisions/0009): these count from its end."""


CORROBORATING: Final = frozenset({LearningMethod.THRESHOLD, LearningMethod.CO2_TREND})
"""Learning of sensors that cannot detect people directly: they only support direct sensors."""


class SensorRules(Struct, frozen=True):
    """Rules of one sensor."""

    device: str
    sensor: str
    role: SensorRole
    own_kind: EventKind
    """Event kind of its level."""
    reason: Reason
    high_above: float
    """It is high when its value is above this."""
    silent_after_ms: int
    """After this long without an event it counts as silent, and its space cannot be vacant; longer if it is known to
    lose messages."""
    max_silent_ms: int
    """Upper bound of that time, however many messages it loses."""
    heartbeat_ms: int
    """It sends an event at least this often."""
    is_loss_learned: bool
    """How many of its messages are lost is learned from its heartbeats."""
    hold_ms: int
    """Full hold: the space stays taken this long after the evidence ends, and is vacant only after this much quiet."""
    lone_hold_ms: int
    """Hold after a lone motion. 0 for a level: the space is `away` at once."""
    is_hold_learned: bool
    """Its hold is adjusted by what the space has learned."""
    learning_method: LearningMethod
    sees_people: bool
    """It detects people directly, so it can prove that somebody is behind a closed door."""
    held_ms: int | None
    """How long its output stays high after somebody moved, if the site file declares it."""
    is_output_learned: bool
    """That time is learned from its pulses."""
    undetected_ms: int
    """After a movement it detects no other for this long: `held_ms` and `blind_ms` of a sensor with a blind time."""


class SpaceRules(Struct, frozen=True):
    """Rules of one space."""

    space: str
    is_disabled: bool
    is_supply: bool
    has_contact: bool
    """A contact watches its door."""
    second_motion_ms: int
    has_direct_sensor: bool
    """It has a sensor other than contacts, sound, light and air: those need not confirm vacancy alone."""
    hold_bounds: HoldBounds
    """Bounds of the hold after motion."""
    level_hold_bounds: HoldBounds
    """Bounds of the hold after the level of a sensor that detects people."""
    sensors: tuple[SensorRules, ...]
    """Sensors that affect its state, in the order of the plan."""
    index_by_sensor: dict[tuple[str, str], int]
    """Index in `sensors`, by device and sensor."""
    time_zone: ZoneInfo
    """Of the site."""


def full_hold_ms(evidence: Evidence, sensor: SensorRules) -> int:
    """Return the full hold of one sensor, adjusted by what the space has learned."""
    if not sensor.is_hold_learned:
        return sensor.hold_ms
    is_motion = sensor.role is SensorRole.MOTION
    return sensor.hold_ms + (evidence.hold_statistics if is_motion else evidence.level_hold_statistics).offset_ms


def excess_output_ms(pulses: PulseLengths | None, sensor: SensorRules) -> int:
    """Return how much longer an output stays high after a detection than those with which the holds were measured.

    0 if its length is neither declared nor learned.
    """
    learned_ms = pulses.output_ms if pulses is not None and sensor.is_output_learned else 0
    return max(0, (sensor.held_ms or learned_ms) - MEASURED_OUTPUT_MS)


def silence_limit_ms(known: SensorState, sensor: SensorRules) -> int:
    """Return how long a sensor may send no event before it counts as silent, given how many of its messages are lost.

    Source: docs/decisions/0009.
    """
    if known.losses is None:
        return sensor.silent_after_ms
    return min(sensor.silent_after_ms + known.losses.tolerated * sensor.heartbeat_ms, sensor.max_silent_ms)


def hold_after_door_opens_ms(evidence: Evidence, rules: SpaceRules) -> int:
    """Return the longest hold of a space's sensors, which also runs after a closed door opens."""
    return max((full_hold_ms(evidence, sensor) for sensor in rules.sensors), default=0)


def build_space_rules(plan: SitePlan, space_id: str) -> SpaceRules:
    """Build the rules of one space of the plan."""
    space = plan.space_by_id[space_id]
    watching = plan.sensors_of(space_id)
    bounds = _hold_bounds(plan.rules, space, sum(sensor.kind.traits.sees_people for sensor in watching))
    sensors = [_sensor_rules(plan, space, sensor, bounds) for sensor in watching if _affects_state(space, sensor)]
    return SpaceRules(
        space=space_id,
        is_disabled=space.disabled,
        is_supply=space.kind is SpaceKind.SUPPLY,
        has_contact=any(sensor.role is SensorRole.CONTACT for sensor in sensors),
        second_motion_ms=plan.rules.second_motion_ms,
        has_direct_sensor=any(
            one.role is not SensorRole.CONTACT and one.learning_method not in CORROBORATING for one in sensors
        ),
        hold_bounds=bounds,
        level_hold_bounds=_level_hold_bounds(plan.rules),
        sensors=tuple(sensors),
        index_by_sensor={(sensor.device, sensor.sensor): place for place, sensor in enumerate(sensors)},
        time_zone=plan.time_zone,
    )


def _affects_state(space: Space, sensor: Sensor) -> bool:
    if space.kind is SpaceKind.SUPPLY:
        return sensor.kind.traits.supply_quantity is not None
    return sensor.kind in _REASONS


def _hold_bounds(rules: OccupancyRules, space: Space, seeing: int) -> HoldBounds:
    if space.motion_hold_ms is not None:
        return HoldBounds(space.motion_hold_ms, space.motion_hold_ms, space.motion_hold_ms)
    start_ms = rules.motion_hold_shared_ms if seeing > 1 else rules.motion_hold_ms
    if rules.learning is LearningSwitch.OFF:
        return HoldBounds(start_ms, start_ms, start_ms)
    return HoldBounds(start_ms, min(rules.motion_hold_least_ms, start_ms), max(rules.motion_hold_most_ms, start_ms))


def _level_hold_bounds(rules: OccupancyRules) -> HoldBounds:
    """Return the bounds of the hold after a level: no shorter than the initial one, which is for a short errand."""
    start_ms = rules.level_hold_ms
    is_fixed = rules.learning is LearningSwitch.OFF
    return HoldBounds(start_ms, start_ms, start_ms if is_fixed else max(rules.motion_hold_most_ms, start_ms))


def _sensor_holds_ms(rules: OccupancyRules, hold: HoldRule, bounds: HoldBounds) -> tuple[int, int]:
    """Return the full hold and the hold after a lone motion."""
    if hold is HoldRule.MOTION:
        return bounds.start_ms, min(rules.lone_motion_hold_ms, bounds.min_ms)
    return (rules.level_hold_ms if hold is HoldRule.LEVEL else 0), 0


def _learning_of(space: Space, traits: SensorTraits) -> LearningMethod:
    if traits.learning is LearningMethod.LEVELS and space.in_use_above_w is not None:
        return LearningMethod.NOTHING
    return traits.learning


def _high_above(space: Space, traits: SensorTraits) -> float:
    if space.kind is SpaceKind.SUPPLY:
        return nextafter(space.low_below_pct, -inf)  # low is below, so the level itself is enough
    if traits.learning is LearningMethod.LEVELS and space.in_use_above_w is not None:
        return space.in_use_above_w
    return traits.high_above


def _sensor_rules(plan: SitePlan, space: Space, sensor: Sensor, bounds: HoldBounds) -> SensorRules:
    traits = sensor.kind.traits
    role, own, reason, hold = traits.role, traits.level, _REASONS[sensor.kind], traits.hold
    if space.kind is SpaceKind.SUPPLY and traits.supply_quantity is not None:
        role, own, reason, hold = SensorRole.SUPPLY, traits.supply_quantity, Reason.LEVEL, HoldRule.NONE
    hold_ms, lone_ms = _sensor_holds_ms(plan.rules, hold, bounds)
    undetected_ms = sensor.output.blind_ms and sensor.output.blind_ms + (sensor.output.held_ms or 0)
    return SensorRules(
        device=sensor.device,
        sensor=sensor.id,
        role=role,
        own_kind=EVENT_KIND_BY_NAME[own.name],
        reason=reason,
        high_above=_high_above(space, traits),
        silent_after_ms=plan.silent_after_ms(sensor),
        max_silent_ms=plan.max_silent_ms(sensor),
        heartbeat_ms=sensor.heartbeat_ms,
        is_loss_learned=plan.rules.learning is LearningSwitch.ON,
        hold_ms=hold_ms,
        lone_hold_ms=max(lone_ms, undetected_ms) if lone_ms else 0,
        is_hold_learned=hold is HoldRule.MOTION or (hold is HoldRule.LEVEL and traits.sees_people),
        held_ms=sensor.output.held_ms,
        is_output_learned=role is SensorRole.MOTION
        and traits.learning is LearningMethod.NOTHING
        and sensor.output.held_ms is None
        and plan.rules.learning is LearningSwitch.ON,
        undetected_ms=undetected_ms,
        learning_method=_learning_of(space, traits),
        sees_people=traits.sees_people,
    )
