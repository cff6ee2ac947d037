"""What remains after a batch, the passing of time and a restart; and what is erased."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from collector.configuration.collector_settings import RetentionSettings
from collector.contract.loss_reasons import LossReason
from collector.contract.states import Occupancy, Reason
from collector.engine.pipeline import Pipeline
from collector.health.health_store import load_pasts
from collector.intake.intake import IncomingMessage
from collector.site.adjustments import SetHours, SetNotice, SetOutOfUse, encode
from collector.site.calendar import to_local_time
from collector.site.site_plan import SitePlan
from collector.site.spaces import SpaceKind
from collector.store.journal import Journal
from collector.store.stored_adjustments import ADJUSTMENTS_KEY
from collector.truth.truth_store import TRUTH_KEY
from edge.contract.message import EventKind, SensorEvent
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, message, motion, motions

PLAN = build_desk_plan(2)
RETENTION = RetentionSettings(raw_hours=1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.sqlite")) as opened:
        yield opened


def work_on(journal: Journal, now_ms: int = NOON_MS) -> Pipeline:
    return Pipeline(PLAN, journal, RETENTION, now_ms)


def heartbeats(from_ms: int, to_ms: int, seq: int = 1) -> list[SensorEvent]:
    return [
        SensorEvent(seq=seq + n, sensor="desk-0-pir", at_ms=at_ms, kind=EventKind.HEARTBEAT, value=0)
        for n, at_ms in enumerate(range(from_ms, to_ms, 30_000))
    ]


def states(journal: Journal, space: str = "desk-0") -> list[str]:
    rows = journal._connection.execute("SELECT state FROM transition WHERE space = ? ORDER BY at_ms", (space,))
    return [state for (state,) in rows]


def events(journal: Journal) -> int:
    (number,) = journal._connection.execute("SELECT count(*) FROM event").fetchone()
    return int(number)


def test_receipts_are_due_for_stored_and_for_repeated_events(journal: Journal) -> None:
    work = work_on(journal)
    assert work.process_batch([IncomingMessage("pi-1", motions([1, 2]))], NOON_MS) == {("pi-1", "s"): 2}
    assert work.process_batch([IncomingMessage("pi-1", motions([1, 2]))], NOON_MS) == {("pi-1", "s"): 2}
    assert work.process_batch([IncomingMessage("pi-1", b"{")], NOON_MS) == {}
    assert events(journal) == 2


@pytest.mark.parametrize("saved", [True, False])
def test_a_restart_continues_where_the_last_run_ended(journal: Journal, saved: bool) -> None:
    work = work_on(journal)
    sent = [motion(1, NOON_MS), motion(2, NOON_MS + 1000, value=0)]
    work.process_batch([IncomingMessage("pi-1", message(sent))], NOON_MS + 1000)
    if saved:
        work.save_evidence()
    work.process_batch(
        [IncomingMessage("pi-1", message(heartbeats(NOON_MS + 2000, NOON_MS + 60_000, 3)))], NOON_MS + 60_000
    )
    before = work.spaces.get_state("desk-0", NOON_MS + 60_000)
    again = work_on(journal, NOON_MS + 60_000)
    assert again.spaces.get_state("desk-0", NOON_MS + 60_000) == before
    assert again.stored_up_to == {("pi-1", "s"): 4}


def moments(body: object) -> set[int]:
    """Every moment in a stored body."""
    if isinstance(body, list | tuple):
        return set().union(*(moments(inner) for inner in body))
    if isinstance(body, dict):
        return moments(list(body.values()))
    return {body} if isinstance(body, int) and body > 10**12 else set()


@pytest.mark.parametrize("lives", [True, False])
def test_stored_evidence_has_no_exact_moment_of_erased_events(journal: Journal, lives: bool) -> None:
    work, left_ms, end_ms = work_on(journal), NOON_MS + 83_457, NOON_MS + 8 * HOUR_MS
    work.process_batch(
        [IncomingMessage("pi-1", message([motion(1, left_ms - 40_000), motion(2, left_ms, value=0)]))], left_ms
    )
    beats = heartbeats(left_ms + 30_000, end_ms if lives else left_ms + HOUR_MS, 3)
    for first in range(0, len(beats), 10):
        these = beats[first : first + 10]
        work.process_batch([IncomingMessage("pi-1", message(these))], these[-1].at_ms)
    for now_ms in range(end_ms - HOUR_MS, end_ms + HOUR_MS, 300_000):
        work.tick(now_ms)
        work.advance_history(now_ms)
        work.save_evidence()
    bodies = {**journal.read_values(), "checkpoint": journal.read_checkpoints()["desk-0"].body}
    stored = moments([msgspec.msgpack.decode(bodies[name][2:]) for name in ("desk-0", "checkpoint")])
    exact = {event.at_ms for event in (motion(1, left_ms - 40_000), motion(2, left_ms), *beats[:120])}
    exact |= {at_ms + hold_ms for at_ms in exact for hold_ms in (60_000, 120_000, 480_000, 600_000)}
    assert not stored & exact
    assert any(at_ms % 300_000 == 0 for at_ms in stored if at_ms < left_ms + HOUR_MS), "the change is still known"
    now_ms = end_ms + HOUR_MS
    again, view = work_on(journal, now_ms), work.spaces.get_state("desk-0", now_ms)
    assert again.spaces.get_state("desk-0", now_ms).state is view.state
    assert view.state is Occupancy.UNKNOWN


def test_doors_and_air_are_restored(journal: Journal) -> None:
    work = work_on(journal)
    sent = [
        SensorEvent(seq=1, sensor="entrance-beams", at_ms=NOON_MS, kind=EventKind.CROSSING, value=1),
        SensorEvent(seq=2, sensor="hall-air", at_ms=NOON_MS, kind=EventKind.CO2_PPM, value=640),
    ]
    work.process_batch([IncomingMessage("pi-1", message(sent))], NOON_MS)
    again = work_on(journal)
    assert again.spaces.get_zone_summary("hall", NOON_MS).air == work.spaces.get_zone_summary("hall", NOON_MS).air
    people = again.spaces.get_site_summary(NOON_MS).people
    assert people is not None
    assert people.count == 1


def test_the_transition_after_silence_is_stored(journal: Journal) -> None:
    work = work_on(journal)
    work.process_batch([IncomingMessage("pi-1", motions([1]))], NOON_MS + 1)
    work.tick(NOON_MS + HOUR_MS)
    assert states(journal)[0] == Occupancy.OCCUPIED
    assert states(journal)[-1] == Occupancy.UNKNOWN


def live(work: Pipeline, until_ms: int) -> None:
    """Send heartbeats of an unused desk every 30 s, from noon."""
    for event in heartbeats(NOON_MS, until_ms):
        work.process_batch([IncomingMessage("pi-1", message([event]))], event.at_ms)
        work.tick(event.at_ms)
        work.advance_history(event.at_ms)


def test_events_and_transitions_are_erased_after_their_hours_and_history_stays(journal: Journal) -> None:
    work = work_on(journal)
    end_ms = NOON_MS + 3 * HOUR_MS
    live(work, end_ms)
    (oldest,) = journal._connection.execute("SELECT min(at_ms) FROM event").fetchone()
    assert end_ms - HOUR_MS - 6 * MINUTE_MS < oldest < end_ms - HOUR_MS
    assert states(journal) == []  # the last transition was at noon
    checkpoint = journal.read_checkpoints()["desk-0"]
    assert (checkpoint.state, checkpoint.at_ms <= oldest) == (Occupancy.VACANT, True)
    assert work_on(journal, end_ms).spaces.get_state("desk-0", end_ms).state is Occupancy.VACANT
    hours = journal._connection.execute("SELECT vacant_s FROM space_hour WHERE space = 'desk-0'").fetchall()
    assert hours[1:] == [(3600.0,)]


def test_an_event_older_than_the_raw_hours_is_rejected_alone(journal: Journal) -> None:
    work = work_on(journal)
    sent = [motion(1, NOON_MS - HOUR_MS - 1), motion(2, NOON_MS)]
    assert work.process_batch([IncomingMessage("pi-1", message(sent))], NOON_MS) == {("pi-1", "s"): 2}
    gaps = journal._connection.execute("SELECT first, last, reason FROM gap").fetchall()
    assert (events(journal), gaps) == (1, [(1, 1, LossReason.TOO_OLD)])


def test_after_a_step_back_of_the_clock_erased_events_are_not_accepted_again(journal: Journal) -> None:
    work = work_on(journal)
    live(work, NOON_MS + 3 * HOUR_MS)
    late = message([motion(1, NOON_MS + 1)], stream="late")
    work.process_batch([IncomingMessage("pi-1", late)], NOON_MS + 1)
    assert journal._connection.execute("SELECT reason FROM gap").fetchall() == [(LossReason.TOO_OLD,)]


def test_a_clock_far_ahead_for_a_moment_loses_no_later_event(journal: Journal) -> None:
    work = work_on(journal)
    live(work, NOON_MS + 30 * MINUTE_MS)
    ahead_ms = NOON_MS + 1000 * HOUR_MS
    for _ in range(20):  # twenty seconds
        work.tick(ahead_ms)
        work.advance_history(ahead_ms)
    now_ms = NOON_MS + 31 * MINUTE_MS
    sent = [motion(100, now_ms - 1)]
    work.process_batch([IncomingMessage("pi-1", message(sent, oldest=100))], now_ms)
    work.tick(now_ms)
    assert work.spaces.get_state("desk-0", now_ms).state is Occupancy.OCCUPIED
    assert [reason for (reason,) in journal._connection.execute("SELECT reason FROM gap")] == [LossReason.DROPPED]
    again = work_on(journal, now_ms)
    again.tick(now_ms)
    assert again.spaces.get_state("desk-0", now_ms).state is Occupancy.OCCUPIED


def test_a_late_event_corrects_history_and_not_the_present(journal: Journal) -> None:
    work = work_on(journal)
    end_ms = NOON_MS + HOUR_MS
    live(work, end_ms)
    late = message([motion(1, NOON_MS + 20 * MINUTE_MS), motion(2, NOON_MS + 21 * MINUTE_MS)], stream="late")
    before = work.spaces.get_state("desk-0", end_ms)
    work.process_batch([IncomingMessage("pi-1", late)], end_ms)
    assert work.spaces.get_state("desk-0", end_ms).state is before.state is Occupancy.VACANT
    assert Occupancy.OCCUPIED in states(journal)
    for _ in range(3):
        work.advance_history(end_ms)
    taken = journal._connection.execute("SELECT taken_s FROM space_hour WHERE space = 'desk-0'").fetchall()
    assert taken == [(3600.0,)], "it was taken half past the hour"


@pytest.mark.parametrize("restarts", [False, True])
def test_taking_a_space_out_of_use_changes_what_is_published_and_nothing_stored(tmp_path: Path, restarts: bool) -> None:
    stored: list[list[str]] = []
    for adjusts in (False, True):
        with closing(Journal(tmp_path / f"{adjusts}.sqlite")) as journal:
            work = work_on(journal)
            end_ms = NOON_MS + HOUR_MS
            live(work, NOON_MS + 30 * MINUTE_MS)
            assert work.spaces.get_state("desk-0", NOON_MS + 30 * MINUTE_MS).state is Occupancy.VACANT
            if adjusts:
                work.apply_adjustments([encode(SetOutOfUse("desk-0", out_of_use=True))], NOON_MS + 30 * MINUTE_MS)
                assert not work.is_outdated
            if restarts:
                work = work_on(journal, NOON_MS + 30 * MINUTE_MS)
            live(work, end_ms)
            late = message([motion(1, NOON_MS + 20 * MINUTE_MS), motion(2, NOON_MS + 41 * MINUTE_MS)], stream="late")
            work.process_batch([IncomingMessage("pi-1", late)], end_ms)
            shown = work.spaces.get_state("desk-0", end_ms)
            desks = work.spaces.get_site_summary(end_ms).kinds[SpaceKind.DESK]
            if adjusts:
                assert (shown.state, shown.because.reason, shown.lapse) == (Occupancy.DISABLED, Reason.DISABLED, None)
                assert (desks.capacity, desks.disabled) == (2, 1)
                work.apply_adjustments([encode(SetOutOfUse("desk-0", out_of_use=False))], end_ms)
                assert work.spaces.get_state("desk-0", end_ms).state is Occupancy.VACANT
            for _ in range(3):
                work.advance_history(end_ms)
            work.save_evidence()
            own = (ADJUSTMENTS_KEY, TRUTH_KEY, 'INTO "history"')  # random in every journal
            stored.append([line for line in journal._connection.iterdump() if not any(name in line for name in own)])
    assert stored[0] == stored[1]
    assert any("occupied" in line for line in stored[0])


def test_hours_of_a_date_need_a_new_plan_and_a_notice_does_not(journal: Journal) -> None:
    work = work_on(journal)
    work.apply_adjustments([encode(SetNotice("Fika at three")), b'{"command":"set_notice"}', b"{"], NOON_MS)
    assert (work.adjustments.notice, work.is_outdated) == ("Fika at three", False)
    day = to_local_time(PLAN, NOON_MS).date().isoformat()
    work.apply_adjustments([encode(SetHours(day, []))], NOON_MS)
    assert work.is_outdated
    assert work_on(journal).adjustments == work.adjustments


def test_a_space_that_left_the_plan_is_erased_too(journal: Journal) -> None:
    work = work_on(journal)
    work.process_batch([IncomingMessage("pi-1", message([motion(1, NOON_MS, sensor="desk-1-pir")]))], NOON_MS)
    smaller = Pipeline(build_desk_plan(1), journal, RETENTION, NOON_MS)
    for at_ms in range(NOON_MS, NOON_MS + 2 * HOUR_MS, 10 * MINUTE_MS):
        smaller.tick(at_ms)
        smaller.advance_history(at_ms)
    assert states(journal, "desk-1") == []
    assert events(journal) == 0


@pytest.mark.parametrize("first", [True, False], ids=["earlier events", "first event"])
def test_a_late_event_is_counted_for_its_sensor_while_history_lags_behind(journal: Journal, first: bool) -> None:
    plan = build_desk_plan(2, devices=2)
    work = Pipeline(plan, journal, RetentionSettings(), NOON_MS)
    end_ms = NOON_MS + 8 * HOUR_MS
    beats = heartbeats(NOON_MS, end_ms)
    work.process_batch(
        [IncomingMessage("pi-1", message(beats[:1000])), IncomingMessage("pi-1", message(beats[1000:], oldest=1))],
        end_ms,
    )
    late = [motion(1, NOON_MS, "desk-1-pir", 0), motion(2, NOON_MS + 6 * HOUR_MS, "desk-1-pir")]
    if first:
        work.process_batch([IncomingMessage("pi-2", message(late[:1]))], end_ms)
    work.tick(end_ms)
    work.advance_history(end_ms)  # one part of the history, and all sensors' days
    work.process_batch([IncomingMessage("pi-2", message(late))], end_ms)
    for _ in range(20):
        work.advance_history(end_ms)
    hours = load_pasts(journal, plan)["pi-2", "desk-1-pir"].hours
    assert {at_ms for at_ms, hour in hours.items() if hour.event_count} == {NOON_MS, NOON_MS + 6 * HOUR_MS}


@pytest.mark.parametrize("plan", [PLAN, replace(PLAN, doors=(), sensors=PLAN.sensors[:2])], ids=["doors", "no door"])
def test_who_was_inside_is_erased_with_the_crossings_even_without_a_door_in_the_plan(
    journal: Journal, plan: SitePlan
) -> None:
    work = work_on(journal)
    crossing = SensorEvent(seq=1, sensor="entrance-beams", at_ms=NOON_MS, kind=EventKind.CROSSING, value=1)
    work.process_batch([IncomingMessage("pi-1", message([crossing]))], NOON_MS)
    work.advance_history(NOON_MS + 10 * MINUTE_MS)
    assert journal._connection.execute("SELECT count(*) FROM people_estimate").fetchone() == (2,)
    later = Pipeline(plan, journal, RETENTION, NOON_MS + 10 * MINUTE_MS)
    for at_ms in range(NOON_MS + 10 * MINUTE_MS, NOON_MS + 3 * HOUR_MS, 5 * MINUTE_MS):
        later.tick(at_ms)
        later.advance_history(at_ms)
    (oldest,) = journal._connection.execute("SELECT coalesce(min(at_ms), ?) FROM people_estimate", (at_ms,)).fetchone()
    assert oldest >= at_ms - HOUR_MS - 10 * MINUTE_MS


def test_events_rejected_as_too_old_are_counted_and_not_stored(journal: Journal) -> None:
    work = work_on(journal)
    sent = [motion(1, NOON_MS - HOUR_MS - 2), motion(2, NOON_MS - HOUR_MS - 1), motion(3, NOON_MS)]
    work.process_batch([IncomingMessage("pi-1", message(sent))], NOON_MS)
    assert journal._connection.execute("SELECT first, last, reason FROM gap").fetchall() == [(1, 2, LossReason.TOO_OLD)]
    assert journal._connection.execute("SELECT reason, payload FROM quarantine").fetchall() == [
        (LossReason.TOO_OLD, b"")
    ]


def test_the_last_moment_of_a_space_that_left_the_plan_is_erased(journal: Journal) -> None:
    work = work_on(journal)
    reading = SensorEvent(seq=2, sensor="hall-air", at_ms=NOON_MS, kind=EventKind.CO2_PPM, value=640)
    work.process_batch([IncomingMessage("pi-1", message([motion(1, NOON_MS, sensor="desk-1-pir"), reading]))], NOON_MS)
    smaller = Pipeline(build_desk_plan(1), journal, RETENTION, NOON_MS)
    for at_ms in range(NOON_MS, NOON_MS + 2 * HOUR_MS, 10 * MINUTE_MS):
        smaller.tick(at_ms)
        smaller.advance_history(at_ms)
    assert "desk-1" not in journal.read_values()
    assert "desk-1" not in journal.read_checkpoints()
    assert "air:hall" in journal.read_values()


def test_a_restart_publishes_unknown_until_an_event_arrives(journal: Journal) -> None:
    work = work_on(journal)
    live(work, NOON_MS + 30 * MINUTE_MS)
    assert work.spaces.get_state("desk-0", NOON_MS + 30 * MINUTE_MS).state is Occupancy.VACANT
    work.save_evidence()
    later_ms = NOON_MS + 30 * MINUTE_MS + 5 * HOUR_MS
    again = work_on(journal, later_ms)
    again.tick(later_ms)
    published = dict(again.spaces.pop_changed_states(later_ms, later_ms))
    assert {published[desk].state for desk in ("desk-0", "desk-1")} == {Occupancy.UNKNOWN}
    assert sum(count.free_min for count in again.spaces.get_site_summary(later_ms).kinds.values()) == 0


def test_a_restart_does_not_restore_erased_transitions(journal: Journal) -> None:
    work = work_on(journal)
    work.process_batch([IncomingMessage("pi-1", message([motion(1, NOON_MS)]))], NOON_MS)
    end_ms = NOON_MS + 3 * HOUR_MS
    for at_ms in range(NOON_MS, end_ms, 10 * MINUTE_MS):
        work.tick(at_ms)
        work.advance_history(at_ms)
    assert states(journal) == []
    again = work_on(journal, end_ms)
    again.tick(end_ms)
    assert states(journal) == []
    assert again.spaces.get_state("desk-0", end_ms).state is Occupancy.UNKNOWN


def test_the_time_of_rejections_is_erased_with_the_events(journal: Journal) -> None:
    work = work_on(journal)
    work.process_batch([IncomingMessage("pi-1", message([motion(1, NOON_MS - 2 * HOUR_MS)]))], NOON_MS)
    assert journal._connection.execute("SELECT at_ms FROM gap").fetchall() == [(NOON_MS,)]
    live(work, NOON_MS + 3 * HOUR_MS)
    gaps = journal._connection.execute("SELECT device, first, last, reason, at_ms FROM gap").fetchall()
    assert gaps[0] == ("pi-1", 1, 1, LossReason.TOO_OLD, 0)
