"""Decides when alerts are evaluated and when notifications wait, by the site's local time.

In:    the plan, hours as written in the site file, an instant.
Out:   a boolean.
Never: a clock of its own.
"""

from collector.configuration.alert_settings import parse_hours
from collector.site.calendar import is_open, to_local_time
from collector.site.site_plan import SitePlan


def is_evaluated(plan: SitePlan, hours: str, now_ms: int) -> bool:
    """Return whether now is within these hours: "always", "open", "off" or a range such as "08:00-18:00"."""
    if hours == "open":
        return is_open(plan, now_ms)
    return hours == "always" or is_within(plan, hours, now_ms)


def is_within(plan: SitePlan, hours: str, now_ms: int) -> bool:
    """Return whether an instant is within hours such as "22:00-07:00", which may cross midnight."""
    span = parse_hours(hours)
    if span is None:
        return False
    at = to_local_time(plan, now_ms)
    minute, (begins, ends) = at.hour * 60 + at.minute, span
    return begins <= minute < ends if begins < ends else minute >= begins or minute < ends
