"""Accuracy of the rolling forecast on car parks (UCI 482), each hour from earlier data."""

from collections.abc import Callable

from bench.accuracy.line import Figure, Line
from bench.accuracy.parking_birmingham import OURS, RECORDING
from collector.forecast.score import Lead
from tests.accuracy.conftest import tell

Lines = Callable[[str], dict[str, Line]]


def test_day_ahead_error_and_coverage_of_the_band(lines: Lines) -> None:
    found = tell(lines(RECORDING)[OURS[Lead.DAY]])
    assert found[Figure.FORECAST_ERROR] <= 5.2
    assert 77 <= found[Figure.COVERAGE_PCT] <= 83
    assert found[Figure.PINBALL] <= 1.75


def test_hour_ahead_error(lines: Lines) -> None:
    assert tell(lines(RECORDING)[OURS[Lead.HOUR]])[Figure.FORECAST_ERROR] <= 2.4


def test_last_week_again_is_worse_in_every_figure(lines: Lines) -> None:
    ours = lines(RECORDING)[OURS[Lead.DAY]].figures
    found = tell(lines(RECORDING)["last week again"])
    assert found[Figure.FORECAST_ERROR] > ours[Figure.FORECAST_ERROR]
    assert found[Figure.PINBALL] > ours[Figure.PINBALL]
    assert abs(found[Figure.COVERAGE_PCT] - 80) > abs(ours[Figure.COVERAGE_PCT] - 80)
