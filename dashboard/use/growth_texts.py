"""Formats the estimate for more members as sentences, a table and a figure.

In:    an estimate, its query, the texts of a language.
Out:   sentences, the answer first; a sheet; a Plotly figure as plain values.
Never: HTML; a value in the figure that is not in the table; "0 %" for a small chance or "100 %" for a large one.
"""

from typing import Any, Final

from babel.numbers import format_decimal

from dashboard.text.page_texts import PageTexts
from dashboard.use.growth import (
    ADDED_MEMBERS,
    TYPICAL_ADDED_MEMBERS,
    GrowthEstimate,
    GrowthQuery,
    GrowthQueryFault,
    GrowthQueryRejected,
    RangedEstimate,
)
from dashboard.use.plots import get_percent_sign
from dashboard.use.table_cells import CellValue, ColumnUnit, Sheet, SheetColumn, format_hour_span

MIN_SHOWN_SHARE: Final = 0.01
"""A smaller share is shown as "under 1%", a share this close to 1 as "over 99%"."""
MIN_SHOWN_HOURS: Final = 0.1
"""Fewer hours per week, one hour in ten weeks, are shown as "hardly any"."""
WHOLE_HOURS_FROM: Final = 10.0
"""From this many hours per week on, no decimal is shown."""
LINE_COLOURS: Final = ("--quiet", "--free", "--away", "--taken")
"""The page's colour for each of `ADDED_MEMBERS`."""
LINE_DASHES: Final = ("dot", "solid", "dash", "longdash")


def format_answer(outlook: GrowthEstimate, asked: GrowthQuery, texts: PageTexts) -> str:
    """Describe the effect of ten more members in one sentence."""
    place = ADDED_MEMBERS.index(TYPICAL_ADDED_MEMBERS)
    text = texts.gettext("With {n} more members, {few} in {then} of {of} open hours a week; at present in {now}.")
    return text.format(
        n=ADDED_MEMBERS[place],
        few=format_floor(asked.floor, texts),
        then=format_hours(outlook.busy_hours_per_week[place], texts),
        of=outlook.open_hours_per_week,
        now=_format_typical_hours(outlook.busy_hours_per_week[0].middle, texts),
    )


def format_steps(outlook: GrowthEstimate, texts: PageTexts) -> list[str]:
    """Describe the effect of each number of additional members, one sentence each."""
    text = texts.gettext(
        "{n} more members: too busy in {hours} of {of} open hours a week; the chance of at least one "
        "such hour in a week is {chance}."
    )
    return [
        text.format(
            n=added,
            hours=format_hours(outlook.busy_hours_per_week[place], texts),
            of=outlook.open_hours_per_week,
            chance=format_chance(outlook.chance_of_busy_hour[place], texts),
        )
        for place, added in enumerate(ADDED_MEMBERS)
        if added
    ]


def format_busiest_hour(outlook: GrowthEstimate, texts: PageTexts) -> str:
    """Name the busiest hour with ten more members."""
    place = ADDED_MEMBERS.index(TYPICAL_ADDED_MEMBERS)
    hour, chances = max(outlook.chances_by_hour.items(), key=lambda one: one[1][place].middle)
    text = texts.gettext(
        "Busiest at {hour}: with {n} more members the chance is {chance} on a normal day; at present {now}."
    )
    return text.format(
        n=TYPICAL_ADDED_MEMBERS,
        hour=format_hour_span(hour),
        chance=format_chance(chances[place], texts),
        now=format_share(chances[0].middle, texts),
    )


def format_full_warning(outlook: GrowthEstimate, texts: PageTexts) -> str:
    """Warn that people who found no free desk were not counted; empty if the site was never full."""
    if not outlook.full_share:
        return ""
    text = texts.gettext(
        "In {share} of the hours every desk was taken. People who came then and left again were not "
        "counted, so the real chances are higher."
    )
    return text.format(share=format_share(outlook.full_share, texts))


def format_members_warning(outlook: GrowthEstimate, asked: GrowthQuery, texts: PageTexts) -> str:
    """Warn that the number of members cannot be right; empty if it can."""
    if asked.members is None or outlook.most_taken <= asked.members:
        return ""
    text = texts.gettext(
        "{most} desks were taken at once, more than there are members. Include guests and day "
        "passes, otherwise the chances are too high."
    )
    return text.format(most=outlook.most_taken)


def format_floor(floor: int, texts: PageTexts) -> str:
    """Describe what counts as too few desks, for use inside a sentence."""
    if floor == 1:
        return texts.gettext("no desk would be free")
    return texts.gettext("fewer than {n} desks would be free").format(n=floor)


def format_fault(rejected: GrowthQueryRejected, desks: int, texts: PageTexts) -> str:
    """Explain why a query is rejected, with the remedy."""
    _ = texts.gettext
    text = {
        GrowthQueryFault.NO_NUMBER: _(
            "“{text}” is not a number of members or desks. Enter a whole number, such as 60."
        ),
        GrowthQueryFault.TOO_MANY_MEMBERS: _("{text} members is too many. Enter how many members share these desks."),
        GrowthQueryFault.TOO_HIGH: _(
            "{text} desks cannot be free: there are {desks} shared desks. Enter a lower number."
        ),
    }[rejected.fault]
    return text.format(text=rejected.text, desks=desks)


def format_hours(estimate: RangedEstimate, texts: PageTexts) -> str:
    """Format hours per week with their range."""
    _ = texts.gettext
    low, middle, high = (_format_hours_number(value, texts) for value in (estimate.low, estimate.middle, estimate.high))
    if estimate.middle < MIN_SHOWN_HOURS:
        return (
            _("hardly any") if estimate.high < MIN_SHOWN_HOURS else _("hardly any (at most {high})").format(high=high)
        )
    return middle if low == high else _("{middle} ({low} to {high})").format(middle=middle, low=low, high=high)


def format_chance(estimate: RangedEstimate, texts: PageTexts) -> str:
    """Format a chance with its range."""
    low, middle, high = (format_share(value, texts) for value in (estimate.low, estimate.middle, estimate.high))
    if low == high:
        return middle
    return texts.gettext("{middle} ({low} to {high})").format(middle=middle, low=low, high=high)


def format_share(share: float, texts: PageTexts) -> str:
    """Format a share in whole per cent, as "under 1%" or "over 99%" at the ends."""
    limited = texts.format_percentage(min(max(share, MIN_SHOWN_SHARE), 1 - MIN_SHOWN_SHARE))
    if share < MIN_SHOWN_SHARE:
        return texts.gettext("under {share}").format(share=limited)
    if share > 1 - MIN_SHOWN_SHARE:
        return texts.gettext("over {share}").format(share=limited)
    return limited


def build_sheet(outlook: GrowthEstimate, texts: PageTexts) -> Sheet:
    """Build the sheet: by hour, each chance with the ends of its range."""
    _ = texts.gettext
    columns = [SheetColumn(_("Hour"), ColumnUnit.TEXT)]
    for added in ADDED_MEMBERS:
        name = _("Now") if not added else _("{n} more").format(n=added)
        columns += [
            SheetColumn(name, ColumnUnit.SHARE),
            SheetColumn(_("{name}, at least").format(name=name), ColumnUnit.SHARE),
            SheetColumn(_("{name}, at most").format(name=name), ColumnUnit.SHARE),
        ]
    rows: list[tuple[CellValue, ...]] = [
        (format_hour_span(hour), *(value for one in chances for value in (one.middle, one.low, one.high)))
        for hour, chances in outlook.chances_by_hour.items()
    ]
    return Sheet("growth", _("Chance of too few free desks, by hour"), tuple(columns), rows)


def build_table_rows(outlook: GrowthEstimate, texts: PageTexts) -> list[tuple[str, ...]]:
    """Build the rows of the page's table: an hour, and for each of `ADDED_MEMBERS` the chance with its range."""
    return [
        (format_hour_span(hour), *(format_chance(one, texts) for one in chances))
        for hour, chances in outlook.chances_by_hour.items()
    ]


def build_figure(outlook: GrowthEstimate, texts: PageTexts) -> dict[str, Any]:
    """Draw a line over the hours for each of `ADDED_MEMBERS`; `meta` names the page's colour for it."""
    _ = texts.gettext
    sign = get_percent_sign(texts)
    names = [_("now") if not added else _("{n} more").format(n=added) for added in ADDED_MEMBERS]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "meta": LINE_COLOURS[place],
                "x": [format_hour_span(hour) for hour in outlook.chances_by_hour],
                "y": [round(chances[place].middle * 100, 2) for chances in outlook.chances_by_hour.values()],
                "line": {"width": 3 if ADDED_MEMBERS[place] else 1, "dash": LINE_DASHES[place]},
                "hovertemplate": "%{y:.0f}" + sign,
            }
            for place, name in enumerate(names)
        ],
        "layout": {
            "hovermode": "x unified",
            "separators": ", " if texts.language == "sv" else ".,",
            "showlegend": True,
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
            "margin": {"t": 56, "r": 8, "b": 72, "l": 48},
            "yaxis": {"rangemode": "tozero", "fixedrange": True, "ticksuffix": sign},
            "xaxis": {"type": "category"},
        },
    }


def _format_typical_hours(hours_a_week: float, texts: PageTexts) -> str:
    return texts.gettext("hardly any") if hours_a_week < MIN_SHOWN_HOURS else _format_hours_number(hours_a_week, texts)


def _format_hours_number(hours_a_week: float, texts: PageTexts) -> str:
    return str(format_decimal(hours_a_week, "0" if hours_a_week >= WHOLE_HOURS_FROM else "0.0", locale=texts.language))
