"""Turns rows of history into one figure and its table.

In:    rows of `zone_five_min`, a choice of zone, kind and span.
Out:   a Plotly figure as plain values, and the same figures by the hour.
Never: HTML, colours (the page has them), I/O.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any, Final

from babel.dates import format_datetime
from babel.numbers import format_decimal

from collector import privacy
from collector.days import local, midnight_ms
from collector.history import ZONE_FIVE_MIN, Row
from collector.plan import WHOLE_SITE, SitePlan, SpaceKind
from collector.privacy import FEW
from dashboard.past import Question
from dashboard.plot_axes import time_axis
from dashboard.words import Words

DAYS: Final = (1, 7)
"""Today, or seven days that end with today."""
CAPACITY, MEAN, PEAK, _FREE_LEAST, UNKNOWN = range(5)  # the order of ZONE_FIVE_MIN's fields


@dataclass(frozen=True, slots=True)
class Choice:
    """What the chart shows."""

    zone: str = WHOLE_SITE
    kind: SpaceKind = SpaceKind.DESK
    days: int = 1

    def __str__(self) -> str:
        return f"zone={self.zone} kind={self.kind} days={self.days}"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a manager may choose from; names by id."""

    zones: dict[str, str]
    kinds: tuple[SpaceKind, ...]
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One hour, as it is read: taken on average and at most, of how many, unknown on average."""

    hour: str
    mean: str
    peak: str
    capacity: str
    unknown: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure, and the table that says the same."""

    figure: dict[str, Any]
    table: tuple[TableRow, ...]


def choices(plan: SitePlan) -> Choices:
    """Every zone, every kind that can be taken, every span."""
    return Choices(
        zones={zone.id: zone.name for zone in plan.zones},
        kinds=tuple(kind for kind in SpaceKind if any(s.kind is kind and s.offered for s in plan.spaces)),
        days=DAYS,
    )


def read_choice(args: Mapping[str, str], plan: SitePlan) -> Choice:
    """The choice in a URL; what it does not hold, or nobody could choose, is the default."""
    usual = Choice()
    zone, kind, days = args.get("zone", ""), args.get("kind", ""), args.get("days", "")
    return Choice(
        zone=zone if zone in plan.zone else usual.zone,
        kind=SpaceKind(kind) if kind in choices(plan).kinds else usual.kind,
        days=int(days) if days in {str(n) for n in DAYS} else usual.days,
    )


def hidden(choice: Choice, plan: SitePlan) -> bool:
    """Whether too few people sit there for a past that tells nothing of one of them."""
    return privacy.hidden(plan, choice.zone, choice.kind)


def question(choice: Choice, plan: SitePlan, now_ms: int) -> Question:
    """What to ask history for."""
    return Question(
        measure=ZONE_FIVE_MIN,
        from_ms=midnight_ms(plan, now_ms, days_before=choice.days - 1),
        to_ms=now_ms,
        tags=(("zone", choice.zone), ("kind", choice.kind)),
    )


def chart(rows: list[Row], plan: SitePlan, words: Words) -> Chart:
    """The figure and the table of rows in the order of time."""
    return Chart(figure(rows, plan, words), table(rows, plan, words))


def figure(rows: list[Row], plan: SitePlan, words: Words) -> dict[str, Any]:
    """Capacity and taken by five minutes, each labelled at its end; a bucket that is missing leaves a gap.

    `meta` names the page's colour of each trace.
    """
    _ = words.gettext
    series = (
        (CAPACITY, _("capacity"), "--wall", 1.0),
        (MEAN, _("taken spaces"), "--taken", 3.0),
    )
    spaced = with_gaps(rows)
    times = [local(plan, at_ms).strftime("%Y-%m-%d %H:%M") for at_ms, _row in spaced]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": name,
                "meta": colour,
                "x": times,
                "y": [None if row is None else _drawn(field, row.fields[field]) for _at, row in spaced],
                "line": {"width": width, "shape": "hv"},
                "connectgaps": False,
                "hovertemplate": "%{y}",
            }
            for field, name, colour, width in series
        ],
        "layout": layout(words, times),
    }


def layout(words: Words, times: Sequence[str]) -> dict[str, Any]:
    """How every figure over time lies; `times` are those on its axis."""
    return {
        "hovermode": "x unified",
        "separators": ", " if words.language == "sv" else ".,",  # decimal comma, and what parts thousands
        "showlegend": True,
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        "margin": {"t": 56, "r": 8, "b": 40, "l": 40},
        "yaxis": {"rangemode": "tozero", "fixedrange": True},
        "xaxis": time_axis(times) | {"hoverformat": "%-d/%-m %H:%M"},
    }


def table(rows: list[Row], plan: SitePlan, words: Words) -> tuple[TableRow, ...]:
    """By the hour of the house's clock: mean of the means, peak of the peaks."""

    def hour(row: Row) -> datetime:
        return local(plan, row.at_ms).replace(minute=0, second=0, microsecond=0)

    def number(values: list[float], pattern: str) -> str:
        return format_decimal(sum(values) / len(values), pattern, locale=words.language) if values else "–"  # noqa: RUF001

    def taken(values: list[float], pattern: str) -> str:
        few = values and 0 < sum(values) / len(values) < FEW
        return words.gettext("under {n}").format(n=FEW) if few else number(values, pattern)

    told: list[TableRow] = []
    for at, group in groupby(rows, hour):
        within = list(group)
        columns = [[row.fields[n] for row in within if row.fields[n] is not None] for n in range(5)]
        column: list[list[float]] = [[value for value in values if value is not None] for values in columns]
        told.append(
            TableRow(
                hour=format_datetime(at, "EEE d MMM HH:mm", locale=words.language),
                mean=taken(column[MEAN], "0.0"),
                peak=taken([max(column[PEAK])] if column[PEAK] else [], "0"),
                capacity=number([max(column[CAPACITY])] if column[CAPACITY] else [], "0"),
                unknown=number(column[UNKNOWN], "0.0"),
            )
        )
    return tuple(told)


def with_gaps(rows: list[Row]) -> list[tuple[int, Row | None]]:
    """The rows of five minutes by time, with a None after each that the next does not follow at once."""
    spaced: list[tuple[int, Row | None]] = []
    for row, after in pairwise([*rows, None]):
        if row is None:
            break
        spaced.append((row.at_ms, row))
        end_ms = row.at_ms + ZONE_FIVE_MIN.bucket_ms
        if after is None:
            spaced.append((end_ms, row))  # the last bucket has a width too
        elif after.at_ms != end_ms:
            spaced.append((end_ms, None))
    return spaced


def _drawn(field: int, value: float | None) -> float | None:
    """One to four taken are not drawn."""
    few = value is not None and field in {MEAN, PEAK} and 0 < value < FEW
    return None if value is None or few else round(value, 2)
