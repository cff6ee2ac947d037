"""Error rates of truth rounds: unbiased although the draw is not uniform, in intervals that contain the true rate."""

from collections import Counter
from itertools import pairwise
from random import Random
from statistics import fmean

import pytest

from bench.truth_rounds import ROUND_SPACES, SITES, compare_draws, summarise_runs
from collector.contract.messages import encode_message
from collector.contract.states import Occupancy
from collector.contract.truth import FoundState, SiteAccuracy
from collector.truth.error_rates import (
    MAX_PUBLISHED_SPACES,
    compute_accuracy,
    compute_error_rates,
    compute_wilson_interval,
    select_worst,
)
from collector.truth.labels import LabelSource, RiskClass, SpaceChecks, TruthLabel, count_labels
from collector.truth.round_draw import RoundCandidate, allocate_picks, draw_round
from edge.contract.message import MAX_PAYLOAD_BYTES


def make_labels(right: int, wrong: int, risk: RiskClass, probability: float) -> list[TruthLabel]:
    return [
        TruthLabel("desk-1", 0, FoundState.TAKEN, LabelSource.ROUND, shown, risk, probability)
        for shown in [Occupancy.OCCUPIED] * right + [Occupancy.VACANT] * wrong
    ]


def sum_labels(*labels: TruthLabel) -> SpaceChecks:
    return sum(count_labels(labels, {}).values(), SpaceChecks())


@pytest.mark.parametrize(
    ("share", "count", "expected"),
    [(0.0, 10, (0.0, 0.2775)), (0.5, 10, (0.2366, 0.7634)), (1.0, 10, (0.7225, 1.0)), (0.02, 50, (0.0035, 0.1050))],
)
def test_wilson_intervals_are_those_of_published_tables(
    share: float, count: float, expected: tuple[float, float]
) -> None:
    assert compute_wilson_interval(share, count) == pytest.approx(expected, abs=5e-4)


def test_labels_of_one_class_have_the_plain_wilson_interval() -> None:
    rate = compute_error_rates(sum_labels(*make_labels(45, 5, RiskClass.USUAL, 0.2))).free_while_occupied
    assert rate is not None
    assert (rate.checked, rate.wrong, rate.share) == (50, 5, pytest.approx(0.1))
    assert (rate.least, rate.most) == pytest.approx(compute_wilson_interval(0.1, 50))


def test_a_label_weighs_as_many_spaces_as_it_stands_for() -> None:
    checks = sum_labels(*make_labels(5, 5, RiskClass.SUSPECT, 1.0), *make_labels(10, 0, RiskClass.USUAL, 0.1))
    rate = compute_error_rates(checks).free_while_occupied
    assert rate is not None
    assert rate.share == pytest.approx(5 / 110)


def test_labels_of_visitors_change_no_error_rate() -> None:
    visit = TruthLabel("desk-1", 0, FoundState.TAKEN, LabelSource.VISITOR, Occupancy.VACANT)
    assert compute_error_rates(sum_labels(visit, visit)) == (None, None, None)


def test_a_label_without_an_answer_counts_nowhere() -> None:
    unknown = TruthLabel("desk-1", 0, FoundState.TAKEN, LabelSource.ROUND, Occupancy.UNKNOWN)
    assert count_labels([unknown], {}) == {}


def test_fewer_than_five_checks_are_not_published() -> None:
    assert compute_accuracy(sum_labels(*make_labels(4, 0, RiskClass.USUAL, 0.1))) is None
    found = compute_accuracy(sum_labels(*make_labels(5, 0, RiskClass.USUAL, 0.1)))
    assert found is not None
    assert (found.total.checked, found.occupied_while_free) == (5, None)


def test_the_rates_of_a_large_site_fit_into_one_message() -> None:
    free = TruthLabel("desk-1", 0, FoundState.FREE, LabelSource.ROUND, Occupancy.VACANT, RiskClass.SUSPECT, 0.7)
    found = compute_accuracy(sum_labels(*make_labels(3000, 1000, RiskClass.USUAL, 0.123), *[free] * 9))
    worst = select_worst({f"a-rather-long-id-of-a-space-{number}": found for number in range(500)})
    assert len(worst) == MAX_PUBLISHED_SPACES
    assert len(encode_message(SiteAccuracy(1_763_938_800_000, found, {}, worst))) < MAX_PAYLOAD_BYTES


def test_every_space_is_drawn_with_the_probability_of_its_class() -> None:
    candidates = [RoundCandidate(f"desk-{number}", number < 4, SpaceChecks()) for number in range(20)]
    random, drawn, expected = Random(7), Counter[str](), Counter[str]()  # noqa: S311 - a fixed draw
    for _ in range(4000):
        picks = draw_round(candidates, SpaceChecks(), random)
        assert len({pick.space for pick in picks}) == ROUND_SPACES
        sizes = Counter(pick.risk for pick in picks)
        drawn.update(pick.space for pick in picks)
        for pick in picks:
            expected[pick.risk] = sizes[pick.risk] / pick.class_size
    for candidate in candidates:
        risk = RiskClass.SUSPECT if candidate.is_doubted else RiskClass.UNCHECKED
        assert drawn[candidate.space] / 4000 == pytest.approx(expected[risk], abs=0.03)
    assert expected[RiskClass.SUSPECT] > expected[RiskClass.UNCHECKED]


def test_each_class_is_in_each_round_and_a_small_site_is_drawn_whole() -> None:
    sizes = {RiskClass.SUSPECT: 1, RiskClass.UNCHECKED: 90, RiskClass.USUAL: 1}
    assert min(allocate_picks(sizes, SpaceChecks()).values()) == 1
    assert allocate_picks({RiskClass.SUSPECT: 2, RiskClass.USUAL: 3}, SpaceChecks()) == {
        RiskClass.SUSPECT: 2,
        RiskClass.USUAL: 3,
    }


def test_estimates_of_sites_with_planted_errors_are_unbiased_and_covered() -> None:
    for errors in SITES[:2]:
        drawn, _ = compare_draws(errors, 300)
        for place, figures in enumerate(summarise_runs(drawn)):
            shares = [rate.share - run.true[place] for run in drawn if (rate := run.estimated[place]) is not None]
            error_of_mean = fmean(share**2 for share in shares) ** 0.5 / len(shares) ** 0.5
            assert abs(figures.estimate - figures.true) < 4 * error_of_mean
            assert figures.coverage > 0.89  # 0.93 less three standard errors of 300 sites


def test_more_checks_give_a_narrower_interval() -> None:
    widths = []
    for factor in (1, 4, 16):
        rate = compute_error_rates(sum_labels(*make_labels(19 * factor, factor, RiskClass.USUAL, 0.2))).total
        assert rate is not None
        widths.append(rate.most - rate.least)
    assert all(after < before for before, after in pairwise(widths))
