"""What the collector tells of the hours to come, retained: free spots, how sure that is, and how right it was.

In:    points of a forecast; or bytes from the broker.
Out:   bytes, or values that keep the contract.
Never: sockets, clocks, forecasting.

Points are about what is taken; the wire is about what is free, as members ask. Source: firmware-config/contract.md.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from collector.forecast import DECILES, HOUR_MS, Point
from collector.forecast.odds import odds
from collector.forecast.score import Kept, Lead, Score
from collector.plan import SpaceKind
from collector.privacy import SEATS
from edge.message import MessageRejected

DAYS: Final = 7
"""So far ahead every open hour is told."""
MANY: Final = 10
VERY_MANY: Final = 100

Deciles = Annotated[tuple[float, ...], Meta(min_length=len(DECILES), max_length=len(DECILES))]


class HourOutlook(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """One open hour to come: what is usual, and the counts that 10, 20 ... 90 % of outcomes stay below."""

    ahead: int
    """It begins so many hours after the outlook's `at`: 0 is the present hour."""
    usual: float
    deciles: Deciles
    odds: float | None = None
    """The chance that at least one spot is free, 0 to 1; None for people."""

    @property
    def low(self) -> float:
        """The lower end of the 80 % band."""
        return self.deciles[0]

    @property
    def middle(self) -> float:
        """As likely too low as too high."""
        return self.deciles[4]

    @property
    def high(self) -> float:
        """The upper end of the 80 % band."""
        return self.deciles[-1]


class Hindsight(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How right the last six weeks' forecasts were."""

    leads: dict[Lead, Score]
    kept: tuple[Kept | None, ...]
    """Of at least one free spot: promises by tenths of their chance, 0-10 % first; empty for people."""


class Outlook(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Free spots of one kind, or people, by the hour."""

    at_ms: int = field(name="at")
    """The full hour it was made at: everything before it was known."""
    missing_days: int = 0
    """Days until there is enough to go by; nothing else is told before."""
    capacity: int | None = None
    """Spots that are offered; None for people."""
    days: int = 0
    """Past days that the deciles are learnt from: no odds are surer than these allow."""
    usual: tuple[tuple[int, float], ...] = ()
    """Of each open hour of the present day, or of the next that is open, past hours too: `ahead`, and what is usual."""
    came: tuple[tuple[int, float], ...] = ()
    """Of each hour of that day that is over and well known: `ahead`, below 0, and what was free; empty for people."""
    hours: tuple[HourOutlook, ...] = ()
    """The open hours of seven days, the present one first."""
    hindsight: Hindsight | None = None

    def begins_ms(self, ahead: int) -> int:
        """When the hour begins that is so many hours ahead."""
        return self.at_ms + ahead * HOUR_MS


class Forecast(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is forecast of a zone, or of the whole site."""

    kinds: dict[SpaceKind, Outlook] = {}
    people: Outlook | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Forecast)


def encode(forecast: Forecast) -> bytes:
    """The message as UTF-8 JSON."""
    return _encoder.encode(forecast)


def decode(payload: bytes) -> Forecast:
    """Read a forecast; raises MessageRejected, whose text names the field."""
    try:
        return _decoder.decode(payload)
    except (ValueError, RecursionError) as fault:
        raise MessageRejected(str(fault)) from fault


def told(points: Sequence[Point], now_ms: int) -> tuple[HourOutlook, ...]:
    """Points of taken spaces as free spots, those of people as they are; rounded as they are told."""
    return tuple(_hour(point, now_ms) for point in points)


def _hour(point: Point, now_ms: int) -> HourOutlook:
    deciles = tuple(rounded(value, point.capacity) for value in counts(point))
    free = None if point.capacity is None else round(odds(point, 1), 3)
    if point.capacity is not None and point.capacity < SEATS:  # no finer than what is told beside it
        shown = replace(point, deciles=tuple(point.capacity - count for count in reversed(deciles)))
        free = round(odds(shown, 1), 2)
    return HourOutlook((point.at_ms - now_ms) // HOUR_MS, rounded(usual(point), point.capacity), deciles, free)


def counts(point: Point) -> tuple[float, ...]:
    """The deciles of what is free, or of the people."""
    if point.capacity is None:
        return point.deciles
    return tuple(max(0.0, point.capacity - taken) for taken in reversed(point.deciles))


def usual(point: Point) -> float:
    """What is usually free, or how many people there usually are."""
    return point.usual if point.capacity is None else max(0.0, point.capacity - point.usual)


def rounded(count: float, capacity: float | None) -> float:
    """As it is told: hundredths, so that the odds stay right; whole spots where there are many.

    Of fewer than five, halves: one hour of one day moves what is usual by less than that (0033).
    """
    if capacity is not None and capacity < SEATS:
        return round(2 * count) / 2
    if capacity is not None and capacity >= VERY_MANY:
        return round(count)
    return round(count, 2 if capacity is not None and capacity < MANY else 1)


def chance(outlook: Outlook, hour: HourOutlook, at_least: int) -> float | None:
    """The chance that at least `at_least` spots are free at a moment of that hour; None for people."""
    if outlook.capacity is None:
        return None
    capacity = outlook.capacity
    taken = tuple(max(0.0, capacity - free) for free in reversed(hour.deciles))
    return odds(Point(outlook.begins_ms(hour.ahead), taken, capacity - hour.usual, capacity, outlook.days), at_least)
