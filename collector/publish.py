"""Tells the world: receipts to devices; to everybody, retained, states, summaries, forecasts and that it lives.

In:    values of the contract.
Out:   messages to the broker.
Never: judgement of what must be told; that is the house's.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from collector import outward
from collector.adjustments import Adjustments
from collector.adjustments import encode as encode_adjustments
from collector.alerts import wire
from collector.alerts.wire import Alerts
from collector.forecast import outlook
from collector.forecast.outlook import Forecast
from collector.health import findings
from collector.health.findings import Findings
from collector.intake import StreamKey
from collector.outward import CollectorStatus, SpaceState, Summary, Tuning
from collector.plan import WHOLE_SITE, SitePlan, SpaceKind
from collector.work import Work
from edge import topics
from edge.message import Receipt, encode


class Outlet(Protocol):
    """Where messages go: the connection of an `Inbox`."""

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        """Send one message."""


class Publisher:
    """Speaks for one collector over one connection."""

    def __init__(self, inbox: Outlet, plan: SitePlan) -> None:
        self._inbox = inbox
        self._site = plan.id
        self._receipts = {device: topics.device(plan.id, device, topics.DeviceTopic.RECEIPT) for device in plan.devices}
        shown = [space.id for space in plan.spaces if space.offered or space.kind is SpaceKind.SUPPLY]
        self._shown = {topics.space(plan.id, space) for space in shown}
        of_devices = (topics.DeviceTopic.FINDINGS, topics.DeviceTopic.STATUS)
        self._shown |= {topics.device(plan.id, device, leaf) for device in plan.devices for leaf in of_devices}
        self._shown |= {topic(plan.id, zone) for zone in plan.zone for topic in (topics.zone, topics.forecast)}
        self._shown.add(topics.forecast(plan.id, WHOLE_SITE))

    def receipts(self, marks: Mapping[StreamKey, int]) -> None:
        """Tell senders what is on the disk. Not kept by the broker: each connection says them all again."""
        for (device, stream), seq in marks.items():
            if device in self._receipts:
                self._inbox.publish(self._receipts[device], encode(Receipt(stream, seq)), 0, retain=False)

    def changes(self, work: Work, now_ms: int, screen_ms: int) -> bool:
        """Publish what changed since it was last published.

        Args:
            work: of the collector.
            now_ms: site time.
            screen_ms: of a monotonic clock (see `House.states_to_tell`).

        Returns:
            Whether a state or a summary changed.
        """
        states, summaries = work.house.states_to_tell(now_ms, screen_ms), work.house.summaries_to_tell(now_ms)
        self.states(states)
        self.summaries(summaries)
        self.tunings(work.house.tunings_to_tell())
        self.forecasts(work.foretelling.to_tell())
        self.findings(work.watch.to_tell(now_ms))
        self.alerts(work.alarms.to_tell(now_ms))
        return bool(states or summaries)

    def states(self, states: Iterable[tuple[str, SpaceState]]) -> None:
        """Tell what spaces are."""
        for space, state in states:
            self._inbox.publish(topics.space(self._site, space), outward.encode(state), 1, retain=True)

    def tunings(self, tunings: Iterable[tuple[str, Tuning | None]]) -> None:
        """Tell what spaces have learnt; None takes back what they had."""
        for space, tuning in tunings:
            topic = topics.tuning(self._site, space)
            self._shown.add(topic)
            self._inbox.publish(topic, b"" if tuning is None else outward.encode(tuning), 1, retain=True)

    def summaries(self, summaries: Iterable[tuple[str, Summary]]) -> None:
        """Tell what zones are, and under WHOLE_SITE the site."""
        for zone, summary in summaries:
            topic = topics.site_summary(self._site) if zone == WHOLE_SITE else topics.zone(self._site, zone)
            self._inbox.publish(topic, outward.encode(summary), 1, retain=True)

    def forecasts(self, forecasts: Iterable[tuple[str, Forecast | None]]) -> None:
        """Tell what is forecast of zones, and under WHOLE_SITE of the site; None takes back what may stand there."""
        for zone, forecast in forecasts:
            payload = b"" if forecast is None else outlook.encode(forecast)
            self._inbox.publish(topics.forecast(self._site, zone), payload, 1, retain=True)

    def findings(self, found: Iterable[tuple[str, Findings]]) -> None:
        """Tell what is found about devices and their sensors."""
        for device, told in found:
            topic = topics.device(self._site, device, topics.DeviceTopic.FINDINGS)
            self._inbox.publish(topic, findings.encode(told), 1, retain=True)

    def alerts(self, told: Alerts | None) -> None:
        """Tell what somebody should look at; None: nothing new."""
        if told is not None:
            self._inbox.publish(topics.alerts(self._site), wire.encode(told), 1, retain=True)

    def adjustments(self, adjustments: Adjustments) -> None:
        """Publish what managers have adjusted."""
        self._inbox.publish(topics.adjustments(self._site), encode_adjustments(adjustments), 1, retain=True)

    def status(self, status: CollectorStatus) -> None:
        """Tell how the collector is."""
        self._inbox.publish(topics.collector(self._site), outward.encode(status), 1, retain=True)

    def clear(self, retained: Iterable[str]) -> None:
        """Clear what is retained of spaces, zones and devices that are no longer in the plan, or learn no longer.

        Whatever spaces have learnt must have been told before.
        """
        for topic in retained:
            if topic not in self._shown:
                self._inbox.publish(topic, b"", 1, retain=True)
