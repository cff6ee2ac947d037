"""The dashboard's settings, besides the plan of the site.

In:    nothing; `ledig` reads the site file and creates these.
Out:   frozen settings that validate themselves.
Never: files, sockets.
"""

from dataclasses import dataclass
from pathlib import Path

from collector.configuration.alert_settings import DEFAULT_ALERT_SETTINGS, AlertSettings
from collector.configuration.collector_settings import HistoryKind, InfluxSettings, RetentionSettings
from collector.text.languages import Language
from dashboard.configuration.base_path import BASE_PATH_PATTERN
from edge.contract.broker_client import BrokerSettings
from edge.contract.hosts import LOOPBACK, find_host_problem
from edge.contract.settings_rejected import SettingsRejected


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardSettings:
    """One dashboard: where it listens, which broker it uses, where its accounts are."""

    broker: BrokerSettings
    accounts_path: Path
    """The SQLite file with managers, sessions and the secret that signs forms."""
    journal_path: Path
    """The collector's journal, read only when history is `sqlite`."""
    history: HistoryKind = HistoryKind.SQLITE
    influx: InfluxSettings = InfluxSettings()
    retention: RetentionSettings = RetentionSettings()
    """How long the collector keeps data; the pages state it."""
    alerts: AlertSettings = DEFAULT_ALERT_SETTINGS
    """The collector's alert rules, shown beside the alerts; they contain no address."""
    host: str = LOOPBACK
    """The address to listen on; 0.0.0.0 serves the whole network."""
    port: int = 8000
    language: str = "sv"
    """The language for browsers that ask for neither Swedish nor English."""
    hosts: tuple[str, ...] = ()
    """Host names under which the pages are reached; others are refused. Empty: any."""
    proxies: int = 0
    """Number of reverse proxies in front; that many entries of X-Forwarded-For are trusted."""
    base_path: str = ""
    """Sub-path of the host below which all pages are, such as `/ledig`; empty: the pages use the whole host."""
    max_streams: int = 2000
    """Maximum of open live pages; further ones poll every ten seconds instead."""

    def __post_init__(self) -> None:
        if fault := find_host_problem(self.host):
            raise SettingsRejected(("host", fault))
        for name in self.hosts:
            if fault := find_host_problem(name.removeprefix(".")):
                raise SettingsRejected(("hosts", f"has a wrong entry: {fault}"))
        if not 1 <= self.port <= 65_535:
            raise SettingsRejected(("port", f"must lie between 1 and 65535, got {self.port}"))
        if self.language not in set(Language):
            raise SettingsRejected(("language", f'must be "sv" or "en", got {self.language!r}'))
        if not 0 <= self.proxies <= 5:
            raise SettingsRejected(("proxies", f"must lie between 0 and 5, got {self.proxies}"))
        if self.base_path and not BASE_PATH_PATTERN.fullmatch(self.base_path):
            raise SettingsRejected(
                (
                    "base_path",
                    (
                        'must be like "/ledig": it begins with /, does not end with one, and has letters, digits and'
                        f" . _ ~ - between; got {self.base_path!r}"
                    ),
                )
            )
        if not 10 <= self.max_streams <= 10_000:
            raise SettingsRejected(("max_streams", f"must lie between 10 and 10000, got {self.max_streams}"))
