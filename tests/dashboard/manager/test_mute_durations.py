"""When the mutes of the form end."""

from dashboard.manager_rows.mute_durations import DEFAULT_MUTE_DURATION, MUTE_DURATIONS, list_durations
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import HOUR_MS
from tests.support.dashboard.site import MONDAY_10_MS, PLAN


def compute_end_ms(duration: str, now_ms: int) -> int | None:
    return MUTE_DURATIONS[duration].compute_end_ms(PLAN, now_ms)


def test_today_and_a_week_end_at_local_midnight_also_on_a_day_of_25_hours() -> None:
    assert compute_end_ms("today", MONDAY_10_MS) == MONDAY_10_MS + 14 * HOUR_MS
    assert compute_end_ms("week", MONDAY_10_MS) == MONDAY_10_MS + (6 * 24 + 14) * HOUR_MS
    autumn_ms = 1_792_879_200_000  # Sunday 25 October 2026, 00:00 in Stockholm
    assert compute_end_ms("today", autumn_ms) == autumn_ms + 25 * HOUR_MS


def test_other_durations_end_after_an_hour_or_never() -> None:
    assert compute_end_ms("hour", MONDAY_10_MS) == MONDAY_10_MS + HOUR_MS
    assert compute_end_ms("changed", MONDAY_10_MS) is None


def test_form_offers_every_duration_and_the_default_first() -> None:
    labels = list_durations(PageTexts.load("en"))
    assert labels == {"hour": "1 hour", "today": "today", "week": "7 days", "changed": "until unmuted"}
    assert next(iter(labels)) == DEFAULT_MUTE_DURATION
