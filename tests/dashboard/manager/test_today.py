"""The page of today: what it sends to the collector, what it refuses, and what every page shows of an adjustment."""

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from collector.adjustments import (
    AdjustCommand,
    Adjustments,
    SetHours,
    SetNotice,
    SetOutOfUse,
    decode_command,
    encode,
)
from dashboard.accounts import Accounts
from dashboard.live.following import Live
from dashboard.live.picture import Message
from dashboard.settings import DashboardSettings
from edge import topics
from tests.dashboard.conftest import NAME, VIEWER
from tests.dashboard.house import PLAN
from tests.dashboard.test_routes import log_in

HOME = "https://localhost"


@pytest.fixture
def manager(app: Flask) -> FlaskClient:
    client = app.test_client()
    assert log_in(client).status_code == 303
    return client


def adjust(live: Live, adjustments: Adjustments) -> None:
    live.inbox.append(Message(topics.adjustments(PLAN.id), encode(adjustments), retained=True))
    live.tick(time.monotonic())


def ask(client: FlaskClient, form: str, **fields: str):
    page = client.get("/manage/today", base_url=HOME).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    headers = {"Referer": f"{HOME}/manage/today"}
    return client.post(f"/manage/today/{form}", data={"csrf_token": token, **fields}, base_url=HOME, headers=headers)


@pytest.mark.parametrize(
    ("form", "fields", "command"),
    [
        ("notice", {"notice": "Fika at three"}, SetNotice("Fika at three")),
        ("notice", {"notice": ""}, SetNotice("")),
        ("hours", {"how": "hours", "hours": "09:00-15:00"}, SetHours("2025-11-24", ["09:00-15:00"])),
        (
            "hours",
            {"date": "2025-12-24", "how": "hours", "hours": "9:00-15:00".replace("9", "09", 1) + ", 18.00–02.00"},  # noqa: RUF001
            SetHours("2025-12-24", ["09:00-15:00", "18:00-02:00"]),
        ),
        ("hours", {"date": "2025-12-24", "how": "closed"}, SetHours("2025-12-24", [])),
        ("hours", {"date": "2025-12-24", "how": "usual"}, SetHours("2025-12-24", None)),
        ("space", {"space": "desk-1", "out_of_use": "1"}, SetOutOfUse("desk-1", out_of_use=True)),
        ("space", {"space": "desk-1", "out_of_use": "0"}, SetOutOfUse("desk-1", out_of_use=False)),
    ],
)
def test_a_form_becomes_a_request_to_the_collector_and_is_logged(  # noqa: PLR0917
    manager: FlaskClient,
    live: Live,
    settings: DashboardSettings,
    form: str,
    fields: dict[str, str],
    command: AdjustCommand,
) -> None:
    sent: list[tuple[str, bytes]] = []
    live.say = lambda topic, payload: sent.append((topic, payload)) is None
    answer = ask(manager, form, **fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/today?asked=1")
    ((topic, payload),) = sent
    assert (topic, decode_command(payload)) == (topics.adjustments_command(PLAN.id), command)
    last = Accounts(settings.accounts_path).log.entries(1)[0]
    assert (last.name, last.what.partition(".")[0]) == (NAME, "today")


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("hours", {"how": "hours", "hours": "from nine to five"}),
        ("hours", {"how": "hours", "hours": ""}),
        ("hours", {"how": "hours", "date": "2024-01-01", "hours": "09:00-15:00"}),
        ("hours", {"how": "closed", "date": "soon"}),
        ("space", {"space": "sofa", "out_of_use": "1"}),
    ],
)
def test_a_form_that_cannot_be_used_sends_nothing_and_explains(
    manager: FlaskClient, live: Live, form: str, fields: dict[str, str]
) -> None:
    sent: list[str] = []
    live.say = lambda topic, _payload: sent.append(topic) is None
    assert ask(manager, form, **fields).status_code == 400
    assert sent == []


def test_a_viewer_reads_the_page_and_changes_nothing(app: Flask) -> None:
    client = app.test_client()
    assert log_in(client, VIEWER).status_code == 303
    page = client.get("/manage/today", base_url=HOME)
    assert page.status_code == 200
    assert 'action="/manage/today/' not in page.text
    assert ask(client, "notice", notice="x").status_code in {400, 403}


def test_every_page_uses_what_is_adjusted(app: Flask, live: Live) -> None:
    public = app.test_client()
    before = public.get("/api/v1/frame").json
    adjust(live, Adjustments(notice="Fika <b>at</b> three", out_of_use=["desk-1"]))
    page = public.get("/?lang=en").text
    assert "Fika &lt;b&gt;at&lt;/b&gt; three" in page
    after = public.get("/api/v1/frame").json
    assert after["plan"] != before["plan"], "an open page loads itself anew"
    adjust(live, Adjustments(hours={"2025-11-24": []}))
    assert public.get("/api/v1/summary").json["closed"] is True
    adjust(live, Adjustments())
    assert public.get("/api/v1/frame").json["plan"] == before["plan"]
    assert public.get("/api/v1/summary").json["closed"] is False
