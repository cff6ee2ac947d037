"""The send window against a model of the collector, with every kind of message loss between them."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.outbox import send_window
from edge.outbox.send_window import EVENTS_PER_MESSAGE, MAX_IN_FLIGHT_EVENTS, RESEND_AFTER_MS, SendWindow


def test_nothing_is_sent_before_the_broker_is_connected() -> None:
    assert send_window.count_allowed_events(SendWindow()) == 0
    assert send_window.count_allowed_events(send_window.mark_connected(SendWindow())) == EVENTS_PER_MESSAGE


def test_full_window_allows_nothing_until_a_receipt_comes() -> None:
    state = send_window.mark_sent(send_window.mark_connected(SendWindow()), MAX_IN_FLIGHT_EVENTS, 0, 0.0)
    assert send_window.count_allowed_events(state) == 0
    assert send_window.count_allowed_events(send_window.apply_receipt(state, 10, 1, 0.0)) == 10


def test_receipt_without_progress_goes_back_once() -> None:
    state = send_window.mark_sent(send_window.mark_connected(SendWindow()), 100, 0, 0.0)
    state = send_window.apply_receipt(state, 40, 1, 0.0)
    state = send_window.apply_receipt(state, 40, 2, 0.0)
    assert state.next_seq == 41
    state = send_window.mark_sent(state, 100, 3, 0.0)
    assert send_window.apply_receipt(state, 40, 4, 0.0).next_seq == 101
    assert send_window.apply_receipt(state, 30, 4, 0.0) == state


def test_silence_resends_one_message_with_growing_pauses() -> None:
    state = send_window.mark_sent(send_window.mark_connected(SendWindow()), 100, 0, 0.0)
    assert state.deadline_ms == RESEND_AFTER_MS
    assert send_window.go_back_if_silent(state, RESEND_AFTER_MS - 1) == state
    state = send_window.go_back_if_silent(state, RESEND_AFTER_MS)
    assert state.next_seq == 1
    state = send_window.mark_sent(state, EVENTS_PER_MESSAGE, RESEND_AFTER_MS, 1.0)
    assert send_window.count_allowed_events(state) == 0
    assert state.deadline_ms == RESEND_AFTER_MS + 3 * RESEND_AFTER_MS


def silent_window() -> SendWindow:
    """Return a window that went back because of a receipt without progress, and then because of silence."""
    state = send_window.mark_sent(send_window.mark_connected(SendWindow()), 100, 0, 0.0)
    state = send_window.apply_receipt(state, 0, 1, 0.0)
    return send_window.go_back_if_silent(send_window.mark_sent(state, 100, 2, 0.0), 2 + RESEND_AFTER_MS)


def test_progress_after_silence_restores_the_full_window_and_the_first_pause() -> None:
    state = send_window.mark_sent(silent_window(), EVENTS_PER_MESSAGE, 0, 0.0)
    assert send_window.count_allowed_events(state) == 0
    state = send_window.apply_receipt(state, 10, 1, 0.0)
    assert send_window.count_allowed_events(state) == EVENTS_PER_MESSAGE
    assert state.deadline_ms == 1 + RESEND_AFTER_MS


def test_a_receipt_without_progress_after_silence_goes_back_again() -> None:
    state = send_window.mark_sent(silent_window(), 100, 0, 0.0)
    assert send_window.apply_receipt(state, 0, 1, 0.0).next_seq == 1


def test_nothing_is_sent_after_a_disconnect() -> None:
    state = send_window.mark_sent(send_window.mark_connected(SendWindow()), 100, 0, 0.0)
    state = send_window.mark_disconnected(state)
    assert (send_window.count_allowed_events(state), state.deadline_ms) == (0, None)


def test_reconnect_starts_after_the_last_receipt() -> None:
    state = send_window.apply_receipt(
        send_window.mark_sent(send_window.mark_connected(SendWindow()), 100, 0, 0.0), 60, 1, 0.0
    )
    state = send_window.mark_connected(send_window.mark_disconnected(state))
    assert (state.next_seq, state.covered) == (61, 60)


def test_events_dropped_by_the_outbox_are_skipped() -> None:
    state = send_window.skip_dropped(send_window.mark_sent(send_window.mark_connected(SendWindow()), 100, 0, 0.0), 81)
    assert (state.covered, state.next_seq) == (80, 101)
    assert send_window.skip_dropped(state, 50) == state


@dataclass
class ModelCollector:
    """The rules of the contract: only the next event is accepted, and each message is answered by a receipt."""

    stored: list[int] = field(default_factory=list)

    def receive(self, message: range) -> int:
        high = self.stored[-1] if self.stored else 0
        if message.start <= high + 1:
            self.stored += [seq for seq in message if seq > high]
        return self.stored[-1] if self.stored else 0


@dataclass
class LossyLink:
    """Messages in flight, and the faults that Hypothesis draws."""

    data: st.DataObject
    faults: int
    messages: list[range] = field(default_factory=list)
    receipts: list[int] = field(default_factory=list)

    def draw(self, label: str, waiting: int) -> tuple[str, int]:
        """Draw what happens to which message: delivered in order, unless faults are left."""
        if self.faults == 0:
            return "deliver", 0
        self.faults -= 1
        return self.data.draw(
            st.tuples(st.sampled_from(["deliver", "lose", "twice"]), st.integers(0, waiting - 1)), label
        )


@settings(max_examples=300, deadline=None)
@given(data=st.data(), events=st.integers(1, 3 * MAX_IN_FLIGHT_EVENTS), faults=st.integers(0, 60))
def test_every_event_arrives_once_and_in_order_and_the_outbox_becomes_empty(
    data: st.DataObject, events: int, faults: int
) -> None:
    state, collector, link = send_window.mark_connected(SendWindow()), ModelCollector(), LossyLink(data, faults)
    now_ms = 0
    for _ in range(2000):
        while (allowed := send_window.count_allowed_events(state)) and state.next_seq <= events:
            message = range(state.next_seq, min(state.next_seq + allowed, events + 1))
            link.messages.append(message)
            state = send_window.mark_sent(state, message[-1], now_ms, 0.5)
        if link.messages:
            fate, which = link.draw("message", len(link.messages))
            message = link.messages[which] if fate == "twice" else link.messages.pop(which)
            if fate != "lose":
                link.receipts.append(collector.receive(message))
        if link.receipts:
            fate, which = link.draw("receipt", len(link.receipts))
            covered = link.receipts[which] if fate == "twice" else link.receipts.pop(which)
            if fate != "lose":
                state = send_window.apply_receipt(state, covered, now_ms, 0.5)
        if link.faults and data.draw(st.integers(0, 20), "cut") == 0:
            link.messages.clear()
            state = send_window.mark_connected(send_window.mark_disconnected(state))
        if not link.messages and not link.receipts and state.deadline_ms is not None:
            now_ms = state.deadline_ms
        state = send_window.go_back_if_silent(state, now_ms)
        if state.covered == events:
            break
    assert collector.stored == list(range(1, events + 1))
    assert state.covered == events
    assert state.in_flight == 0
    assert state.deadline_ms is None
