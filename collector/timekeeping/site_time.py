"""Site time for a process, estimated from the machine's clocks or given by the caller.

In:    a source of time; the estimate when the process last ran; the time that devices report.
Out:   site time, deletion time, what is wrong with the clock.
Never: decisions of its own: `site_clock.py` makes them.
"""

import secrets
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.timekeeping.device_times import DeviceTimes
from collector.timekeeping.site_clock import MIN_AGREEING_DEVICES, ClockReading, TimeEstimate, update_estimate
from edge.timekeeping.machine_clock import boot_id, elapsed_ms, read_kernel_time, unix_ms

BOOT_DIGITS: Final = 15

TimeSource = Callable[[], int | ClockReading]
"""Returns the machine's clocks, which are checked, or site time itself (Unix ms): simulated or replayed."""


def read_machine_clocks() -> ClockReading:
    """Read the clocks of this machine.

    Synchronisation confirms the wall clock only while the kernel, which it controls, shows the same time.
    """
    kernel = read_kernel_time()
    return ClockReading(unix_ms(), elapsed_ms(), _boot_number(), kernel is not None and kernel.confirms(unix_ms()))


@cache
def _boot_number() -> int:
    """The start of this machine as a number that fits into SQLite, never 0; if unknown, of this process."""
    name = boot_id().replace("-", "")[:BOOT_DIGITS]
    return 1 + (int(name, 16) if name else secrets.randbits(4 * BOOT_DIGITS))


def make_given_time() -> "SiteTime":
    """A `SiteTime` for callers that pass site time as a value, right by definition."""
    return SiteTime(lambda: 0)


class SiteTime:
    """The estimate of site time, and where it comes from.

    Args:
        source: see `TimeSource`.
        devices: the site's devices.
    """

    def __init__(self, source: TimeSource, devices: Iterable[str] = ()) -> None:
        self._source = source
        self._devices = DeviceTimes(frozenset(devices))
        self.estimate = TimeEstimate()
        """The newest estimate. Its `boot` is 0 until a clock of a machine was read."""

    def resume(self, before: TimeEstimate) -> None:
        """Continue from the estimate when the process last ran; call it before the first reading."""
        self.estimate = before

    def last_ms(self) -> int:
        """Site time at the newest reading, Unix milliseconds; may be called by any thread."""
        if self.estimate.site_ms:
            return self.estimate.site_ms
        found = self._source()
        return found if isinstance(found, int) else found.wall_ms

    def now_ms(self) -> int:
        """Site time now, Unix milliseconds."""
        found = self._source()
        if isinstance(found, int):
            self.estimate = TimeEstimate(site_ms=found, deletion_ms=found, confirmed=True)
        else:
            reports, exact = self._devices.estimate_now_ms(found.elapsed_ms), self._devices.all_exact(found.elapsed_ms)
            needed = (
                min(MIN_AGREEING_DEVICES, len(self._devices.devices)) if exact else MIN_AGREEING_DEVICES
            )  # an event may be misdated
            self.estimate = update_estimate(self.estimate, found, reports, needed)
        return self.estimate.site_ms

    def deletion_ms(self, now_ms: int) -> int:
        """The moment from which ages are computed when data is deleted or too old, Unix milliseconds."""
        return min(now_ms, self.estimate.deletion_ms) if self.estimate.boot else now_ms

    @property
    def holds_future(self) -> bool:
        """Whether an event from the future may be due to this machine's clock."""
        return self.estimate.holds_future

    def record_device_time(self, device: str, at_ms: int, *, exact: bool) -> None:
        """Record the time of a device; `exact`: its clock shows this time now, not at least this time."""
        found = self._source()
        if not isinstance(found, int):
            self._devices.record(device, at_ms, found.elapsed_ms, exact=exact)

    @property
    def fault(self) -> CollectorFault | None:
        """What is wrong with the machine's clock; None: nothing."""
        ahead_ms = self.estimate.wall_ahead_ms
        return CollectorFault(FaultKind.CLOCK_OFF, off_s=round(-ahead_ms / 1000)) if ahead_ms else None
