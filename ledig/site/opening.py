"""Reads the opening hours out of a site file: spans by weekday and for single dates, public holidays, closed days.

In:    the parsed file, and a reader that gathers faults.
Out:   those parts of the plan.
Never: a calendar of its own (see collector/days.py), files.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

from collector.days import known_country
from collector.plan import OpeningHours, RedDays
from ledig.site.reader import Reader, Table

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PLACE = "opening_hours"
ALWAYS = "24/7"
_DAY_MIN = 24 * 60
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_EXAMPLES = '"07:00-22:00", "18:00-02:00", "24/7" or ["07:00-12:00", "13:00-17:00"]'
_COUNTRY = re.compile("[A-Z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningTable:
    """What the table [opening_hours] says besides the hours of each weekday."""

    red_days: RedDays = RedDays.SUNDAY
    """On red days: `sunday`'s hours (closed on Sundays: closed), `closed`, or `open` as on any other day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningDays:
    """The whole table [opening_hours]."""

    hours: dict[int, tuple[OpeningHours, ...]]
    hours_on: dict[date, tuple[OpeningHours, ...]]
    red_days: RedDays
    closed: frozenset[date]


def read_opening(reader: Reader, document: Table) -> OpeningDays:
    """Read `opening_hours`, a table or "24/7"; faults go to the reader, and what they touch is left out."""
    if document.get(PLACE) == ALWAYS:
        return OpeningDays(hours={}, hours_on={}, red_days=RedDays.OPEN, closed=frozenset())
    table = reader.table(document, PLACE)
    told = reader.build(OpeningTable, table, PLACE, beside={*DAYS, "closed", "dates"}) or OpeningTable()
    spans = {number: _spans(reader, f"{PLACE}, {day}", table[day]) for number, day in enumerate(DAYS) if day in table}
    hours = {number: found for number, found in spans.items() if found}
    _check_overlaps(reader, hours)
    hours_on = _dates(reader, table.get("dates", {}))
    closed = _closed(reader, table.get("closed", []))
    for day in sorted(hours_on.keys() & closed):
        reader.faults.add(f"{PLACE}, closed", f"{day} has hours under dates too; leave it out of one of them")
    return OpeningDays(hours=hours, hours_on=hours_on, red_days=told.red_days, closed=closed)


def check_country(reader: Reader, country: str) -> None:
    """A fault for a country whose red days nobody knows; a device has no calendar, and leaves that to the server."""
    if _COUNTRY.fullmatch(country) and (find_spec("holidays") is None or known_country(country)):
        return
    reader.faults.add("site", f'no red days are known of country "{country}"; give two letters such as "SE" (ISO 3166)')


def _spans(reader: Reader, place: str, value: Any) -> tuple[OpeningHours, ...]:
    """The spans of one day, in order; empty after a fault. One that closes before it opens ends on the next day."""
    texts = value if isinstance(value, list) else [value]
    found = [_span(text) for text in texts]
    if not found or None in found:
        reader.faults.add(place, f"found {value!r}; write it as {_EXAMPLES}, or leave the day out if closed")
        return ()
    spans = tuple(sorted((span for span in found if span is not None), key=lambda span: span.opens_min))
    for earlier, later in pairwise(spans):
        if later.opens_min < earlier.closes_min:
            reader.faults.add(place, f"{value!r} has spans that overlap; write one span in place of them")
            return ()
    if spans[-1].closes_min - spans[0].opens_min > _DAY_MIN:
        reader.faults.add(place, f"{value!r} lasts into its own opening of the next day; a day holds 24 hours at most")
        return ()
    return spans


def _span(text: Any) -> OpeningHours | None:
    if text == ALWAYS:
        return OpeningHours(opens_min=0, closes_min=_DAY_MIN)
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    opens_h, opens_m, closes_h, closes_m = (int(part) for part in found.groups())
    opens, closes = opens_h * 60 + opens_m, closes_h * 60 + closes_m
    if closes > _DAY_MIN or opens == closes:
        return None
    return OpeningHours(opens_min=opens, closes_min=closes if closes > opens else closes + _DAY_MIN)


def _check_overlaps(reader: Reader, hours: Mapping[int, tuple[OpeningHours, ...]]) -> None:
    """A fault for each night whose hours last into those of the next day."""
    for number, spans in hours.items():
        after = (number + 1) % len(DAYS)
        if after in hours and spans[-1].closes_min > hours[after][0].opens_min + _DAY_MIN:
            finding = f"its hours last into those of {DAYS[after]}; let them end before {DAYS[after]} opens"
            reader.faults.add(f"{PLACE}, {DAYS[number]}", finding)


def _dates(reader: Reader, table: Any) -> dict[date, tuple[OpeningHours, ...]]:
    place = f"{PLACE}, dates"
    if not isinstance(table, dict):
        reader.faults.add(place, f'found {table!r}; write a table: dates = {{ "2026-12-24" = "09:00-13:00" }}')
        return {}
    found: dict[date, tuple[OpeningHours, ...]] = {}
    for key, value in table.items():
        day = _day(key)
        if day is None:
            reader.faults.add(place, f'found "{key}", which is no date; write each as "2026-12-24"')
        elif spans := _spans(reader, f'{place}, "{key}"', value):
            found[day] = spans
    return found


def _closed(reader: Reader, days: Any) -> frozenset[date]:
    place = f"{PLACE}, closed"
    if not isinstance(days, list):
        reader.faults.add(place, f'found {days!r}; write a list of days: ["2026-12-24"]')
        return frozenset()
    found = [_day(day) for day in days]
    for day, known in zip(days, found, strict=True):
        if known is None:
            reader.faults.add(place, f'found {str(day)!r}, which is no day; write each as "2026-12-24"')
    return frozenset(known for known in found if known is not None)


def _day(day: Any) -> date | None:
    """A day in quotes or, as TOML has it, without."""
    if isinstance(day, date) and not isinstance(day, datetime):
        return day
    try:
        return date.fromisoformat(day) if isinstance(day, str) and len(day) == 10 else None
    except ValueError:
        return None
