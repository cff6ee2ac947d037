"""The kinds of topics of the contract, version 1: one row for each.

In:    ids of a site, a device, a space, a zone; topics that arrive.
Out:   topics and subscription filters; for each topic its kind; what a program must subscribe to and handle.
Never: sockets, payloads. The types of the collector's messages are in collector/contract/messages.py.

Derived from the table: the rights at the broker (ledig/contract/broker_rights.py), asyncapi.json, the table in
firmware-config/contract.md, and the subscriptions and the dispatch of agent, collector and dashboard.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

ROOT: Final = "ledig/v1"
ANY_NAME: Final = "+"
"""Stands for every name of one level, in a subscription filter."""
AT_MOST_ONCE: Final = 0
"""MQTT's QoS of a message that may be lost, because the sender or a later message replaces it."""
AT_LEAST_ONCE: Final = 1
"""MQTT's QoS of a message that the receiver acknowledges. A broker delivers with the lower QoS of publication and
subscription, so a subscription with this one receives every message as it was published."""

_Handler = TypeVar("_Handler")


class Role(StrEnum):
    """A user of the broker."""

    DEVICE = "device"
    """Its user name is its id."""
    COLLECTOR = "collector"
    DASHBOARD = "dashboard"
    INSTALLER = "installer"


class MessageAudience(StrEnum):
    """The people who may see what is in a message; the broker's rights are about programs."""

    NOBODY = "nobody"
    """Only programs use it."""
    HOSTS = "hosts"
    EVERYONE = "everyone"


class TopicParameter(StrEnum):
    """The part of a topic that names what its messages are about."""

    DEVICE = "device"
    SPACE = "space"
    ZONE = "zone"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopicKind:
    """One kind of topic.

    Attributes:
        name: unique; the name in the AsyncAPI document.
        pattern: the topic below `ledig/v1/<site>/`, with a parameter such as `<space>` or without one.
        messages: names of the message types. A class name is unique in the repository.
        writers: who publishes. A device publishes only under its own id.
        readers: who uses the messages. A device reads only under its own id, if the topic has the id of a device,
            and only the space of its lamp, if the topic has the id of a space.
        audience: who may see what is in the messages.
        is_retained: the broker keeps the last message of each topic.
        qos: MQTT's quality of service, for writers; readers choose their own.
        is_cleared: the collector also reads what is retained, and clears topics whose device, space or zone left the
            site file.
        summary: what the messages are, in one or two sentences.
    """

    name: str
    pattern: str
    messages: tuple[str, ...]
    writers: tuple[Role, ...]
    readers: tuple[Role, ...]
    audience: MessageAudience
    is_retained: bool
    summary: str
    qos: int = AT_LEAST_ONCE
    is_cleared: bool = False

    @property
    def parameter(self) -> TopicParameter | None:
        """What the pattern contains; None: the site has one topic of this kind."""
        return next((one for one in TopicParameter if f"<{one}>" in self.pattern), None)

    def topic(self, site: str, name: str = "") -> str:
        """Return the topic of one device, space or zone, for example `ledig/v1/spinneriet/device/pi-1/events`."""
        return f"{ROOT}/{site}/{self.pattern.replace(f'<{self.parameter}>', name)}"

    def topic_filter(self, site: str) -> str:
        """Return the subscription filter for all topics of this kind in a site."""
        return self.topic(site, ANY_NAME)

    def find_name(self, site: str, topic: str) -> str | None:
        """Return the id that `topic` was built with, empty for a pattern without one; None: a topic of another kind."""
        if self.parameter is None:
            return "" if topic == self.topic(site) else None
        start, end = self.topic(site, ANY_NAME).split(ANY_NAME)
        name = topic.removeprefix(start).removesuffix(end)
        return name if name and "/" not in name and topic == self.topic(site, name) else None


EVENTS: Final = TopicKind(
    name="events",
    pattern="device/<device>/events",
    messages=("EventsMessage",),
    writers=(Role.DEVICE,),
    readers=(Role.COLLECTOR,),
    audience=MessageAudience.NOBODY,
    is_retained=False,
    summary="Events of a device.",
)
RECEIPT: Final = TopicKind(
    name="receipt",
    pattern="device/<device>/receipt",
    messages=("Receipt",),
    writers=(Role.COLLECTOR,),
    readers=(Role.DEVICE,),
    audience=MessageAudience.NOBODY,
    is_retained=False,
    qos=AT_MOST_ONCE,
    summary="How far the collector has stored the events. If it is lost, the device sends the events again.",
)
DEVICE_STATUS: Final = TopicKind(
    name="status",
    pattern="device/<device>/status",
    messages=("DeviceStatus",),
    writers=(Role.DEVICE,),
    readers=(Role.COLLECTOR, Role.DASHBOARD, Role.INSTALLER),
    audience=MessageAudience.HOSTS,
    is_retained=True,
    is_cleared=True,
    summary="The status of a device; its last will reports it offline.",
)
DEVICE_COMMAND: Final = TopicKind(
    name="command",
    pattern="device/<device>/command",
    messages=("DeviceCommand",),
    writers=(Role.DASHBOARD, Role.INSTALLER),
    readers=(Role.DEVICE,),
    audience=MessageAudience.NOBODY,
    is_retained=False,
    summary="A command to a device.",
)
FINDINGS: Final = TopicKind(
    name="findings",
    pattern="device/<device>/findings",
    messages=("Findings",),
    writers=(Role.COLLECTOR,),
    readers=(Role.DASHBOARD, Role.INSTALLER),
    audience=MessageAudience.HOSTS,
    is_retained=True,
    is_cleared=True,
    summary="Problems of a device and its sensors. An empty payload: the device is no longer in the site file.",
)
SPACE_STATE: Final = TopicKind(
    name="space",
    pattern="space/<space>",
    messages=("SpaceState",),
    writers=(Role.COLLECTOR,),
    readers=(Role.DASHBOARD, Role.DEVICE),
    audience=MessageAudience.EVERYONE,
    is_retained=True,
    is_cleared=True,
    summary="The state of one space. An empty payload: it no longer has one.",
)
TUNING: Final = TopicKind(
    name="tuning",
    pattern="tuning/<space>",
    messages=("Tuning",),
    writers=(Role.COLLECTOR,),
    readers=(Role.DASHBOARD,),
    audience=MessageAudience.HOSTS,
    is_retained=True,
    is_cleared=True,
    summary="The learned values of one space. An empty payload: it no longer has a state.",
)
ZONE_SUMMARY: Final = TopicKind(
    name="zone",
    pattern="zone/<zone>",
    messages=("Summary",),
    writers=(Role.COLLECTOR,),
    readers=(Role.DASHBOARD,),
    audience=MessageAudience.EVERYONE,
    is_retained=True,
    is_cleared=True,
    summary="The counts and the air of one zone.",
)
SITE_SUMMARY: Final = TopicKind(
    name="site",
    pattern="site",
    messages=("Summary",),
    writers=(Role.COLLECTOR,),
    readers=(Role.DASHBOARD,),
    audience=MessageAudience.EVERYONE,
    is_retained=True,
    summary="The counts of the whole site, and the people in it.",
)
FORECAST: Final = TopicKind(
    name="forecast",
    pattern="forecast/<zone>",
    messages=("Forecast",),
    writers=(Role.COLLECTOR,),
    readers=(Role.DASHBOARD,),
    audience=MessageAudience.EVERYONE,
    is_retained=True,
    is_cleared=True,
    summary="The forecast of one zone, or of the whole site (zone `site`). An empty payload: there is none.",
)
ALERTS: Final = TopicKind(
    name="alerts",
    pattern="alerts",
    messages=("Alerts",),
    writers=(Role.COLLECTOR,),
    readers=(Role.DASHBOARD, Role.INSTALLER),
    audience=MessageAudience.HOSTS,
    is_retained=True,
    summary="Active alerts, recently resolved alerts, and what is muted.",
)
ADJUSTMENTS: Final = TopicKind(
    name="adjustments",
    pattern="adjustments",
    messages=("Adjustments",),
    writers=(Role.COLLECTOR,),
    readers=(Role.DASHBOARD,),
    audience=MessageAudience.EVERYONE,
    is_retained=True,
    summary="Changes by managers on top of the site file: a notice, hours of single dates, spaces out of use.",
)
ADJUSTMENT_COMMAND: Final = TopicKind(
    name="adjustments_command",
    pattern="adjustments/command",
    messages=("SetNotice", "SetHours", "SetOutOfUse"),
    writers=(Role.DASHBOARD,),
    readers=(Role.COLLECTOR,),
    audience=MessageAudience.NOBODY,
    is_retained=False,
    summary="A manager adjusts the site on a page.",
)
ACCURACY: Final = TopicKind(
    name="accuracy",
    pattern="accuracy",
    messages=("SiteAccuracy",),
    writers=(Role.COLLECTOR,),
    readers=(Role.DASHBOARD,),
    audience=MessageAudience.HOSTS,
    is_retained=True,
    summary="How often the site's answers were wrong, by truth rounds.",
)
SPACE_CODES: Final = TopicKind(
    name="codes",
    pattern="codes",
    messages=("SpaceCodes",),
    writers=(Role.COLLECTOR,),
    readers=(Role.DASHBOARD,),
    audience=MessageAudience.HOSTS,
    is_retained=True,
    summary="The codes by which visitors report spaces.",
)
TRUTH_ROUND: Final = TopicKind(
    name="round",
    pattern="round",
    messages=("TruthRound",),
    writers=(Role.COLLECTOR,),
    readers=(Role.DASHBOARD,),
    audience=MessageAudience.HOSTS,
    is_retained=True,
    summary="The open truth round.",
)
TRUTH_COMMAND: Final = TopicKind(
    name="truth_command",
    pattern="truth/command",
    messages=("ReportSpace", "StartRound", "AnswerRound", "EndRound", "RenewCode"),
    writers=(Role.DASHBOARD,),
    readers=(Role.COLLECTOR,),
    audience=MessageAudience.NOBODY,
    is_retained=False,
    summary="What somebody found in a space, or a command about truth rounds and codes.",
)
COLLECTOR_STATUS: Final = TopicKind(
    name="collector",
    pattern="collector",
    messages=("CollectorStatus",),
    writers=(Role.COLLECTOR,),
    readers=(Role.DASHBOARD, Role.INSTALLER, Role.DEVICE, Role.COLLECTOR),
    audience=MessageAudience.EVERYONE,
    is_retained=True,
    summary="Whether the collector is running; its last will reports it offline.",
)
COLLECTOR_COMMAND: Final = TopicKind(
    name="collector_command",
    pattern="collector/command",
    messages=("FindingCommand", "AlertCommand"),
    writers=(Role.DASHBOARD, Role.INSTALLER),
    readers=(Role.COLLECTOR,),
    audience=MessageAudience.NOBODY,
    is_retained=False,
    summary="A manager responds to a finding, or mutes alerts.",
)

TOPIC_KINDS: Final = (
    EVENTS,
    RECEIPT,
    DEVICE_STATUS,
    DEVICE_COMMAND,
    FINDINGS,
    SPACE_STATE,
    TUNING,
    ZONE_SUMMARY,
    SITE_SUMMARY,
    FORECAST,
    ALERTS,
    ADJUSTMENTS,
    ACCURACY,
    SPACE_CODES,
    TRUTH_ROUND,
    COLLECTOR_STATUS,
    COLLECTOR_COMMAND,
    ADJUSTMENT_COMMAND,
    TRUTH_COMMAND,
)
"""All rows, in the order of the documents."""


def list_read_by(role: Role) -> tuple[TopicKind, ...]:
    """List the kinds of topics that a role reads."""
    return tuple(topic_kind for topic_kind in TOPIC_KINDS if role in topic_kind.readers)


def find_topic_kind(topic_kinds: Iterable[TopicKind], site: str, topic: str) -> tuple[TopicKind, str] | None:
    """Return the kind of a topic, and the id in the topic; None: it is of none of these kinds."""
    for topic_kind in topic_kinds:
        if (name := topic_kind.find_name(site, topic)) is not None:
            return topic_kind, name
    return None


def check_handlers(
    topic_kinds: Iterable[TopicKind], handlers: Mapping[TopicKind, _Handler]
) -> Mapping[TopicKind, _Handler]:
    """Return the handlers if each of these kinds of topics has one, and no other kind has.

    Raises:
        TypeError: a kind has no handler, or a handler has no kind. Call this while a module is imported, so that
            a new row that is not implemented is found by the first test.
    """
    wanted, given = {topic_kind.name for topic_kind in topic_kinds}, {topic_kind.name for topic_kind in handlers}
    if wanted != given:
        raise TypeError(f"topics without a handler: {sorted(wanted - given)}; without a row: {sorted(given - wanted)}")
    return handlers
