"""Opening hours as somebody types them in one line: "mon-fri 8-18, sat 10:00-16:00", or "24/7".

In:    the line.
Out:   the hours of each weekday, as the site file has them.
Never: the rules about overlaps: the reader of the site file has them.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from collector.site.opening_spans import ALWAYS_OPEN
from ledig.site.opening_hours import OPENING_KEY, WEEKDAY_KEYS, read_opening
from ledig.site.table_reader import Faults, TableReader

WeekHours = Mapping[str, tuple[str, ...]]
"""The spans of each open day, by the key of the day in the site file; empty: the site never closes."""
EXAMPLE_HOURS: Final = "mon-fri 08:00-18:00"
HOURS_REMEDY: Final = 'write it as "mon-fri 8-18, sat 10:00-16:00", or "24/7"'
_SPAN: Final = re.compile(r"(\d{1,2})(?::(\d\d))?-(\d{1,2})(?::(\d\d))?")
_DAYS: Final = re.compile(r"([a-z]+)(?:-([a-z]+))?")
_LEAST_DAY_CHARS: Final = 3


class HoursUnreadable(ValueError):
    """The line gives no opening hours; the message has the remedy."""


def parse_week_hours(line: str) -> WeekHours:
    """Parse a line of opening hours. A day without hours is closed; hours without a day apply to every day.

    Raises:
        HoursUnreadable: it cannot be read, or hours overlap.
    """
    line = re.sub(r"\s*[-\u2013]\s*", "-", line.strip().lower())  # a dash of any length, with or without spaces
    if line == ALWAYS_OPEN:
        return {}
    hours = _collect_hours(line)
    faults = Faults("")
    read_opening(TableReader(faults, Path()), {OPENING_KEY: {day: list(spans) for day, spans in hours.items()}})
    if len(faults):
        raise HoursUnreadable(faults.list_faults()[0].removeprefix(f", {OPENING_KEY}, "))
    return hours


def format_week_hours(hours: WeekHours) -> str:
    """Format hours as a line that `parse_week_hours` reads."""
    if not hours:
        return ALWAYS_OPEN
    groups: list[list[str]] = []
    for number, day in enumerate(WEEKDAY_KEYS):
        if day not in hours:
            continue
        before = WEEKDAY_KEYS[number - 1]
        if groups and groups[-1][-1] == before and hours[before] == hours[day]:
            groups[-1].append(day)
        else:
            groups.append([day])
    return ", ".join(f"{_format_days(group)} {' '.join(hours[group[0]])}" for group in groups)


def _format_days(days: list[str]) -> str:
    first, last = days[0][:_LEAST_DAY_CHARS], days[-1][:_LEAST_DAY_CHARS]
    return first if first == last else f"{first}-{last}"


def _collect_hours(line: str) -> dict[str, tuple[str, ...]]:
    """Collect the spans of each day. Days apply to the spans that follow, up to the next days after a span."""
    found: dict[str, list[str]] = {}
    days: list[str] = []
    has_span = False
    for part in re.split(r"[,;\s]+", line):
        if not part:
            continue
        if span := _SPAN.fullmatch(part):
            for day in days or WEEKDAY_KEYS:
                found.setdefault(day, []).append(_format_span(span))
            has_span = True
        else:
            days = [*([] if has_span else days), *_list_days(part)]
            has_span = False
    if not has_span:
        raise HoursUnreadable(f'"{line}" has no hours{" at its end" if found else ""}; {HOURS_REMEDY}')
    return {day: tuple(found[day]) for day in WEEKDAY_KEYS if day in found}


def _format_span(span: re.Match[str]) -> str:
    """Format a span as the site file has it, which requires two digits."""
    opens_h, opens_m, closes_h, closes_m = span.groups()
    return f"{int(opens_h):02}:{opens_m or '00'}-{int(closes_h):02}:{closes_m or '00'}"


def _list_days(part: str) -> Iterator[str]:
    """Yield the days of "mon" or "fri-sun"; a range may pass the end of the week."""
    named = _DAYS.fullmatch(part)
    if named is None:
        raise HoursUnreadable(f'"{part}" is neither days nor hours; {HOURS_REMEDY}')
    first = _find_weekday(named[1])
    last = _find_weekday(named[2]) if named[2] else first
    for offset in range((last - first) % len(WEEKDAY_KEYS) + 1):
        yield WEEKDAY_KEYS[(first + offset) % len(WEEKDAY_KEYS)]


def _find_weekday(name: str) -> int:
    found = [number for number, day in enumerate(WEEKDAY_KEYS) if day.startswith(name)]
    if len(name) < _LEAST_DAY_CHARS or not found:
        raise HoursUnreadable(f'"{name}" is not a day; write mon, tue, wed, thu, fri, sat or sun')
    return found[0]
