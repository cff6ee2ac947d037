"""A command about alerts is told from one about findings, and a broken one is refused."""

import pytest

from collector.alerts.wire import AlertCommand, AlertKind, Wish, decode_alerts, decode_command, encode, is_command
from edge.message import MAX_PAYLOAD_BYTES, MessageRejected


@pytest.mark.parametrize(
    ("payload", "ours"),
    [
        (encode(AlertCommand(Wish.MUTE)), True),
        (b'{"command":"unmute","kind":"nonsense"}', True),
        (b'{"command":"ignore","device":"pi-1","finding":"stuck_on"}', False),
        (b"{", False),
        (b"[" * 5000, False),
    ],
)
def test_whose_command_it_is(payload: bytes, ours: bool) -> None:
    assert is_command(payload) is ours


@pytest.mark.parametrize(
    "payload",
    [
        b'{"command":"unmute","kind":"nonsense"}',
        b'{"command":"mute","until":-1}',
        b'{"command":"mute","who":"anna"}',
        b'{"command":"mute","subject":"' + b"x" * 131 + b'"}',
        b" " * (MAX_PAYLOAD_BYTES + 1),
    ],
)
def test_a_broken_command_is_refused(payload: bytes) -> None:
    with pytest.raises(MessageRejected):
        decode_command(payload)


def test_what_is_no_message_of_alerts_is_refused() -> None:
    with pytest.raises(MessageRejected):
        decode_alerts(b'{"at":1}')


def test_a_command_is_read_as_it_was_written() -> None:
    said = AlertCommand(Wish.MUTE, AlertKind.CO2_HIGH, "hall", 1)
    assert decode_command(encode(said)) == said
