"""How right the forecast is on car parks (UCI 482), rolling, each hour from what lies before it."""

from collections.abc import Callable

from bench.accuracy.line import Figure, Line
from bench.accuracy.parking_birmingham import OURS, RECORDING
from collector.forecast.score import Lead
from tests.accuracy.conftest import tell

Lines = Callable[[str], dict[str, Line]]


def test_a_day_ahead_it_is_right_within_a_few_points_and_its_band_keeps_its_word(lines: Lines) -> None:
    found = tell(lines(RECORDING)[OURS[Lead.DAY]])
    assert found[Figure.FORECAST_ERROR] <= 5.2
    assert 77 <= found[Figure.COVERAGE_PCT] <= 83
    assert found[Figure.PINBALL] <= 1.75


def test_an_hour_ahead_it_knows_what_today_is_like(lines: Lines) -> None:
    assert tell(lines(RECORDING)[OURS[Lead.HOUR]])[Figure.FORECAST_ERROR] <= 2.4


def test_last_week_again_is_worse_on_every_side(lines: Lines) -> None:
    ours = lines(RECORDING)[OURS[Lead.DAY]].figures
    found = tell(lines(RECORDING)["last week again"])
    assert found[Figure.FORECAST_ERROR] > ours[Figure.FORECAST_ERROR]
    assert found[Figure.PINBALL] > ours[Figure.PINBALL]
    assert abs(found[Figure.COVERAGE_PCT] - 80) > abs(ours[Figure.COVERAGE_PCT] - 80)
