"""Sessions of hosts: how long a login lasts, who uses one, and what ends it.

In:    the accounts file, session tokens, the time.
Out:   the account of a session; the sessions that have not ended.
Never: storing a session token (only its hash); passwords and failed logins (`accounts` and `login_limits`).
"""

import contextlib
import secrets
import sqlite3
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from dashboard.accounts import accounts_schema
from dashboard.accounts.accounts_file import MAX_FUTURE_S, AccountsFile
from dashboard.accounts.faults import AccountsAway
from dashboard.accounts.roles import AccountRole, UserAccount
from edge.timekeeping.durations import HOUR_S

MAX_SESSION_IDLE_S: Final = 30 * 60
"""A session ends after this long without use."""
MAX_SESSION_S: Final = 12 * HOUR_S
"""A session ends after this long in any case."""
MIN_USE_WRITE_INTERVAL_S: Final = 60
"""The last use of a session is written at most this often, to spare SD cards."""
SESSION_ID_LENGTH: Final = 16
"""A page identifies a session by this many characters of its token's hash: enough to end it, useless for logging in."""


@dataclass(frozen=True, slots=True)
class LoginSession:
    """A login that has not ended; times in Unix seconds, the browser as a readable name (empty: not known)."""

    id: str
    name: str
    began_s: float
    used_s: float
    browser: str


class LoginSessions:
    """The sessions of all accounts. Any call may raise AccountsAway."""

    def __init__(self, store: AccountsFile) -> None:
        self._store = store

    def use_session(self, token: str) -> UserAccount | None:
        """Return the account of a session and count this as use; None if the session ended."""
        found = self._find_session(token)
        if found is None:
            return None
        account, used_s = found
        now_s = self._store.now_s()
        if not 0 <= now_s - used_s < MIN_USE_WRITE_INTERVAL_S:
            with contextlib.suppress(AccountsAway), self._store.write() as db:  # a full disk must not end sessions
                db.execute("UPDATE session SET used_s = ? WHERE token_hash = ?", (now_s, _hash_token(token)))
        return account

    def check_session(self, token: str) -> UserAccount | None:
        """Return the account of a session without counting this as use: an open page alone is not use."""
        found = self._find_session(token)
        return found[0] if found else None

    def list_sessions(self) -> list[LoginSession]:
        """Return every session that has not ended, newest first."""
        now_s = self._store.now_s()
        with self._store.read() as db:
            found = db.execute(
                "SELECT substr(token_hash, 1, ?), name, began_s, used_s, browser FROM session"
                " WHERE used_s >= ? AND began_s >= ? ORDER BY began_s DESC, rowid DESC",
                (SESSION_ID_LENGTH, now_s - MAX_SESSION_IDLE_S, now_s - MAX_SESSION_S),
            )
            return [LoginSession(*row) for row in found]

    def end_session(self, session: str, name: str) -> bool:
        """End one session of an account by its id; False if there is none."""
        with self._store.write() as db:
            ended = db.execute(
                "DELETE FROM session WHERE substr(token_hash, 1, ?) = ? AND name = ?",
                (SESSION_ID_LENGTH, session, name),
            )
            return ended.rowcount > 0

    def log_out(self, token: str) -> None:
        """End a session by its token."""
        with self._store.write() as db:
            db.execute("DELETE FROM session WHERE token_hash = ?", (_hash_token(token),))

    def _find_session(self, token: str) -> tuple[UserAccount, float] | None:
        now_s = self._store.now_s()
        with self._store.read() as db:
            session = db.execute(
                "SELECT name, used_s FROM session WHERE token_hash = ? AND used_s >= ? AND began_s >= ?",
                (_hash_token(token), now_s - MAX_SESSION_IDLE_S, now_s - MAX_SESSION_S),
            ).fetchone()
            row = None if session is None else accounts_schema.read_account(db, session[0])
        return None if row is None or row.locked else (UserAccount(row.name, AccountRole(row.role)), session[1])


def begin_session(db: sqlite3.Connection, now_s: float, name: str, password_hash: str, browser: str) -> str | None:
    """Begin a session of an account that still has this password and is not locked.

    Args:
        db: the accounts file, in a write transaction.
        now_s: Unix seconds.
        name: the account.
        password_hash: the hash against which the password was checked; it may have been changed meanwhile.
        browser: a readable name, so that the user recognises the session.

    Returns:
        The session's token: 256 random bits, for the cookie. None if the account was removed, changed or locked.
    """
    token = secrets.token_urlsafe(32)
    inserted = db.execute(
        "INSERT INTO session (token_hash, name, began_s, used_s, browser)"
        " SELECT ?, name, ?, ?, ? FROM account WHERE name = ? AND hash = ? AND NOT locked",
        (_hash_token(token), now_s, now_s, browser, name, password_hash),
    )
    return token if inserted.rowcount else None


def end_all_sessions(db: sqlite3.Connection) -> None:
    """End the sessions of every account."""
    db.execute("DELETE FROM session")


def end_sessions_of_account(db: sqlite3.Connection, name: str) -> None:
    """End every session of one account."""
    db.execute("DELETE FROM session WHERE name = ?", (name,))


def delete_ended_sessions(db: sqlite3.Connection, from_s: float) -> None:
    """Delete the sessions that had ended at `from_s` (Unix seconds)."""
    db.execute(
        "DELETE FROM session WHERE used_s < ? OR began_s < ?", (from_s - MAX_SESSION_IDLE_S, from_s - MAX_SESSION_S)
    )


def correct_future_sessions(db: sqlite3.Connection, now_s: float) -> None:
    """Set times in the future, written under a wrong clock, to now: they must not make a session last longer."""
    db.execute("UPDATE session SET began_s = ? WHERE began_s > ?", (now_s, now_s + MAX_FUTURE_S))
    db.execute("UPDATE session SET used_s = ? WHERE used_s > ?", (now_s, now_s + MAX_FUTURE_S))


def compute_session_id(token: str) -> str:
    """Return the id of a token's session, as pages show it."""
    return _hash_token(token)[:SESSION_ID_LENGTH]


def _hash_token(token: str) -> str:
    return sha256(token.encode()).hexdigest()
