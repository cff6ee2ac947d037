"""Decides when alerts are evaluated and when notifications wait, by the site's local time.

In:    the plan, hours as written in the site file, an instant.
Out:   a boolean.
Never: a clock of its own.
"""

from collector.alerts.settings import minutes
from collector.days import is_open, local
from collector.plan import SitePlan


def judged(plan: SitePlan, hours: str, now_ms: int) -> bool:
    """Return whether now is within these hours: "always", "open", "off" or a range such as "08:00-18:00"."""
    if hours == "open":
        return is_open(plan, now_ms)
    return hours == "always" or within(plan, hours, now_ms)


def within(plan: SitePlan, hours: str, now_ms: int) -> bool:
    """Return whether an instant is within hours such as "22:00-07:00", which may cross midnight."""
    span = minutes(hours)
    if span is None:
        return False
    at = local(plan, now_ms)
    minute, (begins, ends) = at.hour * 60 + at.minute, span
    return begins <= minute < ends if begins < ends else minute >= begins or minute < ends
