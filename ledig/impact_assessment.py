"""Writes a template of an impact assessment (GDPR art. 35(7)) from a site file, in the site's language.

In:    a checked site.
Out:   Markdown: what is measured, why, for how long, who sees it, risks and measures; blanks for what only people know.
Never: legal advice; a statement about the site that its settings do not make.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from collector.plan import Privacy, SitePlan, Tenure
from dashboard.foyer.sensors import told
from dashboard.house_rules import house_rules
from dashboard.words import Words
from edge.plurals import counted
from ledig.site import Site

BLANK: Final = "____"


@dataclass(frozen=True, slots=True)
class Texts:
    """The headings and fixed sentences of one language."""

    title: str
    intro: str
    about: str
    controller: str
    contact: str
    basis: str
    informed: str
    measured: str
    nouns: tuple[tuple[str, str], ...]
    """One and many of them: a space, a zone, a door."""
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


TEXTS: Final = {
    "en": Texts(
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
    "sv": Texts(
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


def impact_assessment(site: Site) -> str:
    """The template as Markdown, in the language of the site's settings."""
    plan, language = site.plan, site.dashboard.language
    texts, words = TEXTS[language], Words.of(language)
    rules = [
        line
        for section in house_rules(plan, site.dashboard, words)
        if section.anchor != "responsible"
        for line in (f"### {section.title}", "", *(f"- {sentence}" for sentence in section.sentences), "")
    ]
    risks = [f"| {risk} | {measure} | {BLANK} |" for risk, measure in texts.risk]
    parts = [
        f"# {texts.title}: {plan.name}",
        texts.intro,
        f"## {texts.about}",
        _list(_responsible(plan.privacy, texts)),
        f"## {texts.measured}",
        _counts(plan, texts),
        _list(_sensors(plan, words)),
        f"## {texts.purposes}",
        _list(texts.purpose),
        f"## {texts.needed}",
        _list(texts.need),
        f"## {texts.promises}",
        "\n".join(rules).rstrip(),
        f"## {texts.risks}",
        "\n".join([texts.risk_head, "| --- | --- | --- |", *risks]),
        f"## {texts.views}",
        BLANK,
        f"## {texts.decision}",
        texts.decided,
    ]
    return "\n\n".join(parts) + "\n"


def _list(lines: tuple[str, ...]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _responsible(privacy: Privacy, texts: Texts) -> tuple[str, ...]:
    return (
        f"{texts.controller}: {privacy.controller or BLANK}",
        f"{texts.contact}: {privacy.contact or BLANK}",
        f"{texts.basis}: {privacy.legal_basis or BLANK}",
        f"{texts.informed}: {privacy.informed_on or BLANK}",
    )


def _counts(plan: SitePlan, texts: Texts) -> str:
    own = sum(space.tenure is Tenure.DEDICATED for space in plan.spaces)
    numbers = len(plan.spaces), len(plan.zones), len(plan.doors)
    spaces, zones, doors = (counted(number, *noun) for number, noun in zip(numbers, texts.nouns, strict=True))
    return texts.spaces.format(shared=len(plan.spaces) - own, own=own, spaces=spaces, zones=zones, doors=doors)


def _sensors(plan: SitePlan, words: Words) -> tuple[str, ...]:
    """Each kind of sensor, how many there are, and what it records."""
    kinds = Counter(sensor.kind for sensor in plan.sensors)
    return tuple(f"{number} × {told(kind, words)[0]}: {told(kind, words)[1]}" for kind, number in kinds.items())  # noqa: RUF001
