"""The air of a zone: the newest reading of each kind, as long as its sensor lives.

In:    readings and heartbeats of air sensors, in any order.
Out:   what a zone shows of its air at a moment.
Never: clocks, sockets, files. Air never frees a space.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct, structs

from collector.evidence import Heard, Key
from collector.outward import Air
from edge.message import Kind


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


class AirState(Struct, frozen=True, gc=False, array_like=True):
    """The air sensors of one zone, by device and sensor."""

    views: tuple[AirView, ...] = ()


_FIELDS: Final = {kind: kind.value for kind in (Kind.CO2_PPM, Kind.TEMPERATURE_C, Kind.HUMIDITY_PCT)}


def breathe(state: AirState, event: Heard) -> AirState:
    """Take one event of an air sensor; an older reading than the known one changes nothing."""
    views = {(known.device, known.sensor): known for known in state.views}
    name = event.device, event.sensor
    known = views.get(name) or AirView(event.device, event.sensor, event.at_ms)
    news: dict[str, object] = {"heard_ms": max(known.heard_ms, event.at_ms)}
    if (field := _FIELDS.get(event.kind)) is not None:
        held: Reading | None = getattr(known, field)
        reading = Reading(event.key, event.value)
        news[field] = reading if held is None or held < reading else held
    views[name] = structs.replace(known, **news)
    return AirState(tuple(views[key] for key in sorted(views)))


def air(state: AirState, silent_ms: Mapping[tuple[str, str], int], now_ms: int) -> Air | None:
    """The newest readings of living sensors; None if there is none.

    `silent_ms` says by device and sensor after what time a sensor counts as silent; one that is missing is not asked.
    """
    living = [
        known for known in state.views if now_ms < known.heard_ms + silent_ms.get((known.device, known.sensor), 0)
    ]
    values = {
        field: max(readings).value
        for field in _FIELDS.values()
        if (readings := [reading for known in living if (reading := getattr(known, field)) is not None])
    }
    return Air(**values) if values else None
