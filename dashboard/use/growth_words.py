"""Formats the estimate for more members as sentences, a table and a figure.

In:    an estimate, its query, the texts of a language.
Out:   sentences, the answer first; a sheet; a Plotly figure as plain values.
Never: HTML; a value in the figure that is not in the table; "0 %" for a small chance or "100 %" for a large one.
"""

from typing import Any, Final

from babel.numbers import format_decimal

from dashboard.use.cells import Column, Sheet, Unit, Value, clock
from dashboard.use.growth import ADDED, Asked, Chance, Fault, Growth, GrowthRejected
from dashboard.use.plots import percent_sign
from dashboard.words import Words

SMALL: Final = 0.01
"""A smaller share is shown as "under 1%", a share this close to 1 as "over 99%"."""
RARE_H: Final = 0.1
"""Fewer hours per week, one hour in ten weeks, are shown as "hardly any"."""
WHOLE_H: Final = 10.0
"""From this many hours per week on, no decimal is shown."""
COLOURS: Final = ("--quiet", "--free", "--away", "--taken")
"""The page's colour for each of `ADDED_MEMBERS`."""
DASHES: Final = ("dot", "solid", "dash", "longdash")


def answer(outlook: Growth, asked: Asked, texts: Words) -> str:
    """Describe the effect of ten more members in one sentence."""
    place = ADDED.index(10)
    text = texts.gettext("With {n} more members, {few} in {then} of {of} open hours a week; at present in {now}.")
    return text.format(
        n=ADDED[place],
        few=few_desks(asked.floor, texts),
        then=hours(outlook.hours_a_week[place], texts),
        of=outlook.open_hours,
        now=_format_typical_hours(outlook.hours_a_week[0].middle, texts),
    )


def steps(outlook: Growth, texts: Words) -> list[str]:
    """Describe the effect of each number of additional members, one sentence each."""
    text = texts.gettext(
        "{n} more members: too busy in {hours} of {of} open hours a week; the chance of at least one "
        "such hour in a week is {chance}."
    )
    return [
        text.format(
            n=added,
            hours=hours(outlook.hours_a_week[place], texts),
            of=outlook.open_hours,
            chance=chance(outlook.any_in_a_week[place], texts),
        )
        for place, added in enumerate(ADDED)
        if added
    ]


def tightest(outlook: Growth, texts: Words) -> str:
    """Name the busiest hour with ten more members."""
    place = ADDED.index(10)
    hour, chances = max(outlook.hours.items(), key=lambda one: one[1][place].middle)
    text = texts.gettext(
        "Busiest at {hour}: with 10 more members the chance is {chance} on a normal day; at present {now}."
    )
    return text.format(hour=clock(hour), chance=chance(chances[place], texts), now=percent(chances[0].middle, texts))


def cut(outlook: Growth, texts: Words) -> str:
    """Warn that people who found no free desk were not counted; empty if the site was never full."""
    if not outlook.cut:
        return ""
    text = texts.gettext(
        "In {share} of the hours every desk was taken. People who came then and left again were not "
        "counted, so the real chances are higher."
    )
    return text.format(share=percent(outlook.cut, texts))


def doubt(outlook: Growth, asked: Asked, texts: Words) -> str:
    """Warn that the number of members cannot be right; empty if it can."""
    if asked.members is None or outlook.most <= asked.members:
        return ""
    text = texts.gettext(
        "{most} desks were taken at once, more than there are members. Include guests and day "
        "passes, otherwise the chances are too high."
    )
    return text.format(most=outlook.most)


def few_desks(floor: int, texts: Words) -> str:
    """Describe what counts as too few desks, for use inside a sentence."""
    if floor == 1:
        return texts.gettext("no desk would be free")
    return texts.gettext("fewer than {n} desks would be free").format(n=floor)


def fault(rejected: GrowthRejected, desks: int, texts: Words) -> str:
    """Explain why a query is rejected, with the remedy."""
    _ = texts.gettext
    text = {
        Fault.NO_NUMBER: _("“{text}” is not a number of members or desks. Enter a whole number, such as 60."),
        Fault.TOO_MANY_MEMBERS: _("{text} members is too many. Enter how many members share these desks."),
        Fault.TOO_HIGH: _("{text} desks cannot be free: there are {desks} shared desks. Enter a lower number."),
    }[rejected.fault]
    return text.format(text=rejected.text, desks=desks)


def hours(estimate: Chance, texts: Words) -> str:
    """Format hours per week with their range."""
    _ = texts.gettext
    low, middle, high = (_format_hours_number(value, texts) for value in (estimate.low, estimate.middle, estimate.high))
    if estimate.middle < RARE_H:
        return _("hardly any") if estimate.high < RARE_H else _("hardly any (at most {high})").format(high=high)
    return middle if low == high else _("{middle} ({low} to {high})").format(middle=middle, low=low, high=high)


def chance(estimate: Chance, texts: Words) -> str:
    """Format a chance with its range."""
    low, middle, high = (percent(value, texts) for value in (estimate.low, estimate.middle, estimate.high))
    if low == high:
        return middle
    return texts.gettext("{middle} ({low} to {high})").format(middle=middle, low=low, high=high)


def percent(share: float, texts: Words) -> str:
    """Format a share in whole per cent, as "under 1%" or "over 99%" at the ends."""
    limited = texts.percent(min(max(share, SMALL), 1 - SMALL))
    if share < SMALL:
        return texts.gettext("under {share}").format(share=limited)
    if share > 1 - SMALL:
        return texts.gettext("over {share}").format(share=limited)
    return limited


def sheet(outlook: Growth, texts: Words) -> Sheet:
    """Build the sheet: by hour, each chance with the ends of its range."""
    _ = texts.gettext
    columns = [Column(_("Hour"), Unit.TEXT)]
    for added in ADDED:
        name = _("Now") if not added else _("{n} more").format(n=added)
        columns += [
            Column(name, Unit.SHARE),
            Column(_("{name}, at least").format(name=name), Unit.SHARE),
            Column(_("{name}, at most").format(name=name), Unit.SHARE),
        ]
    rows: list[tuple[Value, ...]] = [
        (clock(hour), *(value for one in chances for value in (one.middle, one.low, one.high)))
        for hour, chances in outlook.hours.items()
    ]
    return Sheet("growth", _("Chance of too few free desks, by hour"), tuple(columns), rows)


def table(outlook: Growth, texts: Words) -> list[tuple[str, ...]]:
    """Build the rows of the page's table: an hour, and for each of `ADDED_MEMBERS` the chance with its range."""
    return [(clock(hour), *(chance(one, texts) for one in chances)) for hour, chances in outlook.hours.items()]


def figure(outlook: Growth, texts: Words) -> dict[str, Any]:
    """Draw a line over the hours for each of `ADDED_MEMBERS`; `meta` names the page's colour for it."""
    _ = texts.gettext
    sign = percent_sign(texts)
    names = [_("now") if not added else _("{n} more").format(n=added) for added in ADDED]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "meta": COLOURS[place],
                "x": [clock(hour) for hour in outlook.hours],
                "y": [round(chances[place].middle * 100, 2) for chances in outlook.hours.values()],
                "line": {"width": 3 if ADDED[place] else 1, "dash": DASHES[place]},
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


def _format_typical_hours(hours_a_week: float, texts: Words) -> str:
    return texts.gettext("hardly any") if hours_a_week < RARE_H else _format_hours_number(hours_a_week, texts)


def _format_hours_number(hours_a_week: float, texts: Words) -> str:
    return str(format_decimal(hours_a_week, "0" if hours_a_week >= WHOLE_H else "0.0", locale=texts.language))
