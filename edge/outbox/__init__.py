"""Keeps events until the collector has stored them: one SQLite file, and its recovery when it is damaged."""

from edge.outbox.outbox import Outbox
from edge.outbox.outbox_errors import OutboxAway, OutboxCorrupt, OutboxInUse, OutboxRejected
from edge.outbox.outbox_opening import check_outbox
from edge.outbox.outbox_rows import OUTBOX_VERSION, PendingEvent, create_event
from edge.outbox.outbox_schema import delete_old_damaged_files

__all__ = [
    "OUTBOX_VERSION",
    "Outbox",
    "OutboxAway",
    "OutboxCorrupt",
    "OutboxInUse",
    "OutboxRejected",
    "PendingEvent",
    "check_outbox",
    "create_event",
    "delete_old_damaged_files",
]
