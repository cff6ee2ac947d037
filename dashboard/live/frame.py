"""What everybody may see of a house: one frame, whole, that pages and streams are made of.

In:    the states of spaces, the air, the rest of the day.
Out:   counts of what is free, words for levels and air, the frame of an open house and that of a closed one.
Never: a moment or a reason of a single desk; clocks, sockets.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from collector.outward import TAKEN, Air, AirBand, Occupancy, SpaceState, Trend
from collector.plan import Space, SpaceKind
from collector.privacy import FEW
from dashboard import ahead

CODES: Final = {
    Occupancy.VACANT: "v",
    Occupancy.OCCUPIED: "o",
    Occupancy.AWAY: "a",
    Occupancy.UNKNOWN: "u",
    Occupancy.DISABLED: "d",
}
"""One character for each state of an offered space in the public frame."""


class Link(StrEnum):
    """How far the picture can be trusted."""

    LIVE = "live"
    COLLECTOR_AWAY = "collector_away"
    """The collector said goodbye, or was not heard for 15 s."""
    BROKER_AWAY = "broker_away"


class Free(Struct, frozen=True, array_like=True, gc=False):
    """How many spaces of a kind are free: at least, at most (the unknown as well), of how many in use at all."""

    least: int
    most: int
    capacity: int


class Supply(Struct, frozen=True, gc=False, omit_defaults=True):
    """How much of a supply is left, in per cent; None: not known."""

    level_pct: int | None = None
    low: bool = False


class Frame(Struct, frozen=True):
    """What everybody may see, whole; times are the house's wall clock, `HH:MM`, and `age_s` is real seconds."""

    version: int
    """Grows with everything that changes what is shown; 0 of a closed house, where a step would tell of movement."""
    plan: str
    """Which spaces these are, and which release tells of them, in short: a page made for others must not paint them."""
    link: Link
    age_s: float | None
    """Since the collector was last heard; None: never."""
    since: str | None
    """The house's time when it was last heard."""
    clock: str
    closed: bool
    """Outside opening hours. What everybody sees then is `shut`: everything below `opens` is empty."""
    opens: tuple[int, int, str] | None
    """If the house is closed: days until it opens, weekday (Monday 0), time; None too if that is months away."""
    spaces: str
    """One of CODES for each offered space, in the order of the plan."""
    kinds: dict[SpaceKind, Free]
    zones: dict[str, dict[SpaceKind, Free]]
    silent: dict[str, str]
    """Since when nothing is heard of a whole zone; of five spots or more, so that it is no moment of one of them."""
    supplies: dict[str, Supply]
    air: dict[str, str]
    """Each zone's air as `air_word` tells it; empty unless the link is live."""
    people: tuple[int, int] | None
    """At least and at most so many people are in the house; None: not counted, or the link is not live."""
    from_zero: bool
    """The house was known to be empty once; before that, `people` are those who were counted in so far."""
    ahead: tuple[ahead.Part, ...]
    """The rest of the day in at most two sentences."""

    @property
    def first_kind(self) -> SpaceKind | None:
        """What the answer of a page is about."""
        return first_kind(self.kinds)


def shut(frame: Frame) -> Frame:
    """What everybody may see of a closed house: nothing that tells whether anybody is in it, or comes."""
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


def spare(frame: Frame, *, counted: bool) -> Frame:
    """What everybody may see of a site that never closes while fewer than five people are in it.

    Args:
        frame: the whole frame.
        counted: whether to show that all but four spaces of a kind are free at least.
    """

    def hidden(kinds: dict[SpaceKind, Free]) -> dict[SpaceKind, Free]:
        return {
            kind: Free(max(0, free.capacity - (FEW - 1)) if counted else 0, free.capacity, free.capacity)
            for kind, free in kinds.items()
        }

    disabled = CODES[Occupancy.DISABLED]
    return msgspec.structs.replace(
        frame,
        version=0,
        spaces="".join(code if code == disabled else CODES[Occupancy.UNKNOWN] for code in frame.spaces),
        kinds=hidden(frame.kinds),
        zones={zone: hidden(kinds) for zone, kinds in frame.zones.items()},
        silent={},
        supplies={space: Supply() for space in frame.supplies},
        air={},
        people=(0, FEW - 1) if counted and frame.people is not None else None,
        from_zero=counted and frame.from_zero,
    )


def count(spaces: Iterable[Space], states: dict[str, SpaceState]) -> dict[SpaceKind, Free]:
    """Free spaces by kind, of those that are offered and not disabled; a space without a state is unknown."""
    sums: dict[SpaceKind, list[int]] = {}
    for space in spaces:
        if not space.offered:
            continue
        known = states.get(space.id)
        state = known.state if known else Occupancy.UNKNOWN
        row = sums.setdefault(space.kind, [0, 0, 0])
        row[0] += state is Occupancy.VACANT
        row[1] += state not in TAKEN and state is not Occupancy.DISABLED
        row[2] += state is not Occupancy.DISABLED
    return {kind: Free(*sums[kind]) for kind in SpaceKind if kind in sums}


def first_kind(kinds: Mapping[SpaceKind, Free]) -> SpaceKind | None:
    """What the answer is about: the first kind of which a space is in use, else the first; None: nothing is offered."""
    in_use = (kind for kind, free in kinds.items() if free.capacity)
    return next(in_use, next(iter(kinds), None))


def air_word(air: Air | None) -> str | None:
    """The air's band, and its trend behind a point if it gets better or worse; None if its CO2 is not known.

    Air that is fresh and gets fresher is fresh.
    """
    if air is None or air.band is None:
        return None
    moves = air.trend is Trend.RISING or (air.trend is Trend.FALLING and air.band is not AirBand.FRESH)
    return f"{air.band}.{air.trend}" if moves else air.band.value


def supply(state: SpaceState | None) -> Supply:
    """What is left of a supply."""
    if state is None or state.level_pct is None or state.state is Occupancy.UNKNOWN:
        return Supply()
    return Supply(round(state.level_pct), state.state is Occupancy.LOW)


def encode_frame(frame: Frame) -> bytes:
    """The frame as one server-sent event."""
    return b"data: " + msgspec.json.encode(frame) + b"\n\n"
