"""The interface that every kind of sensor has for the agent.

In:    readings of callbacks and polling threads, from the agent's queue.
Out:   the sensor's debounced events.
Never: an exception in a callback; a decision outside the agent's own thread.

A callback and a polling thread do one thing: they put a value on the agent's queue through their `ReadingQueue`. All
decisions are in `process_reading` and `advance_time`, which only the agent calls.
"""

from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import NamedTuple, Protocol

from edge.contract.message import EventKind
from edge.outbox import PendingEvent
from edge.timekeeping.machine_clock import Clock

MAX_QUEUED_READINGS = 10_000
"""At most this many readings are queued. Beyond, readings are dropped; the next read of the pin corrects its level."""


class SensorReading(NamedTuple):
    """What one part of a sensor read, and when (monotonic milliseconds)."""

    sensor: str
    part: str
    value: float
    at_ms: int


class SensorFault(NamedTuple):
    """The reason why a sensor or a part of it could not be read, and when (monotonic milliseconds)."""

    sensor: str
    part: str
    text: str
    at_ms: int


class ReadingQueue:
    """Where a sensor's callbacks and threads put their readings. Its methods never raise and never block."""

    def __init__(self, sensor: str, clock: Clock, inbox: "SimpleQueue[object]") -> None:
        """`sensor` is the id that its readings get."""
        self.sensor, self.clock = sensor, clock
        self._inbox = inbox

    def put_reading(self, value: float, part: str = "") -> None:
        """Queue a reading with the current time."""
        if self._inbox.qsize() < MAX_QUEUED_READINGS:
            self._inbox.put(SensorReading(self.sensor, part, value, self.clock.monotonic_ms()))

    def put_fault(self, text: str, part: str = "") -> None:
        """Queue the reason why nothing could be read."""
        if self._inbox.qsize() < MAX_QUEUED_READINGS:
            self._inbox.put(SensorFault(self.sensor, part, text, self.clock.monotonic_ms()))


class OpenSensor(Protocol):
    """An open sensor."""

    every_ms: int
    """How often it is polled, in milliseconds; 0: it reports changes by itself."""
    channels: Mapping[str, EventKind]
    """The event kind of each channel, by the `part` of its readings (empty: every part). A heartbeat repeats the level
    of the first channel."""

    def process_reading(self, reading: SensorReading) -> list[PendingEvent]:
        """Process one of its readings; return the events it causes."""
        ...

    def advance_time(self, now_ms: int) -> list[PendingEvent]:
        """Advance the time; return the events it causes."""
        ...

    def next_wake_ms(self) -> int | None:
        """Return when `advance_time` may cause events (monotonic milliseconds); None if it does not."""
        ...

    def heartbeat_level(self) -> float | None:
        """Return the value of its heartbeat; None if it is not known yet."""
        ...

    def reread_pins(self) -> None:
        """Read its pins again and queue their levels, so that a lost edge is corrected."""
        ...

    def close(self) -> None:
        """Release its pins and threads without delay; may be called twice."""
        ...


def queue_level(read: Callable[[], int], queue: ReadingQueue, part: str = "") -> None:
    """Queue the present level of a pin, from a thread that is not its callback's.

    An edge between reading and queueing would be followed by the older level in the queue; a second read detects it.
    """
    level = read()
    queue.put_reading(level, part)
    if read() != level:
        queue.put_reading(1 - level, part)
