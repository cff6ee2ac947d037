"""Builds the figure and the table of recent history.

In:    rows of ZONE_FIVE_MIN; a choice of zone, kind and number of days.
Out:   a Plotly figure as plain values, and its values by hour as a table.
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
"""The selectable periods: today, or seven days that end today."""
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
    """What a user can choose from; zones are names by id."""

    zones: dict[str, str]
    kinds: tuple[SpaceKind, ...]
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One formatted hour: taken spaces on average and at most, the total, unknown spaces on average."""

    hour: str
    mean: str
    peak: str
    capacity: str
    unknown: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure and its values as a table."""

    figure: dict[str, Any]
    table: tuple[TableRow, ...]


def choices(plan: SitePlan) -> Choices:
    """Return every zone, every offered kind and every period."""
    return Choices(
        zones={zone.id: zone.name for zone in plan.zones},
        kinds=tuple(kind for kind in SpaceKind if any(s.kind is kind and s.offered for s in plan.spaces)),
        days=DAYS,
    )


def read_choice(args: Mapping[str, str], plan: SitePlan) -> Choice:
    """Parse the choice in a URL. A missing or invalid parameter gets its default."""
    default = Choice()
    zone, kind, days = args.get("zone", ""), args.get("kind", ""), args.get("days", "")
    return Choice(
        zone=zone if zone in plan.zone else default.zone,
        kind=SpaceKind(kind) if kind in choices(plan).kinds else default.kind,
        days=int(days) if days in {str(n) for n in DAYS} else default.days,
    )


def hidden(choice: Choice, plan: SitePlan) -> bool:
    """Return whether history is hidden because it would reveal something about single people."""
    return privacy.hidden(plan, choice.zone, choice.kind)


def question(choice: Choice, plan: SitePlan, now_ms: int) -> Question:
    """Build the history query: from local midnight of the first day until now."""
    return Question(
        measure=ZONE_FIVE_MIN,
        from_ms=midnight_ms(plan, now_ms, days_before=choice.days - 1),
        to_ms=now_ms,
        tags=(("zone", choice.zone), ("kind", choice.kind)),
    )


def chart(rows: list[Row], plan: SitePlan, texts: Words) -> Chart:
    """Build the figure and the table from rows in order of time."""
    return Chart(figure(rows, plan, texts), table(rows, plan, texts))


def figure(rows: list[Row], plan: SitePlan, texts: Words) -> dict[str, Any]:
    """Draw capacity and taken spaces in steps of five minutes. A missing bucket leaves a gap.

    `meta` names the page's colour for each trace.
    """
    _ = texts.gettext
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
                "y": [None if row is None else _drawn_value(field, row.fields[field]) for _at, row in spaced],
                "line": {"width": width, "shape": "hv"},
                "connectgaps": False,
                "hovertemplate": "%{y}",
            }
            for field, name, colour, width in series
        ],
        "layout": layout(texts, times),
    }


def layout(texts: Words, times: Sequence[str]) -> dict[str, Any]:
    """Return the Plotly layout of figures over time; `times` are the values on the time axis."""
    return {
        "hovermode": "x unified",
        "separators": ", " if texts.language == "sv" else ".,",  # decimal sign, then thousands separator
        "showlegend": True,
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        "margin": {"t": 56, "r": 8, "b": 40, "l": 40},
        "yaxis": {"rangemode": "tozero", "fixedrange": True},
        "xaxis": time_axis(times) | {"hoverformat": "%-d/%-m %H:%M"},
    }


def table(rows: list[Row], plan: SitePlan, texts: Words) -> tuple[TableRow, ...]:
    """Summarise rows by local hour: the mean of the means and the highest peak."""

    def local_hour(row: Row) -> datetime:
        return local(plan, row.at_ms).replace(minute=0, second=0, microsecond=0)

    def format_mean(values: list[float], pattern: str) -> str:
        return format_decimal(sum(values) / len(values), pattern, locale=texts.language) if values else "–"  # noqa: RUF001

    def format_taken(values: list[float], pattern: str) -> str:
        few = values and 0 < sum(values) / len(values) < FEW
        return texts.gettext("under {n}").format(n=FEW) if few else format_mean(values, pattern)

    table_rows: list[TableRow] = []
    for at, group in groupby(rows, local_hour):
        hour_rows = list(group)
        columns = [[row.fields[n] for row in hour_rows if row.fields[n] is not None] for n in range(5)]
        column: list[list[float]] = [[value for value in values if value is not None] for values in columns]
        table_rows.append(
            TableRow(
                hour=format_datetime(at, "EEE d MMM HH:mm", locale=texts.language),
                mean=format_taken(column[MEAN], "0.0"),
                peak=format_taken([max(column[PEAK])] if column[PEAK] else [], "0"),
                capacity=format_mean([max(column[CAPACITY])] if column[CAPACITY] else [], "0"),
                unknown=format_mean(column[UNKNOWN], "0.0"),
            )
        )
    return tuple(table_rows)


def with_gaps(rows: list[Row]) -> list[tuple[int, Row | None]]:
    """Return the start and row of each bucket, with a None entry where a bucket is missing."""
    spaced: list[tuple[int, Row | None]] = []
    for row, after in pairwise([*rows, None]):
        if row is None:
            break
        spaced.append((row.at_ms, row))
        end_ms = row.at_ms + ZONE_FIVE_MIN.bucket_ms
        if after is None:
            spaced.append((end_ms, row))  # draws the last bucket with its full width
        elif after.at_ms != end_ms:
            spaced.append((end_ms, None))
    return spaced


def _drawn_value(field: int, value: float | None) -> float | None:
    """Return the value to draw; 1 to 4 taken spaces are left out."""
    few = value is not None and field in {MEAN, PEAK} and 0 < value < FEW
    return None if value is None or few else round(value, 2)
