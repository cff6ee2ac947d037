"""Checks and hashes passwords.

In:    a name and a password.
Out:   an argon2id hash, or what is wrong with the password.
Never: composition rules (they make passwords worse), storage.
"""

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_PASSWORD_LENGTH: Final = 12
MAX_PASSWORD_LENGTH: Final = 128
_COMMON_LINES: Final = """
    123456789012 1234567890123 12345678901234 123456123456 1234567891011 0123456789012 121212121212 111111111111
    000000000000 123123123123 112233445566 qwertyuiop12 qwertyuiopas qwertyuiop123 qwerty123456 qwertyqwerty
    1qaz2wsx3edc 1q2w3e4r5t6y q1w2e3r4t5y6 zaq12wsxcde3 asdfghjkl123 asdfasdfasdf abcdefghijkl abcd1234abcd
    passwordpassword password1234 password12345 password123456 passw0rd1234 lösenord1234 lösenordlösenord
    losenord1234 losenordlosenord hemligt12345 hemligthemligt sommar202020 welcome12345 välkommen123 valkommen123
    iloveyou1234 letmein12345 administrator administrator1 adminadminadmin coworking123 coworkingcoworking
    changeme1234 changemechangeme correcthorsebatterystaple trustno1trustno1 superman1234 princess1234
"""
COMMON_PASSWORDS: Final = frozenset(_COMMON_LINES.split())
"""Very common passwords among those that are long enough."""

_hasher = PasswordHasher()  # argon2id, RFC 9106's second choice: 64 MiB, three passes
_DUMMY_HASH: Final = _hasher.hash("nobody has this password")
"""Passwords for unknown names are checked against this hash, so that they take as long as for known ones."""


class WeakPasswordRejected(ValueError):
    """The password breaks a rule. Another one is needed."""


def check_password(name: str, password: str) -> None:
    """Reject a password that is easy to guess; raises WeakPasswordRejected."""
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise WeakPasswordRejected(
            f"password of {name!r}: it has {len(password)} characters; "
            f"give {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH}, such as four words"
        )
    folded = password.casefold()
    if name.casefold() in folded:
        raise WeakPasswordRejected(f"password of {name!r}: it contains the name; choose one that does not")
    if folded in COMMON_PASSWORDS or len(set(folded)) < 4:
        raise WeakPasswordRejected(
            f"password of {name!r}: it is among the most common ones; choose four words of your own"
        )


def hash_password(password: str) -> str:
    """Return the argon2id hash, including salt and parameters."""
    return _hasher.hash(password)


def verify_password(hash_: str | None, password: str) -> bool:
    """Whether the password matches the hash; a hash of None takes as long and never matches."""
    try:
        _hasher.verify(hash_ or _DUMMY_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    return hash_ is not None
