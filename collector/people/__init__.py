"""Estimate of the people on the site: crossings in, odds of each number of people out, in buckets of five minutes.

In:    crossings of all doors; what the sensors of the spaces show about the whole site; when its days turn.
Out:   the estimate after each bucket, with every correction of the plain sum, and its reason.
Never: clocks, files. The same events give the same estimate in any order.

The plain sum of entries less exits is corrected by other evidence: errors of the doors, doors through which nobody
leaves, detected people, a quiet or closed site. Each correction that changes the number is recorded.
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
"""A site that is quiet for this long is empty, if every one of its zones is watched."""
PARTLY_QUIET_MS: Final = 3_600_000
"""The same for a site with unwatched zones: people may be at lunch there."""
UNSEEN: Final = ((0, 0.2), (180_000, 0.1))
"""Time after a space stops being occupied, and how likely it is that somebody inside goes undetected until then: for
two minutes, and then for three more. A space is occupied for two minutes after the last motion; these times count from
there. Of the gaps between motions of one to three people in the UCI 864 recording, a fifth is longer than two minutes,
and one in fifty longer than five."""


class Why(StrEnum):
    """Reason why the number of people differs from entries less exits."""

    NEGATIVE = "negative"
    """More people left than were counted inside."""
    DOORS = "doors"
    """Learned errors of the doors: the ratio of entries to exits, missed people."""
    STILL = "still"
    """Fewer or more people left than expected of so many."""
    SEEN = "seen"
    """So many people were detected inside for five minutes."""
    QUIET = "quiet"
    """The whole site and its doors were quiet."""
    CLOSED = "closed"
    """The site was closed, in the middle of its longest closed time."""
    LEAST = "least"
    """The site never closes: at its quietest hour the lower end of the range is kept."""


class Crowd(Struct, frozen=True, gc=False, array_like=True):
    """Estimate of the people inside at `at_ms`, and what was learned of the doors."""

    at_ms: int = 0
    odds: Odds = NOBODY
    zero_ms: int = 0
    """When the site was last known to be empty; 0: never."""
    crossed_ms: int = 0
    """Time of the newest crossing."""
    today: DoorDay = DoorDay(0)
    days: tuple[DoorDay, ...] = ()
    """Earlier days, oldest first, at most `LEARNING_DAYS`."""
    learnt: Learnt = Learnt()


class Crossing(NamedTuple):
    """One crossing of a door: `direction` is 1 in, -1 out."""

    at_ms: int
    way: int


class Correction(NamedTuple):
    """A correction of the number of people from `before` to `after`."""

    why: Why
    before: int
    after: int


class Bucket(NamedTuple):
    """The evidence of five minutes."""

    from_ms: int
    crossings: Sequence[Crossing]
    """In order of time."""
    seen: Sequence[Seen]
    """The first is the state at `from_ms`."""
    watched: bool
    """The sensors of all doors were alive."""


class House(NamedTuple):
    """What the count of people needs to know about the site."""

    turn: Turn
    """The turn of the day that contains the bucket."""
    watched: bool
    """Every zone has a space in which people are detected."""

    @property
    def quiet_ms(self) -> int:
        """How long the site and its doors must be quiet to be empty."""
        return QUIET_MS if self.watched else PARTLY_QUIET_MS

    def count(self, odds: Odds) -> int:
        """Return the number to show."""
        return shown(odds, LIKELY if self.watched else SURE)


def buckets(
    crossings: Sequence[Crossing], seen: Sequence[Seen], mute: Container[int], from_ms: int, to_ms: int
) -> Iterator[Bucket]:
    """Divide a span into buckets.

    Args:
        crossings: in any order; those outside of the span are ignored.
        seen: steps in order, the first at `from_ms` or before.
        mute: the starts of buckets in which a door's sensor was silent.
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


def passed(crowd: Crowd, bucket: Bucket, context: House, until_ms: int) -> tuple[Crowd, list[Correction]]:
    """Return the estimate at `until_ms`, within the bucket that begins at its time, and the ordered corrections.

    Args:
        crowd: the estimate at the start of the bucket, or within it.
        bucket: the evidence of these five minutes.
        context: what the count needs to know about the site.
        until_ms: up to here, at most the end of the bucket.
    """
    crowd, corrections = _begin_day(crowd, bucket, context)
    plain_sum = context.count(crowd.odds)
    by = errors(crowd.learnt.ratio, crowd.learnt.erring)
    for at_ms, way in (*bucket.crossings, Crossing(until_ms, 0)):
        for moment in _quiet_moments(bucket.seen, context, crowd, at_ms):
            quiet = _apply_quiet(crowd, moment)
            if context.count(quiet.odds) != context.count(crowd.odds):
                corrections += _explain_difference(plain_sum, context.count(crowd.odds))
                corrections += _record_correction(context, Why.QUIET, crowd.odds, quiet.odds)
                plain_sum = context.count(quiet.odds)
            crowd = quiet
        if way:
            crowd, plain_sum = _apply_crossing(crowd, at_ms, way, by), plain_sum + way
    corrections += _explain_difference(plain_sum, context.count(crowd.odds))
    return replace(crowd, at_ms=until_ms), corrections


def counted(crowd: Crowd, bucket: Bucket, context: House) -> tuple[Crowd, list[Correction]]:
    """Return the estimate after the whole bucket, including evidence that needs all five minutes.

    Args:
        crowd: the estimate at the start of the bucket.
        bucket: the evidence of these five minutes.
        context: what the count needs to know about the site.
    """
    crowd, corrections = passed(crowd, bucket, context, bucket.from_ms + BUCKET_MS)
    exits = sum(crossing.way < 0 for crossing in bucket.crossings)
    odds = crowd.odds
    if bucket.watched:
        odds = watched(odds, exits, BUCKET_MS / HOUR_MS, crowd.learnt.leaving_per_h)
        corrections += _record_correction(context, Why.STILL, crowd.odds, odds)
    at_least_seen = at_least(odds, _detected_throughout(bucket.seen) - exits)  # people who left may be among them
    corrections += _record_correction(context, Why.SEEN, odds, at_least_seen)
    inside_ms = context.count(at_least_seen) * BUCKET_MS
    today = crowd.today
    today = DoorDay(today.day, today.entries, today.exits, today.person_ms + inside_ms)
    return replace(crowd, odds=at_least_seen, today=today), corrections


def people(crowd: Crowd, known: int, context: House) -> People:
    """Build the published count of an estimate while `known` people are detected inside.

    Args:
        crowd: the estimate.
        known: people detected inside now, at least.
        context: what the count needs to know about the site.
    """
    count = max(context.count(crowd.odds), known)
    return People(
        count=count,
        least=max(known, min(count, quantile(crowd.odds, TAIL))),
        most=max(count, quantile(crowd.odds, 1 - TAIL)),
        zero_ms=crowd.zero_ms - crowd.zero_ms % BUCKET_MS or None,
    )


def _begin_day(crowd: Crowd, bucket: Bucket, context: House) -> tuple[Crowd, list[Correction]]:
    """Begin a new day if this bucket starts it."""
    turn = context.turn
    if bucket.from_ms != turn.at_ms:
        return crowd, []
    today = crowd.today if crowd.today.day else replace(crowd.today, day=turn.day - 1)  # the first day
    ended = (*crowd.days, today)
    days = tuple(day for day in ended if day.day >= turn.day - DAYS and (day.entries or day.exits))
    crowd = replace(crowd, today=DoorDay(turn.day), days=days, learnt=learn(days))
    seen = bucket.seen[0]
    if turn.closed and not seen.taken:
        empty = replace(crowd, odds=NOBODY, zero_ms=turn.at_ms)
        return empty, _record_correction(context, Why.CLOSED, crowd.odds, empty.odds)
    least = Odds(max(seen.known, quantile(crowd.odds, TAIL)))
    return replace(crowd, odds=least), _record_correction(context, Why.LEAST, crowd.odds, least)


class _Moment(NamedTuple):
    """A moment at which quiet alone is evidence."""

    at_ms: int
    at_most: int | None
    """At most this many are inside. None: multiply the odds that anybody is inside by `hides`."""
    hides: float = 0.0


def _quiet_moments(seen: Sequence[Seen], context: House, crowd: Crowd, until_ms: int) -> list[_Moment]:
    """Return the moments from the estimate's own time on and before `until_ms`, in order."""
    found = []
    for place, step in enumerate(seen):
        if step.since_ms is None:
            continue
        end_ms = min(until_ms, seen[place + 1].at_ms) if place + 1 < len(seen) else until_ms
        if step.at_most is not None:
            wait_ms = max(step.since_ms + context.quiet_ms - QUIET_MS, crowd.crossed_ms + context.quiet_ms)
            due = [_Moment(max(step.at_ms, crowd.at_ms, wait_ms), step.at_most)]
        elif context.watched:
            due = [_Moment(step.since_ms + span_ms, None, hides) for span_ms, hides in UNSEEN]
        else:
            due = []
        found += [moment for moment in due if max(step.at_ms, crowd.at_ms) <= moment.at_ms < end_ms]
    return found


def _apply_quiet(crowd: Crowd, moment: _Moment) -> Crowd:
    if moment.at_most is None:
        return replace(crowd, at_ms=moment.at_ms + 1, odds=unseen(crowd.odds, moment.hides))
    zero = moment.at_most == 0 and (crowd.odds != NOBODY or not crowd.zero_ms)
    zero_ms = moment.at_ms if zero else crowd.zero_ms
    return replace(crowd, at_ms=moment.at_ms, odds=at_most(crowd.odds, moment.at_most), zero_ms=zero_ms)


def _apply_crossing(crowd: Crowd, at_ms: int, way: int, by: Errors) -> Crowd:
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


def _detected_throughout(seen: Sequence[Seen]) -> int:
    """Return how many people were detected during all five minutes; a space that was away meanwhile counts as one."""
    least = min(step.known for step in seen)
    always = all(step.taken for step in seen) and any(step.known for step in seen)
    return max(least, int(always))


def _explain_difference(plain_sum: int, count: int) -> list[Correction]:
    """Return the correction for a number that differs from entries less exits."""
    return [] if count == plain_sum else [Correction(Why.NEGATIVE if plain_sum < 0 else Why.DOORS, plain_sum, count)]


def _record_correction(context: House, why: Why, before: Odds, after: Odds) -> list[Correction]:
    was, now = context.count(before), context.count(after)
    return [] if was == now else [Correction(why, was, now)]
