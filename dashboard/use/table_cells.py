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

from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.site_plan import WHOLE_SITE, SitePlan
from dashboard.text.page_texts import PageTexts


class ColumnUnit(StrEnum):
    """How a value is written."""

    TEXT = "text"
    DATE = "date"
    SHARE = "share"
    """0 to 1, shown in per cent."""
    COVERAGE = "known"
    """Coverage, 0 to 1. Shown in per cent and never rounded up, because below 80 % no figure is shown."""
    NUMBER = "number"
    """With one decimal."""
    COUNT = "count"


class CellPlaceholder(StrEnum):
    """What a cell shows instead of a figure."""

    UNKNOWN = "unknown"
    FEW = "few"
    """Fewer than five people, spaces or stays, but at least one."""
    NO_FIGURE = "none"
    """The figure does not apply, or would expose a withheld one."""


ROUNDS_TO_ZERO: Final = 0.05
"""A value up to this far below zero is shown as 0.0 with one decimal."""
CellValue = str | float | date | CellPlaceholder


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """The heading of a column and the unit of its values."""

    name: str
    unit: ColumnUnit


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. `key` names it in a URL."""

    key: str
    title: str
    columns: tuple[SheetColumn, ...]
    rows: Iterable[tuple[CellValue, ...]]


def format_value(value: CellValue, unit: ColumnUnit, texts: PageTexts) -> str:
    """Format a value for a page."""
    if isinstance(value, CellPlaceholder):
        return format_placeholder(value, texts)
    if isinstance(value, date):
        return format_date(value, "EEE d MMM y", locale=texts.language)
    if isinstance(value, str):
        return value
    if unit is ColumnUnit.SHARE:
        return texts.format_percentage(value)
    if unit is ColumnUnit.COVERAGE:
        return texts.format_percentage_floor(value)
    return format_decimal(
        drop_sign_of_zero(value), "0.0" if unit is ColumnUnit.NUMBER else "#,##0", locale=texts.language
    )


def drop_sign_of_zero(value: float) -> float:
    """Return 0.0 for a negative value that rounds to 0.0, so that no "-0.0" is shown."""
    return 0.0 if -ROUNDS_TO_ZERO <= value < 0 else value


def format_placeholder(value: CellPlaceholder, texts: PageTexts) -> str:
    """Format a placeholder."""
    _ = texts.gettext
    return {
        CellPlaceholder.UNKNOWN: _("unknown"),
        CellPlaceholder.FEW: _("under {n}").format(n=MIN_SHOWN_GROUP),
        CellPlaceholder.NO_FIGURE: "–",  # noqa: RUF001 - an en dash stands for "no figure"
    }[value]


def format_hour_span(hour: int) -> str:
    """Format a local hour as its start and end."""
    return f"{hour:02}–{hour + 1:02}"  # noqa: RUF001 - a range has an en dash


def get_weekday_name(number: int, texts: PageTexts) -> str:
    """Return the name of a weekday; Monday is 0."""
    return str(get_day_names(locale=texts.language)[number])


def get_zone_name(zone: str, plan: SitePlan, texts: PageTexts) -> str:
    """Return a zone's name, or "All zones" for the whole site."""
    return texts.gettext("All zones") if zone == WHOLE_SITE else plan.zone_by_id[zone].name
