"""The current time according to the devices of a site.

In:    the time in each device's status and events, each with the moment of its arrival.
Out:   the time now according to each device that reported recently.
Never: clocks, decisions.
"""

from typing import Final, NamedTuple

MAX_REPORT_AGE_MS: Final = 180_000
"""A report older than this is ignored."""


class _Report(NamedTuple):
    ahead_ms: int
    """The device's Unix time minus our elapsed time."""
    elapsed_ms: int
    exact: bool


class DeviceTimes:
    """The newest report of each device.

    A status carries the exact time of the device's clock. An event gives a lower bound: the clock shows at least that.

    Args:
        devices: the devices of the site; others are ignored.
    """

    def __init__(self, devices: frozenset[str]) -> None:
        self.devices = devices
        self._reports: dict[str, _Report] = {}

    def record(self, device: str, at_ms: int, elapsed_ms: int, *, exact: bool) -> None:
        """Record what a device's clock showed when the device made a message that has just arrived.

        Args:
            device: the device's id; an unknown one is ignored.
            at_ms: the time in the message, Unix milliseconds.
            elapsed_ms: this machine's elapsed time at the arrival.
            exact: True for a status, False for an event.
        """
        if device not in self.devices:
            return
        new = _Report(at_ms - elapsed_ms, elapsed_ms, exact)
        last = self._reports.get(device)
        is_old = last is not None and elapsed_ms - last.elapsed_ms > MAX_REPORT_AGE_MS
        if exact or last is None or is_old or (not last.exact and new.ahead_ms >= last.ahead_ms):
            self._reports[device] = new

    def estimate_now_ms(self, elapsed_ms: int) -> list[int]:
        """The time now according to each device that reported recently, Unix milliseconds."""
        return [
            last.ahead_ms + elapsed_ms
            for last in self._reports.values()
            if 0 <= elapsed_ms - last.elapsed_ms <= MAX_REPORT_AGE_MS
        ]

    def all_exact(self, elapsed_ms: int) -> bool:
        """Whether every recent report comes from a status and none from an event."""
        return all(
            last.exact for last in self._reports.values() if 0 <= elapsed_ms - last.elapsed_ms <= MAX_REPORT_AGE_MS
        )
