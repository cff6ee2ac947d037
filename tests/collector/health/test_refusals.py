"""Rejections of each device in its findings."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from collector.configuration.alert_settings import DEFAULT_ALERT_SETTINGS
from collector.configuration.collector_settings import RetentionSettings
from collector.contract.findings import MAX_REJECTIONS, FindingKind, Findings, Rejection, encode
from collector.contract.loss_reasons import LossReason
from collector.engine.pipeline import Pipeline
from collector.intake.intake import IncomingMessage
from collector.intake.rejection import RejectedInput
from collector.site.site_plan import SitePlan
from collector.site.spaces import Tenure
from collector.store.journal import Journal
from edge.contract.message import MAX_PAYLOAD_BYTES
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, message, motion, motions

PLAN = build_desk_plan(2, devices=2)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.sqlite")) as opened:
        yield opened


def work_on(journal: Journal, plan: SitePlan = PLAN) -> Pipeline:
    return Pipeline(plan, journal, RetentionSettings(), NOON_MS, DEFAULT_ALERT_SETTINGS)


def published(work: Pipeline, now_ms: int, device: str = "pi-1") -> Findings:
    return dict(work.health.pop_changed_findings(now_ms))[device]


def test_rejected_events_are_published_with_sensor_and_field(journal: Journal) -> None:
    work = work_on(journal)
    published(work, NOON_MS)
    wrong = motions(range(1, 63)).replace(b'"value":1', b'"value":5', 2)
    assert work.process_batch([IncomingMessage("pi-1", wrong)], NOON_MS) == {("pi-1", "s"): 62}
    later_ms = NOON_MS + 5_000
    found = published(work, later_ms)
    assert found.rejected == [
        Rejection("bad_value", sensor="desk-0-pir", key="value", first=1, last=2, times=2, at_ms=NOON_MS)
    ]
    (finding,) = found.findings
    assert (finding.kind, finding.sensor, finding.times, finding.since_ms) == (FindingKind.REJECTED, "", 2, NOON_MS)
    work.process_batch([IncomingMessage("pi-1", b"{")] * 3, later_ms)
    newest = published(work, later_ms + 5_000)
    assert [(one.reason, one.key, one.times) for one in newest.rejected] == [
        ("unreadable", "stream", 3),
        ("bad_value", "value", 2),
    ]


def test_rejections_of_a_device_are_bounded_and_fit_into_one_message(journal: Journal) -> None:
    work = work_on(journal)
    events = [motion(seq, NOON_MS + seq, sensor=f"nobody-{seq}" + "x" * 50) for seq in range(1, 301)]
    work.process_batch([IncomingMessage("pi-1", message(events))], NOON_MS)
    found = published(work, NOON_MS + 60_000)
    assert len(found.rejected) == MAX_REJECTIONS
    assert found.rejected[0].first == 300, "newest first"
    assert len(encode(found)) < MAX_PAYLOAD_BYTES


def test_rejections_of_a_dedicated_desk_have_no_numbers_and_no_time(journal: Journal) -> None:
    owned = replace(PLAN.spaces[0], tenure=Tenure.DEDICATED)
    work = work_on(journal, replace(PLAN, spaces=(owned, *PLAN.spaces[1:])))
    work.process_batch([IncomingMessage("pi-1", motions([1, 2]).replace(b'"value":1', b'"value":5'))], NOON_MS)
    found = published(work, NOON_MS + 60_000)
    assert found.rejected == [Rejection("bad_value", sensor="desk-0-pir", key="value")]
    assert (found.findings[0].times, found.findings[0].since_ms) == (None, NOON_MS - NOON_MS % DAY_MS)


def test_finding_about_rejections_can_be_ignored_and_ends_with_the_rejections(journal: Journal) -> None:
    work = work_on(journal)
    work.process_batch([IncomingMessage("pi-1", b"{")], NOON_MS)
    published(work, NOON_MS + 60_000)
    answer = b'{"command":"ignore","device":"pi-1","finding":"rejected","sensor":""}'
    work.process_commands([answer], NOON_MS + 61_000)
    assert [one.ignored for one in published(work, NOON_MS + 62_000).findings] == [True]
    with journal.transaction():
        journal.rejections.erase_rejected(NOON_MS + HOUR_MS)
    assert published(work, NOON_MS + 200_000).findings == []


def test_rejections_of_a_device_outside_the_plan_are_not_published(journal: Journal) -> None:
    with journal.transaction():
        journal.rejections.add_rejected([RejectedInput("pi-1", LossReason.UNREADABLE, b"")], NOON_MS)
        journal.rejections.add_rejected([RejectedInput("pi-9", LossReason.UNKNOWN_DEVICE, b"")], NOON_MS)
    assert [one.reason for one in published(work_on(journal), NOON_MS).rejected] == ["unreadable"]
