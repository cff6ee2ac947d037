"""Broadcasts frames: each reader has a queue of one, and a newer frame replaces an unread one.

In:    encoded frames.
Out:   the newest frame to each reader, at its own pace.
Never: more readers than the limit, or more than half of them from one address.
"""

from collections import Counter
from typing import Final, Self

from gevent.event import Event

STREAM_HEARTBEAT_S: Final = 15.0
"""A comment is sent this often, so that proxies keep the stream open and we notice a reader that left."""


class StreamsFull(ConnectionError):
    """No slot is free for one more stream. The same call may succeed later."""


class StreamSlots:
    """Limits open streams: `capacity` in total, half of that per address (a site's visitors share one address)."""

    def __init__(self, capacity: int) -> None:
        self.capacity: Final = capacity
        self._taken: Counter[str] = Counter()

    @property
    def open_count(self) -> int:
        """Number of open streams."""
        return self._taken.total()

    def acquire(self, address: str) -> None:
        """Take a slot; raises StreamsFull."""
        if self.open_count >= self.capacity:
            raise StreamsFull(f"all {self.capacity} streams are in use; try again in half a minute")
        if self._taken[address] >= self.capacity // 2:
            raise StreamsFull(f"{address} has {self.capacity // 2} streams open, the most allowed; close some")
        self._taken[address] += 1

    def release(self, address: str) -> None:
        """Release a slot."""
        self._taken[address] -= 1
        if not self._taken[address]:
            del self._taken[address]


class FrameBroadcast:
    """The newest frame, and the readers that wait for the next one. Belongs to one event loop."""

    def __init__(self) -> None:
        self.latest = b""
        self.readers: set[FrameReader] = set()

    def publish(self, frame: bytes) -> None:
        """Give the frame to every reader; it replaces one that the reader has not yet taken."""
        self.latest = frame
        for reader in self.readers:
            reader.replace_frame(frame)

    def clear(self) -> None:
        """Forget the newest frame: the next reader waits for a new one."""
        self.latest = b""


class FrameReader:
    """One open stream: a queue of one, which starts with the newest frame."""

    def __init__(self, broadcast: FrameBroadcast) -> None:
        self._broadcast = broadcast
        self._frame = broadcast.latest
        self._ready = Event()
        if self._frame:
            self._ready.set()

    def __enter__(self) -> Self:
        self._broadcast.readers.add(self)
        return self

    def __exit__(self, *_fault: object) -> None:
        self._broadcast.readers.discard(self)

    def replace_frame(self, frame: bytes) -> None:
        """Replace the waiting frame."""
        self._frame = frame
        self._ready.set()

    def wait_for_frame(self, within_s: float) -> bytes | None:
        """Wait for the newest frame; None if none came within that time."""
        if not self._ready.wait(within_s):
            return None
        self._ready.clear()
        return self._frame
