"""Puts the house's promises to its members into words: what is kept how long, what is told of nobody, who sees what.

In:    the plan and the settings that the house runs with, the words of a language.
Out:   sections of sentences; a shorter span or a zone more in the site file changes them.
Never: HTML; a promise that no code keeps (tests/dashboard/test_privacy.py holds the code to them).
"""

from dataclasses import dataclass
from typing import Final

from collector.health.past import KEPT_DAYS
from collector.plan import SitePlan, SpaceKind, Tenure
from collector.privacy import FEW, SEATS, hidden, hidden_zones
from collector.settings import RetentionSettings
from dashboard.accounts import IDLE_S, LONGEST_S, WINDOW_S
from dashboard.accounts.access_log import LOG_DAYS
from dashboard.settings import DashboardSettings
from dashboard.words import Words

MONTHS: Final = {396: 13}
"""Spans that are said in months."""


@dataclass(frozen=True, slots=True)
class Section:
    """One promise; `anchor` is its name in a URL."""

    anchor: str
    title: str
    sentences: tuple[str, ...]


def house_rules(plan: SitePlan, settings: DashboardSettings, words: Words) -> tuple[Section, ...]:
    """Every promise, the strictest first."""
    _ = words.gettext
    return (
        Section("never", _("What is never stored"), _never(words)),
        Section("nobody", _("What is told of nobody"), _nobody(plan, words)),
        Section("kept", _("How long things are kept"), _kept(settings.retention, words)),
        Section("seen", _("Who sees what"), _seen(plan, words)),
        Section("watched", _("Who looks at those who look"), _watched(words)),
    )


def span(days: int, words: Words) -> str:
    """So many days, in months where they are the thirteen of the promise."""
    if months := MONTHS.get(days):
        return words.ngettext("{n} month", "{n} months", months).format(n=months)
    return words.ngettext("{n} day", "{n} days", days).format(n=days)


def _never(words: Words) -> tuple[str, ...]:
    _ = words.gettext
    return (
        _("Names, member numbers, cards, phones, Bluetooth or Wi-Fi identities: no message has room for one."),
        _("Pictures and sound: a sound sensor reports one level in half a minute, and nothing that could be heard."),
        _("Who sits where: a sensor knows that a spot is taken, never by whom."),
        _("Which company somebody belongs to: there is no report by member or by company."),
    )


def _nobody(plan: SitePlan, words: Words) -> tuple[str, ...]:
    _, ngettext = words.gettext, words.ngettext
    told = []
    own = sum(space.kind is SpaceKind.DESK and space.tenure is Tenure.DEDICATED for space in plan.spaces)
    if own:
        text = ngettext(
            "{n} desk is one member's own: it has no state on any page or feed, and counts in no figure.",
            "{n} desks are one member's own: they have no state on any page or feed, and count in their zone only where"
            " they are {few} or more.",
            own,
        )
        told.append(text.format(n=own, few=FEW))
    told.append(_("A shared desk is shown free or taken. Since when, and how it was used, is told of no single desk."))
    if closed := hidden_zones(plan):
        names = ", ".join(zone.name for zone in plan.zones if zone.id in closed)
        text = _(
            "Not shown: the past of the desks of {zones}. A past needs {n} desks, and none may follow from the others'."
        )
        told.append(text.format(zones=names, n=SEATS))
    kinds = {SpaceKind.BOOTH: _("phone booths"), SpaceKind.ROOM: _("rooms"), SpaceKind.EQUIPMENT: _("machines")}
    for zone in plan.zones:
        for kind, name in kinds.items():
            if hidden(plan, zone.id, kind):
                text = _("Not shown: the past of the {kind} of {zone} together, for one of them is one member's own.")
                told.append(text.format(kind=name, zone=zone.name))
    told.append(_("One to {most} people are told as under {n}, live, past and to come.").format(most=FEW - 1, n=FEW))
    return tuple(told)


def _kept(retention: RetentionSettings, words: Words) -> tuple[str, ...]:
    _, ngettext = words.gettext, words.ngettext
    hours = ngettext("{n} hour", "{n} hours", retention.raw_hours).format(n=retention.raw_hours)
    spans = (
        (_("What a sensor said, and each change of a spot: {span}."), hours),
        (_("How much of each hour one shared desk was taken: {span}."), span(retention.desk_hours_days, words)),
        (_("The same of a booth, a room or a machine: {span}."), span(retention.space_hours_days, words)),
        (_("Counts of a zone and of the house every five minutes: {span}."), span(retention.series_days, words)),
        (_("How many stays of each length a zone had on each day: {span}."), span(retention.series_days, words)),
        (_("What a sensor did on a day, without a moment in it: {span}."), span(KEPT_DAYS, words)),
        (_("Who looked at figures or took them out: {span}."), span(LOG_DAYS, words)),
    )
    return (
        *(text.format(span=long) for text, long in spans),
        _("The site file can make the first five shorter, never longer. What is old enough is overwritten on disk."),
    )


def _seen(plan: SitePlan, words: Words) -> tuple[str, ...]:
    _ = words.gettext
    hours = (
        _("Everybody, while the house is open: what is free now, by zone and kind, on the pages and the open feed.")
        if plan.opening_hours
        else _("Everybody: what is free now, by zone and kind, on the pages and the open feed. The house never closes.")
    )
    told = [hours]
    if plan.opening_hours or plan.closed:
        told.append(_("Everybody, while it is closed: that it is, and when it opens. Nothing of what goes on in it."))
    return (
        *told,
        _("Who may view, after logging in: the reasons of each state, the past as promised above, and the devices."),
        _("Who manages, after logging in: the same; they also answer findings, mute alerts and let others in."),
    )


def _watched(words: Words) -> tuple[str, ...]:
    _ = words.gettext
    return (
        _("Each view of figures and each export is written down: when, with which role, what, and which span of it."),
        _("Members read that log without names, managers with them. It cannot be changed on any page."),
        _(
            "A session ends after {idle} minutes without use, and after {most} hours at most. It holds no address."
        ).format(idle=IDLE_S // 60, most=LONGEST_S // 3600),
        _("After a wrong password, a hash of name and address is kept for {n} minutes, against guessing.").format(
            n=WINDOW_S // 60
        ),
    )
