"""Why something that a device sent is not stored, as values.

In:    nothing.
Out:   reasons, gaps in a stream, rejections with their position.
Never: decisions, sockets, files, clocks.
"""

from typing import NamedTuple

from collector.contract.loss_reasons import LossReason


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
