"""Errors: a problem for a program, a page with a remedy for a person, and no internals."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.accounts.accounts import Accounts
from dashboard.accounts.login_limits import MAX_LOGIN_FAILURES
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.subscriber.subscriber import LiveView
from dashboard.web.problems import PROBLEM_MEDIA_TYPE
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.users import USER_NAME, VIEWER_NAME

HOME = "https://localhost"


@pytest.fixture
def public(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def manager(app: Flask) -> FlaskClient:
    client = app.test_client()
    log_in(client)
    return client


def as_problem(answer: TestResponse) -> dict[str, object]:
    assert answer.mimetype == PROBLEM_MEDIA_TYPE
    body = answer.json
    assert isinstance(body, dict)
    assert set(body) == {"type", "title", "status", "detail", "instance"}
    assert body["status"] == answer.status_code
    assert body["instance"] == answer.request.path
    return body


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/api/v1/nothing", 404, "Not Found"),
        ("GET", "/api/nothing", 404, "Not Found"),
        ("POST", "/api/v1/states", 405, "Method Not Allowed"),
        ("GET", "/api/v1/history", 401, "Unauthorized"),
        ("GET", "/manage/stream", 401, "Unauthorized"),
        ("GET", "/manage/frame", 401, "Unauthorized"),
        ("GET", "/api/v1/forecast?zone=cellar", 400, "Bad Request"),
        ("GET", "/api/v1/forecast?at=tomorrow", 400, "Bad Request"),
        ("GET", "/api/v1/forecast?at_least=-1", 400, "Bad Request"),
    ],
)
def test_a_program_gets_a_problem(public: FlaskClient, method: str, path: str, status: int, title: str) -> None:
    body = as_problem(public.open(path, method=method, base_url=HOME))
    assert (body["status"], body["title"]) == (status, title)


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "from=0&to=99999999999999",
        "from=yesterday",
        "measure=names",
        "space=desk-1&measure=space_hour",
        "space=nowhere&measure=space_hour",
        "member=anna",
    ],
)
def test_an_invalid_query_is_answered_with_the_remedy(manager: FlaskClient, query: str) -> None:
    body = as_problem(manager.get(f"/api/v1/history?{query}", base_url=HOME))
    assert (body["status"], body["type"]) == (400, "urn:ledig:problem:question")


def test_an_existing_and_a_missing_desk_get_the_same_refusal(manager: FlaskClient) -> None:
    details = set()
    for space in ("desk-1", "desk-24", "desk-99"):
        body = as_problem(manager.get(f"/api/v1/history?measure=space_hour&space={space}", base_url=HOME))
        details.add(str(body["detail"]).replace(space, "X"))
    assert len(details) == 1


def test_unavailable_history_is_a_temporary_problem(manager: FlaskClient) -> None:
    body = as_problem(manager.get("/api/v1/history", base_url=HOME))
    assert (body["status"], body["type"]) == (503, "urn:ledig:problem:history-away")


def test_a_wrong_method_is_answered_with_the_allowed_ones(public: FlaskClient) -> None:
    assert "GET" in public.post("/api/v1/states").headers["Allow"]


def test_too_many_streams_are_a_problem_with_retry_after(public: FlaskClient) -> None:
    streams = [public.get("/api/v1/stream") for _ in range(5)]  # half of the slots: the limit per address
    refused = public.get("/api/v1/stream")
    assert as_problem(refused)["type"] == "urn:ledig:problem:streams-full"
    assert refused.headers["Retry-After"] == "30"
    for stream in streams:
        stream.close()


@pytest.mark.parametrize(
    ("path", "status", "sv", "en"),
    [
        ("/nothing", 404, "Sidan finns inte", "Page not found"),
        ("/manage/nothing", 404, "Sidan finns inte", "Page not found"),
        ("/manage/logout", 405, "Det går inte att göra här.", "That action is not available here."),
    ],
)
def test_a_person_gets_an_error_page_in_both_languages(
    public: FlaskClient, path: str, status: int, sv: str, en: str
) -> None:
    for language, finding in (("sv", sv), ("en", en)):
        answer = public.get(f"{path}?lang={language}", base_url=HOME)
        assert (answer.status_code, answer.mimetype) == (status, "text/html")
        main = answer.text.split("<main")[1]
        assert finding in main
        assert 'href="/"' in main
        assert ("/manage" in main) is path.startswith("/manage")


def test_an_expired_or_forged_form_gets_a_page_with_the_remedy(public: FlaskClient) -> None:
    for form in ({}, {"csrf_token": "forged"}):
        answer = public.post("/manage/login?lang=en", data=form, base_url=HOME)
        assert answer.status_code == 400
        assert "The form has expired." in answer.text
        assert "Go back, reload the page and send the form again." in answer.text


def test_a_form_that_is_too_large_gets_an_error_page(public: FlaskClient) -> None:
    answer = public.post("/manage/login?lang=en", data={"name": "x" * 20_000})
    assert answer.status_code == 413
    assert "The request was too large." in answer.text


def test_a_viewer_who_tries_a_change_is_referred_to_a_manager(app: Flask) -> None:
    client = app.test_client()
    log_in(client, VIEWER_NAME)
    page = client.get("/manage/accounts", base_url=HOME).text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "name": VIEWER_NAME, "role": "manager"}
    headers = {"Referer": f"{HOME}/manage/accounts"}
    answer = client.post("/manage/accounts/role?lang=en", data=form, base_url=HOME, headers=headers)
    assert answer.status_code == 403
    assert "Ask a manager" in answer.text


def test_a_locked_account_and_a_wrong_password_get_the_same_answer(app: Flask, settings: DashboardSettings) -> None:
    client = app.test_client()
    wrong = log_in(client, VIEWER_NAME, "wrong")
    Accounts(settings.accounts_path).lock(VIEWER_NAME)
    locked = log_in(client, VIEWER_NAME)
    assert wrong.status_code == locked.status_code == 401
    assert wrong.text.split("<form")[0] == locked.text.split("<form")[0]
    assert "eller så är kontot låst" in locked.text


def test_too_many_login_failures_must_wait(app: Flask) -> None:
    client = app.test_client()
    for _ in range(MAX_LOGIN_FAILURES):
        log_in(client, "nobody", "wrong")
    answer = log_in(client)
    assert answer.status_code == 429
    assert "Vänta 15 minuter" in answer.text


def test_a_known_browser_can_log_in_however_often_others_guess(app: Flask) -> None:
    anna, other = app.test_client(), app.test_client()
    log_in(anna)
    for _ in range(MAX_LOGIN_FAILURES):
        log_in(other, USER_NAME, "wrong")
    assert log_in(other).status_code == 429
    assert log_in(anna).status_code == 303


def test_a_foreign_host_name_gets_both_languages_and_no_link(settings: DashboardSettings, live: LiveView) -> None:
    own = create_app(replace(settings, hosts=("ledig.example",)), PLAN, live, Accounts(settings.accounts_path))
    answer = own.test_client().get("/", base_url="http://evil.example")
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")
    assert "Servern svarar inte på det värdnamnet." in answer.text
    assert "This server does not answer to that host name." in answer.text
    assert "evil" not in answer.text
    assert as_problem(own.test_client().get("/api/v1/states", base_url="http://evil.example"))["status"] == 400


@pytest.mark.parametrize("path", ["/", "/manage", "/nothing", "/sensing/sign", "/api/v1/states"])
def test_an_invalid_host_is_refused_without_an_internal_error(public: FlaskClient, path: str) -> None:
    answer = public.get(path, base_url=HOME, environ_overrides={"HTTP_HOST": ".."})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/nothing", 404), ("/manage", 303), ("/manage/login", 200), ("/api/v1/forecast", 400)],
)
def test_invalid_bytes_in_a_url_cause_no_internal_error(public: FlaskClient, path: str, status: int) -> None:
    answer = public.get(path, base_url=HOME, environ_overrides={"QUERY_STRING": "zone=\xff\xed&lang=\xe5&next=\x80"})
    assert answer.status_code == status


def test_unescaped_characters_in_a_url_are_accepted(manager: FlaskClient) -> None:
    raw = "from=Å".encode().decode("latin-1")
    answer = manager.get("/manage/use", base_url=HOME, environ_overrides={"QUERY_STRING": raw})
    assert "Å" in answer.text
