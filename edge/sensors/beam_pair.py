"""Two light beams across a door.

In:    edges of two gpiozero pins.
Out:   `crossing`: +1 in, -1 out; 0 once at the start, and as its heartbeat: nobody passed.
Never: a thread, a settle time: `edge.crossing` is not misled by a beam that trembles.
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

    def __init__(self, settings: BeamPairSettings, factory: Factory, post: Post) -> None:
        self._post, self._within_ms = post, settings.within_ms
        self._state, self._seen = Crossing(), set[Beam]()
        self._devices: dict[Beam, DigitalInputDevice] = {}
        with ExitStack() as opened:  # if the second pin is busy, the first is let go
            for beam, pin in ((Beam.OUTER, settings.outer_pin), (Beam.INNER, settings.inner_pin)):
                self._devices[beam] = self._open(beam, opened.enter_context(_receiver(pin, factory)))
            opened.pop_all()
        self.look()

    def take(self, reading: Reading) -> list[Told]:
        beam = Beam(reading.part)
        self._state, way = crossing.step(self._state, beam, int(reading.value), reading.at_ms, self._within_ms)
        known = len(self._seen) == len(Beam)
        self._seen.add(beam)
        if not known and len(self._seen) == len(Beam):
            return [Told(reading.at_ms, Kind.CROSSING, 0)]
        return [Told(reading.at_ms, Kind.CROSSING, way)] if way else []

    def wake(self, now_ms: int) -> list[Told]:  # noqa: ARG002 - time alone passes no door
        return []

    def next_wake(self) -> int | None:
        return None

    def level(self) -> float | None:
        return 0 if len(self._seen) == len(Beam) else None

    def look(self) -> None:
        for beam, device in self._devices.items():
            post_level(partial(_broken, device), self._post, beam)

    def close(self) -> None:
        for device in self._devices.values():
            device.close()

    def _open(self, beam: Beam, device: DigitalInputDevice) -> DigitalInputDevice:
        device.when_activated = lambda: self._post.tell(1, beam)
        device.when_deactivated = lambda: self._post.tell(0, beam)
        return device


def _receiver(pin: int, factory: Factory) -> DigitalInputDevice:
    return DigitalInputDevice(pin, pull_up=True, pin_factory=factory)


def _broken(device: DigitalInputDevice) -> int:
    return int(device.value)
