"""Records who viewed or exported the site's figures or changed something, so that members can check it.

In:    an account, what it viewed, exported or changed, and which span.
Out:   the log with names for managers; views and exports without names for everybody.
Never: an entry older than `LOG_DAYS`; a second entry for the same view within an hour (a polling page is one view).

Times are real: `at_s` is Unix seconds.
"""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from collector.site.privacy_limits import MAX_HISTORY_DAYS
from dashboard.accounts.accounts_file import MAX_FUTURE_S, AccountsFile
from dashboard.accounts.roles import AccountRole, UserAccount
from edge.timekeeping.durations import DAY_S, HOUR_S

LOG_DAYS: Final = MAX_HISTORY_DAYS
"""How long entries are kept."""
MAX_SPAN_LENGTH: Final = 200
"""A longer span is cut off, in characters."""


class LoggedAction(StrEnum):
    """The kind of action."""

    VIEW = "view"
    EXPORT = "export"
    CHANGE = "change"
    """Includes logins. Its span may name an account."""


@dataclass(frozen=True, slots=True)
class AccessLogEntry:
    """One entry of the log; `what` is an endpoint of routes.py, `span` the part of it, in the form of a URL query."""

    at_s: float
    name: str
    role: AccountRole
    action: LoggedAction
    endpoint: str
    span: str


@dataclass(frozen=True, slots=True)
class PublicLogEntry:
    """A view or an export as everybody may read it: with the role, without the account."""

    at_s: float
    role: AccountRole
    action: LoggedAction
    endpoint: str
    span: str


class AccessLog:
    """Views, exports and changes of the last thirteen months."""

    def __init__(self, store: AccountsFile) -> None:
        self._store = store

    def record(self, who: UserAccount, act: LoggedAction, what: str, span: str = "") -> None:
        """Record an export or a change; record views once an hour per account, page and span.

        A view without a span (a poll) counts as the same as any view within the hour.

        Args:
            who: the account.
            act: the kind of action.
            what: the endpoint.
            span: the part of the page, in the form of a URL query.
        """
        now_s, span = self._store.now_s(), span[:MAX_SPAN_LENGTH]
        if act is LoggedAction.VIEW:
            with self._store.read() as db:
                if _is_recorded(db, now_s - HOUR_S, who, what, span):
                    return
        with self._store.write() as db:
            db.execute(
                "INSERT INTO access_log (at_s, name, role, action, endpoint, span) VALUES (?, ?, ?, ?, ?, ?)",
                (now_s, who.name, who.role, act, what, span),
            )

    def list_entries(self, limit: int) -> list[AccessLogEntry]:
        """Return the newest entries with account names, newest first."""
        return self._read_entries("1", limit)

    def list_public_entries(self, limit: int) -> list[PublicLogEntry]:
        """Return the newest views and exports without account names, newest first."""
        found = self._read_entries("action != 'change'", limit)
        return [PublicLogEntry(entry.at_s, entry.role, entry.action, entry.endpoint, entry.span) for entry in found]

    def purge_expired(self, deletion_s: float | None = None) -> None:
        """Delete entries older than `LOG_DAYS`; set future times to now. `deletion_s` as in `Accounts.purge`."""
        now_s = self._store.now_s()
        with self._store.write() as db:
            delete_old_entries(db, now_s if deletion_s is None else deletion_s)
            db.execute("UPDATE access_log SET at_s = ? WHERE at_s > ?", (now_s, now_s + MAX_FUTURE_S))

    def _read_entries(self, condition: str, limit: int) -> list[AccessLogEntry]:
        since_s = self._store.now_s() - LOG_DAYS * DAY_S
        with self._store.read() as db:
            found = db.execute(
                "SELECT at_s, name, role, action, endpoint, span FROM access_log"  # noqa: S608 - the condition is ours
                f" WHERE {condition} AND at_s >= ? ORDER BY at_s DESC, rowid DESC LIMIT ?",
                (since_s, limit),
            )
            return [
                AccessLogEntry(at_s, name, AccountRole(role), LoggedAction(act), what, span)
                for at_s, name, role, act, what, span in found
            ]


def _is_recorded(db: sqlite3.Connection, since_s: float, who: UserAccount, what: str, span: str) -> bool:
    found = db.execute(
        "SELECT 1 FROM access_log"
        " WHERE name = ? AND action = 'view' AND endpoint = ? AND (span = ? OR ? = '') AND at_s > ?",
        (who.name, what, span, span, since_s),
    )
    return found.fetchone() is not None


def delete_old_entries(db: sqlite3.Connection, now_s: float) -> None:
    """Delete the entries that are older than `LOG_DAYS`; used for the file and its backups."""
    db.execute("DELETE FROM access_log WHERE at_s < ?", (now_s - LOG_DAYS * DAY_S,))
