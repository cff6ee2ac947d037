"""Changes that a manager saves on the page of today, with real Mosquitto, `ledig collector` and `ledig dashboard`.

A change is either stored and shown, or the page shows that it was not saved, whichever process ends meanwhile.
"""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import pytest

from dashboard.accounts.accounts import Accounts
from tests.support.command import LedigProcess, running_command
from tests.support.servers import Mosquitto, accepts_connections, find_free_port, mosquitto, wait_until
from tests.support.site_files import DEVICE, SITE, site_file

NAME, PASSWORD = "anna", "fyra gröna hästar går"


@dataclass
class BrowserManager:
    """A manager with a browser without scripts."""

    port: int

    def __post_init__(self) -> None:
        policy = DefaultCookiePolicy(secure_protocols=("http", "https"))  # like browsers for localhost
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar(policy))).open
        assert self.post("/manage/login", "/manage/login", name=NAME, password=PASSWORD)[0] == 200

    def get(self, path: str) -> str:
        with self._open(f"http://localhost:{self.port}{path}") as answer:
            text: str = answer.read().decode()
        return text

    def post(self, page: str, path: str, **fields: str) -> tuple[int, str]:
        token = re.search(r'name="csrf_token" value="([^"]*)"', self.get(page))
        assert token is not None
        body = urllib.parse.urlencode({"csrf_token": token[1], **fields}).encode()
        request = urllib.request.Request(f"http://localhost:{self.port}{path}", body)
        request.add_header("Referer", f"http://localhost:{self.port}{page}")
        try:
            with self._open(request) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def save(self, form: str, **fields: str) -> int:
        return self.post("/manage/today", f"/manage/today/{form}?lang=en", **fields)[0]

    def frame(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self.get("/api/v1/frame"))
        return frame

    def is_live(self) -> bool:
        return bool(self.frame()["link"] == "live")


@dataclass
class AdjustedSite:
    """A broker, a dashboard, and the file of a site whose collector is started and stopped."""

    broker: Mosquitto
    path: Path
    host: BrowserManager


@contextmanager
def collecting(site: AdjustedSite) -> Iterator[LedigProcess]:
    """Run a collector that the dashboard is connected to."""
    with running_command("collector", site.path) as process:
        wait_until(site.host.is_live, what="a live link")
        yield process


@pytest.fixture
def site(tmp_path: Path) -> Iterator[AdjustedSite]:
    with mosquitto(site=SITE, devices=[DEVICE]) as broker:
        port = find_free_port()
        path = site_file(tmp_path, broker, dashboard_port=port)
        (tmp_path / "data").mkdir(exist_ok=True)
        Accounts(tmp_path / "data" / "accounts.sqlite").add(NAME, PASSWORD)
        with running_command("dashboard", path):
            wait_until(lambda: accepts_connections(port), what="the dashboard")
            yield AdjustedSite(broker, path, BrowserManager(port))


def test_a_change_is_stored_and_shown_or_refused_despite_crashes(site: AdjustedSite) -> None:
    host = site.host
    away = host.save("notice", notice="Nobody is here", shown="")
    assert away == 503
    with collecting(site) as first:
        assert "Nobody is here" not in host.get("/manage/today"), "what was refused does not come later"
        assert host.save("notice", notice="The water is off", shown="") == 200
        assert host.save("space", space="laser", out_of_use="1") == 200
        wait_until(lambda: "d" in host.frame()["spaces"], what="the space out of use")
        first.process.kill()  # before anything can be saved
        first.process.wait()
        wait_until(lambda: not host.is_live(), what="the broker's word that the collector is gone")
        assert host.save("space", space="laser", out_of_use="0") == 503
    with collecting(site):
        wait_until(lambda: "d" in host.frame()["spaces"], what="the space out of use after a start")
        assert "The water is off" in host.get("/")
        site.broker.restart()
        wait_until(
            lambda: host.save("space", space="laser", out_of_use="0") == 200, what="a change over the new broker"
        )
        wait_until(lambda: "d" not in host.frame()["spaces"], what="the space in use")
        assert "The water is off" in host.get("/")
        assert host.save("hours", how="closed") == 200
        assert host.frame()["closed"]
        wait_until(host.is_live, what="the collector that has taken the hours")
        assert host.save("hours", how="usual") == 200
        assert not host.frame()["closed"]
