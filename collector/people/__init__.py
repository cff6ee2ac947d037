"""People in the house: crossings in, five minutes at a time, and the odds of how many are inside out.

In:    crossings of all doors; what the sensors of the spaces say of the whole house; when its days turn.
Out:   the crowd after each five minutes, with every correction of the plain sum, and why.
Never: clocks, files. The same events end in the same crowd, whatever order they came in.

The plain sum of in less out is corrected for what is known besides: the doors' own errors, doors through which
nobody leaves, people who are seen, a house that is quiet or closed. Each correction that moves the number is told.
"""

from collections.abc import Container, Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from collector.outward import People
from collector.people.doors import BUCKET_MS, DAYS, HOUR_MS, DoorDay, Learnt, Turn, learn
from collector.people.odds import (
    LIKELY,
    NOBODY,
    SURE,
    TAIL,
    Errors,
    Odds,
    at_least,
    at_most,
    entered,
    errors,
    left,
    quantile,
    shown,
    unseen,
    watched,
)
from collector.people.presence import Seen

QUIET_MS: Final = 600_000
"""A house that is quiet for so long is empty, if every one of its zones is watched."""
PARTLY_QUIET_MS: Final = 3_600_000
"""The same if it has zones that nothing watches: people may be at lunch there."""
UNSEEN: Final = ((0, 0.2), (180_000, 0.1))
"""How likely it is that somebody inside is not seen for two minutes, and then for three more. A space is occupied for
two minutes after the last movement; these moments are counted from there. Of the gaps between the movements of one to
three people in the UCI 864 recording, a fifth is longer than two minutes, and one in fifty longer than five."""


class Why(StrEnum):
    """Why the number of people is another than in less out."""

    NEGATIVE = "negative"
    """More went out than were thought to be inside."""
    DOORS = "doors"
    """The doors' learnt errors: the ratio of in to out, people who are missed."""
    STILL = "still"
    """Fewer went out, or more, than so many people would."""
    SEEN = "seen"
    """So many were seen inside for five minutes."""
    QUIET = "quiet"
    """The whole house and its doors were quiet."""
    CLOSED = "closed"
    """The house was closed, in the middle of its longest time."""
    LEAST = "least"
    """The house never closes: at its quietest hour the least of the range is kept."""


class Crowd(Struct, frozen=True, gc=False, array_like=True):
    """Who is inside at `at_ms`, as far as doors and sensors say, and what the doors have taught."""

    at_ms: int = 0
    odds: Odds = NOBODY
    zero_ms: int = 0
    """When the house was last known to be empty; 0: it never was."""
    crossed_ms: int = 0
    """The newest crossing."""
    today: DoorDay = DoorDay(0)
    days: tuple[DoorDay, ...] = ()
    """The days before, oldest first, at most `DAYS`."""
    learnt: Learnt = Learnt()


class Crossing(NamedTuple):
    """Somebody passed a door: `way` is 1 in, -1 out."""

    at_ms: int
    way: int


class Correction(NamedTuple):
    """The number was `before` by then, and is `after`."""

    why: Why
    before: int
    after: int


class Bucket(NamedTuple):
    """What five minutes brought."""

    from_ms: int
    crossings: Sequence[Crossing]
    """In order."""
    seen: Sequence[Seen]
    """The first is what was seen at `from_ms`."""
    watched: bool
    """Every door's sensor lived."""


class House(NamedTuple):
    """What must be known of a house to count its people."""

    turn: Turn
    """Of the day that holds the bucket."""
    watched: bool
    """Every zone of it has a space in which people are seen."""

    @property
    def quiet_ms(self) -> int:
        """It and its doors must be quiet for so long to be empty."""
        return QUIET_MS if self.watched else PARTLY_QUIET_MS

    def count(self, odds: Odds) -> int:
        """The number to show."""
        return shown(odds, LIKELY if self.watched else SURE)


def buckets(
    crossings: Sequence[Crossing], seen: Sequence[Seen], mute: Container[int], from_ms: int, to_ms: int
) -> Iterator[Bucket]:
    """Cut a span into its buckets.

    Args:
        crossings: in any order; those outside of the span are left out.
        seen: steps in order, the first at `from_ms` or before.
        mute: the starts of the buckets in which some door's sensor did not live.
        from_ms: start of the first bucket.
        to_ms: end of the last.
    """
    by_bucket: dict[int, list[Crossing]] = {}
    for crossing in sorted(crossings):
        by_bucket.setdefault(crossing.at_ms - crossing.at_ms % BUCKET_MS, []).append(crossing)
    place = 0
    for start_ms in range(from_ms, to_ms, BUCKET_MS):
        while place + 1 < len(seen) and seen[place + 1].at_ms <= start_ms:
            place += 1
        steps = [seen[place]._replace(at_ms=start_ms)]
        while place + 1 < len(seen) and seen[place + 1].at_ms < start_ms + BUCKET_MS:
            place += 1
            steps.append(seen[place])
        yield Bucket(start_ms, by_bucket.get(start_ms, ()), steps, start_ms not in mute)


def passed(crowd: Crowd, bucket: Bucket, house: House, until_ms: int) -> tuple[Crowd, list[Correction]]:
    """The crowd at `until_ms`, within the bucket that begins at its own moment; and the corrections, oldest first."""
    crowd, told = _turned(crowd, bucket, house)
    plain = house.count(crowd.odds)
    by = errors(crowd.learnt.ratio, crowd.learnt.erring)
    for at_ms, way in (*bucket.crossings, Crossing(until_ms, 0)):
        for moment in _moments(bucket.seen, house, crowd, at_ms):
            quiet = _quiet(crowd, moment)
            if house.count(quiet.odds) != house.count(crowd.odds):
                told += _explained(plain, house.count(crowd.odds))
                told += _corrected(house, Why.QUIET, crowd.odds, quiet.odds)
                plain = house.count(quiet.odds)
            crowd = quiet
        if way:
            crowd, plain = _crossed(crowd, at_ms, way, by), plain + way
    told += _explained(plain, house.count(crowd.odds))
    return replace(crowd, at_ms=until_ms), told


def counted(crowd: Crowd, bucket: Bucket, house: House) -> tuple[Crowd, list[Correction]]:
    """The crowd after the whole bucket, with what only five minutes together can tell."""
    crowd, told = passed(crowd, bucket, house, bucket.from_ms + BUCKET_MS)
    exits = sum(crossing.way < 0 for crossing in bucket.crossings)
    odds = crowd.odds
    if bucket.watched:
        odds = watched(odds, exits, BUCKET_MS / HOUR_MS, crowd.learnt.leaving_per_h)
        told += _corrected(house, Why.STILL, crowd.odds, odds)
    surely = at_least(odds, _seen(bucket.seen) - exits)  # who went out may be among them
    told += _corrected(house, Why.SEEN, odds, surely)
    inside_ms = house.count(surely) * BUCKET_MS
    today = crowd.today
    today = DoorDay(today.day, today.entries, today.exits, today.person_ms + inside_ms)
    return replace(crowd, odds=surely, today=today), told


def people(crowd: Crowd, known: int, house: House) -> People:
    """What is told of a crowd while so many people are seen inside."""
    count = max(house.count(crowd.odds), known)
    return People(
        count=count,
        least=max(known, min(count, quantile(crowd.odds, TAIL))),
        most=max(count, quantile(crowd.odds, 1 - TAIL)),
        zero_ms=crowd.zero_ms - crowd.zero_ms % BUCKET_MS or None,
    )


def _turned(crowd: Crowd, bucket: Bucket, house: House) -> tuple[Crowd, list[Correction]]:
    """A new day, if it begins with this bucket."""
    turn = house.turn
    if bucket.from_ms != turn.at_ms:
        return crowd, []
    today = crowd.today if crowd.today.day else replace(crowd.today, day=turn.day - 1)  # the first of all
    ended = (*crowd.days, today)
    days = tuple(day for day in ended if day.day >= turn.day - DAYS and (day.entries or day.exits))
    crowd = replace(crowd, today=DoorDay(turn.day), days=days, learnt=learn(days))
    seen = bucket.seen[0]
    if turn.closed and not seen.taken:
        empty = replace(crowd, odds=NOBODY, zero_ms=turn.at_ms)
        return empty, _corrected(house, Why.CLOSED, crowd.odds, empty.odds)
    least = Odds(max(seen.known, quantile(crowd.odds, TAIL)))
    return replace(crowd, odds=least), _corrected(house, Why.LEAST, crowd.odds, least)


class _Moment(NamedTuple):
    """A moment at which quiet alone says something."""

    at_ms: int
    at_most: int | None
    """No more can be inside; None: that anybody is inside is only so likely as before times `hides`."""
    hides: float = 0.0


def _moments(seen: Sequence[Seen], house: House, crowd: Crowd, until_ms: int) -> list[_Moment]:
    """Those from the crowd's own moment on and before `until_ms`, in order."""
    found = []
    for place, step in enumerate(seen):
        if step.since_ms is None:
            continue
        end_ms = min(until_ms, seen[place + 1].at_ms) if place + 1 < len(seen) else until_ms
        if step.at_most is not None:
            wait_ms = max(step.since_ms + house.quiet_ms - QUIET_MS, crowd.crossed_ms + house.quiet_ms)
            due = [_Moment(max(step.at_ms, crowd.at_ms, wait_ms), step.at_most)]
        elif house.watched:
            due = [_Moment(step.since_ms + span_ms, None, hides) for span_ms, hides in UNSEEN]
        else:
            due = []
        found += [moment for moment in due if max(step.at_ms, crowd.at_ms) <= moment.at_ms < end_ms]
    return found


def _quiet(crowd: Crowd, moment: _Moment) -> Crowd:
    if moment.at_most is None:
        return replace(crowd, at_ms=moment.at_ms + 1, odds=unseen(crowd.odds, moment.hides))
    zero = moment.at_most == 0 and (crowd.odds != NOBODY or not crowd.zero_ms)
    zero_ms = moment.at_ms if zero else crowd.zero_ms
    return replace(crowd, at_ms=moment.at_ms, odds=at_most(crowd.odds, moment.at_most), zero_ms=zero_ms)


def _crossed(crowd: Crowd, at_ms: int, way: int, by: Errors) -> Crowd:
    today = crowd.today
    return Crowd(
        at_ms,
        entered(crowd.odds, by) if way > 0 else left(crowd.odds, by),
        crowd.zero_ms,
        at_ms,
        DoorDay(today.day, today.entries + (way > 0), today.exits + (way < 0), today.person_ms),
        crowd.days,
        crowd.learnt,
    )


def _seen(seen: Sequence[Seen]) -> int:
    """How many were seen through all of the five minutes; who was away in between is seen as one."""
    least = min(step.known for step in seen)
    always = all(step.taken for step in seen) and any(step.known for step in seen)
    return max(least, int(always))


def _explained(plain: int, count: int) -> list[Correction]:
    """Why the number is another than in less out."""
    return [] if count == plain else [Correction(Why.NEGATIVE if plain < 0 else Why.DOORS, plain, count)]


def _corrected(house: House, why: Why, before: Odds, after: Odds) -> list[Correction]:
    was, now = house.count(before), house.count(after)
    return [] if was == now else [Correction(why, was, now)]
