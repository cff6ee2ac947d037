"""The house's clock: as fast as it is told, the same in every process, and never set back.

In:    a speed, and where house time stood when the house last stopped.
Out:   a clock that every process of this machine shares once it is handed over.
Never: the real time of day, but for a house in real time.
"""

import json
import sqlite3
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

FIRST_MORNING = time_of_day(6, 58)
"""A new house begins just before its first members come, so that its counts are right from the start."""

_AHEAD_S = 2.0
"""What is noted lies this far ahead (real seconds): a house that was killed never goes back."""
_NOTE_EVERY_S = 0.5


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

    def confirms_steps(self) -> bool:
        return True

    def boot(self) -> str:
        return str(self.started_ns)


def start(speed: float, origin_ms: int) -> HouseClock:
    """A clock that shows `origin_ms` now."""
    return HouseClock(speed=speed, origin_ms=origin_ms, started_ns=time.monotonic_ns())


def first_morning_ms(today: datetime, zone: ZoneInfo) -> int:
    """House time at a new house's first start: today's morning, or Friday's at a weekend."""
    local = today.astimezone(zone)
    day = local.date() - timedelta(days=max(0, local.weekday() - 4))
    return int(datetime.combine(day, FIRST_MORNING, zone).timestamp() * 1000)


class StoppedAt:
    """The file in which a simulated house notes where its time stands.

    The number has a checksum: one changed digit would set the house years ahead.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> int | None:
        """House time to go on from; None for a new house.

        Raises:
            ClockRejected: the file holds something else.
            OSError: the disk.
        """
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            house_ms = found["house_ms"]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, RecursionError) as fault:
            raise ClockRejected(f"{self._file}: no site time in it; delete its folder to start a new site") from fault
        if type(house_ms) is not int or house_ms < 0 or found.get("check", _check(house_ms)) != _check(house_ms):
            raise ClockRejected(f"{self._file}: its site time is damaged; delete its folder to start a new site")
        return house_ms

    def put_aside(self) -> Path:
        """Rename a damaged file under the first number that is free; returns its new name."""
        number = 1
        while (aside := self._file.with_name(f"{self._file.name}.damaged-{number}")).exists():
            number += 1
        return self._file.rename(aside)

    def note(self, clock: HouseClock) -> None:
        """Note a moment a little ahead, so that even a kill before the next note cannot set the house back.

        Raises:
            OSError: the disk; the file holds the last note.
        """
        self._write(clock.now_ms() + int(_AHEAD_S * 1000 * clock.speed))

    def note_stop(self, clock: HouseClock) -> None:
        """Note exactly now: the house sleeps. Raises OSError as `note` does."""
        self._write(clock.now_ms())

    def _write(self, house_ms: int) -> None:
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps({"house_ms": house_ms, "check": _check(house_ms)}) + "\n", encoding="utf-8")
        beside.replace(self._file)


def _check(house_ms: int) -> int:
    return zlib.crc32(str(house_ms).encode())


class Notes:
    """Notes house time while the house runs; a disk that refuses is reported once and tried again."""

    def __init__(self, file: StoppedAt, clock: HouseClock, show: Callable[[str], None]) -> None:
        self._file, self._clock, self._show = file, clock, show
        self._due_s = 0.0
        self._fault = ""

    def look(self) -> None:
        """Note house time if it is due."""
        if time.monotonic() >= self._due_s:
            self._due_s = time.monotonic() + _NOTE_EVERY_S
            self._try(self._file.note)

    def stop(self) -> None:
        """Note where house time stops."""
        self._try(self._file.note_stop)

    def _try(self, note: Callable[[HouseClock], None]) -> None:
        try:
            note(self._clock)
        except OSError as fault:
            reason = (fault.strerror or str(fault)).lower()
            if reason != self._fault:
                self._show(f"site time cannot be saved ({reason}); trying again until it can")
            self._fault = reason
            return
        if self._fault:
            self._show("site time is saved again")
        self._fault = ""


def newest_stored_ms(journal: Path) -> int:
    """The newest moment that a journal knows: a house whose own note is lost or old must not go back behind it.

    0: there is no journal, or it cannot be read.
    """
    if not journal.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as db:
            db.execute("PRAGMA wal_autocheckpoint = 0")
            events = "SELECT max((SELECT max(at_ms) FROM event WHERE sensor_no = no)) FROM sensor"
            found = [db.execute(each).fetchone()[0] for each in (events, "SELECT max(at_ms) FROM transition")]
    except sqlite3.Error:
        return 0
    return max((at_ms for at_ms in found if isinstance(at_ms, int)), default=0)
