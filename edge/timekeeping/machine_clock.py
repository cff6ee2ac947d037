"""The clock interface of the agent, and the clock of the machine.

In:    nothing.
Out:   wall time and monotonic time in milliseconds, and whether wall time can be trusted.
Never: a decision. The clock anchor decides which time an event gets.
"""

import ctypes
import time
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, Protocol

_STA_UNSYNC = 0x0040
_STA_NANO = 0x2000
_TIMEX_BYTES = 256  # struct timex has 208 bytes on 64-bit Linux; all fields but two are longs
_LONG = ctypes.sizeof(ctypes.c_long)
_STATUS_OFFSET = 5 * _LONG
_TIME_OFFSET = 9 * _LONG
_MAX_DIFFERENCE_MS = 2000
"""Allowed difference: the kernel's time and the wall clock are read one after the other, slowly under load."""
SYNCHRONISATION_REMEDY: Final = (
    'let it reach a time server (timedatectl), or set clock = "host" for this device if its clock keeps time while off'
)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class KernelTime(NamedTuple):
    """The time of day according to the kernel."""

    unix_ms: int
    synchronised: bool
    """Whether it follows a time server."""

    def confirms(self, wall_ms: int) -> bool:
        """Return whether `wall_ms`, read just now, is the kernel's synchronised time and not altered in between."""
        return self.synchronised and abs(self.unix_ms - wall_ms) <= _MAX_DIFFERENCE_MS


def unix_ms() -> int:
    """Return the wall clock in Unix milliseconds, right or wrong."""
    return time.time_ns() // 1_000_000


def elapsed_ms() -> int:
    """Return milliseconds since the machine started, suspended time included; this clock cannot be set."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@cache
def boot_id() -> str:
    """Return the id of this boot of the machine; empty if the system has none."""
    return _BOOT_ID.read_text(encoding="ascii").strip() if _BOOT_ID.exists() else ""


def read_kernel_time() -> KernelTime | None:
    """Read the kernel's time; None if the call fails.

    Source: adjtimex(2); systemd-timesyncd, chrony and ntpd clear STA_UNSYNC, setting the clock by hand sets it.
    """
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    if _load_libc().adjtimex(timex) < 0:
        return None
    status = ctypes.c_int.from_buffer(timex, _STATUS_OFFSET).value
    seconds = ctypes.c_long.from_buffer(timex, _TIME_OFFSET).value
    fraction = ctypes.c_long.from_buffer(timex, _TIME_OFFSET + _LONG).value
    fraction_ms = fraction // (1_000_000 if status & _STA_NANO else 1000)
    return KernelTime(seconds * 1000 + fraction_ms, not status & _STA_UNSYNC)


@cache
def _load_libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


class Clock(Protocol):
    """Time as a dependency. In a simulated site, whose day takes ten minutes, it runs faster."""

    def now_ms(self) -> int:
        """Return Unix milliseconds, UTC, right or wrong."""
        ...

    def monotonic_ms(self) -> int:
        """Return milliseconds that never decrease, from an arbitrary origin that changes at boot."""
        ...

    def seconds_until(self, monotonic_ms: int) -> float:
        """Return how many real seconds remain until `monotonic_ms`; 0 if it has passed."""
        ...

    def synchronised(self) -> bool:
        """Return whether `now_ms` can be trusted."""
        ...

    def confirms_steps(self) -> bool:
        """Return whether it can be trusted right after it jumped, too."""
        ...

    def boot(self) -> str:
        """Return an id of the origin of `monotonic_ms`; empty if no other process shares it."""
        ...


class HostClock:
    """The clock of a machine that keeps time while it is off: a server, or a Pi with a clock battery."""

    def now_ms(self) -> int:
        return unix_ms()

    def monotonic_ms(self) -> int:
        return elapsed_ms()

    def seconds_until(self, monotonic_ms: int) -> float:
        return max(0.0, (monotonic_ms - self.monotonic_ms()) / 1000)

    def synchronised(self) -> bool:
        return True

    def confirms_steps(self) -> bool:
        kernel = read_kernel_time()
        return kernel is not None and kernel.confirms(self.now_ms())

    def boot(self) -> str:
        return boot_id()


class NetworkClock(HostClock):
    """The clock of a Pi: trusted once the kernel reports that it follows a time server."""

    def synchronised(self) -> bool:
        return self.confirms_steps()
