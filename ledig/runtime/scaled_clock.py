"""Site time of a simulated site: runs at a given speed, is shared by all its processes, and never goes back.

In:    a speed, and the site time at which the site last stopped.
Out:   a clock that can be passed to other processes of this machine.
Never: the real time of day, except for a site in real time.
"""

import json
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

from collector.history.measures import HistoryAway
from collector.store.read_only import read_journal

FIRST_MORNING = time_of_day(6, 58)
"""A new site starts just before its first members arrive, so that its counts are right from the start."""

_AHEAD_S = 2.0
"""The saved time is this far ahead (real seconds), so that site time never goes back after a kill."""
_SAVE_INTERVAL_S = 0.5


class ClockRejected(ValueError):
    """The file with the saved site time cannot be read."""


@dataclass(frozen=True, slots=True)
class SimulatedClock:
    """Site time that runs `speed` times as fast as real time.

    It can be pickled: its origin is the machine's monotonic clock, which all processes share.
    """

    speed: float
    origin_ms: int
    """Site time in Unix milliseconds at `started_ns`."""
    started_ns: int
    """The machine's monotonic clock at the start."""

    def now_ms(self) -> int:
        return self.origin_ms + self.monotonic_ms()

    def monotonic_ms(self) -> int:
        return int((time.monotonic_ns() - self.started_ns) * self.speed) // 1_000_000

    def seconds_until(self, monotonic_ms: int) -> float:
        return max(0.0, (monotonic_ms - self.monotonic_ms()) / 1000 / self.speed)

    def synchronised(self) -> bool:
        return True

    def confirms_steps(self) -> bool:
        return True

    def boot(self) -> str:
        return str(self.started_ns)


def start_clock(speed: float, origin_ms: int) -> SimulatedClock:
    """Start a clock that shows `origin_ms` now."""
    return SimulatedClock(speed=speed, origin_ms=origin_ms, started_ns=time.monotonic_ns())


def first_morning_ms(today: datetime, zone: ZoneInfo) -> int:
    """Return the site time at which a new site starts: this morning, or Friday's at a weekend."""
    local = today.astimezone(zone)
    day = local.date() - timedelta(days=max(0, local.weekday() - 4))
    return int(datetime.combine(day, FIRST_MORNING, zone).timestamp() * 1000)


class ClockFile:
    """The file with the saved site time of a simulated site.

    The number has a checksum: one changed digit would move site time years ahead.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> int | None:
        """Return the site time to continue from; None for a new site.

        Raises:
            ClockRejected: the file contains something else.
            OSError: the disk failed.
        """
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            site_ms = found["site_ms"]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ClockRejected(f"{self._file}: no site time in it; delete its folder to start a new site") from error
        if type(site_ms) is not int or site_ms < 0 or found.get("check", _checksum(site_ms)) != _checksum(site_ms):
            raise ClockRejected(f"{self._file}: its site time is damaged; delete its folder to start a new site")
        return site_ms

    def set_aside(self) -> Path:
        """Rename a damaged file with the first free number; return its new path."""
        number = 1
        while (aside := self._file.with_name(f"{self._file.name}.damaged-{number}")).exists():
            number += 1
        return self._file.rename(aside)

    def save(self, clock: SimulatedClock) -> None:
        """Save a time slightly ahead, so that a kill before the next save cannot move site time back.

        Raises:
            OSError: the disk failed; the file keeps the last saved time.
        """
        self._write(clock.now_ms() + int(_AHEAD_S * 1000 * clock.speed))

    def save_stop(self, clock: SimulatedClock) -> None:
        """Save the exact time at a stop. Raises OSError as `save` does."""
        self._write(clock.now_ms())

    def _write(self, site_ms: int) -> None:
        temporary = self._file.with_suffix(".new")
        temporary.write_text(json.dumps({"site_ms": site_ms, "check": _checksum(site_ms)}) + "\n", encoding="utf-8")
        temporary.replace(self._file)


def _checksum(site_ms: int) -> int:
    return zlib.crc32(str(site_ms).encode())


class ClockSaver:
    """Saves site time while the site runs; reports a failing disk once and tries again."""

    def __init__(self, file: ClockFile, clock: SimulatedClock, show: Callable[[str], None]) -> None:
        self._file, self._clock, self._show = file, clock, show
        self._due_s = 0.0
        self._problem = ""

    def save_if_due(self) -> None:
        """Save site time if it is due."""
        if time.monotonic() >= self._due_s:
            self._due_s = time.monotonic() + _SAVE_INTERVAL_S
            self._save(self._file.save)

    def save_stop(self) -> None:
        """Save site time at the stop."""
        self._save(self._file.save_stop)

    def _save(self, note: Callable[[SimulatedClock], None]) -> None:
        try:
            note(self._clock)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            if reason != self._problem:
                self._show(f"site time cannot be saved ({reason}); trying again until it can")
            self._problem = reason
            return
        if self._problem:
            self._show("site time is saved again")
        self._problem = ""


def read_newest_stored_ms(journal: Path) -> int:
    """Return the time of the newest event or transition in a journal; 0 if it is missing or cannot be read.

    A site whose saved time is lost or old must not go back behind it.
    """
    if not journal.exists():
        return 0
    try:
        with read_journal(journal) as stored:
            return stored.read_newest_ms()
    except HistoryAway:
        return 0
