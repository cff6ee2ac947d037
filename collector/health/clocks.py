"""Watches a device's clock by when its news arrives.

In:    now and then, by how much the newest event of a device is older than its arrival; events without a time.
Out:   one line an hour and device, and whether the newest lines say that the clock is wrong.
Never: clocks of its own, an event stored anywhere.

What waited in an outbox is old when it comes; but within an hour something comes at once, so the youngest piece of
news tells the clock. A clock that is wrong is wrong by the same span for hours, a backlog that drains is not.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from collector.health.findings import Finding, FindingKind
from collector.health.hours import HOUR_MS

BEHIND_MS: Final = 120_000
AHEAD_MS: Final = 60_000
SPREAD_MS: Final = 60_000
"""The same error hour after hour differs by less."""
HOURS: Final = 3
"""So many hours in a row must say it."""
SAMPLES: Final = 10
"""Fewer pieces of news in an hour say nothing."""
KEPT: Final = 12


class ClockHour(Struct, frozen=True, gc=False, array_like=True):
    """One device in one hour."""

    at_ms: int
    samples: int = 0
    """Pieces of news that were looked at."""
    youngest_ms: int = 0
    """The least age on arrival; below 0: the device's clock is ahead."""
    undated: int = 0
    """Pieces of news from a clock that was never right."""
    refused: int = 0
    """Events that were more than five minutes ahead, and not taken."""


class Arrivals:
    """The present hour of each device, and those before it."""

    def __init__(self, hours: Mapping[str, list[ClockHour]]) -> None:
        self.hours = dict(hours)

    def heard(self, device: str, at_ms: int, now_ms: int) -> None:
        """A piece of news came."""
        last = self._now(device, now_ms)
        age_ms = now_ms - at_ms
        youngest_ms = min(last.youngest_ms, age_ms) if last.samples else age_ms
        self._put(device, ClockHour(last.at_ms, last.samples + 1, youngest_ms, last.undated, last.refused))

    def undated(self, device: str, now_ms: int) -> None:
        """One came whose moment nobody knows."""
        last = self._now(device, now_ms)
        self._put(device, ClockHour(last.at_ms, last.samples, last.youngest_ms, last.undated + 1, last.refused))

    def refused(self, device: str, events: int, now_ms: int) -> None:
        """Some came from a clock that is far ahead."""
        last = self._now(device, now_ms)
        self._put(device, ClockHour(last.at_ms, last.samples, last.youngest_ms, last.undated, last.refused + events))

    def _now(self, device: str, now_ms: int) -> ClockHour:
        hours = self.hours.setdefault(device, [])
        hour_ms = now_ms - now_ms % HOUR_MS
        if not hours or hours[-1].at_ms != hour_ms:
            hours.append(ClockHour(hour_ms))
            del hours[:-KEPT]
        return hours[-1]

    def _put(self, device: str, hour: ClockHour) -> None:
        self.hours[device][-1] = hour


def clock_off(hours: Sequence[ClockHour], now_ms: int) -> Finding | None:
    """What the last hours that are over say of a device's clock; None: it is right, or nobody knows."""
    over = [hour for hour in hours if now_ms - KEPT * HOUR_MS <= hour.at_ms <= now_ms - HOUR_MS][-HOURS:]
    if len(over) < HOURS:
        return None
    if all(hour.refused >= SAMPLES for hour in over):
        return Finding(FindingKind.CLOCK_OFF, 0, times=sum(hour.refused for hour in over))
    if all(hour.undated >= SAMPLES and hour.undated > hour.samples for hour in over):
        undated = sum(hour.undated for hour in over)
        share = undated / (undated + sum(hour.samples for hour in over))
        return Finding(FindingKind.CLOCK_OFF, 0, share_pct=round(100 * share))
    ages = [hour.youngest_ms for hour in over if hour.samples >= SAMPLES]
    if len(ages) < HOURS or max(ages) - min(ages) > SPREAD_MS:
        return None
    if min(ages) >= BEHIND_MS or max(ages) <= -AHEAD_MS:
        return Finding(FindingKind.CLOCK_OFF, 0, off_s=round(sum(ages) / len(ages) / 1000))
    return None
