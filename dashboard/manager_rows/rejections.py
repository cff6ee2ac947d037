"""Texts of a device's newest rejections: in which field of its messages, and why.

In:    published rejections, the page's texts.
Out:   rows for a manager, the newest first.
Never: a value that a device sent.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_decimal
from msgspec import Struct

from collector.contract.findings import Rejection
from collector.contract.loss_reasons import LossReason
from dashboard.text.duration_texts import format_duration
from dashboard.text.page_texts import PageTexts
from edge.contract.message import MAX_FUTURE_MS


class RejectionRow(Struct, frozen=True):
    """One rejection as texts."""

    sensor: str
    seq: str
    field: str
    why: str
    times: str
    at: str


def build_rejection_row(one: Rejection, time_zone: ZoneInfo, texts: PageTexts) -> RejectionRow:
    """Return one rejection as texts; unknown values are empty."""
    at = datetime.fromtimestamp(one.at_ms / 1000, UTC).astimezone(time_zone)
    seqs = [format_decimal(seq, "0", locale=texts.language) for seq in dict.fromkeys((one.first, one.last)) if seq]
    return RejectionRow(
        sensor=one.sensor,
        seq=" - ".join(seqs),
        field=one.key,
        why=_reason_text(one.reason, texts),
        times=format_decimal(one.times, locale=texts.language) if one.times else "",
        at=format_datetime(at, "d MMM HH:mm", locale=texts.language) if one.at_ms else "",
    )


def _reason_text(reason: str, texts: PageTexts) -> str:
    _ = texts.gettext
    known: dict[str, str] = {
        LossReason.DROPPED: _("Dropped by the device before they were stored."),
        LossReason.UNKNOWN_SENSOR: _("The site file lists no such sensor for this device."),
        LossReason.UNFIT_KIND: _("This kind of sensor does not measure this quantity."),
        LossReason.FUTURE: _("More than {span} in the future: the clock is fast.").format(
            span=format_duration(MAX_FUTURE_MS / 1000, texts)
        ),
        LossReason.TOO_OLD: _("Older than the time for which single events are kept."),
        LossReason.JOURNAL_DAMAGED: _("Stored, but lost when the database was damaged."),
        LossReason.UNKNOWN_KIND: _("This version does not know the quantity: update the collector."),
        LossReason.BAD_VALUE: _("The value is not a number, or is out of range."),
        LossReason.BAD_FIELD: _("A field is missing, unknown or of the wrong type."),
        LossReason.BAD_SEQUENCE: _("The sequence number does not follow the one before it."),
        LossReason.REUSED_SEQUENCE: _(
            "Another event already has this number: start a new stream when counting restarts."
        ),
        LossReason.UNKNOWN_DEVICE: _("The site file has no such device."),
        LossReason.TOO_MANY_STREAMS: _("The device has started too many streams: its queue is lost at each restart."),
        LossReason.BAD_MESSAGE: _("The message does not follow the wire format; its events were checked one by one."),
        LossReason.UNREADABLE: _("The message cannot be read: it has no stream or no sequence number."),
        LossReason.OTHER: _(
            "An earlier version of the collector recorded it, for a reason that this one does not list."
        ),
    }
    return known.get(reason, reason)
