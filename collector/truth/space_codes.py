"""The codes by which a visitor reports a space: they cannot be guessed, and one can be renewed.

In:    the site's secret, how often the code of each space was renewed.
Out:   codes.
Never: a code that shows which space it belongs to, or that follows from another one.
"""

import base64
import hmac
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from collector.contract.messages import encode_message
from collector.contract.truth import SpaceCodes
from edge.contract.message import MAX_PAYLOAD_BYTES

CODE_CHARS: Final = 16
"""Of five bits each: 80 bits, so nobody finds one by trying."""


def derive_codes(secret: str, spaces: Iterable[str], renewals: Mapping[str, int]) -> dict[str, str]:
    """Derive the code of each space.

    Args:
        secret: random, of this site; with another secret every code changes.
        spaces: ids.
        renewals: how often the code of a space was renewed.
    """
    return {space: _derive_code(secret, space, renewals.get(space, 0)) for space in spaces}


def select_codes(codes: Mapping[str, str]) -> SpaceCodes:
    """Return as many of the codes, in their order, as fit into one message."""
    if len(encode_message(message := SpaceCodes(dict(codes)))) <= MAX_PAYLOAD_BYTES:
        return message
    left, selected = MAX_PAYLOAD_BYTES - len(encode_message(SpaceCodes({}))), {}
    for space, code in codes.items():
        left -= len(encode_message(SpaceCodes({space: code}))) - len(encode_message(SpaceCodes({}))) + 1  # a comma
        if left < 0:
            break
        selected[space] = code
    return SpaceCodes(selected)


def _derive_code(secret: str, space: str, renewal: int) -> str:
    digest = hmac.new(secret.encode(), f"code {space} {renewal}".encode(), sha256).digest()
    return base64.b32encode(digest).decode().lower()[:CODE_CHARS]
