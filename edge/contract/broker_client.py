"""Creates the MQTT client of every process of the site.

In:    the client's identity and the broker's address.
Out:   a configured paho client that is not connected yet.
Never: topics, threads of our own, callbacks that do more than queue.

Source: MQTT 3.1.1; paho-mqtt 2.x.
"""

import hashlib
import random
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from edge.contract.hosts import find_host_problem
from edge.contract.settings_rejected import SettingsRejected
from edge.contract.topics import TopicKind

if TYPE_CHECKING:
    import paho.mqtt.client as mqtt

USER_REJECTIONS = (134, 135)
"""MQTT's reason codes "bad user name or password" and "not authorized"."""
KEEPALIVE_S = 15
"""A connection that breaks without notice is detected within two of these."""
MAX_RECONNECT_PAUSE_S = 30
"""Longest pause of an agent or dashboard between two attempts to reach the broker; each client has its own longest
pause, between half of this and all of it, so that they do not all come back at once."""


class BrokerAway(ConnectionError):
    """The broker did not answer. The same call may succeed later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """The broker's address and our account. `user` None: the broker requires none. `ca_file` None: no TLS."""

    host: str = "localhost"
    """Host name or IP address."""
    port: int = 1883
    """TCP port; 8883 is usual with TLS."""
    user: str | None = None
    """The device's id, `collector` or `dashboard`."""
    password: str | None = field(default=None, repr=False)
    """Never in the site file: the `ledig` command reads it from the password directory."""
    ca_file: Path | None = None
    """Certificate of the authority that signed the broker's certificate."""

    def __post_init__(self) -> None:
        if fault := find_host_problem(self.host):
            raise SettingsRejected(("host", fault))
        if not 1 <= self.port <= 65_535:
            raise SettingsRejected(("port", f"must lie between 1 and 65535, got {self.port}"))


class LastWill(NamedTuple):
    """The message that the broker publishes when a connection breaks."""

    topic_kind: TopicKind
    topic: str
    payload: bytes


def create_client(
    settings: BrokerSettings,
    client_id: str,
    *,
    will: LastWill | None = None,
    manual_ack: bool = False,
    client_class: "type[mqtt.Client] | None" = None,
) -> "mqtt.Client":
    """Create a client with a clean session, TCP_NODELAY and jittered reconnects; `connect` is left to the caller.

    Args:
        settings: the broker's address and our account.
        client_id: fixed for each process, so that a new process takes over the connection of the previous process.
            A suffix derived from the password is added, so that somebody who does not know the password cannot
            end the connection by using the same client id.
        will: what the broker publishes when the connection breaks.
        manual_ack: the caller acknowledges each QoS 1 message itself.
        client_class: a client class to use instead of paho's own.
    """
    import paho.mqtt.client as mqtt  # imported here, so that reading a site file does not need its 7 MB
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

    created = (client_class or mqtt.Client)(
        CallbackAPIVersion.VERSION2,
        client_id=client_id + _client_id_suffix(settings),
        clean_session=True,  # receipts replace lost messages; broker queues drop messages silently at their limits
        protocol=MQTTProtocolVersion.MQTTv311,  # with MQTT 5, each message costs paho twice the CPU time
        manual_ack=manual_ack,
    )
    created.username_pw_set(settings.user, settings.password)
    if settings.ca_file is not None:
        created.tls_set(ca_certs=str(settings.ca_file))
    if will is not None:
        created.will_set(will.topic, will.payload, will.topic_kind.qos, will.topic_kind.is_retained)
    set_reconnect_pause(created, 0.0)
    created.on_socket_open = _disable_nagle
    return created


def set_reconnect_pause(client: "mqtt.Client", least_s: float) -> None:
    """Set the shortest reconnect pause of a paho client; pauses grow up to MAX_RECONNECT_PAUSE_S."""
    longest = random.randint(MAX_RECONNECT_PAUSE_S // 2, MAX_RECONNECT_PAUSE_S)  # noqa: S311 - jitter, no secret
    least = max(1, round(least_s))
    client.reconnect_delay_set(min_delay=least, max_delay=max(least, longest))


def _client_id_suffix(settings: BrokerSettings) -> str:
    if settings.password is None:
        return ""
    return "-" + hashlib.sha256(f"{settings.user}:{settings.password}".encode()).hexdigest()[:16]


def _disable_nagle(_client: object, _userdata: object, opened: object) -> None:
    """Send small packets at once: Nagle's algorithm would delay a state until the next event is acknowledged."""
    if isinstance(opened, socket.socket):  # a TLS socket wraps a socket that already has the option
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
