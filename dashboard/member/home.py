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

from collector.forecast.outlook import Outlook
from collector.plan import WHOLE_SITE, SitePlan, Space, SpaceKind
from dashboard.hours import closing, closing_time, next_opening
from dashboard.live.frame import Frame
from dashboard.member import calm, come, needs
from dashboard.member.sayings import for_script, sayings
from dashboard.member.spot import needs_in_words, tell, usual_now
from dashboard.why import Reader
from dashboard.words import DAYS

NAMED: Final = (SpaceKind.BOOTH, SpaceKind.ROOM, SpaceKind.EQUIPMENT)
"""Kinds whose spaces are listed by name: nobody looks for "one of two lathes"."""

MOST_MATCHES: Final = 12
"""Matching spaces shown at once; further ones are folded."""


@dataclass(frozen=True, slots=True)
class House:
    """Input of the member page."""

    frame: Frame
    reader: Reader
    ask: Callable[[str, str], Outlook | None]
    """Returns the forecast of a zone, or WHOLE_SITE, and a kind."""
    args: MultiDict[str, str]


def shown(inputs: House) -> dict[str, Any]:
    """Return the template's values while the site is open."""
    frame, reader = inputs.frame, inputs.reader
    plan, texts, first = reader.plan, reader.words, reader.words.first_kind(frame)
    code, wanted = codes(plan, frame), needs.read_needs(inputs.args.getlist("need"))
    spots = [(space, code[space.id]) for space in needs.offered(plan)]
    usual = usual_now(inputs.ask, reader)
    selected = plan.space.get(inputs.args.get("spot", ""))
    form = come.form(inputs.args, wanted, reader)
    candidates = [(one, c) for one, c in spots if one.kind == form.kind and form.zone in {"", one.zone}]
    matches = needs.matching(spots, wanted)
    numbers = needs.numbers(candidates, needs.to_choose(plan))
    return {
        "first": first,
        "page_texts": sayings(texts.language),
        "codes": code,
        "closes": texts.closes(closing_time(plan, reader.now_ms)),
        "matches": matches,
        "most_matches": MOST_MATCHES,
        "open_floor": _open_floor(plan, selected if selected and selected.id in code else next(iter(matches), None)),
        "fits": {space.id for space, _ in spots if needs.fits(space, wanted)},
        "wanted": wanted,
        "wanted_names": needs_in_words(wanted, texts),
        "needs": needs.to_choose(plan),
        "bits": {need: needs.bits(frozenset({need})) for need in needs.to_choose(plan)},
        "kinds": needs.with_level(needs.count(spots, wanted), frame.kinds),
        "zones": [
            needs.with_level(needs.count([one for one in spots if one[0].zone == zone.id], wanted), frame.kinds)
            for zone in plan.zones
        ],
        "places": {space.id: place for place, (space, _) in enumerate(spots)},
        "named": [space for space, _ in spots if space.kind in NAMED],
        "supplies": [space for space in plan.spaces if space.id in frame.supplies],
        "usual": usual,
        "spot": tell(plan, selected, code[selected.id], usual, texts) if selected and selected.id in code else None,
        "form": form,
        "answer": come.answer(form, inputs.args, numbers, inputs.ask, reader) if "at" in inputs.args else None,
        "fitting": sum(needs.fits(one, wanted) and c != "d" for one, c in candidates),
        **_draw_charts(inputs, first),
    }


def _open_floor(plan: SitePlan, space: Space | None) -> int:
    """Return the index of the floor that is shown first: that of the selected or best matching space."""
    return 0 if space is None else [floor.id for floor in plan.floors].index(plan.zone[space.zone].floor)


def shown_while_closed(inputs: House) -> dict[str, Any]:
    """Return the template's values while the site is closed: the next week, which shows nothing about now."""
    first = next((space.kind for space in inputs.reader.plan.spaces if space.offered), None)
    outlook = None if first is None else inputs.ask(WHOLE_SITE, first)
    if outlook is None or outlook.missing_days:
        return {"missing": "", "course": None, "week": None}
    return {"missing": "", "course": None, "week": calm.week(outlook, inputs.reader)}


def _draw_charts(inputs: House, first: SpaceKind | None) -> dict[str, Any]:
    outlook = None if first is None else inputs.ask(WHOLE_SITE, first)
    if first is None or outlook is None or outlook.missing_days:
        missing = come.missing(outlook.missing_days, inputs.reader.words) if outlook else ""
        return {"missing": missing, "course": None, "week": None}
    free = inputs.frame.kinds[first].least
    return {
        "missing": "",
        "course": calm.course(outlook, free, inputs.reader),
        "week": calm.week(outlook, inputs.reader),
    }


def for_page(inputs: House, values: dict[str, Any], urls: dict[str, str]) -> dict[str, Any]:
    """Return the initial data of the page's script."""
    frame, plan = inputs.frame, inputs.reader.plan
    page = {**urls, "texts": for_script(inputs.reader.words.language), "now": msgspec.to_builtins(frame)}
    if frame.closed:
        return page
    zones = [zone.id for zone in plan.zones]
    return page | {
        "kind": values["first"],
        "zones": [[zone.id, zone.name] for zone in plan.zones],
        "spots": [[one.kind, zones.index(one.zone), needs.bits(one.attributes)] for one in needs.offered(plan)],
        "needs": [[needs.bits(frozenset({need})), values["page_texts"][f"need.{need}"]] for need in values["needs"]],
        "usual": values["usual"],
        "most_matches": MOST_MATCHES,
        "query": _odds_by_match(values["form"], values["answer"], zones),
        **_describe_closing(inputs),
    }


def _odds_by_match(form: come.Form, answer: come.Answer | None, zones: list[str]) -> dict[str, Any] | None:
    """Return the odds by number of matching spaces; the needs stay on the phone, so the script picks the entry."""
    if answer is None or not answer.likes:
        return None
    return {
        "kind": form.kind,
        "zone": str(zones.index(form.zone)) if form.zone else "",
        "capacity": answer.of,
        "odds": answer.likes,
    }


def _describe_closing(inputs: House) -> dict[str, Any]:
    """Return when the site closes and the text to show then, for an installed page without a network."""
    plan, now_ms, texts = inputs.reader.plan, inputs.reader.now_ms, inputs.reader.words
    closes_ms = closing(plan, now_ms)
    if closes_ms is None:
        return {}
    opens = next_opening(plan, closes_ms)
    is_soon = opens is not None and opens.days < DAYS
    closed_text = (
        texts.fill(f"opens.{opens.weekday}", at=texts.at(opens.at))
        if opens and is_soon
        else texts.page["opens.unknown"]
    )
    return {"closes_in_s": (closes_ms - now_ms) // 1000, "closed_text": closed_text}


def codes(plan: SitePlan, frame: Frame) -> dict[str, str]:
    """Return the frame's character of each offered space by its id; empty while the site is closed."""
    if frame.closed:
        return {}
    return {space.id: code for space, code in zip(needs.offered(plan), frame.spaces, strict=True)}
