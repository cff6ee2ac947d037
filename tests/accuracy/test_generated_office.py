"""Generated office: breaks do not change what good sensors show, and sensors that lose people are found or learned."""

from collections.abc import Sequence

import pytest

from bench.accuracy.generated_office import (
    DESKS,
    GOOD_DESKS,
    LEARNING_WEEKS,
    WEEK_MS,
    OfficeDesk,
    PlayedDesk,
    build_office,
    find_faults,
    generate_desk,
    score_weeks,
    show_desk,
)
from bench.accuracy.line import Figure
from bench.accuracy.office_days import BEGIN_MS
from collector.contract.findings import FindingKind
from edge.timekeeping.durations import DAY_MS

SEED, WEEKS = 21, 6
DESK_BY_ID = {desk.id: desk for desk in DESKS}


def play(desks: Sequence[OfficeDesk], weeks: int = WEEKS) -> list[PlayedDesk]:
    return [generate_desk(desk, SEED, weeks) for desk in desks]


def score_after_learning(desk: OfficeDesk) -> dict[Figure, float]:
    (played,) = play([desk])
    shown = show_desk(played, build_office([desk]), BEGIN_MS + WEEKS * WEEK_MS)
    return score_weeks(played, shown, LEARNING_WEEKS, WEEKS)


@pytest.mark.parametrize("desk", GOOD_DESKS[::2], ids=lambda desk: desk.id)
def test_breaks_do_not_change_what_a_well_placed_sensor_shows(desk: OfficeDesk) -> None:
    found = score_after_learning(desk)
    assert found[Figure.FALSE_VACANT_PCT] <= 0.15
    assert found[Figure.FALSE_OCCUPIED_PCT] <= 4.4


def test_a_mat_that_loses_a_fifth_hides_it_after_two_weeks() -> None:
    found = score_after_learning(DESK_BY_ID["mat-20"])
    assert found[Figure.FALSE_VACANT_PCT] <= 1
    assert found[Figure.FALSE_OCCUPIED_PCT] <= 3.5


def test_a_good_mat_keeps_its_short_hold() -> None:
    assert score_after_learning(DESK_BY_ID["mat"])[Figure.FALSE_OCCUPIED_PCT] <= 1


def test_only_sensors_that_lose_people_have_findings() -> None:
    desks = [*GOOD_DESKS, DESK_BY_ID["bad"], DESK_BY_ID["mat"], DESK_BY_ID["mat-20"], DESK_BY_ID["mat-60"]]
    played, plan = play(desks, weeks=3), build_office(desks)
    found = {device: finding for (device, _), finding in find_faults(played, plan)}
    assert {device: finding.kind for device, finding in found.items()} == {
        "pi-bad": FindingKind.POOR_COVERAGE,
        "pi-mat-60": FindingKind.POOR_COVERAGE,
    }
    assert found["pi-mat-60"].since_ms <= BEGIN_MS + 3 * DAY_MS
