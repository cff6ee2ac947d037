"""Two light beams across a door.

In:    edges of two gpiozero pins.
Out:   `crossing`: +1 in, -1 out; 0 (nobody passed) once at the start and in heartbeats.
Never: a thread, a debounce time: `detect_crossing` tolerates a beam that flickers.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

from gpiozero import DigitalInputDevice, Factory

from edge import crossing
from edge.crossing import Beam, Crossing
from edge.message import Kind
from edge.sensors.sensor import Post, Reading, Told, post_level
from edge.settings import BeamPairSettings


class BeamPair:
    """Both beams of one door; each receiver pulls its pin low while its beam is broken."""

    every_ms = 0
    channels: Mapping[str, Kind] = {"": Kind.CROSSING}

    def __init__(self, settings: BeamPairSettings, factory: Factory, queue: Post) -> None:
        self._queue, self._within_ms = queue, settings.within_ms
        self._state, self._beams_seen = Crossing(), set[Beam]()
        self._devices: dict[Beam, DigitalInputDevice] = {}
        with ExitStack() as opened:  # if the second pin is busy, the first is released
            for beam, pin in ((Beam.OUTER, settings.outer_pin), (Beam.INNER, settings.inner_pin)):
                self._devices[beam] = self._watch_beam(beam, opened.enter_context(_open_receiver(pin, factory)))
            opened.pop_all()
        self.look()

    def take(self, reading: Reading) -> list[Told]:
        beam = Beam(reading.part)
        self._state, direction = crossing.step(self._state, beam, int(reading.value), reading.at_ms, self._within_ms)
        both_seen = len(self._beams_seen) == len(Beam)
        self._beams_seen.add(beam)
        if not both_seen and len(self._beams_seen) == len(Beam):
            return [Told(reading.at_ms, Kind.CROSSING, 0)]
        return [Told(reading.at_ms, Kind.CROSSING, direction)] if direction else []

    def wake(self, now_ms: int) -> list[Told]:  # noqa: ARG002 - only a reading causes an event
        return []

    def next_wake(self) -> int | None:
        return None

    def level(self) -> float | None:
        return 0 if len(self._beams_seen) == len(Beam) else None

    def look(self) -> None:
        for beam, device in self._devices.items():
            post_level(partial(_read_level, device), self._queue, beam)

    def close(self) -> None:
        for device in self._devices.values():
            device.close()

    def _watch_beam(self, beam: Beam, device: DigitalInputDevice) -> DigitalInputDevice:
        device.when_activated = lambda: self._queue.tell(1, beam)
        device.when_deactivated = lambda: self._queue.tell(0, beam)
        return device


def _open_receiver(pin: int, factory: Factory) -> DigitalInputDevice:
    return DigitalInputDevice(pin, pull_up=True, pin_factory=factory)


def _read_level(device: DigitalInputDevice) -> int:
    return int(device.value)
