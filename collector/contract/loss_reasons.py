"""Why events of a device are not stored and never will be."""

from enum import StrEnum


class LossReason(StrEnum):
    """Why events of a stream are not stored and never will be."""

    DROPPED = "dropped by the device before they were stored"
    UNKNOWN_SENSOR = "no such sensor in the site file"
    UNFIT_KIND = "a kind that this sensor does not say"
    FUTURE = "more than five minutes in the future"
    TOO_OLD = "too old"
    JOURNAL_DAMAGED = "stored, and lost when the journal was damaged"
    UNKNOWN_KIND = "a kind that this version does not know"
    BAD_VALUE = "a value that is no number, or out of the bounds of its kind"
    BAD_FIELD = "a field that is missing, unknown or of the wrong type"
    BAD_SEQUENCE = "another sequence number than its place in the message requires"
    REUSED_SEQUENCE = "another event already had this sequence number"
    UNKNOWN_DEVICE = "no such device in the site file"
    TOO_MANY_STREAMS = "the device began too many streams; its outbox does not last"
    BAD_MESSAGE = "the message breaks the contract; its events were read one by one"
    UNREADABLE = "no stream and no sequence number can be read in the message"

    @property
    def code(self) -> str:
        """The reason as the wire format names it, such as `unknown_sensor`."""
        return self.name.lower()
