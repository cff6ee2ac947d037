"""History of the sensors of one space (a door, a zone): hourly tallies of the last days, daily tallies before.

In:    the sensors' events by hour; how to interpret them.
Out:   daily tallies for `finding_rules.py`; the new history, to be stored.
Never: the journal, clocks, hours older than the retention of raw events.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from collector.configuration.collector_settings import KEPT_SENSOR_DAYS
from collector.health.tallies.day_tallies import DayTally, SensorHours, compute_day_tallies
from collector.health.tallies.hour_tallies import EMPTY_TALLY, ActivityRule, HourTally, count_hour, join_hours
from collector.history.door_days import DaySpan, find_day_span
from collector.store.journal_tables import TimedValue
from edge.contract.message import EventKind
from edge.timekeeping.durations import HOUR_MS


class SensorHistory(Struct, frozen=True, gc=False, array_like=True):
    """The stored history of one sensor."""

    fingerprint: str
    """The sensor's fingerprint; if it changes, the history is discarded."""
    until_ms: int = 0
    """All hours before this instant are counted; 0: none."""
    hours: dict[int, HourTally] = {}
    """By their start; kept as long as raw events."""
    days: tuple[DayTally, ...] = ()
    """Oldest first, including the current day."""
    fired: bool = False
    """Whether it has ever turned on."""
    lacked_threshold: bool = False
    """Whether its hours were counted before its threshold was learned."""


class CountedHours(Struct, frozen=True):
    """The hours to count: from `oldest_ms`, where raw events begin, to `due_ms`, the end of the last completed hour."""

    oldest_ms: int
    due_ms: int
    zone: ZoneInfo


def count_hours(
    history: SensorHistory, rule: ActivityRule, from_ms: int, events: Sequence[TimedValue], span: CountedHours
) -> SensorHistory:
    """Count the hours from `from_ms` to `span.due_ms` (again) and return the new history.

    Args:
        history: the history so far.
        rule: how to interpret the sensor.
        from_ms: start of the first hour to count.
        events: the sensor's events since `from_ms`, oldest first.
        span: the hours to count.
    """
    hours = {at_ms: hour for at_ms, hour in history.hours.items() if at_ms >= span.oldest_ms}
    before, index, fired = history.hours.get(from_ms - HOUR_MS, EMPTY_TALLY), 0, history.fired
    for at_ms in range(from_ms, span.due_ms, HOUR_MS):
        first = index
        while index < len(events) and events[index][0] < at_ms + HOUR_MS:
            index += 1
        before = hours[at_ms] = count_hour(events[first:index], before, at_ms, rule)
        fired = fired or before.rises > 0
    lacked_threshold = rule.is_threshold_learned and not rule.event_kind
    return replace(
        history,
        until_ms=max(history.until_ms, span.due_ms),
        hours=hours,
        fired=fired,
        lacked_threshold=lacked_threshold,
    )


def compute_days(
    pasts: Sequence[tuple[ActivityRule, SensorHistory]], from_ms: int, span: CountedHours
) -> tuple[list[SensorHistory], list[DaySpan]]:
    """Compute the daily tallies of one space's sensors again from the day of `from_ms` on.

    A day that already has tallies and whose hours are partly deleted is left unchanged.

    Args:
        pasts: each sensor of the space with its history.
        from_ms: an instant in the first day to compute.
        span: the hours that are counted.

    Returns:
        The new histories in the same order, and the days that were computed.
    """
    found = [past for _, past in pasts]
    computed: list[DaySpan] = []
    day = find_day_span(from_ms, span.zone)
    while day.from_ms < span.due_ms:
        has_tally = any(known.day == day.day for past in found for known in past.days)
        if day.from_ms >= span.oldest_ms or not has_tally:
            sensors = [
                SensorHours(rule, list_completed_hours(past, day, span.due_ms))
                for (rule, _), past in zip(pasts, found, strict=True)
            ]
            tallies = compute_day_tallies(day.day, sensors)
            found = [_with_day(past, tally) for past, tally in zip(found, tallies, strict=True)]
            computed.append(day)
        day = find_day_span(day.to_ms, span.zone)
    return found, computed


def list_completed_hours(past: SensorHistory, day: DaySpan, due_ms: int) -> list[HourTally]:
    """Return the completed hours of a day."""
    first_ms = -(-day.from_ms // HOUR_MS) * HOUR_MS
    return [past.hours.get(at_ms, EMPTY_TALLY) for at_ms in range(first_ms, min(day.to_ms, due_ms), HOUR_MS)]


def join_active_minutes(past: SensorHistory, day: DaySpan) -> int:
    """Return the minutes of a completed day in which a sensor was active, as bits."""
    return join_hours(hour.active for hour in list_completed_hours(past, day, day.to_ms))


def list_co2_rises(past: SensorHistory, day: DaySpan) -> dict[int, float]:
    """Return by hour of the day (0: its first) how far the highest CO2 exceeds the day's lowest, in ppm."""
    found = {
        index: one
        for index, hour in enumerate(list_completed_hours(past, day, day.to_ms))
        for one in hour.ranges
        if one.quantity == EventKind.CO2_PPM
    }
    lowest = min((one.low for one in found.values()), default=0.0)
    return {index: one.high - lowest for index, one in found.items()}


def replace_day(past: SensorHistory, day: int, **fields: object) -> SensorHistory:
    """Return the history with some fields of one day replaced."""
    days = tuple(replace(known, **fields) if known.day == day else known for known in past.days)
    return replace(past, days=days)


def _with_day(past: SensorHistory, fresh: DayTally) -> SensorHistory:
    days = {known.day: known for known in past.days}
    if (known := days.get(fresh.day)) is not None:  # day_matches.py fills these
        fresh = replace(
            fresh,
            matching_space=known.matching_space,
            other_pct=known.other_pct,
            own_pct=known.own_pct,
            is_comparable=known.is_comparable,
            swap_partner=known.swap_partner,
            swapped_pct=known.swapped_pct,
            installed_pct=known.installed_pct,
            is_swap_compared=known.is_swap_compared,
        )
    days[fresh.day] = fresh
    return replace(past, days=tuple(days[day] for day in sorted(days)[-KEPT_SENSOR_DAYS:]))
