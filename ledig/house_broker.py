"""The MQTT broker inside `ledig up`: amqtt, on this machine only, with a password for each process.

In:    a port, everybody's password, the site and its devices.
Out:   a broker until it is told to stop.
Never: a nameless client, an address that another machine reaches, a topic outside a user's rights (broker_rights),
       be it of a message, of a subscription or of a will.

amqtt 0.12.1 forgets queued and retained messages when it stops: receipts and the collector's start make up for it.
Source: amqtt/broker.py of 0.12.1 (the version is pinned; the tests sign in, and try what is forbidden).
"""

import asyncio
import hmac
import logging
import threading
from dataclasses import dataclass, field
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig, ListenerType

from ledig.broker_rights import rights

HOST = "127.0.0.1"
_LOOK_S = 0.1
_STOP_S = 2.0


class BrokerBroken(RuntimeError):
    """A task of amqtt that must last ended. Without it the broker would go on listening and deliver nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseBrokerSettings:
    """What the embedded broker is told."""

    port: int
    site: str
    passwords: dict[str, str] = field(repr=False)
    """By user: `collector`, `dashboard`, each device's id."""


def covers(pattern: str, topic: str) -> bool:
    """Whether every topic that `topic` (a topic or a filter) names is among those of the pattern."""
    wanted, allowed = topic.split("/"), pattern.split("/")
    for place, level in enumerate(allowed):
        if level == "#":
            return True
        if place >= len(wanted) or wanted[place] == "#" or level not in ("+", wanted[place]):
            return False
    return len(wanted) == len(allowed)


class HouseBroker(Broker):  # type: ignore[misc]  # amqtt ships no types
    """amqtt with our users. What it overrides never waits: amqtt loses messages if subscriptions change meanwhile."""

    def __init__(self, settings: HouseBrokerSettings) -> None:
        listener = ListenerConfig(type=ListenerType.TCP, bind=f"{HOST}:{settings.port}")
        super().__init__(BrokerConfig(listeners={"default": listener}, plugins={}))
        self._passwords = {user: password.encode() for user, password in settings.passwords.items()}
        self._rights = {user: rights(settings.site, user) for user in settings.passwords}

    async def _authenticate(self, session: Any, _: Any) -> bool:
        expected = self._passwords.get(session.username or "")
        given = session.password or ""
        if expected is None or not hmac.compare_digest(expected, given.encode() if isinstance(given, str) else given):
            return False
        # amqtt publishes a will without checking the rights to its topic. Mosquitto drops such a will in silence.
        return not session.will_flag or self._may(session, session.will_topic or "", Action.PUBLISH)

    async def _topic_filtering(self, session: Any, topic: str, action: Any) -> bool:
        return self._may(session, topic, action)

    def _may(self, session: Any, topic: str, action: Any) -> bool:
        own = self._rights.get(session.username or "")
        if own is None:
            return False
        patterns = own.writes if action is Action.PUBLISH else own.reads
        return any(covers(pattern, topic) for pattern in patterns)

    async def _publish_retained_messages_for_subscription(self, subscription: tuple[str, int], session: Any) -> None:
        """Only to who subscribed: amqtt 0.12.1 sends a newcomer what everybody else subscribed to."""
        if any(reader is session for reader, _ in self.subscriptions.get(subscription[0], ())):
            await super()._publish_retained_messages_for_subscription(subscription, session)


def serve(settings: HouseBrokerSettings, stop: threading.Event) -> None:
    """Be the broker until `stop` is set."""
    for noisy in ("amqtt", "transitions"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)  # it calls every goodbye a fault
    asyncio.run(_serve(settings, stop))


def _reason(ended: "asyncio.Task[Any]") -> BaseException | None:
    return None if ended.cancelled() else ended.exception()


async def _serve(settings: HouseBrokerSettings, stop: threading.Event) -> None:
    broker = HouseBroker(settings)
    await broker.start()
    lasting = asyncio.all_tasks() - {asyncio.current_task()}
    while not stop.is_set():
        await asyncio.sleep(_LOOK_S)
        if ended := next((task for task in lasting if task.done()), None):
            raise BrokerBroken(f"{ended.get_name()} ({ended.get_coro()}) ended") from _reason(ended)
    await asyncio.wait_for(broker.shutdown(), _STOP_S)
