"""Pages below a sub-path: no address leaves it, checked for every route and behind a real nginx in Chromium."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect

from collector.contract.messages import encode_message
from collector.contract.truth import SpaceCodes
from dashboard.accounts.accounts import Accounts
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.live.snapshot import BrokerMessage
from dashboard.subscriber.subscriber import LiveView
from edge.contract import topics
from tests.support import browser
from tests.support.dashboard.fixture_types import Served
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.stage import publish_everything, run_publisher
from tests.support.dashboard.users import PASSWORD, USER_NAME
from tests.support.servers import HOST, Mosquitto, nginx

BASE = "/places/ledig"
HTTPS = "https://localhost"
CODE = "aaaabbbbccccdddd"
"""Of the first space."""
ADDRESS = re.compile(r"""(?:href|src|action|data-[a-z-]+|content)="(/[^"]*|https?://[^"]*)"|"(/[a-z][^"\s]*)\"""")
PROXY = """
server {
    listen 80;
    location / { return 404; }
    location /kept/ { proxy_pass http://upstream-kept; proxy_set_header Host $http_host; proxy_buffering off; }
}
"""


@pytest.fixture
def app(settings: DashboardSettings, live: LiveView) -> Flask:
    codes = encode_message(SpaceCodes({PLAN.spaces[0].id: CODE}))
    live.inbox.append(BrokerMessage(topics.SPACE_CODES.topic(PLAN.id), codes, retained=True))
    live.tick(time.monotonic())
    return create_app(replace(settings, base_path=BASE), PLAN, live, Accounts(settings.accounts_path))


class StrippingProxy:
    """Strips the sub-path as nginx does with `proxy_pass http://upstream/`: the application never sees it."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(BASE)
        return self.application(environ, start_response)


def log_in(client: FlaskClient) -> None:
    page = client.get(f"{BASE}/manage/login", base_url=HTTPS).get_data(as_text=True)
    form = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert form is not None
    data = {"name": USER_NAME, "password": PASSWORD, "csrf_token": form[1], "next": f"{BASE}/manage/devices"}
    headers = {"Referer": f"{HTTPS}{BASE}/manage/login"}
    answer = client.post(f"{BASE}/manage/login", data=data, base_url=HTTPS, headers=headers)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{BASE}/manage/devices"


@pytest.mark.parametrize("path", ["/", "/healthz", "/manage/login", "/nothing", "/static/board.css"])
def test_a_site_below_a_sub_path_sends_no_hsts_header(app: Flask, path: str) -> None:
    with app.test_client().get(f"{BASE}{path}", base_url=HTTPS) as answer:
        assert "Strict-Transport-Security" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def find_addresses(text: str) -> set[str]:
    return {one or other for one, other in ADDRESS.findall(text)}


@pytest.mark.parametrize("is_stripped", [False, True], ids=["the proxy keeps it", "the proxy strips it"])
def test_no_address_on_any_page_leaves_the_sub_path(app: Flask, is_stripped: bool) -> None:
    if is_stripped:
        app.wsgi_app = StrippingProxy(app.wsgi_app)  # type: ignore[method-assign]
    client = app.test_client()
    seen = set()
    for is_manager in (False, True):
        if is_manager:
            log_in(client)
        for rule in app.url_map.iter_rules():
            if (
                "GET" not in (rule.methods or set())
                or "stream" in rule.endpoint
                or rule.endpoint == "manage.chart_library"
            ):
                continue
            path = rule.rule.replace("<path:filename>", "home.js").replace("<code>", CODE)
            answer = client.get(f"{BASE}{path}", base_url=HTTPS)
            assert answer.status_code != 404 or path.endswith("export"), path
            found = find_addresses(answer.get_data(as_text=True)) if answer.mimetype != "image/png" else set()
            if "Location" in answer.headers:
                found.add(answer.headers["Location"])
            seen |= found
            left = {one for one in found if not re.match(rf"({HTTPS})?{BASE}(/|\?|$)|/etc/", one)}
            assert not left, (path, left)
            for cookie in answer.headers.getlist("Set-Cookie"):
                assert f"Path={BASE}/" in cookie, cookie
                assert not cookie.startswith("__Host-"), cookie  # browsers reject it with another path
    assert len(seen) > 30


def test_the_first_page_needs_no_final_slash(app: Flask) -> None:
    assert app.test_client().get(BASE, base_url=HTTPS).status_code == 200


@pytest.mark.parametrize("wrong", ["ledig", "/ledig/", "/", "/a b", "//a", "/å"])
def test_an_invalid_sub_path_is_rejected(settings: DashboardSettings, wrong: str) -> None:
    with pytest.raises(ValueError, match="base_path must be like"):
        replace(settings, base_path=wrong)


@pytest.fixture
def proxied(lasting_broker: Mosquitto, served: Served) -> Iterator[str]:
    """The dashboard below /kept behind nginx, which serves nothing else."""
    with (
        run_publisher(lasting_broker.settings("observer")) as publisher,
        served(lasting_broker.settings("dashboard"), base_path="/kept") as settings,
        nginx(PROXY, {"upstream-kept": f"{HOST}:{settings.port}"}) as proxy,
    ):
        publish_everything(publisher)
        yield f"http://localhost:{proxy.port}/kept/"


@pytest.mark.browser
def test_live_page_and_login_work_behind_nginx_and_load_nothing_outside(proxied: str) -> None:
    with browser.chromium() as chromium:
        page = chromium.new_page(locale="en-GB")
        outside: list[str] = []
        page.on("request", lambda request: outside.append(request.url) if not request.url.startswith(proxied) else None)
        page.goto(proxied)
        expect(page.locator("body")).to_have_attribute("data-link", "live")
        page.goto(f"{proxied}manage")
        page.fill("#name", USER_NAME)
        page.fill("#password", PASSWORD)
        page.click("main button")
        page.wait_for_url(f"{proxied}manage")
        expect(page.locator("body")).to_have_attribute("data-link", "live")
        assert not outside
