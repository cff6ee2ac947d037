"""A recorded office without a motion sensor (UCI 357): learned light, and air alone."""

from collections.abc import Callable

from bench.accuracy.line import Figure, ResultLine
from bench.accuracy.occupancy_detection import PUBLISHED_LUX, RECORDING, TRUTH, doubt_absences
from collector.contract.states import Occupancy
from ledig.replay.recorded_rows import RecordedRow
from tests.support.accuracy.figures import print_figures

Lines = Callable[[str], dict[str, ResultLine]]


def test_learned_light_is_as_accurate_as_the_published_threshold(lines: Lines) -> None:
    learned = print_figures(lines(RECORDING)["datatest: light, after learning beside a presence sensor"])
    published = print_figures(lines(RECORDING)[f"datatest: light above {PUBLISHED_LUX} lux"])
    assert learned[Figure.RIGHT_PCT] >= published[Figure.RIGHT_PCT] - 0.05
    assert learned[Figure.ANSWERED_PCT] > 99.9
    assert learned[Figure.FALSE_VACANT_PCT] <= 1


def test_note_states_how_soon_an_absence_would_have_to_be_detected(lines: Lines) -> None:
    note = lines(RECORDING)["datatest: light, after learning beside a presence sensor"].note
    assert "To reach 98.8 % by showing unknown, an error-free sensor" in note
    assert "within 3 minutes" in note


def test_doubt_replaces_only_taken_states_after_the_given_time() -> None:
    truth = (1, 0, 0, 0, 1, 0, 0)
    rows = [RecordedRow(minute * 60_000, {TRUTH: taken}) for minute, taken in enumerate(truth)]
    shown = [(60_000, Occupancy.OCCUPIED.value), (5 * 60_000, Occupancy.VACANT.value)]
    states = [Occupancy(state) for _, state in doubt_absences(rows, shown, 2)]
    taken, vacant, unknown = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN
    assert states == [unknown, taken, taken, unknown, taken, vacant, vacant]


def test_light_without_learning_is_always_unknown(lines: Lines) -> None:
    found = print_figures(lines(RECORDING)["datatest: light, without learning"])
    assert found[Figure.ANSWERED_PCT] == 0


def test_air_alone_never_shows_free_and_is_mostly_right(lines: Lines) -> None:
    found = print_figures(lines(RECORDING)["datatest: CO2 alone"])
    assert found[Figure.FALSE_VACANT_PCT] == 0
    assert found[Figure.ANSWERED_PCT] > 10
    assert found[Figure.RIGHT_PCT] > 95
