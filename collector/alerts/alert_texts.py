"""Texts of alerts in the language of a reader: what is wrong, what to do, and that it has ended.

In:    alerts, the plan, a language.
Out:   sentences, the same in notifications and on the staff page.
Never: clocks, HTML, evaluation; the sentences of one kind, which are in `alert_kinds.py`.
"""

from collector.alerts.alert_kinds import ALERT_KINDS
from collector.alerts.thresholds import format_number
from collector.contract.alerts import Alert, AlertKind
from collector.site.calendar import to_local_time
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.text.languages import Catalogue, Language, load_catalogue


class AlertTexts:
    """Texts for the alerts of one site in one language, at one instant of site time."""

    def __init__(self, plan: SitePlan, language: Language, now_ms: int) -> None:
        self._plan, self._now_ms = plan, now_ms
        self._texts = load_catalogue(language)
        self._months = _month_names(self._texts)
        self._doors = {door.id: door.name for door in plan.doors}

    def get_kind_name(self, kind: AlertKind) -> str:
        """Return the name of a kind of alert."""
        return ALERT_KINDS[kind].name(self._texts)

    def get_subject_name(self, subject: str) -> str:
        """Return the display name of an alert's subject."""
        device, _, sensor = subject.partition("/")
        if sensor:
            watched = self._watched_name(device, sensor)
            return f"{sensor} ({watched})" if watched else sensor
        named = self._plan.space_by_id.get(subject) or self._plan.zone_by_id.get(subject)
        return named.name if named else self._plan.name if subject == WHOLE_SITE else subject

    def describe(self, alert: Alert) -> str:
        """Return what is wrong in one sentence; for an ended alert, what was wrong."""
        return self._fill(ALERT_KINDS[alert.kind].problem(self._texts, alert), alert)

    def describe_remedy(self, alert: Alert) -> str:
        """Return what the reader can do."""
        return self._fill(ALERT_KINDS[alert.kind].remedy(self._texts, alert), alert)

    def describe_end(self, alert: Alert) -> str:
        """Return the sentence for an alert that has ended."""
        left = self._texts.gettext("{name} is no longer monitored.")
        return self._fill(left if alert.left else ALERT_KINDS[alert.kind].end(self._texts, alert), alert)

    def describe_many(self, alerts: list[Alert]) -> str:
        """Return one line about alerts of one kind for many sensors of one device, all open or all ended."""
        first, n = alerts[0], len(alerts)
        many = ALERT_KINDS[first.kind].many
        if first.ended_ms is not None or many is None:
            text = self._texts.ngettext(
                "{n} sensor on {device} works again: {names}.", "{n} sensors on {device} work again: {names}.", n
            )
        else:
            text = f"{many(self._texts, n)} {ALERT_KINDS[first.kind].remedy(self._texts, first)}"
        names = ", ".join(self.get_subject_name(alert.subject) for alert in alerts)
        return text.format(n=n, device=first.subject.partition("/")[0], names=names)

    def describe_title(self, alerts: list[Alert]) -> str:
        """Return the title of a message about alerts, in one line."""
        _, ngettext, n, site = self._texts.gettext, self._texts.ngettext, len(alerts), self._plan.name
        is_over = all(alert.ended_ms is not None for alert in alerts)
        if n > 1:
            text = (
                ngettext("{site}: {n} alert resolved", "{site}: {n} alerts resolved", n)
                if is_over
                else ngettext("{site}: {n} alert", "{site}: {n} alerts", n)
            )
            return text.format(site=site, n=n)
        about, named = self.get_kind_name(alerts[0].kind), self.get_subject_name(alerts[0].subject)
        text = _("{site}, resolved: {about}") if is_over else _("{site}: {about}")
        return text.format(site=site, about=about if named == site else f"{about}, {named}")

    def describe_test(self) -> tuple[str, str]:
        """Return title and body of a test message."""
        _ = self._texts.gettext
        title, body = _("{site}: test message"), _("This is a test message from {site}. Nothing is wrong.")
        return title.format(site=self._plan.name), body.format(site=self._plan.name)

    def format_instant(self, at_ms: int) -> str:
        """Return an instant in local time, with its date if it is not today."""
        at, now = to_local_time(self._plan, at_ms), to_local_time(self._plan, self._now_ms)
        _ = self._texts.gettext
        text = _("{h}:{m}") if at.date() == now.date() else _("{d} {month} {h}:{m}")
        return text.format(d=at.day, month=self._months[at.month - 1], h=f"{at.hour:02}", m=f"{at.minute:02}")

    def format_number(self, value: float | None) -> str:
        """Return a number in the format of the language; empty for None."""
        if value is None:
            return ""
        return f"{value:.0f}" if float(value).is_integer() else format_number(self._texts, value)

    def _fill(self, text: str, alert: Alert) -> str:
        sensors = alert.sensors or 0
        return text.format(
            name=self.get_subject_name(alert.subject),
            device=alert.subject.partition("/")[0],
            since=self.format_instant(alert.since_ms),
            fired=self.format_instant(alert.fired_ms),
            ended=self.format_instant(alert.ended_ms if alert.ended_ms is not None else self._now_ms),
            value=self.format_number(alert.value),
            limit=self.format_number(alert.limit),
            sensors=self._texts.ngettext("{n} sensor affected", "{n} sensors affected", sensors).format(n=sensors),
        )

    def _watched_name(self, device: str, sensor: str) -> str:
        known = self._plan.sensor_by_key.get((device, sensor))
        if known is None:
            return ""
        if known.space is not None:
            return self._plan.space_by_id[known.space].name
        return self._doors[known.door] if known.door is not None else self._plan.zone_by_id[known.zone or ""].name


def _month_names(texts: Catalogue) -> tuple[str, ...]:
    """Return the abbreviated names of the months, as in a date."""
    pgettext = texts.pgettext
    return (
        pgettext("month", "Jan"),
        pgettext("month", "Feb"),
        pgettext("month", "Mar"),
        pgettext("month", "Apr"),
        pgettext("month", "May"),
        pgettext("month", "Jun"),
        pgettext("month", "Jul"),
        pgettext("month", "Aug"),
        pgettext("month", "Sep"),
        pgettext("month", "Oct"),
        pgettext("month", "Nov"),
        pgettext("month", "Dec"),
    )
