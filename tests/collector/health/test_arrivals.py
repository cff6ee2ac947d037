"""Findings about device clocks from arrival times, and about batteries, through the whole collector."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from collector.configuration.collector_settings import RetentionSettings
from collector.contract.findings import Finding, FindingKind
from collector.contract.states import SpaceHealth
from collector.engine.pipeline import Pipeline
from collector.intake.intake import IncomingMessage
from collector.store.journal import Journal
from edge.contract.message import EventKind, EventsMessage, SensorEvent, encode
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan

PLAN = build_desk_plan(2, devices=2)
"""One desk on each of two devices."""


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Pipeline]:
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        yield Pipeline(PLAN, journal, RetentionSettings(), NOON_MS)


class SimulatedDevice:
    """A device that sends messages."""

    def __init__(self, number: int) -> None:
        self.id, self._sensor, self._seq = f"pi-{number + 1}", f"desk-{number}-pir", 0

    def send(
        self, moments: Sequence[int], kind: EventKind = EventKind.HEARTBEAT, value: float = 0, *, sync: bool = True
    ) -> IncomingMessage:
        """Return one message with an event for each time of the device's clock."""
        first = self._seq + 1
        self._seq += len(moments)
        events = [SensorEvent(first + n, self._sensor, at_ms, kind, value, sync) for n, at_ms in enumerate(moments)]
        return IncomingMessage(self.id, encode(EventsMessage("s", 1, events)))


def found(work: Pipeline, now_ms: int) -> dict[str, list[Finding]]:
    work.health.republish_all()
    return {device: message.findings for device, message in work.health.pop_changed_findings(now_ms)}


def send_heartbeats(work: Pipeline, hours: int, offset_ms: int, *, sync: bool = True) -> int:
    """Let both devices send heartbeats every minute, the first with a clock offset; return the time at the end."""
    first, second = SimulatedDevice(0), SimulatedDevice(1)
    now_ms = NOON_MS
    for now_ms in range(NOON_MS, NOON_MS + hours * HOUR_MS + 1, MINUTE_MS):
        work.process_batch([first.send([now_ms - offset_ms], sync=sync)], now_ms)
        work.process_batch([second.send([now_ms - 300])], now_ms)
        work.tick(now_ms)
        work.advance_history(now_ms)
    while work.health.is_due(now_ms):
        work.advance_history(now_ms)
    return now_ms


@pytest.mark.parametrize(("offset_ms", "off_s"), [(3_600_000, 3600), (180_000, 180), (-90_000, -90)])
def test_wrong_clock_is_found_within_four_hours(work: Pipeline, offset_ms: int, off_s: int) -> None:
    now_ms = send_heartbeats(work, 4, offset_ms)
    findings = found(work, now_ms)
    assert [(finding.kind, finding.off_s) for finding in findings["pi-1"]] == [(FindingKind.CLOCK_OFF, off_s)]
    assert findings["pi-2"] == []


def test_clock_far_ahead_is_found_although_its_events_are_rejected(work: Pipeline) -> None:
    findings = found(work, send_heartbeats(work, 4, -7_200_000))
    assert [(finding.kind, finding.times) for finding in findings["pi-1"]] == [
        (FindingKind.CLOCK_OFF, 180),
        (FindingKind.REJECTED, 241),
    ]
    assert findings["pi-2"] == []


def test_clock_that_was_never_set_is_found(work: Pipeline) -> None:
    findings = found(work, send_heartbeats(work, 4, 10**11, sync=False))
    assert [finding.share_pct for finding in findings["pi-1"]] == [100]


def test_wrong_clock_degrades_the_health_of_its_device_spaces(work: Pipeline) -> None:
    now_ms = send_heartbeats(work, 4, -90_000)
    assert work.spaces.get_state("desk-0", now_ms).health is SpaceHealth.DEGRADED
    assert work.spaces.get_state("desk-1", now_ms).health is SpaceHealth.HEALTHY


def test_backlog_of_five_hours_with_a_correct_clock_is_no_finding(work: Pipeline) -> None:
    device = SimulatedDevice(0)
    held = range(NOON_MS, NOON_MS + 5 * HOUR_MS, MINUTE_MS)
    back_ms = NOON_MS + 5 * HOUR_MS
    for start in range(0, len(held), 50):
        work.process_batch([device.send(held[start : start + 50])], back_ms)
    for now_ms in range(back_ms, back_ms + 4 * HOUR_MS, MINUTE_MS):
        work.process_batch([device.send([now_ms - 200])], now_ms)
        work.advance_history(now_ms)
    assert found(work, back_ms + 4 * HOUR_MS)["pi-1"] == []


def test_low_battery_is_found_at_the_end_of_the_hour_that_reported_it(work: Pipeline) -> None:
    device = SimulatedDevice(1)
    work.process_batch([device.send([NOON_MS]), device.send([NOON_MS + 1], EventKind.BATTERY_PCT, 12)], NOON_MS + 2)
    now_ms = NOON_MS + HOUR_MS
    while work.health.is_due(now_ms):
        work.advance_history(now_ms)
    ((finding,),) = [findings for findings in found(work, now_ms).values() if findings]
    assert (finding.kind, finding.sensor, finding.battery_pct) == (FindingKind.BATTERY_LOW, "desk-1-pir", 12)
