"""What the agent asks of a clock, and the clock of the machine itself.

In:    nothing.
Out:   wall time and monotonic time in milliseconds, and whether wall time can be trusted.
Never: a decision. When an event is stamped is `stamp.py`'s judgement.
"""

import ctypes
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

_STA_UNSYNC = 0x0040
_STA_NANO = 0x2000
_TIMEX_BYTES = 256  # struct timex has 208 bytes on 64-bit Linux, made of longs but for two ints
_LONG = ctypes.sizeof(ctypes.c_long)
_STATUS_OFFSET = 5 * _LONG
_TIME_OFFSET = 9 * _LONG
_AGREE_MS = 2000
"""The kernel's time and the wall clock are read one after the other; a machine under load takes a while."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class KernelTime(NamedTuple):
    """What the kernel knows of the time of day."""

    unix_ms: int
    synchronised: bool
    """It follows a time server."""

    def vouches_for(self, wall_ms: int) -> bool:
        """Whether `wall_ms`, read just now, follows a time server: it does not if something stands between."""
        return self.synchronised and abs(self.unix_ms - wall_ms) <= _AGREE_MS


def unix_ms() -> int:
    """The wall clock, Unix milliseconds, right or wrong."""
    return time.time_ns() // 1_000_000


def elapsed_ms() -> int:
    """Milliseconds since the machine started, also while it was suspended; nobody can set it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@cache
def boot_id() -> str:
    """The name of this start of the machine; empty where the system has none."""
    return _BOOT_ID.read_text(encoding="ascii").strip() if _BOOT_ID.exists() else ""


def kernel_time() -> KernelTime | None:
    """Ask the kernel; None: it does not answer.

    Source: adjtimex(2); systemd-timesyncd, chrony and ntpd clear STA_UNSYNC, setting the clock by hand sets it.
    """
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    if _library().adjtimex(timex) < 0:
        return None
    status = ctypes.c_int.from_buffer(timex, _STATUS_OFFSET).value
    seconds = ctypes.c_long.from_buffer(timex, _TIME_OFFSET).value
    fraction = ctypes.c_long.from_buffer(timex, _TIME_OFFSET + _LONG).value
    fraction_ms = fraction // (1_000_000 if status & _STA_NANO else 1000)
    return KernelTime(seconds * 1000 + fraction_ms, not status & _STA_UNSYNC)


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


class Clock(Protocol):
    """Time, handed in. A house whose day takes ten minutes has a faster one."""

    def now_ms(self) -> int:
        """Unix milliseconds, UTC, right or wrong."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds that only grow, from an origin of no meaning that changes at boot."""
        ...

    def seconds_until(self, monotonic_ms: int) -> float:
        """How many real seconds to sleep until `monotonic_ms`; 0 if it has passed."""
        ...

    def synchronised(self) -> bool:
        """Whether `now_ms` can be trusted."""
        ...

    def confirms_steps(self) -> bool:
        """Whether that holds also right after `now_ms` jumped."""
        ...

    def boot(self) -> str:
        """Names what `monotonic_ms` counts from; empty: nothing that another process could know."""
        ...


class HostClock:
    """The clock of a machine that keeps time by itself: a server, a Pi with a battery-backed clock."""

    def now_ms(self) -> int:
        return unix_ms()

    def monotonic_ms(self) -> int:
        return elapsed_ms()

    def seconds_until(self, monotonic_ms: int) -> float:
        return max(0.0, (monotonic_ms - self.monotonic_ms()) / 1000)

    def synchronised(self) -> bool:
        return True

    def confirms_steps(self) -> bool:
        kernel = kernel_time()
        return kernel is not None and kernel.vouches_for(self.now_ms())

    def boot(self) -> str:
        return boot_id()


class NetworkClock(HostClock):
    """The clock of a Pi: right once the kernel says that it follows a time server."""

    def synchronised(self) -> bool:
        return self.confirms_steps()
