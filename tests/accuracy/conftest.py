"""The recordings beside the repository; each is measured once per run for all tests."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from bench.accuracy.harness import RecordingResult, measure_recording
from bench.accuracy.line import Figure, ResultLine

LinesByRule = dict[str, ResultLine]
MeasureRecording = Callable[[str], RecordingResult]


@pytest.fixture(scope="session")
def measured(shared_data: Path) -> MeasureRecording:
    """Measures a recording by its name."""
    return cache(lambda recording: measure_recording(shared_data / "data" / recording))


@pytest.fixture(scope="session")
def lines(measured: MeasureRecording) -> Callable[[str], LinesByRule]:
    """Returns the lines of a recording by their rules."""
    return lambda recording: {line.rule: line for line in measured(recording).lines}


def print_figures(line: ResultLine) -> dict[Figure, float]:
    """Print the measured figures and return them."""
    text = ", ".join(f"{figure.value} {value:.2f}" for figure, value in line.figures.items())
    print(f"{line.recording}, {line.rule}: {text}")  # noqa: T201 - the figures themselves
    return dict(line.figures)
