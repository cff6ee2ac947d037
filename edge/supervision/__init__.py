"""Ends or restarts a process that no longer works. All packages may import this (docs/decisions/0027)."""

from edge.process.service_manager import ServiceNotifier
from edge.process.thread_supervision import exit_on_thread_failure

__all__ = ["ServiceNotifier", "exit_on_thread_failure"]
