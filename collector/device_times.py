"""What time it is by the devices of a site.

In:    the time that a device reports in its status, and that of its events, each with when it came.
Out:   the time now by each device that reported lately.
Never: clocks, judgement.
"""

from typing import Final, NamedTuple

LATELY_MS: Final = 180_000
"""A report says nothing of a clock after this long."""


class _Report(NamedTuple):
    ahead_ms: int
    """The device's Unix time minus our elapsed time."""
    elapsed_ms: int
    exact: bool


class DeviceTimes:
    """The newest report of each device. A status is exact; an event shows that its device's clock is at least so far.

    Args:
        devices: those of the site; others are ignored.
    """

    def __init__(self, devices: frozenset[str]) -> None:
        self.devices = devices
        self._reports: dict[str, _Report] = {}

    def report(self, device: str, at_ms: int, elapsed_ms: int, *, exact: bool) -> None:
        """Take what a device's clock showed when its message was made; it has just come."""
        if device not in self.devices:
            return
        new = _Report(at_ms - elapsed_ms, elapsed_ms, exact)
        last = self._reports.get(device)
        is_old = last is not None and elapsed_ms - last.elapsed_ms > LATELY_MS
        if exact or last is None or is_old or (not last.exact and new.ahead_ms >= last.ahead_ms):
            self._reports[device] = new

    def now_ms(self, elapsed_ms: int) -> list[int]:
        """The time now by each device that reported lately, Unix milliseconds."""
        return [
            last.ahead_ms + elapsed_ms
            for last in self._reports.values()
            if 0 <= elapsed_ms - last.elapsed_ms <= LATELY_MS
        ]

    def all_exact(self, elapsed_ms: int) -> bool:
        """Whether each of these reports is of a clock, and none only of an event."""
        return all(last.exact for last in self._reports.values() if 0 <= elapsed_ms - last.elapsed_ms <= LATELY_MS)
