"""Detects that another client uses the same client id: the broker ends one connection when the other begins.

In:    when connections begin and end, in monotonic seconds.
Out:   whether they repeatedly end so soon that a conflict is likely, and how long to wait before the next one.
Never: clocks, sockets. MQTT 3.1.1 gives no reason for the end of a connection, so this is a heuristic.
"""

from dataclasses import dataclass, replace
from typing import Final

SHORT_S: Final = 20.0
"""A connection that ends sooner than this is short."""
SUSPICIOUS: Final = 4
"""This many short connections in a row indicate a conflict."""
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 60.0

SUSPICION: Final = (
    "it ended {n} connections in a row soon after they began; does another client sign in with the same name, such as"
    " a copied memory card or a second process? Give each a name and a password of its own"
)


@dataclass(frozen=True, slots=True)
class Connections:
    """The history of one client's connections."""

    began_s: float | None = None
    """When the present connection began; None if there is none."""
    short: int = 0
    """How many short connections there were in a row."""

    @property
    def is_contested(self) -> bool:
        """Whether another client seems to use the same client id."""
        return self.short >= SUSPICIOUS


def began(connections: Connections, now_s: float) -> Connections:
    """Record that a connection begins."""
    return replace(connections, began_s=now_s)


def ended(connections: Connections, now_s: float) -> Connections:
    """Record that the present connection ended."""
    if connections.began_s is None:
        return connections
    is_short = now_s - connections.began_s < SHORT_S
    return Connections(None, connections.short + 1 if is_short else 0)


def pause_s(connections: Connections, jitter: float) -> float:
    """Return the additional seconds to wait before the next connection; `jitter` is from 0 to 1."""
    if not connections.is_contested:
        return 0.0
    longest_s: float = min(FIRST_PAUSE_S * 2.0 ** min(connections.short - SUSPICIOUS, 8), LONGEST_PAUSE_S)
    return longest_s * (0.5 + jitter / 2)
