"""Tells of one spot what everybody may know: what it is, its state in words, what is usual of its kind.

In:    the plan, the public frame's character for the spot, what is forecast of its kind in its zone.
Out:   sentences.
Never: a moment, a sensor, a past of the spot itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from collector.forecast.outlook import Outlook
from collector.plan import WHOLE_SITE, Attribute, SitePlan, Space, SpaceKind
from dashboard.ahead import coming
from dashboard.member.sayings import sayings
from dashboard.why import Reader
from dashboard.words import Words


@dataclass(frozen=True, slots=True)
class Told:
    """What the panel says of a spot."""

    name: str
    code: str
    state: str
    what: str
    needs: str
    usual: str


def tell(plan: SitePlan, space: Space, code: str, usual: Mapping[str, str], words: Words) -> Told:
    """The panel of one spot; `usual` as from `usual_now`."""
    said = sayings(words.language)
    machine = ".machine" if space.kind is SpaceKind.EQUIPMENT else ""
    because = said.get(f"because.{code}{machine}") or said[f"because.{code}"]
    zone = plan.zone[space.zone]
    return Told(
        name=space.name,
        code=code,
        state=said["spot.state"].format(state=words.state(code, space.kind), because=because),
        what=said[f"one.{space.kind}"].format(zone=zone.name),
        needs=needs_in_words(space.attributes, words),
        usual=usual.get(f"{plan.zones.index(zone)} {space.kind}", ""),
    )


def needs_in_words(needs: frozenset[Attribute], words: Words) -> str:
    """Needs as a row of words, in the order of the filter; empty if there are none."""
    said = sayings(words.language)
    return ", ".join(said[f"need.{need}"].lower() for need in Attribute if need in needs)


def usual_now(ask: Callable[[str, str], Outlook | None], reader: Reader) -> dict[str, str]:
    """What is usually free at this hour: a sentence for each kind of each zone, by `number-of-the-zone kind`.

    Args:
        ask: what is forecast of a zone or WHOLE_SITE, and a kind; where a zone has nothing, the house stands in.
        reader: the plan, the house's time, the page's words.
    """
    plan, told = reader.plan, {}
    for place, zone in enumerate(plan.zones):
        for kind in dict.fromkeys(space.kind for space in plan.spaces if space.zone == zone.id and space.offered):
            here = _usual(ask(zone.id, kind), "usual.zone", zone.name, reader)
            sentence = here or _usual(ask(WHOLE_SITE, kind), "usual.house", zone.name, reader)
            if sentence:
                told[f"{place} {kind}"] = sentence
    return told


def _usual(told: Outlook | None, key: str, zone: str, reader: Reader) -> str:
    hour = None if told is None or told.missing_days else next(coming(told, reader.now_ms), None)
    if told is None or hour is None or hour.at_ms > reader.now_ms:
        return ""
    free = round(hour.hour.usual)
    template = sayings(reader.words.language)[f"{key}.one" if free == 1 else key]
    return template.format(n=free, capacity=told.capacity, zone=zone)
