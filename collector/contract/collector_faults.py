"""What the collector cannot do at present, as it publishes it with its status.

In:    nothing.
Out:   the kinds of faults, and one fault with its details.
Never: texts: pages and logs have their own.
"""

from enum import StrEnum

from msgspec import Struct


class FaultKind(StrEnum):
    """What is wrong."""

    JOURNAL_FULL = "journal_full"
    """The journal's disk is full."""
    JOURNAL_READ_ONLY = "journal_read_only"
    """The journal's disk is read-only."""
    JOURNAL_DISK_FAILS = "journal_disk_fails"
    JOURNAL_NOT_OPENED = "journal_not_opened"
    JOURNAL_OF_ANOTHER_USER = "journal_of_another_user"
    JOURNAL_LOCKED = "journal_locked"
    """Another program has locked the journal."""
    JOURNAL_LOG_HELD = "journal_log_held"
    """A reader prevents the journal's log from being shortened."""
    JOURNAL_CHECK_RUNS = "journal_check_runs"
    """A check of the journal must end before the journal can be replaced."""
    OUT_OF_MEMORY = "out_of_memory"
    TOO_MANY_FILES = "too_many_files"
    HISTORY_NOT_COPIED = "history_not_copied"
    """History cannot be copied to InfluxDB; the collector's log has the cause."""
    INFLUXDB_SILENT = "influxdb_silent"
    """InfluxDB does not answer."""
    INFLUXDB_INCOMPLETE = "influxdb_incomplete"
    """InfluxDB sends incomplete responses."""
    INFLUXDB_ERROR = "influxdb_error"
    """InfluxDB answers with an error."""
    INFLUXDB_TOKEN = "influxdb_token"  # noqa: S105 - not a password
    """InfluxDB refuses the token."""
    INFLUXDB_NO_DATABASE = "influxdb_no_database"
    """InfluxDB has no such database or bucket: `names`."""
    NOT_INFLUXDB = "not_influxdb"
    """What answers is not InfluxDB."""
    ROWS_REJECTED = "rows_rejected"
    """InfluxDB rejects `rows` rows of history."""
    MANY_ROWS_REJECTED = "many_rows_rejected"
    """InfluxDB rejects at least `rows` rows of history."""
    CLOCK_OFF = "clock_off"
    """The server's clock is wrong by `off_s`, and nothing confirms it."""
    TOPICS_REFUSED = "topics_refused"
    """The broker does not let the collector read the topics `names`."""
    UNKNOWN_DEVICES = "unknown_devices"
    """Devices `names` send events, and the site file does not have them."""


class CollectorFault(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One fault of the collector, with the details of its kind."""

    kind: FaultKind
    names: tuple[str, ...] = ()
    """A database, topics or devices."""
    rows: int | None = None
    off_s: int | None = None
    """Seconds by which the clock is behind (positive) or ahead (negative)."""
