"""Read the alert settings of a site file: thresholds, hours, destinations.

In:    the parsed file, a reader that collects faults, the layout and the language of the site.
Out:   the alert settings, without the addresses of destinations (see alert_addresses.py).
Never: files.
"""

from typing import Any

from collector.alerts.alert_kinds import ALERT_KINDS
from collector.configuration.alert_settings import DEFAULT_ALERT_SETTINGS, AlertSettings, Destination
from collector.contract.alerts import AlertKind
from collector.site.spaces import SpaceKind
from collector.text.languages import Language
from ledig.site.places import SiteLayout
from ledig.site.table_reader import Table, TableReader, describe_unknown


def read_alerts(reader: TableReader, document: Table, layout: SiteLayout, language: str) -> AlertSettings:
    """Read [alerts]; report faults to the reader and keep the defaults there.

    Args:
        reader: collects faults.
        document: the parsed site file.
        layout: for the number of desks.
        language: of the site; an invalid one counts as the default.
    """
    table = reader.get_table(document, "alerts")
    given: dict[str, Any] = {
        "when": _read_hours(reader, reader.get_table(table, "when")),
        "language": Language(language) if language in set(Language) else DEFAULT_ALERT_SETTINGS.language,
        "destinations": _read_destinations(reader, table),
    }
    settings = (
        reader.build_value(AlertSettings, table, "alerts", given=given, beside={"when", "destination"})
        or DEFAULT_ALERT_SETTINGS
    )
    desks = sum(space.kind is SpaceKind.DESK and space.is_offered and not space.disabled for space in layout.spaces)
    if settings.free_desks_below > desks and "free_desks_below" in table:
        finding = f"free_desks_below must lie between 0 and {desks}, as many shared desks as there are"
        reader.faults.add("alerts", f"{finding}, got {settings.free_desks_below}")
    return settings


def _read_hours(reader: TableReader, table: Table) -> dict[AlertKind, str]:
    found = {kind: row.default_when for kind, row in ALERT_KINDS.items()}
    for name, hours in table.items():
        if name not in set(AlertKind):
            reader.faults.add("alerts.when", describe_unknown("alert", name, list(AlertKind)))
        elif not isinstance(hours, str):
            reader.faults.add("alerts.when", f'{name} is {hours}; write it in quotes: {name} = "always"')
        else:
            found[AlertKind(name)] = hours
    return found


def _read_destinations(reader: TableReader, table: Table) -> tuple[Destination, ...]:
    found: dict[str, Destination] = {}
    for number, one in enumerate(reader.get_tables(table, "destination", "alerts.destination"), 1):
        label = f'"{one["name"]}"' if isinstance(one.get("name"), str) else f"number {number}"
        place = f"alerts, destination {label}"
        destination = reader.build_value(Destination, one, place, given={"url": ""})
        if destination is None:
            continue
        if destination.name in found:
            reader.faults.add(place, "this name is given twice; each destination needs its own")
        found[destination.name] = destination
    return tuple(found.values())
