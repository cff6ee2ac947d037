"""Managers, their sessions, what they looked at, and the secret that signs forms: one small SQLite file.

In:    names, passwords, session tokens, addresses.
Out:   who is logged in; refusals that tell nothing of who exists.
Never: a password or a session token as such (only hashes), an address (only its hash, for 15 minutes).

Time here is real: `now_s` is Unix seconds, `time.time` outside tests.
"""

import hashlib
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from dashboard.accounts import passwords

IDLE_S: Final = 30 * 60
"""A session that is not used this long ends."""
LONGEST_S: Final = 12 * 3600
"""No session lasts longer."""
TRIES: Final = 10
WINDOW_S: Final = 15 * 60
"""At most TRIES failed logins in this time, for one name and from one address."""
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
LOG_DAYS: Final = 396
"""How long it is remembered who looked at what: 13 months."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS secret (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS account (name TEXT PRIMARY KEY, hash TEXT NOT NULL, changed_s REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS session (
    token_hash TEXT PRIMARY KEY,
    name TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    began_s REAL NOT NULL,
    used_s REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS try (who_hash TEXT NOT NULL, at_s REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS view_log (at_s REAL NOT NULL, name TEXT NOT NULL, what TEXT NOT NULL) STRICT;
PRAGMA user_version = 1;
"""


class AccountRejected(ValueError):
    """The name cannot be used so. Another one is needed."""


class LoginRejected(ValueError):
    """Name or password is wrong; which of them is not told."""


class TooManyTries(ConnectionError):
    """This name or address failed too often. The same try may succeed in a quarter of an hour."""


class Accounts:
    """The file of accounts; each call opens it, so any process may use it while the pages are served."""

    def __init__(self, path: Path, now_s: Callable[[], float] = time.time) -> None:
        self.path: Final = path
        self._now_s = now_s
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # before SQLite does, with a wider mode
        path.chmod(0o600)
        with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as db:
            db.executescript(_SCHEMA)
        with self._open() as db:
            db.execute("INSERT INTO secret VALUES (1, ?) ON CONFLICT DO NOTHING", (secrets.token_hex(32),))

    @property
    def secret(self) -> str:
        """What signs forms; made with the file."""
        with self._open() as db:
            return str(db.execute("SELECT value FROM secret").fetchone()[0])

    def names(self) -> list[str]:
        """Every manager, in order of the alphabet."""
        with self._open() as db:
            return [name for (name,) in db.execute("SELECT name FROM account ORDER BY name")]

    def add(self, name: str, password: str) -> None:
        """Make an account; raises AccountRejected, PasswordRejected."""
        if not NAME.fullmatch(name):
            raise AccountRejected(
                f"account {name!r}: begin with a to z or 0 to 9, go on with these and . _ @ -, at most 64"
            )
        passwords.check(name, password)
        with self._open() as db:
            added = db.execute(
                "INSERT INTO account VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (name, passwords.hashed(password), self._now_s()),
            )
            if not added.rowcount:
                raise AccountRejected(f"account {name!r}: it exists; set its password, or choose another name")

    def set_password(self, name: str, password: str) -> None:
        """Change a password and end the sessions of the old one; raises AccountRejected, PasswordRejected."""
        passwords.check(name, password)
        with self._open() as db:
            changed = db.execute(
                "UPDATE account SET hash = ?, changed_s = ? WHERE name = ?",
                (passwords.hashed(password), self._now_s(), name),
            )
            if not changed.rowcount:
                raise _unknown(db, name)
            db.execute("DELETE FROM session WHERE name = ?", (name,))

    def remove(self, name: str) -> None:
        """Remove an account and end its sessions; raises AccountRejected."""
        with self._open() as db:
            if not db.execute("DELETE FROM account WHERE name = ?", (name,)).rowcount:
                raise _unknown(db, name)

    def log_in(self, name: str, password: str, address: str) -> str:
        """Begin a session.

        Args:
            name: as typed.
            password: as typed.
            address: whence; it counts towards the limit of tries.

        Returns:
            The session's token: 256 random bits, for the cookie.

        Raises:
            LoginRejected: name or password is wrong.
            TooManyTries: wait a quarter of an hour.
        """
        keys = [_hash(f"name {name.casefold()}"), _hash(f"address {address}")]
        with self._open() as db:
            self._count_try(db, keys)  # before the slow check, so that many at once are counted too
            row = db.execute("SELECT hash FROM account WHERE name = ?", (name,)).fetchone()
        if not passwords.fits(row[0] if row else None, password[: passwords.LONGEST + 1]):
            raise LoginRejected("name or password is wrong")
        token = secrets.token_urlsafe(32)
        now_s = self._now_s()
        with self._open() as db:
            db.executemany("DELETE FROM try WHERE who_hash = ?", [(key,) for key in keys])
            db.execute("DELETE FROM session WHERE used_s < ? OR began_s < ?", (now_s - IDLE_S, now_s - LONGEST_S))
            # the account may have gone, or its password changed, while the hash was computed
            made = db.execute(
                "INSERT INTO session SELECT ?, name, ?, ? FROM account WHERE name = ? AND hash = ?",
                (_hash(token), now_s, now_s, name, row[0]),
            )
            if not made.rowcount:
                raise LoginRejected("name or password is wrong")
        return token

    def who(self, token: str) -> str | None:
        """Whose session this is; None if it ended. Being asked for keeps it from idling."""
        name = self.still(token)
        if name is not None:
            with self._open() as db:
                db.execute("UPDATE session SET used_s = ? WHERE token_hash = ?", (self._now_s(), _hash(token)))
        return name

    def still(self, token: str) -> str | None:
        """As `who`, without keeping it alive: an open page alone is not use."""
        now_s = self._now_s()
        with self._open() as db:
            row = db.execute(
                "SELECT name FROM session WHERE token_hash = ? AND used_s >= ? AND began_s >= ?",
                (_hash(token), now_s - IDLE_S, now_s - LONGEST_S),
            ).fetchone()
        return None if row is None else str(row[0])

    def log_out(self, token: str) -> None:
        """End a session for good."""
        with self._open() as db:
            db.execute("DELETE FROM session WHERE token_hash = ?", (_hash(token),))

    def note_view(self, name: str, what: str) -> None:
        """Write down that a manager looked at something."""
        now_s = self._now_s()
        with self._open() as db:
            db.execute("INSERT INTO view_log VALUES (?, ?, ?)", (now_s, name, what))
            db.execute("DELETE FROM view_log WHERE at_s < ?", (now_s - LOG_DAYS * 86_400,))

    def views(self) -> list[tuple[float, str, str]]:
        """Who looked at what, and when (Unix seconds), oldest first."""
        with self._open() as db:
            return list(db.execute("SELECT at_s, name, what FROM view_log ORDER BY at_s, rowid"))

    def _count_try(self, db: sqlite3.Connection, keys: list[str]) -> None:
        now_s = self._now_s()
        db.execute("DELETE FROM try WHERE at_s <= ?", (now_s - WINDOW_S,))
        for key in keys:
            if db.execute("SELECT count(*) FROM try WHERE who_hash = ?", (key,)).fetchone()[0] >= TRIES:
                raise TooManyTries("too many tries; wait a quarter of an hour")
        db.executemany("INSERT INTO try VALUES (?, ?)", [(key, now_s) for key in keys])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One connection, one transaction."""
        with closing(sqlite3.connect(self.path, timeout=5, isolation_level=None)) as db:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA secure_delete = ON")
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def _unknown(db: sqlite3.Connection, name: str) -> AccountRejected:
    there = ", ".join(row[0] for row in db.execute("SELECT name FROM account ORDER BY name"))
    return AccountRejected(f"account {name!r}: there is none; there are: {there or 'none yet'}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
