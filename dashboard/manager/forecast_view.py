"""Builds what the forecast page shows: the day hour by hour, the week, and the accuracy, each with its table.

In:    a forecast, today's history rows, the plan, the texts of a language.
Out:   a Plotly figure as plain values, tables, sentences.
Never: HTML; colours (the page has them); I/O; a count of 1 to 4 people.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from babel.dates import format_datetime
from babel.numbers import format_decimal

from collector.contract.forecast_points import BAND_SHARE, Lead
from collector.contract.forecasts import HourOutlook, Outlook
from collector.history.measures import PEOPLE_FIVE_MIN, ZONE_FIVE_MIN, HistoryRow, Measure
from collector.site.calendar import to_local_time
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.site_plan import SitePlan
from dashboard.charts.history_chart import build_layout, insert_gaps
from dashboard.live.opening_times import format_clock
from dashboard.live.upcoming_hours import MIN_SCORED_FORECASTS, TOP_TENTH, UpcomingHour, iterate_upcoming_hours
from dashboard.text.page_texts import NO_VALUE, PageTexts
from dashboard.use.grid import SHADE_COUNT
from edge.timekeeping.durations import HOUR_MS

_Points = list[tuple[int, float | None]]
"""Instants (Unix ms) and values, in order of time."""


@dataclass(frozen=True, slots=True)
class ForecastHourRow:
    """One formatted hour of the day."""

    hour: str
    actual: str
    usual: str
    middle: str
    band: str
    odds: str


@dataclass(frozen=True, slots=True)
class WeekCell:
    """One hour of the week: the expected count, and its shade from 0 (full) to `SHADE_COUNT` - 1; None: no shade."""

    text: str
    level: int | None


@dataclass(frozen=True, slots=True)
class ForecastAccuracy:
    """The accuracy of past forecasts: sentences and two tables.

    `leads` has rows of (lead, hours, mean error, share within the range); `reliability` has rows of (forecast chance,
    number of forecasts, share that came true).
    """

    hours: int
    """The number of hours compared."""
    sentences: tuple[str, ...]
    leads: tuple[tuple[str, ...], ...]
    reliability: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ForecastView:
    """Everything that the page shows about one forecast."""

    day: str
    figure: dict[str, Any]
    course: tuple[ForecastHourRow, ...]
    days: tuple[str, ...]
    week: tuple[tuple[str, tuple[WeekCell, ...]], ...]
    accuracy: ForecastAccuracy | None


def build_forecast_view(
    outlook: Outlook, rows: Sequence[HistoryRow], plan: SitePlan, texts: PageTexts, now_ms: int
) -> ForecastView:
    """Build what the page shows about one forecast.

    Args:
        outlook: a forecast with hours.
        rows: rows of ZONE_FIVE_MIN, for people of PEOPLE_FIVE_MIN. Those of the day that `usual` covers are shown.
        plan: the plan of the site.
        texts: the texts of the page's language.
        now_ms: the site's time, Unix ms.
    """
    hours = list(iterate_upcoming_hours(outlook, now_ms))
    first = to_local_time(plan, outlook.begins_ms(outlook.usual[0][0]) if outlook.usual else now_ms)
    today = [row for row in rows if to_local_time(plan, row.at_ms).date() == first.date()]
    return ForecastView(
        format_datetime(first, "EEEE d MMMM", locale=texts.language),
        build_figure(outlook, today, plan, texts, now_ms),
        _build_course(outlook, today, plan, texts, now_ms),
        *_build_week(outlook, hours, plan, texts),
        _build_accuracy(outlook, texts),
    )


def get_outcome_field(outlook: Outlook) -> tuple[Measure, int]:
    """Return the measure with the actual values, and the index of their field."""
    outcome = (PEOPLE_FIVE_MIN, "people") if outlook.capacity is None else (ZONE_FIVE_MIN, "free_least")
    return outcome[0], outcome[0].fields.index(outcome[1])


def build_figure(
    outlook: Outlook, today: Sequence[HistoryRow], plan: SitePlan, texts: PageTexts, now_ms: int
) -> dict[str, Any]:
    """Draw the range as a band, the forecast dashed, the usual values thin and the actual values thick.

    `meta` names the page's colour for each trace.
    """
    _ = texts.gettext
    field = get_outcome_field(outlook)[1]
    spaced = insert_gaps(list(today))
    came = [(at_ms, None if row is None else _drawn_value(outlook, row.fields[field])) for at_ms, row in spaced]
    usual: _Points = [(outlook.begins_ms(ahead), _drawn_value(outlook, value)) for ahead, value in outlook.usual]
    day = {at_ms for at_ms, _value in usual}
    ahead = [coming_hour for coming_hour in iterate_upcoming_hours(outlook, now_ms) if coming_hour.at_ms in day]

    def points_of(pick: Callable[[HourOutlook], float | None]) -> _Points:
        return _extend_last_hour([(coming_hour.at_ms, pick(coming_hour.hour)) for coming_hour in ahead])

    live, band = (
        _("people") if outlook.capacity is None else _("free"),
        _("%(band)s range") % {"band": texts.format_percentage(BAND_SHARE)},
    )
    traces = (
        _build_trace(
            "", "--free", _with_local_times(plan, points_of(lambda hour: _drawn_low(outlook, hour.low))), width=0
        ),
        _build_trace(
            band, "--free", _with_local_times(plan, points_of(lambda hour: _drawn_high(outlook, hour.high))), width=0
        )
        | {"fill": "tonexty"},
        _build_trace(_("usual"), "--quiet", _with_local_times(plan, _extend_last_hour(usual)), width=1),
        _build_trace(
            _("forecast"),
            "--free",
            _with_local_times(plan, points_of(lambda hour: _drawn_value(outlook, hour.median))),
            width=2,
            dash="dash",
        ),
        _build_trace(live, "--free", _with_local_times(plan, came), width=3),
    )
    data = [trace for trace in traces if trace["x"]]
    return {"data": data, "layout": build_layout(texts, [at for trace in data for at in trace["x"]])}


def _build_trace(
    name: str, colour: str, points: Sequence[tuple[str, float | None]], *, width: int, dash: str = "solid"
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "showlegend": bool(name),
        "meta": colour,
        "x": [at for at, _ in points],
        "y": [value for _, value in points],
        "line": {"width": width, "dash": dash, "shape": "hv"},
        "connectgaps": False,
        "hoverinfo": "y+name" if name else "skip",
    }


def _with_local_times(plan: SitePlan, points: _Points) -> list[tuple[str, float | None]]:
    """Format the instants as local times of the site and round the values."""
    return [
        (to_local_time(plan, at_ms).strftime("%Y-%m-%d %H:%M"), None if value is None else round(value, 2))
        for at_ms, value in points
    ]


def _extend_last_hour(points: _Points) -> _Points:
    """Repeat the last value one hour later, so that the last hour is drawn with its full width."""
    return [*points, (points[-1][0] + HOUR_MS, points[-1][1])] if points else []


def _build_course(
    outlook: Outlook, today: Sequence[HistoryRow], plan: SitePlan, texts: PageTexts, now_ms: int
) -> tuple[ForecastHourRow, ...]:
    field = get_outcome_field(outlook)[1]
    came: dict[int, list[float]] = {
        at_ms: [value for row in rows if (value := row.fields[field]) is not None]
        for at_ms, rows in groupby(today, lambda row: row.at_ms - row.at_ms % HOUR_MS)
    }
    ahead = {coming_hour.at_ms: coming_hour.hour for coming_hour in iterate_upcoming_hours(outlook, now_ms)}
    rows = []
    for begins, usual in outlook.usual:
        at_ms = outlook.begins_ms(begins)
        hour, values = ahead.get(at_ms), came.get(at_ms, [])
        rows.append(
            ForecastHourRow(
                hour=format_clock(plan, at_ms),
                actual=_format_value(outlook, texts, sum(values) / len(values) if values else None),
                usual=_format_value(outlook, texts, usual),
                middle=_format_value(outlook, texts, None if hour is None else hour.median),
                band=NO_VALUE if hour is None else _format_range(outlook, texts, hour),
                odds=NO_VALUE if hour is None or hour.odds is None else texts.format_percentage_floor(hour.odds),
            )
        )
    return tuple(rows)


def _build_week(
    outlook: Outlook, hours: Sequence[UpcomingHour], plan: SitePlan, texts: PageTexts
) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[WeekCell, ...]], ...]]:
    """Return the days, and for each hour the expected count on each day."""
    cells: dict[tuple[str, int], UpcomingHour] = {}
    days: dict[str, None] = {}
    for one in hours:
        at = to_local_time(plan, one.at_ms)
        day = format_datetime(at, "EEE d", locale=texts.language)
        days[day] = None
        cells.setdefault((day, at.hour), one)  # when clocks go back, the first of the repeated hours
    names = sorted({hour for _, hour in cells})
    return tuple(days), tuple(
        (f"{hour:02}", tuple(_build_cell(outlook, texts, cells.get((day, hour))) for day in days)) for hour in names
    )


def _build_cell(outlook: Outlook, texts: PageTexts, coming_hour: UpcomingHour | None) -> WeekCell:
    if coming_hour is None:
        return WeekCell(NO_VALUE, None)
    if outlook.capacity is None:
        few = 0 < coming_hour.hour.median < MIN_SHOWN_GROUP
        return WeekCell(
            f"<{MIN_SHOWN_GROUP}" if few else format_decimal(coming_hour.hour.median, "0", locale=texts.language), None
        )
    level = min(SHADE_COUNT - 1, int(coming_hour.hour.median / max(1, outlook.capacity) * SHADE_COUNT))
    return WeekCell(format_decimal(coming_hour.hour.median, "0", locale=texts.language), level)


def _build_accuracy(outlook: Outlook, texts: PageTexts) -> ForecastAccuracy | None:
    scores = outlook.scores
    if scores is None or not scores.leads:
        return None
    _ = texts.gettext
    names: Mapping[Lead, str] = {
        Lead.HOUR: _("an hour ahead"),
        Lead.THREE_HOURS: _("three hours ahead"),
        Lead.DAY: _("a day ahead"),
        Lead.WEEK: _("a week ahead"),
    }
    leads = [(lead, scores.leads[lead]) for lead in Lead if lead in scores.leads]
    points = sum(score.points for _lead, score in leads)
    within = sum(score.coverage * score.points for _lead, score in leads) / points
    sentences = [
        _("%(lead)s, the average error was %(error)s.")
        % {"lead": names[lead].capitalize(), "error": _format_decimal(texts, score.error)}
        for lead, score in leads
    ]
    sentences.append(
        _("%(share)s of the hours were within the %(band)s range.")
        % {"share": texts.format_percentage(within), "band": texts.format_percentage(BAND_SHARE)}
    )
    sure = scores.hit_rates[TOP_TENTH] if scores.hit_rates else None
    if sure is not None and sure.forecasts >= MIN_SCORED_FORECASTS:
        sentences.append(
            _("Where the chance of a free space was %(least)s or more, one was free %(n)s of %(of)s times.")
            % {
                "least": texts.format_percentage(TOP_TENTH / 10),
                "n": round(sure.hit_rate * sure.forecasts),
                "of": sure.forecasts,
            }
        )
    return ForecastAccuracy(
        max(score.points for _lead, score in leads),
        tuple(sentences),
        tuple(
            (
                names[lead],
                str(score.points),
                _format_decimal(texts, score.error),
                texts.format_percentage(score.coverage),
            )
            for lead, score in leads
        ),
        tuple(
            (
                texts.gettext("{n}%").format(n=f"{tenth * 10}–{tenth * 10 + 10}"),  # noqa: RUF001
                str(score.forecasts),
                texts.format_percentage_floor(score.hit_rate),
            )
            for tenth, score in enumerate(scores.hit_rates)
            if score is not None
        ),
    )


def _format_range(outlook: Outlook, texts: PageTexts, hour: HourOutlook) -> str:
    low, high = (_format_value(outlook, texts, value) for value in (hour.low, hour.high))
    return low if low == high else f"{low}–{high}"  # noqa: RUF001 - a range


def _format_value(outlook: Outlook, texts: PageTexts, value: float | None) -> str:
    if value is None:
        return NO_VALUE
    if outlook.capacity is None and 0 < value < MIN_SHOWN_GROUP:
        return texts.gettext("under {n}").format(n=MIN_SHOWN_GROUP)
    return _format_decimal(texts, value)


def _format_decimal(texts: PageTexts, value: float) -> str:
    return str(format_decimal(value, "0.0", locale=texts.language))


def _drawn_value(outlook: Outlook, value: float | None) -> float | None:
    """Return the value to draw; 1 to 4 people are left out."""
    return None if value is None or (outlook.capacity is None and 0 < value < MIN_SHOWN_GROUP) else value


def _drawn_high(outlook: Outlook, high: float) -> float:
    """Return the upper end to draw; an end of 1 to 4 people is drawn at 5."""
    return float(MIN_SHOWN_GROUP) if outlook.capacity is None and 0 < high < MIN_SHOWN_GROUP else high


def _drawn_low(outlook: Outlook, low: float) -> float:
    """Return the lower end to draw; an end below 5 people is drawn at 0."""
    return 0.0 if outlook.capacity is None and low < MIN_SHOWN_GROUP else low
