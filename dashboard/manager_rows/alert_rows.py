"""Texts of the alerts page: open alerts, ended alerts, mutes, and the rules in force.

In:    published alerts, the settings of the site file, the plan, the page's texts, site time.
Out:   rows and lines.
Never: evaluation, a clock, an address.

`collector/alerts/alert_texts.py` has the sentences of each alert; this module has the texts around them.
"""

import zlib
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from collector.alerts.active_mutes import is_covered, list_active
from collector.alerts.alert_kinds import ALERT_KINDS, get_hours
from collector.alerts.alert_texts import AlertTexts
from collector.configuration.alert_settings import AlertSettings
from collector.contract.alerts import Alert, AlertKind, Alerts, Mute, Severity
from collector.contract.collector_faults import CollectorFault
from collector.site.site_plan import SitePlan
from collector.text.languages import Language
from dashboard.text.page_texts import PageTexts

MAX_LINES: Final = 5
"""At most this many open alerts are listed on the staff page; the alerts page lists all."""


class AlertRow(Struct, frozen=True):
    """One alert as texts, and what the mute form needs."""

    kind: AlertKind
    subject: str
    severity: Severity
    urgency: str
    """When to act, from the severity."""
    name: str
    about: str
    what: str
    do: str
    since: str
    until: str
    """When it ended; empty: it is open."""
    over: str
    """The sentence that reports its end."""
    muted: str
    """Until when it is muted; empty: it is not."""


class MuteRow(Struct, frozen=True):
    """One mute as texts."""

    kind: str
    subject: str
    what: str
    until: str


class RuleRow(Struct, frozen=True):
    """One rule: its name, its threshold, and when it is evaluated."""

    name: str
    threshold: str
    when: str
    lines: tuple[str, ...]
    """The lines under [alerts] in the site file that define it, with the values in force."""


class AlertPart(Struct, frozen=True):
    """Alerts on the staff page, and a mark that changes whenever the alerts page does."""

    mark: str
    headline: str
    """How many alerts are open; empty: none."""
    lines: list[str]
    """The most urgent alerts without muted ones."""


def build_alert_part(
    alerts: Alerts | None, plan: SitePlan, texts: PageTexts, now_ms: int, faults: Sequence[CollectorFault] = ()
) -> AlertPart:
    """Return the alerts as a part of another page; the alerts page also shows the `faults` of the collector."""
    if alerts is None:
        return AlertPart("", "", [])
    alert_texts = _alert_texts(plan, texts, now_ms)
    rank = list(Severity)
    unmuted = sorted((one for one in alerts.open if not one.muted), key=lambda one: -rank.index(one.severity))
    count = len(unmuted) + alerts.left_out
    headline = texts.ngettext("{n} active alert", "{n} active alerts", count).format(n=count) if count else ""
    mark = f"{zlib.crc32(msgspec.json.encode((alerts.open, alerts.ended, alerts.mutes, faults))):08x}"
    return AlertPart(
        mark,
        headline,
        [f"{alert_texts.describe(one)} {alert_texts.describe_remedy(one)}" for one in unmuted[:MAX_LINES]],
    )


def build_open_rows(alerts: Alerts, plan: SitePlan, texts: PageTexts, now_ms: int) -> list[AlertRow]:
    """Return open alerts: by severity, newest first, muted ones last."""
    rank = list(Severity)
    ordered = sorted(alerts.open, key=lambda one: (one.muted, -rank.index(one.severity), -one.fired_ms))
    return _build_rows(ordered, alerts.mutes, _alert_texts(plan, texts, now_ms), texts, now_ms)


def build_ended_rows(alerts: Alerts, plan: SitePlan, texts: PageTexts, now_ms: int) -> list[AlertRow]:
    """Return alerts that ended in the last two weeks, newest first."""
    return _build_rows(alerts.ended, [], _alert_texts(plan, texts, now_ms), texts, now_ms)


def build_mute_rows(alerts: Alerts, plan: SitePlan, texts: PageTexts, now_ms: int) -> list[MuteRow]:
    """Return what is muted, and until when."""
    alert_texts = _alert_texts(plan, texts, now_ms)
    return [
        MuteRow(
            mute.kind or "",
            mute.subject,
            _muted_subject(mute, alert_texts, texts),
            _until_text(mute, alert_texts, texts),
        )
        for mute in list_active(alerts.mutes, now_ms)
    ]


def build_rule_rows(settings: AlertSettings, plan: SitePlan, texts: PageTexts) -> list[RuleRow]:
    """Return all rules with the thresholds in force."""
    alert_texts = _alert_texts(plan, texts, 0)
    found = []
    for kind, row in ALERT_KINDS.items():
        hours = get_hours(settings, kind)
        off = hours == "off" or (kind is AlertKind.FEW_FREE and not settings.free_desks_below)
        threshold = "" if off else row.threshold(texts.catalogue, settings, plan)
        found.append(
            RuleRow(
                alert_texts.get_kind_name(kind),
                threshold,
                _when_text("off" if off else hours, texts),
                _site_file_lines(kind, settings),
            )
        )
    return found


def _site_file_lines(kind: AlertKind, settings: AlertSettings) -> tuple[str, ...]:
    """Return the lines of the site file that define a kind."""
    values = [f"{name} = {getattr(settings, name):g}" for name in ALERT_KINDS[kind].settings]
    return (*values, f'when.{kind} = "{get_hours(settings, kind)}"')


def _alert_texts(plan: SitePlan, texts: PageTexts, now_ms: int) -> AlertTexts:
    return AlertTexts(plan, Language(texts.language), now_ms)


def _build_rows(
    alerts: Sequence[Alert], mutes: Sequence[Mute], alert_texts: AlertTexts, texts: PageTexts, now_ms: int
) -> list[AlertRow]:
    active_mutes = list_active(mutes, now_ms)
    return [
        AlertRow(
            kind=alert.kind,
            subject=alert.subject,
            severity=alert.severity,
            urgency=_urgency_text(alert.severity, texts),
            name=alert_texts.get_kind_name(alert.kind),
            about=alert_texts.get_subject_name(alert.subject),
            what=alert_texts.describe(alert),
            do=alert_texts.describe_remedy(alert),
            since=alert_texts.format_instant(alert.since_ms),
            until="" if alert.ended_ms is None else alert_texts.format_instant(alert.ended_ms),
            over="" if alert.ended_ms is None else alert_texts.describe_end(alert),
            muted=_muted_text(alert, active_mutes, alert_texts, texts) if alert.muted else "",
        )
        for alert in alerts
    ]


def _urgency_text(severity: Severity, texts: PageTexts) -> str:
    _ = texts.gettext
    return {Severity.URGENT: _("now"), Severity.WARNING: _("today"), Severity.NOTICE: _("in the next few days")}[
        severity
    ]


def _muted_text(alert: Alert, mutes: Sequence[Mute], alert_texts: AlertTexts, texts: PageTexts) -> str:
    covering = [mute for mute in mutes if is_covered([mute], alert.kind, alert.subject)]
    if not covering:
        return texts.gettext("ignored on the devices page")
    last = max(covering, key=lambda mute: (mute.until_ms is None, mute.until_ms or 0))
    return texts.gettext("muted {until}").format(until=_until_text(last, alert_texts, texts))


def _until_text(mute: Mute, alert_texts: AlertTexts, texts: PageTexts) -> str:
    if mute.until_ms is None:
        return texts.gettext("until unmuted")
    return texts.gettext("until {at}").format(at=alert_texts.format_instant(mute.until_ms))


def _muted_subject(mute: Mute, alert_texts: AlertTexts, texts: PageTexts) -> str:
    if mute.kind is None:
        return alert_texts.get_subject_name(mute.subject) if mute.subject else texts.gettext("Everything")
    name = alert_texts.get_kind_name(mute.kind)
    return f"{name}: {alert_texts.get_subject_name(mute.subject)}" if mute.subject else name


def _when_text(hours: str, texts: PageTexts) -> str:
    _ = texts.gettext
    return {"always": _("always"), "open": _("during opening hours"), "off": _("off")}.get(hours, hours)
