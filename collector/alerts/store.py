"""Stores alerts in the journal's `settled` table, under its own key, so that a restart repeats no alert.

In:    notes about alerts; an open journal, inside its transaction.
Out:   the same notes.
Never: evaluation, transactions of its own.
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
"""A space's id never contains a colon."""


class Notes(Struct, frozen=True, array_like=True):
    """Everything about alerts that is stored."""

    episodes: Book = Book()
    mutes: tuple[Mute, ...] = ()
    notifications: tuple[Letter, ...] = ()
    """Undelivered notifications, oldest first."""
    notification_count: int = 0
    """Number of notifications written so far; the next one has the next number."""
    lost: dict[str, Lost] = {}
    evaluated_ms: int = 0
    """Gaps after this instant have not been evaluated."""


_encode_msgpack: Final = msgspec.msgpack.Encoder().encode
_decode_msgpack: Final = msgspec.msgpack.Decoder(Notes).decode


def load(journal: Journal) -> Notes:
    """Return the stored notes, or empty ones."""
    found = journal.connection.execute("SELECT body FROM settled WHERE space = ?", (NAME,)).fetchone()
    return Notes() if found is None else _decode_msgpack(found[0])


def save(journal: Journal, notes: Notes) -> None:
    """Store the notes."""
    journal.set_settled({NAME: _encode_msgpack(notes)})


def rewind(journal: Journal, now_ms: int) -> None:
    """Set stored instants in the future to `now_ms`, inside the journal's transaction."""
    notes = load(journal)
    episodes = notes.episodes
    rewound = replace(
        notes,
        episodes=Book(
            tuple(_rewind_open(episode, now_ms) for episode in episodes.open),
            tuple(_rewind_ended(past, now_ms) for past in episodes.ended),
        ),
        notifications=tuple(
            replace(notification, created_ms=min(notification.created_ms, now_ms))
            for notification in notes.notifications
        ),
        lost={device: replace(one, at_ms=min(one.at_ms, now_ms)) for device, one in notes.lost.items()},
        evaluated_ms=min(notes.evaluated_ms, now_ms),
    )
    if rewound != notes:
        save(journal, rewound)


def _rewind_open(episode: Episode, now_ms: int) -> Episode:
    gone_since_ms = None if episode.gone_since_ms is None else min(episode.gone_since_ms, now_ms)
    return replace(episode, alert=_rewind_alert(episode.alert, now_ms), gone_since_ms=gone_since_ms)


def _rewind_ended(past: Past, now_ms: int) -> Past:
    return replace(past, alert=_rewind_alert(past.alert, now_ms), end_confirmed_ms=min(past.end_confirmed_ms, now_ms))


def _rewind_alert(alert: Alert, now_ms: int) -> Alert:
    return replace(
        alert,
        since_ms=min(alert.since_ms, now_ms),
        fired_ms=min(alert.fired_ms, now_ms),
        ended_ms=None if alert.ended_ms is None else min(alert.ended_ms, now_ms),
    )
