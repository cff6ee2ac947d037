"""Why something that a device sent is not stored, as values.

In:    nothing.
Out:   reasons, gaps in a stream, rejections with their position.
Never: decisions, sockets, files, clocks.
"""

from enum import StrEnum
from typing import NamedTuple


class LossReason(StrEnum):
    """Why events of a stream are not stored and never will be."""

    DROPPED = "dropped by the device before they were stored"
    UNKNOWN_SENSOR = "no such sensor in the site file"
    UNFIT_KIND = "a kind that this sensor does not say"
    FUTURE = "more than five minutes in the future"
    TOO_OLD = "too old"
    JOURNAL_DAMAGED = "stored, and lost when the journal was damaged"
    UNKNOWN_KIND = "a kind that this version does not know"
    BAD_VALUE = "a value that is no number, or out of the bounds of its kind"
    BAD_FIELD = "a field that is missing, unknown or of the wrong type"
    BAD_SEQUENCE = "another sequence number than its place in the message requires"
    REUSED_SEQUENCE = "another event already had this sequence number"
    UNKNOWN_DEVICE = "no such device in the site file"
    TOO_MANY_STREAMS = "the device began too many streams; its outbox does not last"
    BAD_MESSAGE = "the message breaks the contract; its events were read one by one"
    UNREADABLE = "no stream and no sequence number can be read in the message"

    @property
    def code(self) -> str:
        """The reason as the wire format names it, such as `unknown_sensor`."""
        return self.name.lower()


class StreamGap(NamedTuple):
    """Events `first` to `last` of a stream, inclusive, that are not stored and never will be."""

    device: str
    stream: str
    first: int
    last: int
    reason: LossReason


class RejectedInput(NamedTuple):
    """Something that a device sent and the collector rejected: the reason and, as far as known, the position."""

    device: str
    reason: LossReason
    payload: bytes
    """One event as JSON, or a message; empty if only the position matters."""
    stream: str = ""
    first: int = 0
    """First and last sequence number, inclusive; 0: the whole message."""
    last: int = 0
    sensor: str = ""
    field: str = ""
    """The key of the event or message that is wrong; empty: none in particular."""

    @property
    def position_text(self) -> str:
        """The position as text for a log: ASCII only, at most about 200 characters."""
        seqs = f"seq {self.first}" if self.first == self.last else f"seq {self.first} to {self.last}"
        parts = (
            f"device {self.device[:64]}",
            f"stream {self.stream[:64]}" if self.stream else "",
            seqs if self.first else "",
            f"sensor {self.sensor[:64]}" if self.sensor else "",
            f"field {self.field[:64]}" if self.field else "",
        )
        return ascii(", ".join(part for part in parts if part))[1:-1]
