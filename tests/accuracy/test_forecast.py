"""Accuracy of the rolling forecast on car parks (UCI 482), each hour from earlier data."""

from collections.abc import Callable

from bench.accuracy.line import Figure, ResultLine
from bench.accuracy.parking_birmingham import RECORDING, RULE_OF_LEAD
from collector.contract.forecast_points import Lead
from tests.support.accuracy.figures import print_figures

Lines = Callable[[str], dict[str, ResultLine]]


def test_day_ahead_error_and_coverage_of_the_band(lines: Lines) -> None:
    found = print_figures(lines(RECORDING)[RULE_OF_LEAD[Lead.DAY]])
    assert found[Figure.FORECAST_ERROR] <= 5.2
    assert 77 <= found[Figure.COVERAGE_PCT] <= 83
    assert found[Figure.PINBALL] <= 1.75


def test_hour_ahead_error(lines: Lines) -> None:
    assert print_figures(lines(RECORDING)[RULE_OF_LEAD[Lead.HOUR]])[Figure.FORECAST_ERROR] <= 2.4


def test_last_week_again_is_worse_in_every_figure(lines: Lines) -> None:
    ours = lines(RECORDING)[RULE_OF_LEAD[Lead.DAY]].figures
    found = print_figures(lines(RECORDING)["last week again"])
    assert found[Figure.FORECAST_ERROR] > ours[Figure.FORECAST_ERROR]
    assert found[Figure.PINBALL] > ours[Figure.PINBALL]
    assert abs(found[Figure.COVERAGE_PCT] - 80) > abs(ours[Figure.COVERAGE_PCT] - 80)
