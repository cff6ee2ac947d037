"""The health service of a site: late events, restarts, commands, retention."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from bench.accuracy.watching import HealthRun
from collector.configuration.collector_settings import KEPT_SENSOR_DAYS
from collector.contract.findings import FindingAction, FindingCommand, FindingKind
from collector.contract.loss_reasons import LossReason
from collector.contract.states import SpaceHealth
from collector.health.health_store import KEY_PREFIX, list_journal_keys, load_pasts
from collector.intake.intake import IntakeResult
from collector.intake.rejection import StreamGap
from collector.occupancy.evidence import StoredEvent
from collector.site.spaces import Tenure
from collector.store.journal import Journal
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.health_people import (
    DAY,
    MONDAY_MS,
    Furniture,
    make_plan,
    simulate_events,
    simulate_stays,
)
from tests.support.collector.sensor_faults import hide_most_motion, make_fault

HAS = Furniture(desks=3)
PLAN = make_plan(HAS)
EVENTS = simulate_events(HAS, simulate_stays(HAS, 1, 4), 1, 4, make_fault("pir-0", hide_most_motion))
END_MS = MONDAY_MS + 3 * DAY
POOR = ("pi", "pir-0"), FindingKind.POOR_COVERAGE


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.sqlite")) as opened:
        yield opened


def feed(watching: HealthRun, events: Sequence[StoredEvent], from_ms: int = MONDAY_MS, to_ms: int = END_MS) -> None:
    """Feed events hour by hour."""
    for now_ms in range(from_ms + HOUR_MS, to_ms + 1, HOUR_MS):
        watching.add_events([event for event in events if now_ms - HOUR_MS <= event.at_ms < now_ms], now_ms)


def stored_health(journal: Journal) -> dict[str, object]:
    return {
        name: msgspec.msgpack.decode(body[2:], strict=False)
        for name, body in journal.read_values().items()
        if name.startswith(KEY_PREFIX) and "notes" not in name
    }


def found(watching: HealthRun, now_ms: int = END_MS) -> dict[object, int]:
    return {(name, finding.kind): finding.since_ms for name, finding in watching.list_findings(now_ms)}


def test_late_events_lead_to_the_same_days_as_events_in_order(journal: Journal, tmp_path: Path) -> None:
    feed(HealthRun(PLAN, journal, MONDAY_MS), EVENTS)
    with closing(Journal(tmp_path / "late.sqlite")) as other:
        watching = HealthRun(PLAN, other, MONDAY_MS)
        cut_off = [
            event for event in EVENTS if event.sensor == "mat-0" and event.at_ms < MONDAY_MS + DAY + 14 * HOUR_MS
        ]
        missing = {event.seq for event in cut_off if event.at_ms >= MONDAY_MS + 9 * HOUR_MS}
        half = MONDAY_MS + 2 * DAY
        feed(watching, [event for event in EVENTS if event.seq not in missing], to_ms=half)
        assert stored_health(other) != stored_health(journal)
        watching.add_events([event for event in cut_off if event.seq in missing], half + 60_000)
        feed(watching, EVENTS, half, END_MS)
        assert stored_health(other) == stored_health(journal)


def test_late_events_are_counted_after_a_restart_during_the_round(journal: Journal, tmp_path: Path) -> None:
    feed(HealthRun(PLAN, journal, MONDAY_MS), EVENTS)
    with closing(Journal(tmp_path / "late.sqlite")) as other:
        watching = HealthRun(PLAN, other, MONDAY_MS)
        late = [event for event in EVENTS if 9 * HOUR_MS <= event.at_ms - MONDAY_MS < 11 * HOUR_MS]
        feed(watching, [event for event in EVENTS if event not in late])
        with other.transaction():
            other.add_events(late)
            for event in late:
                watching.health.record_late_event((event.device, event.sensor), event.at_ms)
            watching.health.record_intake(IntakeResult(), END_MS)
        with other.transaction():
            watching.health.run_slice(END_MS)
        assert watching.health.is_due(END_MS), "a part of the round is left"
        answer(watching, other, FindingAction.UNIGNORE)
        assert stored_health(other) != stored_health(journal)
        HealthRun(PLAN, other, END_MS).run_due(END_MS)
        assert stored_health(other) == stored_health(journal)


def test_restart_keeps_findings_and_their_begin(journal: Journal) -> None:
    first = HealthRun(PLAN, journal, MONDAY_MS)
    feed(first, EVENTS)
    before = found(first)
    assert POOR in before
    assert found(HealthRun(PLAN, journal, END_MS)) == before


def answer(watching: HealthRun, journal: Journal, command: FindingAction) -> None:
    (device, sensor), kind = POOR
    with journal.transaction():
        watching.health.apply_command(FindingCommand(command, device, kind, sensor), END_MS)


def ignored(watching: HealthRun) -> list[bool]:
    return [finding.ignored for _, finding in watching.list_findings(END_MS)]


def test_command_takes_effect_at_once_and_survives_a_restart(journal: Journal) -> None:
    watching = HealthRun(PLAN, journal, MONDAY_MS)
    feed(watching, EVENTS)
    assert watching.spaces.get_state("desk-0", END_MS - 1).health is SpaceHealth.DEGRADED
    assert watching.spaces.get_state("desk-1", END_MS - 1).health is SpaceHealth.HEALTHY
    answer(watching, journal, FindingAction.IGNORE)
    assert ignored(watching) == [True]
    assert watching.spaces.get_state("desk-0", END_MS - 1).health is SpaceHealth.HEALTHY
    again = HealthRun(PLAN, journal, END_MS)
    assert ignored(again) == [True]
    answer(again, journal, FindingAction.UNIGNORE)
    assert ignored(again) == [False]


def test_findings_are_published_once_and_empty_for_a_device_without_any(journal: Journal) -> None:
    watching = HealthRun(PLAN, journal, MONDAY_MS)
    assert [(device, message.findings) for device, message in watching.health.pop_changed_findings(MONDAY_MS)] == [
        ("pi", [])
    ]
    assert watching.health.pop_changed_findings(MONDAY_MS) == []


def test_hours_expire_with_the_events_and_days_after_two_weeks(journal: Journal) -> None:
    watching = HealthRun(PLAN, journal, MONDAY_MS)
    end_ms = MONDAY_MS + 16 * DAY
    watching.add_events(EVENTS[:500], MONDAY_MS + HOUR_MS)
    for now_ms in range(MONDAY_MS + DAY, end_ms + 1, DAY):
        watching.run_due(now_ms)
    for past in load_pasts(journal, PLAN).values():
        assert min(past.hours) >= end_ms - 72 * HOUR_MS
        assert len(past.days) == KEPT_SENSOR_DAYS
        assert past.days[-1].day - past.days[0].day == KEPT_SENSOR_DAYS - 1


def test_history_of_a_sensor_with_other_pins_is_discarded(journal: Journal) -> None:
    feed(HealthRun(PLAN, journal, MONDAY_MS), EVENTS)
    sensors = tuple(dataclasses.replace(one, wiring="17" if one.id == "pir-0" else "") for one in PLAN.sensors)
    other = dataclasses.replace(PLAN, sensors=sensors)
    pasts = load_pasts(journal, other)
    assert pasts["pi", "pir-0"].days == ()
    assert pasts["pi", "mat-0"].days != ()
    watching = HealthRun(other, journal, END_MS)
    watching.run_due(END_MS + HOUR_MS)
    assert found(watching) == {}, "events of the replaced sensor are not counted"


def test_journal_keys_never_equal_a_space_id() -> None:
    assert all(":" in name for name in list_journal_keys(PLAN))


def test_sensor_notes_have_the_minute_of_the_newest_event_and_repeat_after_a_minute(
    journal: Journal,
) -> None:
    watching = HealthRun(PLAN, journal, MONDAY_MS)
    feed(watching, EVENTS)
    watch = watching.health
    watch.republish_all()
    ((device, message),) = watch.pop_changed_findings(END_MS)
    newest = max(event.at_ms for event in EVENTS if event.sensor == "pir-1" and event.at_ms < END_MS)
    assert device == "pi"
    assert message.sensors["pir-1"].last_event_ms == newest - newest % 60_000
    assert message.sensors["pir-1"].battery_pct is None
    assert watch.pop_changed_findings(END_MS + 59_000) == []


def test_dedicated_desk_has_no_last_event_while_its_sensor_is_alive(journal: Journal) -> None:
    spaces = tuple(dataclasses.replace(space, tenure=Tenure.DEDICATED) for space in PLAN.spaces)
    watching = HealthRun(dataclasses.replace(PLAN, spaces=spaces), journal, MONDAY_MS)
    feed(watching, EVENTS)
    watch = watching.health
    watch.republish_all()
    ((_, live),) = watch.pop_changed_findings(END_MS)
    assert "pir-1" not in live.sensors
    ((_, silent),) = watch.pop_changed_findings(END_MS + 24 * HOUR_MS)
    assert silent.sensors["pir-1"].last_event_ms is not None


def test_lost_events_are_counted_by_device(journal: Journal) -> None:
    with journal.transaction():
        journal.rejections.add_gaps(
            [StreamGap("pi", "s", 3, 9, LossReason.DROPPED), StreamGap("pi", "t", 1, 1, LossReason.FUTURE)], MONDAY_MS
        )
    watching = HealthRun(PLAN, journal, MONDAY_MS)
    ((_, message),) = watching.health.pop_changed_findings(MONDAY_MS)
    assert message.lost == 8
