"""Read the opening hours of a site file: hours by weekday and date, public holidays, closed days.

In:    the parsed file, a reader that collects faults.
Out:   the opening hours of the plan.
Never: a calendar of its own (see the collector's calendar), files.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.util import find_spec
from typing import Any

from collector.site.calendar import is_known_country
from collector.site.opening_spans import ALWAYS_OPEN, HoursRejected, OpeningSpan, RedDays, read_hours
from edge.timekeeping.durations import MINUTES_PER_DAY
from ledig.site.table_reader import Table, TableReader, format_value

WEEKDAY_KEYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OPENING_KEY = "opening_hours"
_COUNTRY = re.compile("[A-Z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningTable:
    """The keys of [opening_hours] other than hours and dates."""

    red_days: RedDays = RedDays.SUNDAY
    """On public holidays: `sunday`: the hours of Sunday, if any; `closed`; or `open`: as on other days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningDays:
    """The content of [opening_hours]."""

    hours: dict[int, tuple[OpeningSpan, ...]]
    hours_on: dict[date, tuple[OpeningSpan, ...]]
    red_days: RedDays
    closed: frozenset[date]


def read_opening(reader: TableReader, document: Table) -> OpeningDays:
    """Read `opening_hours`, a table or "24/7"; report faults to the reader and leave out what has a fault."""
    if document.get(OPENING_KEY) == ALWAYS_OPEN:
        return OpeningDays(hours={}, hours_on={}, red_days=RedDays.OPEN, closed=frozenset())
    if isinstance(document.get(OPENING_KEY), str):
        finding = f'found "{document[OPENING_KEY]}"; write "{ALWAYS_OPEN}", or the hours as a table: [{OPENING_KEY}]'
        reader.faults.add(OPENING_KEY, finding)
        return OpeningDays(hours={}, hours_on={}, red_days=RedDays.OPEN, closed=frozenset())
    table = reader.get_table(document, OPENING_KEY)
    settings = (
        reader.build_value(OpeningTable, table, OPENING_KEY, beside={*WEEKDAY_KEYS, "closed", "dates"})
        or OpeningTable()
    )
    spans = {
        number: _read_spans(reader, f"{OPENING_KEY}, {day}", table[day])
        for number, day in enumerate(WEEKDAY_KEYS)
        if day in table
    }
    hours = {number: found for number, found in spans.items() if found}
    _check_overlaps(reader, hours)
    hours_on = _read_dates(reader, table.get("dates", {}))
    closed = _read_closed(reader, table.get("closed", []))
    for day in sorted(hours_on.keys() & closed):
        reader.faults.add(f"{OPENING_KEY}, closed", f"{day} has hours under dates too; leave it out of one of them")
    return OpeningDays(hours=hours, hours_on=hours_on, red_days=settings.red_days, closed=closed)


def find_country_fault(country: str) -> str | None:
    """Return the problem of a country without known public holidays, with its remedy; None if they are known.

    A device has no calendar, so only the server checks more than the form.
    """
    if _COUNTRY.fullmatch(country) and (find_spec("holidays") is None or is_known_country(country)):
        return None
    return f'no public holidays are known for country "{country}"; give two letters such as "SE" (ISO 3166)'


def _read_spans(reader: TableReader, place: str, value: Any) -> tuple[OpeningSpan, ...]:
    """Read the hours of one day; empty after a fault."""
    try:
        return read_hours(value if isinstance(value, list) else [value])
    except HoursRejected as fault:
        reader.faults.add(place, f"{fault}; leave out the days on which the site is closed")
        return ()


def _check_overlaps(reader: TableReader, hours: Mapping[int, tuple[OpeningSpan, ...]]) -> None:
    """Report hours after midnight that overlap those of the next day."""
    for number, spans in hours.items():
        after = (number + 1) % len(WEEKDAY_KEYS)
        if after in hours and spans[-1].closes_min > hours[after][0].opens_min + MINUTES_PER_DAY:
            finding = f"its hours overlap those of {WEEKDAY_KEYS[after]}; end them before {WEEKDAY_KEYS[after]} opens"
            reader.faults.add(f"{OPENING_KEY}, {WEEKDAY_KEYS[number]}", finding)


def _read_dates(reader: TableReader, table: Any) -> dict[date, tuple[OpeningSpan, ...]]:
    place = f"{OPENING_KEY}, dates"
    if not isinstance(table, dict):
        reader.faults.add(place, f'found {table!r}; write a table: dates = {{ "2026-12-24" = "09:00-13:00" }}')
        return {}
    found: dict[date, tuple[OpeningSpan, ...]] = {}
    for key, value in table.items():
        day = _parse_date(key)
        if day is None:
            reader.faults.add(place, f'found "{key}", which is not a date; write each as "2026-12-24"')
        elif spans := _read_spans(reader, f'{place}, "{key}"', value):
            found[day] = spans
    return found


def _read_closed(reader: TableReader, days: Any) -> frozenset[date]:
    place = f"{OPENING_KEY}, closed"
    if not isinstance(days, list):
        reader.faults.add(place, f'found {days!r}; write a list of days: ["2026-12-24"]')
        return frozenset()
    found = [_parse_date(day) for day in days]
    for day, known in zip(days, found, strict=True):
        if known is None:
            reader.faults.add(place, f'found {format_value(day)}, which is not a date; write each as "2026-12-24"')
    return frozenset(known for known in found if known is not None)


def _parse_date(day: Any) -> date | None:
    """Parse a date, written as a string or as a TOML date."""
    if isinstance(day, date) and not isinstance(day, datetime):
        return day
    try:
        return date.fromisoformat(day) if isinstance(day, str) and len(day) == 10 else None
    except ValueError:
        return None
