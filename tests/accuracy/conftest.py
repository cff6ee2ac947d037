"""The recordings beside the repository; each is measured once per run for all tests."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from bench.accuracy.harness import measure_recording
from bench.accuracy.line import ResultLine
from tests.support.accuracy.figures import MeasureRecording

LinesByRule = dict[str, ResultLine]


@pytest.fixture(scope="session")
def measured(shared_data: Path) -> MeasureRecording:
    """Measures a recording by its name."""
    return cache(lambda recording: measure_recording(shared_data / "data" / recording))


@pytest.fixture(scope="session")
def lines(measured: MeasureRecording) -> Callable[[str], LinesByRule]:
    """Returns the lines of a recording by their rules."""
    return lambda recording: {line.rule: line for line in measured(recording).lines}
