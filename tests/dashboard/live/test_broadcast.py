"""Streams: the latest frame wins, slots are counted, heartbeats check the session."""

import pytest

from dashboard.live.broadcast import FrameBroadcast, FrameReader, StreamsFull, StreamSlots
from dashboard.web.sse import SESSION_ENDED_EVENT, generate_events


def test_a_slow_reader_gets_only_the_latest_frame() -> None:
    broadcast = FrameBroadcast()
    with FrameReader(broadcast) as reader:
        for number in range(100):
            broadcast.publish(b"%d" % number)
        assert reader.wait_for_frame(0) == b"99"
        assert reader.wait_for_frame(0) is None


def test_a_new_reader_starts_with_the_newest_frame() -> None:
    broadcast = FrameBroadcast()
    broadcast.publish(b"now")
    with FrameReader(broadcast) as reader:
        assert reader.wait_for_frame(0) == b"now"


def test_a_new_reader_of_a_cleared_broadcast_waits_for_the_next_frame() -> None:
    broadcast = FrameBroadcast()
    broadcast.publish(b"old")
    broadcast.clear()
    with FrameReader(broadcast) as reader:
        assert reader.wait_for_frame(0) is None


def test_a_reader_that_left_is_removed() -> None:
    broadcast = FrameBroadcast()
    with FrameReader(broadcast):
        assert len(broadcast.readers) == 1
    assert not broadcast.readers


def test_a_stream_ends_with_an_event_when_the_session_ends() -> None:
    broadcast = FrameBroadcast()
    broadcast.publish(b"data: now\n\n")
    answers = iter([True, True, False])
    events = list(generate_events(broadcast, lambda: next(answers), heartbeat_s=0))
    assert events == [b"retry: 3000\n\n", b"data: now\n\n", b": here\n\n", b": here\n\n", SESSION_ENDED_EVENT]
    assert not broadcast.readers


def test_slots_are_released_and_no_address_gets_more_than_half() -> None:
    slots = StreamSlots(4)
    slots.acquire("a")
    slots.acquire("a")
    with pytest.raises(StreamsFull, match="a has 2 streams open"):
        slots.acquire("a")
    slots.acquire("b")
    slots.acquire("c")
    with pytest.raises(StreamsFull, match="all 4 streams are in use"):
        slots.acquire("d")
    slots.release("a")
    slots.acquire("d")
    assert slots.open_count == 4
