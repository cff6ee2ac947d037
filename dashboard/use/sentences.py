"""Formats remarks and figures of use as sentences, in Swedish and English.

In:    a use report, the plan, the texts of a language.
Out:   sentences: what matters first, then one line for each chart.
Never: HTML; a figure that is not in the tables.
"""

from collections.abc import Callable
from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import SpaceKind
from dashboard.text.page_texts import PageTexts
from dashboard.use.compare import ChangeVerdict, MeanChange
from dashboard.use.remarks import BusiestHour, FullHours, HardlyUsedZone, QuietestWeekday, Remark
from dashboard.use.sheets import get_stay_class_name
from dashboard.use.table_cells import ROUNDS_TO_ZERO, CellPlaceholder, format_hour_span, format_placeholder
from dashboard.use.use_query import DayRange
from dashboard.use.use_report import UseReport
from dashboard.use.used_hours import MIN_COVERAGE


def format_remark(found: Remark, plan: SitePlan, texts: PageTexts) -> str:
    """Format a remark as a sentence."""
    _ = texts.gettext
    if isinstance(found, FullHours):
        return _format_full(found, plan, texts)
    if isinstance(found, BusiestHour):
        text = _("Busiest on {days} at {hour}: {use} occupied on average.")
        return text.format(
            days=get_weekday_plural(found.weekday, texts),
            hour=format_hour_span(found.hour),
            use=texts.format_percentage(found.use),
        )
    if isinstance(found, QuietestWeekday):
        text = _("Quietest on {days}: {use} occupied, compared with {most} on {others}.")
        return text.format(
            days=get_weekday_plural(found.weekday, texts),
            use=texts.format_percentage(found.use),
            most=texts.format_percentage(found.busiest_use),
            others=get_weekday_plural(found.busiest, texts),
        )
    if isinstance(found, HardlyUsedZone):
        text = _("Hardly used: {zone}, {kind}, {use} of opening hours.")
        kind = texts.templates[f"kind.{found.kind}"].lower()
        return text.format(zone=format_zone(found.zone, plan, texts), kind=kind, use=texts.format_percentage(found.use))
    text = _("No data for {share} of opening hours; they are left out of all figures.")
    return text.format(share=texts.format_percentage(found.share))


def _format_full(found: FullHours, plan: SitePlan, texts: PageTexts) -> str:
    _ = texts.gettext
    text = {
        SpaceKind.DESK: _("{Days} {begin}–{end}: no free desk in {zone} in {n} of {of} weeks."),  # noqa: RUF001
        SpaceKind.BOOTH: _("{Days} {begin}–{end}: no free phone booth in {zone} in {n} of {of} weeks."),  # noqa: RUF001
        SpaceKind.ROOM: _("{Days} {begin}–{end}: no free room in {zone} in {n} of {of} weeks."),  # noqa: RUF001
        SpaceKind.EQUIPMENT: _("{Days} {begin}–{end}: no free machine in {zone} in {n} of {of} weeks."),  # noqa: RUF001
    }[SpaceKind(found.kind)]
    days = get_weekday_plural(found.weekday, texts)
    return text.format(
        Days=days[:1].upper() + days[1:],
        begin=f"{found.begin_hour:02}",
        end=f"{found.end_hour:02}",
        zone=format_zone(found.zone, plan, texts),
        n=found.weeks,
        of=found.known_weeks,
    )


def get_weekday_plural(number: int, texts: PageTexts) -> str:
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


def format_zone(zone: str, plan: SitePlan, texts: PageTexts) -> str:
    """Name a zone, or the whole site, inside a sentence."""
    return texts.gettext("all zones") if zone == WHOLE_SITE else plan.zone_by_id[zone].name


def format_days(days: DayRange, texts: PageTexts) -> str:
    """Format a range of days."""
    first, last = format_day(days.first, texts), format_day(days.last, texts)
    return first if days.first == days.last else f"{first} – {last}"  # noqa: RUF001 - a range has an en dash


def format_day(day: date, texts: PageTexts) -> str:
    """Format one day."""
    return str(format_date(day, "d MMM y", locale=texts.language))


def describe_peaks(report: UseReport, texts: PageTexts) -> str:
    """Describe the highest peak, the average daily peak and the least surplus."""
    _ = texts.gettext
    found = report.peaks
    if found.highest is None or found.average_daily is None:
        return _("No day has enough data.")
    text = _("Maximum {most}, on {on}; average daily maximum {mean}.")
    sentence = text.format(
        most=_format_taken(found.highest, format_count, texts),
        on=_format_long_day(found.highest_on, texts),
        mean=_format_taken(found.average_daily, format_number, texts),
    )
    if found.least_surplus is None:
        return sentence
    if found.least_surplus > 0:
        text = _("Fewest free at once: {n}, on {on}.")
        return f"{sentence} " + text.format(
            n=format_count(found.least_surplus, texts), on=_format_long_day(found.least_on, texts)
        )
    text = texts.ngettext(
        "At some point none were free.", "On {n} of {of} days none were free at some point.", found.known_days
    )
    none = sum(day.total.is_known and day.total.free_least == 0 for day in report.by_day)
    return f"{sentence} " + text.format(n=none, of=found.known_days)


def describe_stays(report: UseReport, texts: PageTexts) -> str:
    """Describe the median stay, and how many stays have an unknown length."""
    _ = texts.gettext
    stays = report.stays
    middle = stays.median_class
    if middle is None and None in stays.counts:
        return _("There were fewer than {n} stays of every length.").format(n=MIN_SHOWN_GROUP)
    if middle is None:
        return _("The length of the stays is not known.")
    sentence = _("The median stay is {length}, out of about {n} stays.").format(
        length=get_stay_class_name(middle, texts), n=format_count(stays.total, texts)
    )
    if stays.unknown_length:
        sentence += " " + _("The length of about {n} more is not known.").format(
            n=format_count(stays.unknown_length, texts)
        )
    return sentence


def describe_people(report: UseReport, texts: PageTexts) -> str:
    """Name the hour with most people inside."""
    _ = texts.gettext
    known = [(row.mean, row.hour) for row in report.people if row.mean is not None and not row.is_few]
    if not known:
        return _("No hour has enough data, or fewer than {n} people were here.").format(n=MIN_SHOWN_GROUP)
    mean, hour = max(known, key=lambda row: row[0])
    if mean < ROUNDS_TO_ZERO:
        return _("No people were counted in this period.")
    return _("Most people at {hour}: {n} on average.").format(hour=format_hour_span(hour), n=format_number(mean, texts))


def describe_hours(report: UseReport, texts: PageTexts) -> str:
    """Name the busiest hour of the day."""
    _ = texts.gettext
    known = [(use, hour) for hour, total in report.hours.items() if (use := total.utilisation) is not None]
    if not known:
        return _("No hour has enough data.")
    use, hour = max(known, key=lambda row: row[0])
    if not use:
        return _("Nothing was in use in this period.")
    return _("Busiest at {hour}: {use} occupied on average.").format(
        hour=format_hour_span(hour), use=texts.format_percentage(use)
    )


def describe_total(report: UseReport, texts: PageTexts) -> str:
    """Describe the use over the whole period, and its coverage."""
    _ = texts.gettext
    use = report.total.utilisation
    known = texts.format_percentage_floor(report.total.coverage)
    if use is None:
        return _("Data for {known} of opening hours; at least {needed} is needed for a figure.").format(
            known=known, needed=texts.format_percentage(MIN_COVERAGE)
        )
    return _("{use} occupied during opening hours; data for {known}.").format(
        use=texts.format_percentage(use), known=known
    )


def describe_zones(report: UseReport, plan: SitePlan, texts: PageTexts) -> str:
    """Name the most and the least used zone, or kind within a zone; empty if their use is the same."""
    _ = texts.gettext
    known = [(use, scope) for scope, total in report.zones.items() if (use := total.utilisation) is not None]
    parts = [(use, scope) for use, scope in known if scope[0] != WHOLE_SITE]
    ranked = sorted(parts if len(parts) > 1 else known)
    if len(ranked) < 2:
        return describe_total(report, texts)
    (least, low), (most, high) = ranked[0], ranked[-1]
    if texts.format_percentage(least) == texts.format_percentage(most):
        return ""
    text = _("Most used: {high}, {most}. Least used: {low}, {least}.")
    return text.format(
        high=_format_scope(high, plan, texts),
        most=texts.format_percentage(most),
        low=_format_scope(low, plan, texts),
        least=texts.format_percentage(least),
    )


def describe_change(change: MeanChange, texts: PageTexts) -> str:
    """Describe the change in use, and whether it exceeds random variation."""
    _ = texts.gettext
    if change.now is None or change.before is None:
        return _("The two periods cannot be compared: there is too little data.")
    text = {
        ChangeVerdict.MORE: _(
            "Use is up: {now} on an average day, compared with {before} before. Random variation is at "
            "most {noise} percentage points."
        ),
        ChangeVerdict.LESS: _(
            "Use is down: {now} on an average day, compared with {before} before. Random variation is at "
            "most {noise} percentage points."
        ),
        ChangeVerdict.NOISE: _(
            "{now} occupied on an average day, compared with {before} before: within the random "
            "variation of {noise} percentage points."
        ),
        ChangeVerdict.TOO_FEW: _(
            "{now} occupied on an average day, compared with {before} before: too few days to draw a conclusion."
        ),
    }[change.verdict]
    noise = "" if change.noise is None else format_number(change.noise * 100, texts)
    return text.format(
        now=texts.format_percentage(change.now), before=texts.format_percentage(change.before), noise=noise
    )


def format_number(value: float, texts: PageTexts) -> str:
    """Format a number with one decimal."""
    return str(format_decimal(value, "0.0", locale=texts.language))


def format_count(value: float, texts: PageTexts) -> str:
    """Format a whole number."""
    return str(format_decimal(value, "#,##0", locale=texts.language))


def _format_taken(value: float, format_exact: Callable[[float, PageTexts], str], texts: PageTexts) -> str:
    """Format a number of taken spaces; 1 to 4 are shown as "under 5"."""
    return format_placeholder(CellPlaceholder.FEW, texts) if 0 < value < MIN_SHOWN_GROUP else format_exact(value, texts)


def _format_scope(scope: tuple[str, ...], plan: SitePlan, texts: PageTexts) -> str:
    return f"{format_zone(scope[0], plan, texts)} ({texts.templates[f'kind.{scope[1]}'].lower()})"


def _format_long_day(day: date | None, texts: PageTexts) -> str:
    return "" if day is None else str(format_date(day, "EEEE d MMMM", locale=texts.language))
