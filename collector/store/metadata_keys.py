"""Keys of the collector's numbers in the journal's `meta`, and the stored estimate of site time.

In:    an open journal.
Out:   the stored values.
Never: decisions.
"""

from typing import Final

from collector.store.journal import Journal
from collector.timekeeping.site_clock import TimeEstimate

ERASED_UNTIL: Final = "erased_until_ms"
"""Events before this moment are erased."""
ACCEPTED_FROM: Final = "accepted_from_ms"
"""No event from before this moment is accepted: it is just after the newest erased event."""
_SITE: Final = "clock_site_ms"
_DELETION: Final = "clock_deletion_ms"
_BOOT: Final = "clock_boot"
_ELAPSED: Final = "clock_elapsed_ms"
_CONFIRMED: Final = "clock_confirmed"


def load_time_estimate(journal: Journal) -> TimeEstimate | None:
    """The estimate at the end of the last run; None: none is stored."""
    site_ms = journal.tables.read_number(_SITE)
    if site_ms is None:
        return None
    return TimeEstimate(
        site_ms=site_ms,
        deletion_ms=journal.tables.read_number(_DELETION) or 0,
        boot=journal.tables.read_number(_BOOT) or 0,
        elapsed_ms=journal.tables.read_number(_ELAPSED) or 0,
        confirmed=bool(journal.tables.read_number(_CONFIRMED)),
        confirmed_from_ms=journal.tables.read_number(_ELAPSED) or 0,
    )


def save_time_estimate(journal: Journal, belief: TimeEstimate) -> None:
    """Store the estimate, inside the journal's transaction."""
    journal.tables.store_number(_SITE, belief.site_ms)
    journal.tables.store_number(_DELETION, belief.deletion_ms)
    journal.tables.store_number(_BOOT, belief.boot)
    journal.tables.store_number(_ELAPSED, belief.elapsed_ms)
    journal.tables.store_number(_CONFIRMED, int(belief.confirmed))
