"""Generated series: a new level is followed within days, bands hold while a series drifts, odds beat the past days."""

from statistics import fmean

import pytest

from bench.accuracy.generated_series import (
    CALM,
    CHANGE_DAY,
    CHANGED,
    DRIFTING,
    FOLLOWED_DAYS,
    GROUPS,
    SeriesShape,
    score_odds,
    score_series,
)
from collector.contract.forecast_points import ForecastScore, Lead
from collector.forecast.model.scores import score_points

SEEDS = range(100, 112)


def score(shape: SeriesShape, numbers: list[int], lead: Lead = Lead.DAY) -> ForecastScore:
    found = score_points([point for seed in SEEDS for point in score_series(shape, numbers, lead, seed)])
    assert found is not None
    return found


@pytest.mark.parametrize("name", CHANGED)
def test_a_new_level_is_followed_within_three_days(name: str) -> None:
    days = [CHANGE_DAY + day for day in FOLLOWED_DAYS]
    assert score(CHANGED[name], days).error <= 1.2 * score(CALM, days).error


def test_bands_of_a_week_ahead_hold_while_a_series_drifts() -> None:
    assert 0.76 <= score(DRIFTING, list(range(49, 105)), Lead.WEEK).coverage <= 0.9


@pytest.mark.parametrize("desks", GROUPS)
def test_the_odds_of_a_young_site_are_better_than_the_share_of_its_past_days(desks: int) -> None:
    odds = [one for seed in SEEDS for one in score_odds(desks, seed)]
    ours = fmean((chance - outcome) ** 2 for chance, _, outcome in odds)
    assert ours < 0.9 * fmean((usual - outcome) ** 2 for _, usual, outcome in odds)
