"""Judges what devices deliver: what is new, what is a repeat, what is refused, what is gone for good.

In:    payloads as they came, how far each stream is stored, the plan, the time.
Out:   the events to store, how far each stream then is, gaps, refusals, and who is owed a receipt.
Never: sockets, files, clocks.

Of each stream only the next expected event is taken (the sender goes back and sends again, so nothing needs
to be held out of order). Source: firmware-config/contract.md, version 1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from collector.evidence import OWN_KINDS, Heard
from collector.plan import SitePlan
from edge.message import EventsMessage, Kind, MessageRejected, SensorEvent, decode_events

FUTURE_MS: Final = 300_000
"""An event this far ahead of the collector's clock comes from a clock that is wrong."""
STREAMS_PER_DEVICE: Final = 1000
"""A stream begins when an outbox is made anew; a device that makes so many is broken."""

_ANY_SENSOR: Final = frozenset({Kind.HEARTBEAT, Kind.BATTERY_PCT})
"""What every kind of sensor may say besides its own."""

StreamKey = tuple[str, str]
"""Device and stream."""


class Delivery(NamedTuple):
    """One message as it came; `device` is from its topic, and so vouched for by the broker."""

    device: str
    payload: bytes


class Loss(StrEnum):
    """Why events of a stream are not stored and never will be."""

    DROPPED = "dropped by the device before they were stored"
    UNKNOWN_SENSOR = "no such sensor in the site file"
    UNFIT_KIND = "a kind that this sensor does not say"
    FUTURE = "more than five minutes in the future"
    TOO_OLD = "too old"


class Gap(NamedTuple):
    """Events `first` to `last` of a stream, both included, that are not stored and never will be."""

    device: str
    stream: str
    first: int
    last: int
    reason: Loss


class Refused(NamedTuple):
    """Something that a device said and that was not taken, with the reason in plain words."""

    device: str
    reason: str
    payload: bytes


@dataclass(slots=True)
class Intake:
    """What came of one batch."""

    accepted: list[Heard] = field(default_factory=list)
    """To be stored and judged; in the order of their arrival."""
    undated: list[Heard] = field(default_factory=list)
    """To be stored only: their device's clock was never right, so they move nothing."""
    marks: dict[StreamKey, int] = field(default_factory=dict)
    """Of each stream that moved: every event up to this one is now stored, or in a gap."""
    spoke: dict[StreamKey, int] = field(default_factory=dict)
    """Of each stream that spoke: the mark that its receipt shall bear."""
    gaps: list[Gap] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class Roster:
    """Which kinds each sensor of a plan may say."""

    def __init__(self, plan: SitePlan) -> None:
        self.devices = frozenset(plan.devices)
        self.kinds = {sensor.key: OWN_KINDS[sensor.kind] | _ANY_SENSOR for sensor in plan.sensors}


class Limits(NamedTuple):
    """What is taken now."""

    roster: Roster
    oldest_ms: int
    """What happened before this is no longer taken."""
    latest_ms: int
    """What claims to have happened after this comes from a wrong clock."""


def take_in(deliveries: Iterable[Delivery], stored: Mapping[StreamKey, int], limits: Limits) -> Intake:
    """Judge one batch.

    Args:
        deliveries: in the order of their arrival.
        stored: how far each known stream is stored; one that is missing is new.
        limits: what is taken now.
    """
    into = Intake()
    for device, payload in deliveries:
        try:
            message = decode_events(payload)
        except MessageRejected as fault:
            into.refused.append(Refused(device, str(fault), payload))
            continue
        key = (device, message.stream)
        mark = into.spoke.get(key)
        if mark is None:
            mark = stored.get(key)
        if mark is None:
            if why := _unwelcome(device, stored, limits.roster):
                into.refused.append(Refused(device, why, payload))
                continue
            mark = 0
        into.spoke[key] = _next_of(message, key, mark, into, limits)
    return into


def _unwelcome(device: str, stored: Mapping[StreamKey, int], roster: Roster) -> str:
    """Why a stream that nobody knows yet is not begun; empty: it is."""
    if device not in roster.devices:
        return f"no device {device!r} in the site file"
    if sum(1 for other, _ in stored if other == device) >= STREAMS_PER_DEVICE:
        return f"device {device!r} began more than {STREAMS_PER_DEVICE} streams; its outbox does not last"
    return ""


def _next_of(message: EventsMessage, key: StreamKey, mark: int, into: Intake, limits: Limits) -> int:
    """Take what comes next in its stream; return how far the stream then is."""
    device, stream = key
    events = message.events
    if message.oldest > mark + 1:  # what lies between left the outbox before it was stored
        into.gaps.append(Gap(device, stream, mark + 1, message.oldest - 1, Loss.DROPPED))
        mark = into.marks[key] = message.oldest - 1
    skip = mark + 1 - events[0].seq
    if skip < 0:  # a hole: the receipt is repeated, and the sender goes back
        return mark
    if skip >= len(events):  # a repeat
        return mark
    kinds, oldest_ms, latest_ms = limits.roster.kinds, limits.oldest_ms, limits.latest_ms
    for event in events[skip:] if skip else events:
        fits = kinds.get((device, event.sensor))
        if fits is None or event.kind not in fits:
            _refuse(event, key, Loss.UNKNOWN_SENSOR if fits is None else Loss.UNFIT_KIND, into)
            continue
        heard = Heard(event.at_ms, device, stream, event.seq, event.sensor, event.kind, event.value)
        if not event.synchronised:
            into.undated.append(heard)
        elif oldest_ms <= event.at_ms <= latest_ms:
            into.accepted.append(heard)
        else:
            _refuse(event, key, Loss.TOO_OLD if event.at_ms < oldest_ms else Loss.FUTURE, into)
    mark = into.marks[key] = events[-1].seq
    return mark


def _refuse(event: SensorEvent, key: StreamKey, loss: Loss, into: Intake) -> None:
    """Record one event that is not taken: exactly among the gaps, readably among the refused.

    What is too old is past its time: a run of it is named once, and nothing of it is kept.
    """
    device, stream = key
    last = into.gaps[-1] if into.gaps else None
    follows = last is not None and last[:2] == key and last.last == event.seq - 1 and last.reason is loss
    if last is not None and follows:
        into.gaps[-1] = last._replace(last=event.seq)
    else:
        into.gaps.append(Gap(device, stream, event.seq, event.seq, loss))
    if loss is not Loss.TOO_OLD:
        into.refused.append(Refused(device, loss, msgspec.json.encode(event)))
    elif not follows:
        into.refused.append(Refused(device, loss, b""))
