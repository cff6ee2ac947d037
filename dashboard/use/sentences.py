"""Formats remarks and figures of use as sentences, in Swedish and English.

In:    a use report, the plan, the texts of a language.
Out:   sentences: what matters first, then one line for each chart.
Never: HTML; a figure that is not in the tables.
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


def remark(found: Remark, plan: SitePlan, texts: Words) -> str:
    """Format a remark as a sentence."""
    _ = texts.gettext
    if isinstance(found, Full):
        return _format_full(found, plan, texts)
    if isinstance(found, Fullest):
        text = _("Busiest on {days} at {hour}: {use} occupied on average.")
        return text.format(days=on_weekdays(found.weekday, texts), hour=clock(found.hour), use=texts.percent(found.use))
    if isinstance(found, Calm):
        text = _("Quietest on {days}: {use} occupied, compared with {most} on {others}.")
        return text.format(
            days=on_weekdays(found.weekday, texts),
            use=texts.percent(found.use),
            most=texts.percent(found.fullest_use),
            others=on_weekdays(found.fullest, texts),
        )
    if isinstance(found, Hardly):
        text = _("Hardly used: {zone}, {kind}, {use} of opening hours.")
        kind = texts.page[f"kind.{found.kind}"].lower()
        return text.format(zone=place(found.zone, plan, texts), kind=kind, use=texts.percent(found.use))
    text = _("No data for {share} of opening hours; they are left out of all figures.")
    return text.format(share=texts.percent(found.share))


def _format_full(found: Full, plan: SitePlan, texts: Words) -> str:
    _ = texts.gettext
    text = {
        SpaceKind.DESK: _("{Days} {begin}–{end}: no free desk in {zone} in {n} of {of} weeks."),  # noqa: RUF001
        SpaceKind.BOOTH: _("{Days} {begin}–{end}: no free phone booth in {zone} in {n} of {of} weeks."),  # noqa: RUF001
        SpaceKind.ROOM: _("{Days} {begin}–{end}: no free room in {zone} in {n} of {of} weeks."),  # noqa: RUF001
        SpaceKind.EQUIPMENT: _("{Days} {begin}–{end}: no free machine in {zone} in {n} of {of} weeks."),  # noqa: RUF001
    }[SpaceKind(found.kind)]
    days = on_weekdays(found.weekday, texts)
    return text.format(
        Days=days[:1].upper() + days[1:],
        begin=f"{found.begin:02}",
        end=f"{found.end:02}",
        zone=place(found.zone, plan, texts),
        n=found.weeks,
        of=found.of,
    )


def on_weekdays(number: int, texts: Words) -> str:
    """Return the plural of a weekday's name; Monday is 0."""
    _ = texts.gettext
    return (
        _("Mondays"),
        _("Tuesdays"),
        _("Wednesdays"),
        _("Thursdays"),
        _("Fridays"),
        _("Saturdays"),
        _("Sundays"),
    )[number]


def place(zone: str, plan: SitePlan, texts: Words) -> str:
    """Name a zone, or the whole site, inside a sentence."""
    return texts.gettext("all zones") if zone == WHOLE_SITE else plan.zone[zone].name


def days_told(days: Days, texts: Words) -> str:
    """Format a range of days."""
    first, last = day_told(days.first, texts), day_told(days.last, texts)
    return first if days.first == days.last else f"{first} – {last}"  # noqa: RUF001 - a range has an en dash


def day_told(day: date, texts: Words) -> str:
    """Format one day."""
    return str(format_date(day, "d MMM y", locale=texts.language))


def of_peaks(report: View, texts: Words) -> str:
    """Describe the highest peak, the average daily peak and the least surplus."""
    _ = texts.gettext
    found = report.peaks
    if found.highest is None or found.average_daily is None:
        return _("No day has enough data.")
    text = _("Maximum {most}, on {on}; average daily maximum {mean}.")
    sentence = text.format(
        most=_format_taken(found.highest, count, texts),
        on=_format_long_day(found.on, texts),
        mean=_format_taken(found.average_daily, number, texts),
    )
    if found.least_surplus is None:
        return sentence
    if found.least_surplus > 0:
        text = _("Fewest free at once: {n}, on {on}.")
        return f"{sentence} " + text.format(
            n=count(found.least_surplus, texts), on=_format_long_day(found.least_on, texts)
        )
    text = texts.ngettext(
        "At some point none were free.", "On {n} of {of} days none were free at some point.", found.days
    )
    none = sum(day.sum.known and day.sum.least == 0 for day in report.by_day)
    return f"{sentence} " + text.format(n=none, of=found.days)


def of_stays(report: View, texts: Words) -> str:
    """Describe the median stay, and how many stays have an unknown length."""
    _ = texts.gettext
    stays = report.stays
    middle = stays.middle
    if middle is None and None in stays.counts:
        return _("There were fewer than five stays of every length.")
    if middle is None:
        return _("The length of the stays is not known.")
    sentence = _("The median stay is {length}, out of about {n} stays.").format(
        length=class_name(middle, texts), n=count(stays.total, texts)
    )
    if stays.cut_short:
        sentence += " " + _("The length of about {n} more is not known.").format(n=count(stays.cut_short, texts))
    return sentence


def of_people(report: View, texts: Words) -> str:
    """Name the hour with most people inside."""
    _ = texts.gettext
    known = [(row.mean, row.hour) for row in report.people if row.mean is not None and not row.few]
    if not known:
        return _("No hour has enough data, or fewer than five people were here.")
    mean, hour = max(known, key=lambda row: row[0])
    if mean < TOLD_AS_NOTHING:
        return _("No people were counted in this period.")
    return _("Most people at {hour}: {n} on average.").format(hour=clock(hour), n=number(mean, texts))


def of_hours(report: View, texts: Words) -> str:
    """Name the busiest hour of the day."""
    _ = texts.gettext
    known = [(use, hour) for hour, total in report.hours.items() if (use := total.use) is not None]
    if not known:
        return _("No hour has enough data.")
    use, hour = max(known, key=lambda row: row[0])
    if not use:
        return _("Nothing was in use in this period.")
    return _("Busiest at {hour}: {use} occupied on average.").format(hour=clock(hour), use=texts.percent(use))


def of_whole(report: View, texts: Words) -> str:
    """Describe the use over the whole period, and its coverage."""
    _ = texts.gettext
    use = report.whole.use
    known = texts.full_percent(report.whole.coverage)
    if use is None:
        return _("Data for only {known} of opening hours: too little for a figure.").format(known=known)
    return _("{use} occupied during opening hours; data for {known}.").format(use=texts.percent(use), known=known)


def of_zones(report: View, plan: SitePlan, texts: Words) -> str:
    """Name the most and the least used zone, or kind within a zone; empty if their use is the same."""
    _ = texts.gettext
    known = [(use, scope) for scope, total in report.zones.items() if (use := total.use) is not None]
    parts = [(use, scope) for use, scope in known if scope[0] != WHOLE_SITE]
    ranked = sorted(parts if len(parts) > 1 else known)
    if len(ranked) < 2:
        return of_whole(report, texts)
    (least, low), (most, high) = ranked[0], ranked[-1]
    if texts.percent(least) == texts.percent(most):
        return ""
    text = _("Most used: {high}, {most}. Least used: {low}, {least}.")
    return text.format(
        high=_format_scope(high, plan, texts),
        most=texts.percent(most),
        low=_format_scope(low, plan, texts),
        least=texts.percent(least),
    )


def of_change(change: Change, texts: Words) -> str:
    """Describe the change in use, and whether it exceeds random variation."""
    _ = texts.gettext
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
    noise = "" if change.noise is None else number(change.noise * 100, texts)
    return text.format(now=texts.percent(change.now), before=texts.percent(change.before), noise=noise)


def number(value: float, texts: Words) -> str:
    """Format a number with one decimal."""
    return str(format_decimal(value, "0.0", locale=texts.language))


def count(value: float, texts: Words) -> str:
    """Format a whole number."""
    return str(format_decimal(value, "#,##0", locale=texts.language))


def _format_taken(value: float, format_exact: Callable[[float, Words], str], texts: Words) -> str:
    """Format a number of taken spaces; 1 to 4 are shown as "under 5"."""
    return untold(Untold.FEW, texts) if 0 < value < FEW else format_exact(value, texts)


def _format_scope(scope: tuple[str, ...], plan: SitePlan, texts: Words) -> str:
    return f"{place(scope[0], plan, texts)} ({texts.page[f'kind.{scope[1]}'].lower()})"


def _format_long_day(day: date | None, texts: Words) -> str:
    return "" if day is None else str(format_date(day, "EEEE d MMMM", locale=texts.language))
