"""A socket for paho that reads and writes PUBLISH packets itself and passes all other packets to paho.

In:    the bytes of one MQTT 3.1.1 connection; messages and acknowledgements to send.
Out:   PUBLISH packets of QoS 0 and 1 as values; every other packet, whole, to the caller of `recv`.
Never: decisions about the connection: paho connects, subscribes, pings and disconnects.

Reason: paho needs about 25 function calls and 5 system calls per message, more than all other work of the collector.
With this socket the collector, which stores messages, keeps up with a bare paho subscriber, which does not
(bench/throughput.py). It depends on one private name of paho: `Client._create_socket`.

Messages of QoS 1 are not sent again: after a new connection the collector publishes all retained messages and receipts
anyway. So nothing waits for the broker's PUBACK, and this socket drops it.

Source: MQTT 3.1.1, sections 2.2, 3.3 and 3.4.
"""

import logging
import socket
import ssl
import struct
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, NamedTuple

import paho.mqtt.client as mqtt

from edge.contract.message import MAX_PAYLOAD_BYTES

CLOSE_TIMEOUT_S: Final = 0.5
"""The longest time that the broker may take to close its side."""
READ_BYTES: Final = 256 * 1024
MAX_UNSENT_BYTES: Final = 16 * 1024 * 1024
"""A broker that leaves this many bytes unread counts as disconnected."""
MAX_PACKET_BYTES: Final = 5 + 2 + 0xFFFF + 2 + MAX_PAYLOAD_BYTES + 1
"""Most bytes that are kept of one packet: the longest header and topic, and one byte more than the contract allows."""
_PUBLISH: Final = 0x30
_PUBACK: Final = 0x40
_NOT_YET: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

log = logging.getLogger(__name__)


class PublishPacket(NamedTuple):
    """One PUBLISH packet."""

    topic: bytes
    payload: bytes
    packet_id: int
    """The packet id for its acknowledgement; 0: QoS 0, no acknowledgement."""
    retained: bool


class PacketSocket:
    """The object that paho uses as its socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._parts: list[bytes] = []
        """The beginning of an incomplete packet."""
        self._parts_bytes = 0
        self._needed_bytes = 2
        """How many bytes of that packet are needed before parsing can continue."""
        self._skip_bytes = 0
        """How many bytes of an oversized message are still to come and to be dropped."""
        self._oversized_count = 0
        self._paho_buffer = bytearray()
        self._send_buffer = bytearray()
        self._error: OSError | None = None
        self._ended = False

    # Used by the collector's connection

    @property
    def has_data_for_paho(self) -> bool:
        """Whether `recv` has something to return: packets, or the end of the connection."""
        return bool(self._paho_buffer) or self._ended

    @property
    def has_unsent_data(self) -> bool:
        """Whether bytes are waiting to be sent."""
        return bool(self._send_buffer)

    @property
    def has_buffered_tls_data(self) -> bool:
        """Whether TLS has buffered bytes that `poll` cannot see."""
        return isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0

    def read_messages(self) -> list[PublishPacket]:
        """Read once; return the messages that are complete, possibly none."""
        try:
            read = self._socket.recv(READ_BYTES)
        except _NOT_YET:
            return []
        except OSError as fault:
            self._error, self._ended = fault, True
            return []
        if not read:
            self._ended = True
            return []
        return self._parse(read)

    def queue_acknowledgements(self, mids: Iterable[int]) -> None:
        """Queue one acknowledgement per packet id for the next `flush`."""
        self._send_buffer += b"".join([struct.pack("!BBH", _PUBACK, 2, mid) for mid in mids])

    def queue_message(self, message: PublishPacket) -> None:
        """Queue a message for the next `flush`; with QoS 1 if `packet_id` is not 0."""
        topic, payload, mid, retained = message
        self._send_buffer.append(_PUBLISH | (0x02 if mid else 0) | retained)
        size = 2 + len(topic) + (2 if mid else 0) + len(payload)
        while size > 0x7F:
            self._send_buffer.append(0x80 | size & 0x7F)
            size >>= 7
        self._send_buffer.append(size)
        self._send_buffer += struct.pack("!H", len(topic)) + topic
        if mid:
            self._send_buffer += struct.pack("!H", mid)
        self._send_buffer += payload

    def flush(self) -> None:
        """Send what is queued in as few segments as possible; what the network does not accept now stays queued."""
        try:
            while self._send_buffer:
                del self._send_buffer[: self._socket.send(self._send_buffer)]
        except _NOT_YET:
            if len(self._send_buffer) > MAX_UNSENT_BYTES:
                self._error, self._ended = ConnectionResetError("the broker accepts no data"), True
        except OSError as fault:
            self._error, self._ended = fault, True
            self._send_buffer.clear()

    # Used by paho

    def recv(self, size: int) -> bytes:
        """Return bytes of packets other than PUBLISH and PUBACK."""
        if self._paho_buffer:
            part = bytes(self._paho_buffer[:size])
            del self._paho_buffer[:size]
            return part
        if self._error is not None:
            raise self._error
        if self._ended:
            return b""
        raise BlockingIOError

    def send(self, data: bytes | bytearray) -> int:
        """Queue whole packets for the next `flush`."""
        self._send_buffer += data
        return len(data)

    def close(self) -> None:
        """Send what can be sent, then close.

        Unread data is read first. Otherwise the system resets the connection, the broker never receives the
        DISCONNECT, and it publishes the will.
        """
        self.flush()
        end_s = time.monotonic() + CLOSE_TIMEOUT_S
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            self._socket.settimeout(CLOSE_TIMEOUT_S)
            while time.monotonic() < end_s and self._socket.recv(READ_BYTES):
                pass
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - paho's name and shape for it
        self._socket.setblocking(flag)

    def _parse(self, read: bytes) -> list[PublishPacket]:
        """Return the messages that these bytes complete. Each byte is copied a bounded number of times."""
        if self._skip_bytes:
            dropped = min(self._skip_bytes, len(read))
            self._skip_bytes -= dropped
            read = read[dropped:]
        if self._parts_bytes + len(read) < self._needed_bytes:
            self._parts.append(read)
            self._parts_bytes += len(read)
            return []
        stream = b"".join((*self._parts, read)) if self._parts else read
        messages, rest = self._split_packets(stream)
        self._parts = [rest] if rest else []
        self._parts_bytes = len(rest)
        return messages

    def _split_packets(self, stream: bytes) -> tuple[list[PublishPacket], bytes]:
        """Split off every whole packet; return the messages and the beginning of the next packet."""
        found: list[PublishPacket] = []
        start, size = 0, len(stream)
        self._needed_bytes = 2
        while size - start >= 2:
            length, body = stream[start + 1], start + 2
            if length > 0x7F:
                length, body = _read_length(stream, start)
                if length < 0:
                    if body:  # an invalid length: paho detects it and disconnects
                        self._paho_buffer += stream[start:]
                        start = size
                    else:
                        self._needed_bytes = size - start + 1
                    break
            end = body + length
            if end - start > MAX_PACKET_BYTES:
                if size - start < MAX_PACKET_BYTES:
                    self._needed_bytes = MAX_PACKET_BYTES
                    break
                found += self._handle_oversized(stream, start, body, end)
                start = min(end, size)
                continue
            if end > size:
                self._needed_bytes = end - start
                break
            message = _parse_publish(stream, start, body, end)
            if message is not None:
                found.append(message)
            elif stream[start] != _PUBACK:
                self._paho_buffer += stream[start:end]
            start = end
        return found, stream[start:]

    def _handle_oversized(self, stream: bytes, start: int, body: int, end: int) -> list[PublishPacket]:
        """Return the beginning of an oversized message, which is still too long to be accepted as valid.

        Its sender gets an acknowledgement and appears in the log and in the quarantine. An oversized packet that is
        not a message ends the connection.
        """
        message = _parse_publish(stream, start, body, start + MAX_PACKET_BYTES)
        if message is None:
            self._error = ConnectionResetError(f"the broker sent a packet of {end - start} bytes that is not a message")
            self._ended = True
            return []
        self._skip_bytes = max(0, end - len(stream))
        self._oversized_count += 1
        if str(self._oversized_count).strip("0") == "1":  # log the 1st, 10th, 100th …
            log.warning(
                "messages too large so far: %d; the last, %d bytes on %r, is dropped: the contract allows %d",
                *(self._oversized_count, end - start, message.topic.decode(errors="replace")[:200], MAX_PAYLOAD_BYTES),
            )
        return [message]


def _read_length(stream: bytes, start: int) -> tuple[int, int]:
    """The length that the packet at `start` states, and the index of its body.

    (-1, 0): the length is incomplete. (-1, 1): the length is invalid.
    """
    length = 0
    for place in range(4):  # seven bits per byte, lowest first, while the eighth bit is set
        at = start + 1 + place
        if at >= len(stream):
            return -1, 0
        length |= (stream[at] & 0x7F) << 7 * place
        if stream[at] <= 0x7F:
            return length, at + 1
    return -1, 1


def _parse_publish(stream: bytes, start: int, body: int, end: int) -> PublishPacket | None:
    """The PUBLISH between `start` and `end`; None: another packet, QoS 2, or malformed."""
    flags = stream[start]
    if flags & 0xF0 != _PUBLISH or flags & 0x04 or end - body < 2:
        return None
    topic_end = body + 2 + (stream[body] << 8 | stream[body + 1])
    if not flags & 0x02:
        return (
            PublishPacket(stream[body + 2 : topic_end], stream[topic_end:end], 0, bool(flags & 1))
            if topic_end <= end
            else None
        )
    if topic_end + 2 > end:
        return None
    mid = stream[topic_end] << 8 | stream[topic_end + 1]
    return PublishPacket(stream[body + 2 : topic_end], stream[topic_end + 2 : end], mid, bool(flags & 1))


class PacketSocketClient(mqtt.Client):
    """paho's client on a packet socket."""

    def _create_socket(self) -> PacketSocket:
        connection = super()._create_socket()
        assert isinstance(connection, socket.socket)  # noqa: S101 - true without websockets
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return PacketSocket(connection)
