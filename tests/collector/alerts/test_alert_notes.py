"""Stored notes about alerts: what earlier versions stored is read as the values of this version."""

from collector.alerts.alert_store import ALERT_NOTES, AlertNotes
from collector.alerts.conditions import EventLoss
from collector.alerts.episodes import AlertEpisodes, EndedEpisode, OpenEpisode
from collector.contract.alerts import Alert, AlertKind, Severity
from collector.contract.loss_reasons import LossReason
from collector.store.blobs import BlobKind
from collector.store.loss_sentences import LOSS_SENTENCES

NOTES_1 = bytes((BlobKind.ALERT_NOTES, 1))


def build_notes(loss: str, other: str) -> AlertNotes:
    lost = Alert(AlertKind.LOST_EVENTS, "pi-1", Severity.WARNING, 1, 2, value=3.0, reason=loss)
    stuck = Alert(AlertKind.STUCK, "pi-1/desk-1-pir", Severity.WARNING, 1, 2, reason=other)
    episodes = AlertEpisodes((OpenEpisode(lost), OpenEpisode(stuck)), (EndedEpisode(lost, 4, is_notified=True),))
    return AlertNotes(episodes, lost={"pi-1": EventLoss(2, 3, loss)})


def test_sentences_of_version_1_become_codes() -> None:
    for sentence, code in {**LOSS_SENTENCES, "unlisted": LossReason.OTHER}.items():
        stored = NOTES_1 + ALERT_NOTES.encode(build_notes(sentence, "stuck_on"))[2:]
        assert ALERT_NOTES.decode(stored) == build_notes(code, "stuck_on")
