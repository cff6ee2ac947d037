"""Values that the journal stores as bytes: each begins with what it is and with the version of its layout.

In:    values of the types that are stored.
Out:   their bytes, and the values again.
Never: files.

A stored struct is an array without field names: with two fields swapped it would decode to wrong values without an
error. So a change of its layout needs a new version, and a decoder of the old one in `older`. Tests compare every
layout with the recorded one of its version, and decode stored bytes of every version.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from collector.occupancy.evidence import Evidence
from collector.occupancy.zone_air import AirState

T = TypeVar("T")


class BlobKind(IntEnum):
    """What a stored value is: its first byte. Numbers are never used again for something else."""

    EVIDENCE = 1
    AIR = 2
    PEOPLE_ESTIMATE = 3
    SENSOR_HISTORIES = 4
    HEALTH_NOTES = 5
    ALERT_NOTES = 6
    ADJUSTMENTS = 7
    TRUTH = 8


class BlobRejected(ValueError):
    """Stored bytes that are not the expected value: another kind, an unknown version, or damaged."""


class OlderVersion(NamedTuple, Generic[T]):
    """How values of an older version are read."""

    stored_type: type
    convert: Callable[[Any], T]
    """Makes a value of the current type from one of `stored_type`."""


class BlobFormat(Generic[T]):
    """How the values of one kind are stored.

    Args:
        kind: the first byte.
        version: the second byte: the version of the layout of `stored_type`.
        stored_type: the type that is encoded and decoded.
        older: how values of each older version are read.
    """

    def __init__(
        self,
        kind: BlobKind,
        version: int,
        stored_type: type[T],
        older: Mapping[int, OlderVersion[T]] | None = None,
    ) -> None:
        self.kind: Final = kind
        self.version: Final = version
        self.stored_type: Final = stored_type
        self._header = bytes((kind, version))
        self._encode = msgspec.msgpack.Encoder().encode
        self._decoders: dict[int, Callable[[bytes], T]] = {version: msgspec.msgpack.Decoder(stored_type).decode}
        for old_version, old in (older or {}).items():
            self._decoders[old_version] = _decode_and_convert(old)

    def encode(self, value: T) -> bytes:
        """Encode a value with the current version."""
        return self._header + self._encode(value)

    def decode(self, blob: bytes) -> T:
        """Decode a value of any known version.

        Raises:
            BlobRejected: it is of another kind, of an unknown version, or damaged.
        """
        name = self.kind.name.lower()
        if len(blob) < len(self._header) or blob[0] != self.kind:
            raise BlobRejected(f"expected {name}, got {_describe_kind(blob)}")
        decode = self._decoders.get(blob[1])
        if decode is None:
            known = ", ".join(map(str, sorted(self._decoders)))
            raise BlobRejected(f"unknown version {blob[1]} of {name}; known versions: {known}")
        try:
            return decode(blob[2:])
        except (ValueError, TypeError, RecursionError) as fault:
            raise BlobRejected(f"{name} of version {blob[1]} cannot be decoded: {fault}") from fault


def _decode_and_convert(old: OlderVersion[T]) -> Callable[[bytes], T]:
    decode: Callable[[bytes], Any] = msgspec.msgpack.Decoder(old.stored_type).decode
    return lambda body: old.convert(decode(body))


def _describe_kind(blob: bytes) -> str:
    if not blob:
        return "nothing"
    known = {int(kind): kind.name.lower() for kind in BlobKind}
    return known.get(blob[0], f"an unknown kind of value ({blob[:4].hex()})")


_RENAMED_REASONS: Final = {"never_heard": "never_reported", "settling": "warming_up"}
_REASON_FIELDS: Final = (3, 6)
"""The positions of `because` and `previous_because` in version 1 of `Evidence`."""


_HOLD_STATISTICS_FIELD: Final = 11
"""The position of `hold_statistics` in versions 1 to 5 of `Evidence`."""


def _convert_evidence_1(fields: list[Any]) -> Evidence:
    """Convert the fields of version 1, in which two reasons had other names."""
    for place in _REASON_FIELDS:
        because = fields[place] if place < len(fields) else None
        if isinstance(because, dict) and because.get("reason") in _RENAMED_REASONS:
            because["reason"] = _RENAMED_REASONS[because["reason"]]
    return _convert_evidence_5(fields)


def _convert_evidence_5(fields: list[Any]) -> Evidence:
    """Convert the fields of versions 2 to 5: the learned hold stays, and the quiet spans are counted anew."""
    if len(fields) > _HOLD_STATISTICS_FIELD:
        fields[_HOLD_STATISTICS_FIELD] = fields[_HOLD_STATISTICS_FIELD][:1]
    return msgspec.convert(fields, Evidence)


EVIDENCE: Final = BlobFormat(
    BlobKind.EVIDENCE,
    6,
    Evidence,
    {1: OlderVersion(list, _convert_evidence_1)} | dict.fromkeys((2, 3, 4, 5), OlderVersion(list, _convert_evidence_5)),
)
AIR: Final = BlobFormat(BlobKind.AIR, 1, AirState)
