"""The alerts page: alerts with remedies, mutes that only managers can set, thresholds in force."""

import re
import time
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from collector.alerts.alert_kinds import get_hours
from collector.configuration.alert_settings import AlertSettings
from collector.contract.alerts import (
    AlertCommand,
    AlertKind,
    Alerts,
    Mute,
    MuteAction,
    decode_command,
    encode,
)
from dashboard.accounts.accounts import Accounts
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.live.snapshot import BrokerMessage
from dashboard.manager_rows import alert_rows
from dashboard.manager_rows.alert_rows import MAX_LINES
from dashboard.subscriber.subscriber import LiveView
from dashboard.text.page_texts import PageTexts
from edge.contract import topics
from edge.timekeeping.durations import HOUR_MS
from ledig.site.alerts_table import read_alerts
from ledig.site.table_reader import Faults, TableReader
from tests.support.dashboard.alert_messages import AIR_ALERT, ALERTS_MESSAGE, DEVICE_ALERT, build_alert
from tests.support.dashboard.commands import CommandConnection
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.users import USER_NAME, VIEWER_NAME

EN, SV = PageTexts.load("en"), PageTexts.load("sv")
HERE = "https://localhost"


def publish(live: LiveView, payload: bytes) -> None:
    live.inbox.append(BrokerMessage(topics.ALERTS.topic(PLAN.id), payload, retained=True))
    live.tick(time.monotonic())


def log_in_as(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    assert log_in(client, name).status_code == 303
    return client


@pytest.fixture
def manager(app: Flask) -> FlaskClient:
    return log_in_as(app, USER_NAME)


def read(client: FlaskClient, language: str = "en") -> str:
    answer = client.get(f"/manage/alerts?lang={language}", base_url=HERE)
    assert answer.status_code == 200
    return answer.text


def test_urgent_alerts_come_first_and_muted_ones_last() -> None:
    rows = alert_rows.build_open_rows(ALERTS_MESSAGE, PLAN, EN, MONDAY_10_MS)
    assert [(row.kind, row.urgency, row.muted) for row in rows] == [
        (AlertKind.OVER_CAPACITY, "now", ""),
        (AlertKind.DEVICE_SILENT, "today", ""),
        (AlertKind.CO2_HIGH, "today", "muted until 11:00"),
    ]


def test_row_states_problem_begin_and_remedy_in_both_languages() -> None:
    english, swedish = (alert_rows.build_open_rows(ALERTS_MESSAGE, PLAN, texts, MONDAY_10_MS)[1] for texts in (EN, SV))
    assert (english.what, english.do) == (
        "pi-2 has been offline since 08:00: 17 sensors affected.",
        "Check power and Wi-Fi of pi-2.",
    )
    assert (swedish.what, swedish.do) == (
        "pi-2 har inte varit ansluten sedan kl. 08.00: 17 sensorer påverkas.",
        "Kontrollera ström och wifi för pi-2.",
    )


def test_alert_about_an_ignored_finding_is_shown_as_ignored() -> None:
    ignored = Alerts(0, [build_alert(AlertKind.STUCK, "pi-1/desk-1-pir", muted=True, reason="stuck_on")], [], [])
    assert alert_rows.build_open_rows(ignored, PLAN, EN, MONDAY_10_MS)[0].muted == "ignored on the devices page"


def test_mute_row_states_what_it_covers_and_ended_mutes_are_not_shown() -> None:
    mutes = [
        Mute(AlertKind.CO2_HIGH, "hall"),
        Mute(AlertKind.STUCK),
        Mute(None, "pi-2", MONDAY_10_MS + HOUR_MS),
        Mute(None, "pi-1", MONDAY_10_MS),
        Mute(),
    ]
    rows = alert_rows.build_mute_rows(Alerts(0, [], [], mutes), PLAN, EN, MONDAY_10_MS)
    assert [(row.what, row.until) for row in rows] == [
        ("Poor air: Spinnsalen", "until unmuted"),
        ("Sensor stuck", "until unmuted"),
        ("pi-2", "until 11:00"),
        ("Everything", "until unmuted"),
    ]


def test_staff_page_counts_open_alerts_and_lists_the_most_urgent() -> None:
    many = Alerts(0, [*ALERTS_MESSAGE.open, *[DEVICE_ALERT] * 20], [], [], left_out=2)
    part = alert_rows.build_alert_part(many, PLAN, EN, MONDAY_10_MS)
    assert part.headline == "24 active alerts"
    assert len(part.lines) == MAX_LINES
    assert part.lines[0].startswith("There are 43 people here; the capacity is 40. ")
    assert alert_rows.build_alert_part(Alerts(0, [AIR_ALERT], [], []), PLAN, EN, MONDAY_10_MS).headline == ""
    assert alert_rows.build_alert_part(None, PLAN, EN, MONDAY_10_MS).lines == []


def test_mark_changes_with_the_content_and_not_with_the_time() -> None:
    mark = alert_rows.build_alert_part(ALERTS_MESSAGE, PLAN, EN, MONDAY_10_MS).mark
    assert alert_rows.build_alert_part(ALERTS_MESSAGE, PLAN, EN, MONDAY_10_MS + HOUR_MS).mark == mark
    assert (
        alert_rows.build_alert_part(
            Alerts(1, ALERTS_MESSAGE.open, [], ALERTS_MESSAGE.mutes), PLAN, EN, MONDAY_10_MS
        ).mark
        != mark
    )


@pytest.mark.parametrize("texts", [EN, SV], ids=["en", "sv"])
def test_every_kind_has_a_rule_with_a_threshold(texts: PageTexts) -> None:
    rows = alert_rows.build_rule_rows(AlertSettings(), PLAN, texts)
    assert len(rows) == len(AlertKind)
    assert all(row.name and row.threshold and row.when for row in rows)
    assert "{" not in "".join(f"{row.threshold}{row.when}" for row in rows)


def test_thresholds_are_those_in_force() -> None:
    settings = AlertSettings(
        co2_above_ppm=1200,
        free_desks_below=0,
        most_people=80,
        when={AlertKind.STUCK: "off", AlertKind.CO2_HIGH: "08:00-18:00"},
    )
    rows = {row.name: (row.threshold, row.when) for row in alert_rows.build_rule_rows(settings, PLAN, EN)}
    assert rows["Poor air"] == ("more than 1200 ppm CO₂, for 10 minutes", "08:00-18:00")
    assert rows["Over capacity"] == ("more than 80 people", "always")
    assert rows["Sensor stuck"] == rows["Few desks free"] == ("", "off")


def test_each_rule_shows_lines_that_the_site_file_accepts(tmp_path: Path) -> None:
    lines = [line for row in alert_rows.build_rule_rows(AlertSettings(), PLAN, EN) for line in row.lines]
    table = tomllib.loads("\n".join(lines))
    faults = Faults("site.toml")
    site = SimpleNamespace(spaces=PLAN.spaces)
    assert read_alerts(TableReader(faults, tmp_path), {"alerts": table}, site, "en").when == {  # type: ignore[arg-type]
        kind: get_hours(AlertSettings(), kind) for kind in AlertKind
    }
    assert faults.list_faults() == ()


def test_page_before_the_first_message_states_that_alerts_are_not_available(manager: FlaskClient) -> None:
    assert "Alerts not available yet" in read(manager)


@pytest.mark.parametrize(("language", "headline"), [("en", "3 active alerts"), ("sv", "3 aktiva larm")])
def test_manager_sees_everything_without_javascript(
    manager: FlaskClient, live: LiveView, language: str, headline: str
) -> None:
    publish(live, encode(ALERTS_MESSAGE))
    page = read(manager, language)
    assert headline in page
    assert page.count("<article") == 3
    assert ("Kaffebönor has been refilled" if language == "en" else "Kaffebönor har fyllts på") in page


def test_viewer_sees_everything_without_buttons(app: Flask, live: LiveView) -> None:
    publish(live, encode(ALERTS_MESSAGE))
    page = read(log_in_as(app, VIEWER_NAME))
    assert page.count("<article") == 3
    assert "/manage/alerts/mute" not in page


def ask(client: FlaskClient, **changed: str):
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/manage/alerts", base_url=HERE).text)
    assert found
    form = {"command": "mute", "kind": "device_silent", "subject": "pi-2", "until": "hour", "csrf_token": found[1]}
    headers = {"Referer": f"{HERE}/manage/alerts"}
    return client.post("/manage/alerts/mute", data=form | changed, base_url=HERE, headers=headers)


@pytest.mark.parametrize(
    ("form", "command"),
    [
        ({}, AlertCommand(MuteAction.MUTE, AlertKind.DEVICE_SILENT, "pi-2", MONDAY_10_MS + HOUR_MS)),
        ({"until": "changed"}, AlertCommand(MuteAction.MUTE, AlertKind.DEVICE_SILENT, "pi-2")),
        ({"kind": "everything", "subject": ""}, AlertCommand(MuteAction.MUTE, None, "", MONDAY_10_MS + HOUR_MS)),
        ({"command": "unmute", "kind": "everything"}, AlertCommand(MuteAction.UNMUTE, None, "pi-2")),
    ],
)
def test_command_is_sent_to_the_collector_and_logged(
    manager: FlaskClient,
    commands: CommandConnection,
    settings: DashboardSettings,
    form: dict[str, str],
    command: AlertCommand,
) -> None:
    sent = commands.record()
    answer = ask(manager, **form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/alerts?asked=1")
    ((topic, payload),) = sent
    assert (topic, decode_command(payload)) == (topics.COLLECTOR_COMMAND.topic(PLAN.id), command)
    last = Accounts(settings.accounts_path).log.list_entries(1)[0]
    assert (last.name, last.endpoint) == (USER_NAME, "alerts.mute")


@pytest.mark.parametrize(
    "wrong",
    [
        {"command": "shout"},
        {"kind": "sadness"},
        {"kind": "", "subject": ""},
        {"until": "doomsday"},
        {"subject": "x" * 131},
        {"csrf_token": "x"},
    ],
)
def test_invalid_command_is_rejected_and_not_sent(
    manager: FlaskClient, commands: CommandConnection, wrong: dict[str, str]
) -> None:
    sent = commands.record()
    assert ask(manager, **wrong).status_code == 400
    assert sent == []


def test_command_without_a_broker_fails(manager: FlaskClient) -> None:
    assert ask(manager).status_code == 503


def test_viewer_cannot_mute(app: Flask, commands: CommandConnection) -> None:
    sent = commands.record()
    assert ask(log_in_as(app, VIEWER_NAME)).status_code in {400, 403}
    assert sent == []


def test_invalid_alerts_message_makes_alerts_unavailable(manager: FlaskClient, live: LiveView) -> None:
    publish(live, encode(ALERTS_MESSAGE))
    publish(live, b'{"at":1}')
    assert live.snapshot.alerts is None
    assert "Alerts not available yet" in read(manager)


@pytest.mark.parametrize("path", ["/?lang=en", "/api/v1/states", "/api/v1/summary", "/api/v1/frame"])
def test_public_pages_contain_no_alerts(app: Flask, live: LiveView, path: str) -> None:
    publish(live, encode(ALERTS_MESSAGE))
    answer = app.test_client().get(path)
    assert answer.status_code == 200
    assert not re.search(r"pi-2|alert|over_capacity|has been offline since", answer.text)
