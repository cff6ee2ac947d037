"""Accounts: who may log in, and with which role. Their sessions are in `sessions.py`.

In:    names, passwords, roles, addresses.
Out:   the token of a new session; refusals that do not reveal which accounts exist.
Never: storing a password (only its hash) or an address (only its hash, for `LOGIN_FAILURE_PERIOD_S`); locking out the
       last manager from a page.
"""

import hashlib
import re
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collector.timekeeping.site_clock import TimeEstimate
from dashboard.accounts import accounts_schema, known_browsers, login_limits, passwords, sessions
from dashboard.accounts.access_log import AccessLog
from dashboard.accounts.accounts_file import MAX_FUTURE_S, AccountsFile
from dashboard.accounts.roles import AccountRole, UserAccount
from edge.timekeeping.durations import DAY_S

RESTORE_NOTICE_S: Final = 30 * DAY_S
"""For this long managers see that accounts were restored from a backup."""
MAX_NAME_LENGTH: Final = 64
NAME_PATTERN: Final = re.compile(rf"[a-z0-9][a-z0-9._@-]{{0,{MAX_NAME_LENGTH - 1}}}")


class AccountRejected(ValueError):
    """The account cannot be changed like this; another name is needed."""


class NameRejected(AccountRejected):
    """The name is not valid for an account."""


class NameTaken(AccountRejected):
    """An account with this name exists."""


class LastManager(AccountRejected):
    """No manager would be left. Make another account a manager first."""


class LoginRejected(ValueError):
    """Name or password is wrong, or the account is locked; the message does not state which."""


@dataclass(frozen=True, slots=True)
class RestoreNotice:
    """A damaged file was replaced at `at_s` by the backup of `backup_s` (None: by an empty file). Unix seconds."""

    at_s: float
    backup_s: float | None


class Accounts:
    """All accounts, their sessions, and the log of what they did. Any call may raise AccountsAway."""

    def __init__(self, path: Path, now_s: Callable[[], float] = time.time) -> None:
        self.store: Final = AccountsFile(path, now_s)
        self.path: Final = path
        self.log: Final = AccessLog(self.store)
        self.sessions: Final = sessions.LoginSessions(self.store)
        self.notice: RestoreNotice | None = None
        """The newest restore, shown to managers; updated by `load`."""
        self.is_clock_state_loaded = False
        """Whether the stored clock state was loaded; before that, none may be saved over it."""
        self._secret = ""

    @property
    def form_secret(self) -> str:
        """The key that signs forms; created with the file."""
        if not self._secret:
            self.load()
        return self._secret

    def load(self) -> None:
        """Read what is kept in memory: the secret, and whether accounts were restored recently."""
        since_s = self.store.now_s() - RESTORE_NOTICE_S
        with self.store.read() as db:
            (secret,) = db.execute("SELECT value FROM secret").fetchone()
            newest = db.execute(
                "SELECT at_s, backup_s FROM restore WHERE at_s > ? ORDER BY at_s DESC LIMIT 1", (since_s,)
            ).fetchone()
        self._secret = secret
        self.notice = RestoreNotice(*newest) if newest else None

    def record_restore(self, backup_s: float | None) -> None:
        """Record that the backup of `backup_s` (None: no backup, the file is new) was restored; end every session."""
        with self.store.write() as db:
            sessions.end_all_sessions(db)
            db.execute("DELETE FROM restore WHERE at_s < ?", (self.store.now_s() - RESTORE_NOTICE_S,))
            db.execute("INSERT INTO restore (at_s, backup_s) VALUES (?, ?)", (self.store.now_s(), backup_s))
        self.load()

    def list_accounts(self) -> list[UserAccount]:
        """Return every account, in alphabetical order."""
        with self.store.read() as db:
            found = db.execute("SELECT name, role, locked FROM account ORDER BY name")
            return [UserAccount(name, AccountRole(role), bool(locked)) for name, role, locked in found]

    def compute_digest(self) -> str:
        """Return a digest that changes with every change of an account."""
        with self.store.read() as db:
            return compute_accounts_digest(db)

    def add(self, name: str, password: str, role: AccountRole = AccountRole.MANAGER) -> None:
        """Create an account; raises AccountRejected, WeakPasswordRejected."""
        if not NAME_PATTERN.fullmatch(name):
            raise NameRejected(
                f"account {name!r}: start with a to z or a digit, then a to z, digits and . _ @ -, at most 64"
            )
        passwords.check_password(name, password)
        hashed = passwords.hash_password(password)
        with self.store.write() as db:
            added = db.execute(
                "INSERT INTO account (name, hash, changed_s, role) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (name, hashed, self.store.now_s(), role),
            )
            if not added.rowcount:
                raise NameTaken(f"account {name!r}: it already exists; set its password, or choose another name")
            accounts_schema.write_checksum(db, name)

    def set_password(self, name: str, password: str) -> None:
        """Change a password and end the account's sessions; raises AccountRejected, WeakPasswordRejected."""
        passwords.check_password(name, password)
        hashed = passwords.hash_password(password)
        with self.store.write() as db:
            self._update_account(db, name, "hash = ?, changed_s = ?", (hashed, self.store.now_s()))
            sessions.end_sessions_of_account(db, name)

    def set_role(self, name: str, role: AccountRole) -> None:
        """Change an account's role, effective with its next request; raises AccountRejected, LastManager."""
        with self.store.write() as db:
            if role is not AccountRole.MANAGER:
                _keep_a_manager(db, name)
            self._update_account(db, name, "role = ?", (role,))

    def lock(self, name: str) -> None:
        """Lock an account and end its sessions; raises AccountRejected, LastManager."""
        with self.store.write() as db:
            _keep_a_manager(db, name)
            self._update_account(db, name, "locked = 1", ())
            sessions.end_sessions_of_account(db, name)

    def unlock(self, name: str) -> None:
        """Unlock an account; raises AccountRejected."""
        with self.store.write() as db:
            self._update_account(db, name, "locked = 0", ())

    def remove(self, name: str) -> None:
        """Remove an account and end its sessions; raises AccountRejected."""
        with self.store.write() as db:
            if not db.execute("DELETE FROM account WHERE name = ?", (name,)).rowcount:
                raise _unknown_account(db, name)

    def log_in(self, name: str, password: str, address: str, browser: str = "", device_cookie: str = "") -> str:
        """Begin a session.

        Args:
            name: as typed.
            password: as typed.
            address: the client's address, for the limit of failed logins.
            browser: a readable name, so that the user recognises the session.
            device_cookie: the browser's device cookie; with one, failed logins from elsewhere do not count.

        Returns:
            The session's token: 256 random bits, for the cookie.

        Raises:
            LoginRejected: name or password is wrong, or the account is locked.
            TooManyLoginFailures: the limit of failed logins is reached.
        """
        attempt_key = known_browsers.get_failure_key(self.form_secret, name, device_cookie)
        keys = [
            _hash_text(key)
            for key in ([attempt_key] if attempt_key else [f"name {name.casefold()}", f"address {address}"])
        ]
        with self.store.write() as db:
            login_limits.count_attempt(
                db, self.store.now_s(), keys
            )  # before the slow check, so that parallel attempts count too
            row = accounts_schema.read_account(db, name)
        # unknown names and locked accounts take as long to check as others, and fail only after that
        if (
            not passwords.verify_password(row.hash if row else None, password[: passwords.MAX_PASSWORD_LENGTH + 1])
            or row is None
            or row.locked
        ):
            raise LoginRejected("name or password is wrong")
        with self.store.write() as db:
            # the account may have been removed, changed or locked while the hash was computed
            token = sessions.begin_session(db, self.store.now_s(), name, row.hash, browser)
            if token is None:
                raise LoginRejected("name or password is wrong")
            db.executemany("DELETE FROM login_failure WHERE key_hash = ?", [(key,) for key in keys])
        return token

    def create_device_cookie(self, name: str) -> str:
        """Create a device cookie for a browser in which this name has logged in."""
        return known_browsers.create_device_cookie(self.form_secret, name)

    def purge_expired(self, deletion_s: float | None = None) -> None:
        """Delete expired failed logins, ended sessions and old log entries.

        Times in the future, written under a wrong clock, are set to now.

        Args:
            deletion_s: the time from which ages count, Unix seconds, not after now; None: now.
        """
        now_s = self.store.now_s()
        from_s = now_s if deletion_s is None else deletion_s
        with self.store.write() as db:
            login_limits.delete_expired(db, from_s)
            sessions.delete_ended_sessions(db, from_s)
            db.execute("UPDATE login_failure SET at_s = ? WHERE at_s > ?", (now_s, now_s + MAX_FUTURE_S))
            sessions.correct_future_sessions(db, now_s)
        self.log.purge_expired(from_s)

    def load_clock_state(self) -> TimeEstimate:
        """Return the stored clock state; on the first start, one with the time of the newest entry."""
        with self.store.read() as db:
            row = db.execute("SELECT site_ms, deletion_ms, boot, elapsed_ms, confirmed FROM clock").fetchone()
            newest = "SELECT max(used_s) FROM session UNION ALL SELECT max(at_s) FROM access_log"
            known_ms = int(1000 * max(at_s or 0 for (at_s,) in db.execute(newest)))
        self.is_clock_state_loaded = True
        if row is None:
            return TimeEstimate(site_ms=known_ms, deletion_ms=known_ms)
        site_ms, deletion_ms, boot, elapsed_ms, confirmed = row
        return TimeEstimate(site_ms, deletion_ms, boot, elapsed_ms, bool(confirmed), confirmed_from_ms=elapsed_ms)

    def save_clock_state(self, belief: TimeEstimate) -> None:
        """Store the clock state."""
        values = (belief.site_ms, belief.deletion_ms, belief.boot, belief.elapsed_ms, belief.confirmed)
        with self.store.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO clock (one, site_ms, deletion_ms, boot, elapsed_ms, confirmed)"
                " VALUES (1, ?, ?, ?, ?, ?)",
                values,
            )

    def _update_account(self, db: sqlite3.Connection, name: str, columns: str, values: tuple[object, ...]) -> None:
        if not db.execute(f"UPDATE account SET {columns} WHERE name = ?", (*values, name)).rowcount:  # noqa: S608 - ours
            raise _unknown_account(db, name)
        accounts_schema.write_checksum(db, name)


def compute_accounts_digest(db: sqlite3.Connection) -> str:
    """Return a digest of all accounts in a file: names, passwords, roles."""
    return _hash_text(repr(db.execute("SELECT name, checksum FROM account ORDER BY name").fetchall()))


def _keep_a_manager(db: sqlite3.Connection, name: str) -> None:
    others = "SELECT count(*) FROM account WHERE role = 'manager' AND NOT locked AND name != ?"
    if not db.execute(others, (name,)).fetchone()[0]:
        raise LastManager(f"account {name!r}: there must be at least one manager; make another account one")


def _unknown_account(db: sqlite3.Connection, name: str) -> AccountRejected:
    names = ", ".join(row[0] for row in db.execute("SELECT name FROM account ORDER BY name"))
    return AccountRejected(f"account {name!r}: no such account; accounts: {names or 'none yet'}")


def _hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
