"""What every kind of sensor looks like to the agent.

In:    what callbacks and reading threads heard, by way of the agent's queue.
Out:   what the sensor said, debounced.
Never: an exception in a callback; a judgement outside the agent's own thread.

A callback and a reading thread do one thing: they put a value on the queue through their `Post`. All judgement is in
`take` and `wake`, which the agent alone calls.
"""

from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import NamedTuple, Protocol

from edge.clock import Clock
from edge.message import Kind

MAX_WAITING = 10_000
"""Readings that wait for the agent; more are left out, and its next look at the pin mends what they would have said."""


class Reading(NamedTuple):
    """What one part of a sensor read, and when (monotonic milliseconds)."""

    sensor: str
    part: str
    value: float
    at_ms: int


class Fault(NamedTuple):
    """A sensor, or one part of it, could not be read (monotonic milliseconds)."""

    sensor: str
    part: str
    text: str
    at_ms: int


class Told(NamedTuple):
    """What a sensor said: one event, before it has a time of day and a number."""

    at_ms: int
    kind: Kind
    value: float


class Post:
    """Where a sensor's callbacks and threads put what they heard. Its methods never raise and never wait."""

    def __init__(self, sensor: str, clock: Clock, inbox: "SimpleQueue[object]") -> None:
        """`sensor` is the name that its readings bear."""
        self.sensor, self.clock = sensor, clock
        self._inbox = inbox

    def tell(self, value: float, part: str = "") -> None:
        """Hand a reading to the agent, with the time of now."""
        if self._inbox.qsize() < MAX_WAITING:
            self._inbox.put(Reading(self.sensor, part, value, self.clock.monotonic_ms()))

    def fail(self, text: str, part: str = "") -> None:
        """Hand the agent the reason why nothing could be read."""
        if self._inbox.qsize() < MAX_WAITING:
            self._inbox.put(Fault(self.sensor, part, text, self.clock.monotonic_ms()))


class Sensor(Protocol):
    """An open sensor."""

    every_ms: int
    """How often it reads by itself; 0: it speaks when something changes."""
    channels: Mapping[str, Kind]
    """What the readings of each channel measure, by its part of a `Reading` (empty: every part); the first is the one
    whose level a heartbeat repeats."""

    def take(self, reading: Reading) -> list[Told]:
        """Judge one of its readings."""
        ...

    def wake(self, now_ms: int) -> list[Told]:
        """Judge what the passing of time brings."""
        ...

    def next_wake(self) -> int | None:
        """When `wake` has something to say (monotonic milliseconds); None: not by itself."""
        ...

    def level(self) -> float | None:
        """What its heartbeat says; None: it does not know yet."""
        ...

    def look(self) -> None:
        """Read its pins anew and post what they show, so that a lost edge mends itself."""
        ...

    def close(self) -> None:
        """Let go of its pins and threads; at once, and also twice."""
        ...


def post_level(read: Callable[[], int], post: Post, part: str = "") -> None:
    """Post what a pin reads now, from a thread that is not its callback's.

    An edge between reading and posting would be overtaken by the older level; reading again finds it.
    """
    level = read()
    post.tell(level, part)
    if read() != level:
        post.tell(1 - level, part)
