"""Recognises a browser that has logged in before, so that guessing from elsewhere cannot lock out its user.

In:    the secret that signs forms, an account's name, the browser's device cookie.
Out:   a device cookie; the key under which failed logins from a browser with one are counted.
Never: storage, an address, access: a device cookie identifies a browser and permits nothing.

Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
"""

import hmac
import secrets
from hashlib import sha256

_SEPARATOR = "."


def create_device_cookie(secret: str, name: str) -> str:
    """Create the device cookie for a browser in which this account has logged in; each browser gets its own."""
    browser_id = secrets.token_urlsafe(12)
    return f"{browser_id}{_SEPARATOR}{_sign(secret, browser_id, name)}"


def get_failure_key(secret: str, name: str, device_cookie: str) -> str | None:
    """Return the key for a browser's failed logins; None if its cookie is not ours or belongs to another account."""
    browser_id, _separator, signature = device_cookie.partition(_SEPARATOR)
    fits = hmac.compare_digest(signature.encode(errors="replace"), _sign(secret, browser_id, name).encode())
    return f"browser {browser_id}" if fits else None


def _sign(secret: str, browser_id: str, name: str) -> str:
    return hmac.new(secret.encode(), f"browser {browser_id} {name}".encode(errors="replace"), sha256).hexdigest()
