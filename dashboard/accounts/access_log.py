"""Remembers who looked at the house's figures, took them out, or changed something: what members may hold us to.

In:    an account, what it saw, which span.
Out:   the log with names for managers, and without them for everybody.
Never: a row older than 13 months; the same view again within its hour (a page that polls is one view).

Time here is real: `at_s` is Unix seconds.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

from dashboard.accounts.roles import Account, Role
from dashboard.accounts.store import Store

LOG_DAYS: Final = 396
"""How long it is remembered who looked at what: 13 months."""
HOUR_S: Final = 3600
LONGEST_SPAN: Final = 200
"""More characters of a span are cut off."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log; `what` is an endpoint of routes.py, `span` what of it, in the words of a URL."""

    at_s: float
    name: str
    role: Role
    what: str
    span: str


@dataclass(frozen=True, slots=True)
class View:
    """One line of the log as everybody may read it: the role, never the account."""

    at_s: float
    role: Role
    what: str
    span: str


class AccessLog:
    """Views, exports and changes, thirteen months back."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def view(self, who: Account, what: str, span: str = "") -> None:
        """Write down a view, once an hour for each account, page and span; without a span, one with it will do."""
        now_s = self._store.now_s()
        with self._store.open() as db:
            seen = db.execute(
                "SELECT 1 FROM view_log WHERE name = ? AND what = ? AND (span = ? OR ? = '') AND at_s > ? LIMIT 1",
                (who.name, what, span[:LONGEST_SPAN], span, now_s - HOUR_S),
            ).fetchone()
            if seen is None:
                _write(db, now_s, who, what, span)

    def act(self, who: Account, what: str, span: str = "") -> None:
        """Write down an export, a login or a change: each of them."""
        with self._store.open() as db:
            _write(db, self._store.now_s(), who, what, span)

    def entries(self, most: int) -> list[Entry]:
        """The newest lines, newest first, with who it was."""
        with self._store.open() as db:
            purge(db, self._store.now_s())
            found = db.execute(
                "SELECT at_s, name, role, what, span FROM view_log ORDER BY at_s DESC, rowid DESC LIMIT ?", (most,)
            )
            return [Entry(at_s, name, Role(role), what, span) for at_s, name, role, what, span in found]

    def recent_views(self, most: int) -> list[View]:
        """The newest lines, newest first, for everybody: no account."""
        return [View(one.at_s, one.role, one.what, one.span) for one in self.entries(most)]

    def purge(self) -> None:
        """Forget what is older than 13 months."""
        with self._store.open() as db:
            purge(db, self._store.now_s())


def purge(db: sqlite3.Connection, now_s: float) -> None:
    """Forget what is older than 13 months, in a transaction that is open already."""
    db.execute("DELETE FROM view_log WHERE at_s < ?", (now_s - LOG_DAYS * 86_400,))


def _write(db: sqlite3.Connection, now_s: float, who: Account, what: str, span: str) -> None:
    db.execute(
        "INSERT INTO view_log (at_s, name, role, what, span) VALUES (?, ?, ?, ?, ?)",
        (now_s, who.name, who.role, what, span[:LONGEST_SPAN]),
    )
    purge(db, now_s)
