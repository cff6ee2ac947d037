"""Publishes the collector's messages: receipts to devices; states, summaries, forecasts and status, retained.

In:    values of the contract.
Out:   messages to the broker.
Never: decisions about what to publish; `SpaceStates` and the others make them.
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
    """Where messages go: the collector's connection to the broker."""

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        """Send one message."""


class Publisher:
    """Publishes for one collector over one connection."""

    def __init__(self, connection: Outlet, plan: SitePlan) -> None:
        self._connection = connection
        self._site = plan.id
        self._receipts = {device: topics.device(plan.id, device, topics.DeviceTopic.RECEIPT) for device in plan.devices}
        offered = [space.id for space in plan.spaces if space.offered or space.kind is SpaceKind.SUPPLY]
        self._current_topics = {topics.space(plan.id, space) for space in offered}
        leaves = (topics.DeviceTopic.FINDINGS, topics.DeviceTopic.STATUS)
        self._current_topics |= {topics.device(plan.id, device, leaf) for device in plan.devices for leaf in leaves}
        self._current_topics |= {topic(plan.id, zone) for zone in plan.zone for topic in (topics.zone, topics.forecast)}
        self._current_topics.add(topics.forecast(plan.id, WHOLE_SITE))

    def receipts(self, marks: Mapping[StreamKey, int]) -> None:
        """Publish how far streams are stored. Not retained: after each connection all are published again."""
        for (device, stream), seq in marks.items():
            if device in self._receipts:
                self._connection.publish(self._receipts[device], encode(Receipt(stream, seq)), 0, retain=False)

    def changes(self, work: Work, now_ms: int, screen_ms: int) -> bool:
        """Publish what changed since it was last published.

        Args:
            work: of the collector.
            now_ms: site time.
            screen_ms: a monotonic clock's time (see `SpaceStates.states_to_publish`).

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
        """Publish the states of spaces."""
        for space, state in states:
            self._connection.publish(topics.space(self._site, space), outward.encode(state), 1, retain=True)

    def tunings(self, tunings: Iterable[tuple[str, Tuning | None]]) -> None:
        """Publish the learned values of spaces; None clears them."""
        for space, tuning in tunings:
            topic = topics.tuning(self._site, space)
            self._current_topics.add(topic)
            self._connection.publish(topic, b"" if tuning is None else outward.encode(tuning), 1, retain=True)

    def summaries(self, summaries: Iterable[tuple[str, Summary]]) -> None:
        """Publish the summaries of zones and, under WHOLE_SITE, of the site."""
        for zone, summary in summaries:
            topic = topics.site_summary(self._site) if zone == WHOLE_SITE else topics.zone(self._site, zone)
            self._connection.publish(topic, outward.encode(summary), 1, retain=True)

    def forecasts(self, forecasts: Iterable[tuple[str, Forecast | None]]) -> None:
        """Publish the forecasts of zones and, under WHOLE_SITE, of the site; None clears an earlier forecast."""
        for zone, forecast in forecasts:
            payload = b"" if forecast is None else outlook.encode(forecast)
            self._connection.publish(topics.forecast(self._site, zone), payload, 1, retain=True)

    def findings(self, found: Iterable[tuple[str, Findings]]) -> None:
        """Publish the findings about devices and their sensors."""
        for device, found_now in found:
            topic = topics.device(self._site, device, topics.DeviceTopic.FINDINGS)
            self._connection.publish(topic, findings.encode(found_now), 1, retain=True)

    def alerts(self, alerts: Alerts | None) -> None:
        """Publish the open alerts; None: nothing changed."""
        if alerts is not None:
            self._connection.publish(topics.alerts(self._site), wire.encode(alerts), 1, retain=True)

    def adjustments(self, adjustments: Adjustments) -> None:
        """Publish the managers' adjustments."""
        self._connection.publish(topics.adjustments(self._site), encode_adjustments(adjustments), 1, retain=True)

    def status(self, status: CollectorStatus) -> None:
        """Publish the collector's status."""
        self._connection.publish(topics.collector(self._site), outward.encode(status), 1, retain=True)

    def clear(self, retained: Iterable[str]) -> None:
        """Clear retained messages of spaces, zones and devices that left the plan or no longer learn.

        Learned values must have been published before.
        """
        for topic in retained:
            if topic not in self._current_topics:
                self._connection.publish(topic, b"", 1, retain=True)
