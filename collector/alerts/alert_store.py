"""Stores alerts among the journal's stored values, under their own key, so that a restart repeats no alert.

In:    notes about alerts; an open journal, inside its transaction.
Out:   the same notes.
Never: evaluation, transactions of its own.
"""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from collector.alerts.conditions import EventLoss
from collector.alerts.episodes import AlertEpisodes, EndedEpisode, OpenEpisode
from collector.alerts.notifications import Notification
from collector.contract.alerts import Alert, AlertKind, Mute
from collector.store.blobs import BlobFormat, BlobKind, OlderVersion
from collector.store.journal import Journal
from collector.store.loss_sentences import find_loss_reason

JOURNAL_KEY: Final = "alerts:notes"
"""A space's id never contains a colon."""


class AlertNotes(Struct, frozen=True, array_like=True):
    """Everything about alerts that is stored."""

    episodes: AlertEpisodes = AlertEpisodes()
    mutes: tuple[Mute, ...] = ()
    notifications: tuple[Notification, ...] = ()
    """Undelivered notifications, oldest first."""
    notification_count: int = 0
    """Number of notifications written so far; the next one has the next number."""
    lost: dict[str, EventLoss] = {}
    evaluated_ms: int = 0
    """Gaps after this instant have not been evaluated."""


def _convert_version_1(notes: AlertNotes) -> AlertNotes:
    """Version 1 has the reasons of lost events as sentences; everything else is the same."""
    episodes = notes.episodes
    return replace(
        notes,
        episodes=replace(
            episodes,
            open=tuple(replace(each, alert=_convert_reason(each.alert)) for each in episodes.open),
            ended=tuple(replace(each, alert=_convert_reason(each.alert)) for each in episodes.ended),
        ),
        lost={device: replace(one, reason=find_loss_reason(one.reason)) for device, one in notes.lost.items()},
    )


def _convert_reason(alert: Alert) -> Alert:
    return replace(alert, reason=find_loss_reason(alert.reason)) if alert.kind is AlertKind.LOST_EVENTS else alert


ALERT_NOTES: Final = BlobFormat(BlobKind.ALERT_NOTES, 2, AlertNotes, {1: OlderVersion(AlertNotes, _convert_version_1)})


def load_notes(journal: Journal) -> AlertNotes:
    """Return the stored notes, or empty ones."""
    body = journal.read_value(JOURNAL_KEY)
    return AlertNotes() if body is None else ALERT_NOTES.decode(body)


def save_notes(journal: Journal, notes: AlertNotes) -> None:
    """Store the notes."""
    journal.store_values({JOURNAL_KEY: ALERT_NOTES.encode(notes)})


def rewind_notes(journal: Journal, now_ms: int) -> None:
    """Set stored instants in the future to `now_ms`, inside the journal's transaction."""
    notes = load_notes(journal)
    episodes = notes.episodes
    rewound = replace(
        notes,
        episodes=AlertEpisodes(
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
        save_notes(journal, rewound)


def _rewind_open(episode: OpenEpisode, now_ms: int) -> OpenEpisode:
    gone_since_ms = None if episode.gone_since_ms is None else min(episode.gone_since_ms, now_ms)
    return replace(episode, alert=_rewind_alert(episode.alert, now_ms), gone_since_ms=gone_since_ms)


def _rewind_ended(past: EndedEpisode, now_ms: int) -> EndedEpisode:
    return replace(past, alert=_rewind_alert(past.alert, now_ms), end_confirmed_ms=min(past.end_confirmed_ms, now_ms))


def _rewind_alert(alert: Alert, now_ms: int) -> Alert:
    return replace(
        alert,
        since_ms=min(alert.since_ms, now_ms),
        fired_ms=min(alert.fired_ms, now_ms),
        ended_ms=None if alert.ended_ms is None else min(alert.ended_ms, now_ms),
    )
