"""Which input from devices is accepted, and what is recorded about the rest."""

import json
import sys
from collections.abc import Iterator
from types import FrameType

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from collector.contract.loss_reasons import LossReason
from collector.intake import partial_decode
from collector.intake.intake import (
    MAX_STREAMS_PER_DEVICE,
    AllowedKinds,
    IncomingMessage,
    IntakeLimits,
    IntakeResult,
    RepeatedEvent,
    StreamKey,
    process_messages,
)
from collector.intake.rejection import RejectedInput, StreamGap
from edge.contract.message import MAX_PAYLOAD_BYTES, EventKind, SensorEvent, decode_events
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, message, motion, motions

LIMITS = IntakeLimits(AllowedKinds(build_desk_plan(2)), NOON_MS - HOUR_MS, NOON_MS + HOUR_MS)
S = ("pi-1", "s")


def process(*payloads: bytes, stored: dict[StreamKey, int] | None = None, device: str = "pi-1") -> IntakeResult:
    return process_messages([IncomingMessage(device, payload) for payload in payloads], stored or {}, LIMITS)


def seqs(result: IntakeResult) -> list[int]:
    return [event.seq for event in result.accepted]


def test_a_new_stream_begins_at_its_first_event() -> None:
    result = process(motions([1, 2]))
    assert seqs(result) == [1, 2]
    assert (result.stored_up_to, result.receipts_due, result.gaps) == ({S: 2}, {S: 2}, [])


def test_a_repeated_event_is_dropped_and_gets_a_receipt() -> None:
    result = process(motions([1, 2, 3]), stored={S: 2})
    assert (seqs(result), result.stored_up_to) == ([3], {S: 3})
    result = process(motions([1, 2]), stored={S: 2})
    assert (seqs(result), result.stored_up_to, result.receipts_due, result.rejected) == ([], {}, {S: 2}, [])


def test_nothing_beyond_a_hole_is_accepted_and_the_receipt_is_repeated() -> None:
    result = process(motions([4, 5]), stored={S: 2})
    assert (seqs(result), result.stored_up_to, result.receipts_due, result.gaps) == ([], {}, {S: 2}, [])


def test_events_that_left_the_outbox_unstored_are_an_exact_gap() -> None:
    result = process(motions([7, 8], oldest=6), motions([6, 7, 8], oldest=6), stored={S: 2})
    assert result.gaps == [StreamGap("pi-1", "s", 3, 5, LossReason.DROPPED)]
    assert (seqs(result), result.stored_up_to) == ([6, 7, 8], {S: 8})


def test_a_future_event_stays_with_its_device_while_the_collectors_clock_may_be_wrong() -> None:
    events = [motion(1), motion(2, NOON_MS + 2 * HOUR_MS), motion(3)]
    uncertain = LIMITS._replace(holds_future=True)
    result = process_messages([IncomingMessage("pi-1", message(events))], {}, uncertain)
    assert (seqs(result), result.receipts_due, result.gaps, result.rejected) == ([1], {S: 1}, [], [])
    assert (result.held_devices, result.newest_ms) == ({"pi-1"}, {"pi-1": NOON_MS + 2 * HOUR_MS})
    again = process_messages([IncomingMessage("pi-1", message(events[1:]))], result.stored_up_to, uncertain)
    assert (again.stored_up_to, again.receipts_due, again.gaps) == ({}, {S: 1}, [])
    later = process_messages(
        [IncomingMessage("pi-1", message(events[1:]))],
        result.stored_up_to,
        LIMITS._replace(latest_ms=NOON_MS + 3 * HOUR_MS),
    )
    assert (seqs(later), later.stored_up_to, later.gaps) == ([2, 3], {S: 3}, [])


@pytest.mark.parametrize(
    ("event", "loss"),
    [
        (motion(2, sensor="desk-9-pir"), LossReason.UNKNOWN_SENSOR),
        (motion(2, NOON_MS - 2 * HOUR_MS), LossReason.TOO_OLD),
        (motion(2, NOON_MS + 2 * HOUR_MS), LossReason.FUTURE),
        (
            SensorEvent(seq=2, sensor="desk-0-pir", at_ms=NOON_MS, kind=EventKind.CO2_PPM, value=400),
            LossReason.UNFIT_KIND,
        ),
        (
            SensorEvent(seq=2, sensor="desk-0-pir", at_ms=NOON_MS, kind=EventKind.HEARTBEAT, value=65535),
            LossReason.BAD_VALUE,
        ),
    ],
)
def test_one_bad_event_is_rejected_alone_and_recorded_exactly(event: SensorEvent, loss: LossReason) -> None:
    result = process(message([motion(1), event, motion(3)]))
    assert (seqs(result), result.stored_up_to) == ([1, 3], {S: 3})
    assert result.gaps == [StreamGap("pi-1", "s", 2, 2, loss)]
    assert [refused.reason for refused in result.rejected] == [loss]


@pytest.mark.parametrize(
    ("event", "loss", "field"),
    [
        (motion(2, sensor="desk-9-pir"), LossReason.UNKNOWN_SENSOR, "sensor"),
        (motion(2, NOON_MS + 2 * HOUR_MS), LossReason.FUTURE, "at"),
        (
            SensorEvent(seq=2, sensor="desk-0-pir", at_ms=NOON_MS, kind=EventKind.HEARTBEAT, value=65535),
            LossReason.BAD_VALUE,
            "value",
        ),
    ],
)
def test_a_rejection_has_the_event_its_position_its_sensor_and_the_wrong_field(
    event: SensorEvent, loss: LossReason, field: str
) -> None:
    result = process(message([motion(1), event, motion(3)]))
    payload = msgspec.json.encode(event)
    assert result.rejected == [RejectedInput("pi-1", loss, payload, "s", 2, 2, event.sensor, field)]


def test_values_at_their_limits_are_accepted() -> None:
    assert seqs(process(message([motion(1), replace(motion(2), value=0), replace(motion(3), value=1)]))) == [1, 2, 3]


def test_the_newest_time_of_a_device_is_that_of_all_its_messages() -> None:
    result = process(message([motion(1, NOON_MS + 5)]), message([motion(2, NOON_MS)]))
    assert result.newest_ms == {"pi-1": NOON_MS + 5}


def test_events_at_the_limits_of_time_are_accepted() -> None:
    assert seqs(process(message([motion(1, LIMITS.oldest_ms), motion(2, LIMITS.latest_ms)]))) == [1, 2]


def test_one_event_that_left_the_outbox_is_a_gap() -> None:
    result = process(motions([2], oldest=2))
    assert (result.gaps, seqs(result)) == ([StreamGap("pi-1", "s", 1, 1, LossReason.DROPPED)], [2])


def test_a_heartbeat_has_the_bounds_of_its_sensors_kinds() -> None:
    bounds = AllowedKinds(build_desk_plan(1)).find_sensor_bounds("pi-1")
    assert bounds["desk-0-pir"] == {
        EventKind.MOTION: (0, 1),
        EventKind.BATTERY_PCT: (0, 100),
        EventKind.HEARTBEAT: (0, 1),
    }
    assert bounds["entrance-beams"][EventKind.HEARTBEAT] == (-1, 1)


def test_the_stream_of_a_device_that_left_the_plan_advances_without_its_events() -> None:
    result = process(motions([2]), stored={("pi-9", "s"): 1}, device="pi-9")
    assert (result.receipts_due, seqs(result)) == ({("pi-9", "s"): 2}, [])
    assert result.gaps == [StreamGap("pi-9", "s", 2, 2, LossReason.UNKNOWN_SENSOR)]


def test_consecutive_events_rejected_for_one_reason_are_one_gap() -> None:
    result = process(message([motion(n, NOON_MS - 2 * HOUR_MS) for n in (1, 2, 3)]))
    assert result.gaps == [StreamGap("pi-1", "s", 1, 3, LossReason.TOO_OLD)]


def test_an_event_without_a_trusted_clock_is_stored_and_not_evaluated() -> None:
    lost = SensorEvent(seq=1, sensor="desk-0-pir", at_ms=0, kind=EventKind.MOTION, value=1, synchronised=False)
    result = process(message([lost, motion(2)]))
    assert (seqs(result), [event.seq for event in result.undated], result.gaps) == ([2], [1], [])


def test_a_changed_repeat_of_an_event_without_a_trusted_clock_is_rejected() -> None:
    lost = SensorEvent(seq=1, sensor="desk-0-pir", at_ms=0, kind=EventKind.MOTION, value=1, synchronised=False)
    assert process(message([lost]), message([lost])).rejected == []
    result = process(message([lost]), message([replace(lost, value=0)]))
    assert [refused.reason for refused in result.rejected] == [LossReason.REUSED_SEQUENCE]


def test_a_device_can_send_for_its_own_sensors_only() -> None:
    allowed_kinds = AllowedKinds(build_desk_plan(2, devices=2))  # desk-1-pir hangs on pi-2
    result = process_messages(
        [IncomingMessage("pi-1", message([motion(1, sensor="desk-1-pir")]))],
        {},
        LIMITS._replace(allowed_kinds=allowed_kinds),
    )
    assert result.gaps[0].reason is LossReason.UNKNOWN_SENSOR


def test_an_unknown_device_gets_no_receipt_and_no_stream() -> None:
    result = process(motions([1]), device="pi-9")
    assert (result.receipts_due, result.stored_up_to) == ({}, {})
    assert result.rejected[0].reason is LossReason.UNKNOWN_DEVICE


def test_the_streams_of_a_device_are_limited() -> None:
    known = {("pi-1", f"s{n}"): 1 for n in range(MAX_STREAMS_PER_DEVICE)}
    result = process(motions([1], stream="one-more"), stored=known)
    assert result.receipts_due == {}
    assert result.rejected[0].reason is LossReason.TOO_MANY_STREAMS


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b"", "stream"),
        (b"{", "stream"),
        (b"[" * 60_000, "stream"),
        (b'{"stream": 1}', "stream"),
        (b'{"stream":"s"', "stream"),
        (b'{"stream":"s","oldest":1,"events":"\\"seq\\":1"}', "seq"),
        (b'{"stream":"\\ud800","oldest":1,"events":[{"seq":1}]}', "stream"),
        (b'{"stream":"s","oldest":1,"events":[]}', "seq"),
        (b'{"stream":"s","oldest":1,"events":[{"seq":0},{"seq":-1},{"seq":true},3]}', "seq"),
        (b'{"stream":"s","oldest":1,"events":[{"seq":' + b"9" * 5000 + b',"sensor":"x"}]}', "seq"),
        ('{"stream":"s","oldest":1,"events":[{"seq":"\u0662"}]}'.encode(), "seq"),
    ],
)
def test_a_message_without_stream_or_seq_is_recorded_and_gets_no_receipt(payload: bytes, field: str) -> None:
    result = process(payload)
    assert result.rejected == [RejectedInput("pi-1", LossReason.UNREADABLE, payload, field=field)]
    assert (result.receipts_due, result.stored_up_to, result.gaps, result.accepted) == ({}, {}, [], [])


def raw(seq: object, **other: object) -> dict[str, object]:
    """An event as JSON; a key with `...` is left out."""
    event = {"seq": seq, "sensor": "desk-0-pir", "at": NOON_MS, "kind": "motion", "value": 1} | other
    return {key: value for key, value in event.items() if value is not ...}


def wire(*events: object, **other: object) -> bytes:
    return json.dumps({"stream": "s", "oldest": 1, "events": events} | other).encode()


INVALID = [
    ({"value": 5}, LossReason.BAD_VALUE, "value"),
    ({"value": True}, LossReason.BAD_VALUE, "value"),
    ({"value": "1"}, LossReason.BAD_VALUE, "value"),
    ({"value": None}, LossReason.BAD_VALUE, "value"),
    ({"value": float("nan")}, LossReason.BAD_VALUE, "value"),
    ({"value": float("inf")}, LossReason.BAD_VALUE, "value"),
    ({"value": 10**400}, LossReason.BAD_VALUE, "value"),
    ({"value": ...}, LossReason.BAD_FIELD, "value"),
    ({"kind": "radon_bq"}, LossReason.UNKNOWN_KIND, "kind"),
    ({"kind": 7}, LossReason.BAD_FIELD, "kind"),
    ({"kind": "co2_ppm", "value": 400}, LossReason.UNFIT_KIND, "kind"),
    ({"sensor": "desk-99-pir"}, LossReason.UNKNOWN_SENSOR, "sensor"),
    ({"sensor": ""}, LossReason.BAD_FIELD, "sensor"),
    ({"sensor": 14}, LossReason.BAD_FIELD, "sensor"),
    ({"sensor": "\ud800"}, LossReason.BAD_FIELD, "sensor"),
    ({"sensor": "x" * 65}, LossReason.BAD_FIELD, "sensor"),
    ({"at": -1}, LossReason.BAD_FIELD, "at"),
    ({"at": NOON_MS + 0.5}, LossReason.BAD_FIELD, "at"),
    ({"at": "2026-11-30T12:00:00Z"}, LossReason.BAD_FIELD, "at"),
    ({"at": ...}, LossReason.BAD_FIELD, "at"),
    ({"at": 0}, LossReason.TOO_OLD, ""),
    ({"at": NOON_MS + 2 * HOUR_MS}, LossReason.FUTURE, "at"),
    ({"sync": 1}, LossReason.BAD_FIELD, "sync"),
    ({"unit": "ppm"}, LossReason.BAD_FIELD, "unit"),
    ({"sensor": "x" * 64, "unit": "ppm"}, LossReason.BAD_FIELD, "unit"),
    ({"\x1b[31m\nroot: logged in": 1}, LossReason.BAD_FIELD, "?"),
]


@pytest.mark.parametrize(("wrong", "loss", "name"), INVALID)
def test_an_invalid_event_is_rejected_with_its_position_and_blocks_nothing(
    wrong: dict[str, object], loss: LossReason, name: str
) -> None:
    result = process(wire(raw(1), raw(2, **wrong), raw(3)))
    assert (seqs(result), result.stored_up_to, result.receipts_due) == ([1, 3], {S: 3}, {S: 3})
    assert result.gaps == [StreamGap("pi-1", "s", 2, 2, loss)]
    (refused,) = result.rejected
    assert (refused.stream, refused.first, refused.last, refused.reason, refused.field) == ("s", 2, 2, loss, name)
    assert refused.position_text.isprintable()
    alone = process(wire(raw(1, **wrong)))
    assert (alone.stored_up_to, [gap.reason for gap in alone.gaps]) == ({S: 1}, [loss])


@pytest.mark.parametrize(
    ("item", "wrong", "payload"),
    [
        (raw(2, value=5), (LossReason.BAD_VALUE, "desk-0-pir", "value"), json.dumps(raw(2, value=5)).replace(" ", "")),
        (raw(2, sensor=14), (LossReason.BAD_FIELD, "", "sensor"), json.dumps(raw(2, sensor=14)).replace(" ", "")),
        ([1, 2], (LossReason.BAD_FIELD, "", ""), "[1,2]"),
        ("\ud800", (LossReason.BAD_FIELD, "", ""), "?"),
    ],
)
def test_an_invalid_event_is_recorded_as_compact_json(
    item: object, wrong: tuple[LossReason, str, str], payload: str
) -> None:
    reason, sensor, field = wrong
    result = process(wire(raw(1), item, raw(3)))
    assert result.rejected == [RejectedInput("pi-1", reason, payload.encode(), "s", 2, 2, sensor, field)]


def test_an_unknown_device_is_recorded_with_the_payload_of_its_invalid_message() -> None:
    payload = wire(raw(1, value=5))
    assert process(payload, device="pi-9").rejected == [RejectedInput("pi-9", LossReason.UNKNOWN_DEVICE, payload, "s")]


def test_an_unknown_device_is_recorded_with_the_payload_of_its_valid_message() -> None:
    payload = motions([1])
    assert process(payload, device="pi-9").rejected == [RejectedInput("pi-9", LossReason.UNKNOWN_DEVICE, payload, "s")]


def test_an_invalid_message_loses_no_event_between_its_oldest_and_its_first() -> None:
    result = process(wire(raw(7), raw(8, value=5), oldest=6), stored={S: 2})
    assert result.gaps == [StreamGap("pi-1", "s", 3, 5, LossReason.DROPPED)]
    assert (result.receipts_due, seqs(result)) == ({S: 5}, [])


def test_a_byte_order_mark_is_no_fault() -> None:
    assert process(b"\xef\xbb\xbf" + motions([1])).rejected == []


def test_a_message_at_the_limits_of_the_contract_has_no_fault() -> None:
    empty = wire(raw(1), pad="")
    longest = process(wire(raw(1), pad="x" * (MAX_PAYLOAD_BYTES - len(empty))))
    assert [refused.field for refused in longest.rejected] == ["pad"]
    most = process(json.dumps({"stream": "s", "oldest": 1, "events": [{"seq": n} for n in range(1, 1001)]}).encode())
    assert [refused for refused in most.rejected if not refused.first] == []
    newest = process(wire(raw(2**53 - 1), oldest=2**53 - 1, version=2), stored={S: 2**53 - 2})
    assert [refused.field for refused in newest.rejected] == ["version"]


def test_a_single_event_in_place_of_the_list_is_accepted() -> None:
    result = process(json.dumps({"stream": "s", "oldest": 1, "events": raw(1)}).encode())
    assert seqs(result) == [1]
    assert result.rejected == [RejectedInput("pi-1", LossReason.BAD_MESSAGE, b"", "s", field="events")]


@pytest.mark.parametrize(("seq", "covered"), [("2", 1), (2**53 - 1, 2**53 - 2)])
def test_a_seq_as_text_and_the_highest_seq_are_readable(seq: object, covered: int) -> None:
    result = process(wire(raw(seq, value=5), oldest=covered), stored={S: covered})
    assert result.stored_up_to == {S: covered + 1}


@pytest.mark.parametrize(
    ("numbers", "covered", "accepted"), [([8, 3, 4], 2, [3, 4]), ([8, 1], 0, [1]), ([1, 4], 2, [4])]
)
def test_of_contradictory_seqs_those_that_continue_the_stream_count(
    numbers: list[int], covered: int, accepted: list[int]
) -> None:
    result = process(wire(*map(raw, numbers)), stored={S: covered} if covered else {})
    assert (seqs(result), result.stored_up_to) == (accepted, {S: accepted[-1]})


def test_positions_before_the_first_possible_event_are_recorded_as_a_fault_of_the_message() -> None:
    result = process(wire(raw(8), raw(1)))
    assert result.rejected == [RejectedInput("pi-1", LossReason.BAD_MESSAGE, b"", "s", field="seq")]


@pytest.mark.parametrize("seq", [None, ..., "2", 2.0, 2.5, 0, -2, 2**53, "two", 10**30, True, 1, 9])
def test_an_event_with_a_wrong_seq_is_rejected_at_its_position(seq: object) -> None:
    result = process(wire(raw(1), raw(seq), raw(3)))
    assert (seqs(result), result.stored_up_to) == ([1, 3], {S: 3})
    assert [(gap.first, gap.last) for gap in result.gaps] == [(2, 2)]
    assert result.rejected[0].field == "seq"


@pytest.mark.parametrize("numbers", [[1, 5, 6, 7], [1, 2, 9, 10], [2**52, 1, 2, 3], [3, 2, 1], [1, 1, 2]])
def test_contradictory_seqs_do_not_stop_a_stream(numbers: list[int]) -> None:
    """The sender repeats what no receipt covers, until everything is covered."""
    stored: dict[StreamKey, int] = {}
    gone: list[int] = []
    stays = list(numbers)
    for _ in range(10):
        result = process(wire(*(raw(seq) for seq in stays), oldest=min(stays)), stored=stored)
        stored |= result.stored_up_to
        gone += [seq for gap in result.gaps for seq in range(gap.first, gap.last + 1)]
        gone += seqs(result)
        stays = [seq for seq in stays if seq > stored[S]]
        if not stays or stays == [2**52]:
            break
    assert sorted(gone) == list(range(1, stored[S] + 1))
    assert stored[S] >= 3


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ({"oldest": 0}, "oldest"),
        ({"oldest": "1"}, "oldest"),
        ({"oldest": True}, "oldest"),
        ({"oldest": None}, "oldest"),
        ({"version": 2}, "version"),
        ({"\n": 2}, "?"),
    ],
)
def test_a_message_with_one_wrong_key_still_delivers_its_events(other: dict[str, object], name: str) -> None:
    result = process(wire(raw(1), raw(2), **other))
    assert (seqs(result), result.stored_up_to) == ([1, 2], {S: 2})
    assert result.rejected == [RejectedInput("pi-1", LossReason.BAD_MESSAGE, b"", "s", field=name)]


def test_an_oldest_above_the_first_event_is_corrected() -> None:
    result = process(wire(raw(1), raw(2), oldest=2))
    assert (seqs(result), result.gaps) == ([1, 2], [])


@pytest.mark.parametrize(
    ("payload", "numbers"),
    [
        (motions([1, 2, 3])[:-30], [1, 2]),
        (motions([1, 2, 3]) + b"}}", [1, 2, 3]),
        (b"\xef\xbb\xbf" + motions([1, 2]), [1, 2]),
        (motions([1, 2, 3]).replace(b'"value":1', b'"value":', 1), [2, 3]),
        (motions([1, 2, 3]).replace(b'"value":1', b'"value":{"a":{"seq":9}', 1), [2, 3]),
        (motions([1, 2]).replace(b"desk-0", b"\xff\xfe", 1), [2]),
        (motions([1]) + b"," + motions([2]), [1]),
        (motions(range(1, 400)).replace(b'"value":1', b'"value":9', 1), list(range(2, 400))),
    ],
    ids=[
        "cut off",
        "more behind it",
        "byte order mark",
        "a value is missing",
        "broken inside",
        "no UTF-8",
        "two messages",
        "long",
    ],
)
def test_readable_events_of_a_broken_message_are_accepted(payload: bytes, numbers: list[int]) -> None:
    result = process(payload)
    assert [seq for seq in seqs(result) if seq in numbers] == numbers
    assert result.stored_up_to[S] >= numbers[-1]
    assert result.rejected or payload.startswith(b"\xef\xbb\xbf")


def broken(*events: str) -> bytes:
    """A message that is not JSON: its end is missing."""
    return ('{"stream":"s","oldest":1,"events":[' + ",".join(events)).encode()


@pytest.mark.parametrize("numbers", [[1, 3], [1, 4], [1, 3, 5], [1, 4, 6]])
def test_positions_without_a_readable_seq_in_a_broken_message_are_exact_gaps(numbers: list[int]) -> None:
    result = process(broken(*(json.dumps(raw(n)) if n in numbers else "{oops}" for n in range(1, numbers[-1] + 1))))
    gone = [n for n in range(1, numbers[-1]) if n not in numbers]
    assert (seqs(result), result.stored_up_to) == (numbers, {S: numbers[-1]})
    assert [n for gap in result.gaps for n in range(gap.first, gap.last + 1)] == gone
    empty = [RejectedInput("pi-1", LossReason.BAD_FIELD, b"", "s", n, n) for n in gone]
    assert result.rejected == [RejectedInput("pi-1", LossReason.BAD_MESSAGE, b"", "s", field="events"), *empty]


@pytest.mark.parametrize(("numbers", "covered"), [([1, 1001], 1000), ([1, 1002], 2), ([1, 900, 1800], 1000)])
def test_a_broken_message_covers_at_most_the_positions_of_a_valid_one(numbers: list[int], covered: int) -> None:
    assert process(broken(*(json.dumps(raw(n)) for n in numbers))).stored_up_to == {S: covered}


def test_a_broken_message_states_what_left_the_outbox() -> None:
    payload = motions([7, 8], oldest=6)[:-2]
    result = process(payload, stored={S: 2})
    assert (result.receipts_due, result.gaps) == ({S: 5}, [StreamGap("pi-1", "s", 3, 5, LossReason.DROPPED)])
    without = process(payload.replace(b'"oldest":6,', b""), stored={S: 6})
    assert (seqs(without), without.gaps) == ([7, 8], [])


def test_an_event_that_is_not_json_is_recorded_with_its_own_text() -> None:
    wrong = '{"seq":1,"value":}'
    result = process(broken(wrong, json.dumps(raw(2))))
    assert [(refused.first, refused.payload) for refused in result.rejected if refused.first] == [
        (1, wrong.encode() + b",")
    ]
    alone = process(broken(wrong))
    assert [refused.payload for refused in alone.rejected if refused.first] == [wrong.encode()]


def test_an_event_behind_a_superfluous_brace_is_accepted() -> None:
    assert seqs(process(broken("{" + json.dumps(raw(1)), json.dumps(raw(2))))) == [1, 2]


def test_too_many_events_are_accepted_up_to_the_limit() -> None:
    result = process(b'{"stream":"s","oldest":1,"events":[' + b",".join([b'{"seq":1}'] * 1002) + b"]}")
    assert result.stored_up_to == {S: 1000}
    assert (LossReason.BAD_MESSAGE, "events") in {(one.reason, one.field) for one in result.rejected}


def test_an_oversized_message_is_accepted_up_to_the_limit() -> None:
    result = process(wire(*(raw(n, at=NOON_MS + n, sensor="desk-0-pir") for n in range(1, 1001))))
    assert result.stored_up_to[S] > 500
    assert seqs(result) == list(range(1, result.stored_up_to[S] + 1))
    assert {"size"} <= {refused.field for refused in result.rejected}


def test_a_single_truncated_event_is_rejected_because_it_can_never_be_sent() -> None:
    result = process(motions([1])[:-30])
    assert (result.stored_up_to, [refused.first for refused in result.rejected if refused.first]) == ({S: 1}, [1])


EVENTS = st.lists(
    st.builds(
        SensorEvent,
        seq=st.just(1),
        sensor=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
        at_ms=st.integers(0, 253_402_300_799_999),
        kind=st.sampled_from(EventKind),
        value=st.integers(-2, 2) | st.floats(-100, 100),
        synchronised=st.booleans(),
    ).filter(lambda event: event.kind.low <= event.value <= event.kind.high),
    min_size=1,
    max_size=20,
)


@given(EVENTS, st.integers(1, 2**53 - 21))
def test_partial_decoding_of_a_valid_message_equals_full_decoding(events: list[SensorEvent], first: int) -> None:
    numbered = [replace(event, seq=seq) for seq, event in enumerate(events, first)]
    payload = message(numbered, oldest=first)
    opened = partial_decode.decode_partially(payload)
    assert opened is not None
    placed = opened.assign_seqs(first)
    assert placed is not None
    assert list(placed.events) == decode_events(payload).events
    assert not placed.faults


@settings(max_examples=300)
@given(st.data())
def test_gaps_cover_exactly_the_invalid_events_that_are_not_stored(data: st.DataObject) -> None:
    """Whatever a device sends between valid events, each position is stored once or in one gap with its reason."""
    wrongs = data.draw(
        st.lists(st.none() | st.sampled_from([wrong for wrong, _, _ in INVALID]), min_size=1, max_size=40)
    )
    events = [raw(n, **(wrong or {})) for n, wrong in enumerate(wrongs, 1)]
    cut = data.draw(st.integers(0, len(events)))
    stored: dict[StreamKey, int] = {}
    good: list[int] = []
    lost: list[int] = []
    for part in (events[:cut], events[cut:]):
        if part:
            result = process(wire(*part), stored=stored)
            stored |= result.stored_up_to
            good += seqs(result)
            lost += [seq for gap in result.gaps for seq in range(gap.first, gap.last + 1)]
            named = {seq for one in result.rejected for seq in range(one.first, one.last + 1)}
            assert named == {seq for gap in result.gaps for seq in range(gap.first, gap.last + 1)}
    assert good == [n for n, wrong in enumerate(wrongs, 1) if wrong is None]
    assert sorted(good + lost) == list(range(1, len(events) + 1))
    assert stored == {S: len(events)}


def test_an_identical_repeat_is_dropped_and_a_different_one_is_rejected() -> None:
    result = process(motions([1, 2]), wire(raw(1, at=NOON_MS + 1), raw(2, at=NOON_MS + 2, value=0)))
    assert (seqs(result), result.stored_up_to, result.gaps) == ([1, 2], {S: 2}, [])
    (refused,) = result.rejected
    assert (refused.reason, refused.first, refused.sensor, refused.field) == (
        LossReason.REUSED_SEQUENCE,
        2,
        "desk-0-pir",
        "seq",
    )


def test_a_changed_repeat_of_the_first_event_of_a_batch_is_rejected() -> None:
    result = process(motions([1]), message([motion(1, NOON_MS + 7)]))
    assert [refused.reason for refused in result.rejected] == [LossReason.REUSED_SEQUENCE]


def test_a_repeated_rejected_event_is_rejected_once() -> None:
    result = process(*[wire(raw(1), raw(2, value=5))] * 3)
    assert len(result.rejected) == 1
    result = process(wire(raw(1, value=5)), wire(raw(1)))
    assert [refused.reason for refused in result.rejected] == [LossReason.BAD_VALUE, LossReason.REUSED_SEQUENCE]


def test_each_repeated_event_is_compared_with_what_is_stored() -> None:
    asked: list[RepeatedEvent] = []

    def is_known(repeat: RepeatedEvent) -> bool:
        asked.append(repeat)
        return repeat.seq != 2

    result = process_messages([IncomingMessage("pi-1", motions([1, 2, 3]))], {S: 2}, LIMITS, is_known)
    first, second = (motion(seq, NOON_MS + seq) for seq in (1, 2))
    assert [repeat[:4] for repeat in asked] == [
        (*S, event.seq, msgspec.json.encode(event)) for event in (first, second)
    ]
    assert [(refused.reason, refused.first) for refused in result.rejected] == [(LossReason.REUSED_SEQUENCE, 2)]
    assert seqs(result) == [3]


def test_an_invalid_repeat_is_compared_by_its_payload() -> None:
    asked: list[RepeatedEvent] = []
    payload = wire(raw(1, value=5), raw(2))
    process_messages([IncomingMessage("pi-1", payload)], {S: 2}, LIMITS, lambda repeat: not asked.append(repeat))
    wrong = json.dumps(raw(1, value=5), separators=(",", ":")).encode()
    assert asked[0] == RepeatedEvent("pi-1", "s", 1, wrong, None)


@st.composite
def deliveries(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """(first, last, oldest) of messages as a network may deliver them: lost, repeated, in any order.

    `oldest` may exceed what is stored: the outbox was full.
    """
    found = []
    for _ in range(draw(st.integers(1, 12))):
        first = draw(st.integers(1, 20))
        found.append((first, draw(st.integers(first, first + 5)), draw(st.integers(1, first))))
    return found


@settings(max_examples=500)
@given(deliveries())
def test_every_covered_seq_is_stored_once_or_in_one_gap(arrived: list[tuple[int, int, int]]) -> None:
    stored: dict[StreamKey, int] = {}
    events: list[int] = []
    gone: list[int] = []
    for first, last, oldest in arrived:
        result = process(motions(range(first, last + 1), oldest=oldest), stored=stored)
        stored |= result.stored_up_to
        events += seqs(result)
        gone += [seq for gap in result.gaps for seq in range(gap.first, gap.last + 1)]
        assert result.receipts_due == {S: stored.get(S, 0)}
    assert sorted(events + gone) == list(range(1, stored.get(S, 0) + 1))
    assert events == sorted(events)


@settings(max_examples=300)
@given(st.lists(deliveries(), min_size=1, max_size=3))
def test_one_batch_and_many_batches_give_the_same_result(batches: list[list[tuple[int, int, int]]]) -> None:
    payloads = [motions(range(a, b + 1), oldest=c) for batch in batches for a, b, c in batch]
    together = process(*payloads)
    stored: dict[StreamKey, int] = {}
    apart: list[int] = []
    for payload in payloads:
        result = process(payload, stored=stored)
        stored |= result.stored_up_to
        apart += seqs(result)
    assert (seqs(together), together.stored_up_to) == (apart, stored)


OPENING = '{"stream":"s","oldest":1,"events":['
NESTED = [
    '{"seq":1,"a":[' * 300 + "[]," * 30_000,
    '{"seq":1,"a":[' * 300 + '"",' * 30_000,
    '{"seq":1,"a":[' * 300 + '"' + "x" * 60_000,
    '{"seq":1,"a":[' * 300 + "1," + " " * 60_000,
    '{"s":1,"a":[' * 300 + "[]," * 30_000,
    '{"seq":1,"a":' * 480 + "9" * 60_000,
]


def parsed_chars(payload: bytes) -> int:
    """Upper limit of the characters read by all attempts to parse a payload: each from its start to the text's end."""
    parsed = 0

    def watch(frame: FrameType, event: str, _: object) -> None:
        nonlocal parsed
        if event == "call" and frame.f_code is json.JSONDecoder.raw_decode.__code__:
            parsed += len(frame.f_locals["s"]) - frame.f_locals["idx"]

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        process(payload)
    finally:
        sys.setprofile(before)
    return parsed


@pytest.mark.parametrize("events", NESTED)
def test_nested_objects_cost_a_few_passes_over_the_message(events: str) -> None:
    payload = (OPENING + events).encode()[:MAX_PAYLOAD_BYTES]
    assert 0 < parsed_chars(payload) <= 7 * len(payload)


def test_costly_events_are_rejected_exactly_and_later_events_are_accepted() -> None:
    costly = [f'{{"seq":{n},"value":{"9" * 5000}}}' for n in range(1, 11)]
    events = [*costly, *(json.dumps(raw(n)) for n in range(11, 21))]
    stored: dict[StreamKey, int] = {}
    gone: list[int] = []
    good: list[int] = []
    while len(events) > (covered := stored.get(S, 0)):
        result = process((OPENING + ",".join(events[covered:]) + "]}").encode(), stored=stored)
        assert result.stored_up_to[S] > covered, "the sender makes progress"
        stored |= result.stored_up_to
        good += seqs(result)
        gone += [seq for gap in result.gaps for seq in range(gap.first, gap.last + 1)]
    assert (gone, good) == (list(range(1, 11)), list(range(11, 21)))


def test_a_small_fault_in_every_event_loses_no_position() -> None:
    events = ",".join(f"{json.dumps(raw(n))[:-1]},}}" for n in range(1, 501))
    result = process((OPENING + events + "]}").encode())
    assert (result.stored_up_to, seqs(result)) == ({S: 500}, [])


def test_many_unknown_keys_cause_few_records() -> None:
    result = process(wire(raw(1), **{f"key-{n}": 0 for n in range(3000)}))
    assert (seqs(result), result.stored_up_to) == ([1], {S: 1})
    assert 1 <= len(result.rejected) <= 20


def test_each_run_of_old_events_among_repeats_is_recorded_once() -> None:
    old = NOON_MS - 2 * HOUR_MS
    result = process_messages(
        [
            IncomingMessage("pi-1", message([motion(1), motion(2, old)])),
            IncomingMessage("pi-1", message([motion(1, NOON_MS + 1), motion(2, old), motion(3, old)])),
        ],
        {S: 1},
        LIMITS,
        lambda _: False,
    )
    assert [(one.reason, one.first, one.last) for one in result.rejected] == [
        (LossReason.REUSED_SEQUENCE, 1, 1),
        (LossReason.TOO_OLD, 2, 3),
        (LossReason.REUSED_SEQUENCE, 1, 1),
    ]


def test_the_streams_of_a_device_are_counted_once_in_a_batch() -> None:
    class CountedStreams(dict[StreamKey, int]):
        passes = 0

        def __iter__(self) -> Iterator[StreamKey]:
            self.passes += 1
            return super().__iter__()

    stored = CountedStreams({("pi-1", f"s{n}"): 1 for n in range(3)})
    process_messages(
        [IncomingMessage("pi-1", motions([1]).replace(b'"s"', b'"new-%d"' % n)) for n in range(50)], stored, LIMITS
    )
    assert stored.passes == 1


KEYS = st.sampled_from(["stream", "oldest", "events", "seq", "sensor", "at", "kind", "value", "sync", "s", "motion"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | KEYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {
        "stream": st.just("s") | JSON,
        "oldest": st.just(1) | JSON,
        "events": st.lists(
            st.fixed_dictionaries(
                {
                    "seq": st.integers(0, 3) | JSON,
                    "sensor": st.just("desk-0-pir") | JSON,
                    "at": st.just(NOON_MS) | JSON,
                    "kind": st.just("motion") | KEYS | JSON,
                    "value": st.integers(-1, 2) | JSON,
                }
            ),
            max_size=3,
        ),
    }
)
PAYLOADS = st.one_of(
    st.binary(max_size=200),
    JSON.map(lambda value: json.dumps(value).encode()),
    NEARLY.map(lambda value: json.dumps(value).encode()),
    st.tuples(st.just(motions([1, 2])), st.integers(0, 200), st.binary(min_size=1, max_size=3)).map(
        lambda cut: cut[0][: cut[1]] + cut[2] + cut[0][cut[1] :]
    ),
)


@settings(max_examples=500)
@given(st.lists(PAYLOADS, min_size=20, max_size=20))
def test_no_payload_breaks_intake_or_blocks_a_valid_message(payloads: list[bytes]) -> None:
    """Ten thousand payloads, from noise to messages with one wrong byte."""
    mixed = [part for n, payload in enumerate(payloads) for part in (payload, motions([n + 1], stream="valid"))]
    result = process(*mixed)
    assert [event.seq for event in result.accepted if event.stream == "valid"] == list(range(1, 21))
    assert all(refused.reason for refused in result.rejected)
