"""Reaches what a process needs before it starts in earnest: what `--check` does.

In:    settings that are right in themselves.
Out:   nothing if all answers; else an error that says whose move it is.
Never: a change to what it reaches. But a broker that has one connection for each user (ours has) lets go of a process
       of the same name that runs already; it is back within seconds by itself, and loses nothing.
"""

import queue
import socket
from collections.abc import Sequence
from typing import Any, TypeVar

from edge.broker import BrokerAway, BrokerSettings, client
from edge.subscriptions import unreadable
from ledig.passwords import PasswordRejected

_T = TypeVar("_T")

ANSWER_S = 5.0
"""A broker that is there answers within this."""


class PortRejected(ValueError):
    """The address cannot be listened on."""


def reach_broker(settings: BrokerSettings, name: str, reads: Sequence[str] = (), echo: str = "") -> None:
    """Sign in at the broker, subscribe to what the process reads, and leave again.

    Args:
        settings: where the broker is.
        name: of the process.
        reads: the filters that it must be able to read.
        echo: a topic that it may both write and read: an empty message must come back. A broker may grant every
            subscription and leave out what may not be read, and acknowledge what may not be written (Mosquitto with
            an ACL file does both); empty: it has no such topic.

    Raises:
        BrokerAway: it does not answer, or does not let the process read or write.
        PasswordRejected: it does not accept who we are.
    """
    where = f"broker {settings.host}:{settings.port}"
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    granted: queue.SimpleQueue[Sequence[Any]] = queue.SimpleQueue()
    echoes: queue.SimpleQueue[str] = queue.SimpleQueue()
    try:
        caller = client(settings, f"{name}-check")
    except OSError as fault:  # the CA file
        raise PasswordRejected(f"{settings.ca_file}: {fault.strerror or fault}; check ca_file in [broker]") from fault
    caller.on_connect = lambda _client, _data, _flags, reason, _properties: answers.put(reason)
    caller.on_subscribe = lambda _client, _data, _mid, reasons, _properties: granted.put(reasons)
    caller.on_message = lambda _client, _data, message: echoes.put(message.topic)
    try:
        caller.connect(settings.host, settings.port)
    except OSError as fault:
        raise BrokerAway(f"{where}: {(fault.strerror or str(fault)).lower()}; is it running?") from fault
    caller.loop_start()
    try:
        reason = _answer(answers, f"{where}: no answer within {ANSWER_S:g} s; is it an MQTT broker?")
        if reason.is_failure:
            user = f'user "{settings.user}"' if settings.user else "a nameless user"
            raise PasswordRejected(f"{where}: refuses {user} ({reason}); check password_directory in [broker]")
        filters = [*reads, *([echo] if echo else [])]
        if filters:
            caller.subscribe([(one, 1) for one in filters])
            reasons = _answer(granted, f"{where}: did not answer a subscription within {ANSWER_S:g} s")
            refused = [one for one, reason in zip(filters, reasons, strict=True) if reason.is_failure]
            if refused:
                raise BrokerAway(unreadable(settings, refused))
        if echo:
            caller.publish(echo, b"", qos=1)
            problem = (
                f"{where}: a message of user {settings.user!r} to {echo} did not come back within {ANSWER_S:g} s;"
                " the broker does not let this user write or read it: correct its rights at the broker"
                " (firmware-config/mosquitto/ledig.acl has them, with the id of this site)"
            )
            while _answer(echoes, problem) != echo:
                pass  # what is retained comes too
    finally:
        caller.disconnect()
        caller.loop_stop()


def _answer(answers: "queue.SimpleQueue[_T]", problem: str) -> _T:
    """The next answer; raises BrokerAway with `problem` if none comes."""
    try:
        return answers.get(timeout=ANSWER_S)
    except queue.Empty:
        raise BrokerAway(problem) from None


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
        raise PortRejected(
            f"{host}:{port}: {reason}; stop the program that uses it, or set another port in {place}"
        ) from fault
