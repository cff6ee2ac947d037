"""Retained forecasts of the coming hours: free spaces, their odds, and scores of past forecasts.

In:    points of a forecast; or bytes from the broker.
Out:   bytes, or values that keep the contract.
Never: sockets, clocks, forecasting.

Points count taken spaces; messages count free spaces, as members ask. Source: firmware-config/contract.md.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from collector.contract.forecast_odds import chance_at_least_free
from collector.contract.forecast_points import DECILES, ChanceScore, ForecastPoint, ForecastScore, Lead
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.spaces import SpaceKind
from edge.contract.message import MessageRejected
from edge.timekeeping.durations import HOUR_MS

OUTLOOK_DAYS: Final = 7
"""Days ahead for which every open hour is forecast."""
PUBLISHED_SCORE_DAYS: Final = 42
"""The published scores are of the forecasts of this many last days."""
TENTHS_FROM: Final = 10
WHOLE_SPACES_FROM: Final = 100

Deciles = Annotated[tuple[float, ...], Meta(min_length=len(DECILES), max_length=len(DECILES))]


class HourOutlook(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """One coming open hour: the usual count, and the counts that 10, 20 … 90 % of the outcomes stay below."""

    ahead: int
    """Hours between the outlook's `at` and its start; 0 is the present hour."""
    usual: float
    deciles: Deciles
    odds: float | None = None
    """Chance that at least one space is free, 0 to 1; None for people."""

    @property
    def low(self) -> float:
        """Lower end of the 80 % band."""
        return self.deciles[0]

    @property
    def median(self) -> float:
        """The median."""
        return self.deciles[4]

    @property
    def high(self) -> float:
        """Upper end of the 80 % band."""
        return self.deciles[-1]


class ForecastScores(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Scores of the forecasts of the last `PUBLISHED_SCORE_DAYS` days."""

    leads: dict[Lead, ForecastScore]
    hit_rates: tuple[ChanceScore | None, ...]
    """Of at least one free space: forecasts by tenths of their chance, 0-10 % first; empty for people."""


class Outlook(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Forecast of the free spaces of one kind, or of people, by hour."""

    at_ms: int = field(name="at")
    """The full hour at which it was made, with all earlier hours known."""
    missing_days: int = 0
    """Days until there is enough history; until then the other fields are empty."""
    capacity: int | None = None
    """Number of offered spaces; None for people."""
    days: int = 0
    """Number of past days behind the deciles; it limits how certain odds can be."""
    usual: tuple[tuple[int, float], ...] = ()
    """For each open hour of the present or next open day, past hours too: `ahead`, and the usual count."""
    actual: tuple[tuple[int, float], ...] = ()
    """For each hour of that day that is over and well known: `ahead`, below 0, and what was free; empty for people."""
    hours: tuple[HourOutlook, ...] = ()
    """Open hours of seven days, the present one first."""
    scores: ForecastScores | None = None
    """Scores of the forecasts of the last six weeks; None: none has been scored yet."""

    def begins_ms(self, ahead: int) -> int:
        """Return the start of the hour `ahead` hours later."""
        return self.at_ms + ahead * HOUR_MS


class Forecast(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Forecast of a zone, or of the whole site."""

    kinds: dict[SpaceKind, Outlook] = {}
    people: Outlook | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Forecast)


def encode(forecast: Forecast) -> bytes:
    """Encode a forecast as UTF-8 JSON."""
    return _encoder.encode(forecast)


def decode(payload: bytes) -> Forecast:
    """Decode a forecast; raises MessageRejected, whose text names the field."""
    try:
        return _decoder.decode(payload)
    except (ValueError, RecursionError) as fault:
        raise MessageRejected(str(fault)) from fault


def build_hour_outlooks(points: Sequence[ForecastPoint], now_ms: int) -> tuple[HourOutlook, ...]:
    """Convert points of taken spaces to rounded free spaces; points of people stay counts of people."""
    return tuple(_hour_outlook(point, now_ms) for point in points)


def _hour_outlook(point: ForecastPoint, now_ms: int) -> HourOutlook:
    deciles = tuple(round_count(value, point.capacity) for value in count_deciles(point))
    free = None if point.capacity is None else round(chance_at_least_free(point, 1), 3)
    if point.capacity is not None and point.capacity < MIN_SHOWN_GROUP:  # no more precise than the deciles beside it
        shown = replace(point, deciles=tuple(point.capacity - count for count in reversed(deciles)))
        free = round(chance_at_least_free(shown, 1), 2)
    return HourOutlook(
        (point.at_ms - now_ms) // HOUR_MS, round_count(usual_count(point), point.capacity), deciles, free
    )


def count_deciles(point: ForecastPoint) -> tuple[float, ...]:
    """Return the deciles of free spaces, or of people."""
    if point.capacity is None:
        return point.deciles
    return tuple(max(0.0, point.capacity - taken) for taken in reversed(point.deciles))


def usual_count(point: ForecastPoint) -> float:
    """Return the usual number of free spaces, or of people."""
    return point.usual if point.capacity is None else max(0.0, point.capacity - point.usual)


def round_count(count: float, capacity: float | None) -> float:
    """Round a count as published: hundredths, so that the odds stay right; whole spaces where there are many.

    Below five spaces, round to halves: one hour of one day changes the usual value by less than that (0033).
    """
    if capacity is not None and capacity < MIN_SHOWN_GROUP:
        return round(2 * count) / 2
    if capacity is not None and capacity >= WHOLE_SPACES_FROM:
        return round(count)
    return round(count, 2 if capacity is not None and capacity < TENTHS_FROM else 1)


def chance_in_hour(outlook: Outlook, hour: HourOutlook, at_least: int) -> float | None:
    """Return the chance that at least `at_least` spaces are free at a moment of that hour; None for people.

    Args:
        outlook: the forecast of the series.
        hour: one of its hours.
        at_least: number of spaces.
    """
    if outlook.capacity is None:
        return None
    capacity = outlook.capacity
    taken = tuple(max(0.0, capacity - free) for free in reversed(hour.deciles))
    return chance_at_least_free(
        ForecastPoint(outlook.begins_ms(hour.ahead), taken, capacity - hour.usual, capacity, outlook.days), at_least
    )
