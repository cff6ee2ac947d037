"""Subscribes to the broker and keeps every open page up to date, without any database.

In:    retained states, summaries, forecasts, the status of the collector and of devices.
Out:   one site snapshot, and on each tick at most one frame for all readers.
Never: a frame per message; work in paho's callbacks beyond putting values on a queue.

The subscriber is a real thread that only appends to a deque. Only the event loop owns the snapshot.
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

from collector.site.calendar import is_open, is_open_around_the_clock
from collector.site.privacy_settings import StrangersWhenFew
from collector.site.site_plan import SitePlan
from dashboard.live.broadcast import FrameBroadcast
from dashboard.live.frame import LinkStatus, PublicFrame, encode_frame, hide_when_closed, hide_when_few
from dashboard.live.snapshot import BrokerConnection, BrokerMessage, RefusedTopics, SiteSnapshot
from dashboard.manager_rows.manager_frame import encode_manager_frame, manager_frame
from dashboard.text.page_texts import LANGUAGES, PageTexts
from edge.contract import client_conflicts, topics
from edge.contract.broker_client import BrokerSettings, create_client, set_reconnect_pause
from edge.contract.client_conflicts import ConnectionHistory
from edge.contract.subscriptions import Subscriptions, describe_refused
from edge.contract.topics import AT_MOST_ONCE, TopicKind

FRAME_TICK_S: Final = 0.1
"""Changes are collected into a frame this often."""
KEEP_ALIVE_FRAME_S: Final = 5.0
"""A frame is sent this often even if nothing changed, so that a page detects a lost link by silence."""

RESUBSCRIBE_S: Final = 10.0
"""Topics that the broker does not let us read are subscribed to again this often."""

_log = logging.getLogger(__name__)

SubscriberInbox = deque[BrokerMessage | BrokerConnection | RefusedTopics]
PublishMessage = Callable[[TopicKind, str, bytes], bool]


def list_topic_filters(site: str) -> list[str]:
    """Return every topic filter that a dashboard subscribes to."""
    return [topic_kind.topic_filter(site) for topic_kind in topics.list_read_by(topics.Role.DASHBOARD)]


class FrameKey(NamedTuple):
    """Identifies the content of a public frame. `version` counts visible changes."""

    version: int
    link: LinkStatus
    closed: bool


def _discard_message(_topic_kind: TopicKind, _topic: str, _payload: bytes) -> bool:
    return False


class LiveView:
    """The site snapshot and the broadcasts that show it."""

    def __init__(
        self,
        plan: SitePlan,
        now_ms: Callable[[], int],
        release: str = "",
        inbox: SubscriberInbox | None = None,
        publish: PublishMessage = _discard_message,
    ) -> None:
        """Create a view without readers.

        Args:
            plan: the site.
            now_ms: returns the site time, Unix milliseconds.
            release: id of the running release, so that pages notice a newer one.
            inbox: what the subscriber receives; without one, the view makes its own.
            publish: publishes a message; returns whether the broker is connected.
        """
        self.inbox: Final[SubscriberInbox] = deque() if inbox is None else inbox
        self.snapshot: Final = SiteSnapshot(plan, release)
        self.now_ms: Final = now_ms
        self.public: Final = FrameBroadcast()
        self.publish: Final = publish
        self.managers: Final = {language: FrameBroadcast() for language in LANGUAGES}
        self._texts = {language: PageTexts.load(language) for language in LANGUAGES}
        self._sent_to_managers = _LastSent()
        self._sent_to_public = _LastSent()
        self._version = 0
        self._counted_key: tuple[object, ...] = ()
        self._counted_content: tuple[object, ...] = ()

    def tick(self, now_s: float) -> None:
        """Apply received messages; send a frame if they changed it, or if one is due.

        Args:
            now_s: `time.monotonic()`.
        """
        now_ms = self.now_ms()
        while self.inbox:
            self.snapshot.apply(self.inbox.popleft(), now_s, now_ms)
        self._count_changes(now_s)
        key = self.build_frame_key(now_s)
        if self._sent_to_public.is_due(key, now_s):
            self.public.publish(encode_frame(self.build_public_frame(now_s)))
        waiting = any(broadcast.readers and not broadcast.latest for broadcast in self.managers.values())
        if self._sent_to_managers.is_due((self.snapshot.version, key.link), now_s) or waiting:
            self._send_manager_frames(now_s, now_ms)

    def build_frame_key(self, now_s: float) -> FrameKey:
        """Return what identifies the public frame: two frames with equal keys differ only in their clocks."""
        closed = not is_open(self.snapshot.plan, self.now_ms())
        # while the site is closed, the timing of frames must not reveal movement either
        return FrameKey(0 if closed else self._version, self.snapshot.evaluate_link(now_s), closed)

    def build_public_frame(self, now_s: float) -> PublicFrame:
        """Build the frame that everybody may see now."""
        whole = self.build_full_frame(now_s)
        if whole.closed:
            return hide_when_closed(whole)
        if self._hides_few():
            return replace(self._hide_spaces(whole), version=self._version)
        return replace(whole, version=self._version)

    def _hides_few(self) -> bool:
        """Whether the public sees no spaces now, because few people are in a site that is open around the clock."""
        plan = self.snapshot.plan
        shows_all = plan.privacy.strangers_when_few is StrangersWhenFew.ALL
        return not shows_all and is_open_around_the_clock(plan, self.now_ms()) and self.snapshot.has_few_people()

    def _hide_spaces(self, whole: PublicFrame) -> PublicFrame:
        shows_minimum = self.snapshot.plan.privacy.strangers_when_few is StrangersWhenFew.LEVEL
        return hide_when_few(whole, shows_minimum=shows_minimum)

    def build_full_frame(self, now_s: float) -> PublicFrame:
        """Build the full frame for the host; it is never hidden."""
        return self.snapshot.build_frame(now_s, self.now_ms())

    def _count_changes(self, now_s: float) -> None:
        """Count visible changes only: the snapshot's own version also counts changes of individual people.

        Changes at night do not show in the version of the next morning either.
        """
        picture, closed, hides_few = self.snapshot, not is_open(self.snapshot.plan, self.now_ms()), self._hides_few()
        if self._counted_key == (picture.version, closed, hides_few):
            return
        self._counted_key = picture.version, closed, hides_few
        content: tuple[object, ...] = (closed,)
        if not closed:
            whole = self._hide_spaces(self.build_full_frame(now_s)) if hides_few else self.build_full_frame(now_s)
            frame = replace(whole, version=0, age_s=None, since=None, clock="")
            air = {} if hides_few else {zone: (air.band, air.trend) for zone, air in picture.air.items()}
            content = closed, frame, air, dict(picture.forecasts)
        self._version += content != self._counted_content
        self._counted_content = content

    def _send_manager_frames(self, now_s: float, now_ms: int) -> None:
        frame = self.build_full_frame(now_s)
        for language, broadcast in self.managers.items():
            if not broadcast.readers:
                broadcast.clear()  # the next reader must not start with an old frame
                continue
            manager = manager_frame(self.snapshot, frame, now_ms, self._texts[language])
            broadcast.publish(encode_manager_frame(manager))


class _LastSent:
    """The key and time of the last frame sent."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._at_s = float("-inf")

    def is_due(self, key: tuple[object, ...], now_s: float) -> bool:
        """Whether to send: the content changed, or a keep-alive frame is due. If so, it counts as sent."""
        if key == self._key and now_s - self._at_s < KEEP_ALIVE_FRAME_S:
            return False
        self._key, self._at_s = key, now_s
        return True


class SiteSubscriber:
    """One MQTT connection that fills an inbox, from `start` to `stop`, through every outage."""

    def __init__(self, settings: BrokerSettings, site: str, inbox: SubscriberInbox) -> None:
        self._settings = settings
        self._site = site
        self._inbox = inbox
        self._client = create_client(
            settings, f"{site}-dashboard-{os.urandom(4).hex()}"
        )  # several may run side by side
        self._connections = ConnectionHistory()
        self._subscriptions = Subscriptions(self._client, self._on_refused)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(min_delay=1, max_delay=5)  # users watch the pages: reconnect soon

    def start(self) -> None:
        """Start connecting; returns at once, whether the broker is available or not."""
        self._client.connect_async(self._settings.host, self._settings.port, keepalive=15)
        self._client.loop_start()

    def publish(self, topic_kind: TopicKind, topic: str, payload: bytes) -> bool:
        """Publish a message on a topic of this kind; False: the broker is not connected."""
        if not self._client.is_connected():
            return False
        published = self._client.publish(topic, payload, topic_kind.qos, topic_kind.is_retained)
        return published.rc == mqtt.MQTT_ERR_SUCCESS

    def resubscribe_refused(self) -> None:
        """Subscribe again to what the broker refused, since its access rights may have been corrected."""
        self._subscriptions.retry_refused()

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_refused(self, refused: tuple[str, ...]) -> None:
        self._inbox.append(RefusedTopics(refused))
        if refused:
            _log.error("%s", describe_refused(self._settings, refused))

    def _on_connect(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            _log.warning("the broker refuses us: %s; check the password of user %r", reason, self._settings.user)
            return
        self._connections = client_conflicts.record_connect(self._connections, time.monotonic())
        self._inbox.append(BrokerConnection.CONNECTED)  # before subscribing: later messages are new
        self._subscriptions.reset()
        self._subscriptions.subscribe([(name, AT_MOST_ONCE) for name in list_topic_filters(self._site)])
        _log.info("following %s on %s:%s", self._site, self._settings.host, self._settings.port)

    def _on_disconnect(self, _client: mqtt.Client, _data: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        self._inbox.append(BrokerConnection.DISCONNECTED)
        self._connections = client_conflicts.record_disconnect(self._connections, time.monotonic())
        if self._connections.is_contested:
            pause_s = client_conflicts.reconnect_pause_s(self._connections, random.random())  # noqa: S311 - jitter
            set_reconnect_pause(self._client, pause_s)
            _log.error("the broker: %s", client_conflicts.CONFLICT_TEXT.format(n=self._connections.short))
        else:
            self._client.reconnect_delay_set(min_delay=1, max_delay=5)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._inbox.append(BrokerMessage(message.topic, bytes(message.payload), message.retain))
