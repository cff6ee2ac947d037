"""Asks history on behalf of the pages, within what the house promised its members.

In:    a question, checked.
Out:   rows; JSON of them.
Never: the past of one space, or of fewer than five; a count of one to four; a moment within a bucket (0033).
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from collector.forecast.score import Lead
from collector.history import (
    AIR_FIVE_MIN,
    DAY_MS,
    FORECAST,
    MEASURES,
    PEOPLE,
    PEOPLE_CORRECTION,
    PEOPLE_FIVE_MIN,
    SPACE_HOUR,
    STAYS,
    ZONE_FIVE_MIN,
    ZONE_HOUR,
    Measure,
    Row,
)
from collector.history.open import open_reader
from collector.plan import WHOLE_SITE, SitePlan, SpaceKind
from collector.privacy import FEW, IN_SUMS, SEATS, breathed, close_quarters, few, foretold, hidden, tenancy
from dashboard.settings import DashboardSettings

LONGEST_DAYS: Final = 31
LATEST_MS: Final = 4_102_444_800_000
"""The year 2100: what is asked for beyond it, or from before 1970, is a slip."""
TAGS: Final = ("zone", "kind", "lead")
READABLE: Final = tuple(measure for measure in MEASURES if measure is not SPACE_HOUR)
"""The hours of single spaces are for forecasts and long sums: whether a booth was taken at 10:30 is a count of one."""


class QuestionRejected(ValueError):
    """The question cannot be answered as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Rows of one measure with `from_ms` <= at < `to_ms`, Unix ms; empty tags: all. As text: in days, for the log."""

    measure: Measure
    from_ms: int
    to_ms: int
    tags: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        tags = " ".join(f"{name}={value}" for name, value in self.tags)
        return " ".join(filter(None, (self.measure.name, tags, f"{_iso(self.from_ms)[:10]}/{_iso(self.to_ms)[:10]}")))


def read_question(args: Mapping[str, str], plan: SitePlan, now_ms: int) -> Question:
    """Read a question from a URL; without `from` and `to`, the last day.

    Raises:
        QuestionRejected: the text says place, finding and remedy.
    """
    if unknown := sorted(set(args) - {"measure", *TAGS, "from", "to"}):
        known = ", ".join(("measure", *TAGS, "from", "to"))
        raise QuestionRejected(f"{unknown[0]}: unknown parameter; known parameters: {known}")
    measures = {measure.name: measure for measure in READABLE}
    name = args.get("measure", ZONE_FIVE_MIN.name)
    if name not in measures:
        raise QuestionRejected(f"measure: no {name!r}; give one of {', '.join(measures)}")
    measure = measures[name]
    to_ms = instant("to", args["to"]) if "to" in args else now_ms
    from_ms = instant("from", args["from"]) if "from" in args else to_ms - DAY_MS
    if not 0 <= to_ms - from_ms <= LONGEST_DAYS * DAY_MS:
        raise QuestionRejected(
            f"from, to: {_iso(from_ms)} to {_iso(to_ms)}; from must be before to, by at most {LONGEST_DAYS} days"
        )
    tags = tuple((tag, args[tag]) for tag in TAGS if tag in args)
    for tag, value in tags:
        _check_tag(measure, tag, value, plan)
    return Question(measure=measure, from_ms=from_ms, to_ms=to_ms, tags=tags)


def rows(settings: DashboardSettings, asked: Question) -> list[Row]:
    """The rows, read with a connection of their own; raises HistoryAway."""
    reader = open_reader(settings.history, settings.journal_path, settings.influx)
    try:
        return reader.rows(asked.measure, asked.from_ms, asked.to_ms, **dict(asked.tags))
    finally:
        reader.close()


def told_rows(settings: DashboardSettings, asked: Question, plan: SitePlan) -> list[Row]:
    """The rows of those zones, kinds and spaces whose past may be told; raises HistoryAway.

    Few people inside are IN_SUMS in them, so that they can be added up; few spaces taken are so in history itself.
    """
    told = _told_of(asked.measure, rows(settings, asked), plan)
    return [_even(row) for row in told] if asked.measure is PEOPLE_FIVE_MIN else told


def _told_of(measure: Measure, found: list[Row], plan: SitePlan) -> list[Row]:
    """Those that may be told; none of a time at which there were too few spaces, however many there are now."""
    told = {tags: _open(measure, tags, plan) for tags in {row.tags for row in found}}
    if measure not in (ZONE_FIVE_MIN, ZONE_HOUR):
        return [row for row in found if told[row.tags]]
    capacity = measure.fields.index("capacity")
    return [row for row in found if told[row.tags] and (row.fields[capacity] or 0) >= SEATS]


def _even(row: Row) -> Row:
    """Five minutes in which one to four people were inside are like any others."""
    passed, inside, rest = row.fields[:2], row.fields[2:5], row.fields[5:]
    even = (IN_SUMS if people is not None and 0 < people < FEW else people for people in inside)
    return Row(row.tags, row.at_ms, (*passed, *even, *rest))


def answer(asked: Question, found: list[Row], plan: SitePlan) -> dict[str, Any]:
    """The rows as one JSON object, without what the house promised not to tell."""
    measure = asked.measure
    return {
        "measure": measure.name,
        "bucket_ms": measure.bucket_ms,
        "from": asked.from_ms,
        "to": asked.to_ms,
        "rows": [
            dict(zip(measure.tags, row.tags, strict=True))
            | {"at": row.at_ms}
            | {name: _told(measure, row.tags, value) for name, value in _without_few(measure, row, plan).items()}
            for row in _told_of(measure, found, plan)
        ],
    }


def _without_few(measure: Measure, row: Row, plan: SitePlan) -> dict[str, float | None]:
    """The fields of a row. Where one to four were taken, neither that nor what follows from it is told."""
    fields = dict(zip(measure.fields, row.fields, strict=True))
    for count, follows in (("taken_mean", ()), ("taken_peak", ("free_least", "none_free"))):
        if _is_few(fields.get(count)):
            fields |= dict.fromkeys((count, *follows))
    if measure is FORECAST and row.tags[1] != PEOPLE and (came := fields["came"]) is not None:
        taken = tenancy(plan, *row.tags[:2]).offered - came
        fields["came"] = None if _is_few(taken) else came
    return {name: fields[name] for name in measure.fields}


def _is_few(count: float | None) -> bool:
    return count is not None and 0 < count < FEW


def _open(measure: Measure, tags: tuple[str, ...], plan: SitePlan) -> bool:
    if measure is SPACE_HOUR:
        return False
    if measure in (ZONE_FIVE_MIN, ZONE_HOUR):
        return _is_there(plan, *tags) and not hidden(plan, *tags)
    if measure is STAYS:
        return foretold(plan, *tags)
    if measure is FORECAST:
        zone, kind, _lead = tags
        return kind == PEOPLE or (foretold(plan, zone, kind) and not few(plan, zone, kind))
    hidden_air = breathed(plan) | close_quarters(plan)
    return measure is not AIR_FIVE_MIN or (tags[0] in plan.zone and tags[0] not in hidden_air)


def _is_there(plan: SitePlan, zone: str, kind: str) -> bool:
    """Whether the plan has enough of a kind there. Of a zone that left it nobody knows how few its past is about."""
    return sum(space.kind == kind and zone in {space.zone, WHOLE_SITE} for space in plan.spaces) >= SEATS


def _told(measure: Measure, tags: tuple[str, ...], value: float | None) -> float | None:
    """A count of few people, past or foretold, and more than none, is not told; stays are told in steps."""
    if measure is STAYS and value is not None:
        return told_stays(value)
    people = measure in (PEOPLE_FIVE_MIN, PEOPLE_CORRECTION) or (measure is FORECAST and PEOPLE in tags)
    return None if people and value is not None and 0 < value < FEW else value


def told_stays(count: float) -> float | None:
    """How many stays are told: to the nearest FEW; None of fewer, unless there were none.

    So the difference of two spans says hardly anything of a single stay; hundreds of spans do (0022).
    """
    if 0 < count < FEW:
        return None
    return float(int(count / FEW + 0.5) * FEW)


def _check_tag(measure: Measure, tag: str, value: str, plan: SitePlan) -> None:
    if tag not in measure.tags:
        raise QuestionRejected(f"{tag}: {measure.name} has no {tag}; it has {', '.join(measure.tags)}")
    kinds = [*SpaceKind, PEOPLE] if measure is FORECAST else list(SpaceKind)
    if tag == "kind" and value not in kinds:
        raise QuestionRejected(f"kind: no {value!r}; give one of {', '.join(kinds)}")
    if tag == "lead" and value not in set(Lead):
        raise QuestionRejected(f"lead: no {value!r}; give one of {', '.join(Lead)}")
    zones = {WHOLE_SITE, *plan.zone} if measure is not AIR_FIVE_MIN else set(plan.zone)
    if tag == "zone" and value not in zones:
        raise QuestionRejected(f"zone: no {value!r}; give one of {', '.join(sorted(zones))}")


def instant(name: str, text: str) -> int:
    """Unix ms from a URL: a number, or a date with time and offset; raises QuestionRejected."""
    at_ms = -1
    if text.isascii() and text.isdigit() and len(text) < 15:
        at_ms = int(text)
    else:
        with suppress(ValueError):
            at = datetime.fromisoformat(text)
            at_ms = round(at.timestamp() * 1000) if at.tzinfo else -1
    if not DAY_MS <= at_ms < LATEST_MS:
        raise QuestionRejected(
            f"{name}: {text[:50]!r} is not a time between 1970 and 2100;"
            " give Unix milliseconds, or for example 2026-11-23T08:00:00+01:00"
        )
    return at_ms


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="minutes")
