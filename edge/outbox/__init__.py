"""Keeps events until the collector has stored them: one SQLite file, and its recovery when it is damaged."""

from edge.outbox.outbox import SCHEMA_VERSION, Outbox, OutboxAway, OutboxCorrupt, OutboxRejected
from edge.outbox.outbox_rows import PendingEvent, create_event
from edge.outbox.outbox_schema import delete_old_damaged_files

__all__ = [
    "SCHEMA_VERSION",
    "Outbox",
    "OutboxAway",
    "OutboxCorrupt",
    "OutboxRejected",
    "PendingEvent",
    "create_event",
    "delete_old_damaged_files",
]
