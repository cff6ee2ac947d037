"""The house as the collector and the pages know it: floors, zones, spaces, doors, and which sensor watches what.

In:    nothing; the front door reads the site file and makes a `SitePlan`.
Out:   frozen values and look-ups.
Never: files, clocks, sensors' pins (those are the edge's).

Positions are metres from the upper left corner of a floor, x to the right and y down.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

WHOLE_SITE = "site"
"""The name under which figures of the whole house stand beside those of its zones; no zone may have it."""

MOST_HOLD_MS = 7_200_000
"""No hold after motion is longer, whoever sets it."""

USUAL_W = 10.0
"""Equipment of which nothing is learnt or told yet is in use above this, in watts."""


class SpaceKind(StrEnum):
    """What a space is."""

    DESK = "desk"
    BOOTH = "booth"
    ROOM = "room"
    EQUIPMENT = "equipment"
    SUPPLY = "supply"
    """It runs out instead of being taken."""


class Tenure(StrEnum):
    """Whose a space is."""

    SHARED = "shared"
    """Anybody's: it is offered, and its state is shown."""
    DEDICATED = "dedicated"
    """One member's: it has no state of its own, live or past; with four others it counts in its zone's series."""


class Attribute(StrEnum):
    """What a member may look for."""

    STANDING = "standing"
    SCREEN = "screen"
    QUIET = "quiet"
    WINDOW = "window"
    NEAR_POWER = "near_power"
    """A socket within reach."""


class Character(StrEnum):
    """What a zone is like to be in."""

    QUIET = "quiet"
    LIVELY = "lively"
    WORKSHOP = "workshop"
    """Hands and machines are at work, and heard."""


class SensorKind(StrEnum):
    """How a sensor's events bear on what it watches."""

    PIR = "pir"
    CONTACT = "contact"
    PRESSURE = "pressure"
    DISTANCE = "distance"
    BEAM_PAIR = "beam_pair"
    POWER = "power"
    AIR = "air"
    PRESENCE = "presence"
    """A radar that sees even who sits still."""
    PEOPLE = "people"
    """It counts who is in a space: taken while anybody is."""
    SOUND = "sound"
    LIGHT = "light"


class Learning(StrEnum):
    """Whether spaces learn from their own events."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """One storey, `width_m` by `depth_m`."""

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
    character: Character | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What can be taken, or run out; `x_m`, `y_m` is its middle."""

    id: str
    name: str
    kind: SpaceKind
    zone: str
    x_m: float
    y_m: float
    tenure: Tenure = Tenure.SHARED
    attributes: frozenset[Attribute] = frozenset()
    disabled: bool = False
    in_use_above_w: float | None = None
    """Equipment draws more than this while in use, in watts; None: its own two levels are learnt."""
    motion_hold_ms: int | None = None
    """Its full hold after motion; None: by the rules, and learnt within their bounds."""
    low_below_pct: float = 20.0
    """A supply is low below this level, in per cent."""

    @property
    def offered(self) -> bool:
        """Whether a member can take it, so that it has a state and counts as free or taken."""
        return self.kind is not SpaceKind.SUPPLY and self.tenure is Tenure.SHARED


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What is passed on the way in and out of the house."""

    id: str
    name: str
    floor: str
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One sensing part and the one thing it watches: a space, a door or a zone's air."""

    device: str
    id: str
    kind: SensorKind
    space: str | None = None
    door: str | None = None
    zone: str | None = None
    heartbeat_ms: int = 30_000
    """It says something at least this often while it lives."""
    held: bool = False
    """Its output stays high for a hold of its own: it adds none, and is believed when it falls."""
    wiring: str = ""
    """How it is connected, in short: when that changes, it is another sensor."""

    @property
    def key(self) -> tuple[str, str]:
        """Device and sensor: what an event is looked up by."""
        return self.device, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHours:
    """One span in which the site is open, in minutes since the local midnight of the day on which it begins."""

    opens_min: int
    closes_min: int
    """Above 24 hours if the span ends after the next midnight."""


class RedDays(StrEnum):
    """What the house does on red days, and on eves that the law treats as such."""

    SUNDAY = "sunday"
    """It has a Sunday's hours; closed on Sundays, it is closed."""
    CLOSED = "closed"
    OPEN = "open"
    """They are days like any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When silence changes a space. Spans in milliseconds; defaults from labelled recordings (docs/decisions/)."""

    lone_motion_hold_ms: int = 120_000
    """One motion without a second holds its space this long."""
    second_motion_ms: int = 240_000
    """Motion again within this time, and not at once, earns the full hold."""
    motion_hold_ms: int = 600_000
    """The full hold where one PIR sees the space."""
    motion_hold_shared_ms: int = 480_000
    """The full hold where two or more sensors see it."""
    level_hold_ms: int = 180_000
    """The hold of pressure, presence, people and power, which say themselves when it ends."""
    silent_after_heartbeats: float = 2.0
    """A sensor not heard for this many of its heartbeats vouches for nothing; for twice as many, it settles anew."""
    learning: Learning = Learning.ON
    """Whether a space learns its own hold after motion, from how often it was shown free too soon."""
    motion_hold_least_ms: int = 300_000
    """No learnt hold is shorter."""
    motion_hold_most_ms: int = 900_000
    """No learnt hold is longer."""

    def __post_init__(self) -> None:
        for name in ("lone_motion_hold_ms", "second_motion_ms", "level_hold_ms"):
            if not 1000 <= getattr(self, name) <= 3_600_000:
                raise ValueError(f"{name} must lie between 1000 and 3600000, got {getattr(self, name)}")
        for name in ("motion_hold_ms", "motion_hold_shared_ms"):
            if not self.lone_motion_hold_ms <= getattr(self, name) <= MOST_HOLD_MS:
                raise ValueError(
                    f"{name} must lie between lone_motion_hold_ms ({self.lone_motion_hold_ms}) and {MOST_HOLD_MS},"
                    f" got {getattr(self, name)}"
                )
        if not 1.5 <= self.silent_after_heartbeats <= 100:
            raise ValueError(
                f"silent_after_heartbeats must lie between 1.5 and 100, got {self.silent_after_heartbeats}"
            )
        self._check_learning()

    def _check_learning(self) -> None:
        least_ms, most_ms = self.motion_hold_least_ms, self.motion_hold_most_ms
        if not self.lone_motion_hold_ms <= least_ms <= MOST_HOLD_MS:
            raise ValueError(
                f"motion_hold_least_ms must lie between lone_motion_hold_ms ({self.lone_motion_hold_ms})"
                f" and {MOST_HOLD_MS}, got {least_ms}"
            )
        if not least_ms <= most_ms <= MOST_HOLD_MS:
            raise ValueError(
                f"motion_hold_most_ms must lie between motion_hold_least_ms ({least_ms})"
                f" and {MOST_HOLD_MS}, got {most_ms}"
            )


class StrangersWhenFew(StrEnum):
    """What the open pages of a site that never closes show while fewer than five people are in it."""

    LEVEL = "level"
    """How many are free at least: all but four. No space has a state."""
    NOTHING = "nothing"
    """Not even that; forecasts stay."""
    ALL = "all"
    """Every space, as always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """The table [privacy]: who answers for the sensors, and what strangers see."""

    strangers_when_few: StrangersWhenFew = StrangersWhenFew.LEVEL
    controller: str = ""
    """The organisation that is responsible for the personal data, with its address (GDPR art. 13)."""
    contact: str = ""
    """Where members ask about it: an e-mail address or telephone number."""
    legal_basis: str = ""
    """Such as "legitimate interest, art. 6(1)(f)"."""
    informed_on: str = ""
    """The day on which the members were informed, such as "2026-11-23"; sensors may start after it."""

    def __post_init__(self) -> None:
        if self.informed_on:
            try:
                date.fromisoformat(self.informed_on)
            except ValueError:
                raise ValueError(f'informed_on must be a day such as "2026-11-23", got {self.informed_on!r}') from None

    def missing(self) -> tuple[str, ...]:
        """The names of the settings that the register and the sign need and do not have."""
        return tuple(
            name for name in ("controller", "contact", "legal_basis", "informed_on") if not getattr(self, name)
        )


@dataclass(frozen=True, kw_only=True)
class SitePlan:
    """The whole house. Ids are unique in each tuple; every reference names something that is there."""

    id: str
    name: str
    time_zone: ZoneInfo
    floors: tuple[Floor, ...]
    zones: tuple[Zone, ...]
    spaces: tuple[Space, ...]
    doors: tuple[Door, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    opening_hours: Mapping[int, tuple[OpeningHours, ...]] = field(default_factory=dict)
    """By weekday, Monday 0, the spans that begin on it, in order; a day that is missing is closed; empty: always
    open."""
    hours_on: Mapping[date, tuple[OpeningHours, ...]] = field(default_factory=dict)
    """The same for single dates, in place of what the weekday or a public holiday says; no span: closed."""
    country: str = "SE"
    """Whose red days it keeps: two letters, ISO 3166."""
    red_days: RedDays = RedDays.SUNDAY
    closed: frozenset[date] = frozenset()
    """Days of its own on which it is closed."""
    rules: Rules = Rules()
    privacy: Privacy = Privacy()
    notice: str = ""
    """One line for every page, such as "Closed for midsummer"."""

    @cached_property
    def space(self) -> dict[str, Space]:
        """Spaces by id."""
        return {space.id: space for space in self.spaces}

    @cached_property
    def zone(self) -> dict[str, Zone]:
        """Zones by id."""
        return {zone.id: zone for zone in self.zones}

    @cached_property
    def sensor(self) -> dict[tuple[str, str], Sensor]:
        """Sensors by device and sensor id."""
        return {sensor.key: sensor for sensor in self.sensors}

    @cached_property
    def devices(self) -> tuple[str, ...]:
        """The ids of all devices that have a sensor, in the order of the site file."""
        return tuple(dict.fromkeys(sensor.device for sensor in self.sensors))

    def sensors_of(self, space_id: str) -> tuple[Sensor, ...]:
        """The sensors that watch a space."""
        return tuple(sensor for sensor in self.sensors if sensor.space == space_id)
