"""Messages of a device: what is out of bounds is rejected."""

import json

import pytest

from edge.contract.message import MessageRejected, decode_events, decode_receipt, decode_status

EVENT = {"seq": 1, "sensor": "a", "at": 0, "kind": "motion", "value": 1}
LAST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""


def events_message(**changes: object) -> bytes:
    """Return a message with one event, some of whose fields are changed."""
    return json.dumps({"stream": "s", "oldest": 1, "events": [EVENT | changes]}).encode()


@pytest.mark.parametrize("at_ms", [0, 1, LAST_MS])
def test_time_within_bounds_is_accepted(at_ms: int) -> None:
    assert decode_events(events_message(at=at_ms)).events[0].at_ms == at_ms
    assert decode_status(json.dumps({"online": True, "at": at_ms}).encode()).at_ms == at_ms


@pytest.mark.parametrize("at_ms", [-1, -(2**62), LAST_MS + 1])
def test_time_out_of_bounds_is_rejected(at_ms: int) -> None:
    with pytest.raises(MessageRejected):
        decode_events(events_message(at=at_ms))
    for field in ("at", "since"):
        with pytest.raises(MessageRejected):
            decode_status(json.dumps({"online": True, field: at_ms}).encode())


@pytest.mark.parametrize("seq", [0, -1, 2**53])
def test_sequence_number_out_of_bounds_is_rejected(seq: int) -> None:
    with pytest.raises(MessageRejected):
        decode_events(events_message(seq=seq))


def test_receipt_of_no_event_is_accepted_and_a_negative_one_rejected() -> None:
    assert decode_receipt(b'{"stream": "s", "seq": 0}').seq == 0
    with pytest.raises(MessageRejected):
        decode_receipt(b'{"stream": "s", "seq": -1}')
