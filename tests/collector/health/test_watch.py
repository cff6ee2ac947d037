"""The health service of a site: late events, restarts, commands, retention."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from bench.accuracy.watching import Watching
from collector.evidence import Heard
from collector.health.findings import Answer, CollectorCommand, FindingKind, encode
from collector.health.hours import HOUR_MS
from collector.health.past import KEPT_DAYS
from collector.health.store import HEALTH, kept_names, load_pasts
from collector.intake import Intake
from collector.journal import Journal
from collector.outward import Health
from collector.plan import Tenure
from collector.rejection import Gap, Loss
from tests.collector.health.people import DAY, MONDAY_MS, Furniture, plan, said, stays
from tests.collector.health.test_findings import blind, only

HAS = Furniture(desks=3)
PLAN = plan(HAS)
EVENTS = said(HAS, stays(HAS, 1, 4), 1, 4, only("pir-0", blind))
END_MS = MONDAY_MS + 3 * DAY
POOR = ("pi", "pir-0"), FindingKind.POOR_COVERAGE


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.sqlite")) as opened:
        yield opened


def feed(watching: Watching, events: Sequence[Heard], from_ms: int = MONDAY_MS, to_ms: int = END_MS) -> None:
    """Feed events hour by hour."""
    for now_ms in range(from_ms + HOUR_MS, to_ms + 1, HOUR_MS):
        watching.take([event for event in events if now_ms - HOUR_MS <= event.at_ms < now_ms], now_ms)


def stored_health(journal: Journal) -> dict[str, object]:
    return {
        name: msgspec.msgpack.decode(body, strict=False)
        for name, body in journal.settled().items()
        if name.startswith(HEALTH) and "notes" not in name
    }


def found(watching: Watching, now_ms: int = END_MS) -> dict[object, int]:
    return {(name, finding.kind): finding.since_ms for name, finding in watching.found(now_ms)}


def test_late_events_lead_to_the_same_days_as_events_in_order(journal: Journal, tmp_path: Path) -> None:
    feed(Watching(PLAN, journal, MONDAY_MS), EVENTS)
    with closing(Journal(tmp_path / "late.sqlite")) as other:
        watching = Watching(PLAN, other, MONDAY_MS)
        cut_off = [
            event for event in EVENTS if event.sensor == "mat-0" and event.at_ms < MONDAY_MS + DAY + 14 * HOUR_MS
        ]
        missing = {event.seq for event in cut_off if event.at_ms >= MONDAY_MS + 9 * HOUR_MS}
        half = MONDAY_MS + 2 * DAY
        feed(watching, [event for event in EVENTS if event.seq not in missing], to_ms=half)
        assert stored_health(other) != stored_health(journal)
        watching.take([event for event in cut_off if event.seq in missing], half + 60_000)
        feed(watching, EVENTS, half, END_MS)
        assert stored_health(other) == stored_health(journal)


def test_late_events_are_counted_after_a_restart_during_the_round(journal: Journal, tmp_path: Path) -> None:
    feed(Watching(PLAN, journal, MONDAY_MS), EVENTS)
    with closing(Journal(tmp_path / "late.sqlite")) as other:
        watching = Watching(PLAN, other, MONDAY_MS)
        late = [event for event in EVENTS if 9 * HOUR_MS <= event.at_ms - MONDAY_MS < 11 * HOUR_MS]
        feed(watching, [event for event in EVENTS if event not in late])
        with other.transaction():
            other.add_events(late)
            for event in late:
                watching.watch.late((event.device, event.sensor), event.at_ms)
            watching.watch.arrived(Intake(), END_MS)
        with other.transaction():
            watching.watch.step(END_MS)
        assert watching.watch.due(END_MS), "a part of the round is left"
        answer(watching, other, Answer.HEED)
        assert stored_health(other) != stored_health(journal)
        Watching(PLAN, other, END_MS).pass_time(END_MS)
        assert stored_health(other) == stored_health(journal)


def test_restart_keeps_findings_and_their_begin(journal: Journal) -> None:
    first = Watching(PLAN, journal, MONDAY_MS)
    feed(first, EVENTS)
    before = found(first)
    assert POOR in before
    assert found(Watching(PLAN, journal, END_MS)) == before


def answer(watching: Watching, journal: Journal, command: Answer) -> None:
    (device, sensor), kind = POOR
    with journal.transaction():
        watching.watch.answer(encode(CollectorCommand(command, device, kind, sensor)), END_MS)


def ignored(watching: Watching) -> list[bool]:
    return [finding.ignored for _, finding in watching.found(END_MS)]


def test_command_takes_effect_at_once_and_survives_a_restart(journal: Journal) -> None:
    watching = Watching(PLAN, journal, MONDAY_MS)
    feed(watching, EVENTS)
    assert watching.house.view("desk-0", END_MS - 1).health is Health.DEGRADED
    assert watching.house.view("desk-1", END_MS - 1).health is Health.HEALTHY
    answer(watching, journal, Answer.IGNORE)
    assert ignored(watching) == [True]
    assert watching.house.view("desk-0", END_MS - 1).health is Health.HEALTHY
    again = Watching(PLAN, journal, END_MS)
    assert ignored(again) == [True]
    answer(again, journal, Answer.HEED)
    assert ignored(again) == [False]


@pytest.mark.parametrize("payload", [b"{", b'{"command":"ignore"}', b'{"command":"burn","device":"pi","finding":"x"}'])
def test_invalid_command_changes_nothing(journal: Journal, payload: bytes) -> None:
    watching = Watching(PLAN, journal, MONDAY_MS)
    with journal.transaction():
        watching.watch.answer(payload, MONDAY_MS)
    assert watching.found(MONDAY_MS) == []


def test_findings_are_published_once_and_empty_for_a_device_without_any(journal: Journal) -> None:
    watching = Watching(PLAN, journal, MONDAY_MS)
    assert [(device, message.findings) for device, message in watching.watch.to_tell(MONDAY_MS)] == [("pi", [])]
    assert watching.watch.to_tell(MONDAY_MS) == []


def test_hours_expire_with_the_events_and_days_after_two_weeks(journal: Journal) -> None:
    watching = Watching(PLAN, journal, MONDAY_MS)
    end_ms = MONDAY_MS + 16 * DAY
    watching.take(EVENTS[:500], MONDAY_MS + HOUR_MS)
    for now_ms in range(MONDAY_MS + DAY, end_ms + 1, DAY):
        watching.pass_time(now_ms)
    for past in load_pasts(journal, PLAN).values():
        assert min(past.hours) >= end_ms - 72 * HOUR_MS
        assert len(past.days) == KEPT_DAYS
        assert past.days[-1].day - past.days[0].day == KEPT_DAYS - 1


def test_history_of_a_sensor_with_other_pins_is_discarded(journal: Journal) -> None:
    feed(Watching(PLAN, journal, MONDAY_MS), EVENTS)
    sensors = tuple(dataclasses.replace(one, wiring="17" if one.id == "pir-0" else "") for one in PLAN.sensors)
    other = dataclasses.replace(PLAN, sensors=sensors)
    pasts = load_pasts(journal, other)
    assert pasts["pi", "pir-0"].days == ()
    assert pasts["pi", "mat-0"].days != ()
    watching = Watching(other, journal, END_MS)
    watching.pass_time(END_MS + HOUR_MS)
    assert found(watching) == {}, "events of the replaced sensor are not counted"


def test_journal_keys_never_equal_a_space_id() -> None:
    assert all(":" in name for name in kept_names(PLAN))


def test_sensor_notes_have_the_minute_of_the_newest_event_and_repeat_after_a_minute(
    journal: Journal,
) -> None:
    watching = Watching(PLAN, journal, MONDAY_MS)
    feed(watching, EVENTS)
    watch = watching.watch
    watch.tell_all()
    ((device, message),) = watch.to_tell(END_MS)
    newest = max(event.at_ms for event in EVENTS if event.sensor == "pir-1" and event.at_ms < END_MS)
    assert device == "pi"
    assert message.sensors["pir-1"].heard_ms == newest - newest % 60_000
    assert message.sensors["pir-1"].battery_pct is None
    assert watch.to_tell(END_MS + 59_000) == []


def test_dedicated_desk_has_no_last_event_while_its_sensor_is_alive(journal: Journal) -> None:
    spaces = tuple(dataclasses.replace(space, tenure=Tenure.DEDICATED) for space in PLAN.spaces)
    watching = Watching(dataclasses.replace(PLAN, spaces=spaces), journal, MONDAY_MS)
    feed(watching, EVENTS)
    watch = watching.watch
    watch.tell_all()
    ((_, live),) = watch.to_tell(END_MS)
    assert "pir-1" not in live.sensors
    ((_, silent),) = watch.to_tell(END_MS + 24 * HOUR_MS)
    assert silent.sensors["pir-1"].heard_ms is not None


def test_lost_events_are_counted_by_device(journal: Journal) -> None:
    with journal.transaction():
        journal.add_gaps([Gap("pi", "s", 3, 9, Loss.DROPPED), Gap("pi", "t", 1, 1, Loss.FUTURE)], MONDAY_MS)
    watching = Watching(PLAN, journal, MONDAY_MS)
    ((_, message),) = watching.watch.to_tell(MONDAY_MS)
    assert message.lost == 8
