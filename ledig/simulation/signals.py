"""Compute what the sensors of a site measure on a simulated day: pulses, levels, readings.

In:    the plan of the site, a `SimulatedDay`, a seed.
Out:   signals in order of time: the value of each sensor from then on.
Never: clocks, pins, files.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from collector.site.plan import DEFAULT_IN_USE_W, Sensor, SensorKind, SitePlan
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS
from ledig.simulation.people import SimulatedDay

_SECOND_MS = 1000
_MEDIAN_GAP_S = 60.0
_GAP_SPREAD = 0.8
"""People at a desk move after a log-normal pause; at this spread one pause in a hundred is longer than six minutes."""
_MAX_GAP_S = 720.0

_FRESH_PPM = 420.0
_BREATH_M3_PER_H = 0.019
_CEILING_M = 3.4
_AIR_CHANGES_PER_H = 0.9
_AIR_EVERY_MS = 2 * MINUTE_MS

_QUIET_DB = 34.0
_SPEECH_DB = 58.0
_SOUND_EVERY_MS = 30_000
_SPEECH_SHARE = 0.4
"""Share of half minutes with speech; in the others a taken room is as quiet as an empty one."""
_DARK_LUX = 12.0
_LIT_LUX = 480.0

_MONDAY_PCT = 96.0
_PCT_PER_DAY = 17.0
"""Consumption from the coffee jar per weekday; it is filled on Monday morning and low on Friday."""


@dataclass(frozen=True, slots=True, order=True)
class SensorSignal:
    """The value that one sensor measures from `at_ms` on; a `crossing` is momentary: +1 in, -1 out."""

    at_ms: int
    sensor: tuple[str, str]
    quantity: str
    """The quantity; its name includes the unit."""
    value: float


def compute_signals(plan: SitePlan, day: SimulatedDay, seed: int) -> list[SensorSignal]:
    """Compute the signals of all sensors of a site on one day, starting with their values at midnight."""
    found: list[SensorSignal] = []
    for sensor in plan.sensors:
        generator = random.Random(f"{seed} {day.starts_ms} {sensor.key}")  # noqa: S311 - simulation
        found += _SIMULATE[sensor.kind](plan, day, sensor, generator)
    return sorted(found)


def occupied_spans(day: SimulatedDay, space: str | None) -> list[tuple[int, int]]:
    """Return when a space is occupied; stays that touch or overlap are one span."""
    found: list[tuple[int, int]] = []
    for stay in day.stays:
        if stay.space != space or stay.to_ms <= stay.from_ms:
            continue
        if found and stay.from_ms <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], stay.to_ms))
        else:
            found.append((stay.from_ms, stay.to_ms))
    return found


def _pir(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, generator: random.Random) -> Iterator[SensorSignal]:
    yield SensorSignal(day.starts_ms, sensor.key, "motion", 0)
    for from_ms, to_ms in occupied_spans(day, sensor.space):
        at_ms = from_ms
        while at_ms < to_ms:
            ends_ms = min(to_ms, at_ms + generator.randint(2 * _SECOND_MS, 8 * _SECOND_MS))
            yield SensorSignal(at_ms, sensor.key, "motion", 1)
            yield SensorSignal(ends_ms, sensor.key, "motion", 0)
            pause_s = min(_MAX_GAP_S, _MEDIAN_GAP_S * generator.lognormvariate(0, _GAP_SPREAD))
            at_ms = ends_ms + int(pause_s * 1000) + _SECOND_MS


def _pressure(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, _generator: random.Random) -> Iterator[SensorSignal]:
    yield SensorSignal(day.starts_ms, sensor.key, "pressure", 0)
    for from_ms, to_ms in occupied_spans(day, sensor.space):
        yield SensorSignal(from_ms + 5 * _SECOND_MS, sensor.key, "pressure", 1)
        yield SensorSignal(max(to_ms - 5 * _SECOND_MS, from_ms + 6 * _SECOND_MS), sensor.key, "pressure", 0)


def _contact(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, _generator: random.Random) -> Iterator[SensorSignal]:
    """The door is open while the space is empty, and closed shortly after it is taken."""
    yield SensorSignal(day.starts_ms, sensor.key, "contact_open", 1)
    for from_ms, to_ms in occupied_spans(day, sensor.space):
        yield SensorSignal(min(from_ms + 20 * _SECOND_MS, to_ms), sensor.key, "contact_open", 0)
        yield SensorSignal(to_ms, sensor.key, "contact_open", 1)


def _beam_pair(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, _generator: random.Random) -> Iterator[SensorSignal]:
    for passage in day.passages:
        yield SensorSignal(passage.at_ms, sensor.key, "crossing", passage.direction)


def _power(plan: SitePlan, day: SimulatedDay, sensor: Sensor, generator: random.Random) -> Iterator[SensorSignal]:
    """A third of the threshold at rest; several times the threshold, varying, at work."""
    threshold_w = (plan.space_by_id[sensor.space].in_use_above_w if sensor.space else None) or DEFAULT_IN_USE_W
    rest_w = round(threshold_w / 3, 1)
    yield SensorSignal(day.starts_ms, sensor.key, "power_w", rest_w)
    for run in day.machine_runs:
        if run.space == sensor.space:
            at_ms = run.from_ms
            while at_ms < run.to_ms:
                yield SensorSignal(at_ms, sensor.key, "power_w", round(threshold_w * generator.uniform(2.5, 4), 1))
                at_ms += generator.randint(MINUTE_MS, 3 * MINUTE_MS)
            yield SensorSignal(run.to_ms, sensor.key, "power_w", rest_w)


def _distance(plan: SitePlan, day: SimulatedDay, sensor: Sensor, generator: random.Random) -> Iterator[SensorSignal]:
    """Above a seat: whether somebody is near. Above a supply: its level in per cent."""
    if sensor.space and not plan.space_by_id[sensor.space].is_offered:
        yield from _supply_level(plan, day, sensor)
    else:
        yield from _presence(plan, day, sensor, generator)


def _presence(plan: SitePlan, day: SimulatedDay, sensor: Sensor, generator: random.Random) -> Iterator[SensorSignal]:
    for sign in _pressure(plan, day, sensor, generator):
        yield SensorSignal(sign.at_ms, sign.sensor, "presence", sign.value)


def _people(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, _generator: random.Random) -> Iterator[SensorSignal]:
    yield SensorSignal(day.starts_ms, sensor.key, "people", 0)
    here = [stay for stay in day.stays if stay.space == sensor.space]
    for at_ms in sorted({moment for stay in here for moment in (stay.from_ms, stay.to_ms)}):
        yield SensorSignal(at_ms, sensor.key, "people", sum(stay.from_ms <= at_ms < stay.to_ms for stay in here))


def _sound(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, generator: random.Random) -> Iterator[SensorSignal]:
    """Background noise, with speech now and then while the space is occupied."""
    here = occupied_spans(day, sensor.space)
    for at_ms in range(day.starts_ms, day.ends_ms, _SOUND_EVERY_MS):
        is_speech = generator.random() < _SPEECH_SHARE and any(from_ms <= at_ms < to_ms for from_ms, to_ms in here)
        yield SensorSignal(
            at_ms, sensor.key, "sound_db", round((_SPEECH_DB if is_speech else _QUIET_DB) + generator.gauss(0, 1.5), 1)
        )


def _light(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, generator: random.Random) -> Iterator[SensorSignal]:
    """The light is on while the space is occupied."""
    yield SensorSignal(day.starts_ms, sensor.key, "light_lux", _DARK_LUX)
    for from_ms, to_ms in occupied_spans(day, sensor.space):
        yield SensorSignal(from_ms, sensor.key, "light_lux", round(_LIT_LUX * generator.uniform(0.9, 1.1)))
        yield SensorSignal(to_ms, sensor.key, "light_lux", _DARK_LUX)


def _supply_level(plan: SitePlan, day: SimulatedDay, sensor: Sensor) -> Iterator[SensorSignal]:
    weekday = _weekday(plan, day)
    level_pct = _MONDAY_PCT - _PCT_PER_DAY * min(weekday, 5)
    yield SensorSignal(day.starts_ms, sensor.key, "level_pct", level_pct)
    cup_pct = _PCT_PER_DAY / max(1, len(day.coffee_at_ms)) if weekday < 5 else 0.0
    for number, at_ms in enumerate(day.coffee_at_ms, 1):
        yield SensorSignal(at_ms, sensor.key, "level_pct", round(level_pct - number * cup_pct, 1))


def _weekday(plan: SitePlan, day: SimulatedDay) -> int:
    return datetime.fromtimestamp(day.starts_ms / 1000, plan.time_zone).weekday()


def _air(plan: SitePlan, day: SimulatedDay, sensor: Sensor, generator: random.Random) -> Iterator[SensorSignal]:
    """CO2 follows the people in the zone: breath adds it, air changes remove it."""
    zone = plan.zone_by_id[str(sensor.zone)]
    volume_m3 = zone.width_m * zone.depth_m * _CEILING_M
    spaces = {space.id for space in plan.spaces if space.zone == zone.id}
    here = [stay for stay in day.stays if stay.space in spaces]
    hours = _AIR_EVERY_MS / HOUR_MS
    ppm = _FRESH_PPM
    for at_ms in range(day.starts_ms, day.ends_ms, _AIR_EVERY_MS):
        people = sum(stay.from_ms <= at_ms < stay.to_ms for stay in here)
        breath_ppm = people * _BREATH_M3_PER_H / volume_m3 * 1e6 * hours
        ppm += breath_ppm - (ppm - _FRESH_PPM) * _AIR_CHANGES_PER_H * hours
        yield SensorSignal(at_ms, sensor.key, "co2_ppm", round(ppm + generator.gauss(0, 4)))
        yield SensorSignal(
            at_ms, sensor.key, "temperature_c", round(20.4 + 0.08 * people + generator.gauss(0, 0.05), 2)
        )
        yield SensorSignal(at_ms, sensor.key, "humidity_pct", round(36 + 0.3 * people + generator.gauss(0, 0.2), 1))


_SIMULATE: dict[SensorKind, Callable[[SitePlan, SimulatedDay, Sensor, random.Random], Iterable[SensorSignal]]] = {
    SensorKind.PIR: _pir,
    SensorKind.CONTACT: _contact,
    SensorKind.PRESSURE: _pressure,
    SensorKind.DISTANCE: _distance,
    SensorKind.BEAM_PAIR: _beam_pair,
    SensorKind.POWER: _power,
    SensorKind.AIR: _air,
    SensorKind.PRESENCE: _presence,
    SensorKind.PEOPLE: _people,
    SensorKind.SOUND: _sound,
    SensorKind.LIGHT: _light,
}
