"""Subscribes, and remembers what the broker does not let its client read.

In:    filters; the broker's answers to them.
Out:   the filters that it refused, whenever that changes.
Never: topics of its own, clocks.

A broker that refuses a subscription says so in its SUBACK alone (MQTT 3.1.1, section 3.9.3: 0x80); the connection
stands, and nothing ever comes. Mosquitto with an ACL file grants every subscription and leaves out what may not be
read: who must be sure publishes something and waits for it.
"""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import paho.mqtt.client as mqtt

    from edge.broker import BrokerSettings


class Subscriptions:
    """The subscriptions of one client; it takes the client's `on_subscribe`.

    Args:
        client: of paho.
        changed: is called in the client's network thread with all filters that are refused now, when they changed.
    """

    def __init__(self, client: "mqtt.Client", changed: Callable[[tuple[str, ...]], None]) -> None:
        self._client, self._changed = client, changed
        self._lock = threading.Lock()
        self._asked: dict[int, list[tuple[str, int]]] = {}
        self._refused: dict[str, int] = {}
        client.on_subscribe = self._answered

    @property
    def refused(self) -> tuple[str, ...]:
        """The filters that the broker refused when they were last asked for."""
        return tuple(self._refused)

    @property
    def waits(self) -> bool:
        """Whether the broker has yet to answer."""
        return bool(self._asked)

    def ask(self, filters: Sequence[tuple[str, int]]) -> None:
        """Subscribe to filters, each with its QoS."""
        with self._lock:
            _, mid = self._client.subscribe(list(filters))
            if mid is not None:  # None: there is no connection, and the next one asks again
                self._asked[mid] = list(filters)

    def ask_again(self) -> None:
        """Subscribe to what was refused: the rights may have been corrected."""
        if self._refused and self._client.is_connected():
            self.ask(list(self._refused.items()))

    def forget(self) -> None:
        """A new connection begins: nothing is asked for yet."""
        with self._lock:
            self._asked.clear()

    def _answered(self, _client: Any, _userdata: Any, mid: int, reasons: Sequence[Any], _properties: Any) -> None:
        with self._lock:
            asked = self._asked.pop(mid, [])
        before = self.refused
        for (name, qos), reason in zip(asked, reasons, strict=False):
            if reason.is_failure:
                self._refused[name] = qos
            else:
                self._refused.pop(name, None)
        if self.refused != before:
            self._changed(self.refused)


def unreadable(settings: "BrokerSettings", filters: Sequence[str]) -> str:
    """That the broker does not let a user read something, with the remedy, in one line."""
    user = f"user {settings.user!r}" if settings.user else "a client without a name"
    return (
        f"the broker at {settings.host}:{settings.port} does not let {user} read {', '.join(filters)};"
        " correct its rights at the broker (firmware-config/mosquitto/ledig.acl has them)"
    )
