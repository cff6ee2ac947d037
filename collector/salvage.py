"""Reads what can be read of a message of events that breaks the contract.

In:    a payload that `decode_events` rejects.
Out:   its stream, and for each place in it a valid event or the reason why there is none.
Never: judgement of what is stored, sockets, clocks. An event that `decode_events` accepts is never rejected here.

A sender goes back to the first event that no receipt covers. One event that nobody can take would come for ever and
hold up everything behind it, so each place gets a sequence number, and with it a receipt.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec

from collector.rejection import Loss
from edge.message import MAX_EVENTS, MAX_PAYLOAD_BYTES, Kind, SensorEvent

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
"""Failed attempts to read an event may read this many times the characters of the message. Without a limit, 64 KiB of
nested pieces cost as much work as 30 MiB."""
_MAX_FAULTS: Final = 10
"""So many keys of one message that break the contract are recorded."""
_decoder: Final = json.JSONDecoder(strict=False)


class BadEvent(NamedTuple):
    """A place in a message whose event cannot be taken."""

    seq: int
    reason: Loss
    field: str
    sensor: str
    payload: bytes
    """The event as JSON, as far as it could be read."""


class Salvaged(NamedTuple):
    """A message, place by place; `seq` of the events has no hole."""

    stream: str
    oldest: int
    events: Sequence[SensorEvent | BadEvent]
    faults: Sequence[str]
    """Keys that break the contract, but belong to no place."""


class Opened(NamedTuple):
    """A message before its places have sequence numbers."""

    stream: str
    oldest: int | None
    """None: it cannot be read."""
    items: Sequence[Any]
    """What stands in each place, as `json` reads it; text: no JSON."""
    faults: Sequence[str]
    """Keys of the message itself that break the contract."""

    def placed(self, next_seq: int) -> Salvaged | None:
        """Give each place its sequence number; None: no place has one that can be read.

        A message has no holes, so one number gives all. They may contradict each other: then the one counts by which
        the message holds `next_seq`, the event that the collector waits for, because otherwise nothing would go on.
        """
        bases = [seq - place for place, item in enumerate(self.items) if (seq := _seq(item)) is not None]
        if not bases:
            return None
        base = next((base for base in bases if base <= next_seq < base + len(self.items)), bases[0])
        extra = max(0, 1 - base)  # what stands before the first event that there can be
        first = base + extra
        events = [_event(item, first + place) for place, item in enumerate(self.items[extra:])]
        oldest = first if self.oldest is None else min(self.oldest, first)
        return Salvaged(self.stream, oldest, events, [*self.faults, *(["seq"] if extra else [])])


def opened(payload: bytes) -> Opened | None:
    """Read a message as far as possible.

    Args:
        payload: any bytes. Of more than 64 KiB the first 64 KiB are read.

    Returns:
        The message; None if no stream can be read.
    """
    faults = ["size"] if len(payload) > MAX_PAYLOAD_BYTES else []
    text = payload[:MAX_PAYLOAD_BYTES].decode("utf-8", errors="replace").removeprefix("\ufeff")
    try:
        whole = _decoder.decode(text)
    except (ValueError, RecursionError):
        return _pieces(text, faults)
    if not isinstance(whole, dict) or not _is_id(whole.get("stream")):
        return None
    unknown = dict.fromkeys(name_shown(key) for key in whole if key not in _ENVELOPE)
    faults += islice(unknown, _MAX_FAULTS)
    oldest = whole.get("oldest")
    if type(oldest) is not int or not 1 <= oldest <= _MAX_SEQ:
        oldest = None
        faults.append("oldest")
    items = whole.get("events")
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_EVENTS:
        faults.append("events")
    items = items[:MAX_EVENTS] if isinstance(items, list) else [items] if isinstance(items, dict) else []
    return Opened(whole["stream"], oldest, items, faults)


def name_shown(name: object) -> str:
    """A name that a device sent, fit for a log or a page; `?` if it is not made like one."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "?"


def _pieces(text: str, faults: list[str]) -> Opened | None:
    """Read a message that is no JSON: each event that is, and the place of each that is not."""
    stream, begin = _STREAM.search(text), _EVENTS.search(text)
    if stream is None or begin is None:
        return None
    oldest = _OLDEST.search(text)
    items = list(islice(_fill(_objects(text, begin.end())), MAX_EVENTS))
    return Opened(stream[1], int(oldest[1]) if oldest else None, items, [*faults, "events"])


def _objects(text: str, start: int) -> Iterator[tuple[int, Any]]:
    """Each object with a sequence number, and each piece of text that has one though it is no JSON.

    When failed attempts have read too much, what follows the last event found is left out. It gets no receipt, so its
    sender sends it again, first of its message.
    """
    place = text.find("{", start)
    found, left = 0, _MAX_REREAD * len(text)
    for _ in range(MAX_EVENTS):
        if place < 0 or (left < 0 and found):
            return
        item, end = _parse(text, place) if left >= 0 else (None, place)
        if item is None:
            left -= end - place
            next_place = text.find("{", place + 1)
            item = text[place : next_place if next_place >= 0 else len(text)]
            if next_place < 0 and "}" not in item and found:
                return  # the message was cut off here: the sender sends this one again, first of its message
        else:
            next_place = text.find("{", end)
        if (seq := _seq(item)) is not None:
            found += 1
            yield seq, item
        place = next_place


def _parse(text: str, place: int) -> tuple[Any, int]:
    """The object that begins at a place, None if it is no JSON; and how far the text was read at most."""
    try:
        return _decoder.raw_decode(text, place)
    except json.JSONDecodeError as fault:
        if fault.msg.startswith("Unterminated string"):  # its place is where the string begins
            return None, len(text)
        space = _SPACE.match(text, fault.pos)  # the place may be that of a comma before white space that was read
        return None, space.end() if space else fault.pos
    except (ValueError, RecursionError):
        return None, len(text)


def _fill(found: Iterator[tuple[int, Any]]) -> Iterator[Any]:
    """Let each number between two that were read have a place of its own."""
    last: int | None = None
    for seq, item in found:
        if last is not None and last + 1 < seq <= last + MAX_EVENTS:
            yield from [""] * (seq - last - 1)
        yield item
        last = seq


def _event(item: Any, seq: int) -> SensorEvent | BadEvent:
    """The event in one place, or why it is none."""
    if not isinstance(item, dict):
        return BadEvent(seq, Loss.BAD_FIELD, "", "", _json(item))
    sensor = name_shown(item["sensor"]) if isinstance(item.get("sensor"), str) else ""
    wrong = _wrong(item)
    if wrong is None:
        event = msgspec.convert(item, SensorEvent)
        wrong = None if event.seq == seq else (Loss.BAD_SEQUENCE, "seq")
        if wrong is None:
            return event
    return BadEvent(seq, *wrong, sensor, _json(item))


def _wrong(item: Mapping[str, Any]) -> tuple[Loss, str] | None:
    """What is wrong with one event, and in which field; None: nothing."""
    for name, known in _FIELDS.items():
        if name not in item:
            if known.required:
                return Loss.BAD_FIELD, name
            continue
        try:
            msgspec.convert(item[name], known.type)
            is_right = name != "sensor" or _is_id(item[name])
        except (ValueError, OverflowError):
            is_right = False
        if not is_right:
            reasons = {"value": Loss.BAD_VALUE, "kind": Loss.UNKNOWN_KIND if _is_id(item[name]) else Loss.BAD_FIELD}
            return reasons.get(name, Loss.BAD_FIELD), name
    kind = msgspec.convert(item["kind"], Kind)
    if not kind.low <= item["value"] <= kind.high:
        return Loss.BAD_VALUE, "value"
    unknown = next((name for name in item if name not in _FIELDS), None)
    return None if unknown is None else (Loss.BAD_FIELD, name_shown(unknown))


def _seq(item: Any) -> int | None:
    """The sequence number that somebody meant: 3, 3.0, "3", or what stands in text that is no JSON."""
    if isinstance(item, str):
        found = _SEQ.search(item)
        return _in_bounds(int(found[1])) if found else None
    said = item.get("seq") if isinstance(item, dict) else None
    if isinstance(said, str) and re.fullmatch(r"\d{1,16}", said, re.ASCII):
        return _in_bounds(int(said))
    if isinstance(said, float) and said.is_integer():
        return _in_bounds(int(said))
    return _in_bounds(said) if type(said) is int else None


def _in_bounds(seq: int) -> int | None:
    return seq if 1 <= seq <= _MAX_SEQ else None


def _is_id(said: Any) -> bool:
    """Whether it can be an id; half of a surrogate pair is no text that can be stored."""
    return isinstance(said, str) and 1 <= len(said) <= _MAX_NAME and not _SURROGATE.search(said)


def _json(item: Any) -> bytes:
    if isinstance(item, str):
        return item.encode(errors="replace")
    try:
        return json.dumps(item, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return b""
