"""Air of one zone: newest readings of the sensors that are alive, an air quality band, and the trend of CO2.

In:    readings and heartbeats of air sensors, in any order.
Out:   the zone's air at a moment.
Never: clocks, sockets, files. Air never makes a space vacant.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations
from statistics import median
from typing import Final

from msgspec import Struct, structs

from collector.contract.states import AirBand, AirTrend, ZoneAir
from collector.occupancy.evidence import EventKey, StoredEvent
from edge.contract.message import EventKind
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS

AIR_BANDS: Final = ((800, AirBand.FRESH), (1000, AirBand.FAIR), (1400, AirBand.STALE))
"""Upper CO2 limit of each band, in ppm; above the last the air is bad. The classes IDA 1 to 4 of EN 13779 (400, 600
and 1000 ppm above outdoor air of 400 ppm). Above 1000 ppm Swedish guidance (FoHMFS 2014:18) asks for more
ventilation."""
AIR_SLOT_MS: Final = 120_000
AIR_SLOTS: Final = 11
"""One reading is kept for each two minutes of the last 22: enough for a trend at any reporting rate."""
BAND_READINGS: Final = 3
"""The band is that of the median of this many readings: a breath at the sensor is not the air of the room."""
MIN_TREND_READINGS: Final = 5
"""Fewest readings of a trend: from this many on, a single reading does not move the median slope."""
MIN_TREND_SPAN_MS: Final = 15 * MINUTE_MS
MIN_TREND_PPM_PER_H: Final = 150
"""A slower change is steady: it needs over an hour from one band to the next. Noise of 10 ppm makes a third of this."""
CHANNEL_TIMEOUT_MS: Final = HOUR_MS
"""Temperature and humidity have no heartbeat of their own, and some sensors send them only on change."""


class AirReading(Struct, frozen=True, gc=False, array_like=True, order=True):
    """One reading. Readings order by event key: the greater is the newer."""

    key: EventKey
    value: float


class AirSensorState(Struct, frozen=True, gc=False, array_like=True):
    """The newest readings of one air sensor."""

    device: str
    sensor: str
    last_event_ms: int
    co2_ppm: AirReading | None = None
    temperature_c: AirReading | None = None
    humidity_pct: AirReading | None = None
    recent: tuple[tuple[int, float], ...] = ()
    """Time and CO2 of the newest reading in each of the last AIR_SLOTS slots, oldest first."""
    heartbeat_ms: int = 0
    """The newest heartbeat. It confirms the CO2 channel only."""


class AirState(Struct, frozen=True, gc=False, array_like=True):
    """The air sensors of one zone, by device and sensor."""

    sensor_states: tuple[AirSensorState, ...] = ()


_FIELDS: Final = {kind: kind.value for kind in (EventKind.CO2_PPM, EventKind.TEMPERATURE_C, EventKind.HUMIDITY_PCT)}


def update_air(state: AirState, event: StoredEvent) -> AirState:
    """Apply one event of an air sensor. A reading older than the known one changes only the trend."""
    views = {(known.device, known.sensor): known for known in state.sensor_states}
    name = event.device, event.sensor
    known = views.get(name) or AirSensorState(event.device, event.sensor, event.at_ms)
    news: dict[str, object] = {"last_event_ms": max(known.last_event_ms, event.at_ms)}
    if (field := _FIELDS.get(event.kind)) is not None:
        held: AirReading | None = getattr(known, field)
        reading = AirReading(event.key, event.value)
        news[field] = reading if held is None or held < reading else held
    if event.kind is EventKind.HEARTBEAT:
        news["heartbeat_ms"] = max(known.heartbeat_ms, event.at_ms)
    if event.kind is EventKind.CO2_PPM:
        news["recent"] = thin_readings([*known.recent, (event.at_ms, event.value)])
    views[name] = structs.replace(known, **news)
    return AirState(tuple(views[key] for key in sorted(views)))


def evaluate_air(state: AirState, silent_after_ms: Mapping[tuple[str, str], int], now_ms: int) -> ZoneAir | None:
    """Return the newest readings of live sensors, with the band and trend of the worst one; None if there are none.

    Args:
        state: the air of the zone.
        silent_after_ms: by device and sensor, the time without events after which it is silent; others are ignored.
        now_ms: the moment, Unix ms.
    """
    living = [
        _without_failed_channels(known, limit_ms, now_ms)
        for known in state.sensor_states
        if now_ms < known.last_event_ms + (limit_ms := silent_after_ms.get((known.device, known.sensor), 0))
    ]
    values = {
        field: max(readings).value
        for field in _FIELDS.values()
        if (readings := [reading for known in living if (reading := getattr(known, field)) is not None])
    }
    if not values:
        return None
    worst = max((known.recent for known in living if known.recent), key=_typical_ppm, default=())
    return ZoneAir(**values, band=classify_co2(_typical_ppm(worst)) if worst else None, trend=compute_co2_trend(worst))


def _without_failed_channels(known: AirSensorState, silent_after_ms: int, now_ms: int) -> AirSensorState:
    """Drop the channels of a live sensor without a recent reading, while its other channels have one."""
    co2 = known.co2_ppm
    if co2 is not None and now_ms >= max(co2.key[0], known.heartbeat_ms) + silent_after_ms:
        known = structs.replace(known, co2_ppm=None, recent=())
    failed = {
        field: None
        for kind, field in _FIELDS.items()
        if kind is not EventKind.CO2_PPM
        and (reading := getattr(known, field)) is not None
        and now_ms >= reading.key[0] + CHANNEL_TIMEOUT_MS
    }
    return structs.replace(known, **failed) if failed else known


def classify_co2(co2_ppm: float) -> AirBand:
    """Return the air quality band of a CO2 value."""
    return next((air_band for most_ppm, air_band in AIR_BANDS if co2_ppm <= most_ppm), AirBand.BAD)


def compute_co2_trend(recent: tuple[tuple[int, float], ...]) -> AirTrend | None:
    """Return the trend of CO2 readings; None if they are too few or span too little time."""
    slope = compute_co2_slope(recent)
    if slope is None:
        return None
    if abs(slope) < MIN_TREND_PPM_PER_H:
        return AirTrend.STEADY
    return AirTrend.RISING if slope > 0 else AirTrend.FALLING


def compute_co2_slope(recent: tuple[tuple[int, float], ...]) -> float | None:
    """Return by how many ppm an hour CO2 rises; None if the readings are too few or span too little time.

    The slope is the median slope of all pairs (Theil 1950, Sen 1968).
    """
    if len(recent) < MIN_TREND_READINGS or recent[-1][0] - recent[0][0] < MIN_TREND_SPAN_MS:
        return None
    return HOUR_MS * median(
        (later - earlier) / (later_ms - earlier_ms)
        for (earlier_ms, earlier), (later_ms, later) in combinations(recent, 2)
    )


def thin_readings(readings: Iterable[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    """Keep the newest reading of each slot that is recent enough for a trend; the input may have any order."""
    newest: dict[int, tuple[int, float]] = {}
    for reading in readings:
        slot = reading[0] // AIR_SLOT_MS
        newest[slot] = max(newest.get(slot, reading), reading)
    last = max(newest)
    return tuple(newest[slot] for slot in sorted(newest) if slot > last - AIR_SLOTS)


def _typical_ppm(recent: tuple[tuple[int, float], ...]) -> float:
    return median(ppm for _, ppm in recent[-BAND_READINGS:])
