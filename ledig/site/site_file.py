"""Read the site file: the plan of the site and the settings of every process, in one TOML file.

In:    the path of a site file.
Out:   a `SiteFile`, or all faults of the file, each with place, problem and remedy.
Never: passwords (see broker_passwords.py), sockets, written files.

Relative paths in the file are relative to its folder. Source: firmware-config/site.example.toml.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from collector.configuration.collector_settings import CollectorSettings, HistoryKind, InfluxSettings, RetentionSettings
from collector.site.occupancy_rules import OccupancyRules
from collector.site.privacy_settings import PrivacySettings
from collector.site.site_plan import SitePlan
from collector.text.languages import Language
from dashboard.configuration.dashboard_settings import DashboardSettings
from edge.configuration.device_settings import DeviceSettings
from edge.contract.broker_client import BrokerSettings
from edge.contract.settings_rejected import SettingsRejected
from ledig.site.alerts_table import read_alerts
from ledig.site.devices import DeviceContext, read_devices
from ledig.site.ids import find_id_fault
from ledig.site.opening_hours import find_country_fault, read_opening
from ledig.site.places import read_layout
from ledig.site.settings_files import SettingsFileAway, read_settings_text
from ledig.site.table_reader import Faults, Table, TableReader
from ledig.site.toml_text import TomlRejected, parse_toml

UP_LOCK_FILE = "up.lock"
"""Lock file of `ledig up`; a folder without it contains no site started by `ledig up`."""

_TABLES = {
    "site",
    "opening_hours",
    "broker",
    "storage",
    "rules",
    "history",
    "retention",
    "privacy",
    "alerts",
    "dashboard",
    "floor",
    "zone",
    "space",
    "door",
    "device",
}


class SiteRejected(ValueError):
    """The site file cannot be used. `faults` lists all problems, in the order of the file."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTable:
    """The table [site]."""

    id: str
    """Id in topics: lowercase letters, digits and hyphens."""
    name: str
    """Name on the pages."""
    time_zone: str = "Europe/Stockholm"
    """An IANA time zone; it determines days and hours."""
    country: str = "SE"
    """Two letters, ISO 3166: the country whose public holidays apply."""
    language: str = "sv"
    """Language for browsers that ask for neither Swedish nor English: "sv" or "en"."""
    notice: str = ""
    """One line shown on every page, such as "Closed for midsummer"."""

    def __post_init__(self) -> None:
        if self.language not in set(Language):
            raise SettingsRejected(("language", f'must be "sv" or "en", got "{self.language}"'))


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageTable:
    """The table [storage]."""

    directory: Path = Path("/var/lib/ledig")
    """Folder of journal, outboxes and accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerTable:
    """The table [broker]."""

    host: str = "localhost"
    """Name or address of the MQTT broker."""
    port: int = 1883
    """TCP port; 8883 is usual with TLS."""
    ca_file: Path | None = None
    """Certificate of the authority that signed the broker's certificate; left out: no TLS."""
    password_directory: Path | None = None
    """Folder with one file per broker user (`collector`, `dashboard`, each device's id) that contains its password.

    Left out: the broker needs no password.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryTable:
    """The table [history]."""

    kind: HistoryKind = HistoryKind.SQLITE
    """`sqlite`: read the journal; `influxdb`: see [history.influxdb]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFile:
    """The content of a site file."""

    plan: SitePlan
    devices: tuple[DeviceSettings, ...]
    collector: CollectorSettings
    dashboard: DashboardSettings
    storage: Path
    """Folder of journal, outboxes and accounts."""
    password_directory: Path | None
    """Folder with one password file per broker user; None: the broker needs no password."""

    @property
    def device(self) -> dict[str, DeviceSettings]:
        """Devices by id."""
        return {device.device: device for device in self.devices}


def read_site_file(path: Path) -> SiteFile:
    """Read a site file.

    Raises:
        SiteRejected: the file is missing or invalid; contains all faults.
        SettingsFileAway: the file exists but cannot be read now.
    """
    faults = Faults(path.name)
    text = _read_text(path, faults)
    if text is None:
        raise SiteRejected(faults.list_faults())
    return parse_site_text(text, path.name, path.absolute().parent)


def parse_site_text(text: str, name: str, folder: Path) -> SiteFile:
    """Parse the text of a site file.

    Args:
        text: TOML.
        name: name of the file, for the faults.
        folder: its folder; relative paths in the text begin there.

    Raises:
        SiteRejected: contains all faults.
    """
    faults = Faults(name)
    try:
        document = parse_toml(text)
    except TomlRejected as rejected:
        for place, finding in rejected.problems:
            faults.add(place, finding)
        raise SiteRejected(faults.list_faults()) from rejected
    reader = TableReader(faults, folder)
    reader.reject_unknown(document, _TABLES, "")
    site = _read_site(reader, document)
    if site is None or len(faults):
        raise SiteRejected(faults.list_faults())
    return site


def _read_text(path: Path, faults: Faults) -> str | None:
    try:
        return read_settings_text(path)
    except FileNotFoundError:
        faults.add("", f"no such file: {path}; give the path of a site file")
    except UnicodeDecodeError as fault:
        faults.add("", f"byte {fault.start} is not UTF-8; save the file as UTF-8")
    except SettingsFileAway:
        raise
    except OSError as fault:
        faults.add("", f"cannot be read: {(fault.strerror or str(fault)).lower()}; check {path}")
    return None


def _read_site(reader: TableReader, document: Table) -> SiteFile | None:
    site_table = _read_site_table(reader, document)
    broker = reader.build_value(BrokerTable, reader.get_table(document, "broker"), "broker")
    storage = reader.build_value(StorageTable, reader.get_table(document, "storage"), "storage")
    opening = read_opening(reader, document)
    rules = reader.build_value(OccupancyRules, reader.get_table(document, "rules"), "rules")
    directory = storage.directory if storage else Path()
    broker_settings = _read_broker(reader, broker or BrokerTable())
    privacy = reader.build_value(PrivacySettings, reader.get_table(document, "privacy"), "privacy")
    layout = read_layout(reader, document)
    retention = reader.build_value(RetentionSettings, reader.get_table(document, "retention"), "retention")
    context = DeviceContext(
        site=site_table.id if site_table else "",
        broker=broker_settings,
        directory=directory,
        raw_hours=(retention or RetentionSettings()).raw_hours,
        layout=layout,
    )
    devices, sensors = read_devices(reader, document, context)
    alerts = read_alerts(reader, document, layout, site_table.language if site_table else "")
    collector = _read_collector(reader, document, directory, broker_settings, retention)
    dashboard = _read_dashboard(reader, document, collector, site_table, directory)
    if (
        site_table is None
        or broker is None
        or rules is None
        or collector is None
        or dashboard is None
        or len(reader.faults)
    ):
        return None
    plan = SitePlan(
        id=site_table.id,
        name=site_table.name,
        time_zone=ZoneInfo(site_table.time_zone),
        floors=layout.floors,
        zones=layout.zones,
        spaces=layout.spaces,
        doors=layout.doors,
        sensors=sensors,
        opening_hours=opening.hours,
        hours_on=opening.hours_on,
        country=site_table.country,
        red_days=opening.red_days,
        closed=opening.closed,
        rules=rules,
        privacy=privacy or PrivacySettings(),
        notice=site_table.notice,
    )
    return SiteFile(
        plan=plan,
        devices=devices,
        collector=replace(collector, alerts=alerts),
        dashboard=replace(dashboard, alerts=alerts),
        storage=directory,
        password_directory=broker.password_directory,
    )


def _read_site_table(reader: TableReader, document: Table) -> SiteTable | None:
    if "site" not in document:
        reader.faults.add("", "table [site] is missing; give it with an id and a name")
        return None
    site_table = reader.build_value(SiteTable, reader.get_table(document, "site"), "site")
    if site_table is None:
        return None
    if fault := find_id_fault(site_table.id):
        reader.faults.add("site", fault)
    for problem in (find_time_zone_fault(site_table.time_zone), find_country_fault(site_table.country)):
        if problem:
            reader.faults.add("site", problem)
    return site_table


def find_time_zone_fault(name: str) -> str | None:
    """Return the problem of an unknown time zone with its remedy; None if it is known."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the name of a folder, or a path outside the database
        return f'no time zone "{name}"; give an IANA name such as "Europe/Stockholm"'
    return None


def _read_broker(reader: TableReader, table: BrokerTable) -> BrokerSettings:
    """Return the broker's address; each process adds its own credentials."""
    try:
        return BrokerSettings(host=table.host, port=table.port, ca_file=table.ca_file)
    except ValueError as rejected:
        reader.faults.add("broker", str(rejected))
        return BrokerSettings()


def _read_collector(
    reader: TableReader,
    document: Table,
    directory: Path,
    broker: BrokerSettings,
    retention: RetentionSettings | None,
) -> CollectorSettings | None:
    history = reader.get_table(document, "history")
    kind = reader.build_value(HistoryTable, history, "history", beside={"influxdb"})
    influx = reader.build_value(InfluxSettings, reader.get_table(history, "influxdb"), "history.influxdb")
    if kind is None or influx is None or retention is None:
        return None
    return CollectorSettings(
        broker=broker,
        journal_path=directory / "journal.sqlite",
        history=kind.kind,
        influx=influx,
        retention=retention,
    )


def _read_dashboard(
    reader: TableReader,
    document: Table,
    collector: CollectorSettings | None,
    site_table: SiteTable | None,
    directory: Path,
) -> DashboardSettings | None:
    shared: dict[str, Any] = {
        "broker": collector.broker if collector else BrokerSettings(),
        "accounts_path": directory / "accounts.sqlite",
        "journal_path": directory / "journal.sqlite",
        "history": collector.history if collector else HistoryKind.SQLITE,
        "influx": collector.influx if collector else InfluxSettings(),
        "retention": collector.retention if collector else RetentionSettings(),
        "language": site_table.language if site_table else Language.SV.value,
    }
    return reader.build_value(DashboardSettings, reader.get_table(document, "dashboard"), "dashboard", given=shared)
