"""Reads the site file: the whole house and every process's settings in one TOML file.

In:    the path of a site file.
Out:   a `Site`; or every fault of the file at once, each with its place, the finding and the remedy.
Never: passwords (see passwords.py), sockets, anything written.

Relative paths in the file count from the file's own folder. Source: firmware-config/site.example.toml.
"""

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from collector.alerts.settings import Language
from collector.plan import Privacy, Rules, SitePlan
from collector.settings import CollectorSettings, HistoryKind, InfluxSettings, RetentionSettings
from dashboard.settings import DashboardSettings
from edge.broker import BrokerSettings
from edge.settings import DeviceSettings
from ledig.settings_files import SettingsFileAway, read_settings_text
from ledig.site.alerts import read_alerts
from ledig.site.devices import Surroundings, read_devices
from ledig.site.house import read_house
from ledig.site.ids import id_fault
from ledig.site.opening import check_country, read_opening
from ledig.site.reader import Faults, Reader, Table

COLLECTOR_USER = "collector"
DASHBOARD_USER = "dashboard"
UP_LOCK = "up.lock"
"""The file that `ledig up` holds in its folder: where it is not, no house was started."""

_AT_LINE = re.compile(r"(?P<finding>.*) \(at (?P<place>line \d+, column \d+|end of document)\)", re.DOTALL)

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
    """The site file cannot be used. `faults` are all of them, in the order of the file."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """The table [site]."""

    id: str
    """Its name on the wire: small letters, digits and hyphens."""
    name: str
    """Its name on the pages."""
    time_zone: str = "Europe/Stockholm"
    """An IANA time zone; days and hours are cut by it."""
    country: str = "SE"
    """Two letters, ISO 3166: whose red days it keeps."""
    language: str = "sv"
    """What a browser gets that asks for neither Swedish nor English: "sv" or "en"."""
    notice: str = ""
    """One line for every page, such as "Closed for midsummer"."""

    def __post_init__(self) -> None:
        if self.language not in set(Language):
            raise ValueError(f'language must be "sv" or "en", got "{self.language}"')


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """The table [storage]."""

    directory: Path = Path("/var/lib/ledig")
    """Where journal, outboxes and accounts are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerTable:
    """The table [broker]."""

    host: str = "localhost"
    """Name or address of the MQTT broker."""
    port: int = 1883
    """TCP port; 8883 is usual with TLS."""
    ca_file: Path | None = None
    """The authority that signed the broker's certificate; left out: no TLS."""
    password_directory: Path | None = None
    """One file per user, named for it (`collector`, `dashboard`, each device's id), one line: its password.

    Left out: the broker asks for none.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryTable:
    """The table [history]."""

    kind: HistoryKind = HistoryKind.SQLITE
    """`sqlite`: the journal itself answers; `influxdb`: see [history.influxdb]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that a site file says."""

    plan: SitePlan
    devices: tuple[DeviceSettings, ...]
    collector: CollectorSettings
    dashboard: DashboardSettings
    storage: Path
    """The directory of journal, outboxes and accounts."""
    password_directory: Path | None
    """One file per broker user; None: the broker asks for none."""

    @property
    def device(self) -> dict[str, DeviceSettings]:
        """Devices by id."""
        return {device.device: device for device in self.devices}


def read(path: Path) -> Site:
    """Read a site file.

    Raises:
        SiteRejected: the file is missing or faulty; it holds every fault that was found.
        SettingsFileAway: the file is there and cannot be read now.
    """
    faults = Faults(path.name)
    document = _parsed(path, faults)
    if document is None:
        raise SiteRejected(faults.texts())
    reader = Reader(faults, path.absolute().parent)
    reader.refuse_unknown(document, _TABLES, "")
    site = _site(reader, document)
    if site is None or len(faults):
        raise SiteRejected(faults.texts())
    return site


def _parsed(path: Path, faults: Faults) -> Table | None:
    try:
        return tomllib.loads(read_settings_text(path))
    except FileNotFoundError:
        faults.add("", f"no such file: {path}; give the path of a site file")
    except UnicodeDecodeError as fault:
        faults.add("", f"byte {fault.start} is not UTF-8; save the file as UTF-8")
    except SettingsFileAway:
        raise
    except OSError as fault:
        faults.add("", f"cannot be read: {(fault.strerror or str(fault)).lower()}; check {path}")
    except tomllib.TOMLDecodeError as fault:
        at = _AT_LINE.fullmatch(str(fault))
        place, finding = (at["place"], at["finding"]) if at else ("", str(fault))
        faults.add(place, f"{finding[:1].lower()}{finding[1:]}; write it as TOML: key = value, text in quotes")
    except RecursionError:
        faults.add("", "tables are nested too deeply; a site file needs only three levels")
    return None


def _site(reader: Reader, document: Table) -> Site | None:
    about = _about(reader, document)
    broker = reader.build(BrokerTable, reader.table(document, "broker"), "broker")
    storage = reader.build(StorageSettings, reader.table(document, "storage"), "storage")
    opening = read_opening(reader, document)
    rules = reader.build(Rules, reader.table(document, "rules"), "rules")
    directory = storage.directory if storage else Path()
    wire = _broker(reader, broker or BrokerTable())
    privacy = reader.build(Privacy, reader.table(document, "privacy"), "privacy")
    house = read_house(reader, document)
    around = Surroundings(site=about.id if about else "", broker=wire, directory=directory, house=house)
    devices, sensors = read_devices(reader, document, around)
    alerts = read_alerts(reader, document, house, about.language if about else "")
    collector = _collector(reader, document, directory, wire)
    dashboard = _dashboard(reader, document, collector, about, directory)
    if about is None or broker is None or rules is None or collector is None or dashboard is None or len(reader.faults):
        return None
    plan = SitePlan(
        id=about.id,
        name=about.name,
        time_zone=ZoneInfo(about.time_zone),
        floors=house.floors,
        zones=house.zones,
        spaces=house.spaces,
        doors=house.doors,
        sensors=sensors,
        opening_hours=opening.hours,
        hours_on=opening.hours_on,
        country=about.country,
        red_days=opening.red_days,
        closed=opening.closed,
        rules=rules,
        privacy=privacy or Privacy(),
        notice=about.notice,
    )
    return Site(
        plan=plan,
        devices=devices,
        collector=replace(collector, alerts=alerts),
        dashboard=replace(dashboard, alerts=alerts),
        storage=directory,
        password_directory=broker.password_directory,
    )


def _about(reader: Reader, document: Table) -> SiteSettings | None:
    if "site" not in document:
        reader.faults.add("", "table [site] is missing; give it with an id and a name")
        return None
    about = reader.build(SiteSettings, reader.table(document, "site"), "site")
    if about is None:
        return None
    if fault := id_fault(about.id):
        reader.faults.add("site", fault)
    try:
        ZoneInfo(about.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder's name, or a path that leaves the zones
        reader.faults.add("site", f'no time zone "{about.time_zone}"; give an IANA name such as "Europe/Stockholm"')
    check_country(reader, about.country)
    return about


def _broker(reader: Reader, table: BrokerTable) -> BrokerSettings:
    """Where the broker is; who we are there is said by each process for itself."""
    try:
        return BrokerSettings(host=table.host, port=table.port, ca_file=table.ca_file)
    except ValueError as refused:
        reader.faults.add("broker", str(refused))
        return BrokerSettings()


def _collector(reader: Reader, document: Table, directory: Path, broker: BrokerSettings) -> CollectorSettings | None:
    history = reader.table(document, "history")
    kind = reader.build(HistoryTable, history, "history", beside={"influxdb"})
    influx = reader.build(InfluxSettings, reader.table(history, "influxdb"), "history.influxdb")
    retention = reader.build(RetentionSettings, reader.table(document, "retention"), "retention")
    if kind is None or influx is None or retention is None:
        return None
    return CollectorSettings(
        broker=broker,
        journal_path=directory / "journal.sqlite",
        history=kind.kind,
        influx=influx,
        retention=retention,
    )


def _dashboard(
    reader: Reader, document: Table, collector: CollectorSettings | None, about: SiteSettings | None, directory: Path
) -> DashboardSettings | None:
    shared: dict[str, Any] = {
        "broker": collector.broker if collector else BrokerSettings(),
        "accounts_path": directory / "accounts.sqlite",
        "journal_path": directory / "journal.sqlite",
        "history": collector.history if collector else HistoryKind.SQLITE,
        "influx": collector.influx if collector else InfluxSettings(),
        "retention": collector.retention if collector else RetentionSettings(),
        "language": about.language if about else Language.SV.value,
    }
    return reader.build(DashboardSettings, reader.table(document, "dashboard"), "dashboard", given=shared)
