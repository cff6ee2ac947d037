"""Formats lengths of time in whole units, for sentences whose numbers a constant or a setting decides.

In:    seconds, the texts of a language.
Out:   `15 minutes`, `12 hours`, `35 days`, `13 months`.
Never: instants, ages (see page_texts).
"""

from typing import Final

from collector.site.privacy_limits import MAX_HISTORY_DAYS
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import HOUR_S, MINUTE_S

MONTHS_BY_DAYS: Final = {MAX_HISTORY_DAYS: 13}
"""Periods in days that are written as months."""


def format_duration(span_s: float, texts: PageTexts) -> str:
    """Format a length of time in hours, minutes or seconds: the largest unit of which it is a whole number."""
    ngettext, seconds = texts.ngettext, round(span_s)
    if seconds % HOUR_S == 0:
        return ngettext("{n} hour", "{n} hours", seconds // HOUR_S).format(n=seconds // HOUR_S)
    if seconds % MINUTE_S == 0:
        return ngettext("{n} minute", "{n} minutes", seconds // MINUTE_S).format(n=seconds // MINUTE_S)
    return ngettext("{n} second", "{n} seconds", seconds).format(n=seconds)


def format_days(days: int, texts: PageTexts) -> str:
    """Format a number of days; in months where MONTHS_BY_DAYS has an entry."""
    if months := MONTHS_BY_DAYS.get(days):
        return texts.ngettext("{n} month", "{n} months", months).format(n=months)
    return texts.ngettext("{n} day", "{n} days", days).format(n=days)
