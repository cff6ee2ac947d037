"""Rollup of people: compute their history from stored crossings and space states; the live count continues from it.

In:    the journal's tables, inside its transaction; a span of whole buckets; how the spaces changed.
Out:   rows of PEOPLE_FIVE_MIN and PEOPLE_CORRECTION; the estimate at the end of each bucket.
Never: clocks, own transactions, rules (see estimate.py).

An estimate is kept for as long as raw events are, so that a late event is counted from its own bucket on.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from collector.history.door_days import LEARNING_DAYS, DayTurns, DoorDay, learn_doors
from collector.history.measures import BUCKET_MS, PEOPLE_CORRECTION, PEOPLE_FIVE_MIN, HistoryRow
from collector.occupancy.hourly_use import Timeline
from collector.people.estimate import (
    CountCorrection,
    CountingContext,
    DoorCrossing,
    PeopleBucket,
    PeopleEstimate,
    build_people_count,
    finish_bucket,
    split_into_buckets,
)
from collector.people.odds import PeopleOdds
from collector.people.seen_people import SeenPeople
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.store.blobs import BlobFormat, BlobKind, OlderVersion
from collector.store.journal_tables import JournalTables
from edge.contract.message import EventKind
from edge.timekeeping.durations import DAY_MS

_CROSSING: Final = EventKind.CROSSING.value
PEOPLE_ESTIMATE: Final = BlobFormat(
    BlobKind.PEOPLE_ESTIMATE, 2, PeopleEstimate, {1: OlderVersion(PeopleEstimate, lambda stored: stored)}
)
"""Version 1 ends before `unseen_since_ms`; the fields after it have defaults."""


class _DoorEvent(NamedTuple):
    """An event of a door's sensor: a crossing, or (None) only a sign of life."""

    at_ms: int
    sensor: tuple[str, str]
    crossing: DoorCrossing | None


class PeopleRollup:
    """Keeps the history of people of one site with doors up to date."""

    def __init__(self, plan: SitePlan) -> None:
        self._doors = [sensor for sensor in plan.sensors if sensor.door is not None]
        self._silent_after_ms = {sensor.key: plan.silent_after_ms(sensor) for sensor in self._doors}
        self._seen_people = SeenPeople(plan)
        self._turns = DayTurns(plan)
        self.spaces: Final = frozenset(self._seen_people.spaces)
        """Spaces whose changes affect the number of people."""
        doors = {sensor.door for sensor in self._doors if sensor.door is not None}
        self.subjects: Final = doors | {WHOLE_SITE} | self.spaces if doors else set()
        """Subjects whose changes affect the count; empty: the site has no doors."""

    def compute_span(self, db: JournalTables, timelines: Mapping[str, Timeline], from_ms: int, to_ms: int) -> None:
        """Compute the buckets of a span.

        The history of people begins with the first event of a door, whatever was known of the spaces before.

        Args:
            db: the journal's tables, in a transaction.
            timelines: by space, its changes in the span and the last one before it.
            from_ms: start of the first bucket.
            to_ms: end of the last bucket.
        """
        events = self._read_door_events(db, from_ms, to_ms)
        buckets_with_events = {event.at_ms - event.at_ms % BUCKET_MS for event in events if event.at_ms >= from_ms}
        crowd = self._read_estimate(db, from_ms)
        begun_ms = from_ms if crowd else min(buckets_with_events, default=to_ms)
        rows: list[HistoryRow] = []
        correction_rows: list[HistoryRow] = []
        crowds: list[tuple[int, bytes]] = []
        crowd = crowd or PeopleEstimate(at_ms=begun_ms)
        for bucket in self._split_span(events, timelines, begun_ms, to_ms):
            context = CountingContext(self._turns.find_turn(bucket.from_ms), self._seen_people.covers_all_zones)
            crowd, corrections = finish_bucket(crowd, bucket, context)
            crowds.append((crowd.at_ms, PEOPLE_ESTIMATE.encode(crowd)))
            correction_rows += _correction_rows(bucket, corrections)
            if bucket.from_ms in buckets_with_events:
                rows.append(_people_row(bucket, crowd))
        db.history.upsert_rows(PEOPLE_FIVE_MIN, rows)
        db.history.replace_rows(PEOPLE_CORRECTION, correction_rows, from_ms, to_ms)
        db.store_people_estimates(crowds)

    def read_estimate(self, db: JournalTables, at_ms: int) -> PeopleEstimate:
        """Return the estimate at the edge of a bucket, as far as history is computed; 0 people before it begins."""
        return self._read_estimate(db, at_ms) or PeopleEstimate(at_ms=at_ms)

    def _read_estimate(self, db: JournalTables, at_ms: int) -> PeopleEstimate | None:
        body = db.read_people_estimate(at_ms)
        crowd = self._restore_from_rows(db, at_ms) if body is None else PEOPLE_ESTIMATE.decode(body)
        return None if crowd is None else replace(crowd, at_ms=at_ms)

    def _split_span(
        self, events: Sequence[_DoorEvent], timelines: Mapping[str, Timeline], from_ms: int, to_ms: int
    ) -> Iterator[PeopleBucket]:
        crossings = [event.crossing for event in events if event.crossing and event.at_ms >= from_ms]
        seen = self._seen_people.compute_steps(timelines, from_ms, to_ms)
        return split_into_buckets(crossings, seen, self._silent_buckets(events, from_ms, to_ms), from_ms, to_ms)

    def _restore_from_rows(self, db: JournalTables, at_ms: int) -> PeopleEstimate | None:
        """Restore an estimate from rows of a version that stored none; None: there are no rows."""
        rows = db.history.read_rows(PEOPLE_FIVE_MIN, (WHOLE_SITE,), at_ms - (LEARNING_DAYS + 1) * DAY_MS, at_ms)
        if not rows:
            return None
        begun = self._turns.find_turn(at_ms)
        days: dict[int, DoorDay] = {}
        inside = 0
        for row in rows:
            entries, exits, count = (int(value or 0) for value in row.fields[:3])
            day = self._turns.find_turn(row.at_ms).day
            known = days.get(day, DoorDay(day))
            inside = count if day == begun.day else 0
            days[day] = DoorDay(day, known.entries + entries, known.exits + exits, known.person_ms + count * BUCKET_MS)
        today = days.pop(begun.day, DoorDay(begun.day))
        before = tuple(days[day] for day in sorted(days))
        return PeopleEstimate(odds=PeopleOdds(inside), today=today, days=before, learned_doors=learn_doors(before))

    def read_crossings(self, db: JournalTables, from_ms: int, to_ms: int) -> list[DoorCrossing]:
        """Read the crossings of a span."""
        events = self._read_door_events(db, from_ms, to_ms)
        return [event.crossing for event in events if event.crossing and event.at_ms >= from_ms]

    def _read_door_events(self, db: JournalTables, from_ms: int, to_ms: int) -> list[_DoorEvent]:
        """Read synchronised events of the doors in a span, and those before it within the doors' silence limit."""
        return [
            _DoorEvent(
                at_ms, sensor.key, DoorCrossing(at_ms, 1 if value > 0 else -1) if kind == _CROSSING and value else None
            )
            for sensor in self._doors
            for at_ms, kind, value in db.read_values(sensor.key, from_ms - self._silent_after_ms[sensor.key], to_ms)
        ]

    def _silent_buckets(self, events: Sequence[_DoorEvent], from_ms: int, to_ms: int) -> set[int]:
        """Return the starts of buckets at whose end a door's sensor was silent."""
        every = set(range(from_ms, to_ms, BUCKET_MS))
        silent: set[int] = set()
        for key, silent_after_ms in self._silent_after_ms.items():
            alive: set[int] = set()
            for event in events:
                if event.sensor == key:
                    begun_ms = event.at_ms - event.at_ms % BUCKET_MS
                    alive.update(range(begun_ms, event.at_ms + silent_after_ms - BUCKET_MS + 1, BUCKET_MS))
            silent |= every - alive
        return silent


def _people_row(bucket: PeopleBucket, crowd: PeopleEstimate) -> HistoryRow:
    """Build a row of PEOPLE_FIVE_MIN."""
    entries = sum(crossing.direction > 0 for crossing in bucket.crossings)
    now = build_people_count(crowd, bucket.seen_people_steps[-1].seen_people)
    numbers = (entries, len(bucket.crossings) - entries, now.count or 0, now.least, now.most)
    zero = None if now.last_empty_ms is None else float(now.last_empty_ms)
    return HistoryRow((WHOLE_SITE,), bucket.from_ms, (*(float(number) for number in numbers), zero))


def _correction_rows(bucket: PeopleBucket, corrections: Sequence[CountCorrection]) -> list[HistoryRow]:
    """Build one row per reason, from the number before its first to that after its last correction."""
    spans: dict[str, tuple[int, int]] = {}
    for each in corrections:
        spans[each.reason] = spans.get(each.reason, (each.before, 0))[0], each.after
    return [
        HistoryRow((WHOLE_SITE, why), bucket.from_ms, (float(before), float(after)))
        for why, (before, after) in spans.items()
        if before != after
    ]
