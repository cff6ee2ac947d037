"""One space and its transitions in minutes after noon, quiet before; sensors send a heartbeat every 30 s."""

from collector.contract.states import Occupancy
from collector.occupancy.evidence import StoredEvent
from collector.occupancy.space_rules import SpaceRules, build_space_rules
from collector.site.occupancy_rules import OccupancyRules
from collector.site.spaces import Space, SpaceKind
from edge.contract.sensor_kinds import SensorKind
from tests.support.collector.room import HOUR, MINUTE, NOON_MS, beats, plan, sensor, states_by_minute

QUIET_MS = NOON_MS - HOUR
"""The sensors report from then on, so that at noon every space is vacant."""


def a(kind: SpaceKind = SpaceKind.DESK, **more: object) -> Space:
    return Space(id="space", name="Space", kind=kind, zone="loft", x_m=1, y_m=1, **more)  # type: ignore[arg-type]


def watched(*kinds: SensorKind, space: Space | None = None, rules: OccupancyRules = OccupancyRules()) -> SpaceRules:  # noqa: B008
    return build_space_rules(plan(space or a(), sensors=[sensor(kind) for kind in kinds], rules=rules), "space")


def quiet(*names: str, until_min: float = 60, value: float = 0) -> list[StoredEvent]:
    return [beat for name in names for beat in beats(name, QUIET_MS, at(until_min), value)]


def at(minute: float) -> int:
    return NOON_MS + round(minute * MINUTE)


def since_noon(rules: SpaceRules, events: list[StoredEvent], until_min: float = 60) -> list[tuple[float, Occupancy]]:
    """Return the transitions after noon, when the space was vacant."""
    lines = [line for line in states_by_minute(rules, events, at(until_min), NOON_MS) if line[0] >= -1]
    return [line for line in lines if line[0] >= 0]
