"""Tracks which channels of one sensor have failed, with one log line per failure and one per recovery.

In:    each problem of a channel, the channels whose newest reading is a problem, the time (monotonic milliseconds).
Out:   the channels that count as failed, and the lines to log.
Never: clocks, files, logging.

A channel is one quantity that a sensor measures: an air sensor has CO2, temperature and humidity, most sensors have
one. A channel that alternates between good and bad readings counts as one failure. It has recovered after it has had
no problem for RECOVERY_MS.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

RECOVERY_MS: Final = 300_000
"""A channel has recovered when it has had no problem for this long."""


@dataclass(slots=True)
class _Fault:
    problem: str
    failed_ms: int
    """When the newest problem was found."""


class ChannelFaults:
    """The failed channels of one sensor, by name; the name of a single channel is empty."""

    def __init__(self, sensor: str) -> None:
        self._sensor = sensor
        self._faults: dict[str, _Fault] = {}

    @property
    def failed(self) -> tuple[str, ...]:
        """The channels that have failed and not recovered yet, in alphabetical order."""
        return tuple(sorted(self._faults))

    def add_problem(self, channel: str, problem: str, now_ms: int) -> str | None:
        """Record a problem; return the line to log, or None if this failure is already logged."""
        known = self._faults.get(channel)
        self._faults[channel] = _Fault(problem, now_ms)
        if known is not None:
            return None
        return f"{self._format_name(channel)} failed: {problem}; trying again; the others continue"

    def remove_recovered(self, failing: Collection[str], now_ms: int) -> list[str]:
        """Remove the failures that are over; return a line to log for each.

        Args:
            failing: the channels whose newest reading is a problem, or that have not been read since.
            now_ms: monotonic milliseconds.
        """
        recovered = [
            channel
            for channel, fault in self._faults.items()
            if channel not in failing and now_ms >= fault.failed_ms + RECOVERY_MS
        ]
        for channel in recovered:
            del self._faults[channel]
        return [f"{self._format_name(channel)} works again" for channel in recovered]

    def _format_name(self, channel: str) -> str:
        return f'sensor "{self._sensor}"' + (f", {channel}," if channel else "")
