"""Turns a forecast into what managers see: the day's course, the week, how right it was; each with its table.

In:    an outlook, today's rows of history, the plan, words.
Out:   a Plotly figure as plain values, tables, sentences.
Never: HTML, colours (the page has them), I/O, a count of few people.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from babel.dates import format_datetime
from babel.numbers import format_decimal

from collector.days import local
from collector.forecast import HOUR_MS
from collector.forecast.outlook import HourOutlook, Outlook
from collector.forecast.score import Lead
from collector.history import PEOPLE_FIVE_MIN, ZONE_FIVE_MIN, Measure, Row
from collector.plan import SitePlan
from collector.privacy import FEW
from dashboard.ahead import OFTEN, SURE, Coming, coming
from dashboard.hours import clock
from dashboard.manager.charts import layout, with_gaps
from dashboard.words import Words

LEVELS: Final = 5
"""Shades of a cell in the week: from full to all free."""
NONE: Final = "–"  # noqa: RUF001 - what a table shows where nothing is


_Points = list[tuple[int, float | None]]
"""Instants and values, in the order of time."""


@dataclass(frozen=True, slots=True)
class CourseRow:
    """One hour of the day as it is read."""

    hour: str
    came: str
    usual: str
    middle: str
    band: str
    odds: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of the week: what is expected, and its shade from 0 (full) to LEVELS - 1; None: closed."""

    text: str
    level: int | None


@dataclass(frozen=True, slots=True)
class Looked:
    """How right it was: sentences; rows of (lead, hours, off by, in the band) and of (promised, forecasts, kept)."""

    hours: int
    """So many were looked at."""
    sentences: tuple[str, ...]
    leads: tuple[tuple[str, ...], ...]
    kept: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Prospect:
    """Everything that the page shows of one forecast."""

    day: str
    figure: dict[str, Any]
    course: tuple[CourseRow, ...]
    days: tuple[str, ...]
    week: tuple[tuple[str, tuple[Cell, ...]], ...]
    looked: Looked | None


def prospect(told: Outlook, rows: Sequence[Row], plan: SitePlan, words: Words, now_ms: int) -> Prospect:
    """What the page shows.

    Args:
        told: a forecast with hours.
        rows: of ZONE_FIVE_MIN, or for people of PEOPLE_FIVE_MIN; those of the day of which `usual` is told are shown.
        plan: the house.
        words: of the page's language.
        now_ms: the house's time.
    """
    hours = list(coming(told, now_ms))
    first = local(plan, told.begins_ms(told.usual[0][0]) if told.usual else now_ms)
    today = [row for row in rows if local(plan, row.at_ms).date() == first.date()]
    return Prospect(
        format_datetime(first, "EEEE d MMMM", locale=words.language),
        figure(told, today, plan, words, now_ms),
        _course(told, today, plan, words, now_ms),
        *_week(told, hours, plan, words),
        _looked(told, words),
    )


def measure(told: Outlook) -> tuple[Measure, int]:
    """The measure that holds what came of it, and which of its fields."""
    found = (PEOPLE_FIVE_MIN, "people") if told.capacity is None else (ZONE_FIVE_MIN, "free_least")
    return found[0], found[0].fields.index(found[1])


def figure(told: Outlook, today: Sequence[Row], plan: SitePlan, words: Words, now_ms: int) -> dict[str, Any]:
    """The band, the forecast dashed, the usual thin, what came thick; `meta` names the page's colour of each."""
    _ = words.gettext
    field = measure(told)[1]
    spaced = with_gaps(list(today))
    came = [(at_ms, None if row is None else _shown(told, row.fields[field])) for at_ms, row in spaced]
    usual: _Points = [(told.begins_ms(ahead), _shown(told, value)) for ahead, value in told.usual]
    day = {at_ms for at_ms, _value in usual}
    ahead = [one for one in coming(told, now_ms) if one.at_ms in day]

    def of(pick: Callable[[HourOutlook], float | None]) -> _Points:
        return _stepped([(one.at_ms, pick(one.hour)) for one in ahead])

    live, band = _("people") if told.capacity is None else _("free"), _("80%% range") % ()
    traces = (
        _trace("", "--free", _clocked(plan, of(lambda hour: _end(told, hour.low))), width=0),
        _trace(band, "--free", _clocked(plan, of(lambda hour: _top(told, hour.high))), width=0) | {"fill": "tonexty"},
        _trace(_("usual"), "--quiet", _clocked(plan, _stepped(usual)), width=1),
        _trace(_("forecast"), "--free", _clocked(plan, of(lambda h: _shown(told, h.middle))), width=2, dash="dash"),
        _trace(live, "--free", _clocked(plan, came), width=3),
    )
    data = [trace for trace in traces if trace["x"]]
    return {"data": data, "layout": layout(words, [at for trace in data for at in trace["x"]])}


def _trace(
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


def _clocked(plan: SitePlan, points: _Points) -> list[tuple[str, float | None]]:
    """As the house's clock shows it."""
    return [
        (local(plan, at_ms).strftime("%Y-%m-%d %H:%M"), None if value is None else round(value, 2))
        for at_ms, value in points
    ]


def _stepped(points: _Points) -> _Points:
    """The last hour has a width too."""
    return [*points, (points[-1][0] + HOUR_MS, points[-1][1])] if points else []


def _course(told: Outlook, today: Sequence[Row], plan: SitePlan, words: Words, now_ms: int) -> tuple[CourseRow, ...]:
    field = measure(told)[1]
    came: dict[int, list[float]] = {
        at_ms: [value for row in rows if (value := row.fields[field]) is not None]
        for at_ms, rows in groupby(today, lambda row: row.at_ms - row.at_ms % HOUR_MS)
    }
    ahead = {one.at_ms: one.hour for one in coming(told, now_ms)}
    rows = []
    for begins, usual in told.usual:
        at_ms = told.begins_ms(begins)
        hour, values = ahead.get(at_ms), came.get(at_ms, [])
        rows.append(
            CourseRow(
                hour=clock(plan, at_ms),
                came=_number(told, words, sum(values) / len(values) if values else None),
                usual=_number(told, words, usual),
                middle=_number(told, words, None if hour is None else hour.middle),
                band=NONE if hour is None else _band(told, words, hour),
                odds=NONE if hour is None or hour.odds is None else words.full_percent(hour.odds),
            )
        )
    return tuple(rows)


def _week(
    told: Outlook, hours: Sequence[Coming], plan: SitePlan, words: Words
) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[Cell, ...]], ...]]:
    """The days, and by hour what is expected on each."""
    cells: dict[tuple[str, int], Coming] = {}
    days: dict[str, None] = {}
    for one in hours:
        at = local(plan, one.at_ms)
        day = format_datetime(at, "EEE d", locale=words.language)
        days[day] = None
        cells.setdefault((day, at.hour), one)  # of an hour that autumn brings twice, the first
    names = sorted({hour for _, hour in cells})
    return tuple(days), tuple(
        (f"{hour:02}", tuple(_cell(told, words, cells.get((day, hour))) for day in days)) for hour in names
    )


def _cell(told: Outlook, words: Words, one: Coming | None) -> Cell:
    if one is None:
        return Cell(NONE, None)
    if told.capacity is None:
        few = 0 < one.hour.middle < FEW
        return Cell(f"<{FEW}" if few else format_decimal(one.hour.middle, "0", locale=words.language), None)
    level = min(LEVELS - 1, int(one.hour.middle / max(1, told.capacity) * LEVELS))
    return Cell(format_decimal(one.hour.middle, "0", locale=words.language), level)


def _looked(told: Outlook, words: Words) -> Looked | None:
    looked = told.hindsight
    if looked is None or not looked.leads:
        return None
    _ = words.gettext
    names: Mapping[Lead, str] = {
        Lead.HOUR: _("an hour ahead"),
        Lead.THREE_HOURS: _("three hours ahead"),
        Lead.DAY: _("a day ahead"),
        Lead.WEEK: _("a week ahead"),
    }
    leads = [(lead, looked.leads[lead]) for lead in Lead if lead in looked.leads]
    points = sum(score.points for _lead, score in leads)
    within = sum(score.coverage * score.points for _lead, score in leads) / points
    sentences = [
        _("%(lead)s, the average error was %(error)s.")
        % {"lead": names[lead].capitalize(), "error": _decimal(words, score.error)}
        for lead, score in leads
    ]
    sentences.append(_("%(share)s of the hours were within the 80%% range.") % {"share": words.percent(within)})
    sure = looked.kept[SURE] if looked.kept else None
    if sure is not None and sure.promises >= OFTEN:
        sentences.append(
            _("Where the chance of a free space was 90%% or more, one was free %(n)s of %(of)s times.")
            % {"n": round(sure.came_true * sure.promises), "of": sure.promises}
        )
    return Looked(
        max(score.points for _lead, score in leads),
        tuple(sentences),
        tuple(
            (names[lead], str(score.points), _decimal(words, score.error), words.percent(score.coverage))
            for lead, score in leads
        ),
        tuple(
            (
                words.gettext("{n}%").format(n=f"{tenth * 10}–{tenth * 10 + 10}"),  # noqa: RUF001
                str(kept.promises),
                words.full_percent(kept.came_true),
            )
            for tenth, kept in enumerate(looked.kept)
            if kept is not None
        ),
    )


def _band(told: Outlook, words: Words, hour: HourOutlook) -> str:
    low, high = (_number(told, words, value) for value in (hour.low, hour.high))
    return low if low == high else f"{low}–{high}"  # noqa: RUF001 - a range


def _number(told: Outlook, words: Words, value: float | None) -> str:
    if value is None:
        return NONE
    if told.capacity is None and 0 < value < FEW:
        return words.gettext("under 5")
    return _decimal(words, value)


def _decimal(words: Words, value: float) -> str:
    return str(format_decimal(value, "0.0", locale=words.language))


def _shown(told: Outlook, value: float | None) -> float | None:
    """Few people are not drawn."""
    return None if value is None or (told.capacity is None and 0 < value < FEW) else value


def _top(told: Outlook, high: float) -> float:
    """A band that ends among few people is drawn up to where they are no longer few."""
    return float(FEW) if told.capacity is None and 0 < high < FEW else high


def _end(told: Outlook, low: float) -> float:
    """A band that begins among few people is drawn from nobody."""
    return 0.0 if told.capacity is None and low < FEW else low
