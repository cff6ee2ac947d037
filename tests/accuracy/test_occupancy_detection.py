"""A recorded office without a motion sensor (UCI 357): light that was taught, and air that knows its limits."""

from collections.abc import Callable

from bench.accuracy.line import Figure, Line
from bench.accuracy.occupancy_detection import PUBLISHED_LUX, RECORDING
from tests.accuracy.conftest import tell

Lines = Callable[[str], dict[str, Line]]


def test_light_that_was_taught_for_days_is_as_right_as_the_published_threshold(lines: Lines) -> None:
    taught = tell(lines(RECORDING)["datatest: light, once taught by a presence sensor"])
    published = tell(lines(RECORDING)[f"datatest: light above {PUBLISHED_LUX} lux"])
    assert taught[Figure.RIGHT_PCT] >= published[Figure.RIGHT_PCT] - 0.05
    assert taught[Figure.ANSWERED_PCT] > 99.9
    assert taught[Figure.FALSE_VACANT_PCT] <= 1


def test_light_that_nobody_taught_says_nothing(lines: Lines) -> None:
    found = tell(lines(RECORDING)["datatest: light, never taught"])
    assert found[Figure.ANSWERED_PCT] == 0


def test_air_alone_shows_nothing_free_and_is_mostly_right_when_it_answers(lines: Lines) -> None:
    found = tell(lines(RECORDING)["datatest: CO2 alone"])
    assert found[Figure.FALSE_VACANT_PCT] == 0
    assert found[Figure.ANSWERED_PCT] > 10
    assert found[Figure.RIGHT_PCT] > 95
