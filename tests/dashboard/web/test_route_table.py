"""The route table: every route, every role, every method, and what is logged."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from collector.history import tables
from dashboard.accounts.access_log import LoggedAction
from dashboard.accounts.accounts import Accounts
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.subscriber.subscriber import LiveView
from dashboard.text.page_texts import LANGUAGES, PageTexts
from dashboard.web import routes
from dashboard.web.problems import respond_accounts_away
from dashboard.web.routes import ROUTES, Audience, Route, RouteKind, RouteUndeclared
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.users import USER_NAME, VIEWER_NAME

HOME = "https://localhost"
READERS = ("nobody", "ended", "viewer", "manager")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE")


def enter(app: Flask, settings: DashboardSettings, reader: str) -> FlaskClient:
    client = app.test_client()
    if reader != "nobody":
        assert log_in(client, VIEWER_NAME if reader == "viewer" else USER_NAME).status_code == 303
    if reader == "ended":
        accounts = Accounts(settings.accounts_path)
        for session in accounts.sessions.list_sessions():
            accounts.sessions.end_session(session.id, session.name)
    return client


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest, app: Flask, settings: DashboardSettings) -> tuple[str, FlaskClient]:
    return request.param, enter(app, settings, request.param)


@pytest.fixture
def manager(app: Flask, settings: DashboardSettings) -> FlaskClient:
    return enter(app, settings, "manager")


def rules(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Yield each endpoint, its one method, and an address of it."""
    for rule in app.url_map.iter_rules():
        yield rule.endpoint, single_method(rule), address(rule)


def single_method(rule: Rule) -> str:
    (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
    return method


def address(rule: Rule) -> str:
    return re.sub(r"<(\w+:)?\w+>", lambda part: "1" if (part[1] or "").startswith("int") else "x", rule.rule)


def expected_refusal(route: Route, who: str) -> str:
    """Return the refusal that the table requires for a reader; empty if it is admitted."""
    if route.audience is Audience.EVERYONE:
        return ""
    if who in {"nobody", "ended"}:
        return "401" if route.kind is RouteKind.FEED else f"login {who}"
    return "403" if route.audience is Audience.MANAGER and who == "viewer" else ""


def fetch_refusal(client: FlaskClient, method: str, path: str, form: dict[str, str] | None = None) -> str:
    answer = client.open(path, method=method, base_url=HOME, data=form, headers={"Referer": f"{HOME}/manage"})
    status, onward = answer.status_code, answer.headers.get("Location", "")
    answer.close()
    if onward.startswith("/manage/login"):
        return "login ended" if "ended=1" in onward else "login nobody"
    return str(status) if status in {401, 403, 405, 500} else ""


def csrf(client: FlaskClient) -> str:
    page = client.get("/manage/login", base_url=HOME).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def test_each_reader_gets_from_each_route_what_the_table_allows(
    app: Flask, settings: DashboardSettings, reader: tuple[str, FlaskClient]
) -> None:
    who, client = reader
    kept = client.get_cookie("__Host-ledig")
    found, wanted = {}, {}
    for endpoint, method, path in rules(app):
        if endpoint in {"login.log_in", "login.log_out"}:
            continue  # open to everybody, and they change who is logged in
        if kept is not None:
            client.set_cookie("__Host-ledig", kept.value, secure=True)  # the redirect of an ended session deletes it
        form = {"csrf_token": csrf(client)} if method == "POST" else None
        found[endpoint] = fetch_refusal(client, method, path, form)
        wanted[endpoint] = expected_refusal(ROUTES[endpoint], who)
    assert found == wanted


def test_no_route_accepts_another_method(app: Flask, reader: tuple[str, FlaskClient]) -> None:
    _who, client = reader
    taken: dict[str, set[str]] = {}
    for _endpoint, method, path in rules(app):
        taken.setdefault(path, set()).add(method)
    for path, own in taken.items():
        for method in set(METHODS) - own:
            assert client.open(path, method=method, base_url=HOME).status_code == 405, (method, path)


def test_no_form_is_accepted_without_its_token(app: Flask, reader: tuple[str, FlaskClient]) -> None:
    _who, client = reader
    for endpoint, method, path in rules(app):
        if method == "POST":
            for form in ({}, {"csrf_token": "forged"}):
                answer = client.post(path, data=form, base_url=HOME, headers={"Referer": f"{HOME}/manage"})
                assert answer.status_code == 400, endpoint


def test_each_route_has_one_method(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert len((rule.methods or set()) - {"HEAD", "OPTIONS"}) == 1, rule.endpoint


def test_routes_with_changes_require_a_manager_and_are_logged(app: Flask) -> None:
    doors = {"login.log_in", "login.log_out"}
    labels = {"report.send", "round.start", "round.answer", "round.end"}  # nobody stores who found what
    for endpoint, method, _path in rules(app):
        if method == "POST" and endpoint not in doors | labels:
            assert (ROUTES[endpoint].logged_action, endpoint) == (LoggedAction.CHANGE, endpoint)


def test_an_undeclared_route_prevents_creating_the_application(app: Flask) -> None:
    app.view_functions.clear()
    app.add_url_rule("/new", endpoint="manage.new")
    with pytest.raises(RouteUndeclared, match=r"no row for manage\.new; state who may open it"):
        routes.install_access_control(app, respond_accounts_away)


def test_a_row_without_a_route_prevents_creating_the_application() -> None:
    with pytest.raises(RouteUndeclared, match=r"manage\.gone is no endpoint"):
        routes.check_routes_declared(ROUTES.keys(), ROUTES | {"manage.gone": Route(Audience.VIEWER)})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_logged_or_linked_page_has_a_name(language: str) -> None:
    named = routes.get_page_names(PageTexts.load(language))
    for endpoint, route in ROUTES.items():
        if route.in_navigation or route.logged_action:
            assert named[route.logged_as or endpoint]


def test_a_view_is_logged_once_an_hour_with_account_and_span(
    app: Flask, settings: DashboardSettings, manager: FlaskClient
) -> None:
    for _ in range(3):
        manager.get("/manage/forecast?zone=quiet&days=7", base_url=HOME)
        manager.get("/manage", base_url=HOME)
        manager.get("/manage/frame", base_url=HOME)
        manager.get("/manage/stream", base_url=HOME).close()
    enter(app, settings, "viewer").get("/manage", base_url=HOME)
    seen = [
        (one.name, one.role, one.endpoint, one.span) for one in Accounts(settings.accounts_path).log.list_entries(9)
    ]
    assert seen[::-1] == [
        (USER_NAME, "manager", "manage.log_in", ""),
        (USER_NAME, "manager", "forecast.page", "zone=quiet kind=desk days=7"),
        (USER_NAME, "manager", "manage.live", ""),
        (VIEWER_NAME, "viewer", "manage.log_in", ""),
        (VIEWER_NAME, "viewer", "manage.live", ""),
    ]


def test_a_refused_or_failed_request_is_not_logged_as_a_view(
    app: Flask, settings: DashboardSettings, manager: FlaskClient
) -> None:
    manager.get("/api/v1/history?kind=sofa", base_url=HOME)
    viewer = enter(app, settings, "viewer")
    form = {"csrf_token": csrf(viewer), "device": "pi-1", "sensor": "x", "finding": "flapping", "answer": "ignore"}
    assert fetch_refusal(viewer, "POST", "/manage/findings", form) == "403"
    assert {one.endpoint for one in Accounts(settings.accounts_path).log.list_entries(9)} == {"manage.log_in"}


def test_a_page_keeps_a_session_alive_and_a_poll_does_not(
    settings: DashboardSettings, live: LiveView, accounts_template: bytes
) -> None:
    seconds = [1_764_000_000.0]
    app = create_app(settings, PLAN, live, Accounts(settings.accounts_path, lambda: seconds[0]))
    client = app.test_client()
    log_in(client)
    script = {"Sec-Fetch-Dest": "empty"}
    for path, headers, statuses in (
        ("/manage", {}, [200, 200, 200]),
        ("/manage/alerts", script, [200, 303, 303]),
        ("/manage/frame", {}, [401, 401, 401]),
    ):
        found = []
        for _ in range(3):
            seconds[0] += 20 * 60
            found.append(client.get(path, base_url=HOME, headers=headers).status_code)
        assert found == statuses
    assert (
        "ended=1" in client.get("/manage", base_url=HOME).headers["Location"]
    )  # shown to the person, not to the script


def test_an_ended_session_is_announced_once_and_the_login_leads_back(app: Flask, settings: DashboardSettings) -> None:
    client = enter(app, settings, "ended")
    sent = client.get("/manage?days=7&lang=en", base_url=HOME)
    assert sent.headers["Location"] == "/manage/login?next=/manage?days%3D7%26lang%3Den&ended=1"
    assert "Your session has ended" in client.get(sent.headers["Location"] + "&lang=en", base_url=HOME).text
    assert "ended" not in client.get("/manage", base_url=HOME).headers["Location"]


NO_FIGURES = {
    "rules.page": "privacy rules",
    "today.page": "notice, opening hours and spaces out of use, as managers set them",
    "manage.chart_library": "a script",
    "codes.page": "the codes of spaces",
    "round.page": "which spaces to check, and nothing that is shown about them",
    "round.start": "a form",
    "round.answer": "a form; the log would show who found what",
    "round.end": "a form",
}
"""Pages that need a login but show no usage figures; opening them is not logged as a view."""


def test_every_page_with_figures_behind_the_login_is_logged() -> None:
    unlogged = {
        name
        for name, route in ROUTES.items()
        if route.audience is not Audience.EVERYONE and route.logged_action is None
    }
    assert unlogged == set(NO_FIGURES)


def test_a_download_is_logged_as_an_export_each_time(
    app: Flask, settings: DashboardSettings, manager: FlaskClient
) -> None:
    with closing(sqlite3.connect(settings.journal_path)) as db:
        tables.create_tables(db)
        db.commit()
    saved = set()
    for endpoint, method, path in rules(app):
        if method == "GET":
            with manager.get(path, base_url=HOME) as answer:
                saved |= {endpoint} if "attachment" in answer.headers.get("Content-Disposition", "") else set()
    exports = {endpoint for endpoint, route in ROUTES.items() if route.logged_action is LoggedAction.EXPORT}
    assert "use.export" in saved
    assert saved <= exports
    manager.get("/manage/export?last=7&zone=hall", base_url=HOME).close()
    found = [
        one for one in Accounts(settings.accounts_path).log.list_public_entries(9) if one.action is LoggedAction.EXPORT
    ]
    assert [(one.role, one.endpoint) for one in found] == [("manager", "use.export")] * 2
    assert "zone=hall" in found[0].span
