"""Opens the history that the site file names.

In:    the kind of history, the path of the journal, the settings of InfluxDB.
Out:   a HistoryReader.
Never: a fallback: a store that does not answer is not replaced by another one.
"""

from collections.abc import Callable
from pathlib import Path

from collector.configuration.collector_settings import HistoryKind, InfluxSettings
from collector.history.measures import HistoryReader


def _open_sqlite(journal_path: Path, _influx: InfluxSettings) -> HistoryReader:
    from collector.history.sqlite import SqliteHistory

    return SqliteHistory(journal_path)


def _open_influxdb(_journal_path: Path, influx: InfluxSettings) -> HistoryReader:
    from collector.history.influxdb import InfluxHistory  # imported here: a site with SQLite needs no HTTP client

    return InfluxHistory(influx)


HISTORIES: dict[HistoryKind, Callable[[Path, InfluxSettings], HistoryReader]] = {
    HistoryKind.SQLITE: _open_sqlite,
    HistoryKind.INFLUXDB: _open_influxdb,
}


def open_reader(kind: HistoryKind, journal_path: Path, influx: InfluxSettings) -> HistoryReader:
    """Create the reader of a history. It connects at its first call, which may raise HistoryAway."""
    return HISTORIES[kind](journal_path, influx)
