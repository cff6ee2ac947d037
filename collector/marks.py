"""Keys of the collector's numbers in the journal's `meta`, and the stored estimate of site time.

In:    an open journal.
Out:   the stored values.
Never: decisions.
"""

from typing import Final

from collector.journal import Journal
from collector.site_clock import Belief

ERASED: Final = "erased_until_ms"
"""Events before this moment are erased."""
TAKEN_FROM: Final = "taken_from_ms"
"""No event from before this moment is accepted: it is just after the newest erased event."""
_SITE: Final = "clock_site_ms"
_DELETION: Final = "clock_deletion_ms"
_BOOT: Final = "clock_boot"
_ELAPSED: Final = "clock_elapsed_ms"
_CONFIRMED: Final = "clock_confirmed"


def load_belief(journal: Journal) -> Belief | None:
    """The estimate at the end of the last run; None: none is stored."""
    site_ms = journal.meta(_SITE)
    if site_ms is None:
        return None
    return Belief(
        site_ms=site_ms,
        deletion_ms=journal.meta(_DELETION) or 0,
        boot=journal.meta(_BOOT) or 0,
        elapsed_ms=journal.meta(_ELAPSED) or 0,
        confirmed=bool(journal.meta(_CONFIRMED)),
        confirmed_from_ms=journal.meta(_ELAPSED) or 0,
    )


def save_belief(journal: Journal, belief: Belief) -> None:
    """Store the estimate, inside the journal's transaction."""
    journal.set_meta(_SITE, belief.site_ms)
    journal.set_meta(_DELETION, belief.deletion_ms)
    journal.set_meta(_BOOT, belief.boot)
    journal.set_meta(_ELAPSED, belief.elapsed_ms)
    journal.set_meta(_CONFIRMED, int(belief.confirmed))
