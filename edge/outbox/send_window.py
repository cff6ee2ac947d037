"""Decides which events to send next, and when to resend them.

In:    connects and disconnects, sent events, receipts, the current time (real milliseconds, monotonic).
Out:   the first event to send and how many, or the time of the next resend.
Never: sockets, clocks, random numbers. Jitter is passed in as a value.

Go-back-N: events are sent in order, at most one window ahead of the collector's receipts. If a message is lost, the
sender goes back to the first event without a receipt and sends from there again. The collector drops repeats.
"""

from dataclasses import dataclass, replace

from edge.timekeeping.durations import MINUTE_MS

EVENTS_PER_MESSAGE = 250
"""At most this many events in one message: with 180 bytes for the longest, well below the contract's 64 KiB."""
MAX_IN_FLIGHT_EVENTS = 2000
"""At most this many events are sent and not covered by a receipt: eight full messages."""
RESEND_AFTER_MS = 5000
"""Resend if no receipt comes for this long. Doubles with each retry."""
MAX_RESEND_AFTER_MS = MINUTE_MS
RESEND_JITTER_SHARE = 0.5
"""Each wait is longer by up to this share, so that the devices of a site do not resend at the same time."""


@dataclass(frozen=True, slots=True)
class SendWindow:
    """The state of sending: `covered` is the newest receipt, `next_seq` the next event to send."""

    covered: int = 0
    next_seq: int = 1
    connected: bool = False
    went_back: bool = False
    """Whether it already went back for the present gap; once is enough until a receipt shows progress."""
    tries: int = 0
    """How often it has resent since the last progress because no receipt came."""
    deadline_ms: int | None = None
    """When to resend if no receipt comes; None if no event is in flight."""

    @property
    def in_flight(self) -> int:
        """Events that are sent and not covered by a receipt."""
        return self.next_seq - self.covered - 1


def mark_connected(state: SendWindow) -> SendWindow:
    """Start after the last receipt: events in flight may be lost."""
    return replace(_go_back(state), connected=True, went_back=False, tries=0)


def mark_disconnected(state: SendWindow) -> SendWindow:
    """Send nothing until the broker is back."""
    return replace(state, connected=False, deadline_ms=None)


def apply_receipt(state: SendWindow, seq: int, now_ms: int, jitter: float) -> SendWindow:
    """Apply a receipt: progress moves the window; a repeated receipt means that a message was lost.

    Args:
        state: the state of sending.
        seq: the collector has stored every event up to this one.
        now_ms: real milliseconds, monotonic.
        jitter: from 0 to 1.
    """
    if seq > state.covered:
        state = replace(state, covered=seq, next_seq=max(state.next_seq, seq + 1), went_back=False, tries=0)
        return replace(state, deadline_ms=_resend_at_ms(state, now_ms, jitter) if state.in_flight else None)
    if seq == state.covered and state.in_flight and not state.went_back:
        return replace(_go_back(state), went_back=True)
    return state  # an old receipt that arrived late, or a gap that is already being resent


def mark_sent(state: SendWindow, last_seq: int, now_ms: int, jitter: float) -> SendWindow:
    """Record that the events from `next_seq` to `last_seq` were sent."""
    state = replace(state, next_seq=last_seq + 1)
    if state.deadline_ms is None:
        state = replace(state, deadline_ms=_resend_at_ms(state, now_ms, jitter))
    return state


def go_back_if_silent(state: SendWindow, now_ms: int) -> SendWindow:
    """Go back if no receipt came in time; then send one message at a time until a receipt comes."""
    if state.deadline_ms is None or now_ms < state.deadline_ms:
        return state
    return replace(_go_back(state), went_back=False, tries=state.tries + 1)


def count_allowed_events(state: SendWindow) -> int:
    """Return how many events may be sent now in one message, from `next_seq` on."""
    if not state.connected:
        return 0
    window = EVENTS_PER_MESSAGE if state.tries else MAX_IN_FLIGHT_EVENTS
    return max(0, min(EVENTS_PER_MESSAGE, window - state.in_flight))


def skip_dropped(state: SendWindow, oldest: int) -> SendWindow:
    """Skip the events below `oldest`: the outbox no longer holds them."""
    if oldest <= state.covered + 1:
        return state
    return replace(state, covered=oldest - 1, next_seq=max(state.next_seq, oldest))


def _go_back(state: SendWindow) -> SendWindow:
    return replace(state, next_seq=state.covered + 1, deadline_ms=None)


def _resend_at_ms(state: SendWindow, now_ms: int, jitter: float) -> int:
    """Return when to resend if no receipt comes."""
    wait_ms = min(RESEND_AFTER_MS << min(state.tries, 8), MAX_RESEND_AFTER_MS)
    return now_ms + int(wait_ms * (1 + RESEND_JITTER_SHARE * jitter))
