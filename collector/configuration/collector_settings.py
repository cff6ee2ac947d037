"""The collector's settings, beside the plan of the site.

In:    nothing; the `ledig` command reads the site file and creates these.
Out:   frozen settings that have validated themselves.
Never: files, sockets.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from collector.configuration.alert_settings import AlertSettings
from collector.site.privacy_limits import MAX_DESK_HOURS_DAYS, MAX_HISTORY_DAYS
from edge.contract.broker_client import BrokerSettings
from edge.contract.raw_retention import MAX_RAW_HOURS
from edge.contract.settings_rejected import SettingsRejected

KEPT_SENSOR_DAYS = 14
"""Daily figures of how a sensor works are kept this long."""


class HistoryKind(StrEnum):
    """Where history is read from."""

    SQLITE = "sqlite"
    """From the journal itself."""
    INFLUXDB = "influxdb"
    """From InfluxDB, which a projection fills from the journal: 1.6 behind nginx, 1.8 or 2, not 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxSettings:
    """How to reach InfluxDB. The token is in its own file, never in the site file."""

    url: str = "http://localhost:8087"
    """The v2 write API and /query are below this URL."""
    organisation: str = "ledig"
    """InfluxDB 2's organisation; others ignore it."""
    bucket: str = "ledig"
    """The bucket, or the database of 1.x."""
    token_file: Path | None = None
    """A file with one line: the token (1.x: user:password); None: the server needs none."""

    def __post_init__(self) -> None:
        if "@" in self.url:  # do not quote it: it may contain a password
            raise SettingsRejected(("url", "must not hold a user or a password; put user:password into the token_file"))
        try:
            parts = urlsplit(self.url)
            is_address = parts.scheme in {"http", "https"} and parts.hostname is not None and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address:
            raise SettingsRejected(
                ("url", f'must be the address of a server, such as "http://localhost:8087", got "{self.url}"')
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """How long data is kept. The maxima are the site's privacy rule; no setting can exceed them."""

    raw_hours: int = MAX_RAW_HOURS
    """Raw events and transitions."""
    desk_hours_days: int = MAX_DESK_HOURS_DAYS
    """Hourly use of one desk."""
    space_hours_days: int = MAX_HISTORY_DAYS
    """Hourly use of one booth, room or machine."""
    series_days: int = MAX_HISTORY_DAYS
    """Five-minute series of zones and the site."""

    def __post_init__(self) -> None:
        for name, ceiling in (
            ("raw_hours", MAX_RAW_HOURS),
            ("desk_hours_days", MAX_DESK_HOURS_DAYS),
            ("space_hours_days", MAX_HISTORY_DAYS),
            ("series_days", MAX_HISTORY_DAYS),
        ):
            if not 1 <= getattr(self, name) <= ceiling:
                raise SettingsRejected((name, f"must lie between 1 and {ceiling}, got {getattr(self, name)}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorSettings:
    """One collector: its broker, journal, history, retention and alerts."""

    broker: BrokerSettings
    journal_path: Path
    """The SQLite file of the journal; with history `sqlite` the pages read it too."""
    history: HistoryKind = HistoryKind.SQLITE
    influx: InfluxSettings = InfluxSettings()
    retention: RetentionSettings = RetentionSettings()
    alerts: AlertSettings = AlertSettings()
