"""Opens the history that the site file names.

In:    the kind of history, where the journal is, where InfluxDB is.
Out:   a HistoryReader.
Never: a guess: a kind that does not answer is not replaced by another.
"""

from collections.abc import Callable
from pathlib import Path

from collector.history import HistoryReader
from collector.settings import HistoryKind, InfluxSettings


def _sqlite(journal_path: Path, _influx: InfluxSettings) -> HistoryReader:
    from collector.history.sqlite import SqliteHistory

    return SqliteHistory(journal_path)


def _influxdb(_journal_path: Path, influx: InfluxSettings) -> HistoryReader:
    from collector.history.influxdb import InfluxHistory  # imported here: a house with SQLite needs no HTTP client

    return InfluxHistory(influx)


HISTORIES: dict[HistoryKind, Callable[[Path, InfluxSettings], HistoryReader]] = {
    HistoryKind.SQLITE: _sqlite,
    HistoryKind.INFLUXDB: _influxdb,
}


def open_reader(kind: HistoryKind, journal_path: Path, influx: InfluxSettings) -> HistoryReader:
    """The reader of a history. It reaches out when it is first asked, and raises HistoryAway then."""
    return HISTORIES[kind](journal_path, influx)
