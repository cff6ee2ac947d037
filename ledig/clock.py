"""The house's clock: as fast as it is told, the same in every process, and never set back.

In:    a speed, and where house time stood when the house last stopped.
Out:   a clock that every process of this machine shares once it is handed over.
Never: the real time of day, but for a house in real time.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

FIRST_MORNING = time_of_day(6, 58)
"""A new house begins just before its first members come, so that its counts are right from the start."""

_AHEAD_S = 2.0
"""What is noted lies this far ahead (real seconds): a house that was killed never goes back."""


Now = Callable[[], int]
"""House time, Unix milliseconds, UTC."""


class ClockRejected(ValueError):
    """The note of where house time stopped cannot be read."""


@dataclass(frozen=True, slots=True)
class HouseClock:
    """House time runs `speed` times as fast as real time. Picklable: the origin is the machine's monotonic clock."""

    speed: float
    origin_ms: int
    """House time, Unix milliseconds, at the real moment `started_ns`."""
    started_ns: int
    """The machine's monotonic clock then; it is the same in all its processes."""

    def now_ms(self) -> int:
        return self.origin_ms + self.monotonic_ms()

    def monotonic_ms(self) -> int:
        return int((time.monotonic_ns() - self.started_ns) * self.speed) // 1_000_000

    def seconds_until(self, monotonic_ms: int) -> float:
        return max(0.0, (monotonic_ms - self.monotonic_ms()) / 1000 / self.speed)

    def synchronised(self) -> bool:
        return True


def start(speed: float, origin_ms: int) -> HouseClock:
    """A clock that shows `origin_ms` now."""
    return HouseClock(speed=speed, origin_ms=origin_ms, started_ns=time.monotonic_ns())


def machine_ms() -> int:
    """The machine's own time, Unix milliseconds."""
    return time.time_ns() // 1_000_000


def first_morning_ms(today: datetime, zone: ZoneInfo) -> int:
    """House time at a new house's first start: today's morning, or Friday's at a weekend."""
    local = today.astimezone(zone)
    day = local.date() - timedelta(days=max(0, local.weekday() - 4))
    return int(datetime.combine(day, FIRST_MORNING, zone).timestamp() * 1000)


class StoppedAt:
    """The file in which a simulated house notes where its time stands."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> int | None:
        """House time to go on from; None for a new house.

        Raises:
            ClockRejected: the file holds something else.
        """
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))["house_ms"]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as fault:
            raise ClockRejected(f"{self._file}: no house time in it; delete its folder to begin a new house") from fault
        if not isinstance(found, int):
            raise ClockRejected(f"{self._file}: house_ms is no whole number; delete its folder to begin a new house")
        return found

    def note(self, clock: HouseClock) -> None:
        """Note a moment a little ahead, so that even a kill before the next note cannot set the house back."""
        self._write(clock.now_ms() + int(_AHEAD_S * 1000 * clock.speed))

    def note_stop(self, clock: HouseClock) -> None:
        """Note exactly now: the house sleeps."""
        self._write(clock.now_ms())

    def _write(self, house_ms: int) -> None:
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps({"house_ms": house_ms}) + "\n", encoding="utf-8")
        beside.replace(self._file)
