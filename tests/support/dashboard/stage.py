"""Publishes to a real broker like the collector: states that a test chooses, and a status that keeps them current."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.request import urlopen

from collector.contract.forecasts import Forecast, Outlook
from collector.contract.forecasts import encode as encode_forecast
from collector.contract.states import (
    Because,
    CollectorStatus,
    Lapse,
    Occupancy,
    PeopleCount,
    Reason,
    SpaceHealth,
    SpaceState,
    Summary,
    ZoneAir,
    encode,
)
from collector.occupancy.zone_air import classify_co2
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import SpaceKind
from edge.contract import topics
from edge.contract.broker_client import BrokerSettings, create_client
from edge.contract.message import ClockState, DeviceStatus, OutboxStatus, SensorHealth
from edge.contract.message import encode as encode_status
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.servers import wait_until


def build_state(occupancy: Occupancy, *, space: str = "desk-1", level_pct: float | None = None) -> SpaceState:
    """Return a state with matching evidence."""
    minute_ms = 60_000
    reason = {
        Occupancy.VACANT: Reason.QUIET,
        Occupancy.UNKNOWN: Reason.SILENT,
        Occupancy.DISABLED: Reason.DISABLED,
        Occupancy.STOCKED: Reason.LEVEL,
        Occupancy.LOW: Reason.LEVEL,
    }.get(occupancy, Reason.MOTION)
    at_ms = MONDAY_10_MS - 6 * minute_ms
    taken = occupancy in {Occupancy.OCCUPIED, Occupancy.AWAY}
    return SpaceState(
        state=occupancy,
        since_ms=at_ms,
        because=Because(reason, "pi-1", f"{space}-pir", at_ms),
        health=SpaceHealth.HEALTHY,
        at_ms=at_ms,
        lapse=Lapse(Occupancy.VACANT, MONDAY_10_MS + 4 * minute_ms) if taken else None,
        level_pct=level_pct,
    )


def build_morning_states(plan: SitePlan = PLAN) -> dict[str, SpaceState]:
    """Return the states of an ordinary Monday, with some of every kind."""
    cycle = [Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.OCCUPIED, Occupancy.AWAY]
    states: dict[str, SpaceState] = {}
    for number, space in enumerate(space for space in plan.spaces if space.is_offered):
        occupancy = cycle[number % len(cycle)]
        if space.id in {"desk-8", "desk-21"}:
            occupancy = Occupancy.UNKNOWN
        if space.id == "printer":
            occupancy = Occupancy.DISABLED
        states[space.id] = build_state(occupancy, space=space.id)
    for space in plan.spaces:
        if space.kind is SpaceKind.SUPPLY:
            states[space.id] = build_state(Occupancy.STOCKED, space=space.id, level_pct=62.0)
    return states


class CollectorPublisher:
    """Publishes as the collector does; sends its status every half second until it stops."""

    def __init__(self, broker: BrokerSettings, plan: SitePlan = PLAN) -> None:
        self.plan = plan
        self._client = create_client(broker, "voice")
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda *_: self._has_connected.set()
        self._has_connected = threading.Event()
        self._retained: dict[str, bytes] = {}
        self._stop = threading.Event()
        self._heartbeat = threading.Thread(target=self._send_status)
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        self._heartbeat.start()

    def publish_states(self, states: Mapping[str, SpaceState]) -> None:
        for space, space_state in states.items():
            self._publish(topics.SPACE_STATE.topic(self.plan.id, space), encode(space_state))

    def publish_air(self, zone: str, co2_ppm: float) -> None:
        self._publish(
            topics.ZONE_SUMMARY.topic(self.plan.id, zone),
            encode(Summary(0, {}, ZoneAir(co2_ppm, band=classify_co2(co2_ppm)))),
        )

    def publish_people(self, count: int, error: int) -> None:
        self._publish(
            topics.SITE_SUMMARY.topic(self.plan.id),
            encode(Summary(0, {}, people=PeopleCount(count, count - error, count + error))),
        )

    def publish_device_status(self, device: str, status: DeviceStatus) -> None:
        topic = topics.DEVICE_STATUS.topic(self.plan.id, device)
        self._publish(topic, encode_status(status))

    def publish_payload(self, topic: str, payload: bytes) -> None:
        self._publish(topic, payload)

    def shut_down(self) -> None:
        """Stop, and publish the status of a collector that shuts down."""
        self._stop.set()
        self._heartbeat.join()
        self._publish(topics.COLLECTOR_STATUS.topic(self.plan.id), encode(CollectorStatus(online=False)))

    def close(self) -> None:
        self._stop.set()
        self._heartbeat.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _send_status(self) -> None:
        topic = topics.COLLECTOR_STATUS.topic(self.plan.id)
        while not self._stop.wait(0.5):
            if self._client.is_connected():
                if self._has_connected.is_set():  # a new connection: the broker may have lost everything
                    self._has_connected.clear()
                    for retained_topic, payload in list(self._retained.items()):
                        self._client.publish(retained_topic, payload, qos=1, retain=True)
                self._client.publish(
                    topic, encode(CollectorStatus(online=True, at_ms=MONDAY_10_MS)), qos=1, retain=True
                )

    def _publish(self, topic: str, payload: bytes) -> None:
        self._retained[topic] = payload
        self._client.publish(topic, payload, qos=1, retain=True)


@contextmanager
def run_publisher(broker: BrokerSettings, plan: SitePlan = PLAN) -> Iterator[CollectorPublisher]:
    publisher = CollectorPublisher(broker, plan)
    try:
        yield publisher
    finally:
        publisher.close()


def publish_forecast(publisher: CollectorPublisher, port: int, outlook: Outlook, zone: str = WHOLE_SITE) -> None:
    """Publish how many desks of a zone will be free, and wait until the dashboard on `port` has a forecast.

    A page that is requested after this contains it from the start.
    """
    publisher.publish_payload(
        topics.FORECAST.topic(publisher.plan.id, zone), encode_forecast(Forecast(kinds={SpaceKind.DESK: outlook}))
    )

    def has_forecast() -> bool:
        with urlopen(f"http://localhost:{port}/api/v1/forecast?zone={zone}") as answer:
            return bool(json.load(answer)["hours"])

    wait_until(has_forecast, what="the forecast")


def publish_everything(publisher: CollectorPublisher) -> None:
    """Publish a whole Monday morning."""
    publisher.publish_states(build_morning_states(publisher.plan))
    for zone, co2_ppm in (("hall", 640.0), ("workshop", 900.0), ("quiet", 1240.0), ("loft", 700.0)):
        publisher.publish_air(zone, co2_ppm)
    publisher.publish_people(23, 2)
    publisher.publish_device_status(
        "pi-1",
        DeviceStatus(
            online=True,
            since_ms=MONDAY_10_MS - 86_400_000,
            at_ms=MONDAY_10_MS - 20_000,
            version="0.1.0",
            outbox=OutboxStatus(depth=3, dropped=0),
            clock=ClockState.SYNCHRONISED,
            temperature_c=48.5,
            sensors={"desk-8-pir": SensorHealth.SILENT, "desk-1-pir": SensorHealth.HEALTHY},
        ),
    )
