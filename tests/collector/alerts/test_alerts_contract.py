"""Commands about alerts are distinguished from those about findings, and invalid ones are rejected."""

import pytest

from collector.contract.alerts import (
    AlertCommand,
    AlertKind,
    MuteAction,
    decode_alerts,
    decode_command,
    encode,
    is_command,
)
from edge.contract.message import MAX_PAYLOAD_BYTES, MessageRejected


@pytest.mark.parametrize(
    ("payload", "is_about_alerts"),
    [
        (encode(AlertCommand(MuteAction.MUTE)), True),
        (b'{"command":"unmute","kind":"nonsense"}', True),
        (b'{"command":"ignore","device":"pi-1","finding":"stuck_on"}', False),
        (b"{", False),
        (b"[" * 5000, False),
    ],
)
def test_command_about_alerts_is_recognised(payload: bytes, is_about_alerts: bool) -> None:
    assert is_command(payload) is is_about_alerts


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
def test_invalid_command_is_rejected(payload: bytes) -> None:
    with pytest.raises(MessageRejected):
        decode_command(payload)


def test_invalid_alerts_message_is_rejected() -> None:
    with pytest.raises(MessageRejected):
        decode_alerts(b'{"at":1}')


def test_command_survives_encoding_and_decoding() -> None:
    command = AlertCommand(MuteAction.MUTE, AlertKind.CO2_HIGH, "hall", 1)
    assert decode_command(encode(command)) == command
