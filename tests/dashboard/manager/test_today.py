"""The today page: commands it sends to the collector, rejected forms, and adjustments as shown on every page."""

import re
import time
from dataclasses import replace
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from collector.contract.forecasts import Forecast, HourOutlook, Outlook
from collector.contract.forecasts import encode as encode_forecast
from collector.contract.states import Because, CollectorStatus, Occupancy, Reason, SpaceHealth, SpaceState
from collector.contract.states import encode as encode_status
from collector.site.adjustments import (
    MAX_NOTICE_CHARS,
    AdjustmentCommand,
    Adjustments,
    SetHours,
    SetNotice,
    SetOutOfUse,
    apply_command,
    decode_command,
    encode,
)
from collector.site.calendar import to_local_time
from collector.site.opening_spans import read_hours
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceKind
from dashboard.accounts.accounts import Accounts
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.live.snapshot import BrokerConnection, BrokerMessage
from dashboard.subscriber.subscriber import LiveView
from edge.contract import topics
from tests.support.dashboard.commands import CommandConnection
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.users import USER_NAME, VIEWER_NAME

HOME = "https://localhost"


@pytest.fixture
def manager(app: Flask) -> FlaskClient:
    client = app.test_client()
    assert log_in(client).status_code == 303
    return client


def publish_adjustments(live: LiveView, adjustments: Adjustments) -> None:
    live.inbox.append(BrokerMessage(topics.ADJUSTMENTS.topic(PLAN.id), encode(adjustments), retained=True))
    live.tick(time.monotonic())


class ImmediateCollector:
    """Applies each command at once; the real collector does so within a moment."""

    def __init__(self, live: LiveView, connection: CommandConnection) -> None:
        self.commands: list[tuple[str, bytes]] = []
        self._live = live
        connection.connect(self._apply)

    def _apply(self, topic: str, payload: bytes) -> None:
        self.commands.append((topic, payload))
        picture = self._live.snapshot
        day = to_local_time(picture.plan, self._live.now_ms()).date()
        publish_adjustments(self._live, apply_command(picture.adjustments, decode_command(payload), picture.plan, day))
        return True


def stop_collector(live: LiveView) -> None:
    """Publish that the collector is offline."""
    live.inbox.append(
        BrokerMessage(
            topics.COLLECTOR_STATUS.topic(PLAN.id), encode_status(CollectorStatus(online=False)), retained=False
        )
    )
    live.tick(time.monotonic())


def read_field(page: str, name: str) -> str:
    """Return the value of a field of the page."""
    found = re.search(rf'<input[^>]* name="{name}"[^>]* value="([^"]*)"', page)
    assert found is not None, name
    return unescape(found[1])


def send_form(client: FlaskClient, form: str, lang: str = "sv", **fields: str):
    """Open the page, change these fields of a form and send it."""
    page = client.get("/manage/today", base_url=HOME).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    shown = {"shown": read_field(page, "shown")} if form == "notice" and 'name="shown"' in page else {}
    headers = {"Referer": f"{HOME}/manage/today"}
    data = {"csrf_token": token, **shown, **fields}
    return client.post(f"/manage/today/{form}?lang={lang}", data=data, base_url=HOME, headers=headers)


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
def test_form_sends_a_command_to_the_collector_and_is_logged(  # noqa: PLR0917
    manager: FlaskClient,
    live: LiveView,
    commands: CommandConnection,
    settings: DashboardSettings,
    form: str,
    fields: dict[str, str],
    command: AdjustmentCommand,
) -> None:
    collector = ImmediateCollector(live, commands)
    answer = send_form(manager, form, **fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/today?saved=1")
    ((topic, payload),) = collector.commands
    assert (topic, decode_command(payload)) == (topics.ADJUSTMENT_COMMAND.topic(PLAN.id), command)
    last = Accounts(settings.accounts_path).log.list_entries(1)[0]
    assert (last.name, last.endpoint.partition(".")[0]) == (USER_NAME, "today")


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("hours", {"how": "hours", "hours": "from nine to five"}),
        ("hours", {"how": "hours", "hours": ""}),
        ("hours", {"how": "hours", "date": "2024-01-01", "hours": "09:00-15:00"}),
        ("hours", {"how": "closed", "date": "soon"}),
        ("space", {"space": "sofa", "out_of_use": "1"}),
        ("space", {"out_of_use": "1"}),
        ("space", {"space": "desk-24", "out_of_use": "1"}),  # dedicated
        ("space", {"space": "beans", "out_of_use": "1"}),  # a supply
        ("notice", {"notice": "x" * (MAX_NOTICE_CHARS + 1)}),
        ("notice", {"notice": "a\u202eb"}),
        ("notice", {"notice": "\u200d"}),
        ("notice", {"notice": "e" + "\u0301" * 40}),
    ],
)
def test_invalid_form_sends_nothing_and_shows_an_error(
    manager: FlaskClient, commands: CommandConnection, form: str, fields: dict[str, str]
) -> None:
    sent = commands.record()
    answer = send_form(manager, form, **fields)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert sent == []
    for name in ("notice", "hours"):
        assert read_field(answer.text, name) == fields.get(name, read_field(answer.text, name)), "typed values are kept"


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("notice", {"notice": "Fika at three"}),
        ("hours", {"how": "hours", "hours": "09:00-15:00"}),
        ("space", {"space": "desk-1", "out_of_use": "1"}),
    ],
)
def test_unconfirmed_change_is_not_shown_as_saved(
    manager: FlaskClient, live: LiveView, commands: CommandConnection, form: str, fields: dict[str, str]
) -> None:
    sent = commands.record()
    unconfirmed = send_form(manager, form, lang="en", **fields)
    assert (unconfirmed.status_code, len(sent)) == (503, 1)
    assert "has not confirmed the change" in unconfirmed.text
    stop_collector(live)
    away = send_form(manager, form, lang="en", **fields)
    assert (away.status_code, len(sent)) == (503, 1), "nothing is sent while the collector is offline"
    assert "changes cannot be saved" in away.text
    assert "changes cannot be saved" in manager.get("/manage/today?lang=en", base_url=HOME).text
    for answer in (unconfirmed, away):
        for name in ("notice", "hours"):
            assert read_field(answer.text, name) == fields.get(name, read_field(answer.text, name))


@pytest.mark.parametrize("is_manager", [False, True], ids=["visitor", "manager"])
def test_notice_is_once_on_every_page(app: Flask, live: LiveView, is_manager: bool) -> None:
    publish_adjustments(live, Adjustments(notice="The water is off"))
    client = app.test_client()
    if is_manager:
        log_in(client)
    pages = [
        path
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or set()) and not rule.arguments
        for path in (rule.rule,)
        if not path.endswith(("stream", "export"))  # one never ends, one is a file
        and (answer := client.get(path, base_url=HOME)).status_code == 200
        and answer.mimetype == "text/html"
        and answer.text.count('<p class="notice" dir="auto">The water is off</p>') != 1
    ]
    assert pages == []


def test_notice_changed_by_somebody_else_is_not_overwritten(
    manager: FlaskClient, live: LiveView, commands: CommandConnection
) -> None:
    collector = ImmediateCollector(live, commands)
    publish_adjustments(live, Adjustments(notice="The water is off"))
    stale = send_form(manager, "notice", lang="en", shown="", notice="Fika at three")
    assert stale.status_code == 409
    assert "It is now: “The water is off”" in stale.text
    assert collector.commands == []
    assert (read_field(stale.text, "notice"), read_field(stale.text, "shown")) == ("Fika at three", "The water is off")
    assert send_form(manager, "notice", shown="The water is off", notice="Fika at three").status_code == 303
    assert live.snapshot.adjustments.notice == "Fika at three"
    assert send_form(manager, "notice", shown="", notice="Fika at three").status_code == 303, "both wrote the same"


def test_hours_of_the_previous_evening_can_be_changed_after_midnight(
    settings: DashboardSettings, commands: CommandConnection
) -> None:
    evening = {weekday: read_hours(["18:00-02:00"]) for weekday in range(7)}
    half_past_midnight_ms = MONDAY_10_MS - int(9.5 * 3_600_000)
    night = LiveView(replace(PLAN, opening_hours=evening), lambda: half_past_midnight_ms, publish=commands.publish)
    night.inbox.extend([BrokerConnection.CONNECTED])
    night.inbox.append(
        BrokerMessage(
            topics.COLLECTOR_STATUS.topic(PLAN.id), encode_status(CollectorStatus(online=True)), retained=False
        )
    )
    night.tick(time.monotonic())
    collector = ImmediateCollector(night, commands)
    client = create_app(settings, night.snapshot.plan, night, Accounts(settings.accounts_path)).test_client()
    assert log_in(client).status_code == 303
    page = client.get("/manage/today", base_url=HOME).text
    assert (read_field(page, "date"), read_field(page, "hours")) == ("2025-11-23", "18:00-02:00")
    assert not night.build_public_frame(time.monotonic()).closed
    assert send_form(client, "hours", date="2025-11-23", how="closed").status_code == 303
    assert night.build_public_frame(time.monotonic()).closed
    assert send_form(client, "hours", date="2025-11-23", how="usual").status_code == 303, "a wrong click can be undone"
    assert not night.build_public_frame(time.monotonic()).closed
    assert len(collector.commands) == 2


def test_viewer_can_read_but_not_change(app: Flask) -> None:
    client = app.test_client()
    assert log_in(client, VIEWER_NAME).status_code == 303
    page = client.get("/manage/today", base_url=HOME)
    assert page.status_code == 200
    assert 'action="/manage/today/' not in page.text
    for form, fields in {
        "notice": {"notice": "x"},
        "hours": {"how": "closed"},
        "space": {"space": "desk-1", "out_of_use": "1"},
    }.items():
        assert send_form(client, form, **fields).status_code == 403


def test_every_page_applies_the_adjustments(app: Flask, live: LiveView) -> None:
    public = app.test_client()
    before = public.get("/api/v1/frame").json
    publish_adjustments(live, Adjustments(notice="Fika <b>at</b> three", out_of_use=["desk-1"]))
    page = public.get("/?lang=en").text
    assert "Fika &lt;b&gt;at&lt;/b&gt; three" in page
    after = public.get("/api/v1/frame").json
    assert after["plan"] != before["plan"], "an open page reloads itself"
    marks = {public.get("/api/v1/frame").json["plan"]}
    for parts in ({"out_of_use": ["desk-1"]}, {"out_of_use": ["desk-2"]}, {"hours": {"2025-11-24": ["08:00-12:00"]}}):
        publish_adjustments(live, Adjustments(**parts))
        marks.add(public.get("/api/v1/frame").json["plan"])
    assert len(marks) == 4, "the closing time, the legend and the forecast of an open page come from the server"
    assert public.get("/api/v1/summary").json["closed"] is False
    publish_adjustments(live, Adjustments(hours={"2025-11-24": []}))
    assert public.get("/api/v1/summary").json["closed"] is True
    publish_adjustments(live, Adjustments())
    assert public.get("/api/v1/frame").json["plan"] == before["plan"]
    assert public.get("/api/v1/summary").json["closed"] is False


def test_spaces_out_of_use_are_left_out_of_the_forecast_of_today(live: LiveView) -> None:
    hour = HourOutlook(1, 12.0, tuple(float(n) for n in range(4, 13)), 0.9)
    outlook = Outlook(at_ms=MONDAY_10_MS, capacity=20, days=30, hours=(hour,))
    for zone in (WHOLE_SITE, "hall", "quiet"):
        forecast = encode_forecast(Forecast(kinds={SpaceKind.DESK: outlook, SpaceKind.BOOTH: outlook}))
        live.inbox.append(BrokerMessage(topics.FORECAST.topic(PLAN.id, zone), forecast, retained=True))
    publish_adjustments(live, Adjustments(out_of_use=["desk-1", "desk-2"]))

    def most(zone: str, kind: SpaceKind) -> float:
        found = live.snapshot.get_outlook(zone, kind, MONDAY_10_MS)
        assert found is not None
        return found.hours[0].deciles[-1]

    assert {(zone, most(zone, SpaceKind.DESK)) for zone in (WHOLE_SITE, "hall", "quiet")} == {
        (WHOLE_SITE, 10),
        ("hall", 10),
        ("quiet", 12),
    }
    assert most(WHOLE_SITE, SpaceKind.BOOTH) == 12


def test_kind_entirely_out_of_use_is_not_shown_as_zero_of_zero(app: Flask, live: LiveView) -> None:
    out = SpaceState(Occupancy.DISABLED, 0, Because(Reason.DISABLED), SpaceHealth.HEALTHY, 0)
    for space in ("booth-1", "booth-2"):
        live.inbox.append(BrokerMessage(topics.SPACE_STATE.topic(PLAN.id, space), encode_status(out), retained=False))
    publish_adjustments(live, Adjustments(out_of_use=["booth-1", "booth-2"]))
    page = app.test_client().get("/?lang=en").text
    row = re.search(r'data-count="booth">([^<]*)<', page)
    assert row is not None
    assert row[1] == "out of use"
    desks = [space.id for space in PLAN.spaces if space.is_offered and space.kind is SpaceKind.DESK]
    for space in desks:
        live.inbox.append(BrokerMessage(topics.SPACE_STATE.topic(PLAN.id, space), encode_status(out), retained=False))
    live.tick(time.monotonic())
    page = app.test_client().get("/?lang=en").text
    assert "0 of 0" not in page
    answer = page.partition('id="of">')[2].partition("<")[0]
    assert answer == "of 2 rooms free", "a kind that is in use comes first"


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("hours", {"how": "nope", "hours": "09:00-15:00"}),
        ("space", {"space": "desk-01", "out_of_use": "zzz"}),
    ],
)
def test_choice_that_no_form_offers_is_rejected(
    manager: FlaskClient, commands: CommandConnection, form: str, fields: dict[str, str]
) -> None:
    sent = commands.record()
    assert send_form(manager, form, **fields).status_code == 400
    assert sent == []
