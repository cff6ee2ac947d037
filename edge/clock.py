"""What the agent asks of a clock, and the clock of the machine itself.

In:    nothing.
Out:   wall time and monotonic time in milliseconds, and whether wall time can be trusted.
Never: a decision. When an event is stamped is `stamp.py`'s judgement.
"""

import ctypes
import time
from typing import Protocol

_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 256  # struct timex has 208 bytes on 64-bit Linux; `status` stands at the sixth long
_STATUS_OFFSET = {8: 40, 4: 20}[ctypes.sizeof(ctypes.c_long)]


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


class HostClock:
    """The clock of a machine that keeps time by itself: a server, a Pi with a battery-backed clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def seconds_until(self, monotonic_ms: int) -> float:
        return max(0.0, (monotonic_ms - self.monotonic_ms()) / 1000)

    def synchronised(self) -> bool:
        return True


class NetworkClock(HostClock):
    """The clock of a Pi: right once the kernel says that it follows a time server.

    Source: adjtimex(2); systemd-timesyncd, chrony and ntpd all clear STA_UNSYNC.
    """

    def __init__(self) -> None:
        self._adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex

    def synchronised(self) -> bool:
        timex = ctypes.create_string_buffer(_TIMEX_BYTES)
        if self._adjtimex(timex) < 0:
            return False
        status = ctypes.c_int.from_buffer(timex, _STATUS_OFFSET).value
        return not status & _STA_UNSYNC
