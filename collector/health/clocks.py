"""Checks a device's clock by the age of its events on arrival.

In:    a sample of arriving events with their time of arrival; events without a time; rejected future events.
Out:   one record per hour and device, and a finding if the newest records show that the clock is wrong.
Never: clocks of its own, storing events.

Events that waited in an outbox are old on arrival. But within an hour at least one event arrives without delay, so the
smallest age shows the clock's error. A wrong clock is wrong by the same amount for hours; a draining backlog is not.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from collector.contract.findings import Finding, FindingKind
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS

MIN_BEHIND_MS: Final = 120_000
MIN_AHEAD_MS: Final = MINUTE_MS
MAX_SPREAD_MS: Final = MINUTE_MS
"""Over consecutive hours, the error of a wrong clock varies by no more than this."""
NEEDED_HOURS: Final = 3
"""This many consecutive hours must show the error."""
MIN_SAMPLES: Final = 10
"""An hour with fewer events than this is not evaluated."""
MAX_KEPT_HOURS: Final = 12


class ClockHour(Struct, frozen=True, gc=False, array_like=True):
    """One device in one hour."""

    at_ms: int
    samples: int = 0
    """Events that were sampled."""
    smallest_age_ms: int = 0
    """The smallest age on arrival; negative: the device's clock is ahead."""
    undated: int = 0
    """Sampled events from a clock that was never set."""
    rejected: int = 0
    """Events more than five minutes in the future, which were rejected."""


class ArrivalAges:
    """The current and earlier hours of each device."""

    def __init__(self, hours: Mapping[str, list[ClockHour]]) -> None:
        self.hours = dict(hours)

    def record_event(self, device: str, at_ms: int, now_ms: int) -> None:
        """Add one event with a known time."""
        last = self._current_hour(device, now_ms)
        age_ms = now_ms - at_ms
        youngest_ms = min(last.smallest_age_ms, age_ms) if last.samples else age_ms
        self._replace_current(device, ClockHour(last.at_ms, last.samples + 1, youngest_ms, last.undated, last.rejected))

    def record_undated(self, device: str, now_ms: int) -> None:
        """Add one event without a known time."""
        last = self._current_hour(device, now_ms)
        self._replace_current(
            device, ClockHour(last.at_ms, last.samples, last.smallest_age_ms, last.undated + 1, last.rejected)
        )

    def record_rejected(self, device: str, events: int, now_ms: int) -> None:
        """Add events that were rejected because their clock is far ahead."""
        last = self._current_hour(device, now_ms)
        self._replace_current(
            device, ClockHour(last.at_ms, last.samples, last.smallest_age_ms, last.undated, last.rejected + events)
        )

    def _current_hour(self, device: str, now_ms: int) -> ClockHour:
        hours = self.hours.setdefault(device, [])
        hour_ms = now_ms - now_ms % HOUR_MS
        if not hours or hours[-1].at_ms != hour_ms:
            hours.append(ClockHour(hour_ms))
            del hours[:-MAX_KEPT_HOURS]
        return hours[-1]

    def _replace_current(self, device: str, hour: ClockHour) -> None:
        self.hours[device][-1] = hour


def find_clock_fault(hours: Sequence[ClockHour], now_ms: int) -> Finding | None:
    """Return a finding if the newest completed hours show a wrong clock; None: it is right, or not known."""
    completed = [hour for hour in hours if now_ms - MAX_KEPT_HOURS * HOUR_MS <= hour.at_ms <= now_ms - HOUR_MS][
        -NEEDED_HOURS:
    ]
    if len(completed) < NEEDED_HOURS:
        return None
    if all(hour.rejected >= MIN_SAMPLES for hour in completed):
        return Finding(FindingKind.CLOCK_OFF, 0, times=sum(hour.rejected for hour in completed))
    if all(hour.undated >= MIN_SAMPLES and hour.undated > hour.samples for hour in completed):
        undated = sum(hour.undated for hour in completed)
        share = undated / (undated + sum(hour.samples for hour in completed))
        return Finding(FindingKind.CLOCK_OFF, 0, share_pct=round(100 * share))
    ages = [hour.smallest_age_ms for hour in completed if hour.samples >= MIN_SAMPLES]
    if len(ages) < NEEDED_HOURS or max(ages) - min(ages) > MAX_SPREAD_MS:
        return None
    if min(ages) >= MIN_BEHIND_MS or max(ages) <= -MIN_AHEAD_MS:
        return Finding(FindingKind.CLOCK_OFF, 0, off_s=round(sum(ages) / len(ages) / 1000))
    return None
