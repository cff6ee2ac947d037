"""Forecasts as JSON: the hours ahead, or the odds of a free space at one arrival time.

In:    URL parameters, the collector's forecasts.
Out:   plain values; invalid queries are rejected with place, problem and remedy.
Never: forecasting; a count of 1 to 4 people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import asdict

from collector.contract.forecasts import OUTLOOK_DAYS, HourOutlook, Outlook, chance_in_hour
from collector.history.measures import PEOPLE
from collector.site.privacy_limits import MIN_SHOWN_GROUP, has_forecast
from collector.site.site_plan import WHOLE_SITE, SitePlan
from dashboard.history.queries import QueryRejected, parse_instant
from dashboard.live.upcoming_hours import find_hour, iterate_upcoming_hours
from edge.timekeeping.durations import HOUR_MS

MAX_COUNT_DIGITS: Final = 6
"""Digits of `at_least` at most: no site has a million spaces."""


@dataclass(frozen=True, slots=True)
class ArrivalQuery:
    """A forecast query: zone, kind and arrival time; without `at_ms`, every hour."""

    zone: str
    kind: str
    at_ms: int | None = None
    at_least: int = 1


def read_arrival_query(args: Mapping[str, str], plan: SitePlan) -> ArrivalQuery:
    """Read a query from URL parameters; the default zone is the whole site, the default kind the first with a forecast.

    Raises:
        QueryRejected: a parameter is invalid; the message gives place, problem and remedy.
    """
    if unknown := sorted(set(args) - {"zone", "kind", "at", "at_least"}):
        raise QueryRejected(f"{unknown[0]}: unknown parameter; known parameters: zone, kind, at, at_least")
    zone = args.get("zone", WHOLE_SITE)
    if zone not in {WHOLE_SITE, *plan.zone_by_id}:
        raise QueryRejected(f"zone: no {zone!r}; give one of {', '.join(sorted({WHOLE_SITE, *plan.zone_by_id}))}")
    kinds = list_forecast_kinds(plan, zone)
    kind = args.get("kind", kinds[0] if kinds else "")
    if kind not in kinds:
        known = f"give one of {', '.join(kinds)}" if kinds else "it has too few spaces; give zone=site"
        raise QueryRejected(f"kind: no forecast of {kind!r} in {zone!r}; {known}")
    at_least = args.get("at_least", "1")
    if not (at_least.isascii() and at_least.isdigit() and len(at_least) <= MAX_COUNT_DIGITS and int(at_least)):
        raise QueryRejected(f"at_least: {at_least[:50]!r} is not a number of spaces; give 1 or more")
    if kind == PEOPLE and "at_least" in args:
        raise QueryRejected("at_least: does not apply to people; leave it out, or give another kind")
    return ArrivalQuery(zone, kind, parse_instant("at", args["at"]) if "at" in args else None, int(at_least))


def list_forecast_kinds(plan: SitePlan, zone: str) -> list[str]:
    """Return the kinds that have a forecast in a zone, or in WHOLE_SITE."""
    kinds = [
        kind.value for kind in dict.fromkeys(space.kind for space in plan.spaces) if has_forecast(plan, zone, kind)
    ]
    counted = zone == WHOLE_SITE and any(sensor.door is not None for sensor in plan.sensors)
    return [*kinds, PEOPLE] if counted else kinds


def build_forecast_json(query: ArrivalQuery, outlook: Outlook | None, now_ms: int) -> dict[str, Any]:
    """Return the forecast as one JSON object.

    Args:
        query: from `read_arrival_query`.
        outlook: the collector's forecast; None if there is none, then `missing_days` is None too.
        now_ms: site time.

    Raises:
        QueryRejected: there is no forecast for the arrival time.
    """
    result: dict[str, Any] = {"zone": query.zone, "kind": query.kind}
    if outlook is None or outlook.missing_days:
        return result | {"missing_days": None if outlook is None else outlook.missing_days, "hours": []}
    result |= {"made_at": outlook.at_ms, "capacity": outlook.capacity, "missing_days": 0}
    if query.at_ms is None:
        hours = [_build_hour(query, one.at_ms, one.hour) for one in iterate_upcoming_hours(outlook, now_ms)]
        return result | {"hours": hours, "scores": _build_scores(outlook)}
    hour = find_hour(outlook, query.at_ms)
    if hour is None or outlook.begins_ms(hour.ahead) + HOUR_MS <= now_ms:
        raise QueryRejected(
            f"at: closed then, or not within the next {OUTLOOK_DAYS} days; give a time during opening hours"
        )
    found = _build_hour(query, outlook.begins_ms(hour.ahead), hour)
    odds = chance_in_hour(outlook, hour, query.at_least)
    if odds is None:
        return result | {"hour": found}
    return result | {
        "hour": found,
        "at_least": query.at_least,
        "odds": round(odds, 3),
        "hit_rate": _find_hit_rate(outlook, odds),
    }


def _build_hour(query: ArrivalQuery, at_ms: int, hour: HourOutlook) -> dict[str, Any]:
    counts = {"usual": hour.usual, "low": hour.low, "middle": hour.median, "high": hour.high}
    if query.kind == PEOPLE:
        return {"at": at_ms} | {name: None if 0 < value < MIN_SHOWN_GROUP else value for name, value in counts.items()}
    return {"at": at_ms, **counts, "odds": hour.odds}


def _find_hit_rate(outlook: Outlook, odds: float) -> dict[str, Any] | None:
    """Return how often earlier forecasts with similar odds of at least one free space came true."""
    hit_rates = outlook.scores.hit_rates if outlook.scores else ()
    found = hit_rates[min(9, int(odds * 10))] if hit_rates else None
    return None if found is None else asdict(found)


def _build_scores(outlook: Outlook) -> dict[str, Any] | None:
    if outlook.scores is None:
        return None
    hit_rates = [None if one is None else asdict(one) for one in outlook.scores.hit_rates]
    return {
        "leads": {lead.value: asdict(score) for lead, score in outlook.scores.leads.items()},
        "hit_rates": hit_rates,
    }
