"""One sensor on mock pins, its queue, and a manually advanced clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

from gpiozero.pins.mock import MockFactory

from edge.clock import HostClock
from edge.sensors import open_sensor
from edge.sensors.sensor import Fault, Post, Reading, Sensor
from edge.settings import SensorSettings
from tests.servers import until

Said = list[tuple[str, float]]


class HandClock(HostClock):
    """A clock that only the test advances; polling threads wait in real time."""

    at_ms = 0

    def monotonic_ms(self) -> int:
        return self.at_ms

    def seconds_until(self, monotonic_ms: int) -> float:
        return 0.01 if monotonic_ms > self.at_ms else 0.0


class Table:
    """One open sensor with its queue and clock."""

    def __init__(self, settings: SensorSettings, factory: MockFactory) -> None:
        self.clock, self.inbox, self.factory = HandClock(), SimpleQueue[object](), factory
        self.faults: list[str] = []
        self.sensor: Sensor = open_sensor(settings, factory, Post(settings.id, self.clock, self.inbox))

    def said(self, after_ms: int = 0) -> Said:
        """Process the queue, advance the clock by `after_ms`, and return the values of all events."""
        events = []
        while True:
            try:
                item = self.inbox.get_nowait()
            except Empty:
                break
            if isinstance(item, Reading):
                events += self.sensor.take(item)
            if isinstance(item, Fault):
                self.faults.append(item.text)
        self.clock.at_ms += after_ms
        events += self.sensor.wake(self.clock.at_ms)
        return [(str(event.kind), event.value) for event in events]

    def says(self, expected: Said, after_ms: int = 0) -> None:
        """Wait until its thread has caused exactly these events."""
        events: Said = []

        def has_enough() -> bool:
            events.extend(self.said(after_ms))
            return len(events) >= len(expected)

        until(has_enough, seconds=10, what=f"{expected}")
        assert events == expected

    def fails(self) -> str:
        """Wait until it reports why it cannot be read."""
        until(lambda: self.said() == [] and self.faults, seconds=10, what="a fault")
        return self.faults[-1]

    def drive(self, pin: int, level: int) -> None:
        if level:
            self.factory.pin(pin).drive_high()
        else:
            self.factory.pin(pin).drive_low()


@contextmanager
def table(settings: SensorSettings, factory: MockFactory | None = None) -> Iterator[Table]:
    factory = factory or MockFactory()
    rig = Table(settings, factory)
    try:
        yield rig
    finally:
        rig.sensor.close()
        rig.sensor.close()  # may be closed twice
        factory.close()
