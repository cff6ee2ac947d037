"""Faults of single sensors, for tests of findings."""

from collections.abc import Callable

from tests.support.collector.health_people import (
    FaultFunction,
)
from tests.support.collector.room import MINUTE

Changes = list[tuple[int, float]]


def make_fault(sensor: str, change: Callable[[Changes], Changes]) -> FaultFunction:
    """Apply a fault to one sensor of the site."""
    return lambda name, changes: change(changes) if name == sensor else changes


def hide_most_motion(changes: Changes) -> Changes:
    """Let a movement sensor detect its seat only for two minutes in every twenty-seven."""
    return [change for change in changes if change[0] % (27 * MINUTE) < 2 * MINUTE]
