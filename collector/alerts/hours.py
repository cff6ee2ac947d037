"""Says when alerts are judged, and when messages wait: by the house's wall clock.

In:    the plan, hours as the site file writes them, an instant.
Out:   yes or no.
Never: a clock of its own.
"""

from collector.alerts.settings import minutes
from collector.days import is_open, local
from collector.plan import SitePlan


def judged(plan: SitePlan, hours: str, now_ms: int) -> bool:
    """Whether what is judged in these hours ("always", "open", "off", "08:00-18:00") is judged now."""
    if hours == "open":
        return is_open(plan, now_ms)
    return hours == "always" or within(plan, hours, now_ms)


def within(plan: SitePlan, hours: str, now_ms: int) -> bool:
    """Whether an instant lies in hours such as "22:00-07:00", which may pass midnight."""
    span = minutes(hours)
    if span is None:
        return False
    at = local(plan, now_ms)
    minute, (begins, ends) = at.hour * 60 + at.minute, span
    return begins <= minute < ends if begins < ends else minute >= begins or minute < ends
