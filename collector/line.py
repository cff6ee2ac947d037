"""The collector's socket to the broker: messages in and out pass beside paho, and everything else is paho's.

In:    the bytes of one MQTT 3.1.1 connection; messages and acknowledgements to send.
Out:   PUBLISH packets of QoS 0 and 1 as values; every other packet, whole, to whoever calls `recv`.
Never: a decision about the connection: to connect, subscribe, ping and leave is paho's.

Why: paho makes some 25 calls and 5 system calls of each message, which is more than all that the collector does with
it. With this in between the collector, which stores, keeps up with a bare paho subscriber, which does not
(bench/throughput.py). It rests on one name of paho that is not public: `Client._create_socket`.

What is sent at QoS 1 is not sent again: a new connection says all that is retained anew, and every receipt. So
nobody waits for the broker's PUBACK, and it ends here.

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

from edge.message import MAX_PAYLOAD_BYTES

CLOSE_S: Final = 0.5
"""The longest that the broker may take to close its end."""
READ_BYTES: Final = 256 * 1024
UNSENT_BYTES: Final = 16 * 1024 * 1024
"""A broker that leaves so much unread is as good as gone."""
PACKET_BYTES: Final = 5 + 2 + 0xFFFF + 2 + MAX_PAYLOAD_BYTES + 1
"""The most that is kept of one packet: the longest header and topic, and one byte more than the contract allows."""
_PUBLISH: Final = 0x30
_PUBACK: Final = 0x40
_NOT_YET: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

log = logging.getLogger(__name__)


class Message(NamedTuple):
    """One PUBLISH."""

    topic: bytes
    payload: bytes
    mid: int
    """What its acknowledgement must bear; 0: it wants none."""
    retained: bool


class Line:
    """What paho takes for its socket."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._parts: list[bytes] = []
        """The beginning of a packet whose end is not here yet."""
        self._held = 0
        self._needed = 2
        """So many bytes from the beginning of that packet are worth a look."""
        self._skip = 0
        """So many bytes of a message that is too large are still to come, and are dropped."""
        self._too_large = 0
        self._others = bytearray()
        self._out = bytearray()
        self._end: OSError | None = None
        self._ended = False

    # What the inbox asks

    @property
    def held(self) -> bool:
        """Whether `recv` has something to give, were it the news that the connection is lost."""
        return bool(self._others) or self._ended

    @property
    def unsent(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._out)

    @property
    def pending(self) -> bool:
        """Whether TLS holds bytes that `poll` cannot see."""
        return isinstance(self._line, ssl.SSLSocket) and self._line.pending() > 0

    def messages(self) -> list[Message]:
        """The messages that are here, as far as one read goes; an empty list: none is, at the moment."""
        try:
            read = self._line.recv(READ_BYTES)
        except _NOT_YET:
            return []
        except OSError as fault:
            self._end, self._ended = fault, True
            return []
        if not read:
            self._ended = True
            return []
        return self._take(read)

    def acknowledge(self, mids: Iterable[int]) -> None:
        """Add the acknowledgement of each to what is sent with the next `flush`."""
        self._out += b"".join([struct.pack("!BBH", _PUBACK, 2, mid) for mid in mids])

    def publish(self, message: Message) -> None:
        """Add a message to what is sent with the next `flush`; if `mid` is not 0, at QoS 1."""
        topic, payload, mid, retained = message
        self._out.append(_PUBLISH | (0x02 if mid else 0) | retained)
        size = 2 + len(topic) + (2 if mid else 0) + len(payload)
        while size > 0x7F:
            self._out.append(0x80 | size & 0x7F)
            size >>= 7
        self._out.append(size)
        self._out += struct.pack("!H", len(topic)) + topic
        if mid:
            self._out += struct.pack("!H", mid)
        self._out += payload

    def flush(self) -> None:
        """Send what waits, in as few segments as it needs; what the network does not take now stays."""
        try:
            while self._out:
                del self._out[: self._line.send(self._out)]
        except _NOT_YET:
            if len(self._out) > UNSENT_BYTES:
                self._end, self._ended = ConnectionResetError("the broker accepts no data"), True
        except OSError as fault:
            self._end, self._ended = fault, True
            self._out.clear()

    # What paho asks

    def recv(self, size: int) -> bytes:
        """Bytes of packets that are not messages."""
        if self._others:
            given = bytes(self._others[:size])
            del self._others[:size]
            return given
        if self._end is not None:
            raise self._end
        if self._ended:
            return b""
        raise BlockingIOError

    def send(self, data: bytes | bytearray) -> int:
        """Take whole packets, to be sent with the next `flush`."""
        self._out += data
        return len(data)

    def close(self) -> None:
        """Send what can be sent, and close.

        What has come and was not read is read first: else the system resets the connection, the broker never sees our
        DISCONNECT, and publishes the will.
        """
        self.flush()
        end_s = time.monotonic() + CLOSE_S
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)
            self._line.settimeout(CLOSE_S)
            while time.monotonic() < end_s and self._line.recv(READ_BYTES):
                pass
        self._line.close()

    def fileno(self) -> int:
        return self._line.fileno()

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - paho's name and shape for it
        self._line.setblocking(flag)

    def _take(self, read: bytes) -> list[Message]:
        """The messages that these bytes complete. Each byte is copied a fixed number of times at most."""
        if self._skip:
            dropped = min(self._skip, len(read))
            self._skip -= dropped
            read = read[dropped:]
        if self._held + len(read) < self._needed:
            self._parts.append(read)
            self._held += len(read)
            return []
        stream = b"".join((*self._parts, read)) if self._parts else read
        messages, rest = self._cut(stream)
        self._parts = [rest] if rest else []
        self._held = len(rest)
        return messages

    def _cut(self, stream: bytes) -> tuple[list[Message], bytes]:
        """Take every whole packet off the stream; returns the messages, and the beginning of the next packet."""
        found: list[Message] = []
        start, size = 0, len(stream)
        self._needed = 2
        while size - start >= 2:
            length, body = stream[start + 1], start + 2
            if length > 0x7F:
                length, body = _length(stream, start)
                if length < 0:
                    if body:  # no such length: paho shall find that out, and leave
                        self._others += stream[start:]
                        start = size
                    else:
                        self._needed = size - start + 1
                    break
            end = body + length
            if end - start > PACKET_BYTES:
                if size - start < PACKET_BYTES:
                    self._needed = PACKET_BYTES
                    break
                found += self._oversized(stream, start, body, end)
                start = min(end, size)
                continue
            if end > size:
                self._needed = end - start
                break
            message = _message(stream, start, body, end)
            if message is not None:
                found.append(message)
            elif stream[start] != _PUBACK:
                self._others += stream[start:end]
            start = end
        return found, stream[start:]

    def _oversized(self, stream: bytes, start: int, body: int, end: int) -> list[Message]:
        """The beginning of a message that is too large; its payload is still too large to be taken for a valid one.

        Its sender gets its acknowledgement and is named in the log and in the quarantine. What is no message ends the
        connection.
        """
        message = _message(stream, start, body, start + PACKET_BYTES)
        if message is None:
            self._end = ConnectionResetError(f"the broker sent a packet of {end - start} bytes that is not a message")
            self._ended = True
            return []
        self._skip = max(0, end - len(stream))
        self._too_large += 1
        if str(self._too_large).strip("0") == "1":  # one line for each tenfold
            log.warning(
                "too large so far: %d; the last, %d bytes on %r, is dropped: the contract allows %d",
                *(self._too_large, end - start, message.topic.decode(errors="replace")[:200], MAX_PAYLOAD_BYTES),
            )
        return [message]


def _length(stream: bytes, start: int) -> tuple[int, int]:
    """The length that the packet at `start` states, and where its body begins.

    (-1, 0): its last byte is not here yet. (-1, 1): MQTT knows no such length.
    """
    length = 0
    for place in range(4):  # seven bits to the byte, the lowest first, as long as the eighth is set
        at = start + 1 + place
        if at >= len(stream):
            return -1, 0
        length |= (stream[at] & 0x7F) << 7 * place
        if stream[at] <= 0x7F:
            return length, at + 1
    return -1, 1


def _message(stream: bytes, start: int, body: int, end: int) -> Message | None:
    """The PUBLISH between `start` and `end`; None if it is another packet, of QoS 2, or broken."""
    flags = stream[start]
    if flags & 0xF0 != _PUBLISH or flags & 0x04 or end - body < 2:
        return None
    topic_end = body + 2 + (stream[body] << 8 | stream[body + 1])
    if not flags & 0x02:
        return (
            Message(stream[body + 2 : topic_end], stream[topic_end:end], 0, bool(flags & 1))
            if topic_end <= end
            else None
        )
    if topic_end + 2 > end:
        return None
    mid = stream[topic_end] << 8 | stream[topic_end + 1]
    return Message(stream[body + 2 : topic_end], stream[topic_end + 2 : end], mid, bool(flags & 1))


class Client(mqtt.Client):
    """paho's client on a `Line`."""

    def _create_socket(self) -> Line:
        line = super()._create_socket()
        assert isinstance(line, socket.socket)  # noqa: S101 - as long as nobody asks for websockets
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Line(line)
