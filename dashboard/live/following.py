"""Follows the broker and keeps every open page up to date. No database stands in this way.

In:    retained states, summaries, forecasts, the collector's and the devices' words.
Out:   one picture, and on each tick one frame for all readers.
Never: a frame for each message; work in paho's callbacks beyond putting values on a queue.

The follower is a real thread that only appends to a deque; the event loop alone owns the picture.
"""

import logging
import os
import random
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import paho.mqtt.client as mqtt
from msgspec.structs import replace

from collector.days import is_open, is_open_around_the_clock
from collector.plan import SitePlan, StrangersWhenFew
from dashboard.live.channel import Channel
from dashboard.live.frame import Frame, Link, encode_frame, shut, spare
from dashboard.live.picture import Broker, Message, Picture, Refused
from dashboard.manager.fleet import encode_manager_frame, manager_frame
from dashboard.words import LANGUAGES, Words
from edge import rivalry, topics
from edge.broker import BrokerSettings, client, set_reconnect_pause
from edge.rivalry import Connections
from edge.subscriptions import Subscriptions, unreadable

TICK_S: Final = 0.1
"""How often changes are gathered into a frame."""
BREATH_S: Final = 5.0
"""A frame is sent this often though nothing changed, so that a page knows its link from silence."""

ASK_AGAIN_S: Final = 10.0
"""What the broker refused to let us read is asked for again this often."""

_log = logging.getLogger(__name__)

Inbox = deque[Message | Broker | Refused]


def reads(site: str) -> list[str]:
    """Every filter that a dashboard subscribes to."""
    return [
        topics.space(site, "+"),
        topics.zone(site, "+"),
        topics.site_summary(site),
        topics.tuning(site, "+"),
        topics.forecast(site, "+"),
        topics.alerts(site),
        topics.adjustments(site),
        topics.collector(site),
        topics.every_device(site, topics.DeviceTopic.STATUS),
        topics.every_device(site, topics.DeviceTopic.FINDINGS),
    ]


class Mark(NamedTuple):
    """What tells two public frames apart. `version` counts what may be seen in them."""

    version: int
    link: Link
    closed: bool


class Live:
    """The picture, and the channels that show it."""

    def __init__(self, plan: SitePlan, now_ms: Callable[[], int], release: str = "") -> None:
        self.inbox: Inbox = deque()
        self.picture: Final = Picture(plan, release)
        self.now_ms: Final = now_ms
        self.public: Final = Channel()
        self.say: Callable[[str, bytes], bool] = _to_nobody
        """Hands a message to the broker; False: it is not there."""
        self.managers: Final = {language: Channel() for language in LANGUAGES}
        self._words = {language: Words.of(language) for language in LANGUAGES}
        self._inside = _Sent()
        self._outside = _Sent()
        self._version = 0
        self._looked: tuple[object, ...] = ()
        self._told: tuple[object, ...] = ()

    def tick(self, now_s: float) -> None:
        """Take what came in; send a frame if it changed anything, or if it is time for one.

        Args:
            now_s: `time.monotonic()`.
        """
        now_ms = self.now_ms()
        while self.inbox:
            self.picture.hear(self.inbox.popleft(), now_s, now_ms)
        self._look(now_s)
        mark = self.mark(now_s)
        if self._outside.is_due(mark, now_s):
            self.public.publish(encode_frame(self.frame(now_s)))
        waiting = any(channel.readers and not channel.latest for channel in self.managers.values())
        if self._inside.is_due((self.picture.version, mark.link), now_s) or waiting:
            self._send(now_s, now_ms)

    def mark(self, now_s: float) -> Mark:
        """What the public frame is made of, in short: two frames of one mark differ in their clocks alone."""
        closed = not is_open(self.picture.plan, self.now_ms())
        # of a closed house not even the rhythm of its frames tells that something moved
        return Mark(0 if closed else self._version, self.picture.link(now_s), closed)

    def frame(self, now_s: float) -> Frame:
        """What everybody may see now."""
        whole = self.whole(now_s)
        if whole.closed:
            return shut(whole)
        if self._hides_few():
            return replace(self._spare(whole), version=self._version)
        return replace(whole, version=self._version)

    def _hides_few(self) -> bool:
        """Whether strangers may see no space now: a site open at night has nobody to look after it then."""
        plan = self.picture.plan
        shows_all = plan.privacy.strangers_when_few is StrangersWhenFew.ALL
        return not shows_all and is_open_around_the_clock(plan, self.now_ms()) and self.picture.has_few()

    def _spare(self, whole: Frame) -> Frame:
        counted = self.picture.plan.privacy.strangers_when_few is StrangersWhenFew.LEVEL
        return spare(whole, counted=counted)

    def whole(self, now_s: float) -> Frame:
        """The same for who runs the house: it is never shut."""
        return self.picture.frame(now_s, self.now_ms())

    def _look(self, now_s: float) -> None:
        """Count what everybody may see of, and nothing else: the picture's own version counts who comes and goes too.

        Neither does a night leave a trace in the number of the morning after it.
        """
        picture, closed, few = self.picture, not is_open(self.picture.plan, self.now_ms()), self._hides_few()
        if self._looked == (picture.version, closed, few):
            return
        self._looked = picture.version, closed, few
        told: tuple[object, ...] = (closed,)
        if not closed:
            whole = self._spare(self.whole(now_s)) if few else self.whole(now_s)
            frame = replace(whole, version=0, age_s=None, since=None, clock="")
            air = {} if few else {zone: (air.band, air.trend) for zone, air in picture.air.items()}
            told = closed, frame, air, dict(picture.forecasts)
        self._version += told != self._told
        self._told = told

    def _send(self, now_s: float, now_ms: int) -> None:
        frame = self.whole(now_s)
        for language, channel in self.managers.items():
            if not channel.readers:
                channel.latest = b""  # nobody looks; whoever comes next must not begin with an old frame
                continue
            told = manager_frame(self.picture, frame, now_ms, self._words[language])
            channel.publish(encode_manager_frame(told))


class _Sent:
    """What was sent last, and when."""

    def __init__(self) -> None:
        self._mark: tuple[object, ...] = ()
        self._at_s = float("-inf")

    def is_due(self, mark: tuple[object, ...], now_s: float) -> bool:
        """Whether to send: something is new, or it is time for a breath. If so, it counts as sent."""
        if mark == self._mark and now_s - self._at_s < BREATH_S:
            return False
        self._mark, self._at_s = mark, now_s
        return True


def _to_nobody(_topic: str, _payload: bytes) -> bool:
    return False


class Follower:
    """One MQTT connection that fills an inbox, from `start` to `stop`, through every outage."""

    def __init__(self, settings: BrokerSettings, site: str, inbox: Inbox) -> None:
        self._settings = settings
        self._site = site
        self._inbox = inbox
        self._client = client(settings, f"{site}-dashboard-{os.urandom(4).hex()}")  # several work side by side
        self._connections = Connections()
        self._subscriptions = Subscriptions(self._client, self._refused)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
        self._client.on_message = self._heard
        self._client.reconnect_delay_set(min_delay=1, max_delay=5)  # a page is looked at: be back soon

    def start(self) -> None:
        """Begin; returns at once, whether the broker is there or not."""
        self._client.connect_async(self._settings.host, self._settings.port, keepalive=15)
        self._client.loop_start()

    def say(self, topic: str, payload: bytes) -> bool:
        """Hand a message to the broker; False: it is not there."""
        return self._client.is_connected() and self._client.publish(topic, payload, qos=1).rc == mqtt.MQTT_ERR_SUCCESS

    def ask_again(self) -> None:
        """Subscribe again to what the broker refused: its rights may have been corrected."""
        self._subscriptions.ask_again()

    def stop(self) -> None:
        """Say goodbye."""
        self._client.disconnect()
        self._client.loop_stop()

    def _refused(self, refused: tuple[str, ...]) -> None:
        self._inbox.append(Refused(refused))
        if refused:
            _log.error("%s", unreadable(self._settings, refused))

    def _connected(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            _log.warning("the broker refuses us: %s; check the password of user %r", reason, self._settings.user)
            return
        self._connections = rivalry.began(self._connections, time.monotonic())
        self._inbox.append(Broker.HERE)  # before the subscription: what follows it is news
        self._subscriptions.forget()
        self._subscriptions.ask([(name, 0) for name in reads(self._site)])
        _log.info("following %s on %s:%s", self._site, self._settings.host, self._settings.port)

    def _disconnected(self, _client: mqtt.Client, _data: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        self._inbox.append(Broker.AWAY)
        self._connections = rivalry.ended(self._connections, time.monotonic())
        if self._connections.is_contested:
            pause_s = rivalry.pause_s(self._connections, random.random())  # noqa: S311 - jitter
            set_reconnect_pause(self._client, pause_s)
            _log.error("the broker: %s", rivalry.SUSPICION.format(n=self._connections.short))
        else:
            self._client.reconnect_delay_set(min_delay=1, max_delay=5)

    def _heard(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._inbox.append(Message(message.topic, bytes(message.payload), message.retain))
