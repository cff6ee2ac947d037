"""Gathers what the first page shows: of an open house all that everybody may know, of a closed one when it opens.

In:    the plan, the public frame, forecasts, what the forms ask.
Out:   values for the templates, and what the page's script starts from.
Never: HTML, a moment or a past of any space.
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
"""Kinds whose every space is told by name: nobody looks for "one of two lathes"."""

MOST_MATCHES: Final = 12
"""More matching spaces than this are folded."""


@dataclass(frozen=True, slots=True)
class House:
    """What the page is made of."""

    frame: Frame
    reader: Reader
    ask: Callable[[str, str], Outlook | None]
    """What is forecast of a zone, or WHOLE_SITE, and a kind."""
    args: MultiDict[str, str]


def shown(house: House) -> dict[str, Any]:
    """Everything that the template needs of an open house."""
    frame, reader = house.frame, house.reader
    plan, words, first = reader.plan, reader.words, reader.words.first_kind(frame)
    code, wanted = codes(plan, frame), needs.read_needs(house.args.getlist("need"))
    spots = [(space, code[space.id]) for space in needs.offered(plan)]
    usual = usual_now(house.ask, reader)
    asked = plan.space.get(house.args.get("spot", ""))
    form = come.form(house.args, wanted, reader)
    near = [(one, c) for one, c in spots if one.kind == form.kind and form.zone in {"", one.zone}]
    matches = needs.matching(spots, wanted)
    numbers = needs.numbers(near, needs.to_choose(plan))
    return {
        "first": first,
        "said": sayings(words.language),
        "codes": code,
        "closes": words.closes(closing_time(plan, reader.now_ms)),
        "matches": matches,
        "most_matches": MOST_MATCHES,
        "open_floor": _open_floor(plan, asked if asked and asked.id in code else next(iter(matches), None)),
        "fits": {space.id for space, _ in spots if needs.fits(space, wanted)},
        "wanted": wanted,
        "wanted_words": needs_in_words(wanted, words),
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
        "spot": tell(plan, asked, code[asked.id], usual, words) if asked and asked.id in code else None,
        "form": form,
        "answer": come.answer(form, house.args, numbers, house.ask, reader) if "at" in house.args else None,
        "fitting": sum(needs.fits(one, wanted) and c != "d" for one, c in near),
        **_calm(house, first),
    }


def _open_floor(plan: SitePlan, space: Space | None) -> int:
    """Which floor of the plan is shown first: that of the space that was asked for, or that matches best."""
    return 0 if space is None else [floor.id for floor in plan.floors].index(plan.zone[space.zone].floor)


def shown_while_closed(house: House) -> dict[str, Any]:
    """What the template needs of a closed house: the week to come, which says nothing of who is in now."""
    first = next((space.kind for space in house.reader.plan.spaces if space.offered), None)
    outlook = None if first is None else house.ask(WHOLE_SITE, first)
    if outlook is None or outlook.missing_days:
        return {"missing": "", "course": None, "week": None}
    return {"missing": "", "course": None, "week": calm.week(outlook, house.reader)}


def _calm(house: House, first: SpaceKind | None) -> dict[str, Any]:
    told = None if first is None else house.ask(WHOLE_SITE, first)
    if first is None or told is None or told.missing_days:
        missing = come.missing(told.missing_days, house.reader.words) if told else ""
        return {"missing": missing, "course": None, "week": None}
    free = house.frame.kinds[first].least
    return {"missing": "", "course": calm.course(told, free, house.reader), "week": calm.week(told, house.reader)}


def for_page(house: House, values: dict[str, Any], urls: dict[str, str]) -> dict[str, Any]:
    """What the page's script starts from."""
    frame, plan = house.frame, house.reader.plan
    page = {**urls, "words": for_script(house.reader.words.language), "now": msgspec.to_builtins(frame)}
    if frame.closed:
        return page
    zones = [zone.id for zone in plan.zones]
    return page | {
        "kind": values["first"],
        "zones": [[zone.id, zone.name] for zone in plan.zones],
        "spots": [[one.kind, zones.index(one.zone), needs.bits(one.attributes)] for one in needs.offered(plan)],
        "needs": [[needs.bits(frozenset({need})), values["said"][f"need.{need}"]] for need in values["needs"]],
        "usual": values["usual"],
        "most_matches": MOST_MATCHES,
        "asked": _asked(values["form"], values["answer"], zones),
        **_closing(house),
    }


def _asked(form: come.Form, answer: come.Answer | None, zones: list[str]) -> dict[str, Any] | None:
    """What the odds would be of those alone that fit: the script knows how many these are, and we are not told."""
    if answer is None or not answer.likes:
        return None
    return {
        "kind": form.kind,
        "zone": str(zones.index(form.zone)) if form.zone else "",
        "of": answer.of,
        "likes": answer.likes,
    }


def _closing(house: House) -> dict[str, Any]:
    """An installed page without a network knows from this when the house has closed, and what to say then."""
    plan, now_ms, words = house.reader.plan, house.reader.now_ms, house.reader.words
    closes_ms = closing(plan, now_ms)
    if closes_ms is None:
        return {}
    opens = next_opening(plan, closes_ms)
    near = opens is not None and opens.days < DAYS
    shut = (
        words.fill(f"opens.{opens.weekday}", at=words.at(opens.at)) if opens and near else words.page["opens.unknown"]
    )
    return {"closes_in_s": (closes_ms - now_ms) // 1000, "shut": shut}


def codes(plan: SitePlan, frame: Frame) -> dict[str, str]:
    """The frame's character of each offered space, by its id; none of a closed house."""
    if frame.closed:
        return {}
    return {space.id: code for space, code in zip(needs.offered(plan), frame.spaces, strict=True)}
