"""One sensor on mock pins, its queue, and a manually advanced clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

from gpiozero.pins.mock import MockFactory

from edge.contract.sensor_settings import SensorSettings
from edge.sensors.openers import open_sensor
from edge.sensors.sensor import OpenSensor, ReadingQueue, SensorFault, SensorReading
from edge.timekeeping.machine_clock import HostClock
from tests.support.servers import wait_until

SensorValues = list[tuple[str, float]]


class ManualClock(HostClock):
    """A clock that only the test advances; polling threads wait in real time."""

    at_ms = 0

    def monotonic_ms(self) -> int:
        return self.at_ms

    def seconds_until(self, monotonic_ms: int) -> float:
        return 0.01 if monotonic_ms > self.at_ms else 0.0


class SensorRig:
    """One open sensor with its queue and clock."""

    def __init__(self, settings: SensorSettings, factory: MockFactory) -> None:
        self.clock, self.inbox, self.factory = ManualClock(), SimpleQueue[object](), factory
        self.faults: list[str] = []
        self.sensor: OpenSensor = open_sensor(settings, factory, ReadingQueue(settings.id, self.clock, self.inbox))

    def read_events(self, after_ms: int = 0) -> SensorValues:
        """Process the queue, advance the clock by `after_ms`, and return the values of all events."""
        events = []
        while True:
            try:
                item = self.inbox.get_nowait()
            except Empty:
                break
            if isinstance(item, SensorReading):
                events += self.sensor.process_reading(item)
            if isinstance(item, SensorFault):
                self.faults.append(item.text)
        self.clock.at_ms += after_ms
        events += self.sensor.advance_time(self.clock.at_ms)
        return [(event.kind, event.value) for event in events]

    def expect_events(self, expected: SensorValues, after_ms: int = 0) -> None:
        """Wait until its thread has caused exactly these events."""
        events: SensorValues = []

        def has_enough() -> bool:
            events.extend(self.read_events(after_ms))
            return len(events) >= len(expected)

        wait_until(has_enough, seconds=10, what=f"{expected}")
        assert events == expected

    def wait_for_fault(self) -> str:
        """Wait until it reports why it cannot be read."""
        wait_until(lambda: self.read_events() == [] and self.faults, seconds=10, what="a fault")
        return self.faults[-1]

    def drive(self, pin: int, level: int) -> None:
        if level:
            self.factory.pin(pin).drive_high()
        else:
            self.factory.pin(pin).drive_low()


@contextmanager
def open_sensor_rig(settings: SensorSettings, factory: MockFactory | None = None) -> Iterator[SensorRig]:
    factory = factory or MockFactory()
    rig = SensorRig(settings, factory)
    try:
        yield rig
    finally:
        rig.sensor.close()
        rig.sensor.close()  # may be closed twice
        factory.close()
