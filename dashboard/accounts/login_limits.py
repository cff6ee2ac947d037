"""Limit of login attempts: how many may fail, and within which time.

In:    the accounts file, the keys of an attempt (hashes of name, address or known browser), the time.
Out:   `TooManyLoginFailures` once a key has reached the limit.
Never: names, addresses or passwords in plain text.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

MAX_LOGIN_FAILURES: Final = 10
"""Most failed logins of one key within `LOGIN_FAILURE_PERIOD_S`.

A browser that has logged in before has a key of its own, so somebody who guesses in another browser cannot lock its
user out."""
LOGIN_FAILURE_PERIOD_S: Final = 15 * 60


class TooManyLoginFailures(ConnectionError):
    """Too many failed logins for this name, address or known browser. The same attempt may succeed after the window."""


def delete_expired(db: sqlite3.Connection, now_s: float) -> None:
    """Delete failures that no longer count."""
    db.execute("DELETE FROM login_failure WHERE at_s <= ?", (now_s - LOGIN_FAILURE_PERIOD_S,))


def count_attempt(db: sqlite3.Connection, now_s: float, keys: Sequence[str]) -> None:
    """Count an attempt as failed until its login succeeds.

    Raises:
        TooManyLoginFailures: one of the keys has reached the limit; nothing is counted.
    """
    delete_expired(db, now_s)
    for key in keys:
        (failures,) = db.execute("SELECT count(*) FROM login_failure WHERE key_hash = ?", (key,)).fetchone()
        if failures >= MAX_LOGIN_FAILURES:
            minutes = LOGIN_FAILURE_PERIOD_S // 60
            raise TooManyLoginFailures(f"too many attempts; wait {minutes} minutes and try again")
    db.executemany("INSERT INTO login_failure (key_hash, at_s) VALUES (?, ?)", [(key, now_s) for key in keys])
