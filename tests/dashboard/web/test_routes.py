"""Every route, for every reader: permissions, headers, and plain error pages."""

import json
import re
import time
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from collector.contract.states import CollectorStatus, PeopleCount, Summary, encode
from dashboard.accounts.accounts import Accounts
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.feeds.api import AGE_STEP_S
from dashboard.live.snapshot import BrokerConnection, BrokerMessage
from dashboard.subscriber.subscriber import LiveView
from edge.contract import topics
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.users import USER_NAME


@pytest.fixture
def public(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def manager(app: Flask) -> FlaskClient:
    client = app.test_client()
    assert log_in(client).status_code == 303
    return client


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/states", "/manage/login", "/nothing", "/static/board.css"])
def test_every_page_has_security_headers(public: FlaskClient, path: str) -> None:
    with public.get(path, base_url="https://localhost") as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"] == "max-age=31536000", "subdomains may belong to others"


def test_private_pages_are_not_stored(manager: FlaskClient) -> None:
    for path in ("/manage", "/manage/login", "/manage/frame", "/api/v1/history"):
        assert manager.get(path, base_url="https://localhost").headers["Cache-Control"] == "no-store"


def test_the_public_page_uses_no_session(public: FlaskClient) -> None:
    assert "Set-Cookie" not in public.get("/").headers


def test_the_session_cookie_is_limited_to_this_host(app: Flask) -> None:
    answer = log_in(app.test_client())
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-ledig="))
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_the_form_cookie_is_limited_to_this_host_and_changes_on_login(app: Flask) -> None:
    client = app.test_client()
    before = client.get("/manage/login", base_url="https://localhost")
    cookie = next(c for c in before.headers.getlist("Set-Cookie") if c.startswith("__Host-ledig-form="))
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    token = re.search(r'name="csrf_token" value="([^"]+)"', before.text)
    assert token
    log_in(client)
    headers = {"Referer": "https://localhost/manage"}
    form = {"csrf_token": token[1]}
    assert client.post("/manage/logout", data=form, base_url="https://localhost", headers=headers).status_code == 400


def test_logging_out_ends_the_session_on_the_server_too(app: Flask) -> None:
    client = app.test_client()
    log_in(client)
    cookie = client.get_cookie("__Host-ledig")
    assert cookie is not None
    page = client.get("/manage", base_url="https://localhost").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    headers = {"Referer": "https://localhost/manage"}
    answer = client.post("/manage/logout", data={"csrf_token": token[1]}, base_url="https://localhost", headers=headers)
    assert answer.status_code == 303
    client.set_cookie("__Host-ledig", cookie.value)
    assert client.get("/manage", base_url="https://localhost").status_code == 303


def test_a_login_redirects_only_to_our_own_pages(app: Flask) -> None:
    assert log_in(app.test_client(), onward="/manage?days=7").headers["Location"] == "/manage?days=7"
    for elsewhere in ("https://evil.example/", "//evil.example", "/managers", "/manage/\r\nX: y", ""):
        assert log_in(app.test_client(), onward=elsewhere).headers["Location"] == "/manage"


def test_a_wrong_login_gets_the_same_answer_for_any_name_and_is_blocked_after_ten(app: Flask) -> None:
    client = app.test_client()
    answers = [log_in(client, name, "wrong") for name in [USER_NAME, "nobody"] * 5]
    assert {answer.status_code for answer in answers} == {401}
    strip = re.compile(r'value="[^"]*"')
    assert len({strip.sub("", answer.text) for answer in answers}) == 1
    refused = log_in(client)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")


def test_each_login_and_refusal_is_one_log_line_without_the_input(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "dashboard.account_pages")
    log_in(app.test_client())
    log_in(app.test_client(), USER_NAME, "a secret phrase")
    log_in(app.test_client(), "a secret phrase", "")  # typed into the wrong field
    log_in(app.test_client(), "eve\nlogin as 'anna' from 192.0.2.1", "a secret phrase")
    assert caplog.messages == [
        "login as 'anna' from 127.0.0.1",
        "login as 'anna' from 127.0.0.1 refused",
        *["login as an unknown name from 127.0.0.1 refused"] * 2,
    ]


def test_a_remote_login_over_plain_http_explains_what_is_missing(public: FlaskClient) -> None:
    page = public.get("/manage/login?lang=en", base_url="http://ledig.example").text
    assert "requires HTTPS" in page
    assert "<form" not in page.split("<main")[1]
    assert "<form" in public.get("/manage/login", base_url="http://localhost:8000").text.split("<main")[1]


def test_the_page_works_without_history(manager: FlaskClient) -> None:
    assert manager.get("/manage", base_url="https://localhost").status_code == 200
    page = manager.get("/manage/forecast?lang=sv", base_url="https://localhost")
    assert page.status_code == 200
    assert "Historiken är inte tillgänglig just nu" in page.text


def test_the_manager_page_shows_reasons_and_the_public_page_none(public: FlaskClient, manager: FlaskClient) -> None:
    text = manager.get("/manage?lang=sv", base_url="https://localhost").text
    why = "rörelse vid desk-1-pir för 6 min sedan; ledigt kl. 10.04 om ingenting händer på 4 min"
    assert why in text
    shown = public.get("/?lang=sv").text
    assert "pir" not in shown
    assert "för 6 min sedan" not in shown


def test_a_dedicated_desk_has_an_outline_and_no_state(public: FlaskClient) -> None:
    page = public.get("/?lang=sv").text
    assert "Skrivbord 24: fast plats" in page
    assert 'data-name="Skrivbord 24"' not in page


@pytest.mark.parametrize(
    ("asked", "accepts", "cookie", "language"),
    [
        ("", "", "", "sv"),
        ("", "en-GB,en;q=0.9", "", "en"),
        ("", "de,sv;q=0.5", "", "sv"),
        ("", "fr", "", "sv"),
        ("", "en", "sv", "sv"),
        ("en", "sv", "sv", "en"),
        ("xx", "en", "yy", "en"),
    ],
)
def test_the_language_is_taken_from_url_then_cookie_then_header(
    public: FlaskClient, asked: str, accepts: str, cookie: str, language: str
) -> None:
    if cookie:
        public.set_cookie("lang", cookie)
    answer = public.get(f"/?lang={asked}" if asked else "/", headers={"Accept-Language": accepts})
    assert f'<html lang="{language}">' in answer.text
    assert ("lang=en" in answer.headers.get("Set-Cookie", "")) is (asked == "en")
    assert "Accept-Language" in answer.headers["Vary"]


def test_the_language_link_keeps_the_query(public: FlaskClient) -> None:
    page = public.get("/sensing?from=2025-11-01&from=%22%3E&lang=sv").text
    assert '<a href="?from=2025-11-01&amp;from=%22%3E&amp;lang=en" lang="en"' in page


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/.git/HEAD", 404), ("/console", 404)])
def test_a_missing_page_has_an_error_page_in_both_languages(public: FlaskClient, path: str, status: int) -> None:
    answer = public.get(f"{path}?lang=sv")
    assert answer.status_code == status
    assert "Sidan finns inte" in answer.text
    assert "Page not found" in public.get(f"{path}?lang=en").text


def test_other_methods_are_refused(public: FlaskClient) -> None:
    assert public.open("/", method="TRACE").status_code == 405
    answer = public.post("/api/v1/states")
    assert answer.status_code in {400, 405}
    assert answer.is_json


def test_a_large_form_is_refused(public: FlaskClient) -> None:
    assert public.post("/manage/login", data={"name": "x" * 20_000}).status_code == 413


def test_a_form_without_a_token_is_logged_with_its_address(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    with caplog.at_level("INFO"):
        app.test_client().post("/manage/login", data={"name": "anna"})
    assert caplog.messages == ["POST /manage/login refused: the form has no CSRF token"]


def test_an_internal_error_reveals_no_details(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> str:
        raise ValueError("the inside")

    app.view_functions |= {"pages.home": broken, "api.states": broken}
    for path in ("/", "/api/v1/states"):
        answer = app.test_client().get(path)
        assert answer.status_code == 500
        assert "inside" not in answer.text
        assert "Traceback" not in answer.text
    assert "the inside" in caplog.text


def test_other_host_names_are_refused_when_the_settings_list_hosts(settings: DashboardSettings, live: LiveView) -> None:
    own = create_app(replace(settings, hosts=("ledig.example",)), PLAN, live, Accounts(settings.accounts_path))
    assert own.test_client().get("/", base_url="http://ledig.example").status_code == 200
    assert own.test_client().get("/", base_url="http://evil.example").status_code == 400


@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "198.51.100.9")])
def test_forwarded_addresses_are_trusted_for_the_configured_number_of_proxies(
    settings: DashboardSettings, live: LiveView, proxies: int, seen: str
) -> None:
    app = create_app(replace(settings, proxies=proxies), PLAN, live, Accounts(settings.accounts_path))
    taken: list[str] = []
    slots = app.extensions["ledig"].stream_slots
    forged = "203.0.113.5, 198.51.100.9"
    with app.test_client().get("/api/v1/stream", headers={"X-Forwarded-For": forged}) as stream:
        taken += slots._taken
        assert stream.status_code == 200
    assert taken == [seen]


def test_states_and_summary_are_objects_with_an_etag(public: FlaskClient, live: LiveView) -> None:
    states = public.get("/api/v1/states")
    assert states.json is not None
    assert states.json["site"] == "spinneriet"
    assert states.json["link"] == "live"
    by_id = {space["id"]: space for space in states.json["spaces"]}
    named = {"id": "desk-2", "name": "Skrivbord 2", "kind": "desk", "zone": "hall"}
    assert by_id["desk-2"] == named | {"state": "vacant", "health": "healthy", "age_s": states.json["age_s"]}
    assert states.json["age_s"] < AGE_STEP_S
    assert by_id["beans"]["level_pct"] == 62
    assert "desk-24" not in by_id
    again = public.get("/api/v1/states", headers={"If-None-Match": states.headers["ETag"]})
    assert again.status_code == 304
    live.inbox.append(BrokerMessage(topics.SPACE_STATE.topic(PLAN.id, "desk-2"), b"", retained=False))
    live.tick(time.monotonic())
    changed = public.get("/api/v1/states", headers={"If-None-Match": states.headers["ETag"]})
    assert changed.status_code == 200
    summary = public.get("/api/v1/summary").json
    assert summary is not None
    assert summary["kinds"]["desk"] == {"capacity": 28, "free_min": 5, "free_max": 8, "taken": 20}


@pytest.mark.parametrize("news", [BrokerConnection.DISCONNECTED, None])
def test_no_state_is_shown_while_collector_or_broker_is_away(
    public: FlaskClient, live: LiveView, news: BrokerConnection | None
) -> None:
    people = encode(Summary(0, {}, people=PeopleCount(6, 5, 8)))
    live.inbox.append(BrokerMessage(topics.SITE_SUMMARY.topic(PLAN.id), people, retained=True))
    live.tick(time.monotonic())
    assert public.get("/api/v1/summary").json["people"]["least"] == 5
    if news is not None:
        live.inbox.append(news)
    else:
        status = CollectorStatus(online=False, at_ms=0)
        live.inbox.append(BrokerMessage(topics.COLLECTOR_STATUS.topic(PLAN.id), encode(status), retained=False))
    live.tick(time.monotonic())
    states, summary = public.get("/api/v1/states").json, public.get("/api/v1/summary").json
    assert states["link"] == summary["link"] != "live"
    assert {(space["state"], space["health"]) for space in states["spaces"]} == {("unknown", "offline")}
    assert {space.get("level_pct") for space in states["spaces"]} == {None}
    assert summary["people"] is None
    for kinds in (summary["kinds"], *(zone["kinds"] for zone in summary["zones"].values())):
        assert {(count["free_min"], count["taken"]) for count in kinds.values()} <= {(0, 0)}
        assert all(count["free_max"] == count["capacity"] for count in kinds.values())
    assert {(zone["air"], zone["air_trend"]) for zone in summary["zones"].values()} == {(None, None)}
    frame = public.get("/api/v1/frame").json
    assert (frame["people"], frame["air"]) == (None, {})


def test_an_invalid_history_query_is_answered_with_place_problem_and_remedy(manager: FlaskClient) -> None:
    answer = manager.get("/api/v1/history?kind=sofa", base_url="https://localhost")
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert answer.json["detail"] == "kind: no 'sofa'; give one of desk, booth, room, equipment, supply"


def test_health_is_503_with_the_reason_when_the_link_is_lost(settings: DashboardSettings) -> None:
    app = create_app(settings, PLAN, LiveView(PLAN, lambda: 0), Accounts(settings.accounts_path))
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["link"] == "broker_away"


def test_streams_are_limited_and_health_answers_when_they_are_full(app: Flask) -> None:
    client = app.test_client()
    streams = [client.get("/api/v1/stream", environ_base={"REMOTE_ADDR": f"192.0.2.{number}"}) for number in range(10)]
    assert {stream.status_code for stream in streams} == {200}
    refused = client.get("/api/v1/stream")
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "30"
    health = client.get("/healthz")
    assert health.status_code == 200
    assert health.json is not None
    assert (health.json["streams"], health.json["max_streams"]) == (10, 10)
    streams.pop().close()
    with client.get("/api/v1/stream") as again:
        assert again.status_code == 200
    for stream in streams:
        stream.close()


def test_one_address_gets_at_most_half_of_the_streams(app: Flask) -> None:
    client = app.test_client()
    streams = [client.get("/api/v1/stream") for _ in range(6)]
    assert [stream.status_code for stream in streams] == [200] * 5 + [503]
    for stream in streams:
        stream.close()


def test_a_stream_starts_with_a_full_frame_and_disables_proxy_buffering(app: Flask) -> None:
    with app.test_client().get("/api/v1/stream") as stream:
        assert stream.headers["X-Accel-Buffering"] == "no"
        assert stream.headers["Cache-Control"] == "no-cache, no-transform"
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        body = iter(stream.response)
        assert next(body).startswith(b"retry:")
        frame = json.loads(next(body).removeprefix(b"data: "))
        assert len(frame["spaces"]) == 34
