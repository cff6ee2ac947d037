"""Reads what a house wants to be told of out of a site file: thresholds, hours, destinations.

In:    the parsed file, and a reader that gathers faults; the house, and its language.
Out:   the settings of alerts, without the addresses of destinations (see destinations.py).
Never: files.
"""

from typing import Any

from collector.alerts.settings import USUAL, AlertSettings, Destination, Language
from collector.alerts.wire import AlertKind
from collector.plan import SpaceKind
from ledig.site.house import House
from ledig.site.reader import Reader, Table, one_of


def read_alerts(reader: Reader, document: Table, house: House, language: str) -> AlertSettings:
    """Read the table; faults go to the reader, and what they touch is as usual."""
    table = reader.table(document, "alerts")
    given: dict[str, Any] = {
        "when": _when(reader, reader.table(table, "when")),
        "language": Language(language) if language in set(Language) else USUAL.language,
        "destinations": _destinations(reader, table),
    }
    settings = reader.build(AlertSettings, table, "alerts", given=given, beside={"when", "destination"}) or USUAL
    desks = sum(space.kind is SpaceKind.DESK and space.offered and not space.disabled for space in house.spaces)
    if settings.free_desks_below > desks and "free_desks_below" in table:
        finding = f"free_desks_below must lie between 0 and {desks}, as many shared desks as there are"
        reader.faults.add("alerts", f"{finding}, got {settings.free_desks_below}")
    return settings


def _when(reader: Reader, table: Table) -> dict[AlertKind, str]:
    found = {kind: USUAL.hours(kind) for kind in AlertKind}
    for name, hours in table.items():
        if name not in set(AlertKind):
            reader.faults.add("alerts.when", one_of("alert", name, list(AlertKind)))
        elif not isinstance(hours, str):
            reader.faults.add("alerts.when", f'{name} is {hours}; write it in quotes: {name} = "always"')
        else:
            found[AlertKind(name)] = hours
    return found


def _destinations(reader: Reader, table: Table) -> tuple[Destination, ...]:
    found: dict[str, Destination] = {}
    for number, one in enumerate(reader.tables(table, "destination", "alerts.destination"), 1):
        named = f'"{one["name"]}"' if isinstance(one.get("name"), str) else f"number {number}"
        place = f"alerts, destination {named}"
        destination = reader.build(Destination, one, place, given={"url": ""})
        if destination is None:
            continue
        if destination.name in found:
            reader.faults.add(place, "this name is given twice; each destination needs its own")
        found[destination.name] = destination
    return tuple(found.values())
