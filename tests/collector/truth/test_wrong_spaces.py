"""A space has a finding if it is wrong more often than chance explains, and seldom otherwise."""

from random import Random

from collector.contract.truth import ErrorRate
from collector.truth.labels import CheckSums, FoundChecks, RiskClass, SpaceChecks
from collector.truth.wrong_spaces import FALSE_FINDING_SHARE, find_wrong_spaces

SITE = ErrorRate(80, 2, 0.025, 0.007, 0.09)


def check(count: int, wrong: int) -> SpaceChecks:
    return SpaceChecks(rounds={RiskClass.USUAL: FoundChecks(CheckSums(count, wrong, count, count, wrong))})


def test_a_space_that_is_often_wrong_is_found_and_others_are_not() -> None:
    by_space = {"bad": check(8, 5), "unlucky": check(12, 1), "few": check(3, 3), "good": check(20, 0)}
    assert find_wrong_spaces(by_space, SITE) == {"bad": CheckSums(8, 5, 8, 8, 5)}
    assert find_wrong_spaces(by_space, None) == {}


def test_labels_of_visitors_cause_no_finding() -> None:
    assert find_wrong_spaces({"desk": SpaceChecks(FoundChecks(CheckSums(50, 50, 50, 50, 50)))}, SITE) == {}


def test_good_spaces_of_many_sites_are_seldom_found() -> None:
    random = Random(1)  # noqa: S311 - a simulation
    sites = [
        {f"desk-{number}": check(15, sum(random.random() < SITE.most for _ in range(15))) for number in range(40)}
        for _ in range(200)
    ]
    assert sum(bool(find_wrong_spaces(site, SITE)) for site in sites) / len(sites) <= FALSE_FINDING_SHARE + 0.03


def test_thousands_of_checks_of_one_space_are_computed() -> None:
    by_space = {"bad": check(5000, 1000), "good": check(5000, 300), "never": check(5000, 0)}
    assert set(find_wrong_spaces(by_space, SITE)) == {"bad"}
    assert find_wrong_spaces(by_space, ErrorRate(80, 80, 1.0, 0.9, 1.0)) == {}
