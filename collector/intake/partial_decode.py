"""Reads as much as possible of an events message that breaks the contract.

In:    a payload that `decode_events` rejects.
Out:   its stream, and for each position a valid event or the reason why it has none.
Never: decisions about what is stored, sockets, clocks. An event that `decode_events` accepts is never rejected here.

A sender goes back to the first event that no receipt covers. An event that can never be accepted would be sent again
and again and block everything behind it, so each position gets a sequence number, and with it a receipt.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec

from collector.contract.loss_reasons import LossReason
from edge.contract.message import MAX_EVENTS_PER_MESSAGE, MAX_PAYLOAD_BYTES, EventKind, SensorEvent

_MAX_SEQ: Final = 2**53 - 1
_MAX_NAME: Final = 64
_FIELDS: Final = {one.encode_name: one for one in msgspec.structs.fields(SensorEvent)}
_ENVELOPE: Final = frozenset({"stream", "oldest", "events"})
_NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_STREAM: Final = re.compile(r'"stream"\s*:\s*"([^"\\]{1,64})"')
_OLDEST: Final = re.compile(r'"oldest"\s*:\s*(\d{1,16})\b')
_SEQ: Final = re.compile(r'"seq"\s*:\s*"?(\d{1,16})\b')
_EVENTS: Final = re.compile(r'"events"\s*:\s*\[')
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SPACE: Final = re.compile(r".?\s*", re.DOTALL)
_MAX_REREAD: Final = 4
"""Failed attempts to read an event may read this many times the characters of the message in total. Without a limit,
64 KiB of nested objects cost as much work as 30 MiB."""
_MAX_FAULTS: Final = 10
"""Most keys of one message that are recorded as breaking the contract."""
_decoder: Final = json.JSONDecoder(strict=False)


class BadEvent(NamedTuple):
    """A position in a message whose event cannot be accepted."""

    seq: int
    reason: LossReason
    field: str
    sensor: str
    payload: bytes
    """The event as JSON, as far as it can be read."""


class PartialMessage(NamedTuple):
    """A message by position; the events have consecutive `seq`."""

    stream: str
    oldest: int
    events: Sequence[SensorEvent | BadEvent]
    faults: Sequence[str]
    """Keys that break the contract but belong to no position."""


class UnnumberedMessage(NamedTuple):
    """A message whose positions have no sequence numbers yet."""

    stream: str
    oldest: int | None
    """None: it cannot be read."""
    items: Sequence[Any]
    """The content of each position as `json` reads it; a string if it is not JSON."""
    faults: Sequence[str]
    """Keys of the message itself that break the contract."""

    def assign_seqs(self, next_seq: int) -> PartialMessage | None:
        """Assign each position its sequence number; None: no position has a readable one.

        A message has no holes, so one number determines all. If they contradict each other, the one counts that places
        `next_seq`, the event that the collector waits for, inside the message. Otherwise the stream would be stuck.
        """
        bases = [seq - place for place, item in enumerate(self.items) if (seq := _read_seq(item)) is not None]
        if not bases:
            return None
        base = next((base for base in bases if base <= next_seq < base + len(self.items)), bases[0])
        extra = max(0, 1 - base)  # positions before the first possible event
        first = base + extra
        events = [_make_event(item, first + place) for place, item in enumerate(self.items[extra:])]
        oldest = first if self.oldest is None else min(self.oldest, first)
        return PartialMessage(self.stream, oldest, events, [*self.faults, *(["seq"] if extra else [])])


def decode_partially(payload: bytes) -> UnnumberedMessage | None:
    """Read a message as far as possible.

    Args:
        payload: any bytes; only the first 64 KiB are read.

    Returns:
        The message; None: it has no readable stream.
    """
    faults = ["size"] if len(payload) > MAX_PAYLOAD_BYTES else []
    text = payload[:MAX_PAYLOAD_BYTES].decode("utf-8", errors="replace").removeprefix("\ufeff")
    try:
        whole = _decoder.decode(text)
    except (ValueError, RecursionError):
        return _read_broken_json(text, faults)
    if not isinstance(whole, dict) or not _is_id(whole.get("stream")):
        return None
    unknown = dict.fromkeys(sanitise_name(key) for key in whole if key not in _ENVELOPE)
    faults += islice(unknown, _MAX_FAULTS)
    oldest = whole.get("oldest")
    if type(oldest) is not int or not 1 <= oldest <= _MAX_SEQ:
        oldest = None
        faults.append("oldest")
    items = whole.get("events")
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_EVENTS_PER_MESSAGE:
        faults.append("events")
    items = items[:MAX_EVENTS_PER_MESSAGE] if isinstance(items, list) else [items] if isinstance(items, dict) else []
    return UnnumberedMessage(whole["stream"], oldest, items, faults)


def sanitise_name(name: object) -> str:
    """A name that a device sent, safe for logs and pages; `?` if it has an unsafe form."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "?"


def _read_broken_json(text: str, faults: list[str]) -> UnnumberedMessage | None:
    """Read a message that is not JSON: each event that is valid JSON, and the position of each that is not."""
    stream, begin = _STREAM.search(text), _EVENTS.search(text)
    if stream is None or begin is None:
        return None
    oldest = _OLDEST.search(text)
    items = list(islice(_fill_holes(_find_objects(text, begin.end())), MAX_EVENTS_PER_MESSAGE))
    return UnnumberedMessage(stream[1], int(oldest[1]) if oldest else None, items, [*faults, "events"])


def _find_objects(text: str, start: int) -> Iterator[tuple[int, Any]]:
    """Yield each object with a sequence number, and each piece of text with one that is not valid JSON.

    Once failed attempts have read too much, everything behind the last event found is left out. It gets no receipt, so
    its sender sends it again, at the start of a message.
    """
    place = text.find("{", start)
    found, left = 0, _MAX_REREAD * len(text)
    for _ in range(MAX_EVENTS_PER_MESSAGE):
        if place < 0 or (left < 0 and found):
            return
        item, end = _parse_object(text, place) if left >= 0 else (None, place)
        if item is None:
            left -= end - place
            next_place = text.find("{", place + 1)
            item = text[place : next_place if next_place >= 0 else len(text)]
            if next_place < 0 and "}" not in item and found:
                return  # the message was truncated here: the sender sends this event again, at the start of a message
        else:
            next_place = text.find("{", end)
        if (seq := _read_seq(item)) is not None:
            found += 1
            yield seq, item
        place = next_place


def _parse_object(text: str, place: int) -> tuple[Any, int]:
    """The object at a position, None if it is not JSON; and how far the text was read at most."""
    try:
        return _decoder.raw_decode(text, place)
    except json.JSONDecodeError as fault:
        if fault.msg.startswith("Unterminated string"):  # its position is where the string begins
            return None, len(text)
        space = _SPACE.match(text, fault.pos)  # the position may be that of a comma before white space that was read
        return None, space.end() if space else fault.pos
    except (ValueError, RecursionError):
        return None, len(text)


def _fill_holes(found: Iterator[tuple[int, Any]]) -> Iterator[Any]:
    """Insert an empty position for each missing number between two that were read."""
    last: int | None = None
    for seq, item in found:
        if last is not None and last + 1 < seq <= last + MAX_EVENTS_PER_MESSAGE:
            yield from [""] * (seq - last - 1)
        yield item
        last = seq


def _make_event(item: Any, seq: int) -> SensorEvent | BadEvent:
    """The event at one position, or the reason why there is none."""
    if not isinstance(item, dict):
        return BadEvent(seq, LossReason.BAD_FIELD, "", "", _encode_json(item))
    sensor = sanitise_name(item["sensor"]) if isinstance(item.get("sensor"), str) else ""
    wrong = _find_problem(item)
    if wrong is None:
        event = msgspec.convert(item, SensorEvent)
        wrong = None if event.seq == seq else (LossReason.BAD_SEQUENCE, "seq")
        if wrong is None:
            return event
    return BadEvent(seq, *wrong, sensor, _encode_json(item))


def _find_problem(item: Mapping[str, Any]) -> tuple[LossReason, str] | None:
    """What is wrong with one event, and in which field; None: nothing."""
    for name, known in _FIELDS.items():
        if name not in item:
            if known.required:
                return LossReason.BAD_FIELD, name
            continue
        try:
            msgspec.convert(item[name], known.type)
            is_right = name != "sensor" or _is_id(item[name])
        except (ValueError, OverflowError):
            is_right = False
        if not is_right:
            reasons = {
                "value": LossReason.BAD_VALUE,
                "kind": LossReason.UNKNOWN_KIND if _is_id(item[name]) else LossReason.BAD_FIELD,
            }
            return reasons.get(name, LossReason.BAD_FIELD), name
    kind = msgspec.convert(item["kind"], EventKind)
    if not kind.low <= item["value"] <= kind.high:
        return LossReason.BAD_VALUE, "value"
    unknown = next((name for name in item if name not in _FIELDS), None)
    return None if unknown is None else (LossReason.BAD_FIELD, sanitise_name(unknown))


def _read_seq(item: Any) -> int | None:
    """The intended sequence number: 3, 3.0, "3", or one found in text that is not JSON."""
    if isinstance(item, str):
        found = _SEQ.search(item)
        return _in_bounds(int(found[1])) if found else None
    value = item.get("seq") if isinstance(item, dict) else None
    if isinstance(value, str) and re.fullmatch(r"\d{1,16}", value, re.ASCII):
        return _in_bounds(int(value))
    if isinstance(value, float) and value.is_integer():
        return _in_bounds(int(value))
    return _in_bounds(value) if type(value) is int else None


def _in_bounds(seq: int) -> int | None:
    return seq if 1 <= seq <= _MAX_SEQ else None


def _is_id(value: Any) -> bool:
    """Whether it can be an id. Half of a surrogate pair cannot be stored as text."""
    return isinstance(value, str) and 1 <= len(value) <= _MAX_NAME and not _SURROGATE.search(value)


def _encode_json(item: Any) -> bytes:
    if isinstance(item, str):
        return item.encode(errors="replace")
    try:
        return json.dumps(item, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return b""
