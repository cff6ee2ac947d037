"""Answers what is to come as JSON: the hours ahead, or the odds at one time of arrival.

In:    what a URL asks, the collector's forecasts.
Out:   plain values; questions that cannot be answered, refused with place, finding and remedy.
Never: a forecast of its own, a count of few people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import asdict

from collector.forecast import HOUR_MS
from collector.forecast.outlook import DAYS, HourOutlook, Outlook, chance
from collector.history import PEOPLE
from collector.plan import WHOLE_SITE, SitePlan
from collector.privacy import FEW, foretold
from dashboard.ahead import coming, hour_at
from dashboard.past import QuestionRejected, instant

DIGITS: Final = 6
"""Of a number of spots: no house has a million."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Whose forecast is asked for, and for when; without `at_ms`, for every hour."""

    zone: str
    kind: str
    at_ms: int | None = None
    at_least: int = 1


def read_arrival(args: Mapping[str, str], plan: SitePlan) -> Arrival:
    """Read a question from a URL; without `zone` the whole house, without `kind` the first that is forecast.

    Raises:
        QuestionRejected: the text says place, finding and remedy.
    """
    if unknown := sorted(set(args) - {"zone", "kind", "at", "at_least"}):
        raise QuestionRejected(f"{unknown[0]}: unknown parameter; known parameters: zone, kind, at, at_least")
    zone = args.get("zone", WHOLE_SITE)
    if zone not in {WHOLE_SITE, *plan.zone}:
        raise QuestionRejected(f"zone: no {zone!r}; give one of {', '.join(sorted({WHOLE_SITE, *plan.zone}))}")
    kinds = kinds_of(plan, zone)
    kind = args.get("kind", kinds[0] if kinds else "")
    if kind not in kinds:
        known = f"give one of {', '.join(kinds)}" if kinds else "it has too few spaces; give zone=site"
        raise QuestionRejected(f"kind: no forecast of {kind!r} in {zone!r}; {known}")
    wanted = args.get("at_least", "1")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) <= DIGITS and int(wanted)):
        raise QuestionRejected(f"at_least: {wanted[:50]!r} is not a number of spaces; give 1 or more")
    if kind == PEOPLE and "at_least" in args:
        raise QuestionRejected("at_least: does not apply to people; leave it out, or give another kind")
    return Arrival(zone, kind, instant("at", args["at"]) if "at" in args else None, int(wanted))


def kinds_of(plan: SitePlan, zone: str) -> list[str]:
    """The kinds that are forecast in a zone, or in WHOLE_SITE."""
    kinds = [kind.value for kind in dict.fromkeys(space.kind for space in plan.spaces) if foretold(plan, zone, kind)]
    counted = zone == WHOLE_SITE and any(sensor.door is not None for sensor in plan.sensors)
    return [*kinds, PEOPLE] if counted else kinds


def answer(asked: Arrival, told: Outlook | None, now_ms: int) -> dict[str, Any]:
    """What is forecast, as one JSON object; `missing_days` is None when nobody knows how many.

    Raises:
        QuestionRejected: the time of arrival is none that is forecast.
    """
    about: dict[str, Any] = {"zone": asked.zone, "kind": asked.kind}
    if told is None or told.missing_days:
        return about | {"missing_days": None if told is None else told.missing_days, "hours": []}
    about |= {"made_at": told.at_ms, "capacity": told.capacity, "missing_days": 0}
    if asked.at_ms is None:
        hours = [_hour(asked, one.at_ms, one.hour) for one in coming(told, now_ms)]
        return about | {"hours": hours, "hindsight": _hindsight(told)}
    hour = hour_at(told, asked.at_ms)
    if hour is None or told.begins_ms(hour.ahead) + HOUR_MS <= now_ms:
        raise QuestionRejected(f"at: closed then, or not within the next {DAYS} days; give a time during opening hours")
    found = _hour(asked, told.begins_ms(hour.ahead), hour)
    odds = chance(told, hour, asked.at_least)
    if odds is None:
        return about | {"hour": found}
    return about | {"hour": found, "at_least": asked.at_least, "odds": round(odds, 3), "kept": _kept(told, odds)}


def _hour(asked: Arrival, at_ms: int, hour: HourOutlook) -> dict[str, Any]:
    counts = {"usual": hour.usual, "low": hour.low, "middle": hour.middle, "high": hour.high}
    if asked.kind == PEOPLE:
        return {"at": at_ms} | {name: None if 0 < value < FEW else value for name, value in counts.items()}
    return {"at": at_ms, **counts, "odds": hour.odds}


def _kept(told: Outlook, odds: float) -> dict[str, Any] | None:
    """How often promises of about that chance were kept, of at least one free spot."""
    kept = told.hindsight.kept if told.hindsight else ()
    found = kept[min(9, int(odds * 10))] if kept else None
    return None if found is None else asdict(found)


def _hindsight(told: Outlook) -> dict[str, Any] | None:
    if told.hindsight is None:
        return None
    kept = [None if one is None else asdict(one) for one in told.hindsight.kept]
    return {"leads": {lead.value: asdict(score) for lead, score in told.hindsight.leads.items()}, "kept": kept}
