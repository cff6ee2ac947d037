"""Detects that another client uses the same client id: the broker ends one connection when the other begins.

In:    when connections begin and end, in monotonic seconds.
Out:   whether they repeatedly end so soon that a conflict is likely, and how long to wait before the next one.
Never: clocks, sockets. MQTT 3.1.1 gives no reason for the end of a connection, so this is a heuristic.
"""

from dataclasses import dataclass, replace
from typing import Final

SHORT_CONNECTION_S: Final = 20.0
"""A connection that ends sooner than this is short."""
MIN_SHORT_CONNECTIONS: Final = 4
"""This many short connections in a row indicate a conflict."""
FIRST_CONFLICT_PAUSE_S: Final = 5.0
MAX_CONFLICT_PAUSE_S: Final = 60.0

CONFLICT_TEXT: Final = (
    "it ended {n} connections in a row soon after they began; does another client sign in with the same name, such as"
    " a copied memory card or a second process? Give each a name and a password of its own"
)


@dataclass(frozen=True, slots=True)
class ConnectionHistory:
    """The history of one client's connections."""

    began_s: float | None = None
    """When the present connection began; None if there is none."""
    short: int = 0
    """How many short connections there were in a row."""

    @property
    def is_contested(self) -> bool:
        """Whether another client seems to use the same client id."""
        return self.short >= MIN_SHORT_CONNECTIONS


def record_connect(connections: ConnectionHistory, now_s: float) -> ConnectionHistory:
    """Record that a connection begins."""
    return replace(connections, began_s=now_s)


def record_disconnect(connections: ConnectionHistory, now_s: float) -> ConnectionHistory:
    """Record that the present connection ended."""
    if connections.began_s is None:
        return connections
    is_short = now_s - connections.began_s < SHORT_CONNECTION_S
    return ConnectionHistory(None, connections.short + 1 if is_short else 0)


def reconnect_pause_s(connections: ConnectionHistory, jitter: float) -> float:
    """Return the additional seconds to wait before the next connection; `jitter` is from 0 to 1."""
    if not connections.is_contested:
        return 0.0
    longest_s: float = min(
        FIRST_CONFLICT_PAUSE_S * 2.0 ** min(connections.short - MIN_SHORT_CONNECTIONS, 8), MAX_CONFLICT_PAUSE_S
    )
    return longest_s * (0.5 + jitter / 2)
