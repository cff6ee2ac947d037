"""Words the alerts of a house for its managers: what is open, what has ended, what is muted, what is watched for.

In:    alerts as the collector tells them, the settings of the site file, the plan, words, the house's clock.
Out:   rows and lines.
Never: a judgement, a clock, an address.

What an alert says stands in `collector/alerts/words.py`: here are the words around it.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from collector.alerts.conditions import places
from collector.alerts.mutes import covered, holding
from collector.alerts.settings import AlertSettings, Language
from collector.alerts.wire import Alert, AlertKind, Alerts, Mute, Severity
from collector.alerts.words import AlertWords
from collector.days import local
from collector.plan import SitePlan
from dashboard.words import Words

HOUR_MS: Final = 3_600_000
LINES: Final = 5
"""So many open alerts are told on the first page; the rest have their own."""


class Until(StrEnum):
    """How long a manager mutes."""

    HOUR = "hour"
    TODAY = "today"
    """Until midnight."""
    WEEK = "week"
    """Until midnight in seven days: a new part is under way."""
    CHANGED = "changed"
    """Until somebody takes it back."""


class AlertRow(Struct, frozen=True):
    """One alert in words, and what a form needs to mute it."""

    kind: AlertKind
    subject: str
    severity: Severity
    urgency: str
    """The severity, in a word."""
    name: str
    about: str
    what: str
    do: str
    since: str
    until: str
    """Since when it is over; empty: it is open."""
    over: str
    """That it is over, in a sentence."""
    muted: str
    """Until when it is muted, in words; empty: it is not."""


class MuteRow(Struct, frozen=True):
    """One mute, in words."""

    kind: str
    subject: str
    what: str
    until: str


_SETTINGS: Final[Mapping[AlertKind, tuple[str, ...]]] = {
    AlertKind.DEVICE_SILENT: ("device_silent_min",),
    AlertKind.SENSOR_SILENT: ("sensor_silent_min",),
    AlertKind.LOST_EVENTS: ("lost_events",),
    AlertKind.OVER_CAPACITY: ("most_people",),
    AlertKind.CO2_HIGH: ("co2_above_ppm", "co2_min"),
    AlertKind.FEW_FREE: ("free_desks_below", "free_desks_min"),
    AlertKind.DISK_NEARLY_FULL: ("disk_free_below_pct",),
}
"""Which settings under [alerts] decide about a kind, beside `when`."""


class RuleRow(Struct, frozen=True):
    """What is watched for: its name, its threshold, and when."""

    name: str
    threshold: str
    when: str
    lines: tuple[str, ...]
    """As they stand under [alerts] in the site file, with the values in force: what to change there."""


class AlertPart(Struct, frozen=True):
    """What the first page says of alerts, and a mark that changes whenever their own page does."""

    mark: str
    headline: str
    """How many are open; empty: none."""
    lines: list[str]
    """The most urgent, what is muted left out."""


def part(alerts: Alerts | None, plan: SitePlan, words: Words, now_ms: int) -> AlertPart:
    """The alerts as a part of another page."""
    if alerts is None:
        return AlertPart("", "", [])
    said = _said(plan, words, now_ms)
    rank = list(Severity)
    loud = sorted((one for one in alerts.open if not one.muted), key=lambda one: -rank.index(one.severity))
    count = len(loud) + alerts.left_out
    headline = words.ngettext("{n} active alert", "{n} active alerts", count).format(n=count) if count else ""
    mark = f"{zlib.crc32(msgspec.json.encode((alerts.open, alerts.ended, alerts.mutes))):08x}"
    return AlertPart(mark, headline, [f"{said.what(one)} {said.remedy(one)}" for one in loud[:LINES]])


def open_rows(alerts: Alerts, plan: SitePlan, words: Words, now_ms: int) -> list[AlertRow]:
    """What is open: the urgent before the rest, the newest first, what is muted last."""
    rank = list(Severity)
    ordered = sorted(alerts.open, key=lambda one: (one.muted, -rank.index(one.severity), -one.fired_ms))
    return _rows(ordered, alerts.mutes, _said(plan, words, now_ms), words, now_ms)


def ended_rows(alerts: Alerts, plan: SitePlan, words: Words, now_ms: int) -> list[AlertRow]:
    """What has ended in the last fortnight, the newest first."""
    return _rows(alerts.ended, [], _said(plan, words, now_ms), words, now_ms)


def mute_rows(alerts: Alerts, plan: SitePlan, words: Words, now_ms: int) -> list[MuteRow]:
    """What is muted, and until when."""
    said = _said(plan, words, now_ms)
    return [
        MuteRow(mute.kind or "", mute.subject, _muted_what(mute, said, words), _until(mute, said, words))
        for mute in holding(alerts.mutes, now_ms)
    ]


def until_ms(until: Until, plan: SitePlan, now_ms: int) -> int | None:
    """When such a mute ends; None: when somebody takes it back."""
    if until is Until.CHANGED:
        return None
    if until is Until.HOUR:
        return now_ms + HOUR_MS
    end = local(plan, now_ms).date() + timedelta(days=7 if until is Until.WEEK else 1)
    return int(datetime(end.year, end.month, end.day, tzinfo=plan.time_zone).timestamp() * 1000)


def untils(words: Words) -> dict[Until, str]:
    """The choices of how long, in words."""
    _ = words.gettext
    return {
        Until.HOUR: _("1 hour"),
        Until.TODAY: _("today"),
        Until.WEEK: _("7 days"),
        Until.CHANGED: _("until unmuted"),
    }


def rules(settings: AlertSettings, plan: SitePlan, words: Words) -> list[RuleRow]:
    """What is watched for, with the thresholds that are in force."""
    said = _said(plan, words, 0)
    found = []
    for kind in AlertKind:
        hours = settings.hours(kind)
        off = hours == "off" or (kind is AlertKind.FEW_FREE and not settings.free_desks_below)
        threshold = "" if off else _THRESHOLDS[kind](settings, plan, words)
        found.append(RuleRow(said.kind(kind), threshold, _when("off" if off else hours, words), _lines(kind, settings)))
    return found


def _lines(kind: AlertKind, settings: AlertSettings) -> tuple[str, ...]:
    """The lines of the site file that decide about a kind."""
    values = [f"{name} = {getattr(settings, name):g}" for name in _SETTINGS.get(kind, ())]
    return (*values, f'when.{kind} = "{settings.hours(kind)}"')


def _said(plan: SitePlan, words: Words, now_ms: int) -> AlertWords:
    return AlertWords(plan, Language(words.language), now_ms)


def _rows(
    alerts: Sequence[Alert], mutes: Sequence[Mute], said: AlertWords, words: Words, now_ms: int
) -> list[AlertRow]:
    held = holding(mutes, now_ms)
    return [
        AlertRow(
            kind=alert.kind,
            subject=alert.subject,
            severity=alert.severity,
            urgency=_urgency(alert.severity, words),
            name=said.kind(alert.kind),
            about=said.name(alert.subject),
            what=said.what(alert),
            do=said.remedy(alert),
            since=said.moment(alert.since_ms),
            until="" if alert.ended_ms is None else said.moment(alert.ended_ms),
            over="" if alert.ended_ms is None else said.over(alert),
            muted=_muted(alert, held, said, words) if alert.muted else "",
        )
        for alert in alerts
    ]


def _urgency(severity: Severity, words: Words) -> str:
    _ = words.gettext
    return {Severity.URGENT: _("now"), Severity.WARNING: _("today"), Severity.NOTICE: _("in the next few days")}[
        severity
    ]


def _muted(alert: Alert, mutes: Sequence[Mute], said: AlertWords, words: Words) -> str:
    covering = [mute for mute in mutes if covered([mute], alert.kind, alert.subject)]
    if not covering:
        return words.gettext("ignored on the devices page")
    last = max(covering, key=lambda mute: (mute.until_ms is None, mute.until_ms or 0))
    return words.gettext("muted {until}").format(until=_until(last, said, words))


def _until(mute: Mute, said: AlertWords, words: Words) -> str:
    if mute.until_ms is None:
        return words.gettext("until unmuted")
    return words.gettext("until {at}").format(at=said.moment(mute.until_ms))


def _muted_what(mute: Mute, said: AlertWords, words: Words) -> str:
    if mute.kind is None:
        return said.name(mute.subject) if mute.subject else words.gettext("Everything")
    name = said.kind(mute.kind)
    return f"{name}: {said.name(mute.subject)}" if mute.subject else name


def _when(hours: str, words: Words) -> str:
    _ = words.gettext
    return {"always": _("always"), "open": _("during opening hours"), "off": _("off")}.get(hours, hours)


def _silent(minutes: int, words: Words) -> str:
    text = words.ngettext(
        "two missed reports and another {n} minute", "two missed reports and another {n} minutes", minutes
    )
    return text.format(n=minutes)


def _for(minutes: int, words: Words) -> str:
    return words.ngettext("for {n} minute", "for {n} minutes", minutes).format(n=minutes)


def _lost(settings: AlertSettings, words: Words) -> str:
    count = settings.lost_events
    return words.ngettext("{n} event within an hour", "{n} events within an hour", count).format(n=count)


def _free(settings: AlertSettings, words: Words) -> str:
    count = settings.free_desks_below
    text = words.ngettext("fewer than {n} free desk", "fewer than {n} free desks", count)
    return f"{text.format(n=count)}, {_for(settings.free_desks_min, words)}"


_Threshold = Callable[[AlertSettings, SitePlan, Words], str]
_THRESHOLDS: Final[dict[AlertKind, _Threshold]] = {
    AlertKind.DEVICE_SILENT: lambda settings, _plan, words: _silent(settings.device_silent_min, words),
    AlertKind.SENSOR_SILENT: lambda settings, _plan, words: _silent(settings.sensor_silent_min, words),
    AlertKind.BATTERY_LOW: lambda _settings, _plan, words: words.gettext("when the devices page lists the problem"),
    AlertKind.STUCK: lambda _settings, _plan, words: words.gettext("when the devices page lists the problem"),
    AlertKind.LOST_EVENTS: lambda settings, _plan, words: _lost(settings, words),
    AlertKind.TWO_CLIENTS: lambda _settings, _plan, words: words.gettext("when the devices page lists the problem"),
    AlertKind.OVER_CAPACITY: lambda settings, plan, words: words.gettext("more than {n} people").format(
        n=places(plan, settings)
    ),
    AlertKind.CO2_HIGH: lambda settings, _plan, words: (
        words.gettext("more than {n} ppm CO₂").format(n=settings.co2_above_ppm) + ", " + _for(settings.co2_min, words)
    ),
    AlertKind.SUPPLY_LOW: lambda _settings, _plan, words: words.gettext("below its own limit in the site file"),
    AlertKind.FEW_FREE: lambda settings, _plan, words: _free(settings, words),
    AlertKind.DISK_NEARLY_FULL: lambda settings, _plan, words: words.gettext("free space below {n}%").format(
        n=f"{settings.disk_free_below_pct:g}"
    ),
    AlertKind.JOURNAL_AWAY: lambda _settings, _plan, words: words.gettext("the database cannot be written"),
    AlertKind.JOURNAL_RESTORED: lambda _settings, _plan, words: words.gettext("a damaged database was replaced"),
    AlertKind.HISTORY_AWAY: lambda _settings, _plan, words: (
        words.gettext("InfluxDB rejects part of the history") + ", " + _for(15, words)
    ),
    AlertKind.NOT_DELIVERED: lambda _settings, _plan, words: words.gettext("a message was not accepted"),
    AlertKind.CLOCK_DOUBTED: lambda _settings, _plan, words: words.gettext(
        "a jump of the clock has not been confirmed"
    ),
}
