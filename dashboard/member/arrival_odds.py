"""Odds of a free space at an arrival time, and how often earlier forecasts like it came true.

In:    the form's parameters, outlooks, the plan, texts.
Out:   sentences, or one sentence with the problem and what to do.
Never: a hit rate for matching spaces: their odds assume that they are as popular as the others, which is not verified.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache

from babel.dates import format_date

from collector.contract.forecast_points import ChanceScore
from collector.contract.forecasts import OUTLOOK_DAYS, HourOutlook, Outlook
from collector.history.measures import PEOPLE
from collector.site.calendar import to_local_time
from collector.site.site_plan import WHOLE_SITE
from dashboard.live.upcoming_hours import MIN_SCORED_FORECASTS, TOP_TENTH, find_hour
from dashboard.member.arrival import list_forecast_kinds
from dashboard.member.fitting_odds import combine_with_zones, compute_match_odds
from dashboard.member.needs import MatchCounts, Needs, encode_matches, find_whole_zone
from dashboard.text.explanations import ExplanationContext
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import MINUTE_MS

GetOutlook = Callable[[str, str], Outlook | None]
"""Returns the forecast of a zone, or WHOLE_SITE, and a kind."""


@dataclass(frozen=True, slots=True)
class ArrivalForm:
    """The form's choices and the selected ones."""

    days: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]
    zones: tuple[tuple[str, str], ...]
    """Id and name of each zone that has its own forecast."""
    day: str
    at: str
    kind: str
    zone: str
    """Empty: the whole site."""


@dataclass(frozen=True, slots=True)
class ArrivalAnswer:
    """The sentences of the answer; `fault` is set instead if there is none, and states the remedy."""

    odds: str = ""
    lines: tuple[str, ...] = ()
    match_odds: Mapping[str, str] = field(default_factory=dict)
    """The odds by numbers of matching spaces (`encode_matches`), if these are as popular as the others."""
    capacity: int = 0
    """Number of all spaces of the kind."""
    fault: str = ""


class ArrivalRejected(ValueError):
    """The query cannot be answered; the message states the remedy, in the reader's language."""


def build_form(args: Mapping[str, str], wanted: Needs, reader: ExplanationContext) -> ArrivalForm:
    """Build the form; a selection that is not among the choices is replaced by the likely one."""
    now = to_local_time(reader.plan, reader.now_ms)
    days = {(now.date() + timedelta(days=n)).isoformat(): n for n in range(OUTLOOK_DAYS)}
    kinds = tuple(kind for kind in list_forecast_kinds(reader.plan, WHOLE_SITE) if kind != PEOPLE)
    later = (now + timedelta(hours=1)).replace(minute=0)
    chosen, at = args.get("day", ""), _parse_time(args.get("at", ""))
    kind = args.get("kind", "") if args.get("kind") in kinds else next(iter(kinds), "")
    zones = {
        zone.id: zone.name for zone in reader.plan.zones if set(list_forecast_kinds(reader.plan, zone.id)) & set(kinds)
    }
    zone = args.get("zone", find_whole_zone(reader.plan, kind, wanted) if wanted else "")
    return ArrivalForm(
        days=tuple((day, _format_day(date.fromisoformat(day), n, reader.texts)) for day, n in days.items()),
        kinds=kinds,
        day=chosen if chosen in days else (now if at else later).date().isoformat(),  # before midnight: tomorrow
        at=(at or later.time()).strftime("%H:%M"),
        kind=kind,
        zones=tuple(zones.items()),
        zone=zone if zone in zones else "",
    )


def answer_form(
    shown: ArrivalForm,
    args: Mapping[str, str],
    counts: Iterable[MatchCounts],
    ask: GetOutlook,
    reader: ExplanationContext,
) -> ArrivalAnswer:
    """Answer the form; if that is impossible, the answer has a `fault`.

    Args:
        shown: the form as it is shown.
        args: the form's parameters as received.
        counts: possible numbers of matching spaces of that kind and zone.
        ask: returns the forecast of a zone and a kind.
        reader: the plan, the site's time and the language.
    """
    try:
        outlook = _read_outlook(shown, ask, reader)
        at_ms = _read_instant(args, reader)
        hour = _read_hour(outlook, at_ms, reader)
    except ArrivalRejected as fault:
        return ArrivalAnswer(fault=str(fault))
    odds = hour.odds or 0.0
    return ArrivalAnswer(
        odds=reader.texts.format_percentage_floor(odds),
        lines=(
            _describe_odds(shown.kind, _format_place(shown, _format_instant(at_ms, reader), reader), reader.texts),
            _describe_expected(hour, reader.texts),
            _describe_hit_rate(outlook, odds, reader.texts),
        ),
        match_odds={
            encode_matches(each): reader.texts.format_percentage_floor(odds)
            for each, odds in _compute_odds_by_counts(shown, at_ms, counts, ask).items()
        },
        capacity=outlook.capacity or 0,
    )


def _compute_odds_by_counts(
    shown: ArrivalForm, at_ms: int, counts: Iterable[MatchCounts], ask: GetOutlook
) -> dict[MatchCounts, float]:
    """Return the odds that a matching space is free; if all zones are chosen, they agree with those of each zone."""

    @cache
    def compute_odds(zone: str, number: int) -> float | None:
        outlook = ask(zone, shown.kind)
        hour = None if outlook is None else find_hour(outlook, at_ms)
        if outlook is None or hour is None:
            return None
        return hour.odds if number == outlook.capacity else compute_match_odds(outlook, hour, [number]).get(number)

    found: dict[MatchCounts, float] = {}
    whole = ask(shown.zone or WHOLE_SITE, shown.kind)
    for each in counts:
        number = sum(matching for _, matching in each)
        if whole is None or not 0 < number < (whole.capacity or 0):
            continue
        odds = compute_odds(shown.zone or WHOLE_SITE, number)
        by_zone = [] if shown.zone else [compute_odds(zone, matching) for zone, matching in each]
        if odds is not None:
            found[each] = combine_with_zones(odds, by_zone)
    return found


def _read_outlook(shown: ArrivalForm, ask: GetOutlook, reader: ExplanationContext) -> Outlook:
    _ = reader.texts.gettext
    if shown.zone and shown.kind not in list_forecast_kinds(reader.plan, shown.zone):
        raise ArrivalRejected(
            _("There are too few of those in this zone for a forecast of their own. Choose all zones.")
        )
    outlook = ask(shown.zone or WHOLE_SITE, shown.kind)
    if outlook is None:
        raise ArrivalRejected(_("There is no forecast for that at the moment."))
    if outlook.missing_days:
        raise ArrivalRejected(describe_missing_days(outlook.missing_days, reader.texts))
    return outlook


def _read_instant(args: Mapping[str, str], reader: ExplanationContext) -> int:
    at, today = _parse_time(args.get("at", "")), to_local_time(reader.plan, reader.now_ms).date()
    if at is None:
        raise ArrivalRejected(reader.texts.gettext("Enter a time, such as 10:30."))
    try:
        day = date.fromisoformat(args.get("day") or today.isoformat())
    except ValueError:
        day = date.min
    if not 0 <= (day - today).days < OUTLOOK_DAYS:
        raise ArrivalRejected(reader.texts.gettext("Choose one of the next {n} days.").format(n=OUTLOOK_DAYS))
    return round(datetime.combine(day, at, reader.plan.time_zone).timestamp() * 1000)


def _read_hour(outlook: Outlook, at_ms: int, reader: ExplanationContext) -> HourOutlook:
    hour = find_hour(outlook, at_ms)
    if hour is None or at_ms < reader.now_ms - reader.now_ms % MINUTE_MS:
        raise ArrivalRejected(reader.texts.gettext("We are closed then, or that time has passed. Choose another time."))
    return hour


def _parse_time(text: str) -> time | None:
    """Parse `10:30` or `10.30`; None if it is not a time."""
    hours, _, minutes = text.strip().replace(".", ":").partition(":")
    try:
        return time(int(hours), int(minutes or "0")) if len(text) <= 8 and text.isascii() else None
    except ValueError:
        return None


def describe_missing_days(days: int, texts: PageTexts) -> str:
    """Return the sentence on how many days of history are missing until there is a forecast."""
    return texts.ngettext(
        "No forecast yet. It needs one more day of history.",
        "No forecast yet. It needs %(num)s more days of history.",
        days,
    ) % {"num": days}


def _describe_odds(kind: str, when: str, texts: PageTexts) -> str:
    _ = texts.gettext
    return {
        "desk": _("that at least one desk is free {when}."),
        "booth": _("that at least one phone booth is free {when}."),
        "room": _("that at least one room is free {when}."),
    }.get(kind, _("that at least one machine is free {when}.")).format(when=when)


def _describe_expected(hour: HourOutlook, texts: PageTexts) -> str:
    expected = round(hour.median)
    return texts.ngettext(
        "About one is expected to be free then; the usual number is {usual}.",
        "About {n} are expected to be free then; the usual number is {usual}.",
        expected,
    ).format(n=expected, usual=round(hour.usual))


def _describe_hit_rate(outlook: Outlook, odds: float, texts: PageTexts) -> str:
    """Return the sentence on how often earlier forecasts with similar odds came true.

    One hour may have several forecasts, made between a week and an hour ahead.
    """
    kept = outlook.scores.hit_rates if outlook.scores else ()
    found: ChanceScore | None = kept[min(TOP_TENTH, int(odds * 10))] if kept else None
    if found is None or found.forecasts < MIN_SCORED_FORECASTS:
        return texts.gettext("There are not yet enough forecasts like this to check how often they come true.")
    text = texts.gettext("Earlier forecasts like this came true {n} of {of} times.")
    return text.format(n=round(found.hit_rate * found.forecasts), of=found.forecasts)


def _format_place(shown: ArrivalForm, when: str, reader: ExplanationContext) -> str:
    if not shown.zone:
        return when
    return reader.texts.gettext("{when} in {zone}").format(when=when, zone=reader.plan.zone_by_id[shown.zone].name)


def _format_instant(at_ms: int, reader: ExplanationContext) -> str:
    _ = reader.texts.gettext
    moment, today = to_local_time(reader.plan, at_ms), to_local_time(reader.plan, reader.now_ms).date()
    form = {0: _("today at {at}"), 1: _("tomorrow at {at}")}.get((moment.date() - today).days, _("on {day} at {at}"))
    day = format_date(moment.date(), "EEEE", locale=reader.texts.language)
    return form.format(day=day, at=reader.texts.format_time(moment.strftime("%H:%M")))


def _format_day(day: date, ahead: int, texts: PageTexts) -> str:
    _ = texts.gettext
    date_text = str(format_date(day, "EEEE d MMMM", locale=texts.language))
    return {0: _("today"), 1: _("tomorrow")}.get(ahead, date_text)
