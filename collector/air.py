"""The air of a zone: the newest readings of the sensors that live, how good it is, and where it is going.

In:    readings and heartbeats of air sensors, in any order.
Out:   what a zone shows of its air at a moment.
Never: clocks, sockets, files. Air never frees a space.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations
from statistics import median
from typing import Final

from msgspec import Struct, structs

from collector.evidence import Heard, Key
from collector.outward import Air, AirBand, Trend
from edge.message import Kind

BANDS: Final = ((800, AirBand.FRESH), (1000, AirBand.FAIR), (1400, AirBand.STALE))
"""CO2 up to so many ppm; above the last it is bad. The classes IDA 1 to 4 of EN 13779 (400, 600 and 1000 ppm above
outdoor air of 400 ppm); above 1000 ppm Swedish guidance (FoHMFS 2014:18) asks for more ventilation."""
SLOT_MS: Final = 120_000
SLOTS: Final = 11
"""Of each two minutes of the last 22 one reading stays at hand: enough for a trend, whatever the sensor's beat."""
BAND_OF: Final = 3
"""The band is that of the median of so many: one breath at the sensor is not the room's air."""
TREND_OF: Final = 5
"""A trend needs so many: then the median of their slopes is not moved by a single one."""
TREND_SPAN_MS: Final = 15 * 60_000
TREND_PPM_PER_H: Final = 150
"""Slower is steady. It takes more than an hour from one band to the next; a sensor's noise of 10 ppm makes a third."""
_HOUR_MS: Final = 3_600_000
CHANNEL_SILENT_MS: Final = _HOUR_MS
"""Temperature and humidity have no heartbeat of their own, and some sensors send them only when they change."""


class Reading(Struct, frozen=True, gc=False, array_like=True, order=True):
    """One reading; the greater is the newer."""

    key: Key
    value: float


class AirView(Struct, frozen=True, gc=False, array_like=True):
    """What one air sensor last said, of each kind."""

    device: str
    sensor: str
    heard_ms: int
    co2_ppm: Reading | None = None
    temperature_c: Reading | None = None
    humidity_pct: Reading | None = None
    recent: tuple[tuple[int, float], ...] = ()
    """Moment and CO2 of the newest reading in each of the last SLOTS, oldest first."""
    heartbeat_ms: int = 0
    """The newest heartbeat: it repeats the CO2, and no other channel."""


class AirState(Struct, frozen=True, gc=False, array_like=True):
    """The air sensors of one zone, by device and sensor."""

    views: tuple[AirView, ...] = ()


_FIELDS: Final = {kind: kind.value for kind in (Kind.CO2_PPM, Kind.TEMPERATURE_C, Kind.HUMIDITY_PCT)}


def breathe(state: AirState, event: Heard) -> AirState:
    """Take one event of an air sensor; an older reading than the known one changes nothing but the trend."""
    views = {(known.device, known.sensor): known for known in state.views}
    name = event.device, event.sensor
    known = views.get(name) or AirView(event.device, event.sensor, event.at_ms)
    news: dict[str, object] = {"heard_ms": max(known.heard_ms, event.at_ms)}
    if (field := _FIELDS.get(event.kind)) is not None:
        held: Reading | None = getattr(known, field)
        reading = Reading(event.key, event.value)
        news[field] = reading if held is None or held < reading else held
    if event.kind is Kind.HEARTBEAT:
        news["heartbeat_ms"] = max(known.heartbeat_ms, event.at_ms)
    if event.kind is Kind.CO2_PPM:
        news["recent"] = thinned([*known.recent, (event.at_ms, event.value)])
    views[name] = structs.replace(known, **news)
    return AirState(tuple(views[key] for key in sorted(views)))


def air(state: AirState, silent_ms: Mapping[tuple[str, str], int], now_ms: int) -> Air | None:
    """The newest readings of living sensors, with the band and trend of the worst of them; None if there is none.

    `silent_ms` says by device and sensor after what time a sensor counts as silent; one that is missing is not asked.
    """
    living = [
        _without_failed_channels(known, silent, now_ms)
        for known in state.views
        if now_ms < known.heard_ms + (silent := silent_ms.get((known.device, known.sensor), 0))
    ]
    values = {
        field: max(readings).value
        for field in _FIELDS.values()
        if (readings := [reading for known in living if (reading := getattr(known, field)) is not None])
    }
    if not values:
        return None
    worst = max((known.recent for known in living if known.recent), key=_typical_ppm, default=())
    return Air(**values, band=band(_typical_ppm(worst)) if worst else None, trend=trend(worst))


def _without_failed_channels(known: AirView, silent_ms: int, now_ms: int) -> AirView:
    """A living sensor without the channels that have fallen silent while others go on."""
    co2 = known.co2_ppm
    if co2 is not None and now_ms >= max(co2.key[0], known.heartbeat_ms) + silent_ms:
        known = structs.replace(known, co2_ppm=None, recent=())
    silent = {
        field: None
        for kind, field in _FIELDS.items()
        if kind is not Kind.CO2_PPM
        and (reading := getattr(known, field)) is not None
        and now_ms >= reading.key[0] + CHANNEL_SILENT_MS
    }
    return structs.replace(known, **silent) if silent else known


def band(co2_ppm: float) -> AirBand:
    """How good the air is."""
    return next((word for most_ppm, word in BANDS if co2_ppm <= most_ppm), AirBand.BAD)


def trend(recent: tuple[tuple[int, float], ...]) -> Trend | None:
    """Where the CO2 of these moments is going; None: they are too few, or span too little time.

    The slope is the median of those of all pairs (Theil 1950, Sen 1968).
    """
    if len(recent) < TREND_OF or recent[-1][0] - recent[0][0] < TREND_SPAN_MS:
        return None
    slope = _HOUR_MS * median(
        (later - earlier) / (later_ms - earlier_ms)
        for (earlier_ms, earlier), (later_ms, later) in combinations(recent, 2)
    )
    if abs(slope) < TREND_PPM_PER_H:
        return Trend.STEADY
    return Trend.RISING if slope > 0 else Trend.FALLING


def thinned(readings: Iterable[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    """What a trend is told by: the newest reading of each slot that is not too old, in whatever order they came."""
    newest: dict[int, tuple[int, float]] = {}
    for reading in readings:
        slot = reading[0] // SLOT_MS
        newest[slot] = max(newest.get(slot, reading), reading)
    last = max(newest)
    return tuple(newest[slot] for slot in sorted(newest) if slot > last - SLOTS)


def _typical_ppm(recent: tuple[tuple[int, float], ...]) -> float:
    return median(ppm for _, ppm in recent[-BAND_OF:])
