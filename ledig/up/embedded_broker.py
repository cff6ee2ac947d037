"""The embedded MQTT broker of `ledig up`: amqtt, on this machine only, with a password per process.

In:    a port, the users' passwords, the site and its devices.
Out:   a broker that runs until a stop event is set.
Never: anonymous clients; an address reachable from other machines; a message, subscription or will on a topic outside
       the user's rights (broker_rights).

amqtt 0.12.1 loses queued and retained messages when it stops. Receipts and the collector's start compensate for that.
Source: amqtt/broker.py of 0.12.1 (the version is pinned; tests log in and try forbidden topics).
"""

import asyncio
import hmac
import logging
import threading
from dataclasses import dataclass, field
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig, ListenerType

from edge.contract.hosts import LOOPBACK
from ledig.contract.broker_rights import find_rights

_STOP_CHECK_S = 0.1
_STOP_TIMEOUT_S = 2.0


class BrokerTaskEnded(RuntimeError):
    """A permanent task of amqtt ended; without it the broker would accept connections but deliver nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedBrokerSettings:
    """Settings of the embedded broker."""

    port: int
    site: str
    passwords: dict[str, str] = field(repr=False)
    """Passwords by user: `collector`, `dashboard`, each device's id."""
    lamp_spaces: dict[str, str | None] = field(default_factory=dict)
    """By device: the space that its lamp shows, the only one whose state it may read."""


def covers_topic(pattern: str, topic: str) -> bool:
    """Return whether the pattern matches every topic that `topic` (a topic or a filter) matches."""
    wanted, allowed = topic.split("/"), pattern.split("/")
    for place, level in enumerate(allowed):
        if level == "#":
            return True
        if place >= len(wanted) or wanted[place] == "#" or level not in ("+", wanted[place]):
            return False
    return len(wanted) == len(allowed)


class EmbeddedBroker(Broker):  # type: ignore[misc]  # amqtt ships no types
    """amqtt with the site's users.

    The overridden methods never await: amqtt loses messages if subscriptions change meanwhile.
    """

    def __init__(self, settings: EmbeddedBrokerSettings) -> None:
        listener = ListenerConfig(type=ListenerType.TCP, bind=f"{LOOPBACK}:{settings.port}")
        super().__init__(BrokerConfig(listeners={"default": listener}, plugins={}))
        self._passwords = {user: password.encode() for user, password in settings.passwords.items()}
        self._rights = {
            user: find_rights(settings.site, user, settings.lamp_spaces.get(user)) for user in settings.passwords
        }

    async def _authenticate(self, session: Any, _: Any) -> bool:
        expected = self._passwords.get(session.username or "")
        password = session.password or ""
        if expected is None or not hmac.compare_digest(
            expected, password.encode() if isinstance(password, str) else password
        ):
            return False
        # amqtt publishes a will without checking the rights to its topic; Mosquitto silently drops such a will.
        return not session.will_flag or self._is_allowed(session, session.will_topic or "", Action.PUBLISH)

    async def _topic_filtering(self, session: Any, topic: str, action: Any) -> bool:
        return self._is_allowed(session, topic, action)

    def _is_allowed(self, session: Any, topic: str, action: Any) -> bool:
        own = self._rights.get(session.username or "")
        if own is None:
            return False
        patterns = own.writes if action is Action.PUBLISH else own.reads
        return any(covers_topic(pattern, topic) for pattern in patterns)

    async def _publish_retained_messages_for_subscription(self, subscription: tuple[str, int], session: Any) -> None:
        """Publish only to sessions that subscribed: amqtt 0.12.1 sends a new client what all others subscribed to."""
        if any(reader is session for reader, _ in self.subscriptions.get(subscription[0], ())):
            await super()._publish_retained_messages_for_subscription(subscription, session)


def serve_broker(settings: EmbeddedBrokerSettings, stop: threading.Event) -> None:
    """Run the broker until `stop` is set."""
    for noisy in ("amqtt", "transitions"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)  # it logs each disconnect as an error
    asyncio.run(_serve_until_stopped(settings, stop))


def _find_exception(ended: "asyncio.Task[Any]") -> BaseException | None:
    return None if ended.cancelled() else ended.exception()


async def _serve_until_stopped(settings: EmbeddedBrokerSettings, stop: threading.Event) -> None:
    broker = EmbeddedBroker(settings)
    await broker.start()
    permanent_tasks = asyncio.all_tasks() - {asyncio.current_task()}
    while not stop.is_set():
        await asyncio.sleep(_STOP_CHECK_S)
        if ended := next((task for task in permanent_tasks if task.done()), None):
            raise BrokerTaskEnded(f"{ended.get_name()} ({ended.get_coro()}) ended") from _find_exception(ended)
    await asyncio.wait_for(broker.shutdown(), _STOP_TIMEOUT_S)
