"""Keeps alerts in the journal's `settled` table, under a name of its own, so that a restart alerts of nothing twice.

In:    notes about alerts; an open journal, inside its transaction.
Out:   the same again.
Never: judgement, transactions of its own.
"""

from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from collector.alerts.book import Book, Episode, Past
from collector.alerts.conditions import Lost
from collector.alerts.letters import Letter
from collector.alerts.wire import Alert, Mute
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


def rewind(journal: Journal, now_ms: int) -> None:
    """Date what is remembered for a time that has not come yet to `now_ms`, inside the journal's transaction."""
    notes = load(journal)
    book = notes.book
    rewound = replace(
        notes,
        book=Book(
            tuple(_open(episode, now_ms) for episode in book.open), tuple(_ended(past, now_ms) for past in book.ended)
        ),
        letters=tuple(replace(letter, made_ms=min(letter.made_ms, now_ms)) for letter in notes.letters),
        lost={device: replace(one, at_ms=min(one.at_ms, now_ms)) for device, one in notes.lost.items()},
        looked_ms=min(notes.looked_ms, now_ms),
    )
    if rewound != notes:
        save(journal, rewound)


def _open(episode: Episode, now_ms: int) -> Episode:
    calm_ms = None if episode.calm_ms is None else min(episode.calm_ms, now_ms)
    return replace(episode, alert=_dated(episode.alert, now_ms), calm_ms=calm_ms)


def _ended(past: Past, now_ms: int) -> Past:
    return replace(past, alert=_dated(past.alert, now_ms), noticed_ms=min(past.noticed_ms, now_ms))


def _dated(alert: Alert, now_ms: int) -> Alert:
    return replace(
        alert,
        since_ms=min(alert.since_ms, now_ms),
        fired_ms=min(alert.fired_ms, now_ms),
        ended_ms=None if alert.ended_ms is None else min(alert.ended_ms, now_ms),
    )
