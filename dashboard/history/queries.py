"""Queries history for the pages, within the site's privacy rules.

In:    a query from a URL, checked.
Out:   rows; the same as JSON.
Never: the history of one space, or of fewer than five; a count of one to four; a time within a bucket (0033).
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from collector.contract.forecast_points import Lead
from collector.history.measures import (
    AIR_FIVE_MIN,
    FORECAST,
    MEASURES,
    PEOPLE,
    PEOPLE_CORRECTION,
    PEOPLE_FIVE_MIN,
    SPACE_HOUR,
    STAYS,
    ZONE_FIVE_MIN,
    ZONE_HOUR,
    HistoryRow,
    Measure,
)
from collector.history.open_history import open_reader
from collector.site.privacy_limits import (
    FEW_COUNT_VALUE,
    MIN_SHOWN_GROUP,
    compute_tenancy,
    find_small_zones,
    find_zones_without_air,
    has_forecast,
    has_too_few,
    is_history_hidden,
)
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import SpaceKind
from dashboard.configuration.dashboard_settings import DashboardSettings
from edge.timekeeping.durations import DAY_MS

MAX_QUERY_DAYS: Final = 31
MAX_INSTANT_MS: Final = 4_102_444_800_000
"""The year 2100. An instant beyond it, or before 1970, is rejected as a mistake."""
QUERY_TAGS: Final = ("zone", "kind", "lead")
QUERYABLE_MEASURES: Final = tuple(measure for measure in MEASURES if measure is not SPACE_HOUR)
"""Hours of single spaces serve forecasts and long sums only: whether a booth was taken at 10:30 is a count of one."""


class QueryRejected(ValueError):
    """The query cannot be answered as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuery:
    """Rows of one measure with `from_ms` <= at < `to_ms`, Unix ms; no tags: all. `str()` gives days, for the log."""

    measure: Measure
    from_ms: int
    to_ms: int
    tags: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        tags = " ".join(f"{name}={value}" for name, value in self.tags)
        return " ".join(
            filter(None, (self.measure.name, tags, f"{_format_iso(self.from_ms)[:10]}/{_format_iso(self.to_ms)[:10]}"))
        )


def parse_query(args: Mapping[str, str], plan: SitePlan, now_ms: int) -> HistoryQuery:
    """Parse a query from a URL; without `from` and `to` it covers the last day.

    Raises:
        QueryRejected: the text states the parameter, the problem and the remedy.
    """
    if unknown := sorted(set(args) - {"measure", *QUERY_TAGS, "from", "to"}):
        known = ", ".join(("measure", *QUERY_TAGS, "from", "to"))
        raise QueryRejected(f"{unknown[0]}: unknown parameter; known parameters: {known}")
    measures = {measure.name: measure for measure in QUERYABLE_MEASURES}
    name = args.get("measure", ZONE_FIVE_MIN.name)
    if name not in measures:
        raise QueryRejected(f"measure: no {name!r}; give one of {', '.join(measures)}")
    measure = measures[name]
    to_ms = parse_instant("to", args["to"]) if "to" in args else now_ms
    from_ms = parse_instant("from", args["from"]) if "from" in args else to_ms - DAY_MS
    if not 0 <= to_ms - from_ms <= MAX_QUERY_DAYS * DAY_MS:
        raise QueryRejected(
            f"from, to: {_format_iso(from_ms)} to {_format_iso(to_ms)};"
            f" from must be before to, by at most {MAX_QUERY_DAYS} days"
        )
    tags = tuple((tag, args[tag]) for tag in QUERY_TAGS if tag in args)
    for tag, value in tags:
        _check_tag(measure, tag, value, plan)
    return HistoryQuery(measure=measure, from_ms=from_ms, to_ms=to_ms, tags=tags)


def read_rows(settings: DashboardSettings, query: HistoryQuery) -> list[HistoryRow]:
    """Read the rows over a connection of its own; raises HistoryAway."""
    reader = open_reader(settings.history, settings.journal_path, settings.influx)
    try:
        return reader.read_rows(query.measure, query.from_ms, query.to_ms, **dict(query.tags))
    finally:
        reader.close()


def read_permitted_rows(settings: DashboardSettings, query: HistoryQuery, plan: SitePlan) -> list[HistoryRow]:
    """Read the rows of those zones, kinds and spaces whose history may be shown; raises HistoryAway.

    A count of few people inside is replaced by FEW_COUNT_VALUE, so that rows can be added up; history does the same
    for spaces.
    """
    permitted = _filter_permitted(query.measure, read_rows(settings, query), plan)
    return [_mask_few_people(row) for row in permitted] if query.measure is PEOPLE_FIVE_MIN else permitted


def _filter_permitted(measure: Measure, rows: list[HistoryRow], plan: SitePlan) -> list[HistoryRow]:
    """Keep the rows that may be shown; drop those of a time with too few spaces, however many there are now."""
    permitted = {tags: _is_permitted(measure, tags, plan) for tags in {row.tags for row in rows}}
    if measure not in (ZONE_FIVE_MIN, ZONE_HOUR):
        return [row for row in rows if permitted[row.tags]]
    capacity = measure.fields.index("capacity")
    return [row for row in rows if permitted[row.tags] and (row.fields[capacity] or 0) >= MIN_SHOWN_GROUP]


def _mask_few_people(row: HistoryRow) -> HistoryRow:
    """Replace counts of one to four people inside by FEW_COUNT_VALUE, so that such rows look alike."""
    passed, inside, rest = row.fields[:2], row.fields[2:5], row.fields[5:]
    masked = (FEW_COUNT_VALUE if people is not None and 0 < people < MIN_SHOWN_GROUP else people for people in inside)
    return HistoryRow(row.tags, row.at_ms, (*passed, *masked, *rest))


def build_history_json(query: HistoryQuery, found: list[HistoryRow], plan: SitePlan) -> dict[str, Any]:
    """Format the rows as one JSON object, without what the privacy rules hide; `note` states that rows are hidden."""
    measure = query.measure
    permitted = _filter_permitted(measure, found, plan)
    answer = {
        "measure": measure.name,
        "bucket_ms": measure.bucket_ms,
        "from": query.from_ms,
        "to": query.to_ms,
        "rows": [
            dict(zip(measure.tags, row.tags, strict=True))
            | {"at": row.at_ms}
            | {
                name: _mask_value(measure, row.tags, value)
                for name, value in _mask_few_taken(measure, row, plan).items()
            }
            for row in permitted
        ],
    }
    if len(permitted) < len(found) or _is_hidden(query, plan):
        answer["note"] = f"Rows of groups under {MIN_SHOWN_GROUP} are not shown, to protect privacy."
    return answer


def _is_hidden(query: HistoryQuery, plan: SitePlan) -> bool:
    """Whether a query is about a zone of which no kind of space may be shown."""
    tags = dict(query.tags)
    if query.measure not in (ZONE_FIVE_MIN, ZONE_HOUR) or "zone" not in tags:
        return False
    kinds = [tags["kind"]] if "kind" in tags else list(SpaceKind)
    return not any(_is_permitted(query.measure, (tags["zone"], kind), plan) for kind in kinds)


def _mask_few_taken(measure: Measure, row: HistoryRow, plan: SitePlan) -> dict[str, float | None]:
    """Return the fields of a row. If one to four spaces were taken, neither that nor what follows from it is shown."""
    fields = dict(zip(measure.fields, row.fields, strict=True))
    for count, follows in (("taken_mean", ()), ("taken_peak", ("free_least", "none_free"))):
        if _is_few(fields.get(count)):
            fields |= dict.fromkeys((count, *follows))
    if measure is FORECAST and row.tags[1] != PEOPLE and (came := fields["came"]) is not None:
        taken = compute_tenancy(plan, *row.tags[:2]).offered - came
        fields["came"] = None if _is_few(taken) else came
    return {name: fields[name] for name in measure.fields}


def _is_few(count: float | None) -> bool:
    return count is not None and 0 < count < MIN_SHOWN_GROUP


def _is_permitted(measure: Measure, tags: tuple[str, ...], plan: SitePlan) -> bool:
    if measure is SPACE_HOUR:
        return False
    if measure in (ZONE_FIVE_MIN, ZONE_HOUR):
        return _has_enough_spaces(plan, *tags) and not is_history_hidden(plan, *tags)
    if measure is STAYS:
        return has_forecast(plan, *tags)
    if measure is FORECAST:
        zone, kind, _lead = tags
        return kind == PEOPLE or (has_forecast(plan, zone, kind) and not has_too_few(plan, zone, kind))
    hidden_air = find_zones_without_air(plan) | find_small_zones(plan)
    return measure is not AIR_FIVE_MIN or (tags[0] in plan.zone_by_id and tags[0] not in hidden_air)


def _has_enough_spaces(plan: SitePlan, zone: str, kind: str) -> bool:
    """Whether the zone has enough spaces of a kind; false for a removed zone, whose former size is unknown."""
    return sum(space.kind == kind and zone in {space.zone, WHOLE_SITE} for space in plan.spaces) >= MIN_SHOWN_GROUP


def _mask_value(measure: Measure, tags: tuple[str, ...], value: float | None) -> float | None:
    """Hide a count of one to four people, past or forecast; round stays to steps."""
    if measure is STAYS and value is not None:
        return round_stays(value)
    people = measure in (PEOPLE_FIVE_MIN, PEOPLE_CORRECTION) or (measure is FORECAST and PEOPLE in tags)
    return None if people and value is not None and 0 < value < MIN_SHOWN_GROUP else value


def round_stays(count: float) -> float | None:
    """Round a number of stays to the nearest FEW; None for fewer than FEW, unless there were none.

    So the difference of two periods reveals hardly anything about a single stay; hundreds of periods do (0022).
    """
    if 0 < count < MIN_SHOWN_GROUP:
        return None
    return float(int(count / MIN_SHOWN_GROUP + 0.5) * MIN_SHOWN_GROUP)


def _check_tag(measure: Measure, tag: str, value: str, plan: SitePlan) -> None:
    if tag not in measure.tags:
        raise QueryRejected(f"{tag}: {measure.name} has no {tag}; it has {', '.join(measure.tags)}")
    kinds = [*SpaceKind, PEOPLE] if measure is FORECAST else list(SpaceKind)
    if tag == "kind" and value not in kinds:
        raise QueryRejected(f"kind: no {value!r}; give one of {', '.join(kinds)}")
    if tag == "lead" and value not in set(Lead):
        raise QueryRejected(f"lead: no {value!r}; give one of {', '.join(Lead)}")
    zones = {WHOLE_SITE, *plan.zone_by_id} if measure is not AIR_FIVE_MIN else set(plan.zone_by_id)
    if tag == "zone" and value not in zones:
        raise QueryRejected(f"zone: no {value!r}; give one of {', '.join(sorted(zones))}")


def parse_instant(name: str, text: str) -> int:
    """Parse Unix ms from a URL: a number, or a date with time and offset; raises QueryRejected."""
    at_ms = -1
    if text.isascii() and text.isdigit() and len(text) < 15:
        at_ms = int(text)
    else:
        with suppress(ValueError):
            at = datetime.fromisoformat(text)
            at_ms = round(at.timestamp() * 1000) if at.tzinfo else -1
    if not DAY_MS <= at_ms < MAX_INSTANT_MS:
        raise QueryRejected(
            f"{name}: {text[:50]!r} is not a time between 1970 and 2100;"
            " give Unix milliseconds, or for example 2026-11-23T08:00:00+01:00"
        )
    return at_ms


def _format_iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="minutes")
