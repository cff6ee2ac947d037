"""Streams: the latest frame wins, seats are counted, heartbeats ask who may stay."""

import pytest

from dashboard.live.channel import Channel, Reader, Seats, StreamsFull
from dashboard.live.streams import ENDED, frames


def test_a_slow_reader_gets_the_latest_frame_and_no_queue() -> None:
    channel = Channel()
    with Reader(channel) as reader:
        for number in range(100):
            channel.publish(b"%d" % number)
        assert reader.take(0) == b"99"
        assert reader.take(0) is None


def test_a_new_reader_begins_with_the_newest_frame() -> None:
    channel = Channel()
    channel.publish(b"now")
    with Reader(channel) as reader:
        assert reader.take(0) == b"now"


def test_a_reader_that_left_is_forgotten() -> None:
    channel = Channel()
    with Reader(channel):
        assert len(channel.readers) == 1
    assert not channel.readers


def test_a_stream_whose_reader_is_no_longer_welcome_says_so_and_ends() -> None:
    channel = Channel()
    channel.publish(b"data: now\n\n")
    answers = iter([True, True, False])
    told = list(frames(channel, lambda: next(answers), heartbeat_s=0))
    assert told == [b"retry: 3000\n\n", b"data: now\n\n", b": here\n\n", b": here\n\n", ENDED]
    assert not channel.readers


def test_seats_are_given_back_and_no_address_takes_more_than_half() -> None:
    seats = Seats(4)
    seats.take("a")
    seats.take("a")
    with pytest.raises(StreamsFull, match="a has 2 streams open"):
        seats.take("a")
    seats.take("b")
    seats.take("c")
    with pytest.raises(StreamsFull, match="all 4 streams are in use"):
        seats.take("d")
    seats.leave("a")
    seats.take("d")
    assert seats.taken == 4
