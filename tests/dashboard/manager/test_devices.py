"""The devices page: the status of each device and sensor, and the rights of managers and viewers."""

import dataclasses
import re
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace

from collector.contract.alerts import AlertCommand, Alerts, Mute, MuteAction
from collector.contract.alerts import decode_command as decode_alert_command
from collector.contract.alerts import encode as encode_alerts
from collector.contract.findings import Finding, FindingKind, Findings, Rejection, SensorNote, encode
from collector.contract.loss_reasons import LossReason
from collector.site.site_plan import SitePlan
from dashboard.accounts.accounts import Accounts
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.live.snapshot import BrokerMessage
from dashboard.manager_rows.device_rows import (
    DeviceRow,
    SensorRow,
    build_device_row,
    build_sensor_rows,
    compute_mark,
    summarise_devices,
)
from dashboard.manager_rows.rejections import build_rejection_row
from dashboard.shown_limits import SHOWN_LIMITS
from dashboard.subscriber.subscriber import LiveView
from dashboard.text.explanations import ExplanationContext
from dashboard.text.page_texts import PageTexts
from edge.contract import topics
from edge.contract.message import (
    ClockState,
    CommandName,
    DeviceCommand,
    DeviceStatus,
    EventKind,
    OutboxStatus,
    SensorHealth,
    decode_command,
)
from edge.contract.message import encode as encode_status
from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS
from tests.support.dashboard.commands import CommandConnection
from tests.support.dashboard.device_reports import HEALTHY_DEVICE
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.users import USER_NAME, VIEWER_NAME

HOME = "https://localhost"
EN, SV = PageTexts.load("en"), PageTexts.load("sv")


def publish(live: LiveView, topic: str, payload: bytes) -> None:
    live.inbox.append(BrokerMessage(topic, payload, retained=True))
    live.tick(time.monotonic())


def publish_status(live: LiveView, message: DeviceStatus, device: str = "pi-1") -> None:
    publish(live, topics.DEVICE_STATUS.topic(PLAN.id, device), encode_status(message))


def publish_findings(live: LiveView, message: Findings, device: str = "pi-1") -> None:
    publish(live, topics.FINDINGS.topic(PLAN.id, device), encode(message))


def reader(texts: PageTexts = EN, plan: SitePlan = PLAN) -> ExplanationContext:
    return ExplanationContext(plan, MONDAY_10_MS, texts)


def row(live: LiveView, texts: PageTexts = EN) -> DeviceRow:
    return build_device_row("pi-1", live.snapshot, reader(texts))


def sensor(live: LiveView, texts: PageTexts = EN, name: str = "desk-1-pir") -> SensorRow:
    (found,) = (one for one in build_sensor_rows("pi-1", live.snapshot, reader(texts)) if one.sensor == name)
    return found


def test_healthy_device_shows_its_status_without_a_remedy(live: LiveView) -> None:
    publish_status(live, HEALTHY_DEVICE)
    assert row(live) == DeviceRow(
        "v", "OK", "just now", "in sync", "2 queued, 0 dropped", "", "good, -61\u00a0dBm", "0.4.0", "all 2 OK", ""
    )


@pytest.mark.parametrize(
    ("changed", "do"),
    [
        ({"wifi_dbm": -82}, "Weak Wi-Fi: move the device or the access point, or use a cable."),
        ({"temperature_c": 83.0}, "Too hot, and slowed down: improve the ventilation."),
        (
            {"clock": ClockState.WAITING},
            "Check that it reaches a time server: its events are held until it knows the time.",
        ),
        (
            {"outbox": OutboxStatus(depth=0, dropped=7)},
            "Its queue has been full and events were lost. Find out why it was disconnected for so long.",
        ),
        ({"sensors": {"desk-1-pir": SensorHealth.SILENT}}, "Check the sensors listed here."),
    ],
)
def test_device_with_a_problem_shows_the_remedy(live: LiveView, changed: dict[str, object], do: str) -> None:
    publish_status(live, replace(HEALTHY_DEVICE, **changed))
    shown = row(live)
    assert (shown.code, shown.label, shown.do) == ("o", "problem", do)


def test_offline_device_shows_when_it_was_last_seen(live: LiveView) -> None:
    publish_status(live, HEALTHY_DEVICE)
    publish_status(live, DeviceStatus(online=False))
    shown = row(live, SV)
    assert (shown.code, shown.label) == ("o", "inte ansluten")
    assert shown.do == "Kontrollera ström och wifi för pi-1; senaste kontakt kl. 09.59."
    assert sensor(live).label == "offline"


def note_event(live: LiveView, at_ms: int) -> None:
    publish_findings(live, Findings(at_ms=at_ms, findings=[], sensors={"desk-1-pir": SensorNote(last_event_ms=at_ms)}))


def test_device_whose_events_arrive_without_a_status_is_not_shown_as_off(live: LiveView) -> None:
    note_event(live, MONDAY_10_MS - 2 * MINUTE_MS)
    shown = row(live)
    assert (shown.code, shown.label) == ("o", "no status")
    assert shown.do.startswith("Events arrive, but no status: ")
    note_event(live, MONDAY_10_MS - HOUR_MS)
    assert row(live).label == "never reported"


def test_events_after_an_offline_status_mean_that_only_the_status_is_missing(live: LiveView) -> None:
    publish_status(live, DeviceStatus(online=False))
    note_event(live, live.now_ms() - MINUTE_MS)
    assert row(live).label == "offline", "sent before it went offline"
    note_event(live, live.now_ms() + MINUTE_MS)
    assert row(live).label == "no status"


def test_device_that_never_reported_shows_how_to_start_it(live: LiveView) -> None:
    assert row(live).do == "Start its agent: systemctl start ledig-edge@pi-1"
    assert summarise_devices([row(live)], live.snapshot, EN) == "1 of 1 devices needs attention."


def test_lost_events_are_shown(live: LiveView) -> None:
    publish_status(live, HEALTHY_DEVICE)
    publish_findings(live, Findings(MONDAY_10_MS, [], lost=40))
    assert row(live).lost == "40 events"


@pytest.mark.parametrize(
    ("note", "en", "sv"),
    [
        (SensorNote(), "", ""),
        (
            SensorNote(battery_pct=80),
            "80%, remaining time not known yet",
            "80 %, återstående tid ännu okänd",
        ),
        (SensorNote(battery_pct=17, days_left=9), "17%, about 9 days left", "17 %, ungefär 9 dagar kvar"),
        (SensorNote(battery_pct=6, days_left=1), "6%, about 1 day left", "6 %, ungefär 1 dag kvar"),
    ],
)
def test_battery_shows_days_left_or_that_they_are_unknown(live: LiveView, note: SensorNote, en: str, sv: str) -> None:
    publish_status(live, HEALTHY_DEVICE)
    publish_findings(live, Findings(MONDAY_10_MS, [], {"desk-1-pir": note}))
    assert (sensor(live).battery, sensor(live, SV).battery) == (en, sv)


def test_finding_degrades_its_sensor_unless_ignored(live: LiveView) -> None:
    publish_status(live, HEALTHY_DEVICE)
    one = Finding(FindingKind.FLAPPING, MONDAY_10_MS, "desk-1-pir", times=1200, days=2)
    publish_findings(live, Findings(MONDAY_10_MS, [one], {"desk-1-pir": SensorNote(MONDAY_10_MS - 3 * MINUTE_MS)}))
    shown = sensor(live)
    assert (shown.code, shown.label, shown.last_seen, shown.about) == ("o", "problem", "3 min ago", "Skrivbord 1")
    assert shown.do.startswith("Check for a loose wire")
    assert summarise_devices([row(live)], live.snapshot, EN) == "The only device works. 1 sensor has a problem."
    publish_findings(live, Findings(MONDAY_10_MS, [replace(one, ignored=True)]))
    assert (sensor(live).code, sensor(live).do) == ("v", "")


def test_failed_channel_is_shown_at_its_device_and_sensor(live: LiveView) -> None:
    well = replace(HEALTHY_DEVICE, sensors={"hall-air": SensorHealth.HEALTHY})
    publish_status(live, well)
    assert (row(live).code, sensor(live, name="hall-air").code) == ("v", "v")
    before = compute_mark(live.snapshot)
    publish_status(live, replace(well, failed_channels={"hall-air": [EventKind.HUMIDITY_PCT]}))
    assert compute_mark(live.snapshot) != before
    assert (row(live).code, row(live).sensors) == ("o", "hall-air: no valid reading of humidity")
    shown = sensor(live, name="hall-air")
    assert (shown.code, shown.label) == ("o", "problem")
    assert shown.do.startswith("no valid reading of humidity. Check its wiring")
    assert sensor(live, SV, name="hall-air").do.startswith("inga giltiga värden för luftfuktighet. Kontrollera")


def test_sensor_missing_in_the_status_of_its_device_is_unknown(live: LiveView) -> None:
    publish_status(live, HEALTHY_DEVICE)
    assert (sensor(live, name="desk-3-pir").code, sensor(live, name="desk-3-pir").label) == ("u", "unknown")


def test_mark_changes_with_the_content_and_not_with_ages(live: LiveView) -> None:
    publish_status(live, HEALTHY_DEVICE)
    before = compute_mark(live.snapshot)
    publish_status(live, replace(HEALTHY_DEVICE, at_ms=MONDAY_10_MS, outbox=OutboxStatus(depth=9, dropped=0)))
    assert compute_mark(live.snapshot) == before
    publish_status(live, DeviceStatus(online=False))
    assert compute_mark(live.snapshot) != before


@pytest.fixture
def manager(app: Flask) -> FlaskClient:
    client = app.test_client()
    assert log_in(client).status_code == 303
    return client


def send(client: FlaskClient, path: str, **form: str):
    page = client.get("/manage/devices", base_url=HOME).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    headers = {"Referer": f"{HOME}/manage/devices"}
    return client.post(path, data=form | {"csrf_token": token[1]}, base_url=HOME, headers=headers)


def test_manager_identifies_a_device_and_it_is_logged(
    manager: FlaskClient, live: LiveView, commands: CommandConnection, settings: DashboardSettings
) -> None:
    publish_status(live, HEALTHY_DEVICE)
    sent = commands.record()
    answer = send(manager, "/manage/devices/identify", device="pi-1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/devices?asked=pi-1")
    ((topic, payload),) = sent
    assert topic == topics.DEVICE_COMMAND.topic(PLAN.id, "pi-1")
    assert decode_command(payload) == DeviceCommand(CommandName.IDENTIFY)
    assert "blinks fast for 10 seconds" in manager.get("/manage/devices?asked=pi-1&lang=en", base_url=HOME).text
    last = next(
        one for one in Accounts(settings.accounts_path).log.list_entries(9) if one.endpoint == "devices.identify"
    )
    assert (last.name, last.span) == (USER_NAME, "pi-1")


def test_offline_device_cannot_be_identified(manager: FlaskClient, live: LiveView, commands: CommandConnection) -> None:
    publish_status(live, DeviceStatus(online=False))
    sent = commands.record()
    answer = send(manager, "/manage/devices/identify", device="pi-1")
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert sent == []


@pytest.mark.parametrize("device", ["", "pi-77", "+", "pi-1/command"])
def test_unknown_device_is_rejected(manager: FlaskClient, commands: CommandConnection, device: str) -> None:
    sent = commands.record()
    assert send(manager, "/manage/devices/identify", device=device).status_code == 400
    assert sent == []


def test_identify_without_a_broker_fails(manager: FlaskClient, live: LiveView) -> None:
    publish_status(live, HEALTHY_DEVICE)
    assert send(manager, "/manage/devices/identify", device="pi-1").status_code == 503


def test_viewer_sees_everything_and_cannot_send_commands(app: Flask, live: LiveView) -> None:
    publish_status(live, HEALTHY_DEVICE)
    viewer = app.test_client()
    assert log_in(viewer, VIEWER_NAME).status_code == 303
    page = viewer.get("/manage/devices?lang=en", base_url=HOME).text
    assert "pi-1: " in page
    assert "/manage/devices/identify" not in page
    assert "/manage/alerts/mute" not in page
    assert send(viewer, "/manage/devices/identify", device="pi-1").status_code == 403


def test_sensor_is_muted_for_a_week_and_shows_until_when(
    manager: FlaskClient, live: LiveView, commands: CommandConnection
) -> None:
    sent = commands.record()
    form = {"command": "mute", "kind": "everything", "subject": "pi-1/desk-1-pir", "until": "week", "back": "devices"}
    answer = send(manager, "/manage/alerts/mute", **form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/devices?muted=1")
    command = decode_alert_command(sent[0][1])
    end_ms = MONDAY_10_MS + 6 * DAY_MS + 14 * 3_600_000
    assert command == AlertCommand(MuteAction.MUTE, None, "pi-1/desk-1-pir", end_ms)
    publish(
        live,
        topics.ALERTS.topic(PLAN.id),
        encode_alerts(Alerts(MONDAY_10_MS, [], [], [Mute(None, command.subject, end_ms)])),
    )
    assert sensor(live).muted == "muted until 1 Dec 00:00"
    page = manager.get("/manage/devices?lang=en", base_url=HOME).text
    assert 'aria-label="Unmute: desk-1-pir"' in page


REJECTED = [
    Rejection("bad_value", sensor="desk-1-pir", key="value", first=3, last=61, times=59, at_ms=MONDAY_10_MS),
    Rejection("unreadable", key="stream", times=1, at_ms=MONDAY_10_MS),
    Rejection("a_reason_of_a_later_version", sensor="<b>desk</b>"),
]


def test_rejections_of_a_device_are_listed_with_reason_and_field(manager: FlaskClient, live: LiveView) -> None:
    publish_status(live, HEALTHY_DEVICE)
    before = compute_mark(live.snapshot)
    assert "data-rejected" not in manager.get("/manage/devices", base_url=HOME).text
    publish_findings(
        live, Findings(MONDAY_10_MS, [Finding(FindingKind.REJECTED, MONDAY_10_MS, times=60)], rejected=REJECTED)
    )
    assert compute_mark(live.snapshot) != before
    page = manager.get("/manage/devices?lang=en", base_url=HOME).text
    table = page[page.index("data-rejected") : page.index("</table>", page.index("data-rejected"))]
    for text in ("desk-1-pir", "The value is not a number, or is out of range.", "3 - 61", "59", "24 Nov 10:00"):
        assert text in table
    assert "&lt;b&gt;desk" in table
    assert "The collector rejected 60 events of pi-1." in page
    swedish = manager.get("/manage/devices?lang=sv", base_url=HOME).text
    assert "Värdet är inte ett tal, eller ligger utanför gränserna." in swedish
    assert "Insamlaren avvisade 60 händelser från pi-1." in swedish


@pytest.mark.parametrize("loss", LossReason)
def test_every_reason_has_a_text_in_both_languages(loss: LossReason) -> None:
    rows = [build_rejection_row(Rejection(loss), PLAN.time_zone, texts).why for texts in (EN, SV)]
    assert rows[0] != rows[1]
    assert loss not in rows


def test_numbers_in_texts_follow_the_limits(app: Flask, manager: FlaskClient, live: LiveView) -> None:
    publish_status(live, HEALTHY_DEVICE)
    app.jinja_env.globals["limits"] = dataclasses.replace(SHOWN_LIMITS, identify_s=120)
    assert "blinks fast for 2 minutes" in manager.get("/manage/devices?asked=pi-1&lang=en", base_url=HOME).text
