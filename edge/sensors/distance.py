"""An ultrasonic ranger (HC-SR04) over a seat or a container.

In:    the length of its echo.
Out:   `presence` (0 or 1) below a distance, or `level_pct` between two; silence while no echo comes.
Never: gpiozero's DistanceSensor: it samples 16 times a second at rest, and without an echo it blocks for ever at
       first and later repeats its last distance (gpiozero issue 1071): a dead ranger would look alive.

It has a thread of its own, and every wait for an echo ends. Rangers of one house may hear each other's pings when
they face each other: the median of three readings leaves out one that is false.
"""

import statistics
import threading
import time
from collections import deque
from collections.abc import Mapping

from gpiozero import DigitalOutputDevice, Factory, InputDevice

from edge import debounce
from edge.debounce import Debounce
from edge.message import Kind
from edge.sensors.polled import Deadband, Polling
from edge.sensors.sensor import Post, Reading, Told
from edge.settings import DistanceSettings

MM_PER_S = 343_260 / 2
"""Sound at 20 degrees Celsius, there and back."""
MEDIAN_OF = 3
"""Readings; one false echo among them is not seen."""
ECHO_S = 0.1
"""The longest echo takes 38 ms; what has not come by then does not come."""
TRIGGER_S = 0.000_01
LEVEL_STEP_PCT = 1.0


class Ranger:
    """The pins of one ranger."""

    def __init__(self, settings: DistanceSettings, factory: Factory) -> None:
        self._factory = factory
        self._ended = threading.Event()
        self._rise: float | None = None
        self._fall: float | None = None
        self._trigger = DigitalOutputDevice(settings.trigger_pin, pin_factory=factory)
        try:
            self._echo = InputDevice(settings.echo_pin, pull_up=False, pin_factory=factory)
        except BaseException:
            self._trigger.close()
            raise
        self._echo.pin.edges = "both"
        self._echo.pin.when_changed = self._echo_changed

    def distance_mm(self) -> float | None:
        """The distance by one ping; None: no echo came."""
        self._rise = self._fall = None
        self._ended.clear()
        self._trigger.on()
        time.sleep(TRIGGER_S)
        self._trigger.off()
        if not self._ended.wait(ECHO_S) or self._rise is None or self._fall is None:
            return None
        return float(self._factory.ticks_diff(self._fall, self._rise)) * MM_PER_S

    def close(self) -> None:
        """Let go of both pins."""
        self._trigger.close()
        self._echo.close()

    def _echo_changed(self, ticks: float, state: float) -> None:
        """Note one edge of the echo, at the driver's own time (the pin's callback)."""
        if state:
            self._rise = ticks
        elif self._rise is not None:
            self._fall = ticks
            self._ended.set()


class _DistanceSensor:
    """What a seat's and a container's ranger share."""

    channels: Mapping[str, Kind] = {"": Kind.DISTANCE_MM}

    def __init__(self, settings: DistanceSettings, factory: Factory, post: Post) -> None:
        self.every_ms = settings.every_ms
        self._recent: deque[float] = deque(maxlen=MEDIAN_OF)
        self._ranger = Ranger(settings, factory)
        self._polling = Polling(lambda: self._read(post), settings.every_ms, post)

    def look(self) -> None:
        """Its thread looks by itself."""

    def close(self) -> None:
        self._polling.close()
        self._ranger.close()

    def _median(self, reading: Reading) -> float:
        self._recent.append(reading.value)
        return statistics.median(self._recent)

    def _read(self, post: Post) -> None:
        distance_mm = self._ranger.distance_mm()
        if distance_mm is not None:
            post.tell(distance_mm)


class SeatSensor(_DistanceSensor):
    """A ranger that sees whether somebody sits there; a change counts when the next reading agrees."""

    def __init__(self, settings: DistanceSettings, factory: Factory, post: Post, near_mm: int) -> None:
        self._near_mm, self._settle_ms, self._state = near_mm, settings.every_ms * 3 // 2, Debounce()
        super().__init__(settings, factory, post)

    def take(self, reading: Reading) -> list[Told]:
        return self._step(reading.at_ms, int(self._median(reading) < self._near_mm))

    def wake(self, now_ms: int) -> list[Told]:
        return self._step(now_ms, None)

    def next_wake(self) -> int | None:
        return debounce.next_wake(self._state, self._settle_ms)

    def level(self) -> float | None:
        return self._state.settled

    def _step(self, at_ms: int, level: int | None) -> list[Told]:
        self._state, settled = debounce.step(self._state, self._settle_ms, at_ms, level)
        return [Told(each.at_ms, Kind.PRESENCE, each.level) for each in settled]


class ContainerSensor(_DistanceSensor):
    """A ranger that sees how full a container is, in per cent."""

    def __init__(
        self, settings: DistanceSettings, factory: Factory, post: Post, *, empty_mm: int, full_mm: int
    ) -> None:
        self._empty_mm, self._full_mm, self._deadband = empty_mm, full_mm, Deadband(LEVEL_STEP_PCT)
        super().__init__(settings, factory, post)

    def take(self, reading: Reading) -> list[Told]:
        share = (self._empty_mm - self._median(reading)) / (self._empty_mm - self._full_mm)
        level_pct = round(100 * min(1.0, max(0.0, share)))
        return [Told(reading.at_ms, Kind.LEVEL_PCT, level_pct)] if self._deadband.moved(level_pct) else []

    def wake(self, now_ms: int) -> list[Told]:  # noqa: ARG002 - only a reading changes it
        return []

    def next_wake(self) -> int | None:
        return None

    def level(self) -> float | None:
        return self._deadband.told


def distance(settings: DistanceSettings, factory: Factory, post: Post) -> SeatSensor | ContainerSensor:
    """A ranger, as its settings say: over a seat, or over a container."""
    if settings.empty_mm is not None and settings.full_mm is not None:
        return ContainerSensor(settings, factory, post, empty_mm=settings.empty_mm, full_mm=settings.full_mm)
    if settings.near_mm is None:
        raise ValueError("give either near_mm (a seat), or both empty_mm and full_mm (a container)")
    return SeatSensor(settings, factory, post, settings.near_mm)
