"""The page of devices: what it says of each, and whom it lets do what."""

import re
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace

from collector.alerts.wire import AlertCommand, Alerts, Mute, Wish
from collector.alerts.wire import decode_command as decode_wish
from collector.alerts.wire import encode as encode_alerts
from collector.health.findings import Finding, FindingKind, Findings, Rejection, SensorNote, encode
from collector.plan import SitePlan
from collector.rejection import Loss
from dashboard.accounts import Accounts
from dashboard.live.following import Live
from dashboard.live.picture import Message
from dashboard.manager.devices import DeviceRow, SensorRow, device_row, mark, sensor_rows, summary
from dashboard.manager.rejections import rejection_row
from dashboard.settings import DashboardSettings
from dashboard.why import Reader
from dashboard.words import Words
from edge import topics
from edge.message import (
    ClockState,
    Command,
    CommandName,
    DeviceStatus,
    Kind,
    OutboxStatus,
    SensorHealth,
    decode_command,
)
from edge.message import encode as encode_status
from edge.topics import DeviceTopic
from tests.dashboard.conftest import NAME, VIEWER
from tests.dashboard.house import MONDAY_10_MS, PLAN
from tests.dashboard.test_routes import log_in

HOME = "https://localhost"
EN, SV = Words.of("en"), Words.of("sv")
MINUTE_MS = 60_000
DAY_MS = 86_400_000
WELL = DeviceStatus(
    online=True,
    at_ms=MONDAY_10_MS - 20_000,
    version="0.4.0",
    outbox=OutboxStatus(depth=2, dropped=0),
    clock=ClockState.SYNCHRONISED,
    temperature_c=48.0,
    wifi_dbm=-61,
    sensors={"desk-1-pir": SensorHealth.HEALTHY, "desk-2-pir": SensorHealth.HEALTHY},
)


def tell(live: Live, topic: str, payload: bytes) -> None:
    live.inbox.append(Message(topic, payload, retained=True))
    live.tick(time.monotonic())


def status(live: Live, told: DeviceStatus, device: str = "pi-1") -> None:
    tell(live, topics.device(PLAN.id, device, DeviceTopic.STATUS), encode_status(told))


def found(live: Live, told: Findings, device: str = "pi-1") -> None:
    tell(live, topics.device(PLAN.id, device, DeviceTopic.FINDINGS), encode(told))


def reader(words: Words = EN, plan: SitePlan = PLAN) -> Reader:
    return Reader(plan, MONDAY_10_MS, words)


def row(live: Live, words: Words = EN) -> DeviceRow:
    return device_row("pi-1", live.picture, reader(words))


def sensor(live: Live, words: Words = EN, name: str = "desk-1-pir") -> SensorRow:
    (told,) = (one for one in sensor_rows("pi-1", live.picture, reader(words)) if one.sensor == name)
    return told


def test_a_healthy_device_is_told_whole_and_asks_for_nothing(live: Live) -> None:
    status(live, WELL)
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
def test_a_device_with_something_to_do_says_what(live: Live, changed: dict[str, object], do: str) -> None:
    status(live, replace(WELL, **changed))
    told = row(live)
    assert (told.code, told.word, told.do) == ("o", "problem", do)


def test_a_device_that_is_gone_says_when_it_was_heard_and_where_to_look(live: Live) -> None:
    status(live, WELL)
    status(live, DeviceStatus(online=False))
    told = row(live, SV)
    assert (told.code, told.word) == ("o", "inte ansluten")
    assert told.do == "Kontrollera ström och wifi för pi-1; senaste kontakt kl. 09.59."
    assert sensor(live).word == "offline"


def test_one_that_never_spoke_says_how_to_start_it(live: Live) -> None:
    assert row(live).do == "Start its agent: systemctl start ledig-edge@pi-1"
    assert summary([row(live)], live.picture, EN) == "1 of 1 devices needs attention."


def test_events_that_are_lost_for_good_are_told(live: Live) -> None:
    status(live, WELL)
    found(live, Findings(MONDAY_10_MS, [], lost=40))
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
def test_a_battery_says_how_long_it_lasts_or_that_nobody_knows_yet(
    live: Live, note: SensorNote, en: str, sv: str
) -> None:
    status(live, WELL)
    found(live, Findings(MONDAY_10_MS, [], {"desk-1-pir": note}))
    assert (sensor(live).battery, sensor(live, SV).battery) == (en, sv)


def test_a_sensor_is_degraded_by_a_finding_unless_that_is_ignored(live: Live) -> None:
    status(live, WELL)
    one = Finding(FindingKind.FLAPPING, MONDAY_10_MS, "desk-1-pir", times=1200, days=2)
    found(live, Findings(MONDAY_10_MS, [one], {"desk-1-pir": SensorNote(MONDAY_10_MS - 3 * MINUTE_MS)}))
    told = sensor(live)
    assert (told.code, told.word, told.heard, told.about) == ("o", "problem", "3 min ago", "Skrivbord 1")
    assert told.do.startswith("Check for a loose wire")
    assert summary([row(live)], live.picture, EN) == "The only device works. 1 sensor has a problem."
    found(live, Findings(MONDAY_10_MS, [replace(one, ignored=True)]))
    assert (sensor(live).code, sensor(live).do) == ("v", "")


def test_a_failed_channel_is_named_at_its_device_and_its_sensor(live: Live) -> None:
    well = replace(WELL, sensors={"hall-air": SensorHealth.HEALTHY})
    status(live, well)
    assert (row(live).code, sensor(live, name="hall-air").code) == ("v", "v")
    before = mark(live.picture)
    status(live, replace(well, failed_channels={"hall-air": [Kind.HUMIDITY_PCT]}))
    assert mark(live.picture) != before
    assert (row(live).code, row(live).sensors) == ("o", "hall-air: no valid reading of humidity")
    shown = sensor(live, name="hall-air")
    assert (shown.code, shown.word) == ("o", "problem")
    assert shown.do.startswith("no valid reading of humidity. Check its wiring")
    assert sensor(live, SV, name="hall-air").do.startswith("inga giltiga värden för luftfuktighet. Kontrollera")


def test_a_sensor_of_which_its_device_says_nothing_is_not_known(live: Live) -> None:
    status(live, WELL)
    assert (sensor(live, name="desk-3-pir").code, sensor(live, name="desk-3-pir").word) == ("u", "unknown")


def test_the_mark_changes_with_what_is_told_and_not_with_ages(live: Live) -> None:
    status(live, WELL)
    before = mark(live.picture)
    status(live, replace(WELL, at_ms=MONDAY_10_MS, outbox=OutboxStatus(depth=9, dropped=0)))
    assert mark(live.picture) == before
    status(live, DeviceStatus(online=False))
    assert mark(live.picture) != before


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


def heard_by(live: Live) -> list[tuple[str, bytes]]:
    said: list[tuple[str, bytes]] = []
    live.say = lambda topic, payload: said.append((topic, payload)) is None
    return said


def test_a_manager_lets_a_device_blink_and_the_log_says_who_did(
    manager: FlaskClient, live: Live, settings: DashboardSettings
) -> None:
    status(live, WELL)
    said = heard_by(live)
    answer = send(manager, "/manage/devices/identify", device="pi-1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/devices?asked=pi-1")
    ((topic, payload),) = said
    assert topic == topics.device(PLAN.id, "pi-1", DeviceTopic.COMMAND)
    assert decode_command(payload) == Command(CommandName.IDENTIFY)
    assert "blinks fast for ten seconds" in manager.get("/manage/devices?asked=pi-1&lang=en", base_url=HOME).text
    last = next(one for one in Accounts(settings.accounts_path).log.entries(9) if one.what == "devices.identify")
    assert (last.name, last.span) == (NAME, "pi-1")


def test_a_device_that_is_offline_is_not_asked_and_the_page_says_why(manager: FlaskClient, live: Live) -> None:
    status(live, DeviceStatus(online=False))
    said = heard_by(live)
    answer = send(manager, "/manage/devices/identify", device="pi-1")
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert said == []


@pytest.mark.parametrize("device", ["", "pi-77", "+", "pi-1/command"])
def test_a_device_that_is_not_there_is_refused(manager: FlaskClient, live: Live, device: str) -> None:
    said = heard_by(live)
    assert send(manager, "/manage/devices/identify", device=device).status_code == 400
    assert said == []


def test_without_a_broker_nobody_blinks(manager: FlaskClient, live: Live) -> None:
    status(live, WELL)
    assert send(manager, "/manage/devices/identify", device="pi-1").status_code == 503


def test_a_viewer_sees_all_of_it_and_may_ask_for_nothing(app: Flask, live: Live) -> None:
    status(live, WELL)
    viewer = app.test_client()
    assert log_in(viewer, VIEWER).status_code == 303
    page = viewer.get("/manage/devices?lang=en", base_url=HOME).text
    assert "pi-1: " in page
    assert "/manage/devices/identify" not in page
    assert "/manage/alerts/mute" not in page
    assert send(viewer, "/manage/devices/identify", device="pi-1").status_code == 403


def test_a_sensor_is_muted_for_a_week_and_the_page_says_until_when(manager: FlaskClient, live: Live) -> None:
    said = heard_by(live)
    form = {"command": "mute", "kind": "everything", "subject": "pi-1/desk-1-pir", "until": "week", "back": "devices"}
    answer = send(manager, "/manage/alerts/mute", **form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manage/devices?muted=1")
    wish = decode_wish(said[0][1])
    end_ms = MONDAY_10_MS + 6 * DAY_MS + 14 * 3_600_000
    assert wish == AlertCommand(Wish.MUTE, None, "pi-1/desk-1-pir", end_ms)
    tell(live, topics.alerts(PLAN.id), encode_alerts(Alerts(MONDAY_10_MS, [], [], [Mute(None, wish.subject, end_ms)])))
    assert sensor(live).muted == "muted until 1 Dec 00:00"
    page = manager.get("/manage/devices?lang=en", base_url=HOME).text
    assert 'aria-label="Unmute: desk-1-pir"' in page


REJECTED = [
    Rejection("bad_value", sensor="desk-1-pir", key="value", first=3, last=61, times=59, at_ms=MONDAY_10_MS),
    Rejection("unreadable", key="stream", times=1, at_ms=MONDAY_10_MS),
    Rejection("a_reason_of_a_later_version", sensor="<b>desk</b>"),
]


def test_what_is_rejected_of_a_device_is_listed_with_reason_and_place(manager: FlaskClient, live: Live) -> None:
    status(live, WELL)
    before = mark(live.picture)
    assert "data-rejected" not in manager.get("/manage/devices", base_url=HOME).text
    found(live, Findings(MONDAY_10_MS, [Finding(FindingKind.REJECTED, MONDAY_10_MS, times=60)], rejected=REJECTED))
    assert mark(live.picture) != before
    page = manager.get("/manage/devices?lang=en", base_url=HOME).text
    table = page[page.index("data-rejected") : page.index("</table>", page.index("data-rejected"))]
    for text in ("desk-1-pir", "The value is not a number, or is out of range.", "3 - 61", "59", "24 Nov 10:00"):
        assert text in table
    assert "&lt;b&gt;desk" in table
    assert "The collector rejected 60 events of pi-1." in page
    swedish = manager.get("/manage/devices?lang=sv", base_url=HOME).text
    assert "Värdet är inte ett tal, eller ligger utanför gränserna." in swedish
    assert "Insamlaren avvisade 60 händelser från pi-1." in swedish


@pytest.mark.parametrize("loss", Loss)
def test_every_reason_is_worded_in_both_languages(loss: Loss) -> None:
    rows = [rejection_row(Rejection(loss.code), PLAN.time_zone, words).why for words in (EN, SV)]
    assert rows[0] != rows[1]
    assert loss.code not in rows
