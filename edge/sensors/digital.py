"""Sensors on one pin that is high or low: PIR, door contact, pressure mat, radar.

In:    edges of a gpiozero pin.
Out:   `motion`, `contact_open`, `pressure`, `presence`: 0 or 1, debounced.
Never: a thread: gpiozero's MotionSensor and Button use one each, while edges cost nothing at rest.
       `bounce_time`: it differs by driver, and mock pins ignore it.
"""

from collections.abc import Mapping

from gpiozero import DigitalInputDevice, Factory

from edge import debounce
from edge.debounce import Debounce
from edge.message import Kind
from edge.sensors.sensor import Post, Reading, Told, post_level
from edge.settings import ContactSettings, PinSettings, PirSettings, PresenceSettings, PressureSettings


class DigitalSensor:
    """One debounced pin."""

    every_ms = 0

    def __init__(
        self, device: DigitalInputDevice, queue: Post, kind: Kind, settings: PinSettings, *, active: int = 1
    ) -> None:
        """`active` is the value while the pin is active; the value is `1 - active` while it is not."""
        self._device, self._queue, self._kind, self._settle_ms = device, queue, kind, settings.settle_ms
        self._active, self._state = active, Debounce()
        self.channels: Mapping[str, Kind] = {"": kind}
        device.when_activated = lambda: queue.tell(active)
        device.when_deactivated = lambda: queue.tell(1 - active)
        self.look()

    def take(self, reading: Reading) -> list[Told]:
        return self._debounce(reading.at_ms, int(reading.value))

    def wake(self, now_ms: int) -> list[Told]:
        return self._debounce(now_ms, None)

    def next_wake(self) -> int | None:
        return debounce.next_wake(self._state, self._settle_ms)

    def level(self) -> float | None:
        return self._state.settled

    def look(self) -> None:
        post_level(lambda: self._active if self._device.value else 1 - self._active, self._queue)

    def close(self) -> None:
        self._device.close()

    def _debounce(self, at_ms: int, level: int | None) -> list[Told]:
        self._state, stable_levels = debounce.step(self._state, self._settle_ms, at_ms, level)
        return [Told(each.at_ms, self._kind, each.level) for each in stable_levels]


def pir(settings: PirSettings, factory: Factory, queue: Post) -> DigitalSensor:
    """Open a passive infrared sensor: it drives its pin high while it detects movement."""
    device = DigitalInputDevice(settings.pin, pull_up=False, pin_factory=factory)
    return DigitalSensor(device, queue, Kind.MOTION, settings)


def contact(settings: ContactSettings, factory: Factory, queue: Post) -> DigitalSensor:
    """Open a reed contact to ground: high means open, also if a wire is cut."""
    device = DigitalInputDevice(settings.pin, pull_up=True, pin_factory=factory)
    return DigitalSensor(device, queue, Kind.CONTACT_OPEN, settings, active=0)


def pressure(settings: PressureSettings, factory: Factory, queue: Post) -> DigitalSensor:
    """Open a pressure mat that closes to ground while somebody sits on it."""
    device = DigitalInputDevice(settings.pin, pull_up=True, pin_factory=factory)
    return DigitalSensor(device, queue, Kind.PRESSURE, settings)


def presence(settings: PresenceSettings, factory: Factory, queue: Post) -> DigitalSensor:
    """Open a radar: it drives its pin high while it detects somebody, even if they sit still."""
    device = DigitalInputDevice(settings.pin, pull_up=False, pin_factory=factory)
    return DigitalSensor(device, queue, Kind.PRESENCE, settings)
