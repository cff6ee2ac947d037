"""Error rates that truth rounds estimate, on simulated sites with planted errors, beside rounds drawn at random.

Run:   python -m bench.truth_rounds [--sites N]
In:    sites of 48 spaces with fixed seeds: some spaces are often shown wrong, the rest rarely; findings and flips point
       at most of the bad spaces and at some good ones.
Out:   after 10 rounds of 8 spaces: the true error rate, the mean estimate, how often the 95 % interval contains the
       true rate, the mean width of the interval, and that width divided by the width with random choice; the same for
       the interval of one bad space.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random
from statistics import fmean
from typing import NamedTuple

from collector.contract.states import Occupancy
from collector.contract.truth import ErrorRate, FoundState
from collector.truth.error_rates import compute_error_rates, compute_wilson_interval
from collector.truth.labels import LabelSource, RiskClass, SpaceChecks, TruthLabel, count_labels
from collector.truth.round_draw import ROUND_SPACES, RoundCandidate, RoundPick, draw_round

SPACES = 48
ROUNDS = 10
RATE_NAMES = ("all answers", "free while occupied", "occupied while free")


class PlantedErrors(NamedTuple):
    """Which errors are planted. Shares, 0 to 1."""

    name: str
    bad_spaces: float = 1 / 8
    """Half of them miss people, the others stay taken."""
    bad: float = 0.3
    """How often a bad space is wrong, in its own direction."""
    usual: float = 0.005
    """How often any other answer is wrong."""
    hit: float = 0.85
    """How many of the bad spaces have a finding or flips."""
    false_alarm: float = 0.05
    """The same for the other spaces."""


SITES = (
    PlantedErrors("few bad spaces, clear signs"),
    PlantedErrors("few bad spaces, weak signs", hit=0.6, false_alarm=0.15),
    PlantedErrors("many bad spaces", bad_spaces=1 / 4, bad=0.4),
    PlantedErrors("all spaces err", usual=0.03),
    PlantedErrors("no bad space", bad_spaces=0.0, usual=0.01),
)


class SimulatedSpace(NamedTuple):
    """A space with planted errors."""

    taken: float
    free_while_occupied: float
    occupied_while_free: float
    is_bad: bool
    is_doubted: bool


class SiteRun(NamedTuple):
    """One simulated site after its rounds."""

    true: tuple[float, float, float]
    estimated: tuple[ErrorRate | None, ErrorRate | None, ErrorRate | None]
    bad_widths: list[float]
    """The width of the interval of each bad space."""


def build_site(errors: PlantedErrors, random: Random) -> list[SimulatedSpace]:
    """Build the spaces of one site."""
    spaces = []
    for number in range(SPACES):
        is_bad, misses = number < errors.bad_spaces * SPACES, number % 2 == 0
        spaces.append(
            SimulatedSpace(
                random.uniform(0.3, 0.7),
                errors.bad if is_bad and misses else errors.usual,
                errors.bad if is_bad and not misses else errors.usual,
                is_bad,
                random.random() < (errors.hit if is_bad else errors.false_alarm),
            )
        )
    return spaces


def check_spaces(spaces: Sequence[SimulatedSpace], picks: Sequence[RoundPick], random: Random) -> list[TruthLabel]:
    """Check the picked spaces once."""
    sizes = Counter(pick.risk for pick in picks)
    labels = []
    for pick in picks:
        space = spaces[int(pick.space)]
        is_taken = random.random() < space.taken
        is_wrong = random.random() < (space.free_while_occupied if is_taken else space.occupied_while_free)
        labels.append(
            TruthLabel(
                pick.space,
                0,
                FoundState.TAKEN if is_taken else FoundState.FREE,
                LabelSource.ROUND,
                Occupancy.VACANT if is_taken is is_wrong else Occupancy.OCCUPIED,
                pick.risk,
                sizes[pick.risk] / pick.class_size,
            )
        )
    return labels


def run_site(errors: PlantedErrors, seed: int, *, is_random: bool) -> SiteRun:
    """Do the rounds of one site.

    Args:
        errors: what is planted.
        seed: of the site and of its rounds.
        is_random: draw every space with the same probability.
    """
    random = Random(seed)  # noqa: S311 - a simulation
    spaces = build_site(errors, random)
    checks: dict[str, SpaceChecks] = {}
    for _ in range(ROUNDS):
        site = sum(checks.values(), SpaceChecks())
        candidates = [
            RoundCandidate(str(number), space.is_doubted, checks.get(str(number), SpaceChecks()))
            for number, space in enumerate(spaces)
        ]
        picks = (
            [RoundPick(str(number), RiskClass.USUAL, SPACES) for number in random.sample(range(SPACES), ROUND_SPACES)]
            if is_random
            else draw_round(candidates, site, random)
        )
        checks = count_labels(check_spaces(spaces, picks, random), checks)
    rates = compute_error_rates(sum(checks.values(), SpaceChecks()))
    widths = [
        _measure_width(checks.get(str(number), SpaceChecks())) for number, space in enumerate(spaces) if space.is_bad
    ]
    return SiteRun(
        _compute_true_rates(spaces), (rates.total, rates.free_while_occupied, rates.occupied_while_free), widths
    )


def _compute_true_rates(spaces: Sequence[SimulatedSpace]) -> tuple[float, float, float]:
    taken = sum(space.taken for space in spaces)
    missed = sum(space.taken * space.free_while_occupied for space in spaces)
    stuck = sum((1 - space.taken) * space.occupied_while_free for space in spaces)
    return (missed + stuck) / len(spaces), missed / taken, stuck / (len(spaces) - taken)


def _measure_width(checks: SpaceChecks) -> float:
    sums = checks.round_total
    if not sums.count:
        return 1.0
    least, most = compute_wilson_interval(sums.wrong / sums.count, sums.count)
    return most - least


class RateFigures(NamedTuple):
    """How well one rate was estimated, over many sites."""

    true: float
    estimate: float
    coverage: float
    width: float


def summarise_runs(runs: Sequence[SiteRun]) -> list[RateFigures]:
    """Summarise each of the three rates over all sites."""
    figures = []
    for place in range(len(RATE_NAMES)):
        pairs = [(run.true[place], rate) for run in runs if (rate := run.estimated[place]) is not None]
        figures.append(
            RateFigures(
                fmean(true for true, _ in pairs),
                fmean(rate.share for _, rate in pairs),
                fmean(rate.least <= true <= rate.most for true, rate in pairs),
                fmean(rate.most - rate.least for _, rate in pairs),
            )
        )
    return figures


def compare_draws(errors: PlantedErrors, site_count: int) -> tuple[list[SiteRun], list[SiteRun]]:
    """Run the same sites with our draw and with random choice."""
    runs = defaultdict(list)
    for seed in range(site_count):
        for is_random in (False, True):
            runs[is_random].append(run_site(errors, seed, is_random=is_random))
    return runs[False], runs[True]


def main() -> None:
    """Print the figures of every kind of site."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=1000, help="simulated sites of each kind")
    site_count = parser.parse_args().sites
    print(f"{ROUNDS} rounds of {ROUND_SPACES} of {SPACES} spaces, {site_count} sites of each kind; shares in %")
    for errors in SITES:
        drawn, chosen = compare_draws(errors, site_count)
        print(f"\n{errors.name}\n  {'':20} {'true':>6} {'est.':>6} {'covers':>7} {'width':>6} {'/ random':>8}")
        for name, ours, random_choice in zip(RATE_NAMES, summarise_runs(drawn), summarise_runs(chosen), strict=True):
            print(
                f"  {name:20} {100 * ours.true:6.2f} {100 * ours.estimate:6.2f} {100 * ours.coverage:7.1f}"
                f" {100 * ours.width:6.1f} {ours.width / random_choice.width:8.2f}"
            )
        widths = [
            fmean(width for run in runs for width in run.bad_widths) for runs in (drawn, chosen) if errors.bad_spaces
        ]
        if widths:
            print(f"  {'one bad space':20} {'':6} {'':6} {'':7} {100 * widths[0]:6.1f} {widths[0] / widths[1]:8.2f}")


if __name__ == "__main__":
    main()
