"""Template of an impact assessment (GDPR art. 35(7)) for a site file, in the site's language.

In:    a valid site.
Out:   Markdown: what is measured, why, for how long, who sees it, risks and measures; blanks for people to fill in.
Never: legal advice; a statement about the site that its settings do not support.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from collector.site.plan import SitePlan, Tenure
from collector.site.privacy_settings import PrivacySettings
from dashboard.foyer.sensors import describe_sensor_kind
from dashboard.text.privacy_rules import build_privacy_sections
from dashboard.text.texts import PageTexts
from edge.process.plurals import format_count
from ledig.site.site_file import SiteFile

BLANK: Final = "____"


@dataclass(frozen=True, slots=True)
class AssessmentTexts:
    """Headings and fixed sentences in one language."""

    title: str
    intro: str
    about: str
    controller: str
    contact: str
    basis: str
    informed: str
    measured: str
    nouns: tuple[tuple[str, str], ...]
    """Singular and plural of space, zone and door."""
    spaces: str
    purposes: str
    purpose: tuple[str, ...]
    needed: str
    need: tuple[str, ...]
    promises: str
    risks: str
    risk_head: str
    risk: tuple[tuple[str, str], ...]
    views: str
    decision: str
    decided: str


ASSESSMENT_TEXTS: Final = {
    "en": AssessmentTexts(
        title="Impact assessment",
        intro="A template from the site's settings; not legal advice. Fill in what is marked, and review it each year.",
        about="Responsibility",
        controller="Controller",
        contact="Contact",
        basis="Legal basis",
        informed="Members informed on",
        measured="What is measured",
        nouns=(("space", "spaces"), ("zone", "zones"), ("door", "doors")),
        spaces="{spaces} in {zones}, {shared} shared and {own} dedicated; {doors}.",
        purposes="Purposes",
        purpose=(
            "Show members which spaces are free.",
            "Plan the premises from totals. Never attendance or performance.",
        ),
        needed="Necessity and less intrusive alternatives",
        need=(f"Why a headcount at the door is not enough: {BLANK}", f"Why these zones need sensors: {BLANK}"),
        promises="Measures: what the system guarantees",
        risks="Risks",
        risk_head="| risk | measure | remaining risk |",
        risk=(
            ("Singling out one person in a small zone", "No history of fewer than five spaces; 1 to 4 are “under 5”"),
            ("Working out when one person came or left", "Counts every five minutes; single changes for 72 hours"),
            ("An employer asks about its staff", "No figure by person, company or desk"),
            ("Burglary of an empty site", "No live data while closed, or while few people are in"),
            ("Other use later", "Each view and export is logged and shown to the members"),
            ("Intrusion", "Logins, TLS, access rights per device; deletion from disk and backups"),
        ),
        views="Views of members and unions",
        decision="Decision",
        decided=f"Decided by {BLANK} on {BLANK}; next review {BLANK}.",
    ),
    "sv": AssessmentTexts(
        title="Konsekvensbedömning",
        intro="En mall från platsens inställningar, inte juridisk rådgivning. Fyll i det som är markerat och se över"
        " den varje år.",
        about="Ansvar",
        controller="Personuppgiftsansvarig",
        contact="Kontakt",
        basis="Rättslig grund",
        informed="Medlemmarna informerades",
        measured="Vad som mäts",
        nouns=(("plats", "platser"), ("zon", "zoner"), ("dörr", "dörrar")),
        spaces="{spaces} i {zones}, varav {shared} delade och {own} fasta; {doors}.",
        purposes="Ändamål",
        purpose=(
            "Visa medlemmarna vad som är ledigt.",
            "Planera lokalerna utifrån summor. Aldrig närvaro eller prestation.",
        ),
        needed="Nödvändighet och mindre ingripande alternativ",
        need=(f"Varför det inte räcker att räkna vid dörren: {BLANK}", f"Varför dessa zoner behöver sensorer: {BLANK}"),
        promises="Åtgärder: det som systemet garanterar",
        risks="Risker",
        risk_head="| risk | åtgärd | kvarstående risk |",
        risk=(
            ("En person pekas ut i en liten zon", "Ingen historik för färre än fem platser; 1 till 4 är ”under 5”"),
            (
                "Det går att se när någon kom eller gick",
                "Antal var femte minut; enskilda ändringar i 72 timmar",
            ),
            ("En arbetsgivare frågar om sin personal", "Ingen siffra per person, företag eller skrivbord"),
            ("Inbrott i tomma lokaler", "Inga aktuella uppgifter när det är stängt eller få är inne"),
            ("Annan användning senare", "Varje visning och export loggas och visas för medlemmarna"),
            ("Intrång", "Inloggning, TLS, behörighet per enhet; radering från disk och säkerhetskopior"),
        ),
        views="Synpunkter från medlemmar och fack",
        decision="Beslut",
        decided=f"Beslutat av {BLANK} den {BLANK}; nästa översyn {BLANK}.",
    ),
}


def write_impact_assessment(site: SiteFile) -> str:
    """Write the template as Markdown, in the language of the site's settings."""
    plan, language = site.plan, site.dashboard.language
    headings, texts = ASSESSMENT_TEXTS[language], PageTexts.load(language)
    rules = [
        line
        for section in build_privacy_sections(plan, site.dashboard, texts)
        if section.anchor != "responsible"
        for line in (f"### {section.title}", "", *(f"- {sentence}" for sentence in section.sentences), "")
    ]
    risks = [f"| {risk} | {measure} | {BLANK} |" for risk, measure in headings.risk]
    parts = [
        f"# {headings.title}: {plan.name}",
        headings.intro,
        f"## {headings.about}",
        _format_list(_list_responsibility(plan.privacy, headings)),
        f"## {headings.measured}",
        _describe_counts(plan, headings),
        _format_list(_list_sensors(plan, texts)),
        f"## {headings.purposes}",
        _format_list(headings.purpose),
        f"## {headings.needed}",
        _format_list(headings.need),
        f"## {headings.promises}",
        "\n".join(rules).rstrip(),
        f"## {headings.risks}",
        "\n".join([headings.risk_head, "| --- | --- | --- |", *risks]),
        f"## {headings.views}",
        BLANK,
        f"## {headings.decision}",
        headings.decided,
    ]
    return "\n\n".join(parts) + "\n"


def _format_list(lines: tuple[str, ...]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _list_responsibility(privacy: PrivacySettings, headings: AssessmentTexts) -> tuple[str, ...]:
    return (
        f"{headings.controller}: {privacy.controller or BLANK}",
        f"{headings.contact}: {privacy.contact or BLANK}",
        f"{headings.basis}: {privacy.legal_basis or BLANK}",
        f"{headings.informed}: {privacy.informed_on or BLANK}",
    )


def _describe_counts(plan: SitePlan, headings: AssessmentTexts) -> str:
    own = sum(space.tenure is Tenure.DEDICATED for space in plan.spaces)
    numbers = len(plan.spaces), len(plan.zones), len(plan.doors)
    spaces, zones, doors = (format_count(number, *noun) for number, noun in zip(numbers, headings.nouns, strict=True))
    return headings.spaces.format(shared=len(plan.spaces) - own, own=own, spaces=spaces, zones=zones, doors=doors)


def _list_sensors(plan: SitePlan, texts: PageTexts) -> tuple[str, ...]:
    """List each sensor kind with its number and what it records."""
    kinds = Counter(sensor.kind for sensor in plan.sensors)
    return tuple(
        f"{number} × {describe_sensor_kind(kind, texts)[0]}: {describe_sensor_kind(kind, texts)[1]}"  # noqa: RUF001
        for kind, number in kinds.items()
    )
