"""Rollup: compute rows of history from the journal, each bucket once it is over and again when late data came.

In:    the journal's tables, inside its transaction; the instant up to which its transitions are complete.
Out:   rows in the history's tables; `meta.buckets_until_ms`: every bucket before it has been computed.
Never: clocks, own transactions, more work in one call than a slice.

A row is a function of the stored events alone: it does not depend on when they came, in what order, or how often this
ran. The history of a space begins with its first transition, that of a door or of the air with its first event. A
bucket whose events are erased cannot be computed again, and stays as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from collector.contract.states import TAKEN_STATES
from collector.history.measures import (
    AIR_FIVE_MIN,
    BUCKET_MS,
    SPACE_HOUR,
    STAYS,
    ZONE_FIVE_MIN,
    ZONE_HOUR,
    HistoryRow,
    Measure,
)
from collector.history.zone_hours import compute_zone_hours
from collector.occupancy import hourly_use
from collector.people.estimate import DoorCrossing, PeopleEstimate
from collector.rollup import series, stay_rows
from collector.rollup.people_buckets import PeopleRollup
from collector.site.calendar import find_ended_days
from collector.site.privacy_limits import (
    COUNTED_KINDS,
    MIN_SHOWN_GROUP,
    build_series_groups,
    find_conditional_air_zones,
    find_counted_spaces,
    find_published_air_sensors,
    find_small_zones,
    has_forecast,
)
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import SpaceKind
from collector.store.journal_tables import JournalTables
from collector.timekeeping.instants import FOREVER_MS
from edge.timekeeping.durations import HOUR_MS

MAX_SLICE_MS: Final = 2 * HOUR_MS
"""Most that one call computes: about 50 ms for 500 busy spaces, so that a tick stays short during recomputation."""
MAX_STALE_FIRST_MS: Final = HOUR_MS
"""Recompute at most this much of stale buckets before new buckets; afterwards the new ones would be stale too."""
COMPUTED_UNTIL_KEY: Final = "buckets_until_ms"

BucketSpan = tuple[int, int]
"""From and to, both on a bucket's edge; what is computed again."""


class HistoryRollup:
    """Keeps the history of one site up to date."""

    def __init__(self, plan: SitePlan) -> None:
        self._plan = plan
        self._groups = {(group.zone, group.kind.value): group.parts for group in build_series_groups(plan)}
        """The spaces that are counted, in parts, by (zone or WHOLE_SITE, kind)."""
        self._hourly = [space.id for space in plan.spaces if space.id in find_counted_spaces(plan) and space.is_offered]
        self._stays = {
            (zone, kind.value): there
            for zone in (*plan.zone_by_id, WHOLE_SITE)
            for kind in COUNTED_KINDS
            if has_forecast(plan, zone, kind) and (there := _offered_spaces(plan, zone, kind))
        }
        """The spaces whose stays are counted, by (zone or WHOLE_SITE, kind)."""
        self._people = PeopleRollup(plan)
        self._air: dict[str, list[Sensor]] = {}
        published, close = find_published_air_sensors(plan), find_small_zones(plan)
        self._veiled = find_conditional_air_zones(plan)
        for sensor in plan.sensors:
            if sensor.zone is not None and sensor.key in published and sensor.zone not in close:
                self._air.setdefault(sensor.zone, []).append(sensor)
        self._everything = {*plan.space_by_id, *self._air, *self._people.subjects}

    def read_live_start(
        self, db: JournalTables
    ) -> tuple[PeopleEstimate, list[DoorCrossing], dict[str, hourly_use.Timeline]]:
        """Read the start of the live count: the estimate at the end of history, and what the journal holds after it."""
        until_ms = db.read_number(COMPUTED_UNTIL_KEY) or 0
        timelines = {space: db.read_timeline(space, until_ms, FOREVER_MS) for space in self._people.spaces}
        return (
            self._people.read_estimate(db, until_ms),
            self._people.read_crossings(db, until_ms, FOREVER_MS),
            timelines,
        )

    def compute_slice(self, db: JournalTables, now_ms: int) -> bool:
        """Compute one slice of what is due; cheap when nothing is.

        Args:
            db: the journal's tables, in a transaction.
            now_ms: site time up to which the transitions are complete. No event after `buckets_until_ms` may be erased.

        Returns:
            Whether more is due now. A row of `stale_history` names a space, a door (or WHOLE_SITE, for all doors) or
            the zone of an air sensor.
        """
        due_ms = _floor(now_ms, BUCKET_MS)
        until_ms = db.read_number(COMPUTED_UNTIL_KEY)
        if until_ms is None:
            until_ms = min(due_ms, _first_hour(db, self._plan, due_ms))
            db.store_number(COMPUTED_UNTIL_KEY, until_ms)
        left_ms = MAX_SLICE_MS
        if until_ms < due_ms:
            from_ms = self._stale_from(db, until_ms)
            if until_ms - from_ms <= MAX_STALE_FIRST_MS:
                self._recompute_stale(db, (from_ms, until_ms), until_ms)
                left_ms -= until_ms - from_ms
            to_ms = min(due_ms, until_ms + left_ms)
            self._compute(db, self._everything, (until_ms, to_ms), to_ms)
            db.store_number(COMPUTED_UNTIL_KEY, to_ms)
            left_ms -= to_ms - until_ms
            until_ms = to_ms
        from_ms = self._stale_from(db, until_ms)
        to_ms = min(until_ms, from_ms + left_ms)
        self._recompute_stale(db, (from_ms, to_ms), until_ms)
        return to_ms < until_ms or until_ms < due_ms

    def _stale_from(self, db: JournalTables, until_ms: int) -> int:
        """Return the first stale bucket; `until_ms` if there is none."""
        db.delete_stale(until_ms)  # these buckets are not over yet
        lowest = db.read_first_stale_ms()
        if lowest is None:
            return until_ms
        # The first transitions of a space are stale from time 0 on, but nothing is before the first event.
        return min(until_ms, _floor(max(lowest, _first_hour(db, self._plan, until_ms)), BUCKET_MS))

    def _recompute_stale(self, db: JournalTables, span: BucketSpan, until_ms: int) -> None:
        """Recompute the stale part of a span; nothing before it is stale."""
        from_ms, to_ms = span
        if from_ms < to_ms:
            subjects = db.read_stale_subjects(to_ms)
            self._compute(db, subjects, span, until_ms)
        if to_ms < until_ms:
            db.advance_stale(to_ms)
        else:
            db.delete_stale()

    def _compute(self, db: JournalTables, subjects: set[str], span: BucketSpan, until_ms: int) -> None:
        groups = {
            scope: parts
            for scope, parts in self._groups.items()
            if any(not subjects.isdisjoint(part) for part in parts)
        }
        # Hours that the span touches and that are over; the slice that ends the last one finishes it.
        hours = _floor(span[0], HOUR_MS), min(_floor(span[1] + HOUR_MS - 1, HOUR_MS), _floor(until_ms, HOUR_MS))
        hourly = [space for space in self._hourly if space in subjects]
        needed = [*hourly, *(space for parts in groups.values() for part in parts for space in part)]
        timelines = {
            space: db.read_timeline(space, min(hours[0], span[0]), max(hours[1], span[1]))
            for space in dict.fromkeys(needed)
        }
        erased = db.read_checkpoint_times()
        for space in hourly:
            start = _series_start(db, SPACE_HOUR, (space,), [timelines[space]], hours)
            start = max(start, _first_kept_bucket(erased, [space], HOUR_MS))
            db.history.upsert_rows(SPACE_HOUR, hourly_use.compute_space_hours(space, timelines[space], start, hours[1]))
        for scope, parts in groups.items():
            spaces = [space for part in parts for space in part]
            start = _series_start(db, ZONE_FIVE_MIN, scope, [timelines[space] for space in spaces], span)
            start = max(start, _first_kept_bucket(erased, spaces, BUCKET_MS))
            _store_counts(db, scope, [self._series_part(part, timelines) for part in parts], (start, span[1]), hours)
        self._count_stays(db, subjects, erased, span)
        if (kept_ms := _first_kept_bucket(erased, erased, BUCKET_MS)) < span[1]:
            kept = max(span[0], kept_ms), span[1]
            if not subjects.isdisjoint(self._people.subjects):
                missing = {space: db.read_timeline(space, *kept) for space in self._people.spaces - timelines.keys()}
                self._people.compute_span(db, timelines | missing, *kept)
            for zone in self._air:
                others = self._veiled.get(zone, ())
                if zone in subjects or not subjects.isdisjoint(others):
                    self._store_air(db, zone, [db.read_timeline(space, *kept) for space in others], kept)

    def _store_air(self, db: JournalTables, zone: str, others: Sequence[hourly_use.Timeline], span: BucketSpan) -> None:
        """Store the air of a zone; if it could reveal few members, only buckets with five others there at the start."""
        rows = series.compute_air_rows(zone, _read_air_events(db, self._air[zone], *span), *span)
        if zone not in self._veiled:
            db.history.upsert_rows(AIR_FIVE_MIN, rows)
            return
        published = [
            row
            for row in rows
            if sum(hourly_use.find_state(other, row.at_ms) in TAKEN_STATES for other in others) >= MIN_SHOWN_GROUP
        ]
        shown_ms = {row.at_ms for row in published}
        stored = db.history.read_rows(AIR_FIVE_MIN, (zone,), *span)
        gone = [
            HistoryRow(row.tags, row.at_ms, (None,) * len(row.fields)) for row in stored if row.at_ms not in shown_ms
        ]
        db.history.upsert_rows(AIR_FIVE_MIN, [*published, *gone])

    def _series_part(self, spaces: Sequence[str], timelines: Mapping[str, hourly_use.Timeline]) -> series.SeriesPart:
        return series.SeriesPart(self._plan.space_by_id[spaces[0]].is_offered, [timelines[space] for space in spaces])

    def _count_stays(self, db: JournalTables, subjects: set[str], erased: Mapping[str, int], span: BucketSpan) -> None:
        """Count the stays of days that ended in this span. A day whose events are erased keeps its counts."""
        for day in find_ended_days(self._plan, *span):
            window = day[0] - stay_rows.LONGEST_CLASS_MS, day[1]
            scopes = {
                scope: spaces
                for scope, spaces in self._stays.items()
                if not subjects.isdisjoint(spaces) and _first_kept_bucket(erased, spaces, 1) <= window[0]
            }
            published = {space: db.read_timeline(space, *window) for spaces in scopes.values() for space in spaces}
            for scope, spaces in scopes.items():
                db.history.upsert_rows(
                    STAYS, stay_rows.compute_stay_rows(scope, [published[space] for space in spaces], *day)
                )


def _store_counts(
    db: JournalTables,
    scope: tuple[str, str],
    parts: Sequence[series.SeriesPart],
    span: BucketSpan,
    hours: BucketSpan,
) -> None:
    """Store the series of one zone (or the site) and one kind; `hours` are those that are over."""
    db.history.upsert_rows(ZONE_FIVE_MIN, series.compute_zone_rows(scope, parts, *span))
    if hours[0] < hours[1]:
        over = db.history.read_rows(ZONE_FIVE_MIN, scope, *hours)
        db.history.upsert_rows(ZONE_HOUR, compute_zone_hours(over))


def _offered_spaces(plan: SitePlan, zone: str, kind: SpaceKind) -> list[str]:
    """Return the offered spaces of a kind in a zone, or in WHOLE_SITE."""
    known = find_counted_spaces(plan)
    return [
        space.id
        for space in plan.spaces
        if space.kind is kind and space.is_offered and space.id in known and zone in {space.zone, WHOLE_SITE}
    ]


def _series_start(
    db: JournalTables,
    measure: Measure,
    tags: tuple[str, ...],
    timelines: Iterable[hourly_use.Timeline],
    span: BucketSpan,
) -> int:
    """Return where the rows of a series begin in a span: with the first known state of its spaces."""
    if db.history.has_row_before(measure, tags, span[0]):
        return span[0]
    first = min((timeline[0][0] for timeline in timelines if timeline), default=span[1])
    return max(span[0], _floor(first, measure.bucket_ms))


def _first_kept_bucket(erased: Mapping[str, int], spaces: Iterable[str], bucket_ms: int) -> int:
    """Return the first bucket with no erased events."""
    kept_ms = max((erased.get(space, 0) for space in spaces), default=0)
    return _floor(kept_ms + bucket_ms - 1, bucket_ms)


def _read_air_events(
    db: JournalTables, sensors: Iterable[Sensor], from_ms: int, to_ms: int
) -> list[tuple[int, str, float]]:
    """Read synchronised events of sensors: (time, kind, value)."""
    return [row for sensor in sensors for row in db.read_values(sensor.key, from_ms, to_ms)]


def _first_hour(db: JournalTables, plan: SitePlan, now_ms: int) -> int:
    """Return the hour of the earliest stored event or transition, or `now_ms` if there is none."""
    first_ms = db.find_first_ms(plan.space_by_id)
    return _floor(now_ms if first_ms is None else first_ms, HOUR_MS)


def _floor(at_ms: int, unit_ms: int) -> int:
    return at_ms - at_ms % unit_ms
