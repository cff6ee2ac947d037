"""Events as a source passes them to an outbox."""

from edge.contract.message import EventKind
from edge.outbox import PendingEvent, create_event


def create_timed_event(
    sensor: str, kind: EventKind, value: float, at_ms: int | None, *, monotonic_ms: int = 0, wall_ms: int = 0
) -> PendingEvent:
    """Create an event that has its time of day already, or None: waits for it."""
    return create_event(sensor, kind, value, monotonic_ms)._replace(at_ms=at_ms, wall_ms=wall_ms)
