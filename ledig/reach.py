"""Reaches what a process needs before it starts in earnest: what `--check` does.

In:    settings that are right in themselves.
Out:   nothing if all answers; else an error that says whose move it is.
Never: a change to what it reaches. But a broker that has one connection for each user (ours has) lets go of a process
       of the same name that runs already; it is back within seconds by itself, and loses nothing.
"""

import queue
import socket
from typing import Any

from edge.broker import BrokerAway, BrokerSettings, client
from ledig.passwords import PasswordRejected

ANSWER_S = 5.0
"""A broker that is there answers within this."""


class PortRejected(ValueError):
    """The address cannot be listened on."""


def reach_broker(settings: BrokerSettings, name: str) -> None:
    """Sign in at the broker and leave again.

    Raises:
        BrokerAway: it does not answer.
        PasswordRejected: it does not accept who we are.
    """
    where = f"broker {settings.host}:{settings.port}"
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    try:
        caller = client(settings, f"{name}-check")
    except OSError as fault:  # the CA file
        raise PasswordRejected(f"{settings.ca_file}: {fault.strerror or fault}; see to ca_file in [broker]") from fault
    caller.on_connect = lambda _client, _data, _flags, reason, _properties: answers.put(reason)
    try:
        caller.connect(settings.host, settings.port)
    except OSError as fault:
        raise BrokerAway(f"{where}: {(fault.strerror or str(fault)).lower()}; is it running?") from fault
    caller.loop_start()
    try:
        reason = answers.get(timeout=ANSWER_S)
    except queue.Empty:
        raise BrokerAway(f"{where}: no answer within {ANSWER_S:g} s; is it an MQTT broker?") from None
    finally:
        caller.disconnect()
        caller.loop_stop()
    if reason.is_failure:
        user = f'user "{settings.user}"' if settings.user else "a nameless user"
        raise PasswordRejected(f"{where}: refuses {user} ({reason}); see to password_directory in [broker]")


def claim_port(host: str, port: int, place: str) -> None:
    """See that the address can be listened on.

    Raises:
        PortRejected: it cannot; the text names `place`, where the port is set.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise PortRejected(f"{host}:{port}: {reason}; end what uses it, or set another port in {place}") from fault
