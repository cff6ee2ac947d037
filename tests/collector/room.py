"""A small site for tests of occupancy, and events in it."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from collector.evidence import START, Evidence, Heard, SpaceRules, Transition
from collector.inference import advance, fold, story
from collector.outward import Occupancy
from collector.plan import Door, Floor, Rules, Sensor, SensorKind, SitePlan, Space, Zone
from edge.message import Kind

NOON_MS = 1_790_000_000_000
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DEVICE = "pi"
STREAM = "k3f9"
DEFAULTS = Rules()


def plan(
    *spaces: Space, sensors: Iterable[Sensor], rules: Rules = DEFAULTS, zones: Iterable[str] = ("loft",), door: str = ""
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


def says(at_ms: int, name: str, kind: Kind, value: float, seq: int = 0) -> Heard:
    """Create an event of a sensor; `seq` stays 0 where `numbered` sets it."""
    return Heard(at_ms, DEVICE, STREAM, seq, name, kind, value)


def numbered(events: Iterable[Heard]) -> list[Heard]:
    """Sort events by time and number them."""
    ordered = sorted(events, key=lambda event: event.at_ms)
    return [
        Heard(event.at_ms, event.device, event.stream, seq, event.sensor, event.kind, event.value)
        for seq, event in enumerate(ordered, 1)
    ]


def beats(name: str, from_ms: int, to_ms: int, value: float = 0, every_ms: int = 30 * SECOND) -> list[Heard]:
    """Create heartbeats of a sensor with a constant level."""
    return [says(at_ms, name, Kind.HEARTBEAT, value) for at_ms in range(from_ms, to_ms, every_ms)]


def pulse(name: str, at_ms: int, for_ms: int = 2 * SECOND, kind: Kind = Kind.MOTION) -> list[Heard]:
    """Create a level that rises and falls."""
    return [says(at_ms, name, kind, 1), says(at_ms + for_ms, name, kind, 0)]


def told(
    rules: SpaceRules, events: Iterable[Heard], until_ms: int, start: Evidence = START
) -> tuple[Evidence, list[Transition]]:
    """Return the evidence after numbered events, and all transitions up to a moment."""
    evidence, transitions = fold(start, numbered(events), rules)
    return evidence, story(start.state, transitions + advance(evidence, rules, until_ms))


def states(
    rules: SpaceRules, events: Iterable[Heard], until_ms: int, from_ms: int = 0
) -> list[tuple[float, Occupancy]]:
    """Return the transitions as minutes after `from_ms` and states."""
    _, transitions = told(rules, events, until_ms)
    return [((transition.at_ms - from_ms) / MINUTE, transition.state) for transition in transitions]
