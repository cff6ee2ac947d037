"""Scores: forecasts compared with outcomes."""

from random import Random

import pytest

from collector.contract.forecast_odds import chance_at_least_free
from collector.contract.forecast_points import ChanceScore, ForecastPoint, Lead
from collector.forecast.model.scores import IssuedPoint, pinball_loss, score_by_lead, score_by_tenth, score_points


def issued(came: float, lead: Lead = Lead.DAY, middle: float = 5.0) -> IssuedPoint:
    """Create a point with a band of two on both sides of the median."""
    deciles = tuple(middle + (place - 4) / 2 for place in range(9))
    return IssuedPoint(lead, ForecastPoint(0, deciles, middle, 10.0, 42), came)


def test_no_forecast_has_no_score() -> None:
    assert score_points([]) is None
    assert score_by_lead([]) == {}


def test_errors_and_bands_are_scored_by_lead() -> None:
    found = score_by_lead([issued(5), issued(8), issued(7), issued(4.0, Lead.HOUR)])
    assert set(found) == {Lead.DAY, Lead.HOUR}
    day = found[Lead.DAY]
    assert (day.points, day.error, day.width) == (3, pytest.approx(5 / 3), pytest.approx(4))
    assert day.coverage == pytest.approx(2 / 3), "the ends belong to the band"
    assert found[Lead.HOUR].error == 1


def test_pinball_is_least_for_the_true_decile() -> None:
    outcomes = list(range(101))
    losses = {value: sum(pinball_loss(0.9, value, came) for came in outcomes) for value in outcomes}
    assert min(losses, key=losses.__getitem__) == 90
    assert score_points([issued(9)]) is not None
    assert score_points([issued(9)]).pinball == pytest.approx((0.1 * 6 + 0.5 * 4 + 0.9 * 2) / 3)


def test_chances_come_true_as_often_as_forecast() -> None:
    random = Random(4)  # noqa: S311 - an artificial site
    forecasts = []
    for _ in range(4000):
        point = issued(0, middle=random.uniform(2, 12)).point
        came = point.median + random.choice((-1, 1)) * random.choice((0.25, 0.75, 1.25, 1.75, 2.5))
        forecasts.append((chance_at_least_free(point, 2), min(1.0, max(0.0, 10 - came - 1))))
    tenths = [score for score in score_by_tenth(forecasts) if score is not None]
    assert sum(score.forecasts for score in tenths) == 4000
    assert all(abs(score.mean_chance - score.hit_rate) < 0.08 for score in tenths if score.forecasts > 100)


def test_each_chance_counts_in_its_tenth() -> None:
    assert score_by_tenth([(0.05, 0.0), (0.95, 1.0), (0.97, 0.5)]) == [
        ChanceScore(1, 0.05, 0.0), *[None] * 8, ChanceScore(2, pytest.approx(0.96), 0.75)
    ]  # fmt: skip
    assert score_by_tenth([(1.0, 1.0)])[9] == ChanceScore(1, 1.0, 1.0)
    assert score_by_tenth([(0.19, 1.0)])[1] == ChanceScore(1, 0.19, 1.0)
