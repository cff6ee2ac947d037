"""Stores the managers' adjustments in the journal.

In:    an open journal, inside its transaction to store.
Out:   the stored adjustments; none if they cannot be read.
Never: commands.
"""

from typing import Final

from collector.site.adjustments import NO_ADJUSTMENTS, Adjustments, check_hours
from collector.store.blobs import BlobFormat, BlobKind, BlobRejected
from collector.store.journal import Journal
from edge.contract.message import MessageRejected

ADJUSTMENTS_KEY: Final = "adjustments:now"
"""Cannot be a space's id, because of the colon."""
ADJUSTMENTS: Final = BlobFormat(BlobKind.ADJUSTMENTS, 1, Adjustments)


def load_adjustments(journal: Journal) -> Adjustments:
    """The stored adjustments."""
    body = journal.read_value(ADJUSTMENTS_KEY)
    if body is None:
        return NO_ADJUSTMENTS
    try:
        found = ADJUSTMENTS.decode(body)
        check_hours(found)
    except (BlobRejected, MessageRejected):
        return NO_ADJUSTMENTS
    return found


def save_adjustments(journal: Journal, adjustments: Adjustments) -> None:
    """Store the adjustments."""
    journal.store_values({ADJUSTMENTS_KEY: ADJUSTMENTS.encode(adjustments)})
