"""Values for the member page: all public data while the site is open; only forecasts while it is closed.

In:    the plan, the public frame, forecasts, form parameters.
Out:   values for the templates, and the initial data of the page's script.
Never: HTML; times or history of a single space.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from werkzeug.datastructures import MultiDict

from collector.contract.forecasts import Outlook
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import Space, SpaceKind
from dashboard.live.frame import PublicFrame
from dashboard.live.opening_times import find_closing_ms, find_next_opening, format_closing_time
from dashboard.member import arrival_odds, calm_hours, needs
from dashboard.member.member_texts import MemberTexts, get_member_texts, get_script_texts
from dashboard.member.space_details import PublicSpaceState, describe_space, describe_usual, list_needs
from dashboard.text.explanations import ExplanationContext
from dashboard.text.text_cases import MAX_WEEKDAY_DAYS

NAMED_KINDS: Final = (SpaceKind.BOOTH, SpaceKind.ROOM, SpaceKind.EQUIPMENT)
"""Kinds whose spaces are listed by name: nobody looks for "one of two lathes"."""

MAX_SHOWN_MATCHES: Final = 12
"""Matching spaces shown at once; further ones are folded."""


@dataclass(frozen=True, slots=True)
class MemberPageInput:
    """Input of the member page."""

    frame: PublicFrame
    reader: ExplanationContext
    get_outlook: Callable[[str, str], Outlook | None]
    """Returns the forecast of a zone, or WHOLE_SITE, and a kind."""
    args: MultiDict[str, str]


def build_open_page(inputs: MemberPageInput) -> dict[str, Any]:
    """Return the template's values while the site is open."""
    frame, reader = inputs.frame, inputs.reader
    plan, texts, first = reader.plan, reader.texts, reader.texts.first_kind(frame)
    code, wanted = map_space_codes(plan, frame), needs.read_needs(inputs.args.getlist("need"))
    spots = [(space, code[space.id]) for space in needs.list_offered(plan)]
    usual = describe_usual(inputs.get_outlook, reader)
    selected = plan.space_by_id.get(inputs.args.get("spot", ""))
    form = arrival_odds.build_form(inputs.args, wanted, reader)
    candidates = [(one, c) for one, c in spots if one.kind == form.kind and form.zone in {"", one.zone}]
    matches = needs.list_matches(spots, wanted)
    counts = needs.count_matches(candidates, needs.list_useful_needs(plan))
    fitting = needs.count_wanted(candidates, wanted)
    return {
        "first": first,
        "page_texts": get_member_texts(texts.language),
        "member_texts": MemberTexts(texts),
        "codes": code,
        "closes": texts.describe_closing_time(format_closing_time(plan, reader.now_ms)),
        "matches": matches,
        "most_matches": MAX_SHOWN_MATCHES,
        "open_floor": _open_floor(plan, selected if selected and selected.id in code else next(iter(matches), None)),
        "fits": {space.id for space, _ in spots if needs.meets_needs(space, wanted)},
        "wanted": wanted,
        "wanted_names": list_needs(wanted, texts),
        "needs": needs.list_useful_needs(plan),
        "bits": {need: needs.encode_needs(frozenset({need})) for need in needs.list_useful_needs(plan)},
        "kinds": needs.raise_least(needs.count_free(spots, wanted), frame.kinds),
        "zones": [
            needs.raise_least(needs.count_free([one for one in spots if one[0].zone == zone.id], wanted), frame.kinds)
            for zone in plan.zones
        ],
        "places": {space.id: place for place, (space, _) in enumerate(spots)},
        "named": [space for space, _ in spots if space.kind in NAMED_KINDS],
        "supplies": [space for space in plan.spaces if space.id in frame.supplies],
        "usual": usual,
        "spot": describe_space(plan, selected, PublicSpaceState(code[selected.id], frame.hides_spaces), usual, texts)
        if selected and selected.id in code
        else None,
        "form": form,
        "answer": arrival_odds.answer_form(form, inputs.args, counts, inputs.get_outlook, reader)
        if "at" in inputs.args
        else None,
        "fitting": sum(number for _, number in fitting),
        "fitting_key": needs.encode_matches(fitting),
        **_draw_charts(inputs, first),
    }


def _open_floor(plan: SitePlan, space: Space | None) -> int:
    """Return the index of the floor that is shown first: that of the selected or best matching space."""
    return 0 if space is None else [floor.id for floor in plan.floors].index(plan.zone_by_id[space.zone].floor)


def build_closed_page(inputs: MemberPageInput) -> dict[str, Any]:
    """Return the template's values while the site is closed: the next week, which shows nothing about now."""
    first = next((space.kind for space in inputs.reader.plan.spaces if space.is_offered), None)
    outlook = None if first is None else inputs.get_outlook(WHOLE_SITE, first)
    if outlook is None or outlook.missing_days:
        return {"missing": "", "course": None, "week": None}
    return {"missing": "", "course": None, "week": calm_hours.draw_week(outlook, inputs.reader)}


def _draw_charts(inputs: MemberPageInput, first: SpaceKind | None) -> dict[str, Any]:
    outlook = None if first is None else inputs.get_outlook(WHOLE_SITE, first)
    if first is None or outlook is None or outlook.missing_days:
        missing = arrival_odds.describe_missing_days(outlook.missing_days, inputs.reader.texts) if outlook else ""
        return {"missing": missing, "course": None, "week": None}
    free = inputs.frame.kinds[first].least
    return {
        "missing": "",
        "course": calm_hours.draw_day(outlook, free, inputs.reader),
        "week": calm_hours.draw_week(outlook, inputs.reader),
    }


def build_script_data(inputs: MemberPageInput, values: dict[str, Any], urls: dict[str, str]) -> dict[str, Any]:
    """Return the initial data of the page's script."""
    frame, plan = inputs.frame, inputs.reader.plan
    texts = inputs.reader.texts
    page = {
        **urls,
        "texts": get_script_texts(texts.language),
        "cases": texts.cases,
        "now": msgspec.to_builtins(frame),
    }
    if frame.closed:
        return page
    zones = [zone.id for zone in plan.zones]
    return page | {
        "kind": values["first"],
        "zones": [[zone.id, zone.name] for zone in plan.zones],
        "spots": [
            [one.kind, zones.index(one.zone), needs.encode_needs(one.attributes)] for one in needs.list_offered(plan)
        ],
        "needs": [
            [needs.encode_needs(frozenset({need})), values["page_texts"][f"need.{need}"]] for need in values["needs"]
        ],
        "usual": values["usual"],
        "most_matches": MAX_SHOWN_MATCHES,
        "query": _odds_by_match(values["form"], values["answer"], zones),
        **_describe_closing(inputs),
    }


def _odds_by_match(
    form: arrival_odds.ArrivalForm, answer: arrival_odds.ArrivalAnswer | None, zones: list[str]
) -> dict[str, Any] | None:
    """Return the odds by numbers of matching spaces; the needs stay on the phone, so the script picks the entry."""
    if answer is None or not answer.match_odds:
        return None
    return {
        "kind": form.kind,
        "zone": str(zones.index(form.zone)) if form.zone else "",
        "capacity": answer.capacity,
        "odds": answer.match_odds,
    }


def _describe_closing(inputs: MemberPageInput) -> dict[str, Any]:
    """Return when the site closes and the text to show then, for an installed page without a network."""
    plan, now_ms, texts = inputs.reader.plan, inputs.reader.now_ms, inputs.reader.texts
    closes_ms = find_closing_ms(plan, now_ms)
    if closes_ms is None:
        return {}
    opens = find_next_opening(plan, closes_ms)
    is_soon = opens is not None and opens.days < MAX_WEEKDAY_DAYS
    closed_text = (
        texts.format_template(f"opens.{opens.weekday}", at=texts.format_time(opens.at))
        if opens and is_soon
        else texts.templates["opens.unknown"]
    )
    return {"closes_in_s": (closes_ms - now_ms) // 1000, "closed_text": closed_text}


def map_space_codes(plan: SitePlan, frame: PublicFrame) -> dict[str, str]:
    """Return the frame's character of each offered space by its id; empty while the site is closed."""
    if frame.closed:
        return {}
    return {space.id: code for space, code in zip(needs.list_offered(plan), frame.spaces, strict=True)}
