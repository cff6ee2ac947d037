"""Public details of one space: what it is, its state with a reason, how many of its kind are usually free.

In:    the plan, the public frame's character of the space, forecasts.
Out:   sentences.
Never: times, sensors or history of the space itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from collector.contract.forecasts import Outlook
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import Space, SpaceAttribute
from dashboard.live.upcoming_hours import iterate_upcoming_hours
from dashboard.member.member_texts import MemberTexts, describe_usual_free, get_member_texts
from dashboard.text.explanations import ExplanationContext
from dashboard.text.page_texts import PageTexts


@dataclass(frozen=True, slots=True)
class PublicSpaceState:
    """What the public frame shows of a space."""

    code: str
    hides_spaces: bool
    """The frame shows no single space."""


@dataclass(frozen=True, slots=True)
class SpacePanel:
    """The texts of one space's panel."""

    name: str
    code: str
    state: str
    kind: str
    needs: str
    usual: str


def describe_space(
    plan: SitePlan, space: Space, shown: PublicSpaceState, usual: Mapping[str, str], texts: PageTexts
) -> SpacePanel:
    """Return the panel of one space.

    Args:
        plan: of the site.
        space: the selected one.
        shown: its state.
        usual: from `describe_usual`.
        texts: the texts of the page's language.
    """
    member_texts = get_member_texts(texts.language)
    because = MemberTexts(texts).explain(shown.code, space.kind, is_hidden=shown.hides_spaces)
    zone = plan.zone_by_id[space.zone]
    return SpacePanel(
        name=space.name,
        code=shown.code,
        state=member_texts["space.state"].format(state=texts.get_state_label(shown.code, space.kind), because=because),
        kind=member_texts[f"one.{space.kind}"].format(zone=zone.name),
        needs=list_needs(space.attributes, texts),
        usual=usual.get(f"{plan.zones.index(zone)} {space.kind}", ""),
    )


def list_needs(needs: frozenset[SpaceAttribute], texts: PageTexts) -> str:
    """List needs as text, in the order of the filter; empty if there are none."""
    member_texts = get_member_texts(texts.language)
    return ", ".join(member_texts[f"need.{need}"].lower() for need in SpaceAttribute if need in needs)


def describe_usual(ask: Callable[[str, str], Outlook | None], reader: ExplanationContext) -> dict[str, str]:
    """Return a sentence on what is usually free at this hour, by `zone-number kind`.

    Args:
        ask: returns the forecast of a zone or WHOLE_SITE, and a kind; a zone without one gets that of the site.
        reader: the plan, the site's time, the page's texts.
    """
    plan, sentences = reader.plan, {}
    for place, zone in enumerate(plan.zones):
        for kind in dict.fromkeys(space.kind for space in plan.spaces if space.zone == zone.id and space.is_offered):
            of_zone = _describe_zone_usual(ask(zone.id, kind), zone.name, reader)
            sentence = of_zone or _describe_zone_usual(ask(WHOLE_SITE, kind), None, reader)
            if sentence:
                sentences[f"{place} {kind}"] = sentence
    return sentences


def _describe_zone_usual(outlook: Outlook | None, zone: str | None, reader: ExplanationContext) -> str:
    hour = (
        None if outlook is None or outlook.missing_days else next(iterate_upcoming_hours(outlook, reader.now_ms), None)
    )
    if outlook is None or outlook.capacity is None or hour is None or hour.at_ms > reader.now_ms:
        return ""
    return describe_usual_free(round(hour.hour.usual), outlook.capacity, zone, reader.texts)
