"""Fixtures for the pages: a live view of a Monday morning, an application over it, a server on a free port."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import gevent
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from collector.contract.states import CollectorStatus, encode
from collector.site.site_plan import SitePlan
from dashboard.accounts.accounts import Accounts
from dashboard.accounts.roles import AccountRole
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.live.snapshot import BrokerConnection, BrokerMessage
from dashboard.server import serve_dashboard
from dashboard.subscriber.subscriber import LiveView
from edge.contract import topics
from edge.contract.broker_client import BrokerSettings
from tests.support import browser
from tests.support.dashboard.commands import CommandConnection
from tests.support.dashboard.fixture_types import OpenScreen, Served, ServedSite
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.stage import build_morning_states, publish_everything, run_publisher
from tests.support.dashboard.users import PASSWORD, USER_NAME, VIEWER_NAME
from tests.support.servers import Mosquitto, accepts_connections, find_free_port, mosquitto, wait_until


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as running:
        yield running


@pytest.fixture(scope="module")
def lasting_broker() -> Iterator[Mosquitto]:
    """One broker for all tests of a file."""
    with mosquitto() as running:
        yield running


@pytest.fixture(scope="session")
def accounts_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file with a manager and a viewer; created once, because hashing their passwords is slow."""
    path = tmp_path_factory.mktemp("accounts") / "accounts.sqlite"
    Accounts(path).add(USER_NAME, PASSWORD)
    Accounts(path).add(VIEWER_NAME, PASSWORD, AccountRole.VIEWER)
    return path.read_bytes()


@pytest.fixture
def settings(tmp_path: Path, accounts_template: bytes) -> DashboardSettings:
    path = tmp_path / "accounts.sqlite"
    path.write_bytes(accounts_template)
    return DashboardSettings(
        broker=BrokerSettings(), accounts_path=path, journal_path=tmp_path / "journal.sqlite", max_streams=10
    )


@pytest.fixture
def commands() -> CommandConnection:
    return CommandConnection()


@pytest.fixture
def live(commands: CommandConnection) -> LiveView:
    """A live view with a live link at monotonic second 0 of the test."""
    view = LiveView(PLAN, lambda: MONDAY_10_MS, publish=commands.publish)
    view.inbox.append(BrokerConnection.CONNECTED)
    for space, state in build_morning_states().items():
        view.inbox.append(BrokerMessage(topics.SPACE_STATE.topic(PLAN.id, space), encode(state), retained=True))
    view.inbox.append(
        BrokerMessage(topics.COLLECTOR_STATUS.topic(PLAN.id), encode(CollectorStatus(online=True)), retained=False)
    )
    return view


@pytest.fixture
def app(settings: DashboardSettings, live: LiveView) -> Flask:
    import time

    live.tick(time.monotonic())
    return create_app(settings, PLAN, live, Accounts(settings.accounts_path))


@pytest.fixture
def served(tmp_path: Path, accounts_template: bytes) -> Served:
    """Serve the pages as `ledig dashboard` does, in a thread with its own event loop."""

    @contextmanager
    def serving(
        broker: BrokerSettings,
        *,
        max_streams: int = 10,
        port: int = 0,
        now_ms: Callable[[], int] = lambda: MONDAY_10_MS,
        base_path: str = "",
        plan: SitePlan = PLAN,
    ) -> Iterator[DashboardSettings]:
        path = tmp_path / "accounts.sqlite"
        path.write_bytes(accounts_template)
        settings = DashboardSettings(
            broker=broker,
            accounts_path=path,
            journal_path=tmp_path / "journal.sqlite",
            port=port or find_free_port(),
            max_streams=max_streams,
            base_path=base_path,
        )
        stop = threading.Event()

        def run() -> None:
            try:
                serve_dashboard(settings, plan, now_ms, stop)
            finally:
                gevent.get_hub().destroy()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            wait_until(lambda: accepts_connections(settings.port), what="the dashboard")
            yield settings
        finally:
            stop.set()
            thread.join(20)

    return serving


@pytest.fixture
def site(lasting_broker: Mosquitto, served: Served) -> Iterator[ServedSite]:
    """A served site whose collector has published everything."""
    with (
        run_publisher(lasting_broker.settings("observer")) as publisher,
        served(lasting_broker.settings("dashboard")) as running,
    ):
        publish_everything(publisher)
        yield running, publisher


@pytest.fixture
def opened(chromium: Browser) -> OpenScreen:
    """Open a page at 1920 x 1080 like the wall screen; errors in its scripts fail the test."""

    def opening(settings: DashboardSettings, **context: object) -> AbstractContextManager[Page]:
        screen = {"viewport": {"width": 1920, "height": 1080}, **context}
        return browser.open_page(chromium, settings.port, expected="", **screen)

    return opening
