"""Subscribes, and tracks which filters the broker refuses.

In:    filters; the broker's answers to them.
Out:   the refused filters, whenever they change.
Never: topics of its own, clocks.

A broker reports a refused subscription only in its SUBACK (MQTT 3.1.1, section 3.9.3: 0x80); the connection stays
open and no message comes. Mosquitto with an ACL file grants every subscription and silently omits messages that the
client may not read. To be sure, publish a message and wait for it.
"""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import paho.mqtt.client as mqtt

    from edge.contract.broker_client import BrokerSettings


class Subscriptions:
    """The subscriptions of one client; sets the client's `on_subscribe`.

    Args:
        client: a paho client.
        changed: called in the client's network thread with all refused filters when they have changed.
    """

    def __init__(self, client: "mqtt.Client", changed: Callable[[tuple[str, ...]], None]) -> None:
        self._client, self._changed = client, changed
        self._lock = threading.Lock()
        self._pending: dict[int, list[tuple[str, int]]] = {}
        self._refused: dict[str, int] = {}
        client.on_subscribe = self._on_subscribe

    @property
    def refused(self) -> tuple[str, ...]:
        """The filters that the broker refused at the last attempt."""
        return tuple(self._refused)

    @property
    def is_waiting(self) -> bool:
        """Whether an answer of the broker is outstanding."""
        return bool(self._pending)

    def subscribe(self, filters: Sequence[tuple[str, int]]) -> None:
        """Subscribe to filters, each with its QoS."""
        with self._lock:
            _, mid = self._client.subscribe(list(filters))
            if mid is not None:  # None: there is no connection; the next one subscribes again
                self._pending[mid] = list(filters)

    def retry_refused(self) -> None:
        """Subscribe again to the refused filters: the rights may have been corrected."""
        if self._refused and self._client.is_connected():
            self.subscribe(list(self._refused.items()))

    def reset(self) -> None:
        """Discard outstanding requests: a new connection begins."""
        with self._lock:
            self._pending.clear()

    def _on_subscribe(self, _client: Any, _userdata: Any, mid: int, reasons: Sequence[Any], _properties: Any) -> None:
        with self._lock:
            filters = self._pending.pop(mid, [])
        before = self.refused
        for (name, qos), reason in zip(filters, reasons, strict=False):
            if reason.is_failure:
                self._refused[name] = qos
            else:
                self._refused.pop(name, None)
        if self.refused != before:
            self._changed(self.refused)


def describe_refused(settings: "BrokerSettings", filters: Sequence[str]) -> str:
    """Describe refused filters and the remedy in one line."""
    user = f"user {settings.user!r}" if settings.user else "a client without a name"
    return (
        f"the broker at {settings.host}:{settings.port} does not let {user} read {', '.join(filters)};"
        " correct its rights at the broker (firmware-config/mosquitto/ledig.acl has them)"
    )
