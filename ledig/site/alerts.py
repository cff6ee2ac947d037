"""Read the alert settings of a site file: thresholds, hours, destinations.

In:    the parsed file, a reader that collects faults, the layout and the language of the site.
Out:   the alert settings, without the addresses of destinations (see alert_addresses.py).
Never: files.
"""

from typing import Any

from collector.alerts.settings import USUAL, AlertSettings, Destination, Language
from collector.alerts.wire import AlertKind
from collector.plan import SpaceKind
from ledig.site.house import House
from ledig.site.reader import Reader, Table, one_of


def read_alerts(reader: Reader, document: Table, layout: House, language: str) -> AlertSettings:
    """Read [alerts]; report faults to the reader and keep the defaults there.

    Args:
        reader: collects faults.
        document: the parsed site file.
        layout: for the number of desks.
        language: of the site; an invalid one counts as the default.
    """
    table = reader.table(document, "alerts")
    given: dict[str, Any] = {
        "when": _read_hours(reader, reader.table(table, "when")),
        "language": Language(language) if language in set(Language) else USUAL.language,
        "destinations": _read_destinations(reader, table),
    }
    settings = reader.build(AlertSettings, table, "alerts", given=given, beside={"when", "destination"}) or USUAL
    desks = sum(space.kind is SpaceKind.DESK and space.offered and not space.disabled for space in layout.spaces)
    if settings.free_desks_below > desks and "free_desks_below" in table:
        finding = f"free_desks_below must lie between 0 and {desks}, as many shared desks as there are"
        reader.faults.add("alerts", f"{finding}, got {settings.free_desks_below}")
    return settings


def _read_hours(reader: Reader, table: Table) -> dict[AlertKind, str]:
    found = {kind: USUAL.hours(kind) for kind in AlertKind}
    for name, hours in table.items():
        if name not in set(AlertKind):
            reader.faults.add("alerts.when", one_of("alert", name, list(AlertKind)))
        elif not isinstance(hours, str):
            reader.faults.add("alerts.when", f'{name} is {hours}; write it in quotes: {name} = "always"')
        else:
            found[AlertKind(name)] = hours
    return found


def _read_destinations(reader: Reader, table: Table) -> tuple[Destination, ...]:
    found: dict[str, Destination] = {}
    for number, one in enumerate(reader.tables(table, "destination", "alerts.destination"), 1):
        label = f'"{one["name"]}"' if isinstance(one.get("name"), str) else f"number {number}"
        place = f"alerts, destination {label}"
        destination = reader.build(Destination, one, place, given={"url": ""})
        if destination is None:
            continue
        if destination.name in found:
            reader.faults.add(place, "this name is given twice; each destination needs its own")
        found[destination.name] = destination
    return tuple(found.values())
