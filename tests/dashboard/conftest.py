"""Fixtures for the pages: a live view of a Monday morning, an application over it, a server on a free port."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import gevent
import pytest
from flask import Flask
from playwright.sync_api import Browser

from collector.outward import CollectorStatus, encode
from collector.plan import SitePlan
from dashboard.accounts import Accounts
from dashboard.accounts.roles import Role
from dashboard.app import create_app
from dashboard.live.following import Live
from dashboard.live.picture import Broker, Message
from dashboard.server import serve
from dashboard.settings import DashboardSettings
from edge import topics
from edge.broker import BrokerSettings
from tests import browser
from tests.dashboard.house import MONDAY_10_MS, PLAN
from tests.dashboard.stage import morning
from tests.servers import Mosquitto, answers, free_port, mosquitto, until

NAME, PASSWORD = "anna", "fyra gröna hästar går"
VIEWER = "vera"
"""A viewer with the same password."""

Served = Callable[..., AbstractContextManager[DashboardSettings]]


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
    Accounts(path).add(NAME, PASSWORD)
    Accounts(path).add(VIEWER, PASSWORD, Role.VIEWER)
    return path.read_bytes()


@pytest.fixture
def settings(tmp_path: Path, accounts_template: bytes) -> DashboardSettings:
    path = tmp_path / "accounts.sqlite"
    path.write_bytes(accounts_template)
    return DashboardSettings(
        broker=BrokerSettings(), accounts_path=path, journal_path=tmp_path / "journal.sqlite", max_streams=10
    )


@pytest.fixture
def live() -> Live:
    """A live view with a live link at monotonic second 0 of the test."""
    view = Live(PLAN, lambda: MONDAY_10_MS)
    view.inbox.append(Broker.HERE)
    for space, state in morning().items():
        view.inbox.append(Message(topics.space(PLAN.id, space), encode(state), retained=True))
    view.inbox.append(Message(topics.collector(PLAN.id), encode(CollectorStatus(online=True)), retained=False))
    return view


@pytest.fixture
def app(settings: DashboardSettings, live: Live) -> Flask:
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
            port=port or free_port(),
            max_streams=max_streams,
            base_path=base_path,
        )
        stop = threading.Event()

        def run() -> None:
            try:
                serve(settings, plan, now_ms, stop)
            finally:
                gevent.get_hub().destroy()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            until(lambda: answers(settings.port), what="the dashboard")
            yield settings
        finally:
            stop.set()
            thread.join(20)

    return serving
