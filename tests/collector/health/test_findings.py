"""Fourteen days of simulated sites: healthy sensors cause no finding, and each fault is found in time."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.contract.findings import Finding, FindingKind
from tests.support.collector.health_people import (
    DAY,
    HOUR,
    MONDAY_MS,
    FaultFunction,
    Furniture,
    Stay,
    make_plan,
    simulate_events,
    simulate_stays,
)
from tests.support.collector.health_replay import replay_findings_by_day
from tests.support.collector.sensor_faults import Changes, hide_most_motion, make_fault

DAYS = 14
SMALL = Furniture(desks=5)
ALONE = Furniture(desks=1, mats=False, room=False)


def find_first_by_kind(
    has: Furniture, folder: Path, fault: FaultFunction, days: int = DAYS, where: dict[str, list[Stay]] | None = None
) -> dict[tuple[str, FindingKind], tuple[int, Finding]]:
    """Return by sensor and kind the first day (1: the first Monday) at whose end it was found, and the finding."""
    where = simulate_stays(has, 1, days) if where is None else where
    first: dict[tuple[str, FindingKind], tuple[int, Finding]] = {}
    events = simulate_events(has, where, 1, days, fault)
    for day, found in enumerate(
        replay_findings_by_day(make_plan(has), events, folder, MONDAY_MS + days * DAY), start=1
    ):
        for (_, sensor), finding in found:
            first.setdefault((sensor, finding.kind), (day, finding))
    return first


furnished = st.builds(
    Furniture, desks=st.integers(1, 6), mats=st.booleans(), dedicated=st.booleans(), room=st.booleans()
)
holidays = st.builds(
    lambda first, length: frozenset(range(first, first + length)), st.integers(0, 12), st.integers(0, 9)
)


@settings(max_examples=settings().max_examples // 5)  # each is two weeks of a site
@given(has=furnished, seed=st.integers(0, 2**32), closed=holidays)
def test_healthy_site_with_weekends_holidays_and_long_stays_has_no_findings(
    has: Furniture, seed: int, closed: frozenset[int]
) -> None:
    events = simulate_events(has, simulate_stays(has, seed, DAYS, closed), seed, DAYS)
    with TemporaryDirectory() as folder:
        for found in replay_findings_by_day(make_plan(has), events, Path(folder), MONDAY_MS + DAYS * DAY):
            assert found == []


def test_mat_that_stays_pressed_is_stuck_on_within_a_day(tmp_path: Path) -> None:
    stuck = make_fault("mat-0", lambda _: [(MONDAY_MS + 32 * HOUR, 1.0)])
    where = simulate_stays(SMALL, 1, DAYS)
    where["desk-0"] = [(MONDAY_MS + 32 * HOUR, MONDAY_MS + 35 * HOUR)]
    day, finding = find_first_by_kind(SMALL, tmp_path, stuck, where=where)["mat-0", FindingKind.STUCK_ON]
    assert day <= 3
    assert (finding.witness, finding.span_min is not None and finding.span_min >= 240) == ("pir-0", True)


def test_output_that_never_turns_off_is_stuck_on_within_a_day_without_a_witness(tmp_path: Path) -> None:
    stuck = make_fault("pir-0", lambda _: [(MONDAY_MS + 10 * HOUR, 1.0)])
    day, finding = find_first_by_kind(ALONE, tmp_path, stuck, 3)["pir-0", FindingKind.STUCK_ON]
    assert (day, finding.witness) == (2, "")
    assert finding.span_min is not None
    assert finding.span_min >= 20 * 60


def test_mat_that_stops_is_stuck_off_after_four_days_of_stays(tmp_path: Path) -> None:
    dead = make_fault("mat-0", lambda changes: [change for change in changes if change[0] < MONDAY_MS + DAY])
    day, finding = find_first_by_kind(SMALL, tmp_path, dead)["mat-0", FindingKind.STUCK_OFF]
    assert day <= 10
    assert (finding.witness, finding.days) == ("pir-0", 4)


def test_movement_sensor_that_never_triggers_is_found_by_its_mat_in_two_days(tmp_path: Path) -> None:
    day, finding = find_first_by_kind(SMALL, tmp_path, make_fault("pir-0", lambda _: []))[
        "pir-0", FindingKind.NEVER_TRIGGERED
    ]
    assert day <= 3
    assert (finding.witness_device, finding.witness) == ("pi", "mat-0")


def test_lone_sensor_that_never_triggers_is_found_by_its_peers_in_two_weeks(tmp_path: Path) -> None:
    has = Furniture(desks=8, mats=False)
    day, finding = find_first_by_kind(has, tmp_path, make_fault("pir-0", lambda _: []))[
        "pir-0", FindingKind.NEVER_TRIGGERED
    ]
    assert day <= DAYS
    assert finding.witness == ""
    assert finding.days is not None


def test_chattering_mat_is_flapping_on_the_same_day(tmp_path: Path) -> None:
    def chatter(changes: Changes) -> Changes:
        loose = range(MONDAY_MS + 9 * HOUR, MONDAY_MS + 15 * HOUR, 10_000)
        return [(at_ms, float(n % 2)) for n, at_ms in enumerate(loose, start=1)]

    day, finding = find_first_by_kind(SMALL, tmp_path, make_fault("mat-0", chatter), 2)["mat-0", FindingKind.FLAPPING]
    assert day == 1
    assert finding.times == 180


def test_badly_placed_movement_sensor_is_found_by_its_mat_within_two_days(tmp_path: Path) -> None:
    found = find_first_by_kind(SMALL, tmp_path, make_fault("pir-0", hide_most_motion), 5)
    day, finding = found["pir-0", FindingKind.POOR_COVERAGE]
    assert day <= 2
    assert finding.witness == "mat-0"
    assert finding.share_pct is not None
    assert finding.share_pct >= 40


def test_finding_about_a_dedicated_desk_exposes_no_hours(tmp_path: Path) -> None:
    has = Furniture(desks=3, dedicated=True)
    _, finding = find_first_by_kind(has, tmp_path, make_fault("pir-0", hide_most_motion), 5)[
        "pir-0", FindingKind.POOR_COVERAGE
    ]
    assert finding.witness == "mat-0"
    assert (finding.times, finding.days, finding.span_min, finding.share_pct) == (None, None, None, None)


def test_mat_at_another_desk_is_found_after_three_days_on_which_both_desks_were_used(tmp_path: Path) -> None:
    has = Furniture(desks=5)
    where = simulate_stays(has, 1, DAYS)
    moved = {**where, "desk-0": where["desk-1"]}
    events = [
        event
        for is_moved, people in ((False, where), (True, moved))
        for event in simulate_events(has, people, 1, DAYS)
        if (event.sensor == "mat-0") is is_moved
    ]
    events.sort(key=lambda event: (event.at_ms, event.sensor))
    first: dict[str, tuple[int, Finding]] = {}
    for day, found in enumerate(
        replay_findings_by_day(make_plan(has), events, tmp_path, MONDAY_MS + DAYS * DAY), start=1
    ):
        for (_, sensor), finding in found:
            if finding.kind is FindingKind.WRONG_PLACE:
                first.setdefault(sensor, (day, finding))
    day, finding = first["mat-0"]
    assert finding.days == 3
    assert finding.space == "desk-1"


@pytest.mark.parametrize("sensor", ["pir-1", "mat-1", "pir-room"])
def test_fault_of_one_sensor_causes_no_finding_about_others(tmp_path: Path, sensor: str) -> None:
    found = find_first_by_kind(SMALL, tmp_path, make_fault("pir-0", hide_most_motion), 7)
    assert [kind for name, kind in found if name == sensor] == []
