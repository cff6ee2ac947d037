"""Template of an impact assessment (GDPR art. 35(7)) for a site file, in the site's language.

In:    a valid site.
Out:   Markdown: what is measured, why, for how long, who sees it, risks and measures; blanks for people to fill in.
Never: legal advice; a statement about the site that its settings do not support.
"""

from collections import Counter
from typing import Final

from collector.history.measures import BUCKET_MS
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.privacy_settings import PrivacySettings
from collector.site.site_plan import SitePlan
from collector.site.spaces import Tenure
from dashboard.register.sensor_descriptions import describe_sensor_kind
from dashboard.text.duration_texts import format_duration
from dashboard.text.page_texts import PageTexts
from dashboard.text.privacy_rule_texts import build_privacy_sections
from edge.timekeeping.durations import HOUR_S, MINUTE_MS
from ledig.site.site_file import SiteFile

BLANK: Final = "____"


def write_impact_assessment(site: SiteFile) -> str:
    """Write the template as Markdown, in the language of the site's settings."""
    plan, texts = site.plan, PageTexts.load(site.dashboard.language)
    _ = texts.gettext
    title = _("Impact assessment")
    rules = [
        line
        for section in build_privacy_sections(plan, site.dashboard, texts)
        if section.anchor != "responsible"
        for line in (f"### {section.title}", "", *(f"- {sentence}" for sentence in section.sentences), "")
    ]
    sections = (
        (_("Responsibility"), _format_list(_list_responsibility(plan.privacy, texts))),
        (_("What is measured"), f"{_describe_counts(plan, texts)}\n\n{_format_list(_list_sensors(plan, texts))}"),
        (_("Purposes"), _format_list(_list_purposes(texts))),
        (_("Necessity and less intrusive alternatives"), _format_list(_list_needs(texts))),
        (_("Measures: what the system guarantees"), "\n".join(rules).rstrip()),
        (_("Risks"), _format_risks(texts, site.dashboard.retention.raw_hours)),
        (_("Views of members and unions"), BLANK),
        (_("Decision"), _("Decided by {blank} on {blank}; next review {blank}.").format(blank=BLANK)),
    )
    parts = [
        f"# {title}: {plan.name}",
        _("A template from the site's settings; not legal advice. Fill in what is marked, and review it each year."),
        *(part for heading, text in sections for part in (f"## {heading}", text)),
    ]
    return "\n\n".join(parts) + "\n"


def _format_list(lines: tuple[str, ...]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _list_responsibility(privacy: PrivacySettings, texts: PageTexts) -> tuple[str, ...]:
    _ = texts.gettext
    labelled = (
        (_("Controller"), privacy.controller),
        (_("Contact"), privacy.contact),
        (_("Legal basis"), privacy.legal_basis),
        (_("Members informed on"), privacy.informed_on),
    )
    return tuple(f"{label}: {value or BLANK}" for label, value in labelled)


def _describe_counts(plan: SitePlan, texts: PageTexts) -> str:
    spaces, zones, doors = len(plan.spaces), len(plan.zones), len(plan.doors)
    own = sum(space.tenure is Tenure.DEDICATED for space in plan.spaces)
    return texts.gettext("{spaces} in {zones}, {shared} shared and {own} dedicated; {doors}.").format(
        spaces=texts.ngettext("{n} space", "{n} spaces", spaces).format(n=spaces),
        zones=texts.ngettext("{n} zone", "{n} zones", zones).format(n=zones),
        doors=texts.ngettext("{n} door", "{n} doors", doors).format(n=doors),
        shared=spaces - own,
        own=own,
    )


def _list_sensors(plan: SitePlan, texts: PageTexts) -> tuple[str, ...]:
    """List each sensor kind with its number and what it records."""
    kinds = Counter(sensor.kind for sensor in plan.sensors)
    return tuple(
        f"{number} × {describe_sensor_kind(kind, texts)[0]}: {describe_sensor_kind(kind, texts)[1]}"  # noqa: RUF001
        for kind, number in kinds.items()
    )


def _list_purposes(texts: PageTexts) -> tuple[str, ...]:
    _ = texts.gettext
    return (
        _("Show members which spaces are free."),
        _("Plan the premises from totals. Never attendance or performance."),
    )


def _list_needs(texts: PageTexts) -> tuple[str, ...]:
    _ = texts.gettext
    return (
        _("Why a headcount at the door is not enough: {blank}").format(blank=BLANK),
        _("Why these zones need sensors: {blank}").format(blank=BLANK),
    )


def _format_risks(texts: PageTexts, raw_hours: int) -> str:
    _ = texts.gettext
    risks = (
        (
            _("Singling out one person in a small zone"),
            _("No history of fewer than {places} spaces; 1 to {few} are “under {n}”").format(
                places=MIN_SHOWN_GROUP, few=MIN_SHOWN_GROUP - 1, n=MIN_SHOWN_GROUP
            ),
        ),
        (
            _("Working out when one person came or left"),
            _("Counts every {minutes} minutes; single changes for {span}").format(
                minutes=BUCKET_MS // MINUTE_MS, span=format_duration(raw_hours * HOUR_S, texts)
            ),
        ),
        (_("An employer asks about its staff"), _("No figure by person, company or desk")),
        (_("Burglary of an empty site"), _("No live data while closed, or while few people are in")),
        (_("Other use later"), _("Each view and export is logged and shown to the members")),
        (_("Intrusion"), _("Logins, TLS, access rights per device; deletion from disk and backups")),
    )
    head = " | ".join((_("risk"), _("measure"), _("remaining risk")))
    return "\n".join(
        [f"| {head} |", "| --- | --- | --- |", *(f"| {risk} | {measure} | {BLANK} |" for risk, measure in risks)]
    )
