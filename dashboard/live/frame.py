"""The public frame: everything that everybody may see of a site, used by pages and streams.

In:    the states of spaces, the air, the forecast for the rest of the day.
Out:   counts of free spaces, supply and air levels, the frame of an open site and of a closed one.
Never: an instant or a reason of a single desk; clocks, sockets.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from collector.contract.states import (
    TAKEN_STATES,
    AirBand,
    AirTrend,
    Occupancy,
    PeopleCount,
    Reason,
    SpaceState,
    ZoneAir,
)
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.spaces import Space, SpaceKind
from dashboard.live import full_hours

STATE_CODES: Final = {
    Occupancy.VACANT: "v",
    Occupancy.OCCUPIED: "o",
    Occupancy.AWAY: "a",
    Occupancy.UNKNOWN: "u",
    Occupancy.DISABLED: "d",
}
"""One character for each state of an offered space in the public frame."""


class LinkStatus(StrEnum):
    """Whether the snapshot is up to date."""

    LIVE = "live"
    COLLECTOR_AWAY = "collector_away"
    """The collector went offline, or sent nothing for 15 s."""
    BROKER_AWAY = "broker_away"


class FreeCount(Struct, frozen=True, array_like=True, gc=False):
    """How many spaces of a kind are free: at least, at most (including unknown ones), and how many are in use."""

    least: int
    most: int
    capacity: int


class SupplyLevel(Struct, frozen=True, gc=False, omit_defaults=True):
    """The level of a supply in per cent; None: not known."""

    level_pct: int | None = None
    low: bool = False


class PublicFrame(Struct, frozen=True):
    """Everything that everybody may see; times are local, `HH:MM`, and `age_s` is in real seconds."""

    version: int
    """Grows with each visible change; 0 for a closed site, where it would reveal movement."""
    plan: str
    """Identifies the spaces and the release; a page that was loaded with another value must not show this frame."""
    link: LinkStatus
    age_s: float | None
    """Seconds since the collector's last message; None: there was none."""
    since: str | None
    """Site time of the collector's last message."""
    clock: str
    closed: bool
    """Outside opening hours. The public frame is then that of `hide_when_closed`: everything below `opens` is empty."""
    opens: tuple[int, int, str] | None
    """For a closed site: days until it opens, weekday (Monday 0), time; None also if that is months ahead."""
    spaces: str
    """One of STATE_CODES for each offered space, in the order of the plan."""
    kinds: dict[SpaceKind, FreeCount]
    zones: dict[str, dict[SpaceKind, FreeCount]]
    silent: dict[str, str]
    """Zones of five or more spaces without any data, and since when; with fewer it could date an event of one space."""
    supplies: dict[str, SupplyLevel]
    air: dict[str, str]
    """Each zone's air quality from `classify_air_quality`; empty unless the link is live."""
    people: tuple[int, int] | None
    """At least and at most this many people are on site; None: not counted, or the link is not live."""
    from_zero: bool
    """The site was known to be empty once; before that, `people` counts only those who came since counting began."""
    ahead: tuple[full_hours.DaySentence, ...]
    """The rest of the day in at most two sentences."""
    hides_spaces: bool = False
    """No single space is shown, because few people are in a site that never closes."""

    @property
    def first_kind(self) -> SpaceKind | None:
        """The kind of space that a page shows first."""
        return select_first_kind(self.kinds)


def hide_when_closed(frame: PublicFrame) -> PublicFrame:
    """Return the public frame of a closed site: nothing reveals whether anybody is inside or arrives."""
    return msgspec.structs.replace(
        frame,
        version=0,
        spaces="",
        kinds={},
        zones={},
        silent={},
        supplies={},
        air={},
        people=None,
        from_zero=False,
        ahead=(),
    )


def hide_when_few(frame: PublicFrame, *, shows_minimum: bool) -> PublicFrame:
    """Return the public frame of a site that never closes while fewer than five people are in it.

    Args:
        frame: the full frame.
        shows_minimum: whether to show that all but four spaces of a kind, at least, are free.
    """

    def hide_counts(kinds: dict[SpaceKind, FreeCount]) -> dict[SpaceKind, FreeCount]:
        return {
            kind: FreeCount(
                max(0, free.capacity - (MIN_SHOWN_GROUP - 1)) if shows_minimum else 0, free.capacity, free.capacity
            )
            for kind, free in kinds.items()
        }

    disabled = STATE_CODES[Occupancy.DISABLED]
    return msgspec.structs.replace(
        frame,
        version=0,
        spaces="".join(code if code == disabled else STATE_CODES[Occupancy.UNKNOWN] for code in frame.spaces),
        kinds=hide_counts(frame.kinds),
        zones={zone: hide_counts(kinds) for zone, kinds in frame.zones.items()},
        silent={},
        supplies={space: SupplyLevel() for space in frame.supplies},
        air={},
        people=(0, MIN_SHOWN_GROUP - 1) if shows_minimum and frame.people is not None else None,
        from_zero=shows_minimum and frame.from_zero,
        hides_spaces=True,
    )


def count_free_spaces(spaces: Iterable[Space], states: dict[str, SpaceState]) -> dict[SpaceKind, FreeCount]:
    """Count free spaces by kind, among those offered and not disabled; a space without a state is unknown."""
    sums: dict[SpaceKind, list[int]] = {}
    for space in spaces:
        if not space.is_offered:
            continue
        space_state = states.get(space.id)
        state = space_state.state if space_state else Occupancy.UNKNOWN
        row = sums.setdefault(space.kind, [0, 0, 0])
        row[0] += state is Occupancy.VACANT
        row[1] += state not in TAKEN_STATES and state is not Occupancy.DISABLED
        row[2] += state is not Occupancy.DISABLED
    return {kind: FreeCount(*sums[kind]) for kind in SpaceKind if kind in sums}


def select_first_kind(kinds: Mapping[SpaceKind, FreeCount]) -> SpaceKind | None:
    """Return the first kind of which a space is in use, else the first kind; None if nothing is offered."""
    in_use = (kind for kind, free in kinds.items() if free.capacity)
    return next(in_use, next(iter(kinds), None))


def classify_air_quality(air: ZoneAir | None) -> str | None:
    """Return the air's band, with its trend after a dot if it gets better or worse; None if its CO2 is not known.

    Fresh air that improves is just fresh.
    """
    if air is None or air.band is None:
        return None
    has_trend = air.trend is AirTrend.RISING or (air.trend is AirTrend.FALLING and air.band is not AirBand.FRESH)
    return f"{air.band}.{air.trend}" if has_trend else air.band.value


def read_supply_level(state: SpaceState | None) -> SupplyLevel:
    """Return the level of a supply."""
    if state is None or state.level_pct is None or state.state is Occupancy.UNKNOWN:
        return SupplyLevel()
    return SupplyLevel(round(state.level_pct), state.state is Occupancy.LOW)


def is_sensed_as_taken(state: SpaceState | None) -> bool:
    """Return whether sensors show a space as taken.

    What somebody reported does not count: five reports would let anybody see single spaces while few people are in.
    """
    return state is not None and state.state in TAKEN_STATES and state.because.reason is not Reason.CORRECTED


def select_shown_people(people: PeopleCount | None) -> tuple[int, int] | None:
    """Return the range of people to show; fewer than five are one range."""
    if people is None:
        return None
    if people.most < MIN_SHOWN_GROUP:
        return 0, MIN_SHOWN_GROUP - 1
    return (people.least if people.least >= MIN_SHOWN_GROUP else 0), people.most


def encode_frame(frame: PublicFrame) -> bytes:
    """Encode the frame as one server-sent event."""
    return b"data: " + msgspec.json.encode(frame) + b"\n\n"
