"""Knows the browser again in which somebody logged in before, so that nobody locks its owner out by guessing.

In:    the secret that signs forms, an account's name, what the browser kept.
Out:   a mark for its cookie; under which key the tries of a browser with a mark are counted.
Never: storage, an address, a way in: a mark says who was here, and opens nothing.

Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
"""

import hmac
import secrets
from hashlib import sha256

_SEPARATOR = "."


def mark(secret: str, name: str) -> str:
    """What a browser keeps in which this account has logged in; each browser gets its own."""
    own = secrets.token_urlsafe(12)
    return f"{own}{_SEPARATOR}{_seal(secret, own, name)}"


def tries_of(secret: str, name: str, kept: str) -> str | None:
    """Under which key the tries of a browser count; None: its mark is not ours, or of another account."""
    own, _separator, seal = kept.partition(_SEPARATOR)
    fits = hmac.compare_digest(seal.encode(errors="replace"), _seal(secret, own, name).encode())
    return f"browser {own}" if fits else None


def _seal(secret: str, own: str, name: str) -> str:
    return hmac.new(secret.encode(), f"browser {own} {name}".encode(errors="replace"), sha256).hexdigest()
