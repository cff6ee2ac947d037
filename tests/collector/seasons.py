"""Artificial history of a site, made from a seed: rows as the rollup would have stored them."""

import sqlite3
from collections.abc import Iterator
from random import Random

from collector.days import is_open, local
from collector.forecast.foretelling import series_of
from collector.history import PEOPLE_FIVE_MIN, ZONE_FIVE_MIN, Row, tables
from collector.plan import WHOLE_SITE, SitePlan

BUCKET_MS = ZONE_FIVE_MIN.bucket_ms
SHAPE = (0, 0, 0, 0, 0, 0, 5, 25, 60, 85, 95, 92, 70, 75, 85, 80, 65, 45, 25, 15, 8, 4, 0, 0)
"""Share of taken spaces on a working day, per cent, by local hour."""
WEEKDAY = (0.95, 1.0, 0.95, 0.9, 0.7, 0.25, 0.2)


def taken(at_ms: int, capacity: int, plan: SitePlan, seed: str) -> float:
    """Return how many of `capacity` are taken in five minutes: by hour, with a factor per day and noise."""
    at = local(plan, at_ms)
    day_factor = Random(f"{seed} {at.date()}").uniform(0.85, 1.12)  # noqa: S311 - an artificial site
    noise = Random(f"{seed} {at_ms}").uniform(-0.06, 0.06)  # noqa: S311
    share = SHAPE[at.hour] + (SHAPE[(at.hour + 1) % 24] - SHAPE[at.hour]) * at.minute / 60
    full = share / 100 * WEEKDAY[at.weekday()] * day_factor
    return min(capacity, max(0.0, round(capacity * (full + (noise if full else 0.0)))))


def past(plan: SitePlan, from_ms: int, to_ms: int, *, seed: str = "") -> Iterator[tuple[str, Row]]:
    """Yield rows of every series that is forecast, in its open hours."""
    for at_ms in range(from_ms, to_ms, BUCKET_MS):
        if not is_open(plan, at_ms):
            continue
        for one in series_of(plan):
            tags = (one.zone, one.kind)
            if one.offered is None or one.let is None:
                yield PEOPLE_FIVE_MIN.name, people(at_ms, taken(at_ms, 40, plan, f"{seed} people"))
                continue
            busy = taken(at_ms, one.offered, plan, f"{seed} {one.zone} {one.kind}")
            own = one.let.dedicated
            everything = float(one.offered + own)
            free = one.offered - busy
            fields = (everything, busy + own, busy + own, free, 0.0)
            yield ZONE_FIVE_MIN.name, Row(tags, at_ms, fields)


def people(at_ms: int, inside: float) -> Row:
    """Return the row of five minutes with `inside` people on the site."""
    values = {"entries": 1.0, "exits": 1.0, "people": inside}
    return Row((WHOLE_SITE,), at_ms, tuple(values.get(field) for field in PEOPLE_FIVE_MIN.fields))


def remember(db: sqlite3.Connection, rows: Iterator[tuple[str, Row]]) -> None:
    """Write them, as the rollup would."""
    found: dict[str, list[Row]] = {}
    for name, row in rows:
        found.setdefault(name, []).append(row)
    for name, those in found.items():
        tables.upsert(db, tables.BY_NAME[name], those)
