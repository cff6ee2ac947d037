"""How every process of the house reaches the MQTT broker.

In:    who we are, and where the broker is.
Out:   a paho client that is set up and not yet connected.
Never: topics, threads of our own. Callbacks only queue; what they queue is somebody else's work.

Source: MQTT 3.1.1; paho-mqtt 2.x.
"""

import hashlib
import random
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edge.hosts import host_fault

if TYPE_CHECKING:
    import paho.mqtt.client as mqtt

KEEPALIVE_S = 15
"""A silent cut is noticed within two of these."""
MAX_RECONNECT_S = 30


class BrokerAway(ConnectionError):
    """The broker did not answer. The same call may succeed later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """Where the broker is and who we are there; `user` None: it asks for none; `ca_file` None: no TLS."""

    host: str = "localhost"
    """Name or address."""
    port: int = 1883
    """TCP port; 8883 is usual with TLS."""
    user: str | None = None
    """The device's id, `collector` or `dashboard`."""
    password: str | None = field(default=None, repr=False)
    """Never in the site file: the front door reads it from the password directory."""
    ca_file: Path | None = None
    """The authority that signed the broker's certificate."""

    def __post_init__(self) -> None:
        if fault := host_fault(self.host):
            raise ValueError(f"host {fault}")
        if not 1 <= self.port <= 65_535:
            raise ValueError(f"port must lie between 1 and 65535, got {self.port}")


def client(
    settings: BrokerSettings,
    client_id: str,
    *,
    will: tuple[str, bytes] | None = None,
    manual_ack: bool = False,
    kind: "type[mqtt.Client] | None" = None,
) -> "mqtt.Client":
    """A client with a clean session, TCP_NODELAY and jittered reconnects; call `connect_async` or `connect` next.

    Args:
        settings: where the broker is.
        client_id: fixed for each process, so that its dead predecessor's connection is taken over. A part that only
            who knows the password can make is added: nobody else can end the connection by taking its client id.
        will: topic and retained payload that the broker publishes when we vanish.
        manual_ack: the caller acknowledges each QoS 1 message itself.
        kind: another class of client than paho's own.
    """
    import paho.mqtt.client as mqtt  # here, so that reading a site file does not cost its 7 MB
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

    made = (kind or mqtt.Client)(
        CallbackAPIVersion.VERSION2,
        client_id=client_id + _proof(settings),
        clean_session=True,  # receipts make up for what a broker forgets, and its queues have silent limits
        protocol=MQTTProtocolVersion.MQTTv311,  # MQTT 5 doubles paho's cost for each message
        manual_ack=manual_ack,
    )
    made.username_pw_set(settings.user, settings.password)
    if settings.ca_file is not None:
        made.tls_set(ca_certs=str(settings.ca_file))
    if will is not None:
        made.will_set(will[0], will[1], qos=1, retain=True)
    set_reconnect_pause(made, 0.0)
    made.on_socket_open = _no_delay
    return made


def set_reconnect_pause(client: "mqtt.Client", least_s: float) -> None:
    """Let a client of paho wait at least so long before it connects again; growing pauses up to half a minute else."""
    longest = random.randint(MAX_RECONNECT_S // 2, MAX_RECONNECT_S)  # noqa: S311 - jitter, no secret
    least = max(1, round(least_s))
    client.reconnect_delay_set(min_delay=least, max_delay=max(least, longest))


def _proof(settings: BrokerSettings) -> str:
    if settings.password is None:
        return ""
    return "-" + hashlib.sha256(f"{settings.user}:{settings.password}".encode()).hexdigest()[:16]


def _no_delay(_client: object, _userdata: object, opened: object) -> None:
    """Send small packets at once: Nagle's algorithm would hold a state until the next event's acknowledgement."""
    if isinstance(opened, socket.socket):  # under TLS it wraps one that took the option at connect
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
