"""The live state of a site as the pages show it: builds a snapshot and its public frame from retained messages.

In:    messages from the broker, the state of the connection, and the time they arrived.
Out:   states, counts, devices, link status, the full frame.
Never: sockets, clocks, texts. `now_s` is real time (monotonic seconds) and ages the link; `now_ms` is site time.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from collector.contract.alerts import Alerts
from collector.contract.collector_faults import CollectorFault
from collector.contract.findings import Findings
from collector.contract.forecasts import Forecast, Outlook
from collector.contract.messages import decode_message
from collector.contract.states import (
    CollectorStatus,
    Occupancy,
    PeopleCount,
    SpaceState,
    Summary,
    Tuning,
    ZoneAir,
)
from collector.contract.truth import SiteAccuracy, SpaceCodes, TruthRound
from collector.history.measures import PEOPLE
from collector.site import privacy_limits
from collector.site.adjustments import NO_ADJUSTMENTS, Adjustments, apply_adjustments
from collector.site.calendar import is_open
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import Space, SpaceKind
from dashboard.live import full_hours, upcoming_hours
from dashboard.live.frame import (
    STATE_CODES,
    LinkStatus,
    PublicFrame,
    classify_air_quality,
    count_free_spaces,
    is_sensed_as_taken,
    read_supply_level,
    select_first_kind,
    select_shown_people,
)
from dashboard.live.opening_times import NextOpening, find_next_opening, format_clock
from dashboard.live.received_values import DeviceSnapshot, ReceivedValue
from edge.contract import topics
from edge.contract.message import DeviceStatus, MessageRejected
from edge.contract.topics import Role, TopicKind, TopicParameter, check_handlers

_T = TypeVar("_T")

DELETED_WHEN_EMPTY: Final = frozenset({topics.SPACE_STATE, topics.TUNING, topics.FORECAST})
"""An empty message deletes the value of its topic."""
EMPTY_VALUES: Final[Mapping[TopicKind, Any]] = {topics.ALERTS: None, topics.ADJUSTMENTS: NO_ADJUSTMENTS}
"""An empty message has this value."""
COLLECTOR_SILENT_S: Final = 15.0
"""The collector reports every five seconds; after three missed reports its data counts as old."""


class BrokerConnection(StrEnum):
    """State of the connection to the broker."""

    CONNECTED = "here"
    DISCONNECTED = "away"


@dataclass(frozen=True, slots=True)
class BrokerMessage:
    """One received message; `retained` if the broker stored it earlier, so that it does not prove the sender runs."""

    topic: str
    payload: bytes
    retained: bool


@dataclass(frozen=True, slots=True)
class RefusedTopics:
    """Topics that the broker does not let the dashboard read; empty: none."""

    topics: tuple[str, ...]


class SiteSnapshot:
    """The live state of one site, from the broker's messages. One thread owns it."""

    def __init__(self, plan: SitePlan, release: str = "") -> None:
        self._site_file_plan: Final = plan
        self.adjustments = NO_ADJUSTMENTS
        self._release: Final = release
        self._apply_plan(plan)
        self.states: dict[str, SpaceState] = {}
        self.air: dict[str, ZoneAir] = {}
        self.people: PeopleCount | None = None
        self.forecasts: dict[str, Forecast] = {}
        """By zone, or WHOLE_SITE."""
        self.devices: dict[str, DeviceSnapshot] = {}
        self.tunings: dict[str, Tuning] = {}
        """Learned values of spaces."""
        self.findings: dict[str, Findings] = {}
        """Findings by device."""
        self.alerts: Alerts | None = None
        """The collector's alerts; None: none received yet."""
        self.accuracy: SiteAccuracy | None = None
        """How often answers were wrong; None: none received yet."""
        self.space_codes: Mapping[str, str] = {}
        """The code of each space that can be reported."""
        self.truth_round = TruthRound()
        self.refused_topics: tuple[str, ...] = ()
        """Topics that the broker does not let the dashboard read."""
        self.collector_faults: tuple[CollectorFault, ...] = ()
        """The collector's current faults."""
        self.version = 0
        """Grows with each change of what is shown."""
        self.rejected_count = 0
        """Number of messages that broke the contract."""
        self._broker = BrokerConnection.DISCONNECTED
        self._collector_online = False
        self._collector_ms: int | None = None
        self._last_report: tuple[float, int] | None = None
        self._values: Final[dict[TopicKind, dict[str, Any]]] = {
            topics.SPACE_STATE: self.states,
            topics.TUNING: self.tunings,
            topics.FINDINGS: self.findings,
            topics.ZONE_SUMMARY: self.air,
            topics.FORECAST: self.forecasts,
        }
        self._topics: Final = {
            topic_kind.topic(plan.id, name): (topic_kind, name)
            for topic_kind in topics.list_read_by(Role.DASHBOARD)
            for name in self._list_names(topic_kind)
        }

    def _list_names(self, topic_kind: TopicKind) -> Iterable[str]:
        """List the devices, spaces or zones whose topics are read; others change nothing."""
        plan = self._site_file_plan
        if topic_kind.parameter is TopicParameter.DEVICE:
            return plan.device_ids
        if topic_kind.parameter is TopicParameter.SPACE:
            return [space.id for space in (self.offered if topic_kind is topics.TUNING else plan.spaces)]
        if topic_kind.parameter is TopicParameter.ZONE:
            return (WHOLE_SITE, *plan.zone_by_id) if topic_kind is topics.FORECAST else plan.zone_by_id
        return ("",)

    def _apply_plan(self, plan: SitePlan) -> None:
        """Use this plan: that of the site file with the managers' adjustments."""
        self.plan = plan
        spaces = [f"{space.id} {space.name} {space.kind} {space.zone} {space.disabled}" for space in plan.spaces]
        adjusted_parts = [str(sorted(plan.hours_on.items())), *self.adjustments.out_of_use]
        parts = [self._release, plan.notice, *spaces, *adjusted_parts]
        self._plan_key = f"{zlib.crc32(chr(10).join(parts).encode()):08x}"
        self.offered = tuple(space for space in plan.spaces if space.is_offered)
        self._by_zone = {zone.id: [space for space in plan.spaces if space.zone == zone.id] for zone in plan.zones}
        self._forecastable = {
            (zone, kind.value)
            for zone in (WHOLE_SITE, *plan.zone_by_id)
            for kind in SpaceKind
            if privacy_limits.has_forecast(plan, zone, kind)
        }
        """Zones and kinds that may be forecast; no page shows others, whatever is published on the broker."""

    def apply(self, news: BrokerMessage | BrokerConnection | RefusedTopics, now_s: float, now_ms: int) -> None:
        """Apply one message or connection change; names that are not in the plan change nothing.

        Args:
            news: the message, or the new state of the connection.
            now_s: monotonic seconds.
            now_ms: site time, Unix ms.
        """
        if isinstance(news, BrokerConnection):
            self.version += 1
            self._broker = news
            self._collector_online = False  # retained messages do not prove that the collector runs
            return
        if isinstance(news, RefusedTopics):
            self.version += 1
            self.refused_topics = news.topics
            return
        try:
            self._apply_message(news, now_s, now_ms)
        except MessageRejected:
            self.rejected_count += 1
            self._delete(news.topic)

    def evaluate_link(self, now_s: float) -> LinkStatus:
        """Return how far the snapshot can be trusted now."""
        if self._broker is BrokerConnection.DISCONNECTED:
            return LinkStatus.BROKER_AWAY
        age_s = self.compute_age_s(now_s)
        if not self._collector_online or age_s is None or age_s > COLLECTOR_SILENT_S:
            return LinkStatus.COLLECTOR_AWAY
        return LinkStatus.LIVE

    def take_collector_ms(self) -> int | None:
        """Return the site time in the collector's newest message, once for each message; None: already returned."""
        taken, self._collector_ms = self._collector_ms, None
        return taken

    def compute_age_s(self, now_s: float) -> float | None:
        """Return the real seconds since the collector's last message; None: there was none."""
        return None if self._last_report is None else max(0.0, now_s - self._last_report[0])

    @property
    def last_report_ms(self) -> int | None:
        """Site time of the collector's last message; None: there was none."""
        return None if self._last_report is None else self._last_report[1]

    def get_occupancy(self, space: Space) -> Occupancy:
        """Return a space's state; unknown if none was received."""
        known = self.states.get(space.id)
        return known.state if known else Occupancy.UNKNOWN

    def build_frame(self, now_s: float, now_ms: int) -> PublicFrame:
        """Build the frame of an open site: no instant and no reason of any desk."""
        reported_ms = self.last_report_ms
        age_s = self.compute_age_s(now_s)
        opening: NextOpening | None = find_next_opening(self.plan, now_ms)
        kinds = count_free_spaces(self.offered, self.states)
        link = self.evaluate_link(now_s)
        return PublicFrame(
            version=self.version,
            plan=self._plan_key,
            link=link,
            age_s=None if age_s is None else round(age_s, 1),
            since=None if reported_ms is None else format_clock(self.plan, reported_ms),
            clock=format_clock(self.plan, now_ms),
            closed=not is_open(self.plan, now_ms),
            opens=None if opening is None else (opening.days, opening.weekday, opening.at),
            spaces="".join(STATE_CODES.get(self.get_occupancy(space), "u") for space in self.offered),
            kinds=kinds,
            zones={zone: count_free_spaces(spaces, self.states) for zone, spaces in self._by_zone.items()},
            silent={zone: since for zone, spaces in self._by_zone.items() if (since := self._silent_since(spaces))},
            supplies={
                space.id: read_supply_level(self.states.get(space.id) if link is LinkStatus.LIVE else None)
                for space in self.plan.spaces
                if space.kind is SpaceKind.SUPPLY
            },
            air={
                zone: level
                for zone, air in self.air.items()
                if link is LinkStatus.LIVE and (level := classify_air_quality(air))
            },
            people=select_shown_people(self.people) if link is LinkStatus.LIVE else None,
            from_zero=self.people is not None and self.people.last_empty_ms is not None,
            ahead=self._describe_day_ahead(select_first_kind(kinds), now_ms),
        )

    def has_few_people(self) -> bool:
        """Whether fewer than five people seem to be inside, by the doors and by the spaces sensed as taken."""
        taken = sum(is_sensed_as_taken(self.states.get(space.id)) for space in self.offered)
        return taken < privacy_limits.MIN_SHOWN_GROUP and (
            self.people is None or self.people.most < privacy_limits.MIN_SHOWN_GROUP
        )

    def get_outlook(self, zone: str, kind: str, now_ms: int) -> Outlook | None:
        """Return the forecast for a kind of space, or for PEOPLE, in a zone or WHOLE_SITE; None if missing or too old.

        The collector forecasts as if every space was in use; what is out of use is not free for the rest of the day.
        """
        is_permitted = kind == PEOPLE or (zone, kind) in self._forecastable
        found = upcoming_hours.select_outlook(self.forecasts.get(zone), kind, now_ms) if is_permitted else None
        if found is None or kind == PEOPLE:
            return found
        gone = sum(
            space.id in self.adjustments.out_of_use and space.kind == kind and zone in {space.zone, WHOLE_SITE}
            for space in self.offered
            if not space.disabled
        )
        return upcoming_hours.subtract_spaces(found, gone, self.plan, now_ms)

    def _describe_day_ahead(self, kind: SpaceKind | None, now_ms: int) -> tuple[full_hours.DaySentence, ...]:
        found = None if kind is None else self.get_outlook(WHOLE_SITE, kind, now_ms)
        return full_hours.summarise_rest_of_day(self.plan, found, now_ms)

    def _silent_since(self, spaces: Iterable[Space]) -> str:
        """Return since when all these spaces are unknown, as local time; empty if one is known, or if they are few."""
        known = [self.states.get(space.id) for space in spaces if space.is_offered and not space.disabled]
        since = [state.since_ms for state in known if state is not None and state.state is Occupancy.UNKNOWN]
        whole = len(since) == len(known) >= privacy_limits.MIN_SHOWN_GROUP
        return format_clock(self.plan, max(since)) if whole else ""

    def _apply_message(self, message: BrokerMessage, now_s: float, now_ms: int) -> None:
        """Apply a message of a known topic; an empty one of a kind that can be cleared deletes the value."""
        if (found := self._topics.get(message.topic)) is None:
            return
        topic_kind, name = found
        if not message.payload and topic_kind in DELETED_WHEN_EMPTY:
            self._delete(message.topic)
            return
        is_empty = not message.payload and topic_kind in EMPTY_VALUES
        value = EMPTY_VALUES[topic_kind] if is_empty else decode_message(topic_kind, message.payload)
        self._HANDLERS[topic_kind](self, ReceivedValue(name, value, message.retained, now_s, now_ms))

    def _apply_space_state(self, received: ReceivedValue[SpaceState]) -> None:
        self._store(self.states, received.name, received.value)

    def _apply_tuning(self, received: ReceivedValue[Tuning]) -> None:
        self._store(self.tunings, received.name, received.value)

    def _apply_zone_summary(self, received: ReceivedValue[Summary]) -> None:
        self._store(self.air, received.name, received.value.air or ZoneAir())

    def _apply_forecast(self, received: ReceivedValue[Forecast]) -> None:
        self._store(self.forecasts, received.name, received.value)

    def _apply_findings(self, received: ReceivedValue[Findings]) -> None:
        self._store(self.findings, received.name, received.value)

    def _apply_site_summary(self, received: ReceivedValue[Summary]) -> None:
        people = received.value.people
        self.version += people != self.people
        self.people = people

    def _apply_alerts(self, received: ReceivedValue[Alerts | None]) -> None:
        self.version += received.value != self.alerts
        self.alerts = received.value

    def _apply_adjustments(self, received: ReceivedValue[Adjustments]) -> None:
        adjustments = received.value
        if adjustments != self.adjustments:
            self.version += 1
            self.adjustments = adjustments
            self._apply_plan(apply_adjustments(self._site_file_plan, adjustments))

    def _apply_accuracy(self, received: ReceivedValue[SiteAccuracy]) -> None:
        self.accuracy = received.value

    def _apply_space_codes(self, received: ReceivedValue[SpaceCodes]) -> None:
        self.space_codes = received.value.codes

    def _apply_truth_round(self, received: ReceivedValue[TruthRound]) -> None:
        self.truth_round = received.value

    def _store(self, values: dict[str, _T], name: str, value: _T) -> None:
        self.version += values.get(name) != value
        values[name] = value

    def _apply_collector_status(self, received: ReceivedValue[CollectorStatus]) -> None:
        status = received.value
        self.version += status.faults != self.collector_faults
        self.collector_faults = status.faults
        if received.is_retained:
            return  # a retained status does not prove that the collector still runs
        self._collector_online = status.online
        if status.online:
            self._last_report = (received.now_s, received.now_ms)
            self._collector_ms = status.at_ms

    def _apply_device_status(self, received: ReceivedValue[DeviceStatus]) -> None:
        device, status = received.name, received.value
        before = self.devices.get(device)
        reported_ms = status.at_ms
        if reported_ms is None and status.online and not received.is_retained:
            reported_ms = received.now_ms
        if reported_ms is None and before is not None:
            reported_ms = before.last_report_ms  # a will message carries no time
        self._store(self.devices, device, DeviceSnapshot(status, reported_ms, received.now_ms))

    def _delete(self, topic: str) -> None:
        """Delete the value of a topic that was cleared or whose message is invalid."""
        topic_kind, name = self._topics[topic]
        self.version += 1
        if (values := self._values.get(topic_kind)) is not None:
            values.pop(name, None)
        elif topic_kind is topics.SITE_SUMMARY:
            self.people = None
        elif topic_kind is topics.ALERTS:
            self.alerts = None

    _HANDLERS: Final[Mapping[TopicKind, Callable[["SiteSnapshot", ReceivedValue[Any]], None]]] = check_handlers(
        topics.list_read_by(Role.DASHBOARD),
        {
            topics.SPACE_STATE: _apply_space_state,
            topics.TUNING: _apply_tuning,
            topics.ZONE_SUMMARY: _apply_zone_summary,
            topics.SITE_SUMMARY: _apply_site_summary,
            topics.FORECAST: _apply_forecast,
            topics.FINDINGS: _apply_findings,
            topics.ALERTS: _apply_alerts,
            topics.ADJUSTMENTS: _apply_adjustments,
            topics.ACCURACY: _apply_accuracy,
            topics.SPACE_CODES: _apply_space_codes,
            topics.TRUTH_ROUND: _apply_truth_round,
            topics.COLLECTOR_STATUS: _apply_collector_status,
            topics.DEVICE_STATUS: _apply_device_status,
        },
    )
