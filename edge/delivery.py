"""Decides which events to send next, and when to send them again.

In:    a connection made or lost, what was sent, receipts, and the passing of time (real milliseconds, monotonic).
Out:   the first event to send and how many, or the moment to wake.
Never: sockets, clocks, chance. Jitter comes in as a value.

Go back N: events go out in order, a window ahead of the collector's receipts. Whatever is lost on the way, the
sender goes back to the first event not covered and sends on from there; the collector drops what it has twice.
"""

from dataclasses import dataclass, replace

MESSAGE_EVENTS = 250
"""Events in one message: at 180 bytes for the longest, well below the 64 KiB of the contract."""
WINDOW_EVENTS = 2000
"""Events on the way at once: eight full messages."""
SILENCE_MS = 5000
"""No receipt for this long: send again. Doubles with each try."""
MAX_SILENCE_MS = 60_000
JITTER = 0.5
"""The longest wait is this share longer than the shortest, so that a house of devices does not shout in step."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far the handing over is. `covered` is the collector's last word, `next_seq` what goes out next."""

    covered: int = 0
    next_seq: int = 1
    connected: bool = False
    went_back: bool = False
    """It already went back for the present hole; once is enough until a receipt shows progress."""
    tries: int = 0
    """How often silence made it send again since the last progress."""
    deadline_ms: int | None = None
    """When silence has lasted too long; None: nothing is on its way."""

    @property
    def in_flight(self) -> int:
        """Events sent and not covered."""
        return self.next_seq - self.covered - 1


def connect(state: Delivery) -> Delivery:
    """The broker is there: whatever was on its way may be gone, begin after the last receipt."""
    return replace(_back(state), connected=True, went_back=False, tries=0)


def disconnect(state: Delivery) -> Delivery:
    """The broker is gone: nothing is sent until it is back."""
    return replace(state, connected=False, deadline_ms=None)


def receipt(state: Delivery, seq: int, now_ms: int, jitter: float) -> Delivery:
    """Take a receipt: progress moves the window, none means that something was lost.

    Args:
        state: how far it is.
        seq: the highest event that the collector has, all before it too.
        now_ms: real milliseconds, monotonic.
        jitter: from 0 to 1.
    """
    if seq > state.covered:
        state = replace(state, covered=seq, next_seq=max(state.next_seq, seq + 1), went_back=False, tries=0)
        return replace(state, deadline_ms=_deadline(state, now_ms, jitter) if state.in_flight else None)
    if seq == state.covered and state.in_flight and not state.went_back:
        return replace(_back(state), went_back=True)
    return state  # an old receipt that was overtaken, or a hole that is being mended


def sent(state: Delivery, last_seq: int, now_ms: int, jitter: float) -> Delivery:
    """Note that everything from `next_seq` to `last_seq` went out."""
    state = replace(state, next_seq=last_seq + 1)
    if state.deadline_ms is None:
        state = replace(state, deadline_ms=_deadline(state, now_ms, jitter))
    return state


def tick(state: Delivery, now_ms: int) -> Delivery:
    """Let time pass: when silence has lasted too long, go back, with one message at a time until a receipt comes."""
    if state.deadline_ms is None or now_ms < state.deadline_ms:
        return state
    return replace(_back(state), went_back=False, tries=state.tries + 1)


def allowance(state: Delivery) -> int:
    """How many events may go out now, from `next_seq` on, in one message."""
    if not state.connected:
        return 0
    window = MESSAGE_EVENTS if state.tries else WINDOW_EVENTS
    return max(0, min(MESSAGE_EVENTS, window - state.in_flight))


def drop(state: Delivery, oldest: int) -> Delivery:
    """The outbox holds nothing below `oldest` any more: what lies there can neither be sent nor covered."""
    if oldest <= state.covered + 1:
        return state
    return replace(state, covered=oldest - 1, next_seq=max(state.next_seq, oldest))


def _back(state: Delivery) -> Delivery:
    return replace(state, next_seq=state.covered + 1, deadline_ms=None)


def _deadline(state: Delivery, now_ms: int, jitter: float) -> int:
    """When silence will have lasted too long."""
    wait_ms = min(SILENCE_MS << min(state.tries, 8), MAX_SILENCE_MS)
    return now_ms + int(wait_ms * (1 + JITTER * jitter))
