"""Streams: the latest frame wins, slots are counted, heartbeats check the session."""

import pytest

from dashboard.live.channel import Channel, Reader, Seats, StreamsFull
from dashboard.live.streams import ENDED, frames


def test_a_slow_reader_gets_only_the_latest_frame() -> None:
    channel = Channel()
    with Reader(channel) as reader:
        for number in range(100):
            channel.publish(b"%d" % number)
        assert reader.take(0) == b"99"
        assert reader.take(0) is None


def test_a_new_reader_starts_with_the_newest_frame() -> None:
    channel = Channel()
    channel.publish(b"now")
    with Reader(channel) as reader:
        assert reader.take(0) == b"now"


def test_a_reader_that_left_is_removed() -> None:
    channel = Channel()
    with Reader(channel):
        assert len(channel.readers) == 1
    assert not channel.readers


def test_a_stream_ends_with_an_event_when_the_session_ends() -> None:
    channel = Channel()
    channel.publish(b"data: now\n\n")
    answers = iter([True, True, False])
    events = list(frames(channel, lambda: next(answers), heartbeat_s=0))
    assert events == [b"retry: 3000\n\n", b"data: now\n\n", b": here\n\n", b": here\n\n", ENDED]
    assert not channel.readers


def test_slots_are_released_and_no_address_gets_more_than_half() -> None:
    slots = Seats(4)
    slots.take("a")
    slots.take("a")
    with pytest.raises(StreamsFull, match="a has 2 streams open"):
        slots.take("a")
    slots.take("b")
    slots.take("c")
    with pytest.raises(StreamsFull, match="all 4 streams are in use"):
        slots.take("d")
    slots.leave("a")
    slots.take("d")
    assert slots.taken == 4
