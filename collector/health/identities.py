"""Finds devices whose name is used by two clients: a copied memory card, or a second process.

In:    the stream of each message of a device, and its time of arrival.
Out:   the devices whose streams alternate, and since when.
Never: clocks, sockets.

An outbox has one stream, and a new stream replaces the old one permanently. Two streams that alternate come from two
outboxes, whether the broker accepts both clients or closes one connection for the other.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from edge.timekeeping.durations import HOUR_MS

MIN_RETURNS: Final = 3
"""An earlier stream must return this often; once or twice may be a late message."""
RETURN_COUNTS_MS: Final = HOUR_MS
"""How long a return counts, and how long a finding lasts after the newest return."""
_STREAMS: Final = 8


@dataclass(slots=True)
class _StreamReturns:
    streams: deque[str] = field(default_factory=lambda: deque(maxlen=_STREAMS))
    """Each stream once, ordered by its last message."""
    at_ms: deque[int] = field(default_factory=lambda: deque(maxlen=MIN_RETURNS))
    """The newest times at which an earlier stream returned."""
    since_ms: int = 0


class DuplicateClientDetector:
    """The streams of each device of a site; bounded by the number of devices in the site file."""

    def __init__(self) -> None:
        self._returns_by_device: dict[str, _StreamReturns] = {}

    def record_stream(self, device: str, stream: str, now_ms: int) -> None:
        """Record that a stream of a device sent a message."""
        returns = self._returns_by_device.setdefault(device, _StreamReturns())
        streams = returns.streams
        if streams and streams[-1] == stream:
            return
        if stream in streams:
            streams.remove(stream)
            if not returns.at_ms or not 0 <= now_ms - returns.at_ms[-1] < RETURN_COUNTS_MS:
                returns.at_ms.clear()
                returns.since_ms = now_ms
            returns.at_ms.append(now_ms)
        streams.append(stream)

    def find_duplicates(self, now_ms: int) -> dict[str, int]:
        """Return the devices whose streams alternate now, and since when."""
        return {
            device: returns.since_ms
            for device, returns in self._returns_by_device.items()
            if len(returns.at_ms) == MIN_RETURNS and 0 <= now_ms - returns.at_ms[-1] < RETURN_COUNTS_MS
        }
