"""Stores the truth record in the journal.

In:    an open journal, inside its transaction to store.
Out:   the stored record; None if there is none.
Never: commands.
"""

from typing import Final

from collector.store.blobs import BlobFormat, BlobKind, OlderVersion
from collector.store.journal import Journal
from collector.truth.truth_record import TruthRecord, rewind_record

TRUTH_KEY: Final = "truth:record"
"""Cannot be a space's id, because of the colon."""
TRUTH: Final = BlobFormat(BlobKind.TRUTH, 2, TruthRecord, {1: OlderVersion(TruthRecord, lambda record: record)})
"""Version 1 has no ended corrections at its end; their default applies."""


def load_truth(journal: Journal) -> TruthRecord | None:
    """Return the stored record.

    Raises:
        BlobRejected: the journal is damaged.
    """
    body = journal.read_value(TRUTH_KEY)
    return None if body is None else TRUTH.decode(body)


def save_truth(journal: Journal, record: TruthRecord) -> None:
    """Store the record."""
    journal.store_values({TRUTH_KEY: TRUTH.encode(record)})


def rewind_truth(journal: Journal, now_ms: int) -> None:
    """Remove times in the future, inside the journal's transaction."""
    record = load_truth(journal)
    if record is not None and (rewound := rewind_record(record, now_ms)) != record:
        save_truth(journal, rewound)
