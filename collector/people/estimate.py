"""Estimate of the people on the site: crossings in, odds of each number of people out, in buckets of five minutes.

In:    crossings of all doors; what the sensors of the spaces show about the whole site; when the count of each day
       ends.
Out:   the estimate after each bucket, with every correction of the plain sum, and its reason.
Never: clocks, files. The same events give the same estimate in any order.

The plain sum of entries minus exits is corrected by other evidence: errors of the doors, doors through which nobody
leaves, detected people, a quiet or closed site. Each correction that changes the number is recorded.
"""

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from collector.contract.states import PeopleCount
from collector.history.door_days import LEARNING_DAYS, DayTurn, DoorDay, LearnedDoors, learn_doors
from collector.history.measures import BUCKET_MS, CorrectionReason
from collector.people.odds import (
    MIN_EMPTY_ODDS,
    NOBODY_INSIDE,
    TAIL_SHARE,
    CrossingErrors,
    PeopleOdds,
    after_entry,
    after_exit,
    after_nobody_seen,
    after_watched_doors,
    chance_above,
    compute_crossing_errors,
    number_to_show,
    quantile,
    with_at_least,
    with_at_most,
    with_chance_of_somebody,
)
from collector.people.quiet import (
    COUNTED_WITHIN_MS,
    HELD_MS,
    DetectionRate,
    QuietLearning,
    estimate_detection,
    fade_learning,
    find_required_quiet_ms,
    learn_detection,
    learn_hiding,
)
from collector.people.seen_people import SeenPeopleStep
from edge.timekeeping.durations import HOUR_MS


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
    unseen_since_ms: int = 0
    """Since when nobody inside was detected, or crossed a door, while the site is quiet; 0: it is not quiet."""
    learned_quiet: QuietLearning = QuietLearning()


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

    def detection_of(self, crowd: PeopleEstimate) -> DetectionRate:
        """Return how fast somebody inside is detected."""
        return estimate_detection(crowd.learned_quiet, is_fully_watched=self.is_fully_watched)


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
    plain_sum = number_to_show(crowd.odds)
    by = compute_crossing_errors(crowd.learned_doors.in_out_ratio, crowd.learned_doors.error_scale)
    for at_ms, way in (*bucket.crossings, DoorCrossing(until_ms, 0)):
        after = _apply_seen_people(crowd, bucket.seen_people_steps, context, at_ms)
        if number_to_show(after.odds) != number_to_show(crowd.odds):
            corrections += _explain_difference(plain_sum, number_to_show(crowd.odds))
            corrections += _record_correction(CorrectionReason.QUIET, crowd, after)
            plain_sum = number_to_show(after.odds)
        crowd = after
        if way:
            step = next(step for step in reversed(bucket.seen_people_steps) if step.at_ms <= at_ms)
            crowd, plain_sum = _apply_crossing(crowd, DoorCrossing(at_ms, way), step, context, by), plain_sum + way
    corrections += _explain_difference(plain_sum, number_to_show(crowd.odds))
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
    if bucket.doors_alive:
        doors = crowd.learned_doors
        after = after_watched_doors(crowd.odds, exits, BUCKET_MS / HOUR_MS, doors.leaving_per_h, doors.error_scale)
        still = replace(crowd, odds=after)
        corrections += _record_correction(CorrectionReason.STILL, crowd, still)
        crowd = still
    people = _detected_throughout(bucket) - exits  # people who left may be among them
    seen = replace(crowd, odds=with_at_least(crowd.odds, people))
    corrections += _record_correction(CorrectionReason.SEEN, crowd, seen)
    inside_ms = number_to_show(seen.odds) * BUCKET_MS
    today = seen.today
    today = DoorDay(today.day, today.entries, today.exits, today.person_ms + inside_ms)
    return replace(seen, today=today), corrections


def build_people_count(crowd: PeopleEstimate, known: int) -> PeopleCount:
    """Build the published count of an estimate while `known` people are detected inside.

    Args:
        crowd: the estimate.
        known: people detected inside now, at least.
    """
    count = max(number_to_show(crowd.odds), known)
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
    crowd = replace(
        crowd,
        today=DoorDay(turn.day),
        days=days,
        learned_doors=learn_doors(days),
        learned_quiet=fade_learning(crowd.learned_quiet),
    )
    seen = bucket.seen_people_steps[0]
    if turn.is_closed and not seen.is_any_taken:
        empty = replace(crowd, odds=NOBODY_INSIDE, last_empty_ms=turn.at_ms)
        return empty, _record_correction(CorrectionReason.CLOSED, crowd, empty)
    least = replace(crowd, odds=PeopleOdds(max(seen.seen_people, quantile(crowd.odds, TAIL_SHARE))))
    return least, _record_correction(CorrectionReason.LEAST, crowd, least)


def _apply_seen_people(
    crowd: PeopleEstimate, steps: Sequence[SeenPeopleStep], context: CountingContext, until_ms: int
) -> PeopleEstimate:
    """Return the estimate at `until_ms` by what the sensors of the spaces show from its own time on."""
    for place, step in enumerate(steps):
        from_ms = max(step.at_ms, crowd.at_ms)
        to_ms = min(until_ms, steps[place + 1].at_ms) if place + 1 < len(steps) else until_ms
        if from_ms >= to_ms:
            continue
        if step.quiet_since_ms is not None:
            crowd = _apply_quiet(crowd, step, context, to_ms)
        elif crowd.unseen_since_ms and to_ms - step.at_ms >= COUNTED_WITHIN_MS:
            crowd = _end_quiet(crowd, step, context)
        crowd = replace(crowd, at_ms=to_ms)
    return crowd


def _apply_quiet(crowd: PeopleEstimate, step: SeenPeopleStep, context: CountingContext, to_ms: int) -> PeopleEstimate:
    """Return the estimate after a quiet span, from the estimate's own time or the later start of the step."""
    from_ms, since_ms = max(step.at_ms, crowd.at_ms), crowd.unseen_since_ms
    hidden, rate = step.max_people or 0, context.detection_of(crowd)
    applied_ms = from_ms - since_ms if since_ms else 0
    since_ms = since_ms or max((step.quiet_since_ms or from_ms) - HELD_MS, crowd.last_crossing_ms)
    odds = after_nobody_seen(crowd.odds, hidden, rate.hiding_odds(applied_ms, to_ms - since_ms))
    required_ms = find_required_quiet_ms(rate, is_fully_watched=context.is_fully_watched)
    if step.max_people is not None and to_ms - since_ms >= required_ms:
        odds = with_at_most(odds, hidden)
    is_new = step.max_people == 0 and not 0 < crowd.last_empty_ms >= since_ms
    is_empty = chance_above(odds, 0) <= 1 - MIN_EMPTY_ODDS
    return replace(
        crowd,
        odds=odds,
        unseen_since_ms=since_ms,
        last_empty_ms=from_ms if is_new and is_empty else crowd.last_empty_ms,
    )


def _end_quiet(crowd: PeopleEstimate, step: SeenPeopleStep, context: CountingContext) -> PeopleEstimate:
    """Return the estimate when a quiet time ended without an entry: somebody was detected, or too little is known."""
    ended = replace(crowd, unseen_since_ms=0)
    if not step.seen_people:
        return ended
    unseen_ms = max(0, step.at_ms - crowd.unseen_since_ms)
    was_inside = context.detection_of(crowd).chance_of_hiding(unseen_ms, chance_above(crowd.odds, 0))
    learned = learn_detection(crowd.learned_quiet, unseen_ms, was_inside)
    return replace(ended, odds=with_chance_of_somebody(crowd.odds, was_inside), learned_quiet=learned)


def _apply_crossing(
    crowd: PeopleEstimate, crossing: DoorCrossing, step: SeenPeopleStep, context: CountingContext, by: CrossingErrors
) -> PeopleEstimate:
    """Return the estimate after a crossing while the sensors show `step`."""
    at_ms, way = crossing
    is_quiet = step.quiet_since_ms is not None
    learned, unseen_since_ms = crowd.learned_quiet, crowd.unseen_since_ms
    if unseen_since_ms and is_quiet:
        inside = chance_above(crowd.odds, 0)
        learned = learn_hiding(learned, at_ms - unseen_since_ms, inside, is_exit=way < 0)
    elif unseen_since_ms and way < 0:
        crowd = _end_quiet(crowd, step, context)
        learned = crowd.learned_quiet
    today = crowd.today
    return replace(
        crowd,
        at_ms=at_ms,
        odds=after_entry(crowd.odds, by) if way > 0 else after_exit(crowd.odds, by),
        last_crossing_ms=at_ms,
        today=DoorDay(today.day, today.entries + (way > 0), today.exits + (way < 0), today.person_ms),
        unseen_since_ms=at_ms if is_quiet else 0,
        learned_quiet=learned,
    )


def _detected_throughout(bucket: PeopleBucket) -> int:
    """Return how many people were detected during all five minutes; a space that was away meanwhile counts as one.

    A space is occupied for `HELD_MS` after the last motion, so who left before the bucket may be detected at its start.
    """
    seen = bucket.seen_people_steps
    from_ms = bucket.from_ms + HELD_MS
    late = [step for place, step in enumerate(seen) if place + 1 == len(seen) or seen[place + 1].at_ms > from_ms]
    least = min(step.seen_people for step in seen)
    always = all(step.is_any_taken for step in seen) and any(step.seen_people for step in late)
    return max(least, int(always))


def _explain_difference(plain_sum: int, count: int) -> list[CountCorrection]:
    """Return the correction for a number that differs from entries less exits."""
    return (
        []
        if count == plain_sum
        else [CountCorrection(CorrectionReason.NEGATIVE if plain_sum < 0 else CorrectionReason.DOORS, plain_sum, count)]
    )


def _record_correction(why: CorrectionReason, before: PeopleEstimate, after: PeopleEstimate) -> list[CountCorrection]:
    was, now = number_to_show(before.odds), number_to_show(after.odds)
    return [] if was == now else [CountCorrection(why, was, now)]
