"""The watch over a house: late news, restarts, answers, what is kept and for how long."""

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


def run(watching: Watching, events: Sequence[Heard], from_ms: int = MONDAY_MS, to_ms: int = END_MS) -> None:
    """Hour by hour."""
    for now_ms in range(from_ms + HOUR_MS, to_ms + 1, HOUR_MS):
        watching.take([event for event in events if now_ms - HOUR_MS <= event.at_ms < now_ms], now_ms)


def kept(journal: Journal) -> dict[str, object]:
    return {
        name: msgspec.msgpack.decode(body, strict=False)
        for name, body in journal.settled().items()
        if name.startswith(HEALTH) and "notes" not in name
    }


def found(watching: Watching, now_ms: int = END_MS) -> dict[object, int]:
    return {(name, finding.kind): finding.since_ms for name, finding in watching.found(now_ms)}


def test_late_news_ends_in_the_same_days_as_news_in_order(journal: Journal, tmp_path: Path) -> None:
    run(Watching(PLAN, journal, MONDAY_MS), EVENTS)
    with closing(Journal(tmp_path / "late.sqlite")) as other:
        watching = Watching(PLAN, other, MONDAY_MS)
        cut_off = [
            event for event in EVENTS if event.sensor == "mat-0" and event.at_ms < MONDAY_MS + DAY + 14 * HOUR_MS
        ]
        away = {event.seq for event in cut_off if event.at_ms >= MONDAY_MS + 9 * HOUR_MS}
        half = MONDAY_MS + 2 * DAY
        run(watching, [event for event in EVENTS if event.seq not in away], to_ms=half)
        assert kept(other) != kept(journal)
        watching.take([event for event in cut_off if event.seq in away], half + 60_000)
        run(watching, EVENTS, half, END_MS)
        assert kept(other) == kept(journal)


def test_late_news_is_counted_though_the_power_went_in_the_middle_of_that(journal: Journal, tmp_path: Path) -> None:
    run(Watching(PLAN, journal, MONDAY_MS), EVENTS)
    with closing(Journal(tmp_path / "late.sqlite")) as other:
        watching = Watching(PLAN, other, MONDAY_MS)
        late = [event for event in EVENTS if 9 * HOUR_MS <= event.at_ms - MONDAY_MS < 11 * HOUR_MS]
        run(watching, [event for event in EVENTS if event not in late])
        with other.transaction():
            other.add_events(late)
            for event in late:
                watching.watch.late((event.device, event.sensor), event.at_ms)
            watching.watch.arrived(Intake(), END_MS)
        with other.transaction():
            watching.watch.step(END_MS)
        assert watching.watch.due(END_MS), "a part of it is left"
        answer(watching, other, Answer.HEED)
        assert kept(other) != kept(journal)
        Watching(PLAN, other, END_MS).pass_time(END_MS)
        assert kept(other) == kept(journal)


def test_a_restart_finds_the_same_since_the_same_moment(journal: Journal) -> None:
    first = Watching(PLAN, journal, MONDAY_MS)
    run(first, EVENTS)
    before = found(first)
    assert POOR in before
    assert found(Watching(PLAN, journal, END_MS)) == before


def answer(watching: Watching, journal: Journal, command: Answer) -> None:
    (device, sensor), kind = POOR
    with journal.transaction():
        watching.watch.answer(encode(CollectorCommand(command, device, kind, sensor)), END_MS)


def ignored(watching: Watching) -> list[bool]:
    return [finding.ignored for _, finding in watching.found(END_MS)]


def test_an_answer_is_told_at_once_and_outlives_a_restart(journal: Journal) -> None:
    watching = Watching(PLAN, journal, MONDAY_MS)
    run(watching, EVENTS)
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
def test_a_command_that_breaks_the_contract_changes_nothing(journal: Journal, payload: bytes) -> None:
    watching = Watching(PLAN, journal, MONDAY_MS)
    with journal.transaction():
        watching.watch.answer(payload, MONDAY_MS)
    assert watching.found(MONDAY_MS) == []


def test_findings_are_told_once_and_a_device_without_any_is_told_empty(journal: Journal) -> None:
    watching = Watching(PLAN, journal, MONDAY_MS)
    assert [(device, told.findings) for device, told in watching.watch.to_tell(MONDAY_MS)] == [("pi", [])]
    assert watching.watch.to_tell(MONDAY_MS) == []


def test_minutes_are_forgotten_with_the_events_and_days_after_two_weeks(journal: Journal) -> None:
    watching = Watching(PLAN, journal, MONDAY_MS)
    end_ms = MONDAY_MS + 16 * DAY
    watching.take(EVENTS[:500], MONDAY_MS + HOUR_MS)
    for now_ms in range(MONDAY_MS + DAY, end_ms + 1, DAY):
        watching.pass_time(now_ms)
    for past in load_pasts(journal, PLAN).values():
        assert min(past.hours) >= end_ms - 72 * HOUR_MS
        assert len(past.days) == KEPT_DAYS
        assert past.days[-1].day - past.days[0].day == KEPT_DAYS - 1


def test_of_a_sensor_with_other_pins_nothing_is_known(journal: Journal) -> None:
    run(Watching(PLAN, journal, MONDAY_MS), EVENTS)
    sensors = tuple(dataclasses.replace(one, wiring="17" if one.id == "pir-0" else "") for one in PLAN.sensors)
    other = dataclasses.replace(PLAN, sensors=sensors)
    pasts = load_pasts(journal, other)
    assert pasts["pi", "pir-0"].days == ()
    assert pasts["pi", "mat-0"].days != ()
    watching = Watching(other, journal, END_MS)
    watching.pass_time(END_MS + HOUR_MS)
    assert found(watching) == {}, "nor is what the other one said read again"


def test_no_name_of_a_space_is_a_name_of_ours() -> None:
    assert all(":" in name for name in kept_names(PLAN))


def test_each_sensor_is_told_with_the_minute_of_its_newest_event_and_again_when_a_minute_has_passed(
    journal: Journal,
) -> None:
    watching = Watching(PLAN, journal, MONDAY_MS)
    run(watching, EVENTS)
    watch = watching.watch
    watch.tell_all()
    ((device, told),) = watch.to_tell(END_MS)
    newest = max(event.at_ms for event in EVENTS if event.sensor == "pir-1" and event.at_ms < END_MS)
    assert device == "pi"
    assert told.sensors["pir-1"].heard_ms == newest - newest % 60_000
    assert told.sensors["pir-1"].battery_pct is None
    assert watch.to_tell(END_MS + 59_000) == []


def test_of_a_dedicated_desk_no_moment_is_told_while_its_sensor_lives(journal: Journal) -> None:
    spaces = tuple(dataclasses.replace(space, tenure=Tenure.DEDICATED) for space in PLAN.spaces)
    watching = Watching(dataclasses.replace(PLAN, spaces=spaces), journal, MONDAY_MS)
    run(watching, EVENTS)
    watch = watching.watch
    watch.tell_all()
    ((_, lively),) = watch.to_tell(END_MS)
    assert "pir-1" not in lively.sensors
    ((_, silent),) = watch.to_tell(END_MS + 24 * HOUR_MS)
    assert silent.sensors["pir-1"].heard_ms is not None


def test_events_that_are_lost_are_counted_by_device(journal: Journal) -> None:
    with journal.transaction():
        journal.add_gaps([Gap("pi", "s", 3, 9, Loss.DROPPED), Gap("pi", "t", 1, 1, Loss.FUTURE)], MONDAY_MS)
    watching = Watching(PLAN, journal, MONDAY_MS)
    ((_, told),) = watching.watch.to_tell(MONDAY_MS)
    assert told.lost == 8
