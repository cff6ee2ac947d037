"""Keeps alerts in the journal's `settled` table, under a name of its own, so that a restart alerts of nothing twice.

In:    notes about alerts; an open journal, inside its transaction.
Out:   the same again.
Never: judgement, transactions of its own.
"""

from typing import Final

import msgspec
from msgspec import Struct

from collector.alerts.book import Book
from collector.alerts.conditions import Lost
from collector.alerts.letters import Letter
from collector.alerts.wire import Mute
from collector.journal import Journal

NAME: Final = "alerts:notes"
"""No space's id has a colon."""


class Notes(Struct, frozen=True, array_like=True):
    """Everything that is to be remembered of alerts."""

    book: Book = Book()
    mutes: tuple[Mute, ...] = ()
    letters: tuple[Letter, ...] = ()
    """Not delivered yet, oldest first."""
    written: int = 0
    """How many letters were ever written: the next has the next number."""
    lost: dict[str, Lost] = {}
    looked_ms: int = 0
    """Gaps after this have not been looked at."""


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Notes).decode


def load(journal: Journal) -> Notes:
    """The notes; empty ones at first."""
    found = journal.connection.execute("SELECT body FROM settled WHERE space = ?", (NAME,)).fetchone()
    return Notes() if found is None else _decode(found[0])


def save(journal: Journal, notes: Notes) -> None:
    """Remember the notes."""
    journal.set_settled({NAME: _encode(notes)})
