"""What an outbox stores, with checksums, so that no damaged byte is taken for an event.

In:    the columns of a row, the state of an outbox, raw bytes of a file.
Out:   their checksums and their text form; what of it is sound.
Never: files, SQLite.

A row's checksum covers the name of the stream and the row's number too: a row of another stream, or under another
number, is not sound.
"""

import re
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple, Self

from edge.message import Kind, SensorEvent

VERSION: Final = 2
"""The version of the tables and of the state line."""
KINDS: Final = {kind.value: kind for kind in Kind}
_STATE: Final = re.compile(
    rb"(ledig-outbox version=(\d{1,6}) stream=([0-9a-f]{16}) last=(\d{1,16}) dropped=(\d{1,16})) crc=([0-9a-f]{8})"
)


class Said(NamedTuple):
    """What a sensor reported, before it has a number. `at_ms` is None until the time of day is known."""

    sensor: str
    kind: Kind
    value: float
    monotonic_ms: int
    wall_ms: int
    at_ms: int | None


class Row(NamedTuple):
    """One row, as SQLite has it."""

    seq: int
    sensor: str
    kind: str
    value: float
    at_ms: int | None
    """Unix milliseconds; None until the time of day is known."""
    synchronised: int
    monotonic_ms: int | None
    """This and the next two only until then."""
    wall_ms: int | None
    boot: str | None

    def sum(self, stream: str) -> int:
        """The checksum that belongs to this row."""
        return zlib.crc32(repr((stream, *self)).encode(errors="surrogateescape"))

    def event(self) -> SensorEvent:
        """The row as it goes to the collector; it has a time of day."""
        assert self.at_ms is not None  # noqa: S101 - whoever asks has read up to the first row without
        return SensorEvent(self.seq, self.sensor, self.at_ms, KINDS[self.kind], self.value, bool(self.synchronised))


def new_row(seq: int, said: Said, boot: str) -> Row:
    """The row of a new event; a whole number is stored as one, as SQLite would."""
    value = int(said.value) if float(said.value).is_integer() else said.value
    if said.at_ms is not None:
        return Row(seq, said.sensor, said.kind.value, value, said.at_ms, 1, None, None, None)
    return Row(seq, said.sensor, said.kind.value, value, None, 1, said.monotonic_ms, said.wall_ms, boot)


class State(NamedTuple):
    """What an outbox knows of itself, besides its rows."""

    stream: str
    last: int
    """The highest number that was ever given."""
    dropped: int
    """Events that were dropped since the outbox was made."""
    version: int = VERSION

    def line(self) -> str:
        """The state as text that can be found in the raw bytes of a damaged file."""
        text = f"ledig-outbox version={self.version} stream={self.stream} last={self.last} dropped={self.dropped}"
        return f"{text} crc={zlib.crc32(text.encode()):08x}"

    @classmethod
    def found_in(cls, raw: bytes) -> Iterator[Self]:
        """Every sound state line in raw bytes."""
        for found in _STATE.finditer(raw):
            text, version, stream, last, dropped, crc = found.groups()
            if int(crc, 16) == zlib.crc32(text):
                yield cls(stream.decode(), int(last), int(dropped), int(version))


class Holes:
    """Numbers that have no sound row: ranges, both ends included, in ascending order."""

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []

    def add(self, first: int, last: int) -> None:
        """Note that `first` to `last` are gone."""
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
        """The first number without a row at or after `seq`."""
        return next((max(low, seq) for low, high in self._ranges if high >= seq), None)

    def end_of(self, seq: int) -> int | None:
        """The last number of the hole that `seq` is in; None: it is in none."""
        return next((high for low, high in self._ranges if low <= seq <= high), None)

    def forget_below(self, seq: int) -> int:
        """Drop what lies below `seq`; returns how many numbers that were."""
        gone = sum(min(high, seq - 1) - low + 1 for low, high in self._ranges if low < seq)
        self._ranges = [(max(low, seq), high) for low, high in self._ranges if high >= seq]
        return gone

    def shift(self, by: int) -> None:
        """Renumber."""
        self._ranges = [(low + by, high + by) for low, high in self._ranges]
