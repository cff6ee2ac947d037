"""Publishes the collector's messages: receipts to devices; states, summaries, forecasts and status, retained.

In:    values of the contract.
Out:   messages to the broker.
Never: decisions about what to publish; `SpaceStates` and the others make them.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from collector.contract import alerts as wire
from collector.contract import findings
from collector.contract import forecasts as outlook
from collector.contract import states as outward
from collector.contract.alerts import Alerts
from collector.contract.findings import Findings
from collector.contract.forecasts import Forecast
from collector.contract.states import CollectorStatus, SpaceState, Summary, Tuning
from collector.engine.pipeline import Pipeline
from collector.intake.intake import StreamKey
from collector.site.adjustments import Adjustments
from collector.site.adjustments import encode as encode_adjustments
from collector.site.plan import WHOLE_SITE, SitePlan, SpaceKind
from edge.contract import topics
from edge.contract.message import Receipt, encode


class PublishConnection(Protocol):
    """Where messages go: the collector's connection to the broker."""

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        """Send one message."""


class Publisher:
    """Publishes for one collector over one connection."""

    def __init__(self, connection: PublishConnection, plan: SitePlan) -> None:
        self._connection = connection
        self._site = plan.id
        self._receipts = {
            device: topics.device_topic(plan.id, device, topics.DeviceTopic.RECEIPT) for device in plan.device_ids
        }
        offered = [space.id for space in plan.spaces if space.is_offered or space.kind is SpaceKind.SUPPLY]
        self._current_topics = {topics.space_topic(plan.id, space) for space in offered}
        leaves = (topics.DeviceTopic.FINDINGS, topics.DeviceTopic.STATUS)
        self._current_topics |= {
            topics.device_topic(plan.id, device, leaf) for device in plan.device_ids for leaf in leaves
        }
        self._current_topics |= {
            topic(plan.id, zone) for zone in plan.zone_by_id for topic in (topics.zone_topic, topics.forecast_topic)
        }
        self._current_topics.add(topics.forecast_topic(plan.id, WHOLE_SITE))

    def publish_receipts(self, marks: Mapping[StreamKey, int]) -> None:
        """Publish how far streams are stored. Not retained: after each connection all are published again."""
        for (device, stream), seq in marks.items():
            if device in self._receipts:
                self._connection.publish(self._receipts[device], encode(Receipt(stream, seq)), 0, retain=False)

    def publish_changes(self, work: Pipeline, now_ms: int, screen_ms: int) -> bool:
        """Publish what changed since it was last published.

        Args:
            work: of the collector.
            now_ms: site time.
            screen_ms: a monotonic clock's time (see `SpaceStates.pop_changed_states`).

        Returns:
            Whether a state or a summary changed.
        """
        states, summaries = work.spaces.pop_changed_states(now_ms, screen_ms), work.spaces.pop_changed_summaries(now_ms)
        self.publish_states(states)
        self.publish_summaries(summaries)
        self.publish_tunings(work.spaces.pop_changed_tunings())
        self.publish_forecasts(work.forecaster.pop_changed_forecasts())
        self.publish_findings(work.health.pop_changed_findings(now_ms))
        self.publish_alerts(work.alarms.pop_changed_alerts(now_ms))
        return bool(states or summaries)

    def publish_states(self, states: Iterable[tuple[str, SpaceState]]) -> None:
        """Publish the states of spaces."""
        for space, state in states:
            self._connection.publish(topics.space_topic(self._site, space), outward.encode(state), 1, retain=True)

    def publish_tunings(self, tunings: Iterable[tuple[str, Tuning | None]]) -> None:
        """Publish the learned values of spaces; None clears them."""
        for space, tuning in tunings:
            topic = topics.tuning_topic(self._site, space)
            self._current_topics.add(topic)
            self._connection.publish(topic, b"" if tuning is None else outward.encode(tuning), 1, retain=True)

    def publish_summaries(self, summaries: Iterable[tuple[str, Summary]]) -> None:
        """Publish the summaries of zones and, under WHOLE_SITE, of the site."""
        for zone, summary in summaries:
            topic = topics.site_summary_topic(self._site) if zone == WHOLE_SITE else topics.zone_topic(self._site, zone)
            self._connection.publish(topic, outward.encode(summary), 1, retain=True)

    def publish_forecasts(self, forecasts: Iterable[tuple[str, Forecast | None]]) -> None:
        """Publish the forecasts of zones and, under WHOLE_SITE, of the site; None clears an earlier forecast."""
        for zone, forecast in forecasts:
            payload = b"" if forecast is None else outlook.encode(forecast)
            self._connection.publish(topics.forecast_topic(self._site, zone), payload, 1, retain=True)

    def publish_findings(self, found: Iterable[tuple[str, Findings]]) -> None:
        """Publish the findings about devices and their sensors."""
        for device, found_now in found:
            topic = topics.device_topic(self._site, device, topics.DeviceTopic.FINDINGS)
            self._connection.publish(topic, findings.encode(found_now), 1, retain=True)

    def publish_alerts(self, alerts: Alerts | None) -> None:
        """Publish the open alerts; None: nothing changed."""
        if alerts is not None:
            self._connection.publish(topics.alerts_topic(self._site), wire.encode(alerts), 1, retain=True)

    def publish_adjustments(self, adjustments: Adjustments) -> None:
        """Publish the managers' adjustments."""
        self._connection.publish(topics.adjustments_topic(self._site), encode_adjustments(adjustments), 1, retain=True)

    def publish_status(self, status: CollectorStatus) -> None:
        """Publish the collector's status."""
        self._connection.publish(topics.collector_topic(self._site), outward.encode(status), 1, retain=True)

    def clear_retained(self, retained: Iterable[str]) -> None:
        """Clear retained messages of spaces, zones and devices that left the plan or no longer learn.

        Learned values must have been published before.
        """
        for topic in retained:
            if topic not in self._current_topics:
                self._connection.publish(topic, b"", 1, retain=True)
