"""Prints the figures of a recording's line."""

from collections.abc import Callable

from bench.accuracy.harness import RecordingResult
from bench.accuracy.line import Figure, ResultLine

MeasureRecording = Callable[[str], RecordingResult]


def print_figures(line: ResultLine) -> dict[Figure, float]:
    """Print the measured figures and return them."""
    text = ", ".join(f"{figure.value} {value:.2f}" for figure, value in line.figures.items())
    print(f"{line.recording}, {line.rule}: {text}")  # noqa: T201 - the figures themselves
    return dict(line.figures)
