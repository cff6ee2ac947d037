"""Two light beams across a door.

In:    edges of two gpiozero pins.
Out:   `crossing`: +1 in, -1 out; 0 (nobody passed) once at the start and in heartbeats.
Never: a thread, a debounce time: `detect_crossing` tolerates a beam that flickers.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

from gpiozero import DigitalInputDevice, Factory

from edge.contract.message import EventKind
from edge.contract.pin_sensor_kinds import BeamPairSettings
from edge.outbox import PendingEvent, create_event
from edge.sensors import crossing
from edge.sensors.crossing import Beam, BeamPairState
from edge.sensors.sensor import ReadingQueue, SensorReading, queue_level


class BeamPair:
    """Both beams of one door; each receiver pulls its pin low while its beam is broken."""

    every_ms = 0
    channels: Mapping[str, EventKind] = {"": EventKind.CROSSING}

    def __init__(self, settings: BeamPairSettings, factory: Factory, queue: ReadingQueue) -> None:
        self._sensor, self._queue, self._within_ms = settings.id, queue, settings.within_ms
        self._state, self._beams_seen = BeamPairState(), set[Beam]()
        self._devices: dict[Beam, DigitalInputDevice] = {}
        with ExitStack() as opened:  # if the second pin is busy, the first is released
            for beam, pin in ((Beam.OUTER, settings.outer_pin), (Beam.INNER, settings.inner_pin)):
                self._devices[beam] = self._watch_beam(beam, opened.enter_context(_open_receiver(pin, factory)))
            opened.pop_all()
        self.reread_pins()

    def process_reading(self, reading: SensorReading) -> list[PendingEvent]:
        beam = Beam(reading.part)
        self._state, direction = crossing.detect_crossing(
            self._state, beam, int(reading.value), reading.at_ms, self._within_ms
        )
        both_seen = len(self._beams_seen) == len(Beam)
        self._beams_seen.add(beam)
        if not both_seen and len(self._beams_seen) == len(Beam):
            return [create_event(self._sensor, EventKind.CROSSING, 0, reading.at_ms)]
        return [create_event(self._sensor, EventKind.CROSSING, direction, reading.at_ms)] if direction else []

    def advance_time(self, now_ms: int) -> list[PendingEvent]:  # noqa: ARG002 - only a reading causes an event
        return []

    def next_wake_ms(self) -> int | None:
        return None

    def heartbeat_level(self) -> float | None:
        return 0 if len(self._beams_seen) == len(Beam) else None

    def reread_pins(self) -> None:
        for beam, device in self._devices.items():
            queue_level(partial(_read_level, device), self._queue, beam)

    def close(self) -> None:
        for device in self._devices.values():
            device.close()

    def _watch_beam(self, beam: Beam, device: DigitalInputDevice) -> DigitalInputDevice:
        device.when_activated = lambda: self._queue.put_reading(1, beam)
        device.when_deactivated = lambda: self._queue.put_reading(0, beam)
        return device


def _open_receiver(pin: int, factory: Factory) -> DigitalInputDevice:
    return DigitalInputDevice(pin, pull_up=True, pin_factory=factory)


def _read_level(device: DigitalInputDevice) -> int:
    return int(device.value)
