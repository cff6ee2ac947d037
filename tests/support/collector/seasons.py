"""Artificial history of a site, made from a seed: rows as the rollup would have stored them."""

from collections.abc import Iterator
from random import Random

from collector.forecast.forecaster import list_series
from collector.history import tables
from collector.history.history_tables import HistoryTables
from collector.history.measures import PEOPLE_FIVE_MIN, ZONE_FIVE_MIN, HistoryRow
from collector.site.calendar import is_open, to_local_time
from collector.site.site_plan import WHOLE_SITE, SitePlan

BUCKET_MS = ZONE_FIVE_MIN.bucket_ms
SHAPE = (0, 0, 0, 0, 0, 0, 5, 25, 60, 85, 95, 92, 70, 75, 85, 80, 65, 45, 25, 15, 8, 4, 0, 0)
"""Share of taken spaces on a working day, per cent, by local hour."""
WEEKDAY = (0.95, 1.0, 0.95, 0.9, 0.7, 0.25, 0.2)


def taken(at_ms: int, capacity: int, plan: SitePlan, seed: str) -> float:
    """Return how many of `capacity` are taken in five minutes: by hour, with a factor per day and noise."""
    at = to_local_time(plan, at_ms)
    day_factor = Random(f"{seed} {at.date()}").uniform(0.85, 1.12)  # noqa: S311 - an artificial site
    noise = Random(f"{seed} {at_ms}").uniform(-0.06, 0.06)  # noqa: S311
    share = SHAPE[at.hour] + (SHAPE[(at.hour + 1) % 24] - SHAPE[at.hour]) * at.minute / 60
    full = share / 100 * WEEKDAY[at.weekday()] * day_factor
    return min(capacity, max(0.0, round(capacity * (full + (noise if full else 0.0)))))


def generate_rows(plan: SitePlan, from_ms: int, to_ms: int, *, seed: str = "") -> Iterator[tuple[str, HistoryRow]]:
    """Yield rows of every series that is forecast, in its open hours."""
    for at_ms in range(from_ms, to_ms, BUCKET_MS):
        if not is_open(plan, at_ms):
            continue
        for one in list_series(plan):
            tags = (one.zone, one.kind)
            if one.offered is None or one.tenancy is None:
                yield PEOPLE_FIVE_MIN.name, build_people_row(at_ms, taken(at_ms, 40, plan, f"{seed} people"))
                continue
            busy = taken(at_ms, one.offered, plan, f"{seed} {one.zone} {one.kind}")
            own = one.tenancy.dedicated
            everything = float(one.offered + own)
            free = one.offered - busy
            fields = (everything, busy + own, busy + own, free, 0.0)
            yield ZONE_FIVE_MIN.name, HistoryRow(tags, at_ms, fields)


def build_people_row(at_ms: int, inside: float) -> HistoryRow:
    """Return the row of five minutes with `inside` people on the site."""
    values = {"entries": 1.0, "exits": 1.0, "people": inside}
    return HistoryRow((WHOLE_SITE,), at_ms, tuple(values.get(field) for field in PEOPLE_FIVE_MIN.fields))


def store_rows(history: HistoryTables, rows: Iterator[tuple[str, HistoryRow]]) -> None:
    """Write them, as the rollup would."""
    found: dict[str, list[HistoryRow]] = {}
    for name, row in rows:
        found.setdefault(name, []).append(row)
    for name, those in found.items():
        history.upsert_rows(tables.MEASURE_BY_NAME[name], those)
