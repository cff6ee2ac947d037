"""Builds the tables of use, which the page shows and the exports contain.

In:    a use report, the plan, the texts of a language.
Out:   sheets of columns and rows, each value with its unit.
Never: HTML, files, colours; a zero where nothing is known.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from collector.forecast import Hour
from collector.plan import WHOLE_SITE, SitePlan
from collector.privacy import FEW
from dashboard.use.cells import Column, Sheet, Unit, Untold, Value, clock, weekday, zone_name
from dashboard.use.compare import Change, Verdict
from dashboard.use.hours import Sum, Used, day_of, summed
from dashboard.use.stays import CLASSES
from dashboard.use.view import View
from dashboard.words import Words

EACH_HOUR: Final = "each_hour"
"""The key of the sheet with one row per hour, which is too long for a page."""


def sheets(report: View, plan: SitePlan, texts: Words) -> list[Sheet]:
    """Build every table of a report, in the order of the page. A sheet may have no rows."""
    return [
        _week_sheet(report, texts),
        _hours_sheet(report, texts),
        _zones_sheet(report, plan, texts),
        _days_sheet(report, texts),
        _stays_sheet(report, texts),
        _people_sheet(report, texts),
        _comparison_sheet(report, texts),
    ]


def class_name(number: int, texts: Words) -> str:
    """Name a class of stay lengths; 0 is the shortest."""
    _ = texts.gettext
    return {
        "under_15_min": _("under 15 min"),
        "under_30_min": _("15–30 min"),  # noqa: RUF001
        "under_1_h": _("30–60 min"),  # noqa: RUF001
        "under_2_h": _("1–2 h"),  # noqa: RUF001
        "under_4_h": _("2–4 h"),  # noqa: RUF001
        "under_8_h": _("4–8 h"),  # noqa: RUF001
        "longer": _("8 h or more"),
    }[CLASSES[number]]


def verdict(change: Change, texts: Words) -> str:
    """Format the result of a comparison."""
    _ = texts.gettext
    return {
        Verdict.MORE: _("More than random variation"),
        Verdict.LESS: _("Less than before, beyond random variation"),
        Verdict.NOISE: _("Within random variation"),
        Verdict.TOO_FEW: _("Too few days"),
    }[change.verdict]


def _or_unknown(value: float | None) -> Value:
    return Untold.UNKNOWN if value is None else value


def _withhold_few(value: float | None) -> Value:
    """Return a count or mean of people or taken spaces; 1 to 4 are withheld."""
    return Untold.UNKNOWN if value is None else Untold.FEW if 0 < value < FEW else value


def _sum_cells(total: Sum) -> tuple[Value, ...]:
    """Return use, maximum, surplus and coverage. The surplus is withheld where it would expose 1 to 4 taken spaces."""
    most = _withhold_few(total.most)
    surplus = Untold.NONE if most is Untold.FEW else _or_unknown(total.surplus)
    use = Untold.FEW if total.is_few and total.known else _or_unknown(total.use)
    return use, most, surplus, total.coverage


def _sum_columns(texts: Words) -> tuple[Column, ...]:
    _ = texts.gettext
    return (
        Column(_("Occupied"), Unit.SHARE),
        Column(_("Maximum"), Unit.COUNT),
        Column(_("Fewest free"), Unit.COUNT),
        Column(_("Data available"), Unit.KNOWN),
    )


def _week_sheet(report: View, texts: Words) -> Sheet:
    _ = texts.gettext
    columns = (
        Column(_("Weekday"), Unit.TEXT),
        Column(_("Hour"), Unit.TEXT),
        *_sum_columns(texts),
        Column(_("Weeks with nothing free"), Unit.COUNT),
        Column(_("Weeks with data"), Unit.COUNT),
    )
    rows = [
        (weekday(cell.weekday, texts), clock(cell.hour), *_sum_cells(cell.sum), float(cell.full_days), float(cell.days))
        for cell in report.week.values()
    ]
    return Sheet("week", _("Week, hour by hour"), columns, rows)


def _hours_sheet(report: View, texts: Words) -> Sheet:
    _ = texts.gettext
    columns = (Column(_("Hour"), Unit.TEXT), *_sum_columns(texts))
    rows = [(clock(hour), *_sum_cells(total)) for hour, total in report.hours.items()]
    return Sheet("hours", _("By hour of the day"), columns, rows)


def _zones_sheet(report: View, plan: SitePlan, texts: Words) -> Sheet:
    _ = texts.gettext
    columns = (Column(_("Zone"), Unit.TEXT), Column(_("Kind"), Unit.TEXT), *_sum_columns(texts))
    rows = [
        (zone_name(zone, plan, texts), texts.page[f"kind.{kind}"], *_sum_cells(total))
        for (zone, kind), total in sorted(report.zones.items(), key=lambda item: (item[0][0] != WHOLE_SITE, item[0]))
    ]
    return Sheet("zones", _("By zone and kind"), columns, rows)


def _days_sheet(report: View, texts: Words) -> Sheet:
    _ = texts.gettext
    columns = (
        Column(_("Day"), Unit.DATE),
        *_sum_columns(texts),
        Column(_("Hours with nothing free"), Unit.COUNT),
    )
    rows = [(day.day, *_sum_cells(day.sum), float(day.full_hours)) for day in report.by_day]
    return Sheet("days", _("Maximum and surplus by day"), columns, rows)


def _stays_sheet(report: View, texts: Words) -> Sheet:
    _ = texts.gettext
    columns = (
        Column(_("Length of stay"), Unit.TEXT),
        Column(_("Stays, rounded to five"), Unit.COUNT),
        Column(_("Share"), Unit.SHARE),
    )
    stays = report.stays
    rows: list[tuple[Value, ...]] = [
        (
            class_name(number, texts),
            Untold.FEW if count is None else count,
            Untold.NONE if (share := stays.share(number)) is None else share,
        )
        for number, count in enumerate(stays.counts)
    ]
    if stays.cut_short != 0:
        cut = Untold.FEW if stays.cut_short is None else stays.cut_short
        rows.append((_("unknown length"), cut, Untold.NONE))
    return Sheet("stays", _("How long people stay"), columns, rows if stays.total or stays.cut_short else [])


def _people_sheet(report: View, texts: Words) -> Sheet:
    _ = texts.gettext
    columns = (
        Column(_("Hour"), Unit.TEXT),
        Column(_("People, average"), Unit.NUMBER),
        Column(_("At least"), Unit.NUMBER),
        Column(_("At most"), Unit.NUMBER),
        Column(_("Data available"), Unit.KNOWN),
    )
    rows: list[tuple[Value, ...]] = [
        (
            clock(row.hour),
            _withhold_few(row.mean),
            Untold.NONE if row.few else _withhold_few(row.least),
            Untold.NONE if row.few else _or_unknown(row.most),
            row.coverage,
        )
        for row in report.people
    ]
    return Sheet("people", _("People by hour"), columns, rows)


def _comparison_sheet(report: View, texts: Words) -> Sheet:
    _ = texts.gettext
    columns = (
        Column(_("Average per day"), Unit.TEXT),
        Column(_("Now"), Unit.NUMBER),
        Column(_("Before"), Unit.NUMBER),
        Column(_("Difference"), Unit.NUMBER),
        Column(_("Random variation up to"), Unit.NUMBER),
        Column(_("Days in both periods"), Unit.COUNT),
        Column(_("Result"), Unit.TEXT),
    )
    changes = report.changes
    rows: list[tuple[Value, ...]] = []
    if changes is not None:
        rows = [
            _comparison_row(_("Occupied, per cent"), changes.use, texts, scale=100),
            _comparison_row(_("Maximum"), changes.peak, texts, few=FEW),
            _comparison_row(_("Fewest free"), changes.surplus, texts),
        ]
        if changes.people is not None:
            rows.append(_comparison_row(_("People, average"), changes.people, texts, few=FEW))
    return Sheet("compared", _("Comparison"), columns, rows)


def _comparison_row(name: str, change: Change, texts: Words, *, scale: float = 1, few: float = 0) -> tuple[Value, ...]:
    now, before, by, noise = (
        None if value is None else value * scale for value in (change.now, change.before, change.by, change.noise)
    )
    if any(value is not None and 0 < value < few for value in (now, before)):
        return (
            name,
            _withhold_few(now),
            _withhold_few(before),
            Untold.NONE,
            Untold.NONE,
            float(change.days),
            verdict(change, texts),
        )
    figures = (_or_unknown(now), _or_unknown(before), _or_unknown(by), _or_unknown(noise))
    return (name, *figures, float(change.days), verdict(change, texts))


def each_hour(
    pieces: Iterable[tuple[Sequence[Hour], Mapping[tuple[str, ...], Used]]], plan: SitePlan, texts: Words
) -> Sheet:
    """Build the sheet with every open hour of every zone in the query. Its rows are generated and may be many.

    Args:
        pieces: for consecutive parts of the period, the open hours and the used hours of each zone and kind.
        plan: the site's plan, with the names of zones.
        texts: the texts of a language.
    """
    _ = texts.gettext
    columns = (
        Column(_("Day"), Unit.DATE),
        Column(_("Hour"), Unit.TEXT),
        Column(_("Zone"), Unit.TEXT),
        Column(_("Kind"), Unit.TEXT),
        *_sum_columns(texts),
    )
    rows = (
        (
            day_of(hour),
            clock(hour.hour),
            zone_name(zone, plan, texts),
            texts.page[f"kind.{kind}"],
            *_sum_cells(summed([hour], used)),
        )
        for hours, scopes in pieces
        for (zone, kind), used in scopes.items()
        for hour in hours
    )
    return Sheet(EACH_HOUR, _("Hourly figures"), columns, rows)
