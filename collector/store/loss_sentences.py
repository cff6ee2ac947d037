"""The sentences that versions before journal version 9 stored for the reasons of losses, and their codes.

In:    a stored sentence.
Out:   its code.
Never: a text that is shown: pages have their own.
"""

from collections.abc import Mapping
from typing import Final

from collector.contract.loss_reasons import LossReason

LOSS_SENTENCES: Final[Mapping[str, LossReason]] = {
    "dropped by the device before they were stored": LossReason.DROPPED,
    "no such sensor in the site file": LossReason.UNKNOWN_SENSOR,
    "a kind that this sensor does not say": LossReason.UNFIT_KIND,
    "more than five minutes in the future": LossReason.FUTURE,
    "too old": LossReason.TOO_OLD,
    "stored, and lost when the journal was damaged": LossReason.JOURNAL_DAMAGED,
    "a kind that this version does not know": LossReason.UNKNOWN_KIND,
    "a value that is no number, or out of the bounds of its kind": LossReason.BAD_VALUE,
    "a field that is missing, unknown or of the wrong type": LossReason.BAD_FIELD,
    "another sequence number than its place in the message requires": LossReason.BAD_SEQUENCE,
    "another event already had this sequence number": LossReason.REUSED_SEQUENCE,
    "no such device in the site file": LossReason.UNKNOWN_DEVICE,
    "the device began too many streams; its outbox does not last": LossReason.TOO_MANY_STREAMS,
    "the message breaks the contract; its events were read one by one": LossReason.BAD_MESSAGE,
    "no stream and no sequence number can be read in the message": LossReason.UNREADABLE,
}


def find_loss_reason(sentence: str) -> LossReason:
    """Return the code of a stored sentence; `OTHER`: it is not listed."""
    return LOSS_SENTENCES.get(sentence, LossReason.OTHER)
