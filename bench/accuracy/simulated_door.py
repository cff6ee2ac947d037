"""A counter at a room's door and a motion sensor inside, simulated on the true counts.

In:    the number of people each minute, the sensors' rates, a generator of random numbers.
Out:   the crossings that the counter reports; the motion sensor's events.
Never: clocks, files.

A change from one minute to the next is a passage through the door. In addition each person goes out and comes back
once in two hours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from bench.accuracy.player import SensorColumn
from collector.occupancy.evidence import StoredEvent
from collector.people.estimate import DoorCrossing
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import MINUTE_MS

BEGIN_MS: Final = 1_490_140_800_000
"""Midnight of the first day of the recording, used for all days: 22 March 2017, UTC."""
TRIPS_PER_MIN: Final = 0.5 / 60
_SLOT_MS: Final = 30_000
_PULSE_MS: Final = 2_500
TRACK: Final = SensorColumn("pir", SensorKind.PIR, EventKind.MOTION, "", _PULSE_MS)


@dataclass(frozen=True, slots=True)
class SimulatedSensors:
    """Rates of the sensors' errors."""

    missed_in: float
    """Share of those who come in that the counter misses."""
    missed_out: float
    """Share of those who go out."""
    reversed_share: float
    """Share of the counted that are counted in the wrong direction."""
    motion: float | None
    """Share of half minutes with motion while anybody is there; None: there is no motion sensor."""


USUAL: Final = SimulatedSensors(0.05, 0.08, 0.02, 0.6)
"""A usual pair of beams, and a motion sensor as well placed as the good one of the UCI 864 recording."""


def simulate_crossings(truth: Sequence[int], sensors: SimulatedSensors, generator: Random) -> Iterator[DoorCrossing]:
    """Yield the crossings that the counter reports, in order."""
    before = 0
    for minute, inside in enumerate(truth):
        trips = sum(generator.random() < TRIPS_PER_MIN for _ in range(min(before, inside)))
        ways = [1] * _simulate_counter(max(0, inside - before) + trips, sensors.missed_in, generator)
        ways += [-1] * _simulate_counter(max(0, before - inside) + trips, sensors.missed_out, generator)
        ways = [-way if generator.random() < sensors.reversed_share else way for way in ways]
        generator.shuffle(ways)
        for place, way in enumerate(ways):
            yield DoorCrossing(BEGIN_MS + minute * MINUTE_MS + (2 * place + 1) * MINUTE_MS // (2 * len(ways)), way)
        before = inside


def _simulate_counter(people: int, missed: float, generator: Random) -> int:
    return sum(generator.random() >= missed for _ in range(people))


def simulate_motion(truth: Sequence[int], motion: float, generator: Random) -> Iterator[StoredEvent]:
    """Yield the motion sensor's events: a pulse where it detects motion, else a heartbeat."""
    seq = 0
    for slot in range(len(truth) * MINUTE_MS // _SLOT_MS):
        at_ms = BEGIN_MS + slot * _SLOT_MS
        seq += 2
        if truth[slot * _SLOT_MS // MINUTE_MS] > 0 and generator.random() < motion:
            yield StoredEvent(at_ms, "recorder", "played", seq - 1, TRACK.sensor, EventKind.MOTION, 1)
            yield StoredEvent(at_ms + _PULSE_MS, "recorder", "played", seq, TRACK.sensor, EventKind.MOTION, 0)
        else:
            yield StoredEvent(at_ms, "recorder", "played", seq, TRACK.sensor, EventKind.HEARTBEAT, 0)
