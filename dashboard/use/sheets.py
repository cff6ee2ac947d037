"""Lays the figures of use out as tables: the page shows them, an export holds them, and both say the same.

In:    a view, the plan, the words of a language.
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
"""The key of the one sheet that is too long for a page."""


def sheets(seen: View, plan: SitePlan, words: Words) -> list[Sheet]:
    """Every table of a view, in the order of the page; one may have no rows."""
    return [
        _week(seen, words),
        _hours(seen, words),
        _zones(seen, plan, words),
        _days(seen, words),
        _stays(seen, words),
        _people(seen, words),
        _changes(seen, words),
    ]


def class_name(number: int, words: Words) -> str:
    """The words for a class of lengths, from the shortest."""
    _ = words.gettext
    return {
        "under_15_min": _("under 15 min"),
        "under_30_min": _("15–30 min"),  # noqa: RUF001
        "under_1_h": _("30–60 min"),  # noqa: RUF001
        "under_2_h": _("1–2 h"),  # noqa: RUF001
        "under_4_h": _("2–4 h"),  # noqa: RUF001
        "under_8_h": _("4–8 h"),  # noqa: RUF001
        "longer": _("8 h or more"),
    }[CLASSES[number]]


def verdict(change: Change, words: Words) -> str:
    """What a difference means."""
    _ = words.gettext
    return {
        Verdict.MORE: _("More than random variation"),
        Verdict.LESS: _("Less than before, beyond random variation"),
        Verdict.NOISE: _("Within random variation"),
        Verdict.TOO_FEW: _("Too few days"),
    }[change.verdict]


def _known(value: float | None) -> Value:
    return Untold.UNKNOWN if value is None else value


def _few(value: float | None) -> Value:
    """A count or mean of people, or of spaces that are taken."""
    return Untold.UNKNOWN if value is None else Untold.FEW if 0 < value < FEW else value


def _sum(total: Sum) -> tuple[Value, ...]:
    """Where at most one to four were taken, the least that was free would tell how many."""
    most = _few(total.most)
    surplus = Untold.NONE if most is Untold.FEW else _known(total.surplus)
    use = Untold.FEW if total.is_few and total.known else _known(total.use)
    return use, most, surplus, total.coverage


def _sum_columns(words: Words) -> tuple[Column, ...]:
    _ = words.gettext
    return (
        Column(_("Occupied"), Unit.SHARE),
        Column(_("Maximum"), Unit.COUNT),
        Column(_("Fewest free"), Unit.COUNT),
        Column(_("Data available"), Unit.KNOWN),
    )


def _week(seen: View, words: Words) -> Sheet:
    _ = words.gettext
    columns = (
        Column(_("Weekday"), Unit.TEXT),
        Column(_("Hour"), Unit.TEXT),
        *_sum_columns(words),
        Column(_("Weeks with nothing free"), Unit.COUNT),
        Column(_("Weeks with data"), Unit.COUNT),
    )
    rows = [
        (weekday(cell.weekday, words), clock(cell.hour), *_sum(cell.sum), float(cell.full_days), float(cell.days))
        for cell in seen.week.values()
    ]
    return Sheet("week", _("Week, hour by hour"), columns, rows)


def _hours(seen: View, words: Words) -> Sheet:
    _ = words.gettext
    columns = (Column(_("Hour"), Unit.TEXT), *_sum_columns(words))
    rows = [(clock(hour), *_sum(total)) for hour, total in seen.hours.items()]
    return Sheet("hours", _("By hour of the day"), columns, rows)


def _zones(seen: View, plan: SitePlan, words: Words) -> Sheet:
    _ = words.gettext
    columns = (Column(_("Zone"), Unit.TEXT), Column(_("Kind"), Unit.TEXT), *_sum_columns(words))
    rows = [
        (zone_name(zone, plan, words), words.page[f"kind.{kind}"], *_sum(total))
        for (zone, kind), total in sorted(seen.zones.items(), key=lambda item: (item[0][0] != WHOLE_SITE, item[0]))
    ]
    return Sheet("zones", _("By zone and kind"), columns, rows)


def _days(seen: View, words: Words) -> Sheet:
    _ = words.gettext
    columns = (
        Column(_("Day"), Unit.DATE),
        *_sum_columns(words),
        Column(_("Hours with nothing free"), Unit.COUNT),
    )
    rows = [(day.day, *_sum(day.sum), float(day.full_hours)) for day in seen.by_day]
    return Sheet("days", _("Maximum and surplus by day"), columns, rows)


def _stays(seen: View, words: Words) -> Sheet:
    _ = words.gettext
    columns = (
        Column(_("Length of stay"), Unit.TEXT),
        Column(_("Stays, rounded to five"), Unit.COUNT),
        Column(_("Share"), Unit.SHARE),
    )
    told = seen.stays
    rows: list[tuple[Value, ...]] = [
        (
            class_name(number, words),
            Untold.FEW if count is None else count,
            Untold.NONE if (share := told.share(number)) is None else share,
        )
        for number, count in enumerate(told.counts)
    ]
    if told.cut_short != 0:
        cut = Untold.FEW if told.cut_short is None else told.cut_short
        rows.append((_("unknown length"), cut, Untold.NONE))
    return Sheet("stays", _("How long people stay"), columns, rows if told.total or told.cut_short else [])


def _people(seen: View, words: Words) -> Sheet:
    _ = words.gettext
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
            _few(row.mean),
            Untold.NONE if row.few else _few(row.least),
            Untold.NONE if row.few else _known(row.most),
            row.coverage,
        )
        for row in seen.people
    ]
    return Sheet("people", _("People by hour"), columns, rows)


def _changes(seen: View, words: Words) -> Sheet:
    _ = words.gettext
    columns = (
        Column(_("Average per day"), Unit.TEXT),
        Column(_("Now"), Unit.NUMBER),
        Column(_("Before"), Unit.NUMBER),
        Column(_("Difference"), Unit.NUMBER),
        Column(_("Random variation up to"), Unit.NUMBER),
        Column(_("Days in both periods"), Unit.COUNT),
        Column(_("Result"), Unit.TEXT),
    )
    told = seen.changes
    rows: list[tuple[Value, ...]] = []
    if told is not None:
        rows = [
            _change(_("Occupied, per cent"), told.use, words, scale=100),
            _change(_("Maximum"), told.peak, words, few=FEW),
            _change(_("Fewest free"), told.surplus, words),
        ]
        if told.people is not None:
            rows.append(_change(_("People, average"), told.people, words, few=FEW))
    return Sheet("compared", _("Comparison"), columns, rows)


def _change(name: str, change: Change, words: Words, *, scale: float = 1, few: float = 0) -> tuple[Value, ...]:
    now, before, by, noise = (
        None if value is None else value * scale for value in (change.now, change.before, change.by, change.noise)
    )
    if any(value is not None and 0 < value < few for value in (now, before)):
        return (name, _few(now), _few(before), Untold.NONE, Untold.NONE, float(change.days), verdict(change, words))
    told = (_known(now), _known(before), _known(by), _known(noise))
    return (name, *told, float(change.days), verdict(change, words))


def each_hour(
    found: Iterable[tuple[Sequence[Hour], Mapping[tuple[str, ...], Used]]], plan: SitePlan, words: Words
) -> Sheet:
    """Every open hour of every zone that was asked for, as it is taken from pieces of history: it may be long."""
    _ = words.gettext
    columns = (
        Column(_("Day"), Unit.DATE),
        Column(_("Hour"), Unit.TEXT),
        Column(_("Zone"), Unit.TEXT),
        Column(_("Kind"), Unit.TEXT),
        *_sum_columns(words),
    )
    rows = (
        (
            day_of(hour),
            clock(hour.hour),
            zone_name(zone, plan, words),
            words.page[f"kind.{kind}"],
            *_sum(summed([hour], used)),
        )
        for these, scopes in found
        for (zone, kind), used in scopes.items()
        for hour in these
    )
    return Sheet(EACH_HOUR, _("Hourly figures"), columns, rows)
