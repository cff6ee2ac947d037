"""The rows and the state of an outbox, with checksums that detect every damaged byte.

In:    the columns of a row, the state of an outbox, raw bytes of a file.
Out:   checksums, the state as text, and the intact states in raw bytes.
Never: files, SQLite.

A row's checksum includes the stream and the row's number, so that a row of another stream or under another number does
not count as intact.
"""

import re
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple, Self

from edge.contract.message import EVENT_KIND_BY_NAME, EventKind, SensorEvent

OUTBOX_VERSION: Final = 2
"""The version of the tables and of the state line."""
_STATE: Final = re.compile(
    rb"(ledig-outbox version=(\d{1,6}) stream=([0-9a-f]{16}) last=(\d{1,16}) dropped=(\d{1,16})) crc=([0-9a-f]{8})"
)


class PendingEvent(NamedTuple):
    """An event from its source until the collector has stored it. Its fields are the columns of the outbox's table."""

    seq: int
    """0 until the outbox has assigned it."""
    sensor: str
    kind: str
    """The name of an `EventKind`."""
    value: float
    at_ms: int | None
    """Unix milliseconds; None until the time of day is known."""
    synchronised: int
    monotonic_ms: int | None
    """When it happened. On disk, this and the next two columns are set only until the time of day is known."""
    wall_ms: int | None
    """The machine's time of day then, right or wrong."""
    boot: str | None

    def assign_seq(self, seq: int, boot: str) -> Self:
        """Return the row to store: numbered, and of this boot while its time of day is unknown."""
        if self.at_ms is None:
            return self._replace(seq=seq, boot=boot)
        return self._replace(seq=seq, monotonic_ms=None, wall_ms=None)

    def assign_time(self, at_ms: int, *, synchronised: bool) -> Self:
        """Return it with its time of day."""
        return self._replace(at_ms=at_ms, synchronised=int(synchronised), monotonic_ms=None, wall_ms=None, boot=None)

    def compute_checksum(self, stream: str) -> int:
        """Compute the checksum of the row."""
        return zlib.crc32(repr((stream, *self)).encode(errors="surrogateescape"))

    def is_sound(self, stream: str, checksum: object) -> bool:
        """Whether this is the row of an event as it was stored in this stream, with this checksum."""
        return checksum == self.compute_checksum(stream) and self.kind in EVENT_KIND_BY_NAME

    def to_wire(self) -> SensorEvent:
        """Convert it to an event for the collector; it must have a time of day."""
        assert self.at_ms is not None  # noqa: S101 - the caller reads only up to the first event without
        return SensorEvent(
            self.seq, self.sensor, self.at_ms, EVENT_KIND_BY_NAME[self.kind], self.value, bool(self.synchronised)
        )


def create_event(sensor: str, kind: EventKind, value: float, monotonic_ms: int) -> PendingEvent:
    """Create an event of a source.

    Args:
        sensor: its id in the site file.
        kind: what the value means.
        value: within the bounds of the kind; a whole number is stored as an integer, as SQLite does.
        monotonic_ms: when it happened, on the monotonic clock of the machine.
    """
    number = int(value) if float(value).is_integer() else value
    return PendingEvent(0, sensor, kind.value, number, None, 1, monotonic_ms, None, None)


class OutboxState(NamedTuple):
    """The state of an outbox besides its rows."""

    stream: str
    last: int
    """The highest number that was ever assigned."""
    dropped: int
    """Events that were dropped since the outbox was created."""
    version: int = OUTBOX_VERSION

    def format_line(self) -> str:
        """Format the state as text that can be found in the raw bytes of a damaged file."""
        text = f"ledig-outbox version={self.version} stream={self.stream} last={self.last} dropped={self.dropped}"
        return f"{text} crc={zlib.crc32(text.encode()):08x}"

    @classmethod
    def find_in(cls, raw: bytes) -> Iterator[Self]:
        """Find every sound state line in raw bytes."""
        for found in _STATE.finditer(raw):
            text, version, stream, last, dropped, crc = found.groups()
            if int(crc, 16) == zlib.crc32(text):
                yield cls(stream.decode(), int(last), int(dropped), int(version))


class Holes:
    """Numbers without a sound row: ranges, both ends included, in ascending order."""

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []

    def add(self, first: int, last: int) -> None:
        """Add the range from `first` to `last`."""
        if first > last:
            return
        joined: list[tuple[int, int]] = []
        for low, high in sorted([*self._ranges, (first, last)]):
            if joined and low <= joined[-1][1] + 1:
                joined[-1] = joined[-1][0], max(high, joined[-1][1])
            else:
                joined.append((low, high))
        self._ranges = joined

    def first_from(self, seq: int) -> int | None:
        """Return the first number without a row at or after `seq`."""
        return next((max(low, seq) for low, high in self._ranges if high >= seq), None)

    def end_of(self, seq: int) -> int | None:
        """Return the last number of the hole that contains `seq`; None if there is none."""
        return next((high for low, high in self._ranges if low <= seq <= high), None)

    def remove_below(self, seq: int) -> int:
        """Remove everything below `seq`; return how many numbers were removed."""
        removed = sum(min(high, seq - 1) - low + 1 for low, high in self._ranges if low < seq)
        self._ranges = [(max(low, seq), high) for low, high in self._ranges if high >= seq]
        return removed

    def shift(self, by: int) -> None:
        """Add `by` to every number."""
        self._ranges = [(low + by, high + by) for low, high in self._ranges]
