"""Sensors that are one pin, high or low: PIR, door contact, pressure mat, radar.

In:    edges of a gpiozero pin.
Out:   `motion`, `contact_open`, `pressure`, `presence`: 0 or 1, once it stood still.
Never: a thread; gpiozero's MotionSensor and Button sample or time in one each, edges cost nothing at rest.
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
        self, device: DigitalInputDevice, post: Post, kind: Kind, settings: PinSettings, *, active: int = 1
    ) -> None:
        """`active` is what the sensor says while its pin is active; it says the other while it is not."""
        self._device, self._post, self._kind, self._settle_ms = device, post, kind, settings.settle_ms
        self._active, self._state = active, Debounce()
        self.channels: Mapping[str, Kind] = {"": kind}
        device.when_activated = lambda: post.tell(active)
        device.when_deactivated = lambda: post.tell(1 - active)
        self.look()

    def take(self, reading: Reading) -> list[Told]:
        return self._step(reading.at_ms, int(reading.value))

    def wake(self, now_ms: int) -> list[Told]:
        return self._step(now_ms, None)

    def next_wake(self) -> int | None:
        return debounce.next_wake(self._state, self._settle_ms)

    def level(self) -> float | None:
        return self._state.settled

    def look(self) -> None:
        post_level(lambda: self._active if self._device.value else 1 - self._active, self._post)

    def close(self) -> None:
        self._device.close()

    def _step(self, at_ms: int, level: int | None) -> list[Told]:
        self._state, settled = debounce.step(self._state, self._settle_ms, at_ms, level)
        return [Told(each.at_ms, self._kind, each.level) for each in settled]


def pir(settings: PirSettings, factory: Factory, post: Post) -> DigitalSensor:
    """A passive infrared sensor: it drives its pin high while it sees movement."""
    device = DigitalInputDevice(settings.pin, pull_up=False, pin_factory=factory)
    return DigitalSensor(device, post, Kind.MOTION, settings)


def contact(settings: ContactSettings, factory: Factory, post: Post) -> DigitalSensor:
    """A reed contact to ground: high is open, and so is a cut wire."""
    device = DigitalInputDevice(settings.pin, pull_up=True, pin_factory=factory)
    return DigitalSensor(device, post, Kind.CONTACT_OPEN, settings, active=0)


def pressure(settings: PressureSettings, factory: Factory, post: Post) -> DigitalSensor:
    """A mat that closes to ground while somebody sits on it."""
    device = DigitalInputDevice(settings.pin, pull_up=True, pin_factory=factory)
    return DigitalSensor(device, post, Kind.PRESSURE, settings)


def presence(settings: PresenceSettings, factory: Factory, post: Post) -> DigitalSensor:
    """A radar: it drives its pin high as long as it sees somebody, also one who sits still."""
    device = DigitalInputDevice(settings.pin, pull_up=False, pin_factory=factory)
    return DigitalSensor(device, post, Kind.PRESENCE, settings)
