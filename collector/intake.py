"""Judges what devices deliver: what is new, what is a repeat, what is refused, what is gone for good.

In:    payloads as they came, how far each stream is stored, the plan, the time.
Out:   the events to store, how far each stream then is, gaps, refusals, and who is owed a receipt.
Never: sockets, files, clocks.

Of each stream only the next expected event is taken (the sender goes back and sends again, so nothing needs
to be held out of order). An event that cannot be taken is refused alone: it is recorded with its place and counts as
covered, so that the sender lets go of it and sends what is behind it. Source: firmware-config/contract.md, version 1.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

import msgspec

from collector import salvage
from collector.evidence import OWN_KINDS, Heard
from collector.plan import SitePlan
from collector.rejection import Gap, Loss, Refused
from collector.salvage import BadEvent, Salvaged
from edge.message import EventsMessage, Kind, MessageRejected, SensorEvent, decode_events

FUTURE_MS: Final = 300_000
"""An event this far ahead of the collector's clock comes from a clock that is wrong."""
KEPT_STREAMS: Final = 100
"""So many streams of a device are remembered after their events are forgotten."""
STREAMS_PER_DEVICE: Final = 10_000
"""A stream begins when an outbox is made anew; a device that makes so many is broken."""

StreamKey = tuple[str, str]
"""Device and stream."""


class Delivery(NamedTuple):
    """One message as it came; `device` is from its topic, and so vouched for by the broker."""

    device: str
    payload: bytes


class Repeat(NamedTuple):
    """An event under a sequence number that is covered already: it was stored, or is in a gap."""

    device: str
    stream: str
    seq: int
    payload: bytes
    """As a refusal of it would hold it."""
    event: Heard | None
    """None: it is not valid, so it was never stored."""
    synchronised: bool = True


IsKnown = Callable[[Repeat], bool]
"""Whether a repeat is what its sequence number already stands for, or may be: after raw events are erased, one that
would be as old as them cannot be compared any more."""


def everything_known(_: Repeat) -> bool:
    """For a caller that stores nothing to compare with."""
    return True


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
    last_too_old: int = -1
    """The place in `refused` of the last run of events that are too old."""
    newest: dict[str, int] = field(default_factory=dict)
    """Of each device whose clock is synchronised, the latest time of a new event."""
    held: set[str] = field(default_factory=set)
    """Devices of which an event from the future was neither taken nor refused: they keep it."""


Bounds = Mapping[Kind, tuple[float, float]]
"""The kinds that one sensor may send, each with the lowest and the highest value allowed."""


class Roster:
    """Which kinds and values each sensor of a plan may send."""

    def __init__(self, plan: SitePlan) -> None:
        self._sensors: dict[str, dict[str, Bounds]] = {device: {} for device in plan.devices}
        for sensor in plan.sensors:
            self._sensors[sensor.device][sensor.id] = _bounds(OWN_KINDS[sensor.kind])

    def __contains__(self, device: str) -> bool:
        return device in self._sensors

    def sensors_of(self, device: str) -> Mapping[str, Bounds]:
        """The bounds of each sensor of a device; empty: the plan does not have the device."""
        return self._sensors.get(device, {})


def _bounds(kinds: Collection[Kind]) -> Bounds:
    """A heartbeat repeats a level of the sensor's own kinds, so it has their bounds."""
    bounds = {kind: (kind.low, kind.high) for kind in (*kinds, Kind.BATTERY_PCT)}
    bounds[Kind.HEARTBEAT] = min(kind.low for kind in kinds), max(kind.high for kind in kinds)
    return bounds


class Limits(NamedTuple):
    """What is taken now."""

    roster: Roster
    oldest_ms: int
    """What happened before this is no longer taken."""
    latest_ms: int
    """What claims to have happened after this comes from a wrong clock."""
    holds_future: bool = False
    """That clock may be ours: the event stays with its device, and everything behind it."""


def take_in(
    deliveries: Iterable[Delivery],
    stored: Mapping[StreamKey, int],
    limits: Limits,
    is_known: IsKnown = everything_known,
) -> Intake:
    """Judge one batch.

    Args:
        deliveries: in the order of their arrival.
        stored: how far each known stream is stored; one that is missing is new.
        limits: what is taken now.
        is_known: compares a repeat with what is stored.
    """
    into = Intake()
    batch = _Batch(into, stored, is_known)
    for device, payload in deliveries:
        try:
            _take_message(decode_events(payload), device, payload, batch, limits)
        except MessageRejected:
            _take_salvaged(device, payload, batch, limits)
    return into


class _Batch:
    """What is known while one batch is judged: what is stored, and what the batch itself has brought."""

    def __init__(self, into: Intake, stored: Mapping[StreamKey, int], is_known: IsKnown) -> None:
        self.into = into
        self.stored = stored
        self._is_known = is_known
        self._taken: dict[tuple[str, str, int], tuple[Heard, bool]] = {}
        self._refused: dict[tuple[str, str, int], set[bytes]] = {}
        self._indexed = (0, 0, 0)

    @cached_property
    def streams(self) -> Counter[str]:
        """How many streams of each device are stored; counted once in a batch."""
        return Counter(device for device, _ in self.stored)

    def mark(self, key: StreamKey) -> int | None:
        """How far a stream is now; None: it is new."""
        mark = self.into.spoke.get(key)
        return self.stored.get(key) if mark is None else mark

    def is_known(self, repeat: Repeat) -> bool:
        """Whether a repeat is what its sequence number stands for."""
        self._index()
        key = repeat[:3]
        refused = self._refused.get(key, ())
        if repeat.seq <= self.stored.get(key[:2], 0):
            return repeat.payload in refused or self._is_known(repeat)
        if taken := self._taken.get(key):
            return taken == (repeat.event, repeat.synchronised) or repeat.payload in refused
        return not refused or repeat.payload in refused  # what a gap covers without more was never here

    def _index(self) -> None:
        """Find what this batch brought by its sequence number; few batches repeat anything of their own."""
        into, (dated, undated, refused) = self.into, self._indexed
        news = [(event, True) for event in into.accepted[dated:]]
        news += [(event, False) for event in into.undated[undated:]]
        self._taken |= {(event.device, event.stream, event.seq): (event, sync) for event, sync in news}
        for one in into.refused[refused:]:
            if one.payload and one.first == one.last:
                self._refused.setdefault((one.device, one.stream, one.first), set()).add(one.payload)
        self._indexed = len(into.accepted), len(into.undated), len(into.refused)


def _take_salvaged(device: str, payload: bytes, batch: _Batch, limits: Limits) -> None:
    """Take what can be taken of a message that breaks the contract."""
    opened = salvage.opened(payload)
    mark = None if opened is None else batch.mark((device, opened.stream))
    message = None if opened is None else opened.placed((mark or 0) + 1)
    if opened is None or message is None:
        field = "stream" if opened is None else "seq"
        batch.into.refused.append(Refused(device, Loss.UNREADABLE, payload, field=field))
        return
    for name in message.faults:
        batch.into.refused.append(Refused(device, Loss.BAD_MESSAGE, b"", message.stream, field=name))
    _take_message(message, device, payload, batch, limits)


def _take_message(
    message: EventsMessage | Salvaged, device: str, payload: bytes, batch: _Batch, limits: Limits
) -> None:
    key = device, message.stream
    mark = batch.mark(key)
    if mark is None:
        if why := _unwelcome(device, batch, limits.roster):
            batch.into.refused.append(Refused(device, why, payload, message.stream))
            return
        mark = 0
    batch.into.spoke[key] = _next_of(message, key, mark, batch, limits)


def _unwelcome(device: str, batch: _Batch, roster: Roster) -> Loss | None:
    """Why a stream that nobody knows yet is not begun; None: it is."""
    if device not in roster:
        return Loss.UNKNOWN_DEVICE
    if batch.streams[device] >= STREAMS_PER_DEVICE:
        return Loss.TOO_MANY_STREAMS
    return None


def _next_of(message: EventsMessage | Salvaged, key: StreamKey, mark: int, batch: _Batch, limits: Limits) -> int:
    """Take what comes next in its stream; return how far the stream then is."""
    device, stream = key
    events, into = message.events, batch.into
    if message.oldest > mark + 1:  # what lies between left the outbox before it was stored
        into.gaps.append(Gap(device, stream, mark + 1, message.oldest - 1, Loss.DROPPED))
        mark = into.marks[key] = message.oldest - 1
    skip = mark + 1 - events[0].seq
    if skip < 0:  # a hole: the receipt is repeated, and the sender goes back
        return mark
    if skip:
        _compare(events[:skip], key, batch)
    if skip >= len(events):  # all of it is known
        return mark
    return _up_to(_take_events(events[skip:] if skip else events, key, into, limits), key, mark, into)


def _take_events(events: Sequence[SensorEvent | BadEvent], key: StreamKey, into: Intake, limits: Limits) -> int:
    """Take or refuse each event; returns the last `seq` that has either. The others stay with their device.

    This runs for every event of every message, so it has no call for one that is accepted.
    """
    device, stream = key
    sensors = limits.roster.sensors_of(device)
    accept, oldest_ms, latest_ms = into.accepted.append, limits.oldest_ms, limits.latest_ms
    newest_ms = into.newest.get(device, 0)
    for event in events:
        if isinstance(event, BadEvent):
            _refuse(event, key, event.reason, into)
            continue
        bounds = sensors.get(event.sensor)
        if bounds is None or event.kind not in bounds:
            _refuse(event, key, Loss.UNKNOWN_SENSOR if bounds is None else Loss.UNFIT_KIND, into)
            continue
        low, high = bounds[event.kind]
        if not low <= event.value <= high:
            _refuse(event, key, Loss.BAD_VALUE, into)
            continue
        at_ms = event.at_ms
        heard = Heard(at_ms, device, stream, event.seq, event.sensor, event.kind, event.value)
        if not event.synchronised:
            into.undated.append(heard)
            continue
        if at_ms > newest_ms:
            newest_ms = into.newest[device] = at_ms
        if oldest_ms <= at_ms <= latest_ms:
            accept(heard)
        elif at_ms > latest_ms and limits.holds_future:
            into.held.add(device)
            return event.seq - 1
        else:
            _refuse(event, key, Loss.TOO_OLD if at_ms < oldest_ms else Loss.FUTURE, into)
    return events[-1].seq


def _up_to(seq: int, key: StreamKey, mark: int, into: Intake) -> int:
    """The mark of a stream, moved on if that is needed."""
    if seq > mark:
        into.marks[key] = seq
    return max(seq, mark)


def _compare(events: Sequence[SensorEvent | BadEvent], key: StreamKey, batch: _Batch) -> None:
    """Refuse what differs from the event that had its sequence number first; that one stays as it is."""
    device, stream = key
    for event in events:
        if isinstance(event, BadEvent):
            repeat = Repeat(device, stream, event.seq, event.payload, None)
        else:
            heard = Heard(event.at_ms, device, stream, event.seq, event.sensor, event.kind, event.value)
            repeat = Repeat(device, stream, event.seq, msgspec.json.encode(event), heard, event.synchronised)
        if not batch.is_known(repeat):
            batch.into.refused.append(_refused(event, key, Loss.REUSED_SEQUENCE))


def _refuse(event: SensorEvent | BadEvent, key: StreamKey, loss: Loss, into: Intake) -> None:
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
        into.refused.append(_refused(event, key, loss))
    elif not follows:
        into.last_too_old = len(into.refused)
        into.refused.append(Refused(device, loss, b"", stream, event.seq, event.seq))
    else:
        into.refused[into.last_too_old] = into.refused[into.last_too_old]._replace(last=event.seq)


def _refused(event: SensorEvent | BadEvent, key: StreamKey, loss: Loss) -> Refused:
    """One event with its place; `loss` is why, if it is not its own fault."""
    if isinstance(event, BadEvent):
        return Refused(*key[:1], event.reason, event.payload, key[1], event.seq, event.seq, event.sensor, event.field)
    fields = {
        Loss.UNKNOWN_SENSOR: "sensor",
        Loss.UNFIT_KIND: "kind",
        Loss.BAD_VALUE: "value",
        Loss.FUTURE: "at",
        Loss.REUSED_SEQUENCE: "seq",
    }
    sensor = salvage.name_shown(event.sensor)
    return Refused(key[0], loss, msgspec.json.encode(event), key[1], event.seq, event.seq, sensor, fields.get(loss, ""))
