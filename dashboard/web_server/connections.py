"""Tracks open connections and what each is doing, and selects the one to close for a new one.

In:    connections and their phases, monotonic seconds as a value.
Out:   whether a new connection is admitted, and which one is closed for it; connections over their time limit.
Never: sockets, clocks. A new connection is refused only while all others are streams or wait for our work.

A client that sends nothing loses its connection to one that does: when all places are taken, the connection that has
waited longest is closed. So no number of connections with unfinished headers can keep out other clients, not even those
with the same address.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class ConnectionPhase(StrEnum):
    """What a connection is doing."""

    HEADERS = "headers"
    """The client has not yet sent all headers of a request."""
    IDLE = "idle"
    """Between two requests."""
    BODY = "body"
    """The client is sending the body of a request."""
    WORK = "work"
    """The application is computing the response."""
    RESPONSE = "response"
    """The client is receiving the response."""
    STREAM = "stream"
    """The client receives the live frames."""


PHASE_LIMITS_S: Final[dict[ConnectionPhase, float]] = {
    ConnectionPhase.HEADERS: 10.0,
    ConnectionPhase.IDLE: 30.0,
    ConnectionPhase.BODY: 20.0,
    ConnectionPhase.WORK: 600.0,
    ConnectionPhase.RESPONSE: 600.0,  # the largest file, 5 MB, at 8 kB a second
    ConnectionPhase.STREAM: float("inf"),  # ends when one write takes too long (server.py)
}
"""A connection that stays in one phase longer than this is closed."""
CLOSABLE_PHASES: Final = (ConnectionPhase.IDLE, ConnectionPhase.HEADERS, ConnectionPhase.BODY, ConnectionPhase.RESPONSE)
"""Phases in which we wait for the client; such connections are closed first, the longest waiting one before others."""


@dataclass(eq=False, slots=True)
class ClientConnection:
    """One open connection. `group` is the address group it counts for; `close` ends it from outside its greenlet."""

    group: str
    close: Callable[[], None]
    phase: ConnectionPhase = ConnectionPhase.HEADERS
    since_s: float = 0.0
    is_closed: bool = False


@dataclass(slots=True)
class _PhaseQueues:
    """Connections by phase; each queue in the order in which they entered the phase."""

    queues: dict[ConnectionPhase, dict[ClientConnection, None]] = field(
        default_factory=lambda: {phase: {} for phase in ConnectionPhase}
    )
    count: int = 0

    def put(self, connection: ClientConnection) -> None:
        self.queues[connection.phase][connection] = None
        self.count += 1

    def take(self, connection: ClientConnection) -> None:
        del self.queues[connection.phase][connection]
        self.count -= 1

    def select_longest_waiting(self) -> ClientConnection | None:
        """Return the connection to close: the one whose client we have waited for longest."""
        waiting = [first for phase in CLOSABLE_PHASES if (first := next(iter(self.queues[phase]), None))]
        return min(waiting, key=lambda connection: connection.since_s, default=None)


class ConnectionTable:
    """All open connections, limited in total and per address group. Belongs to one event loop."""

    def __init__(self, max_connections: int, max_per_group: int) -> None:
        self._max_connections: Final = max_connections
        self._max_per_group: Final = max_per_group
        self._all = _PhaseQueues()
        self._groups: dict[str, _PhaseQueues] = {}
        self.evicted_count = 0
        """Number of connections that were closed for a new one, since `reset_evicted_count`."""

    def reset_evicted_count(self) -> None:
        """Begin to count again."""
        self.evicted_count = 0

    @property
    def count(self) -> int:
        """Number of open connections."""
        return self._all.count

    @property
    def group_count(self) -> int:
        """Number of address groups with an open connection."""
        return len(self._groups)

    def admit(self, connection: ClientConnection, now_s: float) -> bool:
        """Add a new connection, and close another one for it if needed; False if there is no place."""
        own = self._groups.get(connection.group)
        if own is not None and own.count >= self._max_per_group:
            has_room = self._close_longest_waiting(own)
        else:
            has_room = self._all.count < self._max_connections or self.close_longest_waiting()
        if has_room:
            connection.since_s = now_s
            self._all.put(connection)
            self._groups.setdefault(connection.group, _PhaseQueues()).put(connection)
        return has_room

    def close_longest_waiting(self) -> bool:
        """Close the connection that has waited longest; False if none waits."""
        return self._close_longest_waiting(self._all)

    def change_phase(self, connection: ClientConnection, phase: ConnectionPhase, now_s: float) -> None:
        """Move a connection to another phase; its time starts again."""
        if connection.is_closed:
            return
        queues = (self._all, self._groups[connection.group])
        for each in queues:
            each.take(connection)
        connection.phase, connection.since_s = phase, now_s
        for each in queues:
            each.put(connection)

    def close(self, connection: ClientConnection) -> None:
        """Remove a connection and close it."""
        if self.remove(connection):
            connection.close()

    def remove(self, connection: ClientConnection) -> bool:
        """Remove a connection that ended by itself; False if it was removed before."""
        if connection.is_closed:
            return False
        connection.is_closed = True
        self._all.take(connection)
        own = self._groups[connection.group]
        own.take(connection)
        if not own.count:
            del self._groups[connection.group]
        return True

    def close_expired(self, now_s: float) -> int:
        """Close every connection that was in its phase for too long; return how many."""
        expired = []
        for phase, queue in self._all.queues.items():
            for connection in queue:
                if now_s - connection.since_s < PHASE_LIMITS_S[phase]:
                    break  # the queue is ordered by time
                expired.append(connection)
        for connection in expired:
            self.close(connection)
        return len(expired)

    def _close_longest_waiting(self, queues: _PhaseQueues) -> bool:
        longest_waiting = queues.select_longest_waiting()
        if longest_waiting is None:
            return False
        self.close(longest_waiting)
        self.evicted_count += 1
        return True


def address_group(address: str) -> str:
    """Return the group for the limit of an address: a client may use a whole IPv6 /64, so its network counts."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
