"""Behind the shipped reverse proxies, hosts log in from another machine and live updates arrive at once."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlencode

import pytest

from collector.contract.states import CollectorStatus, encode
from dashboard.accounts.accounts import Accounts
from dashboard.accounts.roles import AccountRole
from edge.contract import broker_client, topics
from ledig.site.site_file import read_site_file
from tests.support.dashboard_process import start_dashboard, write_site
from tests.support.installed.proxies import RunningProxy, run_caddy, run_nginx
from tests.support.servers import HOST, Mosquitto, mosquitto

OPEN_BROKER = "listener 1883\nallow_anonymous true\n"
README_LINES = 'hosts = ["localhost"]\nproxies = 1\nmax_streams = 10\n'
"""[dashboard] as in the snippets, with this machine's name, and few streams so that the limit is soon reached."""
STREAMS_OF_ONE = 5
"""Half of max_streams, the limit of one address."""
ANSWER_S = 10.0
"""Less than the 15 s after which a stream always sends something, which would flush a proxy's buffer."""
MAX_FRAMES = 20
ONE_MACHINE, ANOTHER_MACHINE, CROWDED_MACHINE = "127.0.0.2", "127.0.0.3", "127.0.0.4"
NAME, PASSWORD = "anna", "a long enough password"


@dataclass(frozen=True)
class ProxiedPages:
    """A dashboard behind a proxy, and its broker."""

    front: RunningProxy
    broker_server: Mosquitto

    def connect(self, machine: str) -> HTTPSConnection:
        return HTTPSConnection(
            "localhost", self.front.https_port, context=self.front.trust, timeout=ANSWER_S, source_address=(machine, 0)
        )

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.front.https_port}"


@pytest.fixture(params=["caddy, a certificate", "caddy, its own authority", "nginx"], scope="module")
def pages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedPages]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("pages")
        broker_server = stack.enter_context(mosquitto(OPEN_BROKER))
        site, port = write_site(folder, README_LINES)
        site.write_text(re.sub(r"(\[broker\]\nport = )\d+", rf"\g<1>{broker_server.port}", site.read_text()))
        plan = read_site_file(site)
        Accounts(plan.dashboard.accounts_path, lambda: int(time.time() * 1000)).add(NAME, PASSWORD, AccountRole.MANAGER)
        stack.enter_context(start_dashboard(site, port))
        (folder / "proxy").mkdir()
        if request.param == "nginx":
            front = stack.enter_context(run_nginx(folder / "proxy", port))
        else:
            own_authority = request.param.endswith("authority")
            front = stack.enter_context(run_caddy(folder / "proxy", port, own_authority=own_authority))
        yield ProxiedPages(front, broker_server)


def request_until_ready(connection: HTTPSConnection, path: str) -> HTTPResponse:
    """Return the dashboard's response; while it starts, the proxy responds with 502."""
    deadline = time.monotonic() + 60
    while True:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != HTTPStatus.BAD_GATEWAY or time.monotonic() > deadline:
            return response
        response.read()
        time.sleep(0.1)


def test_host_logs_in_from_another_machine(pages: ProxiedPages) -> None:
    with closing(pages.connect(ONE_MACHINE)) as connection:
        response = request_until_ready(connection, "/manage/login?lang=en")
        text = response.read().decode()
        assert response.status == HTTPStatus.OK
        (token,) = re.findall(r'name="csrf_token" value="([^"]+)"', text)
        cookies = [value.partition(";")[0] for name, value in response.getheaders() if name.lower() == "set-cookie"]
        form = urlencode({"csrf_token": token, "next": "", "name": NAME, "password": PASSWORD})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": "; ".join(cookies)}
        headers |= {"Origin": pages.origin, "Referer": f"{pages.origin}/manage/login"}
        connection.request("POST", "/manage/login", form, headers)
        response = connection.getresponse()
        response.read()
        assert response.status == HTTPStatus.SEE_OTHER
        cookies += [value.partition(";")[0] for name, value in response.getheaders() if name.lower() == "set-cookie"]
        connection.request("GET", "/manage", headers={"Cookie": "; ".join(cookies)})
        response = connection.getresponse()
        response.read()
        assert response.status == HTTPStatus.OK


def test_plain_http_redirects_to_https(pages: ProxiedPages) -> None:
    with closing(HTTPConnection(HOST, pages.front.http_port, timeout=ANSWER_S)) as connection:
        connection.request("GET", "/manage/login", headers={"Host": "localhost"})
        response = connection.getresponse()
        assert response.status in {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT}
        assert re.fullmatch(r"https://localhost(:\d+)?/manage/login", response.headers["Location"])


def next_frame(response: HTTPResponse) -> Any:
    """Return the next frame of a stream; raise if there is none within ANSWER_S or the stream ends."""
    while line := response.readline():
        if line.startswith(b"data: "):
            return json.loads(line.removeprefix(b"data: "))
    raise AssertionError("the stream ended")


def test_live_update_is_not_buffered(pages: ProxiedPages) -> None:
    client = broker_client.create_client(pages.broker_server.settings(), "collector")
    client.connect(HOST, pages.broker_server.port)
    client.loop_start()

    def publish(*, online: bool) -> None:
        status = CollectorStatus(online=online, at_ms=int(time.time() * 1000))
        client.publish(topics.COLLECTOR_STATUS.topic("mill"), encode(status), 1, retain=True)

    try:
        with closing(pages.connect(ONE_MACHINE)) as connection:
            response = request_until_ready(connection, "/api/v1/stream")
            assert response.headers["Content-Type"].startswith("text/event-stream")
            for online, link in ((True, "live"), (False, "collector_away"), (True, "live")):
                publish(online=online)
                frames = (next_frame(response) for _ in range(MAX_FRAMES))  # a buffered frame causes a time-out
                assert any(frame["link"] == link for frame in frames)
    finally:
        client.disconnect()
        client.loop_stop()


def test_stream_limits_use_the_address_of_the_client(pages: ProxiedPages) -> None:
    with ExitStack() as stack:

        def stream(machine: str, forged: str = "") -> int:
            connection = stack.enter_context(closing(pages.connect(machine)))
            headers = {"X-Forwarded-For": forged, "X-Forwarded-Host": "elsewhere.example"} if forged else {}
            connection.request("GET", "/api/v1/stream", headers=headers)
            return connection.getresponse().status

        with closing(pages.connect(ONE_MACHINE)) as connection:
            request_until_ready(connection, "/").read()
        assert [stream(CROWDED_MACHINE) for _ in range(STREAMS_OF_ONE)] == [HTTPStatus.OK] * STREAMS_OF_ONE
        assert stream(CROWDED_MACHINE) == HTTPStatus.SERVICE_UNAVAILABLE
        assert stream(CROWDED_MACHINE, forged="192.0.2.1") == HTTPStatus.SERVICE_UNAVAILABLE
        assert stream(ANOTHER_MACHINE) == HTTPStatus.OK


def test_name_that_is_not_in_hosts_is_refused(pages: ProxiedPages) -> None:
    with closing(pages.connect(ONE_MACHINE)) as connection:
        request_until_ready(connection, "/").read()
        connection.request("GET", "/", headers={"X-Forwarded-Host": "elsewhere.example"})
        response = connection.getresponse()  # the proxy replaces the header
        assert "The mill" in response.read().decode()
    with closing(pages.connect(ONE_MACHINE)) as connection:
        connection.request("GET", "/", headers={"Host": "elsewhere.example"})
        assert "The mill" not in connection.getresponse().read().decode()
