"""Formats the site's privacy rules for its members: what is kept how long, what is never shown, who sees what.

In:    the plan, the settings that the site runs with, the texts of a language.
Out:   sections of sentences, which follow retention periods and zones in the site file.
Never: HTML; a rule that the code does not keep (tests/dashboard/test_privacy.py checks them).
"""

from dataclasses import dataclass

from collector.configuration.collector_settings import KEPT_SENSOR_DAYS, RetentionSettings
from collector.history.measures import BUCKET_MS
from collector.site.calendar import count_weekdays_around_the_clock
from collector.site.privacy_limits import (
    MIN_SHOWN_GROUP,
    MIN_SMALL_GROUP_WEEKS,
    SMALL_GROUP_SHARE_STEP,
    find_hidden_desk_zones,
    has_dedicated,
    has_too_few,
)
from collector.site.privacy_settings import PrivacySettings, StrangersWhenFew
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import SpaceKind, Tenure
from dashboard.accounts.access_log import LOG_DAYS
from dashboard.accounts.login_limits import LOGIN_FAILURE_PERIOD_S
from dashboard.accounts.sessions import MAX_SESSION_IDLE_S, MAX_SESSION_S
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.text.duration_texts import format_days, format_duration
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import HOUR_S, MINUTE_MS


@dataclass(frozen=True, slots=True)
class PrivacySection:
    """One group of privacy rules; `anchor` is its name in a URL."""

    anchor: str
    title: str
    sentences: tuple[str, ...]


def build_privacy_sections(plan: SitePlan, settings: DashboardSettings, texts: PageTexts) -> tuple[PrivacySection, ...]:
    """Return every privacy rule, the strictest first."""
    _ = texts.gettext
    return (
        PrivacySection("responsible", _("Who is responsible"), _list_contacts(plan.privacy, texts)),
        PrivacySection("never", _("What is never stored"), _list_never_stored(texts)),
        PrivacySection("nobody", _("What is never shown"), _list_never_shown(plan, texts)),
        PrivacySection("kept", _("How long data is kept"), _list_retention(settings.retention, texts)),
        PrivacySection("seen", _("Who sees what"), _list_audiences(plan, texts)),
        PrivacySection("watched", _("How access is checked"), _list_access_checks(texts)),
    )


def _list_contacts(privacy: PrivacySettings, texts: PageTexts) -> tuple[str, ...]:
    _ = texts.gettext
    labelled = (
        (privacy.controller, _("Responsible for the data: {text}")),
        (privacy.contact, _("Questions: {text}")),
        (privacy.legal_basis, _("Legal basis: {text}")),
        (privacy.informed_on, _("Members were informed on {text}")),
    )
    found = tuple(text.format(text=value) for value, text in labelled if value)
    return found or (_("The site has not stated who is responsible."),)


def _list_never_stored(texts: PageTexts) -> tuple[str, ...]:
    _ = texts.gettext
    return (
        _("Names, member numbers, cards, phones, Bluetooth or Wi-Fi identities: no message has a field for them."),
        _(
            "Pictures and sound: a sound sensor reports only the loudest level of each period, and nothing that "
            "can be listened to."
        ),
        _("Who sits where: a sensor detects that a space is taken, never by whom."),
        _("Which company somebody belongs to: there are no reports by member or company."),
    )


def _list_never_shown(plan: SitePlan, texts: PageTexts) -> tuple[str, ...]:
    _, ngettext = texts.gettext, texts.ngettext
    rules = []
    dedicated = sum(space.kind is SpaceKind.DESK and space.tenure is Tenure.DEDICATED for space in plan.spaces)
    if dedicated:
        text = ngettext(
            "{n} desk is dedicated to one member: it has no state on any page or feed, and counts in no figure.",
            "{n} desks are dedicated, each to one member: they have no state on any page or feed, and "
            "count in their zone only where there are {few} or more.",
            dedicated,
        )
        rules.append(text.format(n=dedicated, few=MIN_SHOWN_GROUP))
    rules.append(
        _(
            "A shared desk is shown as free or taken. Since when, and how it has been used, is never "
            "shown for a single desk."
        )
    )
    if hidden := find_hidden_desk_zones(plan):
        names = ", ".join(zone.name for zone in plan.zones if zone.id in hidden)
        text = _(
            "History is not shown for the desks of {zones}. It is shown only for {n} desks or more, and "
            "never where it could be derived from other zones."
        )
        rules.append(text.format(zones=names, n=MIN_SHOWN_GROUP))
    kinds = {SpaceKind.BOOTH: _("phone booths"), SpaceKind.ROOM: _("rooms"), SpaceKind.EQUIPMENT: _("machines")}
    for zone in plan.zones:
        for kind, name in kinds.items():
            if has_dedicated(plan, zone.id, kind):
                text = _(
                    "History is not shown for the {kind} of {zone} together, because one of them is dedicated to "
                    "one member."
                )
                rules.append(text.format(kind=name, zone=zone.name))
    if any(has_too_few(plan, zone, kind) for zone in (*plan.zone_by_id, WHOLE_SITE) for kind in kinds):
        text = _(
            "Where there are fewer than {n} booths, rooms or machines, only their use over {weeks} weeks or more is "
            "shown, to the nearest {step}."
        )
        step = texts.format_percentage(SMALL_GROUP_SHARE_STEP)
        rules.append(text.format(n=MIN_SHOWN_GROUP, weeks=MIN_SMALL_GROUP_WEEKS, step=step))
    text = _("1 to {most} spaces that were taken are shown as “under {n}” in all history.")
    rules.append(text.format(most=MIN_SHOWN_GROUP - 1, n=MIN_SHOWN_GROUP))
    text = _("History is sampled once every {minutes} minutes, so it does not show when somebody came in between.")
    rules.append(text.format(minutes=BUCKET_MS // MINUTE_MS))
    rules.append(
        _("One to {most} people are shown as “under {n}”: now, in the past and in forecasts.").format(
            most=MIN_SHOWN_GROUP - 1, n=MIN_SHOWN_GROUP
        )
    )
    return tuple(rules)


def _list_retention(retention: RetentionSettings, texts: PageTexts) -> tuple[str, ...]:
    _ = texts.gettext
    raw = format_duration(retention.raw_hours * HOUR_S, texts)
    from_settings = (
        (_("Sensor readings, and each change of a space: {span}."), raw),
        (_("Whether a shared desk was taken, once an hour: {span}."), format_days(retention.desk_hours_days, texts)),
        (_("The same for a booth, a room or a machine: {span}."), format_days(retention.space_hours_days, texts)),
        (
            _("Counts every {minutes} minutes where there are {n} spaces or more: {span}."),
            format_days(retention.series_days, texts),
        ),
        (_("How many stays of each length a zone had each day: {span}."), format_days(retention.series_days, texts)),
    )
    fixed = (
        (_("How a sensor worked each day, without times: {span}."), format_days(KEPT_SENSOR_DAYS, texts)),
        (_("Who viewed or exported figures: {span}."), format_days(LOG_DAYS, texts)),
    )
    return (
        *(
            text.format(span=span, n=MIN_SHOWN_GROUP, minutes=BUCKET_MS // MINUTE_MS)
            for text, span in (*from_settings, *fixed)
        ),
        _("Settings can make the first {n} periods shorter, never longer. Expired data is overwritten on disk.").format(
            n=len(from_settings)
        ),
    )


def _list_audiences(plan: SitePlan, texts: PageTexts) -> tuple[str, ...]:
    _ = texts.gettext
    hours = (
        _("Everyone, during opening hours: what is free now, by zone and kind, on the pages and in the open feed.")
        if plan.opening_hours
        else _(
            "Everyone: what is free now, by zone and kind, on the pages and in the open feed. The site never closes."
        )
    )
    rules = [hours]
    if count_weekdays_around_the_clock(plan) and plan.privacy.strangers_when_few is not StrangersWhenFew.ALL:
        rules.append(
            _(
                "Everyone, while fewer than {n} people are here on a day without closing time: no single spaces. "
                "They are shown as unknown."
            ).format(n=MIN_SHOWN_GROUP)
        )
    if plan.opening_hours or plan.closed:
        rules.append(
            _(
                "Everyone, outside opening hours: that we are closed and when we open. Nothing about what "
                "goes on inside."
            )
        )
    return (
        *rules,
        _("Viewers, when logged in: the reason for each state, history as described above, and the devices."),
        _("Managers, when logged in: the same; they also deal with problems, mute alerts and manage accounts."),
    )


def _list_access_checks(texts: PageTexts) -> tuple[str, ...]:
    _ = texts.gettext
    return (
        _("Each view of figures and each export is logged: when, by which role, what, and which part."),
        _("Members can read that log without names, managers with names. It cannot be changed on any page."),
        _("A login session ends after {idle} without activity, and after {most} at most. It stores no address.").format(
            idle=format_duration(MAX_SESSION_IDLE_S, texts), most=format_duration(MAX_SESSION_S, texts)
        ),
        _("After a wrong password, a hash of name and address is kept for {span} to prevent guessing.").format(
            span=format_duration(LOGIN_FAILURE_PERIOD_S, texts)
        ),
    )
