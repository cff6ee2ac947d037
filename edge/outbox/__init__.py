"""Keeps events until the collector has stored them: one SQLite file, and its recovery when it is damaged."""

from edge.outbox.outbox import SCHEMA_VERSION, Outbox, OutboxAway, OutboxCorrupt, OutboxRejected
from edge.outbox.rows import Said
from edge.outbox.schema import remove_old_asides

__all__ = ["SCHEMA_VERSION", "Outbox", "OutboxAway", "OutboxCorrupt", "OutboxRejected", "Said", "remove_old_asides"]
