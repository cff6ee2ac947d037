"""Which packets the collector's socket takes from an MQTT stream, and which it leaves to paho."""

import logging
import random
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.mqtt.packet_socket import MAX_PACKET_BYTES, MAX_UNSENT_BYTES, READ_BYTES, PacketSocket, PublishPacket
from edge.contract.message import MAX_PAYLOAD_BYTES, MessageRejected, decode_events


def packet(first: int, body: bytes) -> bytes:
    size, length = len(body), bytearray()
    while True:
        size, low = divmod(size, 128)
        length.append(low | (0x80 if size else 0))
        if not size:
            return bytes([first]) + bytes(length) + body


def published(message: PublishPacket) -> bytes:
    flags = 0x30 | (0x02 if message.packet_id else 0) | message.retained
    mid = struct.pack("!H", message.packet_id) if message.packet_id else b""
    return packet(flags, struct.pack("!H", len(message.topic)) + message.topic + mid + message.payload)


MESSAGES = st.builds(
    PublishPacket, st.binary(max_size=40), st.binary(max_size=300), st.integers(0, 65_535), st.booleans()
)
OTHERS = st.builds(packet, st.sampled_from([0x20, 0x90, 0xD0, 0x34]), st.binary(max_size=200))


@pytest.fixture
def pair() -> Iterator[tuple[PacketSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with closing(ours), closing(theirs):
        yield PacketSocket(ours), theirs


def read_paho_bytes(line: PacketSocket) -> bytes:
    found = b""
    while line.has_data_for_paho:
        found += line.recv(7)
    return found


@given(st.lists(st.one_of(MESSAGES, OTHERS), max_size=12), st.data())
def test_a_stream_split_anywhere_gives_the_same_packets(
    parts: list[PublishPacket | bytes], data: st.DataObject
) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with closing(ours), closing(theirs):
        line = PacketSocket(ours)
        stream = b"".join(part if isinstance(part, bytes) else published(part) for part in parts)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
        messages: list[PublishPacket] = []
        left = b""
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            theirs.sendall(stream[start:end])
            messages += line.read_messages()
            left += read_paho_bytes(line)
    assert messages == [part for part in parts if isinstance(part, PublishPacket)]
    assert left == b"".join(part for part in parts if isinstance(part, bytes))


@pytest.mark.parametrize(
    "broken",
    [
        b"\x30\xff\xff\xff\xff\x01rest",  # an invalid length
        b"\x32\x04\x00\x09ab",  # a topic longer than its packet
        b"\x32\x03\x00\x01a",  # no room for the packet id
        b"\x30\x01\x00",
    ],
)
def test_a_broken_packet_is_left_to_paho(pair: tuple[PacketSocket, socket.socket], broken: bytes) -> None:
    line, theirs = pair
    theirs.sendall(broken)
    assert line.read_messages() == []
    assert read_paho_bytes(line) == broken


@given(MESSAGES)
def test_a_published_message_can_be_read_back(message: PublishPacket) -> None:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with closing(ours), closing(theirs):
        line = PacketSocket(ours)
        line.queue_message(message)
        line.flush()
        assert PacketSocket(theirs).read_messages() == [message]


def test_acknowledgements_from_the_broker_are_dropped(pair: tuple[PacketSocket, socket.socket]) -> None:
    line, theirs = pair
    theirs.sendall(b"\x40\x02\x00\x01\xd0\x00")
    assert line.read_messages() == []
    assert read_paho_bytes(line) == b"\xd0\x00"


def test_acknowledgements_are_sent_together(pair: tuple[PacketSocket, socket.socket]) -> None:
    line, theirs = pair
    line.send(b"\xc0\x00")
    line.queue_acknowledgements([1, 258])
    line.flush()
    assert theirs.recv(100) == b"\xc0\x00\x40\x02\x00\x01\x40\x02\x01\x02"


def test_data_that_the_network_does_not_accept_stays_queued(pair: tuple[PacketSocket, socket.socket]) -> None:
    line, theirs = pair
    sent = 0
    for _ in range(10):  # far more than a socket pair can buffer
        sent += line.send(b"x" * 100_000)
        line.flush()
    assert line.has_unsent_data
    received = 0
    while received < sent:
        received += len(theirs.recv(65_536))
        line.flush()
    assert not line.has_unsent_data


def test_the_connection_to_a_broker_that_reads_nothing_ends(pair: tuple[PacketSocket, socket.socket]) -> None:
    line, _ = pair
    line.send(b"x" * (MAX_UNSENT_BYTES + 10_000_000))
    line.flush()
    assert line.has_data_for_paho
    with pytest.raises(ConnectionResetError, match="accepts no data"):
        line.recv(1)


def test_a_lost_connection_is_reported_to_paho(pair: tuple[PacketSocket, socket.socket]) -> None:
    line, theirs = pair
    theirs.close()
    assert line.read_messages() == []
    assert line.has_data_for_paho
    assert line.recv(1) == b""


class PiecewiseSocket:
    """A socket that returns given pieces one by one."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._left = list(reversed(pieces))

    def recv(self, _size: int) -> bytes:
        if not self._left:
            raise BlockingIOError
        return self._left.pop()


def feed(pieces: Sequence[bytes]) -> tuple[list[PublishPacket], bytes, int]:
    """Feed pieces to a packet socket; return messages, bytes for paho, and how many bytes it read or copied."""
    line = PacketSocket(PiecewiseSocket(pieces))  # type: ignore[arg-type]  # it only uses `recv`
    messages: list[PublishPacket] = []
    left = bytearray()
    copied = 0

    def count(frame: object, event: str, _arg: object) -> None:
        nonlocal copied
        if event == "call" and frame.f_code.co_name == "_split_packets":  # type: ignore[attr-defined]
            copied += len(frame.f_locals["stream"])  # type: ignore[attr-defined]

    sys.setprofile(count)
    try:
        for _ in pieces:
            messages += line.read_messages()
            while line.has_data_for_paho:
                try:
                    given = line.recv(65_536)
                except ConnectionResetError:
                    return messages, bytes(left), copied
                if not given:
                    return messages, bytes(left), copied
                left += given
    finally:
        sys.setprofile(None)
    return messages, bytes(left), copied


def pieces_of(stream: bytes, size: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]


SMALL = PublishPacket(b"ledig/v1/mill/device/pi-1/events", b"small", 7, retained=False)


def test_a_stream_split_at_every_byte_gives_the_same_packets() -> None:
    large = PublishPacket(b"t" * 200, bytes(range(256)) * 2, 513, retained=True)
    stream = published(SMALL) + packet(0x90, b"\x00\x01\x01") + published(large) + published(SMALL)
    for cut in range(len(stream) + 1):
        messages, left, _ = feed([piece for piece in (stream[:cut], stream[cut:]) if piece])
        assert messages == [SMALL, large, SMALL], cut
        assert left == packet(0x90, b"\x00\x01\x01"), cut


@pytest.mark.parametrize("piece", [1, 7, 1000, READ_BYTES])
@pytest.mark.parametrize("payload", [60_000, MAX_PAYLOAD_BYTES, 1_000_000])
def test_the_cost_is_linear_in_the_bytes(piece: int, payload: int) -> None:
    stream = published(SMALL) + published(PublishPacket(b"t", bytes(payload), 9, retained=False)) + published(SMALL)
    messages, _, copied = feed(pieces_of(stream, piece))
    assert [message.packet_id for message in messages] == [7, 9, 7]
    assert copied <= 3 * len(stream)


def test_a_message_of_64_mb_is_dropped_while_it_arrives_and_the_next_one_is_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    huge = published(PublishPacket(SMALL.topic, bytes(64 * 1024 * 1024), 9, retained=False))
    with caplog.at_level(logging.WARNING):
        messages, _, copied = feed([*pieces_of(huge, READ_BYTES), published(SMALL)])
    (begun, after) = messages
    assert after == SMALL
    assert (begun.topic, begun.packet_id) == (SMALL.topic, 9), "its sender is known, and its acknowledgement"
    assert len(begun.payload) <= MAX_PACKET_BYTES
    with pytest.raises(MessageRejected, match="at most 65536 are allowed"):
        decode_events(begun.payload)
    assert copied <= 2 * READ_BYTES, "what is dropped is not looked at"
    assert len(caplog.records) == 1
    assert f"{len(huge)} bytes on '{SMALL.topic.decode()}', is dropped" in caplog.text


def test_an_oversized_message_with_the_longest_topic_is_not_read_as_valid() -> None:
    """The part that is kept must not look like a valid message followed by blanks."""
    stream = published(PublishPacket(b"t" * 0xFFFF, b"{}" + b" " * 1_000_000, 9, retained=False))
    (message,), _, _ = feed([stream])
    assert len(message.payload) > MAX_PAYLOAD_BYTES


def test_an_oversized_packet_that_is_not_a_message_ends_the_connection() -> None:
    line = PacketSocket(PiecewiseSocket([packet(0x90, bytes(1_000_000))]))  # type: ignore[arg-type]  # it only uses `recv`
    assert line.read_messages() == []
    with pytest.raises(ConnectionResetError, match="1000004 bytes that is not a message"):
        line.recv(1)


@pytest.mark.parametrize("seed", range(20))
def test_a_mutated_stream_is_read_in_linear_time_without_an_exception(seed: int, full: bool) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(200 if full else 20):
        stream = bytearray(b"".join(published(SMALL._replace(payload=chance.randbytes(300))) for _ in range(20)))
        for _ in range(chance.randrange(1, 6)):
            stream[chance.randrange(len(stream))] = chance.randrange(256)
        _, _, copied = feed(pieces_of(bytes(stream), chance.choice([1, 13, 500])))
        assert copied <= 3 * len(stream)
