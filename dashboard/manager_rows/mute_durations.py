"""The table of durations for which a manager can mute alerts.

In:    the plan, site time, the page's texts.
Out:   the choices of the mute forms; when a mute of such a duration ends.
Never: the mutes in force: see `collector/alerts/active_mutes.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from collector.site.calendar import to_local_time
from collector.site.site_plan import SitePlan
from dashboard.text.duration_texts import format_days
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import DAYS_PER_WEEK, HOUR_MS

_TODAY_DAYS: Final = 1
"""For example until a spare part arrives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteDuration:
    """One choice of the mute forms."""

    label: Callable[[PageTexts], str]
    compute_end_ms: Callable[[SitePlan, int], int | None]
    """When a mute ends that begins at this site time; None: when somebody unmutes it."""


def _end_at_midnight(days: int) -> Callable[[SitePlan, int], int]:
    """Return a function that computes the local midnight at which so many days are over; today counts as one."""

    def compute_midnight_ms(plan: SitePlan, now_ms: int) -> int:
        end = to_local_time(plan, now_ms).date() + timedelta(days=days)
        return int(datetime(end.year, end.month, end.day, tzinfo=plan.time_zone).timestamp() * 1000)

    return compute_midnight_ms


MUTE_DURATIONS: Final[Mapping[str, MuteDuration]] = {
    "hour": MuteDuration(
        label=lambda texts: texts.gettext("1 hour"), compute_end_ms=lambda _plan, now_ms: now_ms + HOUR_MS
    ),
    "today": MuteDuration(label=lambda texts: texts.gettext("today"), compute_end_ms=_end_at_midnight(_TODAY_DAYS)),
    "week": MuteDuration(
        label=lambda texts: format_days(DAYS_PER_WEEK, texts), compute_end_ms=_end_at_midnight(DAYS_PER_WEEK)
    ),
    "changed": MuteDuration(
        label=lambda texts: texts.gettext("until unmuted"), compute_end_ms=lambda _plan, _now_ms: None
    ),
}
"""The choices by their value in the form, in the order of the form."""
DEFAULT_MUTE_DURATION: Final = "hour"


def list_durations(texts: PageTexts) -> dict[str, str]:
    """Return the labels of the choices, by their value in the form."""
    return {value: duration.label(texts) for value, duration in MUTE_DURATIONS.items()}
