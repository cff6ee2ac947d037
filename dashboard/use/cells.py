"""Defines tables of figures (sheets, columns, units, placeholders) and formats their cells.

In:    values, the texts of a language.
Out:   formatted cells; names of weekdays, hours and zones.
Never: a zero where nothing is known.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from babel.dates import format_date, get_day_names
from babel.numbers import format_decimal

from collector.plan import WHOLE_SITE, SitePlan
from collector.privacy import FEW
from dashboard.words import Words


class Unit(StrEnum):
    """How a value is written."""

    TEXT = "text"
    DATE = "date"
    SHARE = "share"
    """0 to 1, shown in per cent."""
    KNOWN = "known"
    """Coverage, 0 to 1. Shown in per cent and never rounded up, because below 80 % no figure is shown."""
    NUMBER = "number"
    """With one decimal."""
    COUNT = "count"


class Untold(StrEnum):
    """What a cell shows instead of a figure."""

    UNKNOWN = "unknown"
    FEW = "few"
    """Fewer than five people, spaces or stays, but at least one."""
    NONE = "none"
    """The figure does not apply, or would expose a withheld one."""


TOLD_AS_NOTHING: Final = 0.05
"""A value up to this far below zero is shown as 0.0 with one decimal."""
Value = str | float | date | Untold


@dataclass(frozen=True, slots=True)
class Column:
    """The heading of a column and the unit of its values."""

    name: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. `key` names it in a URL."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple[Value, ...]]


def shown(value: Value, unit: Unit, texts: Words) -> str:
    """Format a value for a page."""
    if isinstance(value, Untold):
        return untold(value, texts)
    if isinstance(value, date):
        return format_date(value, "EEE d MMM y", locale=texts.language)
    if isinstance(value, str):
        return value
    if unit is Unit.SHARE:
        return texts.percent(value)
    if unit is Unit.KNOWN:
        return texts.full_percent(value)
    return format_decimal(unsigned_nothing(value), "0.0" if unit is Unit.NUMBER else "#,##0", locale=texts.language)


def unsigned_nothing(value: float) -> float:
    """Return 0.0 for a negative value that rounds to 0.0, so that no "-0.0" is shown."""
    return 0.0 if -TOLD_AS_NOTHING <= value < 0 else value


def untold(value: Untold, texts: Words) -> str:
    """Format a placeholder."""
    _ = texts.gettext
    return {
        Untold.UNKNOWN: _("unknown"),
        Untold.FEW: _("under {n}").format(n=FEW),
        Untold.NONE: "–",  # noqa: RUF001 - an en dash stands for "no figure"
    }[value]


def clock(hour: int) -> str:
    """Format a local hour as its start and end."""
    return f"{hour:02}–{hour + 1:02}"  # noqa: RUF001 - a range has an en dash


def weekday(number: int, texts: Words) -> str:
    """Return the name of a weekday; Monday is 0."""
    return str(get_day_names(locale=texts.language)[number])


def zone_name(zone: str, plan: SitePlan, texts: Words) -> str:
    """Return a zone's name, or "All zones" for the whole site."""
    return texts.gettext("All zones") if zone == WHOLE_SITE else plan.zone[zone].name
