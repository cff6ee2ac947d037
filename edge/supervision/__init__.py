"""Ends or restarts a process that no longer works. All packages may import this (docs/decisions/0027)."""

from edge.supervision.service import ServiceNotifier
from edge.supervision.threads import end_process_with_threads

__all__ = ["ServiceNotifier", "end_process_with_threads"]
