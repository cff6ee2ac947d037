"""A recorded office without a motion sensor (UCI 357): light that was taught, and air that knows its limits."""

from collections.abc import Callable

from bench.accuracy.line import Figure, Line
from bench.accuracy.occupancy_detection import PUBLISHED_LUX, RECORDING, TRUTH, doubted
from collector.outward import Occupancy
from ledig.replay.rows import Row
from tests.accuracy.conftest import tell

Lines = Callable[[str], dict[str, Line]]


def test_light_that_was_taught_for_days_is_as_right_as_the_published_threshold(lines: Lines) -> None:
    taught = tell(lines(RECORDING)["datatest: light, once taught by a presence sensor"])
    published = tell(lines(RECORDING)[f"datatest: light above {PUBLISHED_LUX} lux"])
    assert taught[Figure.RIGHT_PCT] >= published[Figure.RIGHT_PCT] - 0.05
    assert taught[Figure.ANSWERED_PCT] > 99.9
    assert taught[Figure.FALSE_VACANT_PCT] <= 1


def test_what_keeps_it_from_its_goal_is_how_soon_an_absence_would_have_to_be_noticed(lines: Lines) -> None:
    note = lines(RECORDING)["datatest: light, once taught by a presence sensor"].note
    assert "To make 98.8 % by saying unknown, a witness that is never wrong" in note
    assert "within 3 minutes" in note


def test_the_best_doubt_meets_only_what_is_shown_taken_and_is_as_late_as_it_is_said_to_be() -> None:
    truth = (1, 0, 0, 0, 1, 0, 0)
    rows = [Row(minute * 60_000, {TRUTH: taken}) for minute, taken in enumerate(truth)]
    shown = [(60_000, Occupancy.OCCUPIED.value), (5 * 60_000, Occupancy.VACANT.value)]
    states = [Occupancy(state) for _, state in doubted(rows, shown, 2)]
    taken, vacant, unknown = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN
    assert states == [unknown, taken, taken, unknown, taken, vacant, vacant]


def test_light_that_nobody_taught_says_nothing(lines: Lines) -> None:
    found = tell(lines(RECORDING)["datatest: light, never taught"])
    assert found[Figure.ANSWERED_PCT] == 0


def test_air_alone_shows_nothing_free_and_is_mostly_right_when_it_answers(lines: Lines) -> None:
    found = tell(lines(RECORDING)["datatest: CO2 alone"])
    assert found[Figure.FALSE_VACANT_PCT] == 0
    assert found[Figure.ANSWERED_PCT] > 10
    assert found[Figure.RIGHT_PCT] > 95
