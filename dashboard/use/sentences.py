"""Words what was found in weeks of use, in Swedish and English.

In:    a view, the plan, the words of a language.
Out:   sentences: what matters first, and one line for each chart.
Never: HTML; a figure that the tables do not tell.
"""

from collections.abc import Callable
from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

from collector.plan import WHOLE_SITE, SitePlan, SpaceKind
from collector.privacy import FEW
from dashboard.use.asked import Days
from dashboard.use.cells import TOLD_AS_NOTHING, Untold, clock, untold
from dashboard.use.compare import Change, Verdict
from dashboard.use.remarks import Calm, Full, Fullest, Hardly, Remark
from dashboard.use.sheets import class_name
from dashboard.use.view import View
from dashboard.words import Words


def remark(found: Remark, plan: SitePlan, words: Words) -> str:
    """One finding as a sentence."""
    _ = words.gettext
    if isinstance(found, Full):
        return _full(found, plan, words)
    if isinstance(found, Fullest):
        text = _("Busiest on {days} at {hour}: {use} occupied on average.")
        return text.format(days=on_weekdays(found.weekday, words), hour=clock(found.hour), use=words.percent(found.use))
    if isinstance(found, Calm):
        text = _("Quietest on {days}: {use} occupied, compared with {most} on {others}.")
        return text.format(
            days=on_weekdays(found.weekday, words),
            use=words.percent(found.use),
            most=words.percent(found.fullest_use),
            others=on_weekdays(found.fullest, words),
        )
    if isinstance(found, Hardly):
        text = _("Hardly used: {zone}, {kind}, {use} of opening hours.")
        kind = words.page[f"kind.{found.kind}"].lower()
        return text.format(zone=place(found.zone, plan, words), kind=kind, use=words.percent(found.use))
    text = _("No data for {share} of opening hours; they are left out of all figures.")
    return text.format(share=words.percent(found.share))


def _full(found: Full, plan: SitePlan, words: Words) -> str:
    _ = words.gettext
    text = {
        SpaceKind.DESK: _("{Days} {begin}–{end}: no free desk in {zone} in {n} of {of} weeks."),  # noqa: RUF001
        SpaceKind.BOOTH: _("{Days} {begin}–{end}: no free phone booth in {zone} in {n} of {of} weeks."),  # noqa: RUF001
        SpaceKind.ROOM: _("{Days} {begin}–{end}: no free room in {zone} in {n} of {of} weeks."),  # noqa: RUF001
        SpaceKind.EQUIPMENT: _("{Days} {begin}–{end}: no free machine in {zone} in {n} of {of} weeks."),  # noqa: RUF001
    }[SpaceKind(found.kind)]
    days = on_weekdays(found.weekday, words)
    return text.format(
        Days=days[:1].upper() + days[1:],
        begin=f"{found.begin:02}",
        end=f"{found.end:02}",
        zone=place(found.zone, plan, words),
        n=found.weeks,
        of=found.of,
    )


def on_weekdays(number: int, words: Words) -> str:
    """A weekday in the plural, Monday 0."""
    _ = words.gettext
    return (
        _("Mondays"),
        _("Tuesdays"),
        _("Wednesdays"),
        _("Thursdays"),
        _("Fridays"),
        _("Saturdays"),
        _("Sundays"),
    )[number]


def place(zone: str, plan: SitePlan, words: Words) -> str:
    """A zone within a sentence."""
    return words.gettext("all zones") if zone == WHOLE_SITE else plan.zone[zone].name


def days_told(days: Days, words: Words) -> str:
    """From when to when."""
    first, last = day_told(days.first, words), day_told(days.last, words)
    return first if days.first == days.last else f"{first} – {last}"  # noqa: RUF001 - a span has an en dash


def day_told(day: date, words: Words) -> str:
    """One day."""
    return str(format_date(day, "d MMM y", locale=words.language))


def of_peaks(seen: View, words: Words) -> str:
    """The highest peak, the days' average, and the least surplus."""
    _ = words.gettext
    found = seen.peaks
    if found.highest is None or found.average_daily is None:
        return _("No day has enough data.")
    text = _("Maximum {most}, on {on}; average daily maximum {mean}.")
    said = text.format(
        most=_taken(found.highest, count, words),
        on=_day(found.on, words),
        mean=_taken(found.average_daily, number, words),
    )
    if found.least_surplus is None:
        return said
    if found.least_surplus > 0:
        text = _("Fewest free at once: {n}, on {on}.")
        return f"{said} " + text.format(n=count(found.least_surplus, words), on=_day(found.least_on, words))
    text = words.ngettext(
        "At some point none were free.", "On {n} of {of} days none were free at some point.", found.days
    )
    none = sum(day.sum.known and day.sum.least == 0 for day in seen.by_day)
    return f"{said} " + text.format(n=none, of=found.days)


def of_stays(seen: View, words: Words) -> str:
    """How long half of the stays are, and how many have no length."""
    _ = words.gettext
    told = seen.stays
    middle = told.middle
    if middle is None and None in told.counts:
        return _("There were fewer than five stays of every length.")
    if middle is None:
        return _("The length of the stays is not known.")
    said = _("The median stay is {length}, out of about {n} stays.").format(
        length=class_name(middle, words), n=count(told.total, words)
    )
    if told.cut_short:
        said += " " + _("The length of about {n} more is not known.").format(n=count(told.cut_short, words))
    return said


def of_people(seen: View, words: Words) -> str:
    """When most people are in."""
    _ = words.gettext
    known = [(row.mean, row.hour) for row in seen.people if row.mean is not None and not row.few]
    if not known:
        return _("No hour has enough data, or fewer than five people were here.")
    mean, hour = max(known, key=lambda row: row[0])
    if mean < TOLD_AS_NOTHING:
        return _("No people were counted in this period.")
    return _("Most people at {hour}: {n} on average.").format(hour=clock(hour), n=number(mean, words))


def of_hours(seen: View, words: Words) -> str:
    """When the day is fullest."""
    _ = words.gettext
    known = [(use, hour) for hour, total in seen.hours.items() if (use := total.use) is not None]
    if not known:
        return _("No hour has enough data.")
    use, hour = max(known, key=lambda row: row[0])
    if not use:
        return _("Nothing was in use in this period.")
    return _("Busiest at {hour}: {use} occupied on average.").format(hour=clock(hour), use=words.percent(use))


def of_whole(seen: View, words: Words) -> str:
    """The use of the whole span, and how much of it is known."""
    _ = words.gettext
    use = seen.whole.use
    known = words.full_percent(seen.whole.coverage)
    if use is None:
        return _("Data for only {known} of opening hours: too little for a figure.").format(known=known)
    return _("{use} occupied during opening hours; data for {known}.").format(use=words.percent(use), known=known)


def of_zones(seen: View, plan: SitePlan, words: Words) -> str:
    """Which zone, or which kind of it, is used most and which least; empty where that says nothing."""
    _ = words.gettext
    known = [(use, scope) for scope, total in seen.zones.items() if (use := total.use) is not None]
    parts = [(use, scope) for use, scope in known if scope[0] != WHOLE_SITE]
    told = sorted(parts if len(parts) > 1 else known)
    if len(told) < 2:
        return of_whole(seen, words)
    (least, low), (most, high) = told[0], told[-1]
    if words.percent(least) == words.percent(most):
        return ""
    text = _("Most used: {high}, {most}. Least used: {low}, {least}.")
    return text.format(
        high=_scope(high, plan, words),
        most=words.percent(most),
        low=_scope(low, plan, words),
        least=words.percent(least),
    )


def of_change(change: Change, words: Words) -> str:
    """What became of the use, and whether that is more than days differ by anyway."""
    _ = words.gettext
    if change.now is None or change.before is None:
        return _("The two periods cannot be compared: there is too little data.")
    text = {
        Verdict.MORE: _(
            "Use is up: {now} on an average day, compared with {before} before. Random variation is at "
            "most {noise} percentage points."
        ),
        Verdict.LESS: _(
            "Use is down: {now} on an average day, compared with {before} before. Random variation is at "
            "most {noise} percentage points."
        ),
        Verdict.NOISE: _(
            "{now} occupied on an average day, compared with {before} before: within the random "
            "variation of {noise} percentage points."
        ),
        Verdict.TOO_FEW: _(
            "{now} occupied on an average day, compared with {before} before: too few days to draw a conclusion."
        ),
    }[change.verdict]
    noise = "" if change.noise is None else number(change.noise * 100, words)
    return text.format(now=words.percent(change.now), before=words.percent(change.before), noise=noise)


def number(value: float, words: Words) -> str:
    """With one decimal."""
    return str(format_decimal(value, "0.0", locale=words.language))


def count(value: float, words: Words) -> str:
    """A whole number."""
    return str(format_decimal(value, "#,##0", locale=words.language))


def _taken(value: float, written: Callable[[float, Words], str], words: Words) -> str:
    """How many were taken; one to four are few."""
    return untold(Untold.FEW, words) if 0 < value < FEW else written(value, words)


def _scope(scope: tuple[str, ...], plan: SitePlan, words: Words) -> str:
    return f"{place(scope[0], plan, words)} ({words.page[f'kind.{scope[1]}'].lower()})"


def _day(day: date | None, words: Words) -> str:
    return "" if day is None else str(format_date(day, "EEEE d MMMM", locale=words.language))
