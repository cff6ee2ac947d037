"""A small site for tests of occupancy, and events in it."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from collector.contract.states import Occupancy
from collector.occupancy.evaluate import find_lapses, fold_events, merge_transitions
from collector.occupancy.evidence import EMPTY_EVIDENCE, Evidence, StoredEvent, Transition
from collector.occupancy.space_rules import SpaceRules
from collector.site.occupancy_rules import OccupancyRules
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Door, Floor, Space, Zone
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind

NOON_MS = 1_790_000_000_000
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DEVICE = "pi"
STREAM = "k3f9"
DEFAULTS = OccupancyRules()


def plan(
    *spaces: Space,
    sensors: Iterable[Sensor],
    rules: OccupancyRules = DEFAULTS,
    zones: Iterable[str] = ("loft",),
    door: str = "",
) -> SitePlan:
    return SitePlan(
        id="spinneriet",
        name="Spinneriet",
        time_zone=ZoneInfo("Europe/Stockholm"),
        floors=(Floor(id="up", name="Up", width_m=10, depth_m=10),),
        zones=tuple(Zone(id=zone, name=zone, floor="up", x_m=0, y_m=0, width_m=5, depth_m=5) for zone in zones),
        spaces=spaces,
        doors=(Door(id=door, name=door, floor="up", x_m=0, y_m=0),) if door else (),
        sensors=tuple(sensors),
        rules=rules,
    )


def sensor(kind: SensorKind, name: str | None = None, space: str | None = "space", **more: object) -> Sensor:
    return Sensor(device=DEVICE, id=name or kind.value, kind=kind, space=space, **more)  # type: ignore[arg-type]


def event_of(at_ms: int, name: str, kind: EventKind, value: float, seq: int = 0) -> StoredEvent:
    """Create an event of a sensor; `seq` stays 0 where `numbered` sets it."""
    return StoredEvent(at_ms, DEVICE, STREAM, seq, name, kind, value)


def numbered(events: Iterable[StoredEvent]) -> list[StoredEvent]:
    """Sort events by time and number them."""
    ordered = sorted(events, key=lambda event: event.at_ms)
    return [
        StoredEvent(event.at_ms, event.device, event.stream, seq, event.sensor, event.kind, event.value)
        for seq, event in enumerate(ordered, 1)
    ]


def beats(name: str, from_ms: int, to_ms: int, value: float = 0, every_ms: int = 30 * SECOND) -> list[StoredEvent]:
    """Create heartbeats of a sensor with a constant level."""
    return [event_of(at_ms, name, EventKind.HEARTBEAT, value) for at_ms in range(from_ms, to_ms, every_ms)]


def pulse(name: str, at_ms: int, for_ms: int = 2 * SECOND, kind: EventKind = EventKind.MOTION) -> list[StoredEvent]:
    """Create a level that rises and falls."""
    return [event_of(at_ms, name, kind, 1), event_of(at_ms + for_ms, name, kind, 0)]


def fold_until(
    rules: SpaceRules, events: Iterable[StoredEvent], until_ms: int, start: Evidence = EMPTY_EVIDENCE
) -> tuple[Evidence, list[Transition]]:
    """Return the evidence after numbered events, and all transitions up to a moment."""
    evidence, transitions = fold_events(start, numbered(events), rules)
    return evidence, merge_transitions(start.state, transitions + find_lapses(evidence, rules, until_ms))


def states_by_minute(
    rules: SpaceRules, events: Iterable[StoredEvent], until_ms: int, from_ms: int = 0
) -> list[tuple[float, Occupancy]]:
    """Return the transitions as minutes after `from_ms` and states."""
    _, transitions = fold_until(rules, events, until_ms)
    return [((transition.at_ms - from_ms) / MINUTE, transition.state) for transition in transitions]
