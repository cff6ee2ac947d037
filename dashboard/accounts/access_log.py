"""Remembers who looked at the house's figures, took them out, or changed something: what members may hold us to.

In:    an account, what it saw, took or did, which span of it.
Out:   the log with names for managers; views and exports without names for everybody.
Never: a row older than 13 months; the same view again within its hour (a page that polls is one view).

Time here is real: `at_s` is Unix seconds.
"""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dashboard.accounts.roles import Account, Role
from dashboard.accounts.store import AHEAD_S, Store

LOG_DAYS: Final = 396
"""How long it is remembered who looked at what: 13 months."""
HOUR_S: Final = 3600
DAY_S: Final = 86_400
LONGEST_SPAN: Final = 200
"""More characters of a span are cut off."""


class Act(StrEnum):
    """What was done."""

    VIEW = "view"
    EXPORT = "export"
    CHANGE = "change"
    """Logins too. Its span may name an account."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log; `what` is an endpoint of routes.py, `span` what of it, in the words of a URL."""

    at_s: float
    name: str
    role: Role
    act: Act
    what: str
    span: str


@dataclass(frozen=True, slots=True)
class View:
    """A view or an export as everybody may read it: the role, never the account."""

    at_s: float
    role: Role
    act: Act
    what: str
    span: str


class AccessLog:
    """Views, exports and changes, thirteen months back."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, who: Account, act: Act, what: str, span: str = "") -> None:
        """Write down an export or a change; of views, one an hour for each account, page and span.

        A view that does not say which span (a poll) is one with any that was seen within the hour.
        """
        now_s, span = self._store.now_s(), span[:LONGEST_SPAN]
        if act is Act.VIEW:
            with self._store.read() as db:
                if _seen(db, now_s - HOUR_S, who, what, span):
                    return
        with self._store.write() as db:
            db.execute(
                "INSERT INTO view_log (at_s, name, role, kind, what, span) VALUES (?, ?, ?, ?, ?, ?)",
                (now_s, who.name, who.role, act, what, span),
            )

    def entries(self, most: int) -> list[Entry]:
        """The newest lines, newest first, with who it was."""
        return self._read("1", most)

    def recent_views(self, most: int) -> list[View]:
        """The newest views and exports, newest first, for everybody: no account."""
        found = self._read("kind != 'change'", most)
        return [View(one.at_s, one.role, one.act, one.what, one.span) for one in found]

    def purge(self, deletion_s: float | None = None) -> None:
        """Delete what is older than 13 months; date now what is dated ahead. `deletion_s` as in `Accounts.purge`."""
        now_s = self._store.now_s()
        with self._store.write() as db:
            forget_old(db, now_s if deletion_s is None else deletion_s)
            db.execute("UPDATE view_log SET at_s = ? WHERE at_s > ?", (now_s, now_s + AHEAD_S))

    def _read(self, which: str, most: int) -> list[Entry]:
        since_s = self._store.now_s() - LOG_DAYS * DAY_S
        with self._store.read() as db:
            found = db.execute(
                "SELECT at_s, name, role, kind, what, span FROM view_log"  # noqa: S608 - the condition is ours
                f" WHERE {which} AND at_s >= ? ORDER BY at_s DESC, rowid DESC LIMIT ?",
                (since_s, most),
            )
            return [Entry(at_s, name, Role(role), Act(act), what, span) for at_s, name, role, act, what, span in found]


def _seen(db: sqlite3.Connection, since_s: float, who: Account, what: str, span: str) -> bool:
    found = db.execute(
        "SELECT 1 FROM view_log WHERE name = ? AND kind = 'view' AND what = ? AND (span = ? OR ? = '') AND at_s > ?",
        (who.name, what, span, span, since_s),
    )
    return found.fetchone() is not None


def forget_old(db: sqlite3.Connection, now_s: float) -> None:
    """Delete the lines that are older than 13 months: from the file, and from its backups."""
    db.execute("DELETE FROM view_log WHERE at_s < ?", (now_s - LOG_DAYS * DAY_S,))
