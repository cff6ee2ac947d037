"""Reads when the house is open out of a site file: hours by weekday, red days, days of its own.

In:    the parsed file, and a reader that gathers faults.
Out:   those parts of the plan.
Never: a calendar of its own (see collector/days.py), files.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from importlib.util import find_spec
from typing import Any

from collector.days import known_country
from collector.plan import OpeningHours, RedDays
from ledig.site.reader import Reader, Table

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_COUNTRY = re.compile("[A-Z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningTable:
    """What the table [opening_hours] says besides the hours of each weekday."""

    red_days: RedDays = RedDays.SUNDAY
    """On red days: `sunday`'s hours (closed on Sundays: closed), `closed`, or `open` as on any other day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningDays:
    """The whole table [opening_hours]."""

    hours: dict[int, OpeningHours]
    red_days: RedDays
    closed: frozenset[date]


def read_opening(reader: Reader, table: Table) -> OpeningDays:
    """Read the table; faults go to the reader, and what they touch is left out."""
    told = reader.build(OpeningTable, table, "opening_hours", beside={*DAYS, "closed"}) or OpeningTable()
    hours = {number: found for number, day in enumerate(DAYS) if (found := _hours(reader, table, day)) is not None}
    return OpeningDays(hours=hours, red_days=told.red_days, closed=_closed(reader, table.get("closed", [])))


def check_country(reader: Reader, country: str) -> None:
    """A fault for a country whose red days nobody knows; a device has no calendar, and leaves that to the server."""
    if _COUNTRY.fullmatch(country) and (find_spec("holidays") is None or known_country(country)):
        return
    reader.faults.add("site", f'no red days are known of country "{country}"; give two letters such as "SE" (ISO 3166)')


def _hours(reader: Reader, table: Table, day: str) -> OpeningHours | None:
    if day not in table:
        return None
    place, span = f"opening_hours, {day}", table[day]
    found = _HOURS.fullmatch(span) if isinstance(span, str) else None
    if found is None:
        reader.faults.add(place, f'found {span!r}; write it as "07:00-22:00", or leave the day out if closed')
        return None
    opens_h, opens_m, closes_h, closes_m = (int(part) for part in found.groups())
    opens, closes = opens_h * 60 + opens_m, closes_h * 60 + closes_m
    if not opens < closes <= 24 * 60:
        reader.faults.add(place, f'"{span}" closes before it opens or after 24:00; a day ends at "24:00"')
        return None
    return OpeningHours(opens_min=opens, closes_min=closes)


def _closed(reader: Reader, days: Any) -> frozenset[date]:
    place = "opening_hours, closed"
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
