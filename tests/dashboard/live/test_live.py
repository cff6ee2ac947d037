"""The subscriber and the server on a real Mosquitto: states in, streams out, outages shown and survived."""

import http.client
import json
import resource
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from collector.contract.states import Occupancy
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.server import PortTaken, serve_dashboard
from edge.contract.broker_client import BrokerSettings
from tests.support.dashboard.fixture_types import Served
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.stage import build_state, publish_everything, run_publisher
from tests.support.servers import Mosquitto, find_free_port, mosquitto, wait_until


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    with mosquitto() as running:
        yield running


def ask(settings: DashboardSettings, path: str) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        content = json.loads(answer.read())
        assert isinstance(content, dict)
        return answer.status, content
    finally:
        connection.close()


class PublicStreamReader:
    """A reader of the public stream."""

    def __init__(self, settings: DashboardSettings) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=30)
        self._connection.request("GET", "/api/v1/stream")
        self.answer = self._connection.getresponse()

    def frame(self) -> dict[str, object]:
        """Return the next frame."""
        while True:
            line = self.answer.readline()
            assert line, "the stream ended"
            if line.startswith(b"data: "):
                content: dict[str, object] = json.loads(line.removeprefix(b"data: "))
                return content

    def wait_until(self, key: str, value: object) -> dict[str, object]:
        """Return the first frame in which `key` is `value`; there is a frame every 5 s."""
        for _ in range(200):
            frame = self.frame()
            if frame[key] == value:
                return frame
        raise AssertionError(f"{key} never became {value!r}; the last frame: {frame}")

    def close(self) -> None:
        self.answer.close()
        self._connection.close()


def test_a_reader_gets_the_state_of_the_site_and_each_change(broker: Mosquitto, served: Served) -> None:
    with run_publisher(broker.settings("observer")) as publisher, served(broker.settings("dashboard")) as settings:
        publish_everything(publisher)
        stream = PublicStreamReader(settings)
        frame = stream.wait_until("link", "live")
        if frame["people"] is None:
            frame = stream.wait_until("people", [21, 25])
        before = str(frame["spaces"])
        assert before.startswith("ovooa")
        publisher.publish_states({"desk-1": build_state(Occupancy.VACANT)})
        stream.wait_until("spaces", "v" + before[1:])
        stream.close()
        assert ask(settings, "/api/v1/frame")[1]["spaces"] == "v" + before[1:]


def test_an_outage_of_the_broker_is_shown_at_once_and_survived(served: Served) -> None:
    with (
        mosquitto() as broker,
        run_publisher(broker.settings("observer")) as publisher,
        served(broker.settings("dashboard")) as settings,
    ):
        publish_everything(publisher)
        stream = PublicStreamReader(settings)
        stream.wait_until("link", "live")
        broker.kill()
        frame = stream.wait_until("link", "broker_away")
        assert frame["since"] == "10:00"
        assert ask(settings, "/healthz")[0] == 503
        broker.start()
        stream.wait_until("link", "live")
        assert ask(settings, "/healthz")[0] == 200
        stream.close()


def test_a_collector_that_shuts_down_is_shown_as_away(served: Served, broker: Mosquitto) -> None:
    with served(broker.settings("dashboard")) as settings, run_publisher(broker.settings("observer")) as publisher:
        publish_everything(publisher)
        stream = PublicStreamReader(settings)
        stream.wait_until("link", "live")
        publisher.shut_down()
        stream.wait_until("link", "collector_away")
        stream.close()


def test_a_stream_over_the_limit_is_refused_and_health_still_answers(served: Served, broker: Mosquitto) -> None:
    with served(broker.settings("dashboard"), max_streams=20) as settings:
        streams = [PublicStreamReader(settings) for _ in range(10)]  # half of them: the limit per address
        assert {stream.answer.status for stream in streams} == {200}
        refused = PublicStreamReader(settings)
        assert refused.answer.status == 503
        assert refused.answer.headers["Retry-After"] == "30"
        refused.close()
        assert ask(settings, "/healthz")[1]["streams"] == 10
        streams.pop().close()

        def has_free_slot() -> bool:
            again = PublicStreamReader(settings)
            again.close()
            return again.answer.status == 200

        wait_until(has_free_slot, what="the slot of a reader that left")
        for stream in streams:
            stream.close()


def test_the_file_limit_is_raised_for_all_streams(served: Served) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
    try:
        with served(BrokerSettings(port=find_free_port()), max_streams=500):
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 500 + 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_port_in_use_is_a_clear_error(settings: DashboardSettings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} of 127.0.0.1 is in use"):
            serve_dashboard(replace(settings, port=port), PLAN, lambda: MONDAY_10_MS, threading.Event())
    with pytest.raises(PortTaken, match=r"cannot listen on 192\.0\.2\.1"):
        serve_dashboard(replace(settings, host="192.0.2.1"), PLAN, lambda: MONDAY_10_MS, threading.Event())
