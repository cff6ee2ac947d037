"""No page reveals a secret: two sites that differ only in a member's secret look the same on every route, to everybody.

Every readable route of the table is fetched with every parameter that selects history: without a login, and as a
manager, who sees the most. A new page is included automatically; its query parameters must be added to ASKED.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

import msgspec
import pytest
from flask import Flask

from collector.contract.forecast_points import Lead
from collector.contract.forecasts import Forecast, HourOutlook, Outlook
from collector.contract.forecasts import encode as encode_forecast
from collector.contract.states import Occupancy, PeopleCount, Summary, encode
from collector.history import tables
from collector.history.measures import (
    FORECAST,
    PEOPLE_CORRECTION,
    PEOPLE_FIVE_MIN,
    SPACE_HOUR,
    STAYS,
    ZONE_FIVE_MIN,
    ZONE_HOUR,
    HistoryRow,
    Measure,
)
from collector.site.privacy_limits import find_hidden_desk_zones
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceKind
from dashboard.accounts.accounts import Accounts
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.live.broadcast import FrameReader
from dashboard.live.snapshot import BrokerConnection, BrokerMessage
from dashboard.subscriber.subscriber import LiveView
from dashboard.web.routes import ROUTES
from edge.contract import topics
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from tests.support.dashboard.every_page import (
    ASKED,
    BEGIN_MS,
    DESK,
    SPARSE_PLAN,
    fetch_page,
    list_requests,
    report_collector,
)
from tests.support.dashboard.login import log_in
from tests.support.dashboard.outlooks import OUTLOOK
from tests.support.dashboard.site import MONDAY_10_MS
from tests.support.dashboard.stage import build_morning_states, build_state

HIDDEN = ("loft", "quiet")
OWN = ("desk-24", "desk-25", "desk-26", "desk-27")


@dataclass(frozen=True)
class MemberSecrets:
    """Private facts of members. The site's shown figures must not depend on them."""

    own_desk: Occupancy = Occupancy.VACANT
    """State of a dedicated desk, if it were ever published."""
    in_loft: float = 0.0
    """How many of the twelve taken desks in the two hidden zones are in the loft."""
    desk_hour_s: float = 0.0
    """How many seconds of each hour a desk was taken."""
    people: int = 1
    """One to four people: on site in each five minutes, and through the door."""
    in_hall: float = 8.0
    """Not secret: the hall's fifteen desks have a history."""
    desk: Occupancy = Occupancy.VACANT
    """Not secret: a shared desk is free or taken."""


CreateApp = Callable[[MemberSecrets], Flask]


@pytest.fixture
def create_site_app(settings: DashboardSettings, tmp_path: Path) -> CreateApp:
    folders: list[Path] = []

    def create(secrets: MemberSecrets) -> Flask:
        folder = tmp_path / str(len(folders))
        folder.mkdir()
        folders.append(folder)
        (folder / "accounts.sqlite").write_bytes(settings.accounts_path.read_bytes())
        _write(folder / "journal.sqlite", secrets)
        own = replace(settings, accounts_path=folder / "accounts.sqlite", journal_path=folder / "journal.sqlite")
        return create_app(own, SPARSE_PLAN, _live(secrets), Accounts(own.accounts_path, lambda: 1_764_000_000.0))

    return create


def _live(secrets: MemberSecrets) -> LiveView:
    live = LiveView(SPARSE_PLAN, lambda: MONDAY_10_MS)
    states = (
        build_morning_states(SPARSE_PLAN)
        | {"desk-2": build_state(secrets.desk, space="desk-2")}
        | {desk: build_state(secrets.own_desk, space=desk) for desk in OWN}
    )
    people = PeopleCount(secrets.people, secrets.people, secrets.people, MONDAY_10_MS - 5 * HOUR_MS)
    few = msgspec.structs.replace(OUTLOOK, usual=((-1, secrets.in_loft), (0, secrets.in_loft)))
    live.inbox.extend(
        [
            BrokerConnection.CONNECTED,
            *(
                BrokerMessage(topics.SPACE_STATE.topic(SPARSE_PLAN.id, space), encode(one), retained=True)
                for space, one in states.items()
            ),
            BrokerMessage(
                topics.SITE_SUMMARY.topic(SPARSE_PLAN.id), encode(Summary(0, {}, people=people)), retained=True
            ),
            BrokerMessage(
                topics.FORECAST.topic(SPARSE_PLAN.id, WHOLE_SITE),
                encode_forecast(_build_forecast(secrets)),
                retained=True,
            ),
            BrokerMessage(
                topics.FORECAST.topic(SPARSE_PLAN.id, "loft"), encode_forecast(Forecast({DESK: few})), retained=True
            ),
        ]
    )
    report_collector(live)
    return live


def _build_forecast(secrets: MemberSecrets) -> Forecast:
    """The forecast for the site: its desks, and its people, who are few now and many in an hour."""
    few = float(secrets.people)
    hours = (
        HourOutlook(0, few, (few,) * 9),
        HourOutlook(1, 20.0, (few, *(20.0,) * 8)),
        HourOutlook(2, few, (20.0,) * 9),
    )
    people = Outlook(at_ms=MONDAY_10_MS, days=30, usual=((-1, few), (0, few), (1, 20.0)), hours=hours)
    return Forecast({DESK: OUTLOOK}, people=people)


def _write(path: Path, secrets: MemberSecrets) -> None:
    with closing(sqlite3.connect(path)) as db:
        tables.create_tables(db)
        for measure, rows in _rows(secrets):
            tables.upsert_rows(db, measure, rows)
        db.commit()


def _rows(secrets: MemberSecrets) -> Iterator[tuple[Measure, list[HistoryRow]]]:
    hours = range(BEGIN_MS, MONDAY_10_MS, HOUR_MS)
    zones = {
        WHOLE_SITE: 12.0 + secrets.in_hall,
        "hall": secrets.in_hall,
        "loft": secrets.in_loft,
        "quiet": 12.0 - secrets.in_loft,
    }
    for zone, taken in zones.items():
        use = (30.0, taken, taken, 30.0 - taken, 0.0)
        fives = 40 * 288 if zone == WHOLE_SITE else 400  # weeks of history of the site, for aggregated figures
        yield ZONE_FIVE_MIN, [HistoryRow((zone, DESK), MONDAY_10_MS - n * 300_000, use) for n in range(1, fives)]
        yield ZONE_HOUR, [HistoryRow((zone, DESK), at_ms, (12.0, *use, 0.0)) for at_ms in hours]
        yield STAYS, [HistoryRow((zone, DESK), BEGIN_MS + n * DAY_MS, (taken,) * 8) for n in range(9)]
        forecast = (taken, taken, taken, 0.5, taken, 0.5)
        yield FORECAST, [HistoryRow((zone, DESK, Lead.HOUR), at_ms, forecast) for at_ms in hours]
    desks = [space.id for space in SPARSE_PLAN.spaces if space.kind is SpaceKind.DESK]
    used = (secrets.desk_hour_s, 3600.0 - secrets.desk_hour_s, 0.0)
    yield SPACE_HOUR, [HistoryRow((desk,), at_ms, used) for desk in desks for at_ms in hours]
    n = float(secrets.people)
    five = [MONDAY_10_MS - number * 300_000 for number in range(1, 9 * 288)]
    inside = [
        n if number % 3 else 30.0 for number in range(len(five))
    ]  # small counts among large ones: no mean may reveal them
    counts = [(n, n, people, people, people, float(BEGIN_MS)) for people in inside]
    yield PEOPLE_FIVE_MIN, [HistoryRow((WHOLE_SITE,), *row) for row in zip(five, counts, strict=True)]
    yield PEOPLE_CORRECTION, [HistoryRow((WHOLE_SITE, "quiet_doors"), at_ms, (n, n)) for at_ms in five[:3]]


def fetch_all(app: Flask) -> dict[tuple[str, str], tuple[int, str]]:
    """Return what the public and a manager see, by reader and URL."""
    manager = app.test_client()
    assert log_in(manager).status_code == 303
    readers = {"nobody": app.test_client(), "manager": manager}
    found = {
        (who, url): fetch_page(client, url) for _endpoint, url in list_requests(app) for who, client in readers.items()
    }
    assert {where for where, (status, _text) in found.items() if status == HTTPStatus.INTERNAL_SERVER_ERROR} == set()
    return found


def test_the_hidden_zones_of_this_site_are_as_expected() -> None:
    assert find_hidden_desk_zones(SPARSE_PLAN) == set(HIDDEN)


@pytest.mark.parametrize(
    "other",
    [
        MemberSecrets(own_desk=Occupancy.OCCUPIED),
        MemberSecrets(in_loft=2.0),
        MemberSecrets(desk_hour_s=3600.0),
        MemberSecrets(people=4),
    ],
    ids=["a member's own desk", "few desks of a zone", "one desk's hours", "one to four people"],
)
def test_a_secret_changes_no_page_no_feed_and_no_export(create_site_app: CreateApp, other: MemberSecrets) -> None:
    one, two = fetch_all(create_site_app(MemberSecrets())), fetch_all(create_site_app(other))
    assert one.keys() == two.keys()
    for where, (status, text) in one.items():
        assert two[where][0] == status, where
        assert text.splitlines() == two[where][1].splitlines(), where


def test_few_arrivals_and_repeated_desk_evidence_send_no_public_frame() -> None:
    live, began_s = _live(MemberSecrets()), time.monotonic()
    before = live.build_public_frame(began_s).version
    with FrameReader(live.public) as reader:
        assert reader.wait_for_frame(0)
        for people in (2, 3, 4, 1):
            counted = Summary(0, {}, people=PeopleCount(people, people, people, MONDAY_10_MS - 5 * HOUR_MS))
            again = msgspec.structs.replace(build_state(Occupancy.VACANT, space="desk-2"), at_ms=MONDAY_10_MS + people)
            own = build_state(Occupancy.OCCUPIED if people % 2 else Occupancy.VACANT, space=OWN[0])
            states = (
                (topics.SPACE_STATE.topic(SPARSE_PLAN.id, "desk-2"), again),
                (topics.SPACE_STATE.topic(SPARSE_PLAN.id, OWN[0]), own),
            )
            live.inbox.extend(BrokerMessage(topic, encode(one), retained=False) for topic, one in states)
            live.inbox.append(BrokerMessage(topics.SITE_SUMMARY.topic(SPARSE_PLAN.id), encode(counted), retained=False))
            live.tick(began_s)
            assert reader.wait_for_frame(0) is None
    assert live.build_public_frame(began_s).version == before


def test_a_public_figure_changes_pages_feeds_and_exports(create_site_app: CreateApp) -> None:
    """The check is effective: a public figure reaches pages, feeds and exports."""
    other = MemberSecrets(people=40, in_hall=3.0, desk=Occupancy.OCCUPIED)
    one, two = fetch_all(create_site_app(MemberSecrets(people=20))), fetch_all(create_site_app(other))
    changed = {url.split("?")[0] for (who, url), answer in one.items() if two[who, url] != answer}
    assert {"/", "/api/v1/summary", "/api/v1/frame", "/api/v1/stream", "/api/v1/history", "/manage"} <= changed
    assert {"/manage/use", "/manage/export", "/manage/growth", "/manage/growth/export"} <= changed


def test_every_query_of_the_check_is_answered_by_a_page(create_site_app: CreateApp) -> None:
    app = create_site_app(MemberSecrets())
    manager = app.test_client()
    log_in(manager)
    assert ASKED.keys() <= ROUTES.keys()
    answered = {endpoint for endpoint, url in list_requests(app) if "?" in url and fetch_page(manager, url)[0] == 200}
    assert answered == set(ASKED)
