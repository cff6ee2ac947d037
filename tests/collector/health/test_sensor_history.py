"""Every hour belongs to exactly one day, also when daylight saving time begins or ends."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.health.tallies.hour_tallies import ActivityRule, HourTally
from collector.health.tallies.sensor_history import (
    CountedHours,
    SensorHistory,
    compute_days,
    count_hours,
    list_completed_hours,
)
from collector.history.door_days import find_day_span
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import HOUR_MS

PIR = ActivityRule("pi", "pir", SensorKind.PIR, 75_000, EventKind.MOTION)
MARCH_MS, OCTOBER_MS = 1_774_742_400_000 // HOUR_MS * HOUR_MS, 1_792_886_400_000 // HOUR_MS * HOUR_MS
"""2026-03-29 and 2026-10-25, 00:00 UTC: daylight saving time changes at 01:00 UTC in Sweden."""


@given(
    zone=st.sampled_from(["Europe/Stockholm", "Asia/Kolkata", "America/St_Johns", "UTC", "Pacific/Chatham"]),
    first=st.sampled_from([MARCH_MS, OCTOBER_MS]),
    before=st.integers(0, 60),
    length=st.integers(1, 100),
)
def test_every_hour_is_in_exactly_one_day(zone: str, first: int, before: int, length: int) -> None:
    from_ms = first - before * HOUR_MS
    due_ms = from_ms + length * HOUR_MS
    span = CountedHours(from_ms, due_ms, ZoneInfo(zone))
    past = SensorHistory(
        "pir", hours={at_ms: HourTally(event_count=at_ms) for at_ms in range(from_ms, due_ms, HOUR_MS)}
    )
    counted_hours, day = [], find_day_span(from_ms, span.zone)
    while day.from_ms < due_ms:
        counted_hours += [hour.event_count for hour in list_completed_hours(past, day, due_ms) if hour.event_count]
        day = find_day_span(day.to_ms, span.zone)
    assert counted_hours == sorted(past.hours)


@pytest.mark.parametrize(("first", "minutes"), [(MARCH_MS, 23 * 60), (OCTOBER_MS, 25 * 60)])
def test_day_of_a_time_change_has_23_or_25_hours(first: int, minutes: int) -> None:
    from_ms, due_ms = first - 48 * HOUR_MS, first + 48 * HOUR_MS
    span = CountedHours(from_ms, due_ms, ZoneInfo("Europe/Stockholm"))
    events = [(at_ms, str(EventKind.HEARTBEAT), 1.0) for at_ms in range(from_ms, due_ms, 60_000)]
    past = count_hours(SensorHistory("pir"), PIR, from_ms, events, span)
    ((whole,), _) = compute_days([(PIR, past)], from_ms, span)
    assert sorted({day.minutes for day in whole.days[1:-1]}) == sorted({minutes, 1440})
    assert all(day.alive_min == day.active_min == day.minutes for day in whole.days[1:-1])


def test_day_whose_hours_are_deleted_stays_unchanged() -> None:
    from_ms, due_ms = MARCH_MS - 96 * HOUR_MS, MARCH_MS
    span = CountedHours(from_ms, due_ms, ZoneInfo("Europe/Stockholm"))
    events = [(at_ms, str(EventKind.HEARTBEAT), 1.0) for at_ms in range(from_ms, due_ms, 60_000)]
    ((history,), _) = compute_days(
        [(PIR, count_hours(SensorHistory("pir"), PIR, from_ms, events, span))], from_ms, span
    )
    later = CountedHours(due_ms - 30 * HOUR_MS, due_ms, span.zone)
    ((again,), computed) = compute_days([(PIR, count_hours(history, PIR, later.oldest_ms, [], later))], from_ms, later)
    assert again.days[:-2] == history.days[:-2]
    assert len(computed) < len(history.days)
