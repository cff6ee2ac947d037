"""Finds that another client uses the same identity: the broker ends one connection when the other begins.

In:    when connections begin and end, in monotonic seconds.
Out:   whether they end so soon and so often that it is no accident, and how long to wait before the next.
Never: clocks, sockets. MQTT 3.1.1 gives no reason for the end of a connection, so this is a suspicion.
"""

from dataclasses import dataclass, replace
from typing import Final

SHORT_S: Final = 20.0
"""A connection that ends sooner counts."""
SUSPICIOUS: Final = 4
"""So many short ones in a row are no accident."""
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 60.0

SUSPICION: Final = (
    "it ended {n} connections in a row soon after they began; does another client sign in with the same name, such as"
    " a copied memory card or a second process? Give each a name and a password of its own"
)


@dataclass(frozen=True, slots=True)
class Connections:
    """The connections of one client so far."""

    began_s: float | None = None
    """When the present one began; None: there is none."""
    short: int = 0
    """How many short ones there were in a row."""

    @property
    def is_contested(self) -> bool:
        """Whether another client seems to use the same identity."""
        return self.short >= SUSPICIOUS


def began(connections: Connections, now_s: float) -> Connections:
    """A connection begins."""
    return replace(connections, began_s=now_s)


def ended(connections: Connections, now_s: float) -> Connections:
    """The present connection ended."""
    if connections.began_s is None:
        return connections
    is_short = now_s - connections.began_s < SHORT_S
    return Connections(None, connections.short + 1 if is_short else 0)


def pause_s(connections: Connections, jitter: float) -> float:
    """How long to wait before the next connection, beyond the usual; `jitter` is from 0 to 1."""
    if not connections.is_contested:
        return 0.0
    pause: float = min(FIRST_PAUSE_S * 2.0 ** min(connections.short - SUSPICIOUS, 8), LONGEST_PAUSE_S)
    return pause * (0.5 + jitter / 2)
