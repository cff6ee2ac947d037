"""Sensors on one pin that is high or low: PIR, door contact, pressure mat, radar.

In:    edges of a gpiozero pin.
Out:   `motion`, `contact_open`, `pressure`, `presence`: 0 or 1, debounced.
Never: a thread: gpiozero's MotionSensor and Button use one each, while edges cost nothing at rest.
       `bounce_time`: it differs by driver, and mock pins ignore it.
"""

from collections.abc import Mapping

from gpiozero import DigitalInputDevice, Factory

from edge.contract.message import EventKind
from edge.contract.pin_sensor_kinds import ContactSettings, PirSettings, PresenceSettings, PressureSettings
from edge.contract.sensor_settings import PinSettings
from edge.outbox import PendingEvent, create_event
from edge.sensors import debounce
from edge.sensors.debounce import DebounceState
from edge.sensors.sensor import ReadingQueue, SensorReading, queue_level


class DigitalSensor:
    """One debounced pin."""

    every_ms = 0

    def __init__(
        self,
        device: DigitalInputDevice,
        queue: ReadingQueue,
        kind: EventKind,
        settings: PinSettings,
        *,
        active: int = 1,
    ) -> None:
        """`active` is the value while the pin is active; the value is `1 - active` while it is not."""
        self._device, self._queue, self._kind, self._debounce_ms = device, queue, kind, settings.debounce_ms
        self._sensor = queue.sensor
        self._active, self._state = active, DebounceState()
        self.channels: Mapping[str, EventKind] = {"": kind}
        device.when_activated = lambda: queue.put_reading(active)
        device.when_deactivated = lambda: queue.put_reading(1 - active)
        self.reread_pins()

    def process_reading(self, reading: SensorReading) -> list[PendingEvent]:
        return self._debounce(reading.at_ms, int(reading.value))

    def advance_time(self, now_ms: int) -> list[PendingEvent]:
        return self._debounce(now_ms, None)

    def next_wake_ms(self) -> int | None:
        return debounce.next_stable_ms(self._state, self._debounce_ms)

    def heartbeat_level(self) -> float | None:
        return self._state.stable_level

    def reread_pins(self) -> None:
        queue_level(lambda: self._active if self._device.value else 1 - self._active, self._queue)

    def close(self) -> None:
        self._device.close()

    def _debounce(self, at_ms: int, level: int | None) -> list[PendingEvent]:
        self._state, stable_levels = debounce.debounce_level(self._state, self._debounce_ms, at_ms, level)
        return [create_event(self._sensor, self._kind, each.level, each.at_ms) for each in stable_levels]


def open_pir(settings: PirSettings, factory: Factory, queue: ReadingQueue) -> DigitalSensor:
    """Open a passive infrared sensor: it drives its pin high while it detects movement."""
    device = DigitalInputDevice(settings.pin, pull_up=False, pin_factory=factory)
    return DigitalSensor(device, queue, EventKind.MOTION, settings)


def open_contact(settings: ContactSettings, factory: Factory, queue: ReadingQueue) -> DigitalSensor:
    """Open a reed contact to ground: high means open, also if a wire is cut."""
    device = DigitalInputDevice(settings.pin, pull_up=True, pin_factory=factory)
    return DigitalSensor(device, queue, EventKind.CONTACT_OPEN, settings, active=0)


def open_pressure_mat(settings: PressureSettings, factory: Factory, queue: ReadingQueue) -> DigitalSensor:
    """Open a pressure mat that closes to ground while somebody sits on it."""
    device = DigitalInputDevice(settings.pin, pull_up=True, pin_factory=factory)
    return DigitalSensor(device, queue, EventKind.PRESSURE, settings)


def open_radar(settings: PresenceSettings, factory: Factory, queue: ReadingQueue) -> DigitalSensor:
    """Open a radar: it drives its pin high while it detects somebody, even if they sit still."""
    device = DigitalInputDevice(settings.pin, pull_up=False, pin_factory=factory)
    return DigitalSensor(device, queue, EventKind.PRESENCE, settings)
