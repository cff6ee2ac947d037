"""The accounts page: what viewers and managers see and can do."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.accounts.access_log import LoggedAction
from dashboard.accounts.accounts import Accounts
from dashboard.accounts.roles import AccountRole, UserAccount
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.subscriber.subscriber import LiveView
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.users import PASSWORD, USER_NAME, VIEWER_NAME
from tests.support.servers import ROOT

HOME = "https://localhost"
PAGE = "/manage/accounts"
NEW = "tre blå fåglar sjunger"


@pytest.fixture
def accounts(settings: DashboardSettings) -> Accounts:
    return Accounts(settings.accounts_path)


def enter(app: Flask, name: str = USER_NAME) -> FlaskClient:
    client = app.test_client()
    assert log_in(client, name).status_code == 303
    return client


@pytest.fixture
def manager(app: Flask) -> FlaskClient:
    return enter(app)


def read(client: FlaskClient, language: str = "en") -> str:
    answer = client.get(f"{PAGE}?lang={language}", base_url=HOME)
    assert answer.status_code == 200
    return answer.text.split("<main")[1]


def send(client: FlaskClient, what: str, **form: str) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(PAGE, base_url=HOME).text)
    assert token
    headers = {"Referer": f"{HOME}{PAGE}"}
    return client.post(f"{PAGE}/{what}", data={**form, "csrf_token": token[1]}, base_url=HOME, headers=headers)


def test_a_viewer_sees_only_their_own_sessions(app: Flask, manager: FlaskClient) -> None:
    viewer = enter(app, VIEWER_NAME)
    page = read(viewer)
    assert f"{VIEWER_NAME} (this session)" in page
    assert USER_NAME not in page
    assert "Accounts that can log in" not in page
    assert "<select" not in page


def test_a_manager_sees_all_sessions_and_the_log_with_names(app: Flask, manager: FlaskClient) -> None:
    enter(app, VIEWER_NAME).get("/manage/forecast?days=7", base_url=HOME)
    page = read(manager)
    for text in (
        "anna (this session)",
        "vera: viewer",
        "Access log",
        "vera (viewer)",
        "All zones, desks, 7 days",
    ):
        assert text in page


def test_no_address_is_on_the_page(manager: FlaskClient) -> None:
    assert "127.0.0.1" not in read(manager)


def test_an_added_account_can_log_in(app: Flask, manager: FlaskClient, accounts: Accounts) -> None:
    answer = send(manager, "add", name="bo", password=NEW, role="viewer")
    assert answer.headers["Location"] == f"{PAGE}?done=added"
    assert UserAccount("bo", AccountRole.VIEWER) in accounts.list_accounts()
    assert log_in(app.test_client(), "bo", NEW).status_code == 303
    assert "Account added. It can log in now." in manager.get(f"{PAGE}?done=added&lang=en", base_url=HOME).text
    line = next(one for one in accounts.log.list_entries(9) if one.endpoint == "accounts.add")
    assert (line.name, line.action, line.span) == (USER_NAME, LoggedAction.CHANGE, "bo viewer")


@pytest.mark.parametrize(
    ("what", "form", "message"),
    [
        ("add", {"name": "Bo!", "password": NEW, "role": "viewer"}, "Ett namn börjar med a"),
        ("add", {"name": USER_NAME, "password": NEW, "role": "viewer"}, "redan ett konto med det namnet"),
        ("add", {"name": "bo", "password": "kort", "role": "viewer"}, "128 tecken, får inte"),
        ("password", {"name": VIEWER_NAME, "password": "vera är här nu"}, "får inte innehålla namnet"),
        ("role", {"name": USER_NAME, "role": "viewer"}, "minst en administratör"),
        ("lock", {"name": USER_NAME}, "minst en administratör"),
        ("lock", {"name": "nobody"}, "kontot finns inte"),
    ],
)
def test_an_invalid_change_is_explained_and_changes_nothing(
    manager: FlaskClient, accounts: Accounts, what: str, form: dict[str, str], message: str
) -> None:
    manager.set_cookie("lang", "sv")
    before = accounts.list_accounts()
    answer = send(manager, what, **form)
    assert answer.status_code == 400
    assert message in answer.text
    assert accounts.list_accounts() == before
    assert all(one.endpoint != f"accounts.{what}" for one in accounts.log.list_entries(9))


def test_an_unknown_role_changes_nothing(manager: FlaskClient, accounts: Accounts) -> None:
    assert send(manager, "role", name=VIEWER_NAME, role="king").status_code == 400
    assert UserAccount(VIEWER_NAME, AccountRole.VIEWER) in accounts.list_accounts()


def test_a_role_a_lock_and_a_password_are_changed(app: Flask, manager: FlaskClient, accounts: Accounts) -> None:
    viewer = enter(app, VIEWER_NAME)
    assert send(manager, "role", name=VIEWER_NAME, role="manager").status_code == 303
    assert "Accounts that can log in" in read(viewer)
    assert send(manager, "lock", name=VIEWER_NAME).status_code == 303
    assert viewer.get("/manage", base_url=HOME).headers["Location"].endswith("&ended=1")
    assert log_in(app.test_client(), VIEWER_NAME).status_code == 401
    assert send(manager, "unlock", name=VIEWER_NAME).status_code == 303
    assert send(manager, "password", name=VIEWER_NAME, password=NEW).status_code == 303
    assert log_in(app.test_client(), VIEWER_NAME, PASSWORD).status_code == 401
    assert log_in(app.test_client(), VIEWER_NAME, NEW).status_code == 303


def test_a_manager_ends_anybody_s_session_and_a_viewer_only_their_own(
    app: Flask, manager: FlaskClient, accounts: Accounts
) -> None:
    viewer, elsewhere = enter(app, VIEWER_NAME), enter(app, VIEWER_NAME)
    managers = next(one for one in accounts.sessions.list_sessions() if one.name == USER_NAME)
    assert send(viewer, "end", name=USER_NAME, session=managers.id).status_code == 403
    assert send(viewer, "end-own", name=USER_NAME, session=managers.id).status_code == 303
    assert read(manager)
    newest, first = (one for one in accounts.sessions.list_sessions() if one.name == VIEWER_NAME)
    assert send(viewer, "end-own", session=newest.id).status_code == 303
    assert elsewhere.get("/manage", base_url=HOME).status_code == 303
    assert send(manager, "end", name=VIEWER_NAME, session=first.id).status_code == 303
    assert viewer.get("/manage", base_url=HOME).status_code == 303


@pytest.mark.parametrize(
    ("host", "hosts", "line"),
    [
        ("127.0.0.1", (), "ssh -L 8000:127.0.0.1:8000 ledig.local"),
        ("192.168.1.5", (), "ssh -L 8000:192.168.1.5:8000 ledig.local"),
        ("::1", (), "ssh -L 8000:[::1]:8000 ledig.local"),
        ("0.0.0.0", (), "ssh -L 8000:localhost:8000 ledig.local"),  # noqa: S104 - a setting
        ("::", (), "ssh -L 8000:localhost:8000 ledig.local"),
        ("127.0.0.1", ("ledig.local",), None),
        ("127.0.0.1", ("ledig.local", "localhost"), "ssh -L"),
    ],
)
def test_login_over_plain_http_from_another_machine_explains_what_to_do(
    settings: DashboardSettings, live: LiveView, host: str, hosts: tuple[str, ...], line: str | None
) -> None:
    there = replace(settings, host=host, port=8000, hosts=hosts)
    pages = create_app(there, PLAN, live, Accounts(there.accounts_path)).test_client()
    for language, phrase in (("en", "requires HTTPS"), ("sv", "kräver HTTPS")):
        text = pages.get(f"/manage/login?lang={language}", base_url="http://ledig.local:8000").text
        assert phrase in text
        assert "HTTPS and the first login" in text
        assert 'name="password"' not in text
        assert ("ssh" in text) == (line is not None)
        if line is not None:
            assert line in text
            assert 'href="http://localhost:8000/manage/login"' in text
            assert 'name="password"' in pages.get("/manage/login", base_url="http://localhost:8000").text


def test_operation_document_has_the_section_named_on_the_login_page() -> None:
    assert "HTTPS and the first login" in (ROOT / "docs" / "operation.md").read_text()
