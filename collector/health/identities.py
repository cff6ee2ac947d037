"""Finds devices whose name two clients use: a copied memory card, or a second process.

In:    which stream of a device sent something, and when.
Out:   the devices whose streams take turns, and since when.
Never: clocks, sockets.

An outbox has one stream, and a new stream takes the place of the old one for good. Two streams that take turns come
from two outboxes, whether the broker lets both clients in or ends one connection for the other.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from collector.history import HOUR_MS

TURNS: Final = 3
"""So often an earlier stream must come back; once or twice a message was only late."""
KEPT_MS: Final = HOUR_MS
"""Turns count for so long, and a finding lasts for so long after the newest."""
_STREAMS: Final = 8


@dataclass(slots=True)
class _Turns:
    streams: deque[str] = field(default_factory=lambda: deque(maxlen=_STREAMS))
    """Each once, in the order in which they last came."""
    at_ms: deque[int] = field(default_factory=lambda: deque(maxlen=TURNS))
    """When an earlier stream came back, the newest times."""
    since_ms: int = 0


class Identities:
    """The streams of each device of a site; bounded by the devices that the site file has."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turns] = {}

    def sent(self, device: str, stream: str, now_ms: int) -> None:
        """Note that a stream of a device sent something."""
        turns = self._turns.setdefault(device, _Turns())
        streams = turns.streams
        if streams and streams[-1] == stream:
            return
        if stream in streams:
            streams.remove(stream)
            if not turns.at_ms or not 0 <= now_ms - turns.at_ms[-1] < KEPT_MS:
                turns.at_ms.clear()
                turns.since_ms = now_ms
            turns.at_ms.append(now_ms)
        streams.append(stream)

    def contested(self, now_ms: int) -> dict[str, int]:
        """The devices whose streams take turns now, and since when."""
        return {
            device: turns.since_ms
            for device, turns in self._turns.items()
            if len(turns.at_ms) == TURNS and 0 <= now_ms - turns.at_ms[-1] < KEPT_MS
        }
