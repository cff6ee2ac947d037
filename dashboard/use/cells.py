"""One cell of a table: what it holds, in which unit, and how it is read; and the names that stand beside figures.

In:    values, the words of a language.
Out:   texts.
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
    """0 to 1, told in per cent."""
    KNOWN = "known"
    """The same of how much is known: never rounded up, since of less than 80 % no figure is told."""
    NUMBER = "number"
    """With one decimal."""
    COUNT = "count"


class Untold(StrEnum):
    """What stands where there is no figure."""

    UNKNOWN = "unknown"
    FEW = "few"
    """One to four people, or stays."""
    NONE = "none"
    """There is nothing to say."""


TOLD_AS_NOTHING: Final = 0.05
Value = str | float | date | Untold


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, and the unit of its values."""

    name: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. `key` is its name in a URL."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple[Value, ...]]


def shown(value: Value, unit: Unit, words: Words) -> str:
    """A value as it is read."""
    if isinstance(value, Untold):
        return untold(value, words)
    if isinstance(value, date):
        return format_date(value, "EEE d MMM y", locale=words.language)
    if isinstance(value, str):
        return value
    if unit is Unit.SHARE:
        return words.percent(value)
    if unit is Unit.KNOWN:
        return words.full_percent(value)
    return format_decimal(unsigned_nothing(value), "0.0" if unit is Unit.NUMBER else "#,##0", locale=words.language)


def unsigned_nothing(value: float) -> float:
    """The value, but of what is less than nothing by so little that it is told as 0.0: without its minus."""
    return 0.0 if -TOLD_AS_NOTHING <= value < 0 else value


def untold(value: Untold, words: Words) -> str:
    """What stands where there is no figure, in words."""
    _ = words.gettext
    return {
        Untold.UNKNOWN: _("unknown"),
        Untold.FEW: _("under {n}").format(n=FEW),
        Untold.NONE: "–",  # noqa: RUF001 - a dash for nothing
    }[value]


def clock(hour: int) -> str:
    """The local hour from its start to its end."""
    return f"{hour:02}–{hour + 1:02}"  # noqa: RUF001 - a span has an en dash


def weekday(number: int, words: Words) -> str:
    """The name of a weekday, Monday 0."""
    return str(get_day_names(locale=words.language)[number])


def zone_name(zone: str, plan: SitePlan, words: Words) -> str:
    """A zone's name, or that it is the whole house."""
    return words.gettext("All zones") if zone == WHOLE_SITE else plan.zone[zone].name
