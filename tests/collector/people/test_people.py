"""People of a site in buckets of five minutes: every rule by an example, and invariants of any history."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.history.door_days import DayTurn, DayTurns, DoorDay, find_day_span
from collector.history.measures import BUCKET_MS, CorrectionReason
from collector.people.estimate import (
    CountCorrection,
    CountingContext,
    DoorCrossing,
    PeopleBucket,
    PeopleEstimate,
    advance_estimate,
    build_people_count,
    finish_bucket,
    split_into_buckets,
)
from collector.people.odds import PeopleOdds, number_to_show, quantile
from collector.people.quiet import QuietLearning
from collector.people.seen_people import SeenPeopleStep
from collector.site.opening_spans import OpeningSpan, RedDays
from collector.site.site_plan import SitePlan
from tests.support.collector.room import HOUR, MINUTE

STOCKHOLM = ZoneInfo("Europe/Stockholm")
T0 = 1_790_000_100_000 // BUCKET_MS * BUCKET_MS
NEVER = DayTurn(0, 0, is_closed=False)
BLIND = CountingContext(NEVER, is_fully_watched=False)
WATCHED = CountingContext(NEVER, is_fully_watched=True)
NOTHING_SEEN = SeenPeopleStep(T0, 0, False, None, None)


def bucket(
    *ways: int, seen: Sequence[SeenPeopleStep] = (NOTHING_SEEN,), watched: bool = False, from_ms: int = T0
) -> PeopleBucket:
    crossings = [DoorCrossing(from_ms + number * 1000, way) for number, way in enumerate(ways)]
    return PeopleBucket(from_ms, crossings, seen, watched)


def inside(count: int, **more: object) -> PeopleEstimate:
    return PeopleEstimate(at_ms=T0, odds=PeopleOdds(count), **more)  # type: ignore[arg-type]


def reasons(corrections: Iterable[CountCorrection]) -> list[str]:
    return [each.reason.value for each in corrections]


def test_entries_and_exits_count_for_the_day() -> None:
    crowd, corrections = finish_bucket(PeopleEstimate(at_ms=T0), bucket(1, 1, 1, -1), BLIND)
    assert number_to_show(crowd.odds) == 2
    assert (crowd.today.entries, crowd.today.exits, crowd.at_ms) == (3, 1, T0 + BUCKET_MS)
    assert corrections == []


def test_more_exits_than_people_are_corrected_to_zero() -> None:
    crowd, corrections = finish_bucket(inside(1), bucket(-1, -1, -1), WATCHED)
    assert number_to_show(crowd.odds) == 0
    assert corrections == [CountCorrection(CorrectionReason.NEGATIVE, -2, 0)]


def test_people_detected_for_five_minutes_are_inside() -> None:
    crowd, corrections = finish_bucket(inside(2), bucket(seen=[SeenPeopleStep(T0, 5, True, None, None)]), WATCHED)
    assert number_to_show(crowd.odds) == 5
    assert corrections == [CountCorrection(CorrectionReason.SEEN, 2, 5)]


def test_people_who_just_left_may_still_be_shown_as_detected() -> None:
    crowd, corrections = finish_bucket(inside(5), bucket(-1, seen=[SeenPeopleStep(T0, 5, True, None, None)]), WATCHED)
    assert number_to_show(crowd.odds) == 4
    assert corrections == []


def test_a_space_that_is_away_in_between_counts_as_one_person() -> None:
    away = SeenPeopleStep(T0 + MINUTE, 0, True, None, T0 + MINUTE)
    flickering = [SeenPeopleStep(T0, 1, True, None, None), away, SeenPeopleStep(T0 + 3 * MINUTE, 1, True, None, None)]
    crowd, _ = finish_bucket(inside(0), bucket(seen=flickering), BLIND)
    assert number_to_show(crowd.odds) == 1


def test_who_left_just_before_five_minutes_is_not_detected_in_them() -> None:
    held = [SeenPeopleStep(T0, 1, True, None, None), SeenPeopleStep(T0 + 2 * MINUTE, 0, True, None, T0 + 2 * MINUTE)]
    crowd, corrections = finish_bucket(inside(0, last_crossing_ms=T0 - 1), bucket(seen=held), WATCHED)
    assert (number_to_show(crowd.odds), corrections) == (0, [])


def test_motion_in_an_empty_site_shows_one_person_at_once() -> None:
    corrections = build_people_count(inside(0), 1)
    assert (corrections.count, corrections.least, corrections.most) == (1, 1, 1)


BAD_SENSORS = QuietLearning(found=100, hidden_ms=1000 * MINUTE)


def test_a_quiet_site_with_quiet_doors_is_empty_after_ten_minutes() -> None:
    quiet = [SeenPeopleStep(T0, 0, False, 0, T0 - HOUR)]
    crowd, corrections = finish_bucket(inside(7, last_crossing_ms=T0 - 8 * MINUTE), bucket(seen=quiet), WATCHED)
    assert (crowd.odds, crowd.last_empty_ms) == (PeopleOdds(0), T0)
    assert corrections == [CountCorrection(CorrectionReason.QUIET, 7, 0)]
    recent, _ = finish_bucket(inside(7, last_crossing_ms=T0 - 4 * MINUTE), bucket(seen=quiet), WATCHED)
    assert number_to_show(recent.odds) == 7


def test_quiet_sensors_that_miss_people_do_not_empty_a_site() -> None:
    quiet = [SeenPeopleStep(T0, 0, False, 0, T0 - HOUR)]
    before = inside(7, last_crossing_ms=T0 - 30 * MINUTE, learned_quiet=BAD_SENSORS)
    crowd, corrections = finish_bucket(before, bucket(seen=quiet), WATCHED)
    assert (number_to_show(crowd.odds), corrections) == (7, [])


def test_sensors_that_never_detect_anybody_change_no_count() -> None:
    useless = QuietLearning(found=0, hidden_ms=100 * HOUR)
    odds = PeopleOdds(0, (0.6, 0.4))
    quiet = [SeenPeopleStep(T0, 0, False, 0, T0 - 10 * MINUTE)]
    watched, _ = finish_bucket(PeopleEstimate(T0, odds, learned_quiet=useless), bucket(seen=quiet), WATCHED)
    doors_alone, _ = finish_bucket(PeopleEstimate(T0, odds), bucket(), BLIND)
    assert number_to_show(watched.odds) == number_to_show(doors_alone.odds) == 1


def test_a_site_that_starts_quiet_is_known_to_be_empty_once() -> None:
    quiet = [SeenPeopleStep(T0, 0, False, 0, T0 - HOUR)]
    crowd, corrections = finish_bucket(PeopleEstimate(at_ms=T0), bucket(seen=quiet), WATCHED)
    assert (crowd.last_empty_ms, corrections) == (T0, [])
    later = [SeenPeopleStep(T0 + BUCKET_MS, 0, False, 0, T0 - HOUR)]
    assert finish_bucket(crowd, bucket(seen=later, from_ms=T0 + BUCKET_MS), WATCHED)[0].last_empty_ms == T0


def test_a_crossing_ends_the_quiet() -> None:
    quiet = [SeenPeopleStep(T0, 0, False, 0, T0 - HOUR)]
    crowd, _ = finish_bucket(inside(7, last_crossing_ms=T0 - 8 * MINUTE), bucket(1, seen=quiet), WATCHED)
    assert number_to_show(crowd.odds) == 8


def test_each_unknown_space_may_hide_one_person() -> None:
    quiet = [SeenPeopleStep(T0, 0, False, 2, T0 - HOUR)]
    crowd, _ = finish_bucket(inside(7), bucket(seen=quiet), WATCHED)
    assert number_to_show(crowd.odds) == 2
    assert crowd.last_empty_ms == 0, "that is no zero"


def test_a_site_with_unwatched_zones_must_be_quiet_for_an_hour() -> None:
    after = {}
    for quiet_min in (20, 70):
        quiet = [SeenPeopleStep(T0, 0, False, 0, T0 - quiet_min * MINUTE)]
        crowd, _ = finish_bucket(inside(7, last_crossing_ms=T0 - 70 * MINUTE), bucket(seen=quiet), BLIND)
        after[quiet_min] = number_to_show(crowd.odds)
    assert after == {20: 7, 70: 0}


def test_motion_before_the_entry_it_belongs_to_adds_nobody() -> None:
    away = SeenPeopleStep(T0, 0, True, None, T0)
    steps = [away, SeenPeopleStep(T0 + 3 * MINUTE, 1, True, None, None)]
    before = PeopleEstimate(T0, PeopleOdds(0, (0.9, 0.1)), last_crossing_ms=T0 - HOUR)
    crossing = DoorCrossing(T0 + 3 * MINUTE + 20_000, 1)
    entered, _ = finish_bucket(before, bucket(seen=steps)._replace(crossings=[crossing]), WATCHED)
    assert quantile(entered.odds, 0.5) == 1
    uncounted, _ = finish_bucket(before, bucket(seen=steps), WATCHED)
    assert uncounted.learned_quiet.found > 0.5 > entered.learned_quiet.found, "nobody came in, so somebody was inside"


def test_a_closed_site_is_empty_and_a_new_day_begins() -> None:
    context = CountingContext(DayTurn(8, T0, is_closed=True), is_fully_watched=False)
    crowd, corrections = finish_bucket(inside(9, today=DoorDay(7, 40, 31, HOUR)), bucket(), context)
    assert crowd.odds == PeopleOdds(0)
    assert crowd.last_empty_ms == T0
    assert (crowd.today, crowd.days) == (DoorDay(8), (DoorDay(7, 40, 31, HOUR),))
    assert corrections == [CountCorrection(CorrectionReason.CLOSED, 9, 0)]


def test_somebody_detected_in_a_closed_site_still_counts() -> None:
    context = CountingContext(DayTurn(8, T0, is_closed=True), is_fully_watched=False)
    crowd, _ = finish_bucket(inside(2), bucket(seen=[SeenPeopleStep(T0, 1, True, None, None)]), context)
    assert number_to_show(crowd.odds) >= 1
    assert crowd.last_empty_ms == 0


def test_a_site_that_never_closes_keeps_the_lower_end_of_its_range() -> None:
    crowd = PeopleEstimate(at_ms=T0, odds=PeopleOdds(4, (0.1, 0.2, 0.4, 0.2, 0.1)))
    after, corrections = finish_bucket(crowd, bucket(), BLIND._replace(day_turn=DayTurn(8, T0, is_closed=False)))
    assert (after.odds, after.last_empty_ms) == (PeopleOdds(4), 0)
    assert corrections == [CountCorrection(CorrectionReason.LEAST, 6, 4)]


def test_only_the_last_fourteen_days_teach() -> None:
    crowd = PeopleEstimate(at_ms=T0, today=DoorDay(0, 200, 180, HOUR))
    for day in range(1, 20):
        turn = CountingContext(DayTurn(day, T0, is_closed=True), is_fully_watched=False)
        crowd, _ = finish_bucket(crowd, bucket(), turn)
        crowd = PeopleEstimate(
            at_ms=T0, today=DoorDay(day, 200, 180, HOUR), days=crowd.days, learned_doors=crowd.learned_doors
        )
    assert [day.day for day in crowd.days] == list(range(5, 19))
    assert crowd.learned_doors.in_out_ratio == pytest.approx(200 / 180, rel=0.02)


def test_silent_doors_are_no_evidence_that_people_stay() -> None:
    phantoms = PeopleEstimate(at_ms=T0, odds=PeopleOdds(30, (0.1,) * 10))
    living, corrections = finish_bucket(phantoms, bucket(watched=True), BLIND)
    dead, nothing = finish_bucket(phantoms, bucket(watched=False), BLIND)
    assert number_to_show(living.odds) <= number_to_show(dead.odds)
    assert dead.odds == phantoms.odds
    assert nothing == []
    assert set(reasons(corrections)) <= {CorrectionReason.STILL}


HOURS = st.dictionaries(
    st.integers(0, 6),
    st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda hours: hours[0] < hours[1]),
)
SPANS = st.sampled_from(["2026-03-28", "2026-10-24", "2026-06-20"])
PASSING = st.lists(st.tuples(st.integers(0, 50 * HOUR), st.sampled_from([1, 1, -1])), max_size=80)
SEEING = st.lists(st.tuples(st.integers(0, 50 * HOUR), st.sampled_from(["quiet", "away", "seen", "mute"])), max_size=20)


def counted_days(
    hours: dict[int, tuple[int, int]], day: str, crossings: Iterable[DoorCrossing], seen: Sequence[SeenPeopleStep]
) -> list[tuple[PeopleEstimate, list[CountCorrection], CountingContext, PeopleBucket]]:
    """Return the estimate after each bucket of 50 hours, including a day of 23 or 25 hours."""
    plan = SitePlan(
        id="hall",
        name="Hall",
        time_zone=STOCKHOLM,
        floors=(),
        zones=(),
        spaces=(),
        red_days=RedDays.OPEN,
        opening_hours={weekday: (OpeningSpan(opens_min=a, closes_min=b),) for weekday, (a, b) in hours.items()},
    )
    begun = begins(day)
    turns, crowd, found = DayTurns(plan), PeopleEstimate(at_ms=begun), []
    for each in split_into_buckets(list(crossings), seen, (), begun, begun + 50 * HOUR):
        context = CountingContext(turns.find_turn(each.from_ms), is_fully_watched=True)
        crowd, corrections = finish_bucket(crowd, each, context)
        found.append((crowd, corrections, context, each))
    return found


def begins(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=STOCKHOLM).timestamp()) * 1000


def steps_of(begun: int, seeing: Iterable[tuple[int, str]]) -> list[SeenPeopleStep]:
    steps = [SeenPeopleStep(begun, 0, False, None, None)]
    for offset, what in sorted(seeing):
        at = begun + offset
        steps.append(
            {
                "quiet": SeenPeopleStep(at, 0, False, 0, at),
                "away": SeenPeopleStep(at, 0, True, None, at),
                "seen": SeenPeopleStep(at, 2, True, None, None),
                "mute": SeenPeopleStep(at, 0, False, None, None),
            }[what]
        )
    return steps


@given(hours=HOURS, day=SPANS, passing=PASSING, seeing=SEEING)
def test_any_history_has_valid_counts_ranges_and_corrections(
    hours: dict[int, tuple[int, int]], day: str, passing: list[tuple[int, int]], seeing: list[tuple[int, str]]
) -> None:
    begun = begins(day)
    crossings = [DoorCrossing(begun + offset, way) for offset, way in passing]
    found = counted_days(hours, day, crossings, steps_of(begun, seeing))
    for crowd, corrections, _, each in found:
        shown = build_people_count(crowd, each.seen_people_steps[-1].seen_people)
        assert 0 <= shown.least <= shown.count <= shown.most
        assert quantile(crowd.odds, 0.5) >= 0
        assert all(correction.before != correction.after >= 0 for correction in corrections)
    entries = sum(crossing.direction > 0 for crossing in crossings if crossing.at_ms < begun + 50 * HOUR)
    last = found[-1][0]
    assert sum(day.entries for day in (*last.days, last.today)) == entries, "no day doubles or loses anybody"
    known = [day.day for day in (*last.days, last.today)]
    assert known == sorted(set(known))


@given(hours=HOURS, day=SPANS, passing=PASSING, random=st.randoms(use_true_random=False))
def test_the_order_of_crossings_does_not_matter(
    hours: dict[int, tuple[int, int]], day: str, passing: list[tuple[int, int]], random: object
) -> None:
    begun = begins(day)
    crossings = [DoorCrossing(begun + offset, way) for offset, way in passing]
    shuffled = random.sample(crossings, len(crossings))  # type: ignore[attr-defined]
    steps = steps_of(begun, [])
    assert counted_days(hours, day, crossings, steps)[-1][0] == counted_days(hours, day, shuffled, steps)[-1][0]


@given(passing=PASSING, seeing=SEEING, at=st.lists(st.integers(0, BUCKET_MS), max_size=5))
def test_the_live_count_agrees_with_history_at_the_bucket_end(
    passing: list[tuple[int, int]], seeing: list[tuple[int, str]], at: list[int]
) -> None:
    crossings = [DoorCrossing(T0 + offset % BUCKET_MS, way) for offset, way in passing]
    seen = steps_of(T0, [(offset % BUCKET_MS, what) for offset, what in seeing])
    (whole,) = split_into_buckets(crossings, seen, {T0}, T0, T0 + BUCKET_MS)
    crowd = inside(3)
    ended, _ = advance_estimate(crowd, whole, WATCHED, T0 + BUCKET_MS)
    for offset in at:  # reading the count changes nothing
        advance_estimate(crowd, whole, WATCHED, T0 + offset)
    after, _ = finish_bucket(crowd, whole, WATCHED)
    assert (after.last_empty_ms, after.last_crossing_ms, after.today.entries) == (
        ended.last_empty_ms,
        ended.last_crossing_ms,
        ended.today.entries,
    )
    assert after.odds.least >= ended.odds.least


def test_more_crossings_give_a_wider_range() -> None:
    crowd, widths = PeopleEstimate(at_ms=T0), []
    for number in range(6):
        crowd, _ = finish_bucket(crowd, bucket(*[1] * 20, from_ms=T0 + number * BUCKET_MS), BLIND)
        corrections = build_people_count(crowd, 0)
        widths.append(corrections.most - corrections.least)
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_a_day_of_23_or_25_hours_is_one_day() -> None:
    for day in ("2026-03-28", "2026-10-24"):
        span = find_day_span(begins(day) + 12 * HOUR, STOCKHOLM)
        assert span.to_ms - span.from_ms in {23 * HOUR, 25 * HOUR}
        found = counted_days({}, day, [], steps_of(begins(day), []))
        turned = [each.from_ms for _, _, context, each in found if each.from_ms == context.day_turn.at_ms]
        assert len(turned) == len(set(turned)) == 2
