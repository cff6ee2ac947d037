"""The growth page: valid and invalid queries, too little history, hidden sites, and the export."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from collector.site.spaces import SpaceKind, Tenure
from dashboard.accounts.accounts import Accounts
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.subscriber.subscriber import LiveView
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.stored_weeks import store_weeks
from tests.support.dashboard.users import VIEWER_NAME

HOME = "https://localhost"


@pytest.fixture
def viewer(app: Flask) -> FlaskClient:
    client = app.test_client()
    assert log_in(client, VIEWER_NAME).status_code == 303
    return client


def test_answer_comes_before_the_chart_and_the_table(viewer: FlaskClient, settings: DashboardSettings) -> None:
    store_weeks(settings, 6)
    page = viewer.get("/manage/growth?members=60&lang=en", base_url=HOME)
    assert page.status_code == 200
    places = [
        page.text.index(text)
        for text in ("With 10 more members", "5 more members: too busy in", 'id="chart"', "<tbody>")
    ]
    assert places == sorted(places)
    assert "Based on 30 days in 6 weeks." in page.text
    last = Accounts(settings.accounts_path).log.list_entries(1)[0]
    assert (last.name, last.endpoint, last.span) == (VIEWER_NAME, "growth.page", "members=60 floor=1")


def test_page_without_members_shows_only_the_form(viewer: FlaskClient, settings: DashboardSettings) -> None:
    store_weeks(settings, 6)
    page = viewer.get("/manage/growth?lang=sv", base_url=HOME)
    assert page.status_code == 200
    assert "Medlemmar som delar de 28 skrivborden" in page.text
    assert "<table" not in page.text


@pytest.mark.parametrize("weeks", [0, 3])
def test_less_than_four_weeks_of_history_show_a_message_and_no_figures(
    viewer: FlaskClient, settings: DashboardSettings, weeks: int
) -> None:
    store_weeks(settings, weeks)
    page = viewer.get("/manage/growth?members=60&lang=en", base_url=HOME)
    assert page.status_code == 200
    assert "4 weeks are needed in which nearly all desks report" in page.text
    assert "<table" not in page.text
    assert viewer.get("/manage/growth/export?members=60", base_url=HOME).status_code == 404


@pytest.mark.parametrize("query", ["members=many", "members=0", "members=60&floor=99", "members=60&floor=-1"])
def test_invalid_query_shows_the_form_with_an_error(viewer: FlaskClient, query: str) -> None:
    for path in ("/manage/growth", "/manage/growth/export"):
        page = viewer.get(f"{path}?{query}", base_url=HOME)
        assert page.status_code == 400
        assert 'role="alert"' in page.text
        assert "<form" in page.text


def test_unavailable_history_gives_503(viewer: FlaskClient) -> None:
    assert viewer.get("/manage/growth?members=60", base_url=HOME).status_code == 503


def test_export_is_csv_and_is_logged(viewer: FlaskClient, settings: DashboardSettings) -> None:
    store_weeks(settings, 6)
    file = viewer.get("/manage/growth/export?members=60&floor=2&lang=en", base_url=HOME)
    assert file.mimetype == "text/csv"
    lines = file.text.splitlines()
    assert lines[0].startswith('\ufeffHour,"Now, %"')
    assert len(lines) == 1 + 13
    last = Accounts(settings.accounts_path).log.list_entries(1)[0]
    assert (last.endpoint, last.action, last.span) == ("growth.export", "export", "members=60 floor=2")


def test_site_with_too_few_shared_desks_gets_no_estimate(settings: DashboardSettings) -> None:
    store_weeks(settings, 6)
    desks = [space for space in PLAN.spaces if space.kind is SpaceKind.DESK]
    few = desks[:4] + [replace(space, tenure=Tenure.DEDICATED) for space in desks[4:]]
    plan = replace(PLAN, spaces=tuple(few))
    app = create_app(settings, plan, LiveView(plan, lambda: MONDAY_10_MS), Accounts(settings.accounts_path))
    client = app.test_client()
    assert log_in(client).status_code == 303
    page = client.get("/manage/growth?members=60&lang=en", base_url=HOME)
    assert "too few shared desks for an answer" in page.text
    assert "<table" not in page.text
    assert client.get("/manage/growth/export?members=60", base_url=HOME).status_code == 403
