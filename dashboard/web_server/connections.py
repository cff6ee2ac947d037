"""Which connections are open, what each is doing, and which one makes way for a new one.

In:    connections and their phases, monotonic seconds as a value.
Out:   whether a new one is admitted, and what to close for it; connections whose time is up.
Never: sockets, clocks. A new connection is refused only while all others are streams or are being worked for.

A client that sends nothing loses its connection to one that does: where all places are taken, the connection that has
waited longest makes way. So any number of connections with unfinished headers cannot keep a reader out, not even one
who shares their address.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Phase(StrEnum):
    """What a connection is doing."""

    HEADERS = "headers"
    """Its client has not yet sent a whole head of a request."""
    IDLE = "idle"
    """Between two requests."""
    BODY = "body"
    """Its client is sending the body of a request."""
    WORK = "work"
    """A page is computing its answer."""
    RESPONSE = "response"
    """Its client is reading the answer."""
    STREAM = "stream"
    """It follows the live frames."""


LIMIT_S: Final[dict[Phase, float]] = {
    Phase.HEADERS: 10.0,
    Phase.IDLE: 30.0,
    Phase.BODY: 20.0,
    Phase.WORK: 600.0,
    Phase.RESPONSE: 600.0,  # the largest file, 5 MB, at 8 kB a second
    Phase.STREAM: float("inf"),  # ends when one write takes too long (server.py)
}
"""A connection is closed that stays in one phase longer than this."""
WAITING: Final = (Phase.IDLE, Phase.HEADERS, Phase.BODY, Phase.RESPONSE)
"""The client's move: these make way, the one that waits longest first."""


@dataclass(eq=False, slots=True)
class Connection:
    """One open connection. `group` is whom it counts for; `close` ends it from outside of its own work."""

    group: str
    close: Callable[[], None]
    phase: Phase = Phase.HEADERS
    since_s: float = 0.0
    closed: bool = False


@dataclass(slots=True)
class _Lanes:
    """Connections by phase; each lane in the order in which they entered it."""

    lanes: dict[Phase, dict[Connection, None]] = field(default_factory=lambda: {phase: {} for phase in Phase})
    count: int = 0

    def put(self, connection: Connection) -> None:
        self.lanes[connection.phase][connection] = None
        self.count += 1

    def take(self, connection: Connection) -> None:
        del self.lanes[connection.phase][connection]
        self.count -= 1

    def yielding(self) -> Connection | None:
        """Who makes way: the connection whose client has kept us waiting longest."""
        waiting = [first for phase in WAITING if (first := next(iter(self.lanes[phase]), None))]
        return min(waiting, key=lambda connection: connection.since_s, default=None)


class ConnectionTable:
    """All open connections, `most` in all and `most_of_one` for one group. Belongs to one event loop."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most: Final = most
        self._most_of_one: Final = most_of_one
        self._all = _Lanes()
        self._groups: dict[str, _Lanes] = {}
        self.made_way = 0
        """How many were closed for another."""

    @property
    def count(self) -> int:
        """How many are open."""
        return self._all.count

    @property
    def groups(self) -> int:
        """How many groups have one open."""
        return len(self._groups)

    def admit(self, connection: Connection, now_s: float) -> bool:
        """Enter a new connection, and close the one that makes way for it; False: there is no room."""
        own = self._groups.get(connection.group)
        if own is not None and own.count >= self._most_of_one:
            has_room = self._make_way(own)
        else:
            has_room = self._all.count < self._most or self.make_way()
        if has_room:
            connection.since_s = now_s
            self._all.put(connection)
            self._groups.setdefault(connection.group, _Lanes()).put(connection)
        return has_room

    def make_way(self) -> bool:
        """Close the connection that has waited longest; False: none waits."""
        return self._make_way(self._all)

    def change(self, connection: Connection, phase: Phase, now_s: float) -> None:
        """A connection goes on to another phase; its time begins anew."""
        if connection.closed:
            return
        lanes = (self._all, self._groups[connection.group])
        for each in lanes:
            each.take(connection)
        connection.phase, connection.since_s = phase, now_s
        for each in lanes:
            each.put(connection)

    def close(self, connection: Connection) -> None:
        """Take a connection out and end it."""
        if self.leave(connection):
            connection.close()

    def leave(self, connection: Connection) -> bool:
        """A connection has ended by itself; False: it was taken out before."""
        if connection.closed:
            return False
        connection.closed = True
        self._all.take(connection)
        own = self._groups[connection.group]
        own.take(connection)
        if not own.count:
            del self._groups[connection.group]
        return True

    def close_expired(self, now_s: float) -> int:
        """Close every connection that stayed in its phase too long; returns how many."""
        expired = []
        for phase, lane in self._all.lanes.items():
            for connection in lane:
                if now_s - connection.since_s < LIMIT_S[phase]:
                    break  # the lane is in order of time
                expired.append(connection)
        for connection in expired:
            self.close(connection)
        return len(expired)

    def _make_way(self, lanes: _Lanes) -> bool:
        yielding = lanes.yielding()
        if yielding is None:
            return False
        self.close(yielding)
        self.made_way += 1
        return True


def address_group(address: str) -> str:
    """Whom an address counts for: an IPv6 client has a whole /64 to choose from, so its network counts."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, 64), strict=False).network_address)
