"""A closed site: what the public may see of it, and what staff still sees."""

import time
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace

from collector.contract.forecasts import Forecast
from collector.contract.forecasts import encode as encode_forecast
from collector.contract.states import (
    AirBand,
    CollectorStatus,
    Occupancy,
    PeopleCount,
    SpaceState,
    Summary,
    ZoneAir,
    encode,
)
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceKind
from dashboard.accounts.accounts import Accounts
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.feeds.api import AGE_STEP_S
from dashboard.live.broadcast import FrameReader
from dashboard.live.snapshot import BrokerConnection, BrokerMessage
from dashboard.subscriber.subscriber import KEEP_ALIVE_FRAME_S, LiveView
from dashboard.web.routes import ROUTES, Audience
from edge.contract import topics
from tests.support.dashboard.every_page import fetch_page, list_requests
from tests.support.dashboard.login import log_in
from tests.support.dashboard.outlooks import OUTLOOK
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.stage import build_morning_states, build_state

NIGHT_MS = MONDAY_10_MS - 8 * 3_600_000
"""Monday, two in the morning."""


def receive_states(live: LiveView, states: dict[str, SpaceState], people: int) -> None:
    for space, space_state in states.items():
        live.inbox.append(BrokerMessage(topics.SPACE_STATE.topic(PLAN.id, space), encode(space_state), retained=True))
    air = Summary(0, {}, ZoneAir(1500.0 if people else 420.0, band=AirBand.BAD if people else AirBand.FRESH))
    live.inbox.append(BrokerMessage(topics.ZONE_SUMMARY.topic(PLAN.id, "hall"), encode(air), retained=True))
    counted = Summary(0, {}, people=PeopleCount(people, people, people))
    live.inbox.append(BrokerMessage(topics.SITE_SUMMARY.topic(PLAN.id), encode(counted), retained=True))


def night(people: int, now_ms: Callable[[], int] = lambda: NIGHT_MS) -> LiveView:
    live = LiveView(PLAN, now_ms)
    live.inbox.append(BrokerConnection.CONNECTED)
    seen = Occupancy.OCCUPIED if people else Occupancy.VACANT
    states = {space: build_state(seen, space=space) for space in build_morning_states() if space != "beans"}
    if people:  # with people inside, a supply runs low and a zone is silent, neither of which may show
        quiet = [space.id for space in PLAN.spaces if space.zone == "quiet"]
        states |= {space: build_state(Occupancy.UNKNOWN, space=space) for space in quiet if space in states}
        states |= {"beans": build_state(Occupancy.LOW, space="beans", level_pct=4.0)}
    forecast = encode_forecast(Forecast({SpaceKind.DESK: replace(OUTLOOK, at_ms=NIGHT_MS)}))
    live.inbox.append(BrokerMessage(topics.FORECAST.topic(PLAN.id, WHOLE_SITE), forecast, retained=True))
    receive_states(live, states, people)
    live.inbox.append(
        BrokerMessage(topics.COLLECTOR_STATUS.topic(PLAN.id), encode(CollectorStatus(online=True)), retained=False)
    )
    live.tick(time.monotonic())
    return live


def serve(live: LiveView, settings: DashboardSettings) -> Flask:
    return create_app(settings, PLAN, live, Accounts(settings.accounts_path))


def read(client: FlaskClient, path: str) -> str:
    answer = client.get(path, base_url="https://localhost")
    assert answer.status_code == 200
    return answer.text


def test_a_closed_site_looks_the_same_with_people_inside_and_empty(settings: DashboardSettings) -> None:
    full, empty = (serve(night(people), settings) for people in (30, 0))
    urls = [url for endpoint, url in list_requests(full) if ROUTES[endpoint].audience is Audience.EVERYONE]
    assert {"/", "/wall", "/api/v1/states", "/api/v1/stream"} <= set(urls)
    for url in urls:
        (status, text), other = fetch_page(full.test_client(), url), fetch_page(empty.test_client(), url)
        assert (status, text.splitlines()) == (other[0], other[1].splitlines()), url


def test_a_closed_site_shows_that_it_is_closed_and_when_it_opens(settings: DashboardSettings) -> None:
    public = serve(night(30), settings).test_client()
    page = read(public, "/?lang=en")
    assert "Closed. Opens at 7:00" in page.replace("07:00", "7:00")
    assert "The local time is 02:00. What is free now is not shown while we are closed." in page
    summary = public.get("/api/v1/summary").json
    assert summary is not None
    assert summary.pop("age_s") < AGE_STEP_S
    assert summary == {
        "site": "spinneriet",
        "link": "live",
        "last_report": "02:00",
        "version": 0,
        "closed": True,
        "opens": [0, 0, "07:00"],
        "kinds": {},
        "zones": {},
        "people": None,
    }


def test_staff_sees_the_site_while_it_is_closed(settings: DashboardSettings) -> None:
    client = serve(night(30), settings).test_client()
    log_in(client)
    page = read(client, "/manage?lang=en")
    assert "30 people counted so far" in page
    assert "movement at desk-1-pir" in page
    assert client.get("/manage/frame", base_url="https://localhost").json["public"]["spaces"].startswith("oooo")


def test_frame_timing_reveals_nothing_of_a_closed_site() -> None:
    live = night(0)
    began_s = time.monotonic()
    with FrameReader(live.public) as reader:
        assert reader.wait_for_frame(0)
        sent = []
        for step in range(1, 140):
            now_s = began_s + step / 10
            receive_states(live, {"desk-1": build_state(Occupancy.OCCUPIED if step % 2 else Occupancy.VACANT)}, 0)
            live.tick(now_s)
            if reader.wait_for_frame(0):
                sent.append(step / 10)
    assert len(sent) == 2
    assert all(
        abs(found - wanted) < 0.2
        for found, wanted in zip(sent, (KEEP_ALIVE_FRAME_S, 2 * KEEP_ALIVE_FRAME_S), strict=True)
    )


def test_the_first_frame_of_the_morning_reveals_nothing_of_the_night() -> None:
    def opened(nightly: int) -> int:
        clock = [NIGHT_MS]
        live = night(0, lambda: clock[0])
        for step in range(nightly):
            receive_states(
                live, {"desk-1": build_state(Occupancy.OCCUPIED if step % 2 else Occupancy.VACANT)}, step % 2
            )
            live.tick(time.monotonic())
        clock[0] = MONDAY_10_MS
        live.tick(time.monotonic())
        return live.build_public_frame(time.monotonic()).version

    assert opened(40) == opened(0)


def test_an_open_page_gets_opening_and_closing_at_once() -> None:
    clock = [NIGHT_MS]
    live = night(0, lambda: clock[0])
    with FrameReader(live.public) as reader:
        assert b'"closed":true' in (reader.wait_for_frame(0) or b"")
        clock[0] = MONDAY_10_MS
        live.tick(time.monotonic())
        assert b'"closed":false' in (reader.wait_for_frame(0) or b"")
        clock[0] = NIGHT_MS
        live.tick(time.monotonic())
        assert b'"closed":true' in (reader.wait_for_frame(0) or b"")
