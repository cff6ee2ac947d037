"""A benchmark's figure is the median and range of at least five runs."""

import argparse

import pytest

from bench.spread import Spread, parse_runs


def test_spread_is_shown_with_its_range_and_number_of_runs() -> None:
    assert Spread.of([0.89, 1.17, 1.03, 0.95, 1.1]).format() == "1.03 (0.89 to 1.17, 5 runs)"
    assert Spread.of([4100, 3900, 4050, 4000, 3950, 4000]).format(0) == "4000 (3900 to 4100, 6 runs)"


@pytest.mark.parametrize("given", ["4", "1", "0", "-5"])
def test_fewer_than_five_runs_are_refused(given: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="5 runs or more"):
        parse_runs(given)
    assert parse_runs("5") == 5
