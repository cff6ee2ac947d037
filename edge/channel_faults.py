"""Which channels of one sensor have failed, with one log line for each failure and one for each recovery.

In:    for each channel, its problems, and whether its newest reading was one; the time (monotonic milliseconds).
Out:   the channels that count as failed, and the line to log, if there is one.
Never: clocks, files, logging.

A channel is what a sensor measures as one quantity: an air sensor has CO2, temperature and humidity, most sensors have
one. A channel that alternates between good and bad readings is one failure: it has recovered when it has been good for
RECOVERY_MS.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

RECOVERY_MS: Final = 300_000
"""A channel without a problem for so long has recovered."""


@dataclass(slots=True)
class _Fault:
    problem: str
    failed_ms: int
    """When the newest problem was found."""


class ChannelFaults:
    """The failed channels of one sensor, by name; the name of an only channel is empty."""

    def __init__(self, sensor: str) -> None:
        self._sensor = sensor
        self._faults: dict[str, _Fault] = {}

    @property
    def failed(self) -> tuple[str, ...]:
        """The channels that have failed and not recovered yet, in alphabetical order."""
        return tuple(sorted(self._faults))

    def add(self, channel: str, problem: str, now_ms: int) -> str | None:
        """Note a problem; returns the line to log, None if this failure was logged before."""
        known = self._faults.get(channel)
        self._faults[channel] = _Fault(problem, now_ms)
        if known is not None:
            return None
        return f"{self._name(channel)} failed: {problem}; trying again; the others continue"

    def recover(self, failing: Collection[str], now_ms: int) -> list[str]:
        """Forget the failures that are over; returns a line to log for each.

        Args:
            failing: the channels whose newest reading is a problem, or that were not read since.
            now_ms: monotonic milliseconds.
        """
        over = [
            channel
            for channel, fault in self._faults.items()
            if channel not in failing and now_ms >= fault.failed_ms + RECOVERY_MS
        ]
        for channel in over:
            del self._faults[channel]
        return [f"{self._name(channel)} works again" for channel in over]

    def _name(self, channel: str) -> str:
        return f'sensor "{self._sensor}"' + (f", {channel}," if channel else "")
