"""Floors, zones, spaces and doors of a site, as the site file defines them.

Positions are in metres from the upper left corner of a floor, x to the right and y down.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge.contract.sensor_traits import SEATS


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
