"""What the collector's socket takes out of an MQTT stream, and what it leaves to paho."""

import socket
import struct
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.line import UNSENT_BYTES, Line, Message


def packet(first: int, body: bytes) -> bytes:
    size, length = len(body), bytearray()
    while True:
        size, low = divmod(size, 128)
        length.append(low | (0x80 if size else 0))
        if not size:
            return bytes([first]) + bytes(length) + body


def published(message: Message) -> bytes:
    flags = 0x30 | (0x02 if message.mid else 0) | message.retained
    mid = struct.pack("!H", message.mid) if message.mid else b""
    return packet(flags, struct.pack("!H", len(message.topic)) + message.topic + mid + message.payload)


MESSAGES = st.builds(Message, st.binary(max_size=40), st.binary(max_size=300), st.integers(0, 65_535), st.booleans())
OTHERS = st.builds(packet, st.sampled_from([0x20, 0x90, 0xD0, 0x34]), st.binary(max_size=200))


@pytest.fixture
def pair() -> Iterator[tuple[Line, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with closing(ours), closing(theirs):
        yield Line(ours), theirs


def others(line: Line) -> bytes:
    found = b""
    while line.held:
        found += line.recv(7)
    return found


@given(st.lists(st.one_of(MESSAGES, OTHERS), max_size=12), st.data())
def test_any_stream_cut_anywhere_comes_apart_the_same(parts: list[Message | bytes], data: st.DataObject) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with closing(ours), closing(theirs):
        line = Line(ours)
        stream = b"".join(part if isinstance(part, bytes) else published(part) for part in parts)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
        messages: list[Message] = []
        left = b""
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            theirs.sendall(stream[start:end])
            messages += line.messages()
            left += others(line)
    assert messages == [part for part in parts if isinstance(part, Message)]
    assert left == b"".join(part for part in parts if isinstance(part, bytes))


@pytest.mark.parametrize(
    "broken",
    [
        b"\x30\xff\xff\xff\xff\x01rest",  # a length that cannot be
        b"\x32\x04\x00\x09ab",  # a topic longer than its packet
        b"\x32\x03\x00\x01a",  # no room for the packet's number
        b"\x30\x01\x00",
    ],
)
def test_a_broken_packet_is_left_to_paho(pair: tuple[Line, socket.socket], broken: bytes) -> None:
    line, theirs = pair
    theirs.sendall(broken)
    assert line.messages() == []
    assert others(line) == broken


@given(MESSAGES)
def test_what_is_published_reads_back(message: Message) -> None:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with closing(ours), closing(theirs):
        line = Line(ours)
        line.publish(message)
        line.flush()
        assert Line(theirs).messages() == [message]


def test_the_brokers_acknowledgement_of_what_is_published_ends_here(pair: tuple[Line, socket.socket]) -> None:
    line, theirs = pair
    theirs.sendall(b"\x40\x02\x00\x01\xd0\x00")
    assert line.messages() == []
    assert others(line) == b"\xd0\x00"


def test_acknowledgements_leave_together(pair: tuple[Line, socket.socket]) -> None:
    line, theirs = pair
    line.send(b"\xc0\x00")
    line.acknowledge([1, 258])
    line.flush()
    assert theirs.recv(100) == b"\xc0\x00\x40\x02\x00\x01\x40\x02\x01\x02"


def test_what_the_network_does_not_take_waits(pair: tuple[Line, socket.socket]) -> None:
    line, theirs = pair
    sent = 0
    for _ in range(10):  # far more than a socket pair holds
        sent += line.send(b"x" * 100_000)
        line.flush()
    assert line.unsent
    received = 0
    while received < sent:
        received += len(theirs.recv(65_536))
        line.flush()
    assert not line.unsent


def test_a_broker_that_reads_nothing_is_given_up(pair: tuple[Line, socket.socket]) -> None:
    line, _ = pair
    line.send(b"x" * (UNSENT_BYTES + 10_000_000))
    line.flush()
    assert line.held
    with pytest.raises(ConnectionResetError, match="reads nothing"):
        line.recv(1)


def test_a_lost_connection_is_told_to_paho(pair: tuple[Line, socket.socket]) -> None:
    line, theirs = pair
    theirs.close()
    assert line.messages() == []
    assert line.held
    assert line.recv(1) == b""
