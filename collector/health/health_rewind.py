"""Deletes stored health data that is dated in the future, after a wrong clock was corrected.

In:    an open journal, inside its transaction; the plan; the correct time.
Out:   days, hours, findings and clock records of sensors up to that time.
Never: evaluation, clocks.
"""

from msgspec.structs import replace

from collector.health.health_store import load_notes, load_pasts, save_notes, save_pasts
from collector.health.tallies.sensor_groups import group_sensors
from collector.health.tallies.sensor_history import SensorHistory
from collector.history.door_days import find_day_span
from collector.site.site_plan import SitePlan
from collector.store.journal import Journal
from edge.timekeeping.durations import HOUR_MS


def rewind_health(journal: Journal, plan: SitePlan, now_ms: int) -> None:
    """Delete the history of sensors after `now_ms`."""
    hour_ms = now_ms - now_ms % HOUR_MS
    today = find_day_span(now_ms, plan.time_zone).day
    pasts = {name: _rewind_history(past, hour_ms, today) for name, past in load_pasts(journal, plan).items()}
    for group in group_sensors(plan).values():
        save_pasts(journal, group, pasts)
    notes = load_notes(journal)
    save_notes(
        journal,
        replace(
            notes,
            since=tuple(replace(one, at_ms=min(one.at_ms, now_ms)) for one in notes.since),
            ignored=tuple(replace(one, day=min(one.day, today)) for one in notes.ignored),
            clocks={
                device: [hour for hour in hours if hour.at_ms <= hour_ms] for device, hours in notes.clocks.items()
            },
            late={name: at_ms for name, at_ms in notes.late.items() if at_ms < hour_ms},
        ),
    )


def _rewind_history(past: SensorHistory, hour_ms: int, today: int) -> SensorHistory:
    if past.until_ms <= hour_ms:
        return past
    return replace(
        past,
        until_ms=hour_ms,
        hours={at_ms: hour for at_ms, hour in past.hours.items() if at_ms < hour_ms},
        days=tuple(day for day in past.days if day.day <= today),
    )
