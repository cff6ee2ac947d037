"""One frame for all readers: each has room for one, and the latest wins.

In:    frames, ready to send.
Out:   the newest frame to each reader, at its own pace.
Never: more readers than the cap, or more than half of them from one address.
"""

from collections import Counter
from typing import Final, Self

from gevent.event import Event

HEARTBEAT_S: Final = 15.0
"""A comment this often tells proxies, and us, that the reader is still there."""


class StreamsFull(ConnectionError):
    """No room for one more stream. The same call may succeed later."""


class Seats:
    """How many streams there may be: `capacity` in all, half of it for one address (a house shares one)."""

    def __init__(self, capacity: int) -> None:
        self.capacity: Final = capacity
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many streams are open."""
        return self._taken.total()

    def take(self, address: str) -> None:
        """Take a seat; raises StreamsFull."""
        if self.taken >= self.capacity:
            raise StreamsFull(f"all {self.capacity} streams are in use; try again in half a minute")
        if self._taken[address] >= self.capacity // 2:
            raise StreamsFull(f"{address} has {self.capacity // 2} streams open, the most allowed; close some")
        self._taken[address] += 1

    def leave(self, address: str) -> None:
        """Give the seat back."""
        self._taken[address] -= 1
        if not self._taken[address]:
            del self._taken[address]


class Channel:
    """The newest frame, and who waits for the next. Belongs to one event loop."""

    def __init__(self) -> None:
        self.latest = b""
        self.readers: set[Reader] = set()

    def publish(self, frame: bytes) -> None:
        """Hand the frame to every reader, in place of one that it has not yet taken."""
        self.latest = frame
        for reader in self.readers:
            reader.offer(frame)


class Reader:
    """One open stream: a queue of one, which starts with the newest frame there is."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._frame = channel.latest
        self._ready = Event()
        if self._frame:
            self._ready.set()

    def __enter__(self) -> Self:
        self._channel.readers.add(self)
        return self

    def __exit__(self, *_fault: object) -> None:
        self._channel.readers.discard(self)

    def offer(self, frame: bytes) -> None:
        """Replace what waits."""
        self._frame = frame
        self._ready.set()

    def take(self, within_s: float) -> bytes | None:
        """The newest frame; None if none came within that time."""
        if not self._ready.wait(within_s):
            return None
        self._ready.clear()
        return self._frame
