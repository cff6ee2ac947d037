"""Plan of a site: floors, zones, spaces, doors, sensors and rules.

In:    nothing; `ledig.site.site_file` reads the site file and builds a `SitePlan`.
Out:   frozen values and look-ups.
Never: files, clocks, the pins of sensors (see edge/).

Positions are in metres from the upper left corner of a floor, x to the right and y down.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from collector.site.occupancy_rules import OccupancyRules
from collector.site.privacy_settings import PrivacySettings
from edge.contract.sensor_kinds import SensorKind
from edge.contract.sensor_traits import SEATS

WHOLE_SITE = "site"
"""Name of the whole site in figures beside those of its zones; no zone may have this id."""


SensorKey = tuple[str, str]
"""Device and sensor id."""


class SpaceKind(StrEnum):
    """Kind of a space; each is a `WatchTarget` of the table of sensor kinds too."""

    DESK = "desk"
    BOOTH = "booth"
    ROOM = "room"
    EQUIPMENT = "equipment"
    SUPPLY = "supply"
    """It is used up instead of taken."""


SEATING_KINDS: Final = frozenset(SpaceKind(target.value) for target in SEATS)
"""Kinds where people sit."""


class Tenure(StrEnum):
    """Who may use a space."""

    SHARED = "shared"
    """Any member: it is offered, and its state is shown."""
    DEDICATED = "dedicated"
    """One member: it has no visible state, live or past; it counts in its zone's series with four others or more."""


class SpaceAttribute(StrEnum):
    """Properties that members can filter by."""

    STANDING = "standing"
    SCREEN = "screen"
    QUIET = "quiet"
    WINDOW = "window"
    NEAR_POWER = "near_power"
    """A power socket is within reach."""


class ZoneCharacter(StrEnum):
    """Atmosphere of a zone."""

    QUIET = "quiet"
    LIVELY = "lively"
    WORKSHOP = "workshop"
    """Noise of tools and machines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """One floor, `width_m` by `depth_m`."""

    id: str
    name: str
    width_m: float
    depth_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A named rectangle of a floor."""

    id: str
    name: str
    floor: str
    x_m: float
    y_m: float
    width_m: float
    depth_m: float
    character: ZoneCharacter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A space that can be taken, or a supply that can run out; `x_m`, `y_m` is its centre."""

    id: str
    name: str
    kind: SpaceKind
    zone: str
    x_m: float
    y_m: float
    tenure: Tenure = Tenure.SHARED
    attributes: frozenset[SpaceAttribute] = frozenset()
    disabled: bool = False
    in_use_above_w: float | None = None
    """Equipment is in use above this power, in watts. None: its two levels are learned."""
    motion_hold_ms: int | None = None
    """Its full hold after motion. None: set by the rules, and learned within their bounds."""
    low_below_pct: float = 20.0
    """A supply is low below this level, in per cent."""

    @property
    def is_offered(self) -> bool:
        """Whether any member can take it, so that it has a state and counts as free or taken."""
        return self.kind is not SpaceKind.SUPPLY and self.tenure is Tenure.SHARED


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """An entrance of the site."""

    id: str
    name: str
    floor: str
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One sensor and the one thing it watches: a space, a door or a zone's air."""

    device: str
    id: str
    kind: SensorKind
    space: str | None = None
    door: str | None = None
    zone: str | None = None
    heartbeat_ms: int = 30_000
    """It sends an event at least this often while it works."""
    held: bool = False
    """Its output has a hold of its own: no other hold is added, and a fall is trusted at once."""
    wiring: str = ""
    """Short description of its connection; when this changes, it counts as another sensor."""

    @property
    def key(self) -> SensorKey:
        """Device and sensor id, by which events are looked up."""
        return self.device, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningSpan:
    """One span in which the site is open, in minutes since the local midnight of the day on which it begins."""

    opens_min: int
    closes_min: int
    """Above 24 hours if the span ends after the next midnight."""


class RedDays(StrEnum):
    """How the site opens on public holidays, and on eves that the law treats as such."""

    SUNDAY = "sunday"
    """Sunday hours; a site that is closed on Sundays is closed."""
    CLOSED = "closed"
    OPEN = "open"
    """Normal hours of the weekday."""


@dataclass(frozen=True, kw_only=True)
class SitePlan:
    """The whole site. Ids are unique within each tuple, and every reference names an existing item."""

    id: str
    name: str
    time_zone: ZoneInfo
    floors: tuple[Floor, ...]
    zones: tuple[Zone, ...]
    spaces: tuple[Space, ...]
    doors: tuple[Door, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    opening_hours: Mapping[int, tuple[OpeningSpan, ...]] = field(default_factory=dict)
    """Spans that begin on each weekday, Monday 0, in order; a missing weekday is closed. Empty: always open."""
    hours_on: Mapping[date, tuple[OpeningSpan, ...]] = field(default_factory=dict)
    """Hours of single dates, in place of those of the weekday or public holiday; no span: closed."""
    country: str = "SE"
    """Country of its public holidays: two letters, ISO 3166."""
    red_days: RedDays = RedDays.SUNDAY
    closed: frozenset[date] = frozenset()
    """Additional dates on which it is closed."""
    rules: OccupancyRules = OccupancyRules()
    privacy: PrivacySettings = PrivacySettings()
    notice: str = ""
    """One line that every page shows, such as "Closed for midsummer"."""

    @cached_property
    def space_by_id(self) -> dict[str, Space]:
        """The spaces by id."""
        return {space.id: space for space in self.spaces}

    @cached_property
    def zone_by_id(self) -> dict[str, Zone]:
        """The zones by id."""
        return {zone.id: zone for zone in self.zones}

    @cached_property
    def sensor_by_key(self) -> dict[SensorKey, Sensor]:
        """The sensors by device and sensor id."""
        return {sensor.key: sensor for sensor in self.sensors}

    @cached_property
    def device_ids(self) -> tuple[str, ...]:
        """Ids of all devices with a sensor, in the order of the site file."""
        return tuple(dict.fromkeys(sensor.device for sensor in self.sensors))

    def silent_after_ms(self, sensor: Sensor) -> int:
        """Return after how many milliseconds without an event a sensor is silent."""
        return round(self.rules.silent_after_heartbeats * sensor.heartbeat_ms)

    def sensors_of(self, space_id: str) -> tuple[Sensor, ...]:
        """Return the sensors that watch a space."""
        return tuple(sensor for sensor in self.sensors if sensor.space == space_id)
