"""The house as the pages see it: retained messages in, one picture and its public frame out.

In:    messages of the broker, whether it is there, and the time they came.
Out:   states, counts, devices, how far the link can be trusted, the public frame.
Never: sockets, clocks, words. Real time (`now_s`, monotonic seconds) ages the link; `now_ms` is the house's clock.
"""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from collector import privacy
from collector.adjustments import NO_ADJUSTMENTS, Adjustments, adjusted, decode_adjustments
from collector.alerts.wire import Alerts, decode_alerts
from collector.days import is_open
from collector.forecast import outlook
from collector.forecast.outlook import Forecast, Outlook
from collector.health.findings import Findings, decode_findings
from collector.history import PEOPLE
from collector.outward import TAKEN, Air, CollectorStatus, Occupancy, People, SpaceState, Summary, Tuning, decode
from collector.plan import WHOLE_SITE, SitePlan, Space, SpaceKind
from dashboard import ahead
from dashboard.hours import Opening, clock, next_opening
from dashboard.live.frame import CODES, Frame, Link, air_word, count, first_kind, supply
from edge import topics
from edge.message import DeviceStatus, MessageRejected, decode_status

_T = TypeVar("_T")

COLLECTOR_SILENT_S: Final = 15.0
"""The collector speaks every five seconds; three words missed, and what it said is old."""


class Broker(StrEnum):
    """What the follower says of its connection."""

    HERE = "here"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery; `retained` if the broker had it before we asked, so that it proves nobody alive."""

    topic: str
    payload: bytes
    retained: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """What the broker does not let the dashboard read; empty: nothing."""

    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Device:
    """A device's last status, and when it was last heard by the house's clock; None: never."""

    status: DeviceStatus
    heard_ms: int | None


class Picture:
    """Everything the broker told us of one house. One thread owns it."""

    def __init__(self, plan: SitePlan, release: str = "") -> None:
        self._site_file_plan: Final = plan
        self.adjustments = NO_ADJUSTMENTS
        self._release: Final = release
        self._use(plan)
        self.states: dict[str, SpaceState] = {}
        self.air: dict[str, Air] = {}
        self.people: People | None = None
        self.forecasts: dict[str, Forecast] = {}
        """By zone, or WHOLE_SITE."""
        self.devices: dict[str, Device] = {}
        self.tunings: dict[str, Tuning] = {}
        """What spaces have learnt."""
        self.findings: dict[str, Findings] = {}
        """What was found, by device."""
        self.alerts: Alerts | None = None
        """What the collector alerts of; None: it has told nothing of it."""
        self.refused: tuple[str, ...] = ()
        """What the broker does not let the dashboard read."""
        self.fault = ""
        """What the collector cannot do now, in its own words."""
        self.collector_ms: int | None = None
        """Site time by the collector's newest message, until `tick` has passed it on; None: it has."""
        self.version = 0
        """Grows with everything that changes what is shown."""
        self.rejected = 0
        """Messages that broke the contract."""
        self._broker = Broker.AWAY
        self._collector_online = False
        self._heard: tuple[float, int] | None = None
        self._spaces: Final = {topics.space(plan.id, space.id): space.id for space in plan.spaces}
        self._tunings: Final = {topics.tuning(plan.id, space.id): space.id for space in self.offered}
        self._zones: Final = {topics.zone(plan.id, zone.id): zone.id for zone in plan.zones}
        self._forecasts: Final = {topics.forecast(plan.id, zone): zone for zone in (WHOLE_SITE, *plan.zone)}
        self._found_of: Final = {
            topics.device(plan.id, device, topics.DeviceTopic.FINDINGS): device for device in plan.devices
        }
        self._devices: Final = {
            topics.device(plan.id, device, topics.DeviceTopic.STATUS): device for device in plan.devices
        }

    def _use(self, plan: SitePlan) -> None:
        """Show the site by this plan: that of the site file with what managers have adjusted."""
        self.plan = plan
        spaces = [f"{space.id} {space.name} {space.kind} {space.zone} {space.disabled}" for space in plan.spaces]
        adjusted_parts = [str(sorted(plan.hours_on.items())), *self.adjustments.out_of_use]
        parts = [self._release, plan.notice, *spaces, *adjusted_parts]
        self._mark = f"{zlib.crc32(chr(10).join(parts).encode()):08x}"
        self.offered = tuple(space for space in plan.spaces if space.offered)
        self._by_zone = {zone.id: [space for space in plan.spaces if space.zone == zone.id] for zone in plan.zones}
        self._foretold = {
            (zone, kind.value)
            for zone in (WHOLE_SITE, *plan.zone)
            for kind in SpaceKind
            if privacy.foretold(plan, zone, kind)
        }
        """What may be foretold at all: whoever else may write to the broker, no page shows more."""

    def hear(self, news: Message | Broker | Refused, now_s: float, now_ms: int) -> None:
        """Take one message, or word of the broker itself; a name that the plan does not hold moves nothing."""
        if isinstance(news, Broker):
            self.version += 1
            self._broker = news
            self._collector_online = False  # whatever is retained, it has to prove itself alive again
            return
        if isinstance(news, Refused):
            self.version += 1
            self.refused = news.topics
            return
        try:
            self._take(news, now_s, now_ms)
        except MessageRejected:
            self.rejected += 1
            self._forget(news.topic)

    def link(self, now_s: float) -> Link:
        """How far the picture can be trusted now."""
        if self._broker is Broker.AWAY:
            return Link.BROKER_AWAY
        age_s = self.age_s(now_s)
        if not self._collector_online or age_s is None or age_s > COLLECTOR_SILENT_S:
            return Link.COLLECTOR_AWAY
        return Link.LIVE

    def age_s(self, now_s: float) -> float | None:
        """Real seconds since the collector was last heard; None: never."""
        return None if self._heard is None else max(0.0, now_s - self._heard[0])

    @property
    def heard_ms(self) -> int | None:
        """When the collector was last heard, by the house's clock; None: never."""
        return None if self._heard is None else self._heard[1]

    def occupancy(self, space: Space) -> Occupancy:
        """A space's state; unknown if nothing was heard of it."""
        known = self.states.get(space.id)
        return known.state if known else Occupancy.UNKNOWN

    def frame(self, now_s: float, now_ms: int) -> Frame:
        """What everybody may see while the house is open: no moment and no reason of any desk."""
        heard_ms = self.heard_ms
        age_s = self.age_s(now_s)
        opening: Opening | None = next_opening(self.plan, now_ms)
        kinds = count(self.offered, self.states)
        link = self.link(now_s)
        return Frame(
            version=self.version,
            plan=self._mark,
            link=link,
            age_s=None if age_s is None else round(age_s, 1),
            since=None if heard_ms is None else clock(self.plan, heard_ms),
            clock=clock(self.plan, now_ms),
            closed=not is_open(self.plan, now_ms),
            opens=None if opening is None else (opening.days, opening.weekday, opening.at),
            spaces="".join(CODES.get(self.occupancy(space), "u") for space in self.offered),
            kinds=kinds,
            zones={zone: count(spaces, self.states) for zone, spaces in self._by_zone.items()},
            silent={zone: since for zone, spaces in self._by_zone.items() if (since := self._silent(spaces))},
            supplies={
                space.id: supply(self.states.get(space.id) if link is Link.LIVE else None)
                for space in self.plan.spaces
                if space.kind is SpaceKind.SUPPLY
            },
            air={zone: word for zone, air in self.air.items() if link is Link.LIVE and (word := air_word(air))},
            people=self._people() if link is Link.LIVE else None,
            from_zero=self.people is not None and self.people.zero_ms is not None,
            ahead=self._ahead(first_kind(kinds), now_ms),
        )

    def has_few(self) -> bool:
        """Whether fewer than five people seem to be in: by the doors, and by the spaces that are taken."""
        taken = sum(self.occupancy(space) in TAKEN for space in self.offered)
        return taken < privacy.FEW and (self.people is None or self.people.most < privacy.FEW)

    def outlook(self, zone: str, kind: str, now_ms: int) -> Outlook | None:
        """What is forecast of a kind of space, or of PEOPLE, in a zone or WHOLE_SITE; None: nothing, or not lately.

        The collector forecasts as if every space was in use; what is out of use is not free for the rest of the day.
        """
        told = kind == PEOPLE or (zone, kind) in self._foretold
        found = ahead.outlook(self.forecasts.get(zone), kind, now_ms) if told else None
        if found is None or kind == PEOPLE:
            return found
        gone = sum(
            space.id in self.adjustments.out_of_use and space.kind == kind and zone in {space.zone, WHOLE_SITE}
            for space in self.offered
            if not space.disabled
        )
        return ahead.without_spaces(found, gone, self.plan, now_ms)

    def _ahead(self, kind: SpaceKind | None, now_ms: int) -> tuple[ahead.Part, ...]:
        told = None if kind is None else self.outlook(WHOLE_SITE, kind, now_ms)
        return ahead.line(self.plan, told, now_ms)

    def _silent(self, spaces: Iterable[Space]) -> str:
        """Since when none of these spots is known, by the house's clock; empty if one is, or they are few."""
        known = [self.states.get(space.id) for space in spaces if space.offered and not space.disabled]
        since = [state.since_ms for state in known if state is not None and state.state is Occupancy.UNKNOWN]
        whole = len(since) == len(known) >= privacy.SEATS
        return clock(self.plan, max(since)) if whole else ""

    def _people(self) -> tuple[int, int] | None:
        if self.people is None:
            return None
        least, most = self.people.least, self.people.most
        return (0, privacy.FEW - 1) if most < privacy.FEW else (least if least >= privacy.FEW else 0, most)

    def _take(self, news: Message, now_s: float, now_ms: int) -> None:
        if (space := self._spaces.get(news.topic)) is not None:
            self._take_or_forget(self.states, space, news, lambda payload: decode(payload, SpaceState))
        elif (space := self._tunings.get(news.topic)) is not None:
            self._take_or_forget(self.tunings, space, news, lambda payload: decode(payload, Tuning))
        elif (zone := self._zones.get(news.topic)) is not None:
            self._put(self.air, zone, decode(news.payload, Summary).air or Air())
        elif (zone := self._forecasts.get(news.topic)) is not None:
            self._take_or_forget(self.forecasts, zone, news, outlook.decode)
        elif news.topic == topics.collector(self.plan.id):
            self._take_collector(decode(news.payload, CollectorStatus), news, now_s, now_ms)
        elif (device := self._devices.get(news.topic)) is not None:
            self._take_device(device, decode_status(news.payload), news, now_ms)
        elif (device := self._found_of.get(news.topic)) is not None:
            self._put(self.findings, device, decode_findings(news.payload))
        else:
            self._take_of_site(news)

    def _take_of_site(self, news: Message) -> None:
        if news.topic == topics.site_summary(self.plan.id):
            people = decode(news.payload, Summary).people
            self.version += people != self.people
            self.people = people
        elif news.topic == topics.alerts(self.plan.id):
            alerts = decode_alerts(news.payload) if news.payload else None
            self.version += alerts != self.alerts
            self.alerts = alerts
        elif news.topic == topics.adjustments(self.plan.id):
            self._adjust(decode_adjustments(news.payload) if news.payload else NO_ADJUSTMENTS)

    def _adjust(self, adjustments: Adjustments) -> None:
        if adjustments != self.adjustments:
            self.version += 1
            self.adjustments = adjustments
            self._use(adjusted(self._site_file_plan, adjustments))

    def _take_or_forget(self, told: dict[str, _T], name: str, news: Message, read: Callable[[bytes], _T]) -> None:
        """An empty retained message takes back what was told."""
        if news.payload:
            self._put(told, name, read(news.payload))
        else:
            self._forget(news.topic)

    def _put(self, told: dict[str, _T], name: str, now: _T) -> None:
        self.version += told.get(name) != now
        told[name] = now

    def _take_collector(self, status: CollectorStatus, news: Message, now_s: float, now_ms: int) -> None:
        self.version += status.fault != self.fault
        self.fault = status.fault
        if news.retained:
            return  # it may have died together with the broker that remembers it
        self._collector_online = status.online
        if status.online:
            self._heard = (now_s, now_ms)
            self.collector_ms = status.at_ms

    def _take_device(self, device: str, status: DeviceStatus, news: Message, now_ms: int) -> None:
        before = self.devices.get(device)
        heard_ms = status.at_ms
        if heard_ms is None and status.online and not news.retained:
            heard_ms = now_ms
        if heard_ms is None and before is not None:
            heard_ms = before.heard_ms  # a will says nothing of when
        self._put(self.devices, device, Device(status, heard_ms))

    def _forget(self, topic: str) -> None:
        """What cannot be read, or was taken back, is not known."""
        self.version += 1
        self.states.pop(self._spaces.get(topic, ""), None)
        self.tunings.pop(self._tunings.get(topic, ""), None)
        self.findings.pop(self._found_of.get(topic, ""), None)
        self.air.pop(self._zones.get(topic, ""), None)
        self.forecasts.pop(self._forecasts.get(topic, ""), None)
        if topic == topics.site_summary(self.plan.id):
            self.people = None
        if topic == topics.alerts(self.plan.id):
            self.alerts = None
