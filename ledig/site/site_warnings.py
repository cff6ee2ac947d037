"""Warnings about a valid site: what starts, but will not show what its hosts expect.

In:    the plan of a site.
Out:   warnings, each with problem and remedy.
Never: faults; a site with warnings starts.
"""

from typing import Final

from collector.site.calendar import count_weekdays_around_the_clock
from collector.site.privacy_limits import COUNTED_KINDS, MIN_SHOWN_GROUP
from collector.site.privacy_settings import StrangersWhenFew
from collector.site.site_plan import SitePlan
from edge.process.plurals import format_count
from edge.timekeeping.durations import DAYS_PER_WEEK

_USUALLY_SHOWN_SPACES: Final = 2 * MIN_SHOWN_GROUP
"""With this many spaces, five are taken whenever half of them are."""


def list_site_warnings(plan: SitePlan) -> tuple[str, ...]:
    """List what the hosts of a site should know before it starts."""
    return (*_find_hidden_spaces(plan), *_find_missing_contacts(plan))


def _find_hidden_spaces(plan: SitePlan) -> tuple[str, ...]:
    """Find that public pages will rarely show a single space, because too few people are in."""
    shared = sum(space.is_offered and not space.disabled and space.kind in COUNTED_KINDS for space in plan.spaces)
    never_closes = count_weekdays_around_the_clock(plan) == DAYS_PER_WEEK
    is_shown = plan.privacy.strangers_when_few is StrangersWhenFew.ALL
    if is_shown or not never_closes or shared >= _USUALLY_SHOWN_SPACES:
        return ()
    warning = (
        f"the site never closes and has {format_count(shared, 'shared space')}: while fewer than {MIN_SHOWN_GROUP} are"
        " taken, public pages show all of them as unknown; give opening hours, or strangers_when_few under [privacy]"
    )
    return (warning,)


def _find_missing_contacts(plan: SitePlan) -> tuple[str, ...]:
    """Find settings of [privacy] that the register and the sign need."""
    missing = plan.privacy.find_missing()
    return (f"[privacy] has no {', '.join(missing)}; the sensor list and the sign need them",) if missing else ()
