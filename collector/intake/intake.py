"""Validates what devices send: what is new, repeated, rejected or permanently lost.

In:    payloads as they arrived, how far each stream is stored, the plan, the time.
Out:   the events to store, how far each stream is then stored, gaps, rejections, and the receipts that are due.
Never: sockets, files, clocks.

Only the next expected event of a stream is accepted. The sender goes back and sends again, so nothing is held out of
order. An event that cannot be accepted is rejected alone: it is recorded with its position and counts as covered, so
that the sender drops it and sends what follows. Source: firmware-config/contract.md, version 1.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

import msgspec

from collector.contract.loss_reasons import LossReason
from collector.intake import partial_decode
from collector.intake.partial_decode import BadEvent, PartialMessage
from collector.intake.rejection import RejectedInput, StreamGap
from collector.occupancy.evidence import StoredEvent
from collector.occupancy.space_rules import EVENT_KINDS
from collector.site.site_plan import SitePlan
from edge.contract.message import EventKind, EventsMessage, MessageRejected, SensorEvent, decode_events

KEPT_STREAMS: Final = 100
"""Streams of one device that are kept after their events are erased."""
MAX_STREAMS_PER_DEVICE: Final = 10_000
"""Most streams of one device. A stream begins with a new outbox, so a device with this many is broken."""

StreamKey = tuple[str, str]
"""Device and stream."""


class IncomingMessage(NamedTuple):
    """One message as it arrived; `device` comes from its topic, which the broker has authorised."""

    device: str
    payload: bytes


class RepeatedEvent(NamedTuple):
    """An event with a sequence number that is already covered: it was stored, or lies in a gap."""

    device: str
    stream: str
    seq: int
    payload: bytes
    """The payload as a rejection of this event would store it."""
    event: StoredEvent | None
    """None: the event is invalid, so it was never stored."""
    synchronised: bool = True


IsKnown = Callable[[RepeatedEvent], bool]
"""Whether a repeated event equals the stored event with its sequence number.

If the stored event may have been erased by retention, the two cannot be compared, and the repeat counts as known."""


def assume_known(_: RepeatedEvent) -> bool:
    """For a caller without stored events to compare with."""
    return True


@dataclass(slots=True)
class IntakeResult:
    """The outcome of one batch."""

    accepted: list[StoredEvent] = field(default_factory=list)
    """Events to store and to evaluate, in the order of their arrival."""
    undated: list[StoredEvent] = field(default_factory=list)
    """Events to store only: their device's clock was never right, so they change no state."""
    stored_up_to: dict[StreamKey, int] = field(default_factory=dict)
    """For each stream that advanced: every event up to this number is now stored, or in a gap."""
    receipts_due: dict[StreamKey, int] = field(default_factory=dict)
    """For each stream in the batch: the number that its receipt must carry."""
    gaps: list[StreamGap] = field(default_factory=list)
    rejected: list[RejectedInput] = field(default_factory=list)
    last_too_old_index: int = -1
    """The index in `rejected` of the last run of events that are too old."""
    newest_ms: dict[str, int] = field(default_factory=dict)
    """For each device with a synchronised clock: the latest time of a new event."""
    held_devices: set[str] = field(default_factory=set)
    """Devices with an event from the future that was neither accepted nor rejected: they keep it."""


SensorBounds = Mapping[EventKind, tuple[float, float]]
"""The kinds that one sensor may send, each with the lowest and the highest value allowed."""


class AllowedKinds:
    """Which kinds and values each sensor of a plan may send."""

    def __init__(self, plan: SitePlan) -> None:
        self._sensors: dict[str, dict[str, SensorBounds]] = {device: {} for device in plan.device_ids}
        for sensor in plan.sensors:
            self._sensors[sensor.device][sensor.id] = _bounds(EVENT_KINDS[sensor.kind])

    def __contains__(self, device: str) -> bool:
        return device in self._sensors

    def find_sensor_bounds(self, device: str) -> Mapping[str, SensorBounds]:
        """The bounds of each sensor of a device; empty: the plan does not have the device."""
        return self._sensors.get(device, {})


def _bounds(kinds: Collection[EventKind]) -> SensorBounds:
    """The bounds of each kind. A heartbeat repeats a level of the sensor's own kinds, so it has their bounds."""
    bounds = {kind: (kind.low, kind.high) for kind in (*kinds, EventKind.BATTERY_PCT)}
    bounds[EventKind.HEARTBEAT] = min(kind.low for kind in kinds), max(kind.high for kind in kinds)
    return bounds


class IntakeLimits(NamedTuple):
    """What is accepted now."""

    allowed_kinds: AllowedKinds
    oldest_ms: int
    """Events from before this moment are too old."""
    latest_ms: int
    """Events from after this moment come from a wrong clock."""
    holds_future: bool = False
    """Whether the wrong clock may be this machine's.

    If so, an event after `latest_ms` is neither accepted nor rejected: it and the later events of its stream stay in
    the outbox of their device."""


def process_messages(
    messages: Iterable[IncomingMessage],
    stored: Mapping[StreamKey, int],
    limits: IntakeLimits,
    is_known: IsKnown = assume_known,
) -> IntakeResult:
    """Process one batch.

    Args:
        messages: messages in the order of their arrival.
        stored: how far each known stream is stored; a missing stream is new.
        limits: what is accepted now.
        is_known: compares a repeated event with what is stored.

    Returns:
        What to store, what is rejected, and the receipts that are due once it is stored.
    """
    result = IntakeResult()
    batch = _Batch(result, stored, is_known)
    for device, payload in messages:
        try:
            _process_message(decode_events(payload), device, payload, batch, limits)
        except MessageRejected:
            _process_salvaged(device, payload, batch, limits)
    return result


class _Batch:
    """State of one batch in progress: what was stored before, and what the batch itself has added."""

    def __init__(self, result: IntakeResult, stored: Mapping[StreamKey, int], is_known: IsKnown) -> None:
        self.result = result
        self.stored = stored
        self._is_known = is_known
        self._accepted: dict[tuple[str, str, int], tuple[StoredEvent, bool]] = {}
        self._refused: dict[tuple[str, str, int], set[bytes]] = {}
        self._indexed = (0, 0, 0)

    @cached_property
    def stream_counts(self) -> Counter[str]:
        """How many streams of each device are stored; counted at most once per batch."""
        return Counter(device for device, _ in self.stored)

    def find_covered(self, key: StreamKey) -> int | None:
        """How far a stream is covered now; None: it is new."""
        covered = self.result.receipts_due.get(key)
        return self.stored.get(key) if covered is None else covered

    def is_known(self, repeat: RepeatedEvent) -> bool:
        """Whether a repeated event is the one that has its sequence number."""
        self._update_index()
        key = repeat[:3]
        refused = self._refused.get(key, ())
        if repeat.seq <= self.stored.get(key[:2], 0):
            return repeat.payload in refused or self._is_known(repeat)
        if taken := self._accepted.get(key):
            return taken == (repeat.event, repeat.synchronised) or repeat.payload in refused
        return not refused or repeat.payload in refused  # a plain gap of this batch: nothing to compare with

    def _update_index(self) -> None:
        """Index what this batch added by sequence number. Called lazily: few batches repeat their own events."""
        result, (dated, undated, refused) = self.result, self._indexed
        new_events = [(event, True) for event in result.accepted[dated:]]
        new_events += [(event, False) for event in result.undated[undated:]]
        self._accepted |= {(event.device, event.stream, event.seq): (event, sync) for event, sync in new_events}
        for one in result.rejected[refused:]:
            if one.payload and one.first == one.last:
                self._refused.setdefault((one.device, one.stream, one.first), set()).add(one.payload)
        self._indexed = len(result.accepted), len(result.undated), len(result.rejected)


def _process_salvaged(device: str, payload: bytes, batch: _Batch, limits: IntakeLimits) -> None:
    """Accept what is valid in a message that breaks the contract."""
    opened = partial_decode.decode_partially(payload)
    covered = None if opened is None else batch.find_covered((device, opened.stream))
    message = None if opened is None else opened.assign_seqs((covered or 0) + 1)
    if opened is None or message is None:
        field = "stream" if opened is None else "seq"
        batch.result.rejected.append(RejectedInput(device, LossReason.UNREADABLE, payload, field=field))
        return
    for name in message.faults:
        batch.result.rejected.append(RejectedInput(device, LossReason.BAD_MESSAGE, b"", message.stream, field=name))
    _process_message(message, device, payload, batch, limits)


def _process_message(
    message: EventsMessage | PartialMessage, device: str, payload: bytes, batch: _Batch, limits: IntakeLimits
) -> None:
    key = device, message.stream
    covered = batch.find_covered(key)
    if covered is None:
        if why := _stream_rejection(device, batch, limits.allowed_kinds):
            batch.result.rejected.append(RejectedInput(device, why, payload, message.stream))
            return
        covered = 0
    batch.result.receipts_due[key] = _process_next(message, key, covered, batch, limits)


def _stream_rejection(device: str, batch: _Batch, allowed_kinds: AllowedKinds) -> LossReason | None:
    """Why a new stream is not accepted; None: it is accepted."""
    if device not in allowed_kinds:
        return LossReason.UNKNOWN_DEVICE
    if batch.stream_counts[device] >= MAX_STREAMS_PER_DEVICE:
        return LossReason.TOO_MANY_STREAMS
    return None


def _process_next(
    message: EventsMessage | PartialMessage, key: StreamKey, covered: int, batch: _Batch, limits: IntakeLimits
) -> int:
    """Accept the next events of a stream; return how far it is then covered."""
    device, stream = key
    events, result = message.events, batch.result
    if message.oldest > covered + 1:  # events in between left the outbox before they were stored
        result.gaps.append(StreamGap(device, stream, covered + 1, message.oldest - 1, LossReason.DROPPED))
        covered = result.stored_up_to[key] = message.oldest - 1
    skip = covered + 1 - events[0].seq
    if skip < 0:  # a hole: repeat the receipt, and the sender goes back
        return covered
    if skip:
        _reject_changed_repeats(events[:skip], key, batch)
    if skip >= len(events):  # all events are known
        return covered
    return _advance(_accept_events(events[skip:] if skip else events, key, result, limits), key, covered, result)


def _accept_events(
    events: Sequence[SensorEvent | BadEvent], key: StreamKey, result: IntakeResult, limits: IntakeLimits
) -> int:
    """Accept or reject the events in order; return the `seq` of the last one that was accepted or rejected.

    Processing stops at an event from the future that the device must keep (`IntakeLimits.holds_future`).

    This runs for every event of every message, so the path of an accepted event has no function call.
    """
    device, stream = key
    sensors = limits.allowed_kinds.find_sensor_bounds(device)
    accept, oldest_ms, latest_ms = result.accepted.append, limits.oldest_ms, limits.latest_ms
    newest_ms = result.newest_ms.get(device, 0)
    for event in events:
        if isinstance(event, BadEvent):
            _reject(event, key, event.reason, result)
            continue
        bounds = sensors.get(event.sensor)
        if bounds is None or event.kind not in bounds:
            _reject(event, key, LossReason.UNKNOWN_SENSOR if bounds is None else LossReason.UNFIT_KIND, result)
            continue
        low, high = bounds[event.kind]
        if not low <= event.value <= high:
            _reject(event, key, LossReason.BAD_VALUE, result)
            continue
        at_ms = event.at_ms
        event_row = StoredEvent(at_ms, device, stream, event.seq, event.sensor, event.kind, event.value)
        if not event.synchronised:
            result.undated.append(event_row)
            continue
        if at_ms > newest_ms:
            newest_ms = result.newest_ms[device] = at_ms
        if oldest_ms <= at_ms <= latest_ms:
            accept(event_row)
        elif at_ms > latest_ms and limits.holds_future:
            result.held_devices.add(device)
            return event.seq - 1
        else:
            _reject(event, key, LossReason.TOO_OLD if at_ms < oldest_ms else LossReason.FUTURE, result)
    return events[-1].seq


def _advance(seq: int, key: StreamKey, covered: int, result: IntakeResult) -> int:
    """Advance how far a stream is covered, if needed; return it."""
    if seq > covered:
        result.stored_up_to[key] = seq
    return max(seq, covered)


def _reject_changed_repeats(events: Sequence[SensorEvent | BadEvent], key: StreamKey, batch: _Batch) -> None:
    """Reject events that differ from the first event with their sequence number, which stays as it is."""
    device, stream = key
    for event in events:
        if isinstance(event, BadEvent):
            repeat = RepeatedEvent(device, stream, event.seq, event.payload, None)
        else:
            event_row = StoredEvent(event.at_ms, device, stream, event.seq, event.sensor, event.kind, event.value)
            repeat = RepeatedEvent(device, stream, event.seq, msgspec.json.encode(event), event_row, event.synchronised)
        if not batch.is_known(repeat):
            batch.result.rejected.append(_make_rejection(event, key, LossReason.REUSED_SEQUENCE))


def _reject(event: SensorEvent | BadEvent, key: StreamKey, loss: LossReason, result: IntakeResult) -> None:
    """Record one rejected event: its number in the gaps, and its content in the rejections.

    Consecutive events that are too old are one gap; their content is not recorded.
    """
    device, stream = key
    last = result.gaps[-1] if result.gaps else None
    follows = last is not None and last[:2] == key and last.last == event.seq - 1 and last.reason is loss
    if last is not None and follows:
        result.gaps[-1] = last._replace(last=event.seq)
    else:
        result.gaps.append(StreamGap(device, stream, event.seq, event.seq, loss))
    if loss is not LossReason.TOO_OLD:
        result.rejected.append(_make_rejection(event, key, loss))
    elif not follows:
        result.last_too_old_index = len(result.rejected)
        result.rejected.append(RejectedInput(device, loss, b"", stream, event.seq, event.seq))
    else:
        result.rejected[result.last_too_old_index] = result.rejected[result.last_too_old_index]._replace(last=event.seq)


def _make_rejection(event: SensorEvent | BadEvent, key: StreamKey, loss: LossReason) -> RejectedInput:
    """A rejected event with its position; `loss` is the reason unless the event itself states one."""
    if isinstance(event, BadEvent):
        return RejectedInput(
            *key[:1], event.reason, event.payload, key[1], event.seq, event.seq, event.sensor, event.field
        )
    fields = {
        LossReason.UNKNOWN_SENSOR: "sensor",
        LossReason.UNFIT_KIND: "kind",
        LossReason.BAD_VALUE: "value",
        LossReason.FUTURE: "at",
        LossReason.REUSED_SEQUENCE: "seq",
    }
    sensor = partial_decode.sanitise_name(event.sensor)
    return RejectedInput(
        key[0], loss, msgspec.json.encode(event), key[1], event.seq, event.seq, sensor, fields.get(loss, "")
    )
