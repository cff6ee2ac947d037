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

from collector.history.measures import ZONE_FIVE_MIN, HistoryRow
from collector.site import privacy_limits
from collector.site.calendar import find_midnight_ms, to_local_time
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import SpaceKind
from dashboard.charts.plot_axes import build_time_axis
from dashboard.history.queries import HistoryQuery
from dashboard.text.page_texts import PageTexts

CHART_DAYS: Final = (1, 7)
"""The selectable periods: today, or seven days that end today."""
CAPACITY, TAKEN_MEAN, TAKEN_PEAK, _FREE_LEAST, UNKNOWN = range(5)  # the order of ZONE_FIVE_MIN's fields


@dataclass(frozen=True, slots=True)
class ChartChoice:
    """What the chart shows."""

    zone: str = WHOLE_SITE
    kind: SpaceKind = SpaceKind.DESK
    days: int = 1

    def __str__(self) -> str:
        return f"zone={self.zone} kind={self.kind} days={self.days}"


@dataclass(frozen=True, slots=True)
class ChartOptions:
    """What a user can choose from; zones are names by id."""

    zones: dict[str, str]
    kinds: tuple[SpaceKind, ...]
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ChartTableRow:
    """One formatted hour: taken spaces on average and at most, the total, unknown spaces on average."""

    hour: str
    mean: str
    peak: str
    capacity: str
    unknown: str


@dataclass(frozen=True, slots=True)
class HistoryChart:
    """A figure and its values as a table."""

    figure: dict[str, Any]
    table: tuple[ChartTableRow, ...]


def list_options(plan: SitePlan) -> ChartOptions:
    """Return every zone, every offered kind and every period."""
    return ChartOptions(
        zones={zone.id: zone.name for zone in plan.zones},
        kinds=tuple(kind for kind in SpaceKind if any(s.kind is kind and s.is_offered for s in plan.spaces)),
        days=CHART_DAYS,
    )


def read_choice(args: Mapping[str, str], plan: SitePlan) -> ChartChoice:
    """Parse the choice in a URL. A missing or invalid parameter gets its default."""
    default = ChartChoice()
    zone, kind, days = args.get("zone", ""), args.get("kind", ""), args.get("days", "")
    return ChartChoice(
        zone=zone if zone in plan.zone_by_id else default.zone,
        kind=SpaceKind(kind) if kind in list_options(plan).kinds else default.kind,
        days=int(days) if days in {str(n) for n in CHART_DAYS} else default.days,
    )


def is_hidden(choice: ChartChoice, plan: SitePlan) -> bool:
    """Return whether history is hidden because it would reveal something about single people."""
    return privacy_limits.is_history_hidden(plan, choice.zone, choice.kind)


def build_query(choice: ChartChoice, plan: SitePlan, now_ms: int) -> HistoryQuery:
    """Build the history query: from local midnight of the first day until now."""
    return HistoryQuery(
        measure=ZONE_FIVE_MIN,
        from_ms=find_midnight_ms(plan, now_ms, days_before=choice.days - 1),
        to_ms=now_ms,
        tags=(("zone", choice.zone), ("kind", choice.kind)),
    )


def build_chart(rows: list[HistoryRow], plan: SitePlan, texts: PageTexts) -> HistoryChart:
    """Build the figure and the table from rows in order of time."""
    return HistoryChart(build_figure(rows, plan, texts), build_table(rows, plan, texts))


def build_figure(rows: list[HistoryRow], plan: SitePlan, texts: PageTexts) -> dict[str, Any]:
    """Draw capacity and taken spaces in steps of five minutes. A missing bucket leaves a gap.

    `meta` names the page's colour for each trace.
    """
    _ = texts.gettext
    series = (
        (CAPACITY, _("capacity"), "--wall", 1.0),
        (TAKEN_MEAN, _("taken spaces"), "--taken", 3.0),
    )
    spaced = insert_gaps(rows)
    times = [to_local_time(plan, at_ms).strftime("%Y-%m-%d %H:%M") for at_ms, _row in spaced]
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
        "layout": build_layout(texts, times),
    }


def build_layout(texts: PageTexts, times: Sequence[str]) -> dict[str, Any]:
    """Return the Plotly layout of figures over time; `times` are the values on the time axis."""
    return {
        "hovermode": "x unified",
        "separators": ", " if texts.language == "sv" else ".,",  # decimal sign, then thousands separator
        "showlegend": True,
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        "margin": {"t": 56, "r": 8, "b": 40, "l": 40},
        "yaxis": {"rangemode": "tozero", "fixedrange": True},
        "xaxis": build_time_axis(times) | {"hoverformat": "%-d/%-m %H:%M"},
    }


def build_table(rows: list[HistoryRow], plan: SitePlan, texts: PageTexts) -> tuple[ChartTableRow, ...]:
    """Summarise rows by local hour: the mean of the means and the highest peak."""

    def local_hour(row: HistoryRow) -> datetime:
        return to_local_time(plan, row.at_ms).replace(minute=0, second=0, microsecond=0)

    def format_mean(values: list[float], pattern: str) -> str:
        return format_decimal(sum(values) / len(values), pattern, locale=texts.language) if values else "–"  # noqa: RUF001

    def format_taken(values: list[float], pattern: str) -> str:
        few = values and 0 < sum(values) / len(values) < MIN_SHOWN_GROUP
        return texts.gettext("under {n}").format(n=MIN_SHOWN_GROUP) if few else format_mean(values, pattern)

    table_rows: list[ChartTableRow] = []
    for at, group in groupby(rows, local_hour):
        hour_rows = list(group)
        columns = [[row.fields[n] for row in hour_rows if row.fields[n] is not None] for n in range(5)]
        column: list[list[float]] = [[value for value in values if value is not None] for values in columns]
        table_rows.append(
            ChartTableRow(
                hour=format_datetime(at, "EEE d MMM HH:mm", locale=texts.language),
                mean=format_taken(column[TAKEN_MEAN], "0.0"),
                peak=format_taken([max(column[TAKEN_PEAK])] if column[TAKEN_PEAK] else [], "0"),
                capacity=format_mean([max(column[CAPACITY])] if column[CAPACITY] else [], "0"),
                unknown=format_mean(column[UNKNOWN], "0.0"),
            )
        )
    return tuple(table_rows)


def insert_gaps(rows: list[HistoryRow]) -> list[tuple[int, HistoryRow | None]]:
    """Return the start and row of each bucket, with a None entry where a bucket is missing."""
    spaced: list[tuple[int, HistoryRow | None]] = []
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
    few = value is not None and field in {TAKEN_MEAN, TAKEN_PEAK} and 0 < value < MIN_SHOWN_GROUP
    return None if value is None or few else round(value, 2)
