"""Turns what the journal holds of doors and spaces into the history of people, from which the live count goes on.

In:    the journal's connection, inside its transaction; a span of whole buckets; how the spaces changed.
Out:   rows of PEOPLE_FIVE_MIN and PEOPLE_CORRECTION; the crowd at the end of each bucket, in the table `crowd`.
Never: clocks, transactions of its own, a rule: those are in `people.py`.

A crowd is kept for as long as raw events are, so that a late event is counted from its own bucket on.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from collector.history import DAY_MS, PEOPLE_CORRECTION, PEOPLE_FIVE_MIN, Row, tables
from collector.people import Bucket, Correction, Crossing, Crowd, House, buckets, counted, people
from collector.people.doors import BUCKET_MS, DAYS, DoorDay, Turns, learn
from collector.people.odds import Odds
from collector.people.presence import Presence
from collector.plan import WHOLE_SITE, SitePlan
from collector.use import Timeline
from edge.message import Kind

_CROSSING: Final = Kind.CROSSING.value
_encode = msgspec.msgpack.Encoder().encode
_crowd = msgspec.msgpack.Decoder(Crowd).decode


class _Word(NamedTuple):
    """What a door's sensor said: that somebody passed, or (None) only that it lives."""

    at_ms: int
    sensor: tuple[str, str]
    crossing: Crossing | None


class PeopleSettlement:
    """Keeps the history of people of one house with doors."""

    def __init__(self, plan: SitePlan) -> None:
        self._doors = [sensor for sensor in plan.sensors if sensor.door is not None]
        self._silent_ms = {s.key: int(plan.rules.silent_after_heartbeats * s.heartbeat_ms) for s in self._doors}
        self._presence = Presence(plan)
        self._turns = Turns(plan)
        self.spaces: Final = frozenset(self._presence.spaces)
        """Those whose changes bear on how many people there are."""
        doors = {sensor.door for sensor in self._doors if sensor.door is not None}
        self.subjects: Final = doors | {WHOLE_SITE} | self.spaces if doors else set()
        """What moves the count when it changes; empty: the house has no doors."""

    def settle(self, db: sqlite3.Connection, timelines: Mapping[str, Timeline], from_ms: int, to_ms: int) -> None:
        """Compute the buckets of a span; `timelines` holds the changes of `spaces` in it, and the last before it.

        The history of people begins with the first word of a door, whatever was known of the spaces before.
        """
        words = self._said(db, from_ms, to_ms)
        spoken = {word.at_ms - word.at_ms % BUCKET_MS for word in words if word.at_ms >= from_ms}
        crowd = self._known(db, from_ms)
        begun_ms = from_ms if crowd else min(spoken, default=to_ms)
        rows: list[Row] = []
        told: list[Row] = []
        crowds: list[tuple[int, bytes]] = []
        crowd = crowd or Crowd(at_ms=begun_ms)
        for bucket in self._buckets(words, timelines, begun_ms, to_ms):
            house = House(self._turns.of(bucket.from_ms), self._presence.everywhere)
            crowd, corrections = counted(crowd, bucket, house)
            crowds.append((crowd.at_ms, _encode(crowd)))
            told += _told(bucket, corrections)
            if bucket.from_ms in spoken:
                rows.append(_row(bucket, crowd, house))
        tables.upsert(db, PEOPLE_FIVE_MIN, rows)
        tables.replace(db, PEOPLE_CORRECTION, told, from_ms, to_ms)
        db.executemany("INSERT OR REPLACE INTO crowd VALUES (?, ?)", crowds)

    def crowd(self, db: sqlite3.Connection, at_ms: int) -> Crowd:
        """Who was inside at the edge of a bucket, as far as history has come; nobody before it begins."""
        return self._known(db, at_ms) or Crowd(at_ms=at_ms)

    def _known(self, db: sqlite3.Connection, at_ms: int) -> Crowd | None:
        found = db.execute("SELECT body FROM crowd WHERE at_ms <= ? ORDER BY at_ms DESC LIMIT 1", (at_ms,)).fetchone()
        crowd = _crowd(found[0]) if found else self._of_rows(db, at_ms)
        return None if crowd is None else replace(crowd, at_ms=at_ms)

    def _buckets(
        self, words: Sequence[_Word], timelines: Mapping[str, Timeline], from_ms: int, to_ms: int
    ) -> Iterator[Bucket]:
        crossings = [word.crossing for word in words if word.crossing and word.at_ms >= from_ms]
        seen = self._presence.steps(timelines, from_ms, to_ms)
        return buckets(crossings, seen, self._mute(words, from_ms, to_ms), from_ms, to_ms)

    def _of_rows(self, db: sqlite3.Connection, at_ms: int) -> Crowd | None:
        """What the rows of an older Ledig tell, which kept no crowds; None: there is none."""
        rows = tables.read(db, PEOPLE_FIVE_MIN, (WHOLE_SITE,), at_ms - (DAYS + 1) * DAY_MS, at_ms)
        if not rows:
            return None
        begun = self._turns.of(at_ms)
        days: dict[int, DoorDay] = {}
        inside = 0
        for row in rows:
            entries, exits, count = (int(value or 0) for value in row.fields[:3])
            day = self._turns.of(row.at_ms).day
            known = days.get(day, DoorDay(day))
            inside = count if day == begun.day else 0
            days[day] = DoorDay(day, known.entries + entries, known.exits + exits, known.person_ms + count * BUCKET_MS)
        today = days.pop(begun.day, DoorDay(begun.day))
        before = tuple(days[day] for day in sorted(days))
        return Crowd(odds=Odds(inside), today=today, days=before, learnt=learn(before))

    def crossings(self, db: sqlite3.Connection, from_ms: int, to_ms: int) -> list[Crossing]:
        """Who passed the doors in a span."""
        words = self._said(db, from_ms, to_ms)
        return [word.crossing for word in words if word.crossing and word.at_ms >= from_ms]

    def _said(self, db: sqlite3.Connection, from_ms: int, to_ms: int) -> list[_Word]:
        """What the doors' sensors said by a trusted clock in a span, and while they could be called living before."""
        return [
            _Word(at_ms, sensor.key, Crossing(at_ms, 1 if value > 0 else -1) if kind == _CROSSING and value else None)
            for sensor in self._doors
            for at_ms, kind, value in db.execute(
                "SELECT at_ms, kind, value FROM sensor JOIN event ON sensor_no = sensor.no"
                " JOIN kind ON kind_no = kind.no"
                " WHERE device = ? AND sensor = ? AND at_ms >= ? AND at_ms < ? AND synchronised",
                (*sensor.key, from_ms - self._silent_ms[sensor.key], to_ms),
            )
        ]

    def _mute(self, words: Sequence[_Word], from_ms: int, to_ms: int) -> set[int]:
        """The buckets at whose end some door's sensor was silent."""
        every = set(range(from_ms, to_ms, BUCKET_MS))
        mute: set[int] = set()
        for key, silent_ms in self._silent_ms.items():
            alive: set[int] = set()
            for word in words:
                if word.sensor == key:
                    begun_ms = word.at_ms - word.at_ms % BUCKET_MS
                    alive.update(range(begun_ms, word.at_ms + silent_ms - BUCKET_MS + 1, BUCKET_MS))
            mute |= every - alive
        return mute


def _row(bucket: Bucket, crowd: Crowd, house: House) -> Row:
    """The fields of PEOPLE_FIVE_MIN."""
    entries = sum(crossing.way > 0 for crossing in bucket.crossings)
    now = people(crowd, bucket.seen[-1].known, house)
    numbers = (entries, len(bucket.crossings) - entries, now.count or 0, now.least, now.most)
    zero = None if now.zero_ms is None else float(now.zero_ms)
    return Row((WHOLE_SITE,), bucket.from_ms, (*(float(number) for number in numbers), zero))


def _told(bucket: Bucket, corrections: Sequence[Correction]) -> list[Row]:
    """One row for each reason, from before the first to after the last."""
    spans: dict[str, tuple[int, int]] = {}
    for each in corrections:
        spans[each.why] = spans.get(each.why, (each.before, 0))[0], each.after
    return [
        Row((WHOLE_SITE, why), bucket.from_ms, (float(before), float(after)))
        for why, (before, after) in spans.items()
        if before != after
    ]
