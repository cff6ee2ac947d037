"""Compute what the sensors of a site measure on a simulated day: pulses, levels, readings.

In:    the plan of the site, a `SimulatedDay`, a seed.
Out:   signals in order of time: the value of each sensor from then on.
Never: clocks, pins, files.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import SpaceKind
from edge.contract.sensor_traits import SimulationModel
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS
from ledig.simulation.simulated_day import SimulatedDay

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

_SOUND_EVERY_MS = 30_000
_SPEECH_SHARE = 0.4
"""Share of half minutes with speech; in the others a taken room is as quiet as an empty one."""

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
        found += _choose_model(plan, sensor)(plan, day, sensor, generator)
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


def _movement(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, generator: random.Random) -> Iterator[SensorSignal]:
    yield _resting(sensor, day.starts_ms)
    for from_ms, to_ms in occupied_spans(day, sensor.space):
        at_ms = from_ms
        while at_ms < to_ms:
            ends_ms = min(to_ms, at_ms + generator.randint(2 * _SECOND_MS, 8 * _SECOND_MS))
            yield _active(sensor, at_ms)
            yield _resting(sensor, ends_ms)
            pause_s = min(_MAX_GAP_S, _MEDIAN_GAP_S * generator.lognormvariate(0, _GAP_SPREAD))
            at_ms = ends_ms + int(pause_s * 1000) + _SECOND_MS


def _seat(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, _generator: random.Random) -> Iterator[SensorSignal]:
    yield _resting(sensor, day.starts_ms)
    for from_ms, to_ms in occupied_spans(day, sensor.space):
        yield _active(sensor, from_ms + 5 * _SECOND_MS)
        yield _resting(sensor, max(to_ms - 5 * _SECOND_MS, from_ms + 6 * _SECOND_MS))


def _door(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, _generator: random.Random) -> Iterator[SensorSignal]:
    """The door is open while the space is empty, and closed shortly after it is taken."""
    yield _resting(sensor, day.starts_ms)
    for from_ms, to_ms in occupied_spans(day, sensor.space):
        yield _active(sensor, min(from_ms + 20 * _SECOND_MS, to_ms))
        yield _resting(sensor, to_ms)


def _passages(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, _generator: random.Random) -> Iterator[SensorSignal]:
    for passage in day.passages:
        yield SensorSignal(passage.at_ms, sensor.key, sensor.kind.traits.level.name, passage.direction)


def _machine(plan: SitePlan, day: SimulatedDay, sensor: Sensor, generator: random.Random) -> Iterator[SensorSignal]:
    """A third of the threshold at rest; several times the threshold, varying, at work."""
    traits = sensor.kind.traits
    quantity = traits.level.name
    threshold = (plan.space_by_id[sensor.space].in_use_above_w if sensor.space else None) or traits.high_above
    resting = round(threshold / 3, 1)
    yield SensorSignal(day.starts_ms, sensor.key, quantity, resting)
    for run in day.machine_runs:
        if run.space == sensor.space:
            at_ms = run.from_ms
            while at_ms < run.to_ms:
                yield SensorSignal(at_ms, sensor.key, quantity, round(threshold * generator.uniform(2.5, 4), 1))
                at_ms += generator.randint(MINUTE_MS, 3 * MINUTE_MS)
            yield SensorSignal(run.to_ms, sensor.key, quantity, resting)


def _count(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, _generator: random.Random) -> Iterator[SensorSignal]:
    quantity = sensor.kind.traits.level.name
    yield SensorSignal(day.starts_ms, sensor.key, quantity, 0)
    here = [stay for stay in day.stays if stay.space == sensor.space]
    for at_ms in sorted({moment for stay in here for moment in (stay.from_ms, stay.to_ms)}):
        yield SensorSignal(at_ms, sensor.key, quantity, sum(stay.from_ms <= at_ms < stay.to_ms for stay in here))


def _speech(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, generator: random.Random) -> Iterator[SensorSignal]:
    """Background noise, with speech now and then while the space is occupied."""
    traits = sensor.kind.traits
    here = occupied_spans(day, sensor.space)
    for at_ms in range(day.starts_ms, day.ends_ms, _SOUND_EVERY_MS):
        is_speech = generator.random() < _SPEECH_SHARE and any(from_ms <= at_ms < to_ms for from_ms, to_ms in here)
        level = traits.simulation.active if is_speech else traits.simulation.resting
        yield SensorSignal(at_ms, sensor.key, traits.level.name, round(level + generator.gauss(0, 1.5), 1))


def _lamp(_plan: SitePlan, day: SimulatedDay, sensor: Sensor, generator: random.Random) -> Iterator[SensorSignal]:
    """The light is on while the space is occupied."""
    traits = sensor.kind.traits
    yield _resting(sensor, day.starts_ms)
    for from_ms, to_ms in occupied_spans(day, sensor.space):
        lit = round(traits.simulation.active * generator.uniform(0.9, 1.1))
        yield SensorSignal(from_ms, sensor.key, traits.level.name, lit)
        yield _resting(sensor, to_ms)


def _supply_level(
    plan: SitePlan, day: SimulatedDay, sensor: Sensor, _generator: random.Random
) -> Iterator[SensorSignal]:
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


_SimulateSensor = Callable[[SitePlan, SimulatedDay, Sensor, random.Random], Iterable[SensorSignal]]

_SIMULATE: Final[dict[SimulationModel, _SimulateSensor]] = {
    SimulationModel.MOVEMENT: _movement,
    SimulationModel.SEAT: _seat,
    SimulationModel.DOOR: _door,
    SimulationModel.LAMP: _lamp,
    SimulationModel.SPEECH: _speech,
    SimulationModel.COUNT: _count,
    SimulationModel.PASSAGES: _passages,
    SimulationModel.MACHINE: _machine,
    SimulationModel.AIR: _air,
}


def _choose_model(plan: SitePlan, sensor: Sensor) -> _SimulateSensor:
    """Return the model of the sensor's kind; above a supply, a sensor measures its level."""
    if sensor.space and plan.space_by_id[sensor.space].kind is SpaceKind.SUPPLY:
        return _supply_level
    return _SIMULATE[sensor.kind.traits.simulation.model]


def _resting(sensor: Sensor, at_ms: int) -> SensorSignal:
    traits = sensor.kind.traits
    return SensorSignal(at_ms, sensor.key, traits.level.name, traits.simulation.resting)


def _active(sensor: Sensor, at_ms: int) -> SensorSignal:
    traits = sensor.kind.traits
    return SensorSignal(at_ms, sensor.key, traits.level.name, traits.simulation.active)
