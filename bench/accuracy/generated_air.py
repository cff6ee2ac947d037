"""Air of a room, computed from the people in it: CO2, temperature and humidity, as a meter without faults reads them.

In:    a room, the number of people at any time, a seed.
Out:   readings in order of time.
Never: sensor faults, rules of the product.

CO2 follows the mass balance of a well mixed room: each person adds 18 litres an hour (sedentary work; ASHRAE 62.1), and
ventilation replaces the air with outdoor air. Ventilation runs by day and rests at night, as in most offices.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import exp, pi, sin
from random import Random
from typing import Final, NamedTuple

from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS

EXHALED_M3_PER_H: Final = 0.018
_PPM: Final = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedRoom:
    """A room and its meter."""

    volume_m3: float = 60
    changes_by_day: float = 2.0
    """Air changes an hour from 06:00 to 19:00."""
    changes_by_night: float = 0.3
    outdoor_ppm: float = 425
    draught_ppm: float = 0
    """By how much the air of other rooms, which comes in from 02:00 to 05:00 and from 19:00 to 21:00, exceeds outdoor
    air."""
    noise_ppm: float = 6
    """Standard deviation of the meter's noise."""
    lowest_ppm: float = 0
    """Some meters never show less than this."""
    every_ms: int = MINUTE_MS


class AirReadings(NamedTuple):
    """The readings of one moment."""

    at_ms: int
    co2_ppm: float
    temperature_c: float
    humidity_pct: float


def simulate_air(
    room: GeneratedRoom, people: Callable[[int], int], from_ms: int, to_ms: int, seed: int
) -> Iterator[AirReadings]:
    """Yield the readings of a room.

    Args:
        room: the room.
        people: the number of people at a time, Unix ms.
        from_ms: the first reading; a day begins at a multiple of DAY_MS.
        to_ms: no reading is at or after this time.
        seed: of the noise.
    """
    dice = Random(seed)  # noqa: S311 - repeatable, no secret
    ppm, step_h = room.outdoor_ppm, room.every_ms / HOUR_MS
    for at_ms in range(from_ms, to_ms, room.every_ms):
        hour = at_ms % DAY_MS / HOUR_MS
        inside = people(at_ms)
        changes = room.changes_by_day if 6 <= hour < 19 else room.changes_by_night
        has_draught = 2 <= hour < 5 or 19 <= hour < 21
        source = room.outdoor_ppm + room.draught_ppm * has_draught
        balance = source + inside * EXHALED_M3_PER_H / (changes * room.volume_m3) * _PPM
        ppm = balance + (ppm - balance) * exp(-changes * step_h)
        yield AirReadings(
            at_ms,
            max(room.lowest_ppm, round(ppm + dice.gauss(0, room.noise_ppm))),
            round(20.5 + sin(hour * pi / 12 - 2) + 0.2 * inside + dice.gauss(0, 0.05), 1),
            round(38 + 4 * sin(at_ms / DAY_MS) + inside + dice.gauss(0, 0.3), 1),
        )
