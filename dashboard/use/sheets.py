"""Builds the tables of use, which the page shows and the exports contain.

In:    a use report, the plan, the texts of a language.
Out:   sheets of columns and rows, each value with its unit.
Never: HTML, files, colours; a zero where nothing is known.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.series_hours import SeriesHour
from collector.site.site_plan import WHOLE_SITE, SitePlan
from dashboard.text.page_texts import PageTexts
from dashboard.use.compare import ChangeVerdict, MeanChange
from dashboard.use.stay_counts import STAY_CLASSES
from dashboard.use.table_cells import (
    CellPlaceholder,
    CellValue,
    ColumnUnit,
    Sheet,
    SheetColumn,
    format_hour_span,
    get_weekday_name,
    get_zone_name,
)
from dashboard.use.use_report import UseReport
from dashboard.use.used_hours import UsedHours, UseSum, get_local_date, sum_hours

HOURLY_SHEET: Final = "each_hour"
"""The key of the sheet with one row per hour, which is too long for a page."""


def build_sheets(report: UseReport, plan: SitePlan, texts: PageTexts) -> list[Sheet]:
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


def get_stay_class_name(number: int, texts: PageTexts) -> str:
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
    }[STAY_CLASSES[number]]


def format_verdict(change: MeanChange, texts: PageTexts) -> str:
    """Format the result of a comparison."""
    _ = texts.gettext
    return {
        ChangeVerdict.MORE: _("More than random variation"),
        ChangeVerdict.LESS: _("Less than before, beyond random variation"),
        ChangeVerdict.NOISE: _("Within random variation"),
        ChangeVerdict.TOO_FEW: _("Too few days"),
    }[change.verdict]


def _or_unknown(value: float | None) -> CellValue:
    return CellPlaceholder.UNKNOWN if value is None else value


def _withhold_few(value: float | None) -> CellValue:
    """Return a count or mean of people or taken spaces; 1 to 4 are withheld."""
    return CellPlaceholder.UNKNOWN if value is None else CellPlaceholder.FEW if 0 < value < MIN_SHOWN_GROUP else value


def _sum_cells(total: UseSum) -> tuple[CellValue, ...]:
    """Return use, maximum, surplus and coverage. The surplus is withheld where it would expose 1 to 4 taken spaces."""
    most = _withhold_few(total.known_peak)
    surplus = CellPlaceholder.NO_FIGURE if most is CellPlaceholder.FEW else _or_unknown(total.surplus)
    use = CellPlaceholder.FEW if total.is_few and total.is_known else _or_unknown(total.utilisation)
    return use, most, surplus, total.coverage


def _sum_columns(texts: PageTexts) -> tuple[SheetColumn, ...]:
    _ = texts.gettext
    return (
        SheetColumn(_("Occupied"), ColumnUnit.SHARE),
        SheetColumn(_("Maximum"), ColumnUnit.COUNT),
        SheetColumn(_("Fewest free"), ColumnUnit.COUNT),
        SheetColumn(_("Data available"), ColumnUnit.COVERAGE),
    )


def _week_sheet(report: UseReport, texts: PageTexts) -> Sheet:
    _ = texts.gettext
    columns = (
        SheetColumn(_("Weekday"), ColumnUnit.TEXT),
        SheetColumn(_("Hour"), ColumnUnit.TEXT),
        *_sum_columns(texts),
        SheetColumn(_("Weeks with nothing free"), ColumnUnit.COUNT),
        SheetColumn(_("Weeks with data"), ColumnUnit.COUNT),
    )
    rows = [
        (
            get_weekday_name(cell.weekday, texts),
            format_hour_span(cell.hour),
            *_sum_cells(cell.total),
            float(cell.full_days),
            float(cell.known_days),
        )
        for cell in report.week.values()
    ]
    return Sheet("week", _("Week, hour by hour"), columns, rows)


def _hours_sheet(report: UseReport, texts: PageTexts) -> Sheet:
    _ = texts.gettext
    columns = (SheetColumn(_("Hour"), ColumnUnit.TEXT), *_sum_columns(texts))
    rows = [(format_hour_span(hour), *_sum_cells(total)) for hour, total in report.hours.items()]
    return Sheet("hours", _("By hour of the day"), columns, rows)


def _zones_sheet(report: UseReport, plan: SitePlan, texts: PageTexts) -> Sheet:
    _ = texts.gettext
    columns = (SheetColumn(_("Zone"), ColumnUnit.TEXT), SheetColumn(_("Kind"), ColumnUnit.TEXT), *_sum_columns(texts))
    rows = [
        (get_zone_name(zone, plan, texts), texts.templates[f"kind.{kind}"], *_sum_cells(total))
        for (zone, kind), total in sorted(report.zones.items(), key=lambda item: (item[0][0] != WHOLE_SITE, item[0]))
    ]
    return Sheet("zones", _("By zone and kind"), columns, rows)


def _days_sheet(report: UseReport, texts: PageTexts) -> Sheet:
    _ = texts.gettext
    columns = (
        SheetColumn(_("Day"), ColumnUnit.DATE),
        *_sum_columns(texts),
        SheetColumn(_("Hours with nothing free"), ColumnUnit.COUNT),
    )
    rows = [(day.day, *_sum_cells(day.total), float(day.full_hours)) for day in report.by_day]
    return Sheet("days", _("Maximum and surplus by day"), columns, rows)


def _stays_sheet(report: UseReport, texts: PageTexts) -> Sheet:
    _ = texts.gettext
    columns = (
        SheetColumn(_("Length of stay"), ColumnUnit.TEXT),
        SheetColumn(_("Stays, rounded to {n}").format(n=MIN_SHOWN_GROUP), ColumnUnit.COUNT),
        SheetColumn(_("Share"), ColumnUnit.SHARE),
    )
    stays = report.stays
    rows: list[tuple[CellValue, ...]] = [
        (
            get_stay_class_name(number, texts),
            CellPlaceholder.FEW if count is None else count,
            CellPlaceholder.NO_FIGURE if (share := stays.compute_share(number)) is None else share,
        )
        for number, count in enumerate(stays.counts)
    ]
    if stays.unknown_length != 0:
        cut = CellPlaceholder.FEW if stays.unknown_length is None else stays.unknown_length
        rows.append((_("unknown length"), cut, CellPlaceholder.NO_FIGURE))
    return Sheet("stays", _("How long people stay"), columns, rows if stays.total or stays.unknown_length else [])


def _people_sheet(report: UseReport, texts: PageTexts) -> Sheet:
    _ = texts.gettext
    columns = (
        SheetColumn(_("Hour"), ColumnUnit.TEXT),
        SheetColumn(_("People, average"), ColumnUnit.NUMBER),
        SheetColumn(_("At least"), ColumnUnit.NUMBER),
        SheetColumn(_("At most"), ColumnUnit.NUMBER),
        SheetColumn(_("Data available"), ColumnUnit.COVERAGE),
    )
    rows: list[tuple[CellValue, ...]] = [
        (
            format_hour_span(row.hour),
            _withhold_few(row.mean),
            CellPlaceholder.NO_FIGURE if row.is_few else _withhold_few(row.least),
            CellPlaceholder.NO_FIGURE if row.is_few else _or_unknown(row.most),
            row.coverage,
        )
        for row in report.people
    ]
    return Sheet("people", _("People by hour"), columns, rows)


def _comparison_sheet(report: UseReport, texts: PageTexts) -> Sheet:
    _ = texts.gettext
    columns = (
        SheetColumn(_("Average per day"), ColumnUnit.TEXT),
        SheetColumn(_("Now"), ColumnUnit.NUMBER),
        SheetColumn(_("Before"), ColumnUnit.NUMBER),
        SheetColumn(_("Difference"), ColumnUnit.NUMBER),
        SheetColumn(_("Random variation up to"), ColumnUnit.NUMBER),
        SheetColumn(_("Days in both periods"), ColumnUnit.COUNT),
        SheetColumn(_("Result"), ColumnUnit.TEXT),
    )
    changes = report.changes
    rows: list[tuple[CellValue, ...]] = []
    if changes is not None:
        rows = [
            _comparison_row(_("Occupied, per cent"), changes.use, texts, scale=100),
            _comparison_row(_("Maximum"), changes.peak, texts, few=MIN_SHOWN_GROUP),
            _comparison_row(_("Fewest free"), changes.surplus, texts),
        ]
        if changes.people is not None:
            rows.append(_comparison_row(_("People, average"), changes.people, texts, few=MIN_SHOWN_GROUP))
    return Sheet("compared", _("Comparison"), columns, rows)


def _comparison_row(
    name: str, change: MeanChange, texts: PageTexts, *, scale: float = 1, few: float = 0
) -> tuple[CellValue, ...]:
    now, before, by, noise = (
        None if value is None else value * scale
        for value in (change.now, change.before, change.difference, change.noise)
    )
    if any(value is not None and 0 < value < few for value in (now, before)):
        return (
            name,
            _withhold_few(now),
            _withhold_few(before),
            CellPlaceholder.NO_FIGURE,
            CellPlaceholder.NO_FIGURE,
            float(change.day_count),
            format_verdict(change, texts),
        )
    figures = (_or_unknown(now), _or_unknown(before), _or_unknown(by), _or_unknown(noise))
    return (name, *figures, float(change.day_count), format_verdict(change, texts))


def build_hourly_sheet(
    pieces: Iterable[tuple[Sequence[SeriesHour], Mapping[tuple[str, ...], UsedHours]]], plan: SitePlan, texts: PageTexts
) -> Sheet:
    """Build the sheet with every open hour of every zone in the query. Its rows are generated and may be many.

    Args:
        pieces: for consecutive parts of the period, the open hours and the used hours of each zone and kind.
        plan: the site's plan, with the names of zones.
        texts: the texts of a language.
    """
    _ = texts.gettext
    columns = (
        SheetColumn(_("Day"), ColumnUnit.DATE),
        SheetColumn(_("Hour"), ColumnUnit.TEXT),
        SheetColumn(_("Zone"), ColumnUnit.TEXT),
        SheetColumn(_("Kind"), ColumnUnit.TEXT),
        *_sum_columns(texts),
    )
    rows = (
        (
            get_local_date(hour),
            format_hour_span(hour.hour),
            get_zone_name(zone, plan, texts),
            texts.templates[f"kind.{kind}"],
            *_sum_cells(sum_hours([hour], used)),
        )
        for hours, scopes in pieces
        for (zone, kind), used in scopes.items()
        for hour in hours
    )
    return Sheet(HOURLY_SHEET, _("Hourly figures"), columns, rows)
