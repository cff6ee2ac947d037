"""Answers "if I come at 10:30": the chance of a free spot then, and how often such words came true.

In:    a form as the page sends it, outlooks, the plan, words.
Out:   sentences, or the sentence that helps.
Never: a hit rate that is another one's: odds of what is needed alone suppose that it is liked as the rest is.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from babel.dates import format_date

from collector.days import local
from collector.forecast.outlook import DAYS, HourOutlook, Outlook
from collector.forecast.score import Kept
from collector.history import PEOPLE
from collector.plan import WHOLE_SITE
from dashboard.ahead import OFTEN, SURE, hour_at
from dashboard.member.arrival import kinds_of
from dashboard.member.liked import odds_of_some
from dashboard.member.needs import Needs, whole_zone
from dashboard.why import MINUTE_MS, Reader
from dashboard.words import Words

Ask = Callable[[str, str], Outlook | None]
"""What is forecast of a zone, or WHOLE_SITE, and a kind."""


@dataclass(frozen=True, slots=True)
class Form:
    """What the form shows: its choices, and what was chosen."""

    days: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]
    zones: tuple[tuple[str, str], ...]
    """Those that have a forecast of their own, with their names."""
    day: str
    at: str
    kind: str
    zone: str
    """Empty: the whole house."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said; `fault`: it could not be answered, and this helps."""

    odds: str = ""
    lines: tuple[str, ...] = ()
    likes: Mapping[int, str] = field(default_factory=dict)
    """The odds if only so many of the spots fit what is needed, and they are liked as the others are."""
    of: int = 0
    """So many spots there are."""
    fault: str = ""


class WishRejected(ValueError):
    """The form cannot be answered as it is; the text says what to do, in the reader's language."""


def form(args: Mapping[str, str], wanted: Needs, reader: Reader) -> Form:
    """The form as it is shown, with what was chosen if that is among its choices, else with what is likely meant."""
    now = local(reader.plan, reader.now_ms)
    days = {(now.date() + timedelta(days=n)).isoformat(): n for n in range(DAYS)}
    kinds = tuple(kind for kind in kinds_of(reader.plan, WHOLE_SITE) if kind != PEOPLE)
    later = (now + timedelta(hours=1)).replace(minute=0)
    shown, at = args.get("day", ""), _time(args.get("at", ""))
    kind = args.get("kind", "") if args.get("kind") in kinds else next(iter(kinds), "")
    zones = {zone.id: zone.name for zone in reader.plan.zones if set(kinds_of(reader.plan, zone.id)) & set(kinds)}
    zone = args.get("zone", whole_zone(reader.plan, kind, wanted) if wanted else "")
    return Form(
        days=tuple((day, _day(date.fromisoformat(day), n, reader.words)) for day, n in days.items()),
        kinds=kinds,
        day=shown if shown in days else (now if at else later).date().isoformat(),  # before midnight: tomorrow
        at=(at or later.time()).strftime("%H:%M"),
        kind=kind,
        zones=tuple(zones.items()),
        zone=zone if zone in zones else "",
    )


def answer(asked: Form, args: Mapping[str, str], numbers: Iterable[int], ask: Ask, reader: Reader) -> Answer:
    """What is said to the form; a form that cannot be answered gets a `fault`.

    Args:
        asked: the form as it is shown.
        args: the form as it came.
        numbers: how many spots of that kind and zone may fit what somebody needs.
        ask: what is forecast.
        reader: whom it is told to.
    """
    try:
        told = _told(asked, ask, reader)
        at_ms = _instant(args, reader)
        hour = _hour(told, at_ms, reader)
    except WishRejected as fault:
        return Answer(fault=str(fault))
    odds = hour.odds or 0.0
    return Answer(
        odds=reader.words.full_percent(odds),
        lines=(
            _that(asked.kind, _where(asked, _when(at_ms, reader), reader), reader.words),
            _about(hour, reader.words),
            _kept(told, odds, reader.words),
        ),
        likes={fit: reader.words.full_percent(like) for fit, like in odds_of_some(told, hour, numbers).items()},
        of=told.capacity or 0,
    )


def _told(asked: Form, ask: Ask, reader: Reader) -> Outlook:
    _ = reader.words.gettext
    if asked.zone and asked.kind not in kinds_of(reader.plan, asked.zone):
        raise WishRejected(_("There are too few of those in this zone for a forecast of their own. Choose all zones."))
    told = ask(asked.zone or WHOLE_SITE, asked.kind)
    if told is None:
        raise WishRejected(_("There is no forecast for that at the moment."))
    if told.missing_days:
        raise WishRejected(missing(told.missing_days, reader.words))
    return told


def _instant(args: Mapping[str, str], reader: Reader) -> int:
    at, today = _time(args.get("at", "")), local(reader.plan, reader.now_ms).date()
    if at is None:
        raise WishRejected(reader.words.gettext("Enter a time, such as 10:30."))
    try:
        day = date.fromisoformat(args.get("day") or today.isoformat())
    except ValueError:
        day = date.min
    if not 0 <= (day - today).days < DAYS:
        raise WishRejected(reader.words.gettext("Choose one of the next seven days."))
    return round(datetime.combine(day, at, reader.plan.time_zone).timestamp() * 1000)


def _hour(told: Outlook, at_ms: int, reader: Reader) -> HourOutlook:
    hour = hour_at(told, at_ms)
    if hour is None or at_ms < reader.now_ms - reader.now_ms % MINUTE_MS:
        raise WishRejected(reader.words.gettext("We are closed then, or that time has passed. Choose another time."))
    return hour


def _time(text: str) -> time | None:
    """`10:30` or `10.30`, as people write it; None if it is none."""
    hours, _, minutes = text.strip().replace(".", ":").partition(":")
    try:
        return time(int(hours), int(minutes or "0")) if len(text) <= 8 and text.isascii() else None
    except ValueError:
        return None


def missing(days: int, words: Words) -> str:
    """How long it takes until there is a forecast."""
    return words.ngettext(
        "No forecast yet. It needs one more day of history.",
        "No forecast yet. It needs %(num)s more days of history.",
        days,
    ) % {"num": days}


def _that(kind: str, when: str, words: Words) -> str:
    _ = words.gettext
    return {
        "desk": _("that at least one desk is free {when}."),
        "booth": _("that at least one phone booth is free {when}."),
        "room": _("that at least one room is free {when}."),
    }.get(kind, _("that at least one machine is free {when}.")).format(when=when)


def _about(hour: HourOutlook, words: Words) -> str:
    expected = round(hour.middle)
    return words.ngettext(
        "About one is expected to be free then; the usual number is {usual}.",
        "About {n} are expected to be free then; the usual number is {usual}.",
        expected,
    ).format(n=expected, usual=round(hour.usual))


def _kept(told: Outlook, odds: float, words: Words) -> str:
    """How often promises of about that chance were kept; of one hour there may be several, a week to an hour ahead."""
    kept = told.hindsight.kept if told.hindsight else ()
    found: Kept | None = kept[min(SURE, int(odds * 10))] if kept else None
    if found is None or found.promises < OFTEN:
        return words.gettext("There are not yet enough forecasts like this to check how often they come true.")
    text = words.gettext("Earlier forecasts like this came true {n} of {of} times.")
    return text.format(n=round(found.came_true * found.promises), of=found.promises)


def _where(asked: Form, when: str, reader: Reader) -> str:
    if not asked.zone:
        return when
    return reader.words.gettext("{when} in {zone}").format(when=when, zone=reader.plan.zone[asked.zone].name)


def _when(at_ms: int, reader: Reader) -> str:
    _ = reader.words.gettext
    moment, today = local(reader.plan, at_ms), local(reader.plan, reader.now_ms).date()
    form = {0: _("today at {at}"), 1: _("tomorrow at {at}")}.get((moment.date() - today).days, _("on {day} at {at}"))
    day = format_date(moment.date(), "EEEE", locale=reader.words.language)
    return form.format(day=day, at=reader.words.at(moment.strftime("%H:%M")))


def _day(day: date, ahead: int, words: Words) -> str:
    _ = words.gettext
    told = str(format_date(day, "EEEE d MMMM", locale=words.language))
    return {0: _("today"), 1: _("tomorrow")}.get(ahead, told)
