"""Publishes the collector's messages: receipts to devices; states, summaries, forecasts and status, retained.

In:    values of the contract, each with the kind of its topic.
Out:   messages to the broker.
Never: decisions about what to publish; the message sources make them.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from collector.contract.messages import OutgoingMessage, encode_message
from collector.contract.states import CollectorStatus
from collector.intake.intake import StreamKey
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import SpaceKind
from edge.contract import topics
from edge.contract.message import Receipt
from edge.contract.topics import TOPIC_KINDS, TopicKind, TopicParameter


class PublishConnection(Protocol):
    """Where messages go: the collector's connection to the broker."""

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        """Send one message."""


class MessageSource(Protocol):
    """A part of the pipeline that publishes. The collector's tick asks each of them, in the order of the pipeline."""

    def pop_messages(self, now_ms: int, screen_ms: int, /) -> Iterable[OutgoingMessage]:
        """Return what changed since the last call.

        Args:
            now_ms: site time.
            screen_ms: a monotonic clock's time (see `SpaceStates.pop_changed_states`).
        """

    def republish_all(self) -> None:
        """Return everything again at the next call: the broker may have lost its retained messages."""


class MessagePublisher:
    """Publishes for one collector over one connection."""

    def __init__(self, connection: PublishConnection, plan: SitePlan) -> None:
        self._connection = connection
        self._site = plan.id
        self._receipts = {device: topics.RECEIPT.topic(plan.id, device) for device in plan.device_ids}
        self._current_topics = {
            topic_kind.topic(plan.id, name)
            for topic_kind in TOPIC_KINDS
            # A space that does not learn has no tuning, so the topic of a tuning is current only once it is published.
            if topic_kind.is_cleared and topic_kind is not topics.TUNING
            for name in _list_names(plan, topic_kind.parameter)
        }

    def publish_receipts(self, stored_up_to: Mapping[StreamKey, int]) -> None:
        """Publish how far streams are stored. Not retained: after each connection all are published again."""
        topic_kind: Final = topics.RECEIPT
        for (device, stream), seq in stored_up_to.items():
            if (topic := self._receipts.get(device)) is not None:
                payload = encode_message(Receipt(stream, seq))
                self._connection.publish(topic, payload, topic_kind.qos, retain=topic_kind.is_retained)

    def publish(self, messages: Iterable[OutgoingMessage]) -> None:
        """Publish messages on their topics."""
        for topic_kind, name, message in messages:
            topic = topic_kind.topic(self._site, name)
            if topic_kind.is_cleared:
                self._current_topics.add(topic)
            payload = b"" if message is None else encode_message(message)
            self._connection.publish(topic, payload, topic_kind.qos, retain=topic_kind.is_retained)

    def publish_status(self, status: CollectorStatus) -> None:
        """Publish the collector's status."""
        self.publish([OutgoingMessage(topics.COLLECTOR_STATUS, "", status)])

    def clear_retained(self, retained: Mapping[str, TopicKind]) -> None:
        """Clear retained messages of spaces, zones and devices that left the plan or no longer learn.

        Learned values must have been published before.
        """
        for topic, topic_kind in retained.items():
            if topic not in self._current_topics:
                self._connection.publish(topic, b"", topic_kind.qos, retain=topic_kind.is_retained)


def _list_names(plan: SitePlan, parameter: TopicParameter | None) -> Iterable[str]:
    """List the devices, spaces or zones that may have retained messages; the zone WHOLE_SITE has a forecast."""
    if parameter is TopicParameter.DEVICE:
        return plan.device_ids
    if parameter is TopicParameter.SPACE:
        return [space.id for space in plan.spaces if space.is_offered or space.kind is SpaceKind.SUPPLY]
    return (WHOLE_SITE, *plan.zone_by_id)
