"""Estimate of the people on the site: crossings in, odds of each number of people out, in buckets of five minutes.

In:    crossings of all doors; what the sensors of the spaces show about the whole site; when the count of each day
       ends.
Out:   the estimate after each bucket, with every correction of the plain sum, and its reason.
Never: clocks, files. The same events give the same estimate in any order.

The plain sum of entries minus exits is corrected by other evidence: errors of the doors, doors through which nobody
leaves, detected people, a quiet or closed site. Each correction that changes the number is recorded.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from collector.contract.states import PeopleCount
from collector.history.door_days import LEARNING_DAYS, DayTurn, DoorDay, LearnedDoors, learn_doors
from collector.history.measures import BUCKET_MS, CorrectionReason
from collector.people.odds import (
    MIN_EMPTY_ODDS,
    MIN_EMPTY_ODDS_IF_WATCHED,
    NOBODY_INSIDE,
    TAIL_SHARE,
    CrossingErrors,
    PeopleOdds,
    after_entry,
    after_exit,
    after_nobody_seen,
    after_watched_doors,
    compute_crossing_errors,
    number_to_show,
    quantile,
    with_at_least,
    with_at_most,
)
from collector.people.seen_people import SeenPeopleStep
from edge.timekeeping.durations import HOUR_MS

WATCHED_SITE_EMPTY_AFTER_MS: Final = 600_000
"""A site that is quiet for this long is empty, if every one of its zones is watched."""
PARTLY_WATCHED_SITE_EMPTY_AFTER_MS: Final = HOUR_MS
"""The same for a site with unwatched zones: people may be at lunch there."""
QUIET_BEFORE_VACANT_MS: Final = 600_000
"""A space that becomes vacant has already been quiet for its hold, about this long. It counts as quiet of the site."""
HIDING_ODDS: Final = ((0, 0.2), (180_000, 0.1))
"""Time after a space stops being occupied, and how likely it is that somebody inside goes undetected until then: for
two minutes, and then for three more. A space is occupied for two minutes after the last motion; these times count from
there. Of the gaps between motions of one to three people in the UCI 864 recording, a fifth is longer than two minutes,
and one in fifty longer than five."""


class PeopleEstimate(Struct, frozen=True, gc=False, array_like=True):
    """Estimate of the people inside at `at_ms`, and what was learned of the doors."""

    at_ms: int = 0
    odds: PeopleOdds = NOBODY_INSIDE
    last_empty_ms: int = 0
    """When the site was last known to be empty; 0: never."""
    last_crossing_ms: int = 0
    """Time of the newest crossing."""
    today: DoorDay = DoorDay(0)
    days: tuple[DoorDay, ...] = ()
    """Earlier days, oldest first, at most `LEARNING_DAYS`."""
    learned_doors: LearnedDoors = LearnedDoors()


class DoorCrossing(NamedTuple):
    """One crossing of a door: `direction` is 1 in, -1 out."""

    at_ms: int
    direction: int


class CountCorrection(NamedTuple):
    """A correction of the number of people from `before` to `after`."""

    reason: CorrectionReason
    before: int
    after: int


class PeopleBucket(NamedTuple):
    """The evidence of five minutes."""

    from_ms: int
    crossings: Sequence[DoorCrossing]
    """In order of time."""
    seen_people_steps: Sequence[SeenPeopleStep]
    """The first is the state at `from_ms`."""
    doors_alive: bool
    """The sensors of all doors were alive."""


class CountingContext(NamedTuple):
    """What the count of people needs to know about the site."""

    day_turn: DayTurn
    """The turn of the day that contains the bucket."""
    is_fully_watched: bool
    """Every zone has a space in which people are detected."""

    @property
    def required_quiet_ms(self) -> int:
        """How long the site and its doors must be quiet to be empty."""
        return WATCHED_SITE_EMPTY_AFTER_MS if self.is_fully_watched else PARTLY_WATCHED_SITE_EMPTY_AFTER_MS

    def count_to_show(self, odds: PeopleOdds) -> int:
        """Return the number to show."""
        return number_to_show(odds, MIN_EMPTY_ODDS_IF_WATCHED if self.is_fully_watched else MIN_EMPTY_ODDS)


def split_into_buckets(
    crossings: Sequence[DoorCrossing],
    seen: Sequence[SeenPeopleStep],
    silent_starts_ms: Container[int],
    from_ms: int,
    to_ms: int,
) -> Iterator[PeopleBucket]:
    """Divide a span into buckets.

    Args:
        crossings: in any order; those outside of the span are ignored.
        seen: steps in order, the first at `from_ms` or before.
        silent_starts_ms: starts of the buckets in which a door's sensor was silent.
        from_ms: start of the first bucket.
        to_ms: end of the last.
    """
    by_bucket: dict[int, list[DoorCrossing]] = {}
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
        yield PeopleBucket(start_ms, by_bucket.get(start_ms, ()), steps, start_ms not in silent_starts_ms)


def advance_estimate(
    crowd: PeopleEstimate, bucket: PeopleBucket, context: CountingContext, until_ms: int
) -> tuple[PeopleEstimate, list[CountCorrection]]:
    """Return the estimate at `until_ms`, within the bucket that begins at its time, and the ordered corrections.

    Args:
        crowd: the estimate at the start of the bucket, or within it.
        bucket: the evidence of these five minutes.
        context: what the count needs to know about the site.
        until_ms: up to here, at most the end of the bucket.
    """
    crowd, corrections = _begin_day(crowd, bucket, context)
    plain_sum = context.count_to_show(crowd.odds)
    by = compute_crossing_errors(crowd.learned_doors.in_out_ratio, crowd.learned_doors.error_scale)
    for at_ms, way in (*bucket.crossings, DoorCrossing(until_ms, 0)):
        for moment in _quiet_moments(bucket.seen_people_steps, context, crowd, at_ms):
            quiet = _apply_quiet(crowd, moment)
            if context.count_to_show(quiet.odds) != context.count_to_show(crowd.odds):
                corrections += _explain_difference(plain_sum, context.count_to_show(crowd.odds))
                corrections += _record_correction(context, CorrectionReason.QUIET, crowd.odds, quiet.odds)
                plain_sum = context.count_to_show(quiet.odds)
            crowd = quiet
        if way:
            crowd, plain_sum = _apply_crossing(crowd, at_ms, way, by), plain_sum + way
    corrections += _explain_difference(plain_sum, context.count_to_show(crowd.odds))
    return replace(crowd, at_ms=until_ms), corrections


def finish_bucket(
    crowd: PeopleEstimate, bucket: PeopleBucket, context: CountingContext
) -> tuple[PeopleEstimate, list[CountCorrection]]:
    """Return the estimate after the whole bucket, including evidence that needs all five minutes.

    Args:
        crowd: the estimate at the start of the bucket.
        bucket: the evidence of these five minutes.
        context: what the count needs to know about the site.
    """
    crowd, corrections = advance_estimate(crowd, bucket, context, bucket.from_ms + BUCKET_MS)
    exits = sum(crossing.direction < 0 for crossing in bucket.crossings)
    odds = crowd.odds
    if bucket.doors_alive:
        odds = after_watched_doors(odds, exits, BUCKET_MS / HOUR_MS, crowd.learned_doors.leaving_per_h)
        corrections += _record_correction(context, CorrectionReason.STILL, crowd.odds, odds)
    at_least_seen = with_at_least(
        odds, _detected_throughout(bucket.seen_people_steps) - exits
    )  # people who left may be among them
    corrections += _record_correction(context, CorrectionReason.SEEN, odds, at_least_seen)
    inside_ms = context.count_to_show(at_least_seen) * BUCKET_MS
    today = crowd.today
    today = DoorDay(today.day, today.entries, today.exits, today.person_ms + inside_ms)
    return replace(crowd, odds=at_least_seen, today=today), corrections


def build_people_count(crowd: PeopleEstimate, known: int, context: CountingContext) -> PeopleCount:
    """Build the published count of an estimate while `known` people are detected inside.

    Args:
        crowd: the estimate.
        known: people detected inside now, at least.
        context: what the count needs to know about the site.
    """
    count = max(context.count_to_show(crowd.odds), known)
    return PeopleCount(
        count=count,
        least=max(known, min(count, quantile(crowd.odds, TAIL_SHARE))),
        most=max(count, quantile(crowd.odds, 1 - TAIL_SHARE)),
        last_empty_ms=crowd.last_empty_ms - crowd.last_empty_ms % BUCKET_MS or None,
    )


def _begin_day(
    crowd: PeopleEstimate, bucket: PeopleBucket, context: CountingContext
) -> tuple[PeopleEstimate, list[CountCorrection]]:
    """Begin a new day if this bucket starts it."""
    turn = context.day_turn
    if bucket.from_ms != turn.at_ms:
        return crowd, []
    today = crowd.today if crowd.today.day else replace(crowd.today, day=turn.day - 1)  # the first day
    ended = (*crowd.days, today)
    days = tuple(day for day in ended if day.day >= turn.day - LEARNING_DAYS and (day.entries or day.exits))
    crowd = replace(crowd, today=DoorDay(turn.day), days=days, learned_doors=learn_doors(days))
    seen = bucket.seen_people_steps[0]
    if turn.is_closed and not seen.is_any_taken:
        empty = replace(crowd, odds=NOBODY_INSIDE, last_empty_ms=turn.at_ms)
        return empty, _record_correction(context, CorrectionReason.CLOSED, crowd.odds, empty.odds)
    least = PeopleOdds(max(seen.seen_people, quantile(crowd.odds, TAIL_SHARE)))
    return replace(crowd, odds=least), _record_correction(context, CorrectionReason.LEAST, crowd.odds, least)


class _Moment(NamedTuple):
    """A moment at which quiet alone is evidence."""

    at_ms: int
    at_most: int | None
    """At most this many are inside. None: multiply the odds that anybody is inside by `hides`."""
    hides: float = 0.0


def _quiet_moments(
    seen: Sequence[SeenPeopleStep], context: CountingContext, crowd: PeopleEstimate, until_ms: int
) -> list[_Moment]:
    """Return the moments from the estimate's own time on and before `until_ms`, in order."""
    found = []
    for place, step in enumerate(seen):
        if step.quiet_since_ms is None:
            continue
        end_ms = min(until_ms, seen[place + 1].at_ms) if place + 1 < len(seen) else until_ms
        if step.max_people is not None:
            wait_ms = max(
                step.quiet_since_ms + context.required_quiet_ms - QUIET_BEFORE_VACANT_MS,
                crowd.last_crossing_ms + context.required_quiet_ms,
            )
            due = [_Moment(max(step.at_ms, crowd.at_ms, wait_ms), step.max_people)]
        elif context.is_fully_watched:
            due = [_Moment(step.quiet_since_ms + span_ms, None, hides) for span_ms, hides in HIDING_ODDS]
        else:
            due = []
        found += [moment for moment in due if max(step.at_ms, crowd.at_ms) <= moment.at_ms < end_ms]
    return found


def _apply_quiet(crowd: PeopleEstimate, moment: _Moment) -> PeopleEstimate:
    if moment.at_most is None:
        return replace(crowd, at_ms=moment.at_ms + 1, odds=after_nobody_seen(crowd.odds, moment.hides))
    zero = moment.at_most == 0 and (crowd.odds != NOBODY_INSIDE or not crowd.last_empty_ms)
    zero_ms = moment.at_ms if zero else crowd.last_empty_ms
    return replace(crowd, at_ms=moment.at_ms, odds=with_at_most(crowd.odds, moment.at_most), last_empty_ms=zero_ms)


def _apply_crossing(crowd: PeopleEstimate, at_ms: int, way: int, by: CrossingErrors) -> PeopleEstimate:
    today = crowd.today
    return PeopleEstimate(
        at_ms,
        after_entry(crowd.odds, by) if way > 0 else after_exit(crowd.odds, by),
        crowd.last_empty_ms,
        at_ms,
        DoorDay(today.day, today.entries + (way > 0), today.exits + (way < 0), today.person_ms),
        crowd.days,
        crowd.learned_doors,
    )


def _detected_throughout(seen: Sequence[SeenPeopleStep]) -> int:
    """Return how many people were detected during all five minutes; a space that was away meanwhile counts as one."""
    least = min(step.seen_people for step in seen)
    always = all(step.is_any_taken for step in seen) and any(step.seen_people for step in seen)
    return max(least, int(always))


def _explain_difference(plain_sum: int, count: int) -> list[CountCorrection]:
    """Return the correction for a number that differs from entries less exits."""
    return (
        []
        if count == plain_sum
        else [CountCorrection(CorrectionReason.NEGATIVE if plain_sum < 0 else CorrectionReason.DOORS, plain_sum, count)]
    )


def _record_correction(
    context: CountingContext, why: CorrectionReason, before: PeopleOdds, after: PeopleOdds
) -> list[CountCorrection]:
    was, now = context.count_to_show(before), context.count_to_show(after)
    return [] if was == now else [CountCorrection(why, was, now)]
