"""Connection checks for `--check` and for the start of a process.

In:    valid settings.
Out:   nothing if everything answers; else an error with the remedy.
Never: a change to what is checked. But a broker that allows one connection per user (the embedded one does) disconnects
       a running process of the same user; it reconnects within seconds and loses nothing.
"""

import queue
import socket
import ssl
from collections.abc import Sequence
from typing import Any, TypeVar

from edge.contract.broker_client import BrokerAway, BrokerSettings, create_client
from edge.contract.subscriptions import describe_refused
from edge.contract.topics import AT_LEAST_ONCE
from ledig.site.broker_passwords import BrokerPasswordRejected

_T = TypeVar("_T")

ANSWER_TIMEOUT_S = 5.0
"""A working broker answers within this time."""


class PortRejected(ValueError):
    """The address cannot be used for listening."""


def check_broker(settings: BrokerSettings, name: str, reads: Sequence[str] = (), echo: str = "") -> None:
    """Connect to the broker, subscribe to what the process reads, and disconnect.

    Args:
        settings: address and credentials.
        name: of the process.
        reads: topic filters that the process must be able to read.
        echo: a topic that the process may both write and read; an empty message to it must come back. Needed because a
            broker may accept every subscription and acknowledge every publication, then drop what is not allowed
            (Mosquitto with an ACL file does both). Empty: the process has no such topic.

    Raises:
        BrokerAway: the broker does not answer, or does not let the process read or write.
        BrokerPasswordRejected: the broker does not accept the credentials.
    """
    where = f"broker {settings.host}:{settings.port}"
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    granted: queue.SimpleQueue[Sequence[Any]] = queue.SimpleQueue()
    echoes: queue.SimpleQueue[str] = queue.SimpleQueue()
    try:
        connection = create_client(settings, f"{name}-check")
    except OSError as fault:  # of the CA file
        raise BrokerPasswordRejected(
            f"{settings.ca_file}: {fault.strerror or fault}; check ca_file in [broker]"
        ) from fault
    connection.on_connect = lambda _client, _data, _flags, reason, _properties: answers.put(reason)
    connection.on_subscribe = lambda _client, _data, _mid, reasons, _properties: granted.put(reasons)
    connection.on_message = lambda _client, _data, message: echoes.put(message.topic)
    try:
        connection.connect(settings.host, settings.port)
    except OSError as fault:
        raise BrokerAway(
            f"{where}: {(fault.strerror or str(fault)).lower()}; {_find_remedy(settings, fault)}"
        ) from fault
    connection.loop_start()
    try:
        reason = _wait_for_answer(answers, f"{where}: no answer within {ANSWER_TIMEOUT_S:g} s; is it an MQTT broker?")
        if reason.is_failure:
            user = f'user "{settings.user}"' if settings.user else "a nameless user"
            raise BrokerPasswordRejected(f"{where}: refuses {user} ({reason}); check password_directory in [broker]")
        filters = [*reads, *([echo] if echo else [])]
        if filters:
            connection.subscribe([(one, AT_LEAST_ONCE) for one in filters])
            reasons = _wait_for_answer(granted, f"{where}: did not answer a subscription within {ANSWER_TIMEOUT_S:g} s")
            refused = [one for one, reason in zip(filters, reasons, strict=True) if reason.is_failure]
            if refused:
                raise BrokerAway(describe_refused(settings, refused))
        if echo:
            connection.publish(echo, b"", AT_LEAST_ONCE)
            problem = (
                f"{where}: a message of user {settings.user!r} to {echo} did not come back within"
                f" {ANSWER_TIMEOUT_S:g} s; the broker does not let this user write or read it: correct its rights at"
                " the broker (firmware-config/mosquitto/ledig.acl has them, with the id of this site)"
            )
            while _wait_for_answer(echoes, problem) != echo:
                pass  # retained messages arrive too
    finally:
        connection.disconnect()
        connection.loop_stop()


def _find_remedy(settings: BrokerSettings, fault: OSError) -> str:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return "check ca_file in [broker]"
    if settings.ca_file is not None and isinstance(fault, ssl.SSLError | ConnectionResetError):
        return "the port does not answer with TLS, which ca_file in [broker] requires; give the port for TLS (8883)"
    return "is it running?"


def _wait_for_answer(answers: "queue.SimpleQueue[_T]", problem: str) -> _T:
    """Return the next answer; raise BrokerAway with `problem` if there is none."""
    try:
        return answers.get(timeout=ANSWER_TIMEOUT_S)
    except queue.Empty:
        raise BrokerAway(problem) from None


def check_port(host: str, port: int, place: str) -> None:
    """Check that a process can listen on the address.

    Args:
        host: name or address.
        port: TCP port.
        place: where the port is set, for the error.

    Raises:
        PortRejected: it cannot.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise PortRejected(
            f"{host}:{port}: {reason}; stop the program that uses it, or set another port in {place}"
        ) from fault
