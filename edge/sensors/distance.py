"""An ultrasonic ranger (HC-SR04) over a seat or a container.

In:    the length of its echo.
Out:   `presence` (0 or 1) below a distance, or `level_pct` between two distances; no event while no echo comes.
Never: gpiozero's DistanceSensor: it samples 16 times a second at rest, and without an echo it blocks indefinitely at
       first and later repeats its last distance (gpiozero issue 1071), so that a broken ranger would seem to work.

Each ranger has its own thread, and every wait for an echo has a timeout. Rangers that face each other may receive each
other's pings: the median of three readings removes one false reading.
"""

import statistics
import threading
import time
from collections import deque
from collections.abc import Mapping

from gpiozero import DigitalOutputDevice, Factory, InputDevice

from edge.contract.message import EventKind
from edge.contract.pin_sensor_kinds import DistanceSettings
from edge.outbox import PendingEvent, create_event
from edge.sensors import debounce
from edge.sensors.debounce import DebounceState
from edge.sensors.polled import Deadband, PollingThread
from edge.sensors.sensor import ReadingQueue, SensorReading

MM_PER_S = 343_260 / 2
"""Half the speed of sound at 20 degrees Celsius, since the echo travels there and back."""
MEDIAN_READINGS = 3
"""The median of this many readings removes one false echo."""
MAX_ECHO_S = 0.1
"""The longest echo takes 38 ms; after this no echo comes."""
TRIGGER_PULSE_S = 0.000_01
LEVEL_STEP_PCT = 1.0


class UltrasonicRanger:
    """The pins of one ranger."""

    def __init__(self, settings: DistanceSettings, factory: Factory) -> None:
        self._factory = factory
        self._echo_ended = threading.Event()
        self._rise_ticks: float | None = None
        self._fall_ticks: float | None = None
        self._trigger = DigitalOutputDevice(settings.trigger_pin, pin_factory=factory)
        try:
            self._echo = InputDevice(settings.echo_pin, pull_up=False, pin_factory=factory)
        except BaseException:
            self._trigger.close()
            raise
        self._echo.pin.edges = "both"
        self._echo.pin.when_changed = self._echo_changed

    def measure_distance_mm(self) -> float | None:
        """Measure the distance with one ping; None if no echo came."""
        self._rise_ticks = self._fall_ticks = None
        self._echo_ended.clear()
        self._trigger.on()
        time.sleep(TRIGGER_PULSE_S)
        self._trigger.off()
        if not self._echo_ended.wait(MAX_ECHO_S) or self._rise_ticks is None or self._fall_ticks is None:
            return None
        return float(self._factory.ticks_diff(self._fall_ticks, self._rise_ticks)) * MM_PER_S

    def close(self) -> None:
        """Release both pins."""
        self._trigger.close()
        self._echo.close()

    def _echo_changed(self, ticks: float, state: float) -> None:
        """Record one edge of the echo with the driver's own time (the pin's callback)."""
        if state:
            self._rise_ticks = ticks
        elif self._rise_ticks is not None:
            self._fall_ticks = ticks
            self._echo_ended.set()


class _DistanceSensor:
    """Code shared by the rangers of seats and containers."""

    channels: Mapping[str, EventKind] = {"": EventKind.DISTANCE_MM}

    def __init__(self, settings: DistanceSettings, factory: Factory, queue: ReadingQueue) -> None:
        self.every_ms = settings.every_ms
        self._recent: deque[float] = deque(maxlen=MEDIAN_READINGS)
        self._ranger = UltrasonicRanger(settings, factory)
        self._sensor = settings.id
        self._polling = PollingThread(lambda: self._read_distance(queue), settings.every_ms, queue)

    def reread_pins(self) -> None:
        """Do nothing: the thread polls by itself."""

    def close(self) -> None:
        self._polling.close()
        self._ranger.close()

    def _median_mm(self, reading: SensorReading) -> float:
        self._recent.append(reading.value)
        return statistics.median(self._recent)

    def _read_distance(self, queue: ReadingQueue) -> None:
        distance_mm = self._ranger.measure_distance_mm()
        if distance_mm is not None:
            queue.put_reading(distance_mm)


class SeatSensor(_DistanceSensor):
    """A ranger that detects whether a seat is taken; a change counts when the next reading confirms it."""

    def __init__(self, settings: DistanceSettings, factory: Factory, queue: ReadingQueue, near_mm: int) -> None:
        self._near_mm, self._debounce_ms, self._state = near_mm, settings.every_ms * 3 // 2, DebounceState()
        super().__init__(settings, factory, queue)

    def process_reading(self, reading: SensorReading) -> list[PendingEvent]:
        return self._debounce(reading.at_ms, int(self._median_mm(reading) < self._near_mm))

    def advance_time(self, now_ms: int) -> list[PendingEvent]:
        return self._debounce(now_ms, None)

    def next_wake_ms(self) -> int | None:
        return debounce.next_stable_ms(self._state, self._debounce_ms)

    def heartbeat_level(self) -> float | None:
        return self._state.stable_level

    def _debounce(self, at_ms: int, level: int | None) -> list[PendingEvent]:
        self._state, stable_levels = debounce.debounce_level(self._state, self._debounce_ms, at_ms, level)
        return [create_event(self._sensor, EventKind.PRESENCE, each.level, each.at_ms) for each in stable_levels]


class ContainerSensor(_DistanceSensor):
    """A ranger that measures how full a container is, in per cent."""

    def __init__(
        self, settings: DistanceSettings, factory: Factory, queue: ReadingQueue, *, empty_mm: int, full_mm: int
    ) -> None:
        self._empty_mm, self._full_mm, self._deadband = empty_mm, full_mm, Deadband(LEVEL_STEP_PCT)
        super().__init__(settings, factory, queue)

    def process_reading(self, reading: SensorReading) -> list[PendingEvent]:
        share = (self._empty_mm - self._median_mm(reading)) / (self._empty_mm - self._full_mm)
        level_pct = round(100 * min(1.0, max(0.0, share)))
        return (
            [create_event(self._sensor, EventKind.LEVEL_PCT, level_pct, reading.at_ms)]
            if self._deadband.accept_change(level_pct)
            else []
        )

    def advance_time(self, now_ms: int) -> list[PendingEvent]:  # noqa: ARG002 - only a reading causes an event
        return []

    def next_wake_ms(self) -> int | None:
        return None

    def heartbeat_level(self) -> float | None:
        return self._deadband.last_published


def open_ranger(settings: DistanceSettings, factory: Factory, queue: ReadingQueue) -> SeatSensor | ContainerSensor:
    """Open a ranger over a seat or over a container, depending on its settings."""
    if settings.empty_mm is not None and settings.full_mm is not None:
        return ContainerSensor(settings, factory, queue, empty_mm=settings.empty_mm, full_mm=settings.full_mm)
    if settings.near_mm is None:
        raise ValueError("give either near_mm (a seat), or both empty_mm and full_mm (a container)")
    return SeatSensor(settings, factory, queue, settings.near_mm)
