"""Words what more members would meet, and lays it out as a table and a figure.

In:    a growth, what was asked, the words of a language.
Out:   sentences, the answer first; a sheet; a Plotly figure as plain values.
Never: HTML, a figure that the table does not tell; a chance of nothing where it is only small.
"""

from typing import Any, Final

from babel.numbers import format_decimal

from dashboard.use.cells import Column, Sheet, Unit, Value, clock
from dashboard.use.growth import ADDED, Asked, Chance, Fault, Growth, GrowthRejected
from dashboard.use.plots import percent_sign
from dashboard.words import Words

SMALL: Final = 0.01
RARE_H: Final = 0.1
"""Fewer hours a week are told as hardly any: one in ten weeks."""
WHOLE_H: Final = 10.0
"""From here on a tenth of an hour says nothing."""
COLOURS: Final = ("--quiet", "--free", "--away", "--taken")
"""Of the page, for each of ADDED."""
DASHES: Final = ("dot", "solid", "dash", "longdash")


def answer(told: Growth, asked: Asked, words: Words) -> str:
    """What ten more members would mean, in one sentence."""
    place = ADDED.index(10)
    text = words.gettext("With {n} more members, {few} in {then} of {of} open hours a week; at present in {now}.")
    return text.format(
        n=ADDED[place],
        few=few_desks(asked.floor, words),
        then=hours(told.hours_a_week[place], words),
        of=told.open_hours,
        now=_about(told.hours_a_week[0].middle, words),
    )


def steps(told: Growth, words: Words) -> list[str]:
    """One sentence for each number of members more."""
    text = words.gettext(
        "{n} more members: too busy in {hours} of {of} open hours a week; the chance of at least one "
        "such hour in a week is {chance}."
    )
    return [
        text.format(
            n=added,
            hours=hours(told.hours_a_week[place], words),
            of=told.open_hours,
            chance=chance(told.any_in_a_week[place], words),
        )
        for place, added in enumerate(ADDED)
        if added
    ]


def tightest(told: Growth, words: Words) -> str:
    """When it would be tightest with ten more."""
    place = ADDED.index(10)
    hour, chances = max(told.hours.items(), key=lambda one: one[1][place].middle)
    text = words.gettext(
        "Busiest at {hour}: with 10 more members the chance is {chance} on a normal day; at present {now}."
    )
    return text.format(hour=clock(hour), chance=chance(chances[place], words), now=percent(chances[0].middle, words))


def cut(told: Growth, words: Words) -> str:
    """That a full house hides who found nothing; empty if it was never full."""
    if not told.cut:
        return ""
    text = words.gettext(
        "In {share} of the hours every desk was taken. People who came then and left again were not "
        "counted, so the real chances are higher."
    )
    return text.format(share=percent(told.cut, words))


def doubt(told: Growth, asked: Asked, words: Words) -> str:
    """That the number of members cannot be right; empty if it can."""
    if asked.members is None or told.most <= asked.members:
        return ""
    text = words.gettext(
        "{most} desks were taken at once, more than there are members. Include guests and day "
        "passes, otherwise the chances are too high."
    )
    return text.format(most=told.most)


def few_desks(floor: int, words: Words) -> str:
    """What is too few, as the middle of a sentence."""
    if floor == 1:
        return words.gettext("no desk would be free")
    return words.gettext("fewer than {n} desks would be free").format(n=floor)


def fault(rejected: GrowthRejected, desks: int, words: Words) -> str:
    """What is wrong with a question, and what to do about it."""
    _ = words.gettext
    text = {
        Fault.NO_NUMBER: _("“{text}” is not a number of members or desks. Enter a whole number, such as 60."),
        Fault.TOO_MANY_MEMBERS: _("{text} members is too many. Enter how many members share these desks."),
        Fault.TOO_HIGH: _("{text} desks cannot be free: there are {desks} shared desks. Enter a lower number."),
    }[rejected.fault]
    return text.format(text=rejected.text, desks=desks)


def hours(of: Chance, words: Words) -> str:
    """Hours a week, with their range."""
    _ = words.gettext
    low, middle, high = (_number(value, words) for value in (of.low, of.middle, of.high))
    if of.middle < RARE_H:
        return _("hardly any") if of.high < RARE_H else _("hardly any (at most {high})").format(high=high)
    return middle if low == high else _("{middle} ({low} to {high})").format(middle=middle, low=low, high=high)


def chance(of: Chance, words: Words) -> str:
    """A chance, with its range."""
    low, middle, high = (percent(value, words) for value in (of.low, of.middle, of.high))
    if low == high:
        return middle
    return words.gettext("{middle} ({low} to {high})").format(middle=middle, low=low, high=high)


def percent(share: float, words: Words) -> str:
    """In whole per cent; what is small is not nothing, and what is likely not certain."""
    told = words.percent(min(max(share, SMALL), 1 - SMALL))
    if share < SMALL:
        return words.gettext("under {share}").format(share=told)
    if share > 1 - SMALL:
        return words.gettext("over {share}").format(share=told)
    return told


def sheet(told: Growth, words: Words) -> Sheet:
    """By the hour, each chance with its ends."""
    _ = words.gettext
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
        for hour, chances in told.hours.items()
    ]
    return Sheet("growth", _("Chance of too few free desks, by hour"), tuple(columns), rows)


def table(told: Growth, words: Words) -> list[tuple[str, ...]]:
    """The same to be read: an hour, and for each of ADDED the chance with its range."""
    return [(clock(hour), *(chance(one, words) for one in chances)) for hour, chances in told.hours.items()]


def figure(told: Growth, words: Words) -> dict[str, Any]:
    """A line for each of ADDED over the hours; `meta` names the page's colour of each."""
    _ = words.gettext
    sign = percent_sign(words)
    names = [_("now") if not added else _("{n} more").format(n=added) for added in ADDED]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "meta": COLOURS[place],
                "x": [clock(hour) for hour in told.hours],
                "y": [round(chances[place].middle * 100, 2) for chances in told.hours.values()],
                "line": {"width": 3 if ADDED[place] else 1, "dash": DASHES[place]},
                "hovertemplate": "%{y:.0f}" + sign,
            }
            for place, name in enumerate(names)
        ],
        "layout": {
            "hovermode": "x unified",
            "separators": ", " if words.language == "sv" else ".,",
            "showlegend": True,
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
            "margin": {"t": 56, "r": 8, "b": 72, "l": 48},
            "yaxis": {"rangemode": "tozero", "fixedrange": True, "ticksuffix": sign},
            "xaxis": {"type": "category"},
        },
    }


def _about(hours_a_week: float, words: Words) -> str:
    return words.gettext("hardly any") if hours_a_week < RARE_H else _number(hours_a_week, words)


def _number(hours_a_week: float, words: Words) -> str:
    return str(format_decimal(hours_a_week, "0" if hours_a_week >= WHOLE_H else "0.0", locale=words.language))
