"""Findings on the devices page, and managers' commands about them."""

import re
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from collector.contract.findings import (
    Finding,
    FindingAction,
    FindingCommand,
    FindingKind,
    Findings,
    decode_command,
    encode,
)
from collector.site.site_sensor import Sensor
from dashboard.accounts.accounts import Accounts
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.live.snapshot import BrokerMessage
from dashboard.manager_rows import finding_rows
from dashboard.subscriber.subscriber import LiveView
from dashboard.text.page_texts import PageTexts
from edge.contract import topics
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import DAY_MS
from tests.support.dashboard.commands import CommandConnection
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.users import USER_NAME, VIEWER_NAME

SV, EN = PageTexts.load("sv"), PageTexts.load("en")

FULL = {
    FindingKind.STUCK_ON: Finding(FindingKind.STUCK_ON, 0, "desk-1-mat", witness="desk-1-pir", span_min=455),
    FindingKind.STUCK_OFF: Finding(
        FindingKind.STUCK_OFF, 0, "desk-1-pir", witness="desk-1-mat", times=4, days=2, span_min=190
    ),
    FindingKind.NEVER_TRIGGERED: Finding(FindingKind.NEVER_TRIGGERED, 0, "desk-1-pir", days=9),
    FindingKind.FLAPPING: Finding(FindingKind.FLAPPING, 0, "desk-1-mat", times=180, days=1),
    FindingKind.POOR_COVERAGE: Finding(
        FindingKind.POOR_COVERAGE, 0, "desk-1-pir", witness="desk-1-mat", times=9, days=3, span_min=214, share_pct=23
    ),
    FindingKind.CLOCK_OFF: Finding(FindingKind.CLOCK_OFF, 0, off_s=3600),
    FindingKind.BATTERY_LOW: Finding(FindingKind.BATTERY_LOW, 0, "door-7", battery_pct=17, days_left=9),
    FindingKind.WRONG_PLACE: Finding(
        FindingKind.WRONG_PLACE, 0, "desk-1-pir", space="desk-2", days=4, share_pct=81, own_pct=7
    ),
    FindingKind.LEFT_INSIDE: Finding(FindingKind.LEFT_INSIDE, 0, "door-7", days=5, share_pct=23),
    FindingKind.SWAPPED: Finding(
        FindingKind.SWAPPED, 0, "desk-1-pir", witness="desk-2-pir", space="desk-2", days=2, share_pct=91, own_pct=8
    ),
    FindingKind.OFTEN_WRONG: Finding(FindingKind.OFTEN_WRONG, 0, "desk-1-pir", times=5, share_pct=63),
    FindingKind.REJECTED: Finding(FindingKind.REJECTED, 0, times=61),
    FindingKind.TWO_CLIENTS: Finding(FindingKind.TWO_CLIENTS, 0),
    FindingKind.IMPLAUSIBLE: Finding(
        FindingKind.IMPLAUSIBLE, 0, "air", times=189, days=3, quantity="humidity_pct", value=104
    ),
    FindingKind.UNCHANGING: Finding(FindingKind.UNCHANGING, 0, "air", days=4, quantity="humidity_pct", value=612),
}
"""One finding of each kind with its numbers."""

OTHERS = (
    Finding(FindingKind.LEFT_INSIDE, 0, "room-counter", days=5),
    Finding(FindingKind.STUCK_ON, 0, "x", span_min=1500),
    Finding(FindingKind.OFTEN_WRONG, 0, "x"),
    Finding(FindingKind.SWAPPED, 0, "air", witness="air-2", days=2, share_pct=91, own_pct=8),
    Finding(FindingKind.POOR_COVERAGE, 0, "x", times=2, days=1, span_min=64, share_pct=15),
    Finding(FindingKind.POOR_COVERAGE, 0, "x", times=12, share_pct=40),
    Finding(FindingKind.CLOCK_OFF, 0, off_s=-90),
    Finding(FindingKind.CLOCK_OFF, 0, times=40),
    Finding(FindingKind.CLOCK_OFF, 0, share_pct=100),
    Finding(FindingKind.BATTERY_LOW, 0, "x", battery_pct=12),
    Finding(FindingKind.IMPLAUSIBLE, 0, "x", quantity="humidity_pct"),
    Finding(FindingKind.UNCHANGING, 0, "x", quantity="a_new_one"),
)


def numbers(text: str) -> set[int]:
    return {int(found) for found in re.findall(r"\d+", text)}


@pytest.mark.parametrize("kind", FindingKind)
def test_every_finding_has_a_sentence_and_a_remedy_in_both_languages(kind: FindingKind) -> None:
    texts_by_language = [
        (
            finding_rows.describe_finding("pi-1", FULL[kind], texts),
            finding_rows.describe_remedy(FULL[kind], None, texts),
        )
        for texts in (SV, EN)
    ]
    (what_sv, do_sv), (what_en, do_en) = texts_by_language
    assert what_sv != what_en
    assert do_sv != do_en
    assert "{" not in "".join((*texts_by_language[0], *texts_by_language[1]))


@pytest.mark.parametrize("finding", OTHERS, ids=str)
def test_every_other_reason_has_its_own_sentence(finding: Finding) -> None:
    for texts in (SV, EN):
        sentence = finding_rows.describe_finding("pi-1", finding, texts)
        assert "{" not in sentence
        assert sentence != finding_rows.describe_finding("pi-1", FULL[finding.kind], texts)


@pytest.mark.parametrize("kind", sorted(set(FindingKind) - {FindingKind.CLOCK_OFF, FindingKind.BATTERY_LOW}))
@pytest.mark.parametrize("witness", ["", "mat"])
def test_sentence_of_a_finding_without_numbers_has_no_number_and_no_gap(kind: FindingKind, witness: str) -> None:
    """The collector omits numbers for a dedicated desk. Without days there is always a witness."""
    if kind in (FindingKind.STUCK_OFF, FindingKind.NEVER_TRIGGERED) and not witness:
        return
    for texts in (SV, EN):
        sentence = finding_rows.describe_finding(
            "pi", Finding(kind, 0, "pir", witness=witness, space="the other one"), texts
        )
        assert "None" not in sentence
        assert not numbers(sentence)


def test_sentence_has_the_numbers_and_the_witness() -> None:
    assert finding_rows.describe_finding("pi-1", FULL[FindingKind.POOR_COVERAGE], EN) == (
        "Missed 4 h of the time when desk-1-mat detected somebody (23%), 9 times."
    )
    assert finding_rows.describe_finding("pi-1", FULL[FindingKind.STUCK_OFF], SV) == (
        "Har inte reagerat på 2 dagar, medan desk-1-mat kände av 4 besök där."
    )
    assert finding_rows.describe_finding("pi-1", FULL[FindingKind.BATTERY_LOW], SV) == (
        "Batteriet är på 17\u00a0%, ungefär 9 dagar kvar."
    )


def test_sentences_of_never_triggered_are_in_one_language() -> None:
    sentence = finding_rows.describe_finding("pi-1", FULL[FindingKind.NEVER_TRIGGERED], SV)
    assert sentence == "Har aldrig reagerat. Har inte reagerat på 9 dagar då lokalen användes."


def test_wrong_place_names_the_other_space(live: LiveView) -> None:
    publish(live, FULL[FindingKind.WRONG_PLACE])
    (row,) = finding_rows.build_finding_rows(live.snapshot.findings, PLAN, EN)
    assert row.what == "Matches Skrivbord 2 (81%) better than its own space (7%), for 4 days."


def test_swapped_names_both_sensors(live: LiveView) -> None:
    publish(live, FULL[FindingKind.SWAPPED])
    (row,) = finding_rows.build_finding_rows(live.snapshot.findings, PLAN, EN)
    assert (row.about, row.what) == (
        "desk-1-pir (Skrivbord\u00a01)",
        (
            "Swapped with desk-2-pir at Skrivbord 2: each follows the people of the other one's place."
            " Match after exchange 91%, as installed 8%, for 2 days."
        ),
    )


def test_remedy_of_stuck_on_depends_on_the_kind_of_sensor() -> None:
    remedies = [
        finding_rows.describe_remedy(
            FULL[FindingKind.STUCK_ON], Sensor(device="pi-1", id="x", kind=kind, space="desk-1"), EN
        )
        for kind in (SensorKind.PRESSURE, SensorKind.PEOPLE, SensorKind.PIR)
    ]
    assert len(set(remedies)) == 3


def publish(live: LiveView, *found: Finding, device: str = "pi-1") -> None:
    topic = topics.FINDINGS.topic(PLAN.id, device)
    live.inbox.append(BrokerMessage(topic, encode(Findings(MONDAY_10_MS, list(found))), retained=True))
    live.tick(time.monotonic())


FOUND = Finding(FindingKind.FLAPPING, MONDAY_10_MS - 2 * DAY_MS, "desk-1-pir", times=1200, days=2)
IGNORED = Finding(FindingKind.BATTERY_LOW, MONDAY_10_MS - DAY_MS, "desk-2-pir", ignored=True, battery_pct=9)


def test_ignored_findings_come_last_and_can_be_unignored(live: LiveView) -> None:
    publish(live, IGNORED, FOUND)
    rows = finding_rows.build_finding_rows(live.snapshot.findings, PLAN, EN)
    assert [(row.sensor, row.answer, row.button) for row in rows] == [
        ("desk-1-pir", FindingAction.IGNORE, "Ignore"),
        ("desk-2-pir", FindingAction.UNIGNORE, "Stop ignoring"),
    ]
    assert rows[0].about == "desk-1-pir (Skrivbord\u00a01)"


def test_empty_list_removes_findings(live: LiveView) -> None:
    publish(live, FOUND)
    publish(live)
    assert finding_rows.build_finding_rows(live.snapshot.findings, PLAN, EN) == []


def test_findings_of_a_device_outside_the_plan_are_not_shown(live: LiveView) -> None:
    publish(live, FOUND, device="pi-77")
    assert live.snapshot.findings == {}


def test_invalid_list_removes_findings(live: LiveView) -> None:
    publish(live, FOUND)
    topic = topics.FINDINGS.topic(PLAN.id, "pi-1")
    live.inbox.append(BrokerMessage(topic, b'{"at":1,"findings":[{"kind":"sad"}]}', retained=True))
    live.tick(time.monotonic())
    assert live.snapshot.findings == {}


def token_of(client: FlaskClient) -> str:
    page = client.get("/manage/devices", base_url="https://localhost").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.fixture
def manager(app: Flask) -> FlaskClient:
    client = app.test_client()
    assert log_in(client).status_code == 303
    return client


def send_command(client: FlaskClient, **changed: str):
    form = {"device": "pi-1", "sensor": "desk-1-pir", "finding": "flapping", "answer": "ignore"}
    form |= {"csrf_token": token_of(client)} | changed
    headers = {"Referer": "https://localhost/manage"}
    return client.post("/manage/findings", data=form, base_url="https://localhost", headers=headers)


def test_manager_sees_findings_without_javascript(manager: FlaskClient, live: LiveView) -> None:
    publish(live, FOUND)
    page = manager.get("/manage/devices?lang=en", base_url="https://localhost").text
    assert "Triggered up to 1200 times in an hour" in page
    assert "Check for a loose wire" in page


def test_viewer_sees_findings_without_buttons(app: Flask, live: LiveView) -> None:
    publish(live, FOUND)
    viewer = app.test_client()
    log_in(viewer, VIEWER_NAME)
    page = viewer.get("/manage/devices?lang=en", base_url="https://localhost").text
    assert "Triggered up to 1200 times in an hour" in page
    assert "/manage/findings" not in page


def test_command_is_sent_to_the_collector_and_logged(
    manager: FlaskClient, commands: CommandConnection, settings: DashboardSettings
) -> None:
    sent = commands.record()
    response = send_command(manager)
    assert (response.status_code, response.headers["Location"]) == (303, "/manage/devices#findings")
    ((topic, payload),) = sent
    assert topic == topics.COLLECTOR_COMMAND.topic(PLAN.id)
    assert decode_command(payload) == FindingCommand(FindingAction.IGNORE, "pi-1", FindingKind.FLAPPING, "desk-1-pir")
    last = Accounts(settings.accounts_path).log.list_entries(1)[0]
    assert (last.name, last.endpoint, last.span) == (USER_NAME, "manage.answer", "ignore flapping of pi-1 desk-1-pir")


@pytest.mark.parametrize("wrong", [{"answer": "shout"}, {"finding": "sad"}, {"device": "pi-77"}, {"csrf_token": "x"}])
def test_invalid_command_is_rejected_and_not_sent(
    manager: FlaskClient, commands: CommandConnection, wrong: dict[str, str]
) -> None:
    sent = commands.record()
    assert send_command(manager, **wrong).status_code == 400
    assert sent == []


def test_command_without_a_broker_fails(manager: FlaskClient) -> None:
    assert send_command(manager).status_code == 503
