"""Stays: each counts once, on the day it ended, and unknown lengths are not estimated."""

from contextlib import closing
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract.states import TAKEN_STATES, Occupancy
from collector.history import tables
from collector.history.measures import STAYS
from collector.rollup.stay_rows import CUT_SHORT_FIELD, LONGEST_CLASS_MS, compute_stay_rows
from collector.site.spaces import SpaceKind, Tenure, Zone
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from tests.support.collector.rollup_journal import ROLLUP_PLAN, RollupJournal, build_space

MINUTE = 60_000
VACANT, OCCUPIED, AWAY, UNKNOWN = Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.AWAY, Occupancy.UNKNOWN
TAGS = ("loft", "desk")
ZONE = Zone(id="loft", name="Loft", floor="ground", x_m=0, y_m=0, width_m=9, depth_m=9)
DESKS = [build_space(f"desk-{number}") for number in range(1, 6)]
SITE = replace(ROLLUP_PLAN, zones=(ZONE,), spaces=(*DESKS, build_space("mine", tenure=Tenure.DEDICATED)))


def midnight(day):
    return round(datetime.fromisoformat(day).replace(tzinfo=ROLLUP_PLAN.time_zone).timestamp() * 1000)


DAY = midnight("2026-11-23")
NEXT = DAY + DAY_MS


def counted(*timelines):
    (row,) = compute_stay_rows(TAGS, timelines, DAY, NEXT)
    return dict(zip(STAYS.fields, row.fields, strict=True))


def stay_counts(**counts):
    return {name: float(counts.get(name, 0)) for name in STAYS.fields}


def test_a_stay_that_ends_at_midnight_counts_for_the_new_day() -> None:
    stay = [(DAY - DAY_MS, VACANT), (DAY - HOUR_MS, OCCUPIED), (DAY, VACANT)]
    assert counted(stay) == stay_counts(under_2_h=1)
    later = [(at_ms + DAY_MS, state) for at_ms, state in stay]
    assert counted(later) == stay_counts()


@pytest.mark.parametrize(
    ("length_ms", "name"),
    [
        (1, "under_15_min"),
        (15 * MINUTE - 1, "under_15_min"),
        (15 * MINUTE, "under_30_min"),
        (30 * MINUTE, "under_1_h"),
        (HOUR_MS, "under_2_h"),
        (2 * HOUR_MS, "under_4_h"),
        (8 * HOUR_MS - 1, "under_8_h"),
        (8 * HOUR_MS, "longer"),
        (14 * HOUR_MS, "longer"),
    ],
)
def test_a_stay_counts_in_the_class_of_its_length(length_ms, name):
    start = DAY + 6 * HOUR_MS
    assert counted([(DAY, VACANT), (start, OCCUPIED), (start + length_ms, VACANT)]) == stay_counts(**{name: 1})


def test_away_is_part_of_a_stay():
    timeline = [(DAY, VACANT), (DAY + HOUR_MS, OCCUPIED), (DAY + 2 * HOUR_MS, AWAY), (DAY + 2 * HOUR_MS + 5, VACANT)]
    assert counted(timeline) == stay_counts(under_2_h=1)


def test_a_stay_counts_once_on_the_day_it_ends():
    timeline = [(DAY - 2 * DAY_MS, VACANT), (DAY - HOUR_MS, OCCUPIED), (DAY + MINUTE, VACANT)]
    assert counted(timeline) == stay_counts(under_2_h=1)
    (before,) = compute_stay_rows(TAGS, [timeline], DAY - DAY_MS, DAY)
    assert sum(before.fields) == 0


@pytest.mark.parametrize("unsure", [UNKNOWN, Occupancy.DISABLED])
def test_a_stay_cut_by_silence_has_no_length_unless_already_longest(unsure):
    seven = DAY + 7 * HOUR_MS
    assert counted([(DAY, unsure), (seven, OCCUPIED), (seven + MINUTE, VACANT)]) == stay_counts(cut_short=1)
    assert counted([(DAY, VACANT), (seven, OCCUPIED), (seven + MINUTE, unsure)]) == stay_counts(cut_short=1)
    assert counted([(DAY, unsure), (seven, OCCUPIED), (seven + LONGEST_CLASS_MS, unsure)]) == stay_counts(longer=1)


def test_an_unknown_day_has_no_row():
    assert compute_stay_rows(TAGS, [[], [(DAY - HOUR_MS, UNKNOWN)], [(NEXT, VACANT)]], DAY, NEXT) == []


STATES = st.sampled_from([VACANT, VACANT, OCCUPIED, OCCUPIED, AWAY, UNKNOWN])
TIMELINES = st.lists(
    st.dictionaries(st.integers(DAY - 2 * LONGEST_CLASS_MS, NEXT + HOUR_MS), STATES, max_size=25).map(
        lambda changes: sorted(changes.items())
    ),
    max_size=4,
)


@given(timelines=TIMELINES)
def test_every_ended_stay_counts_once_and_earlier_states_do_not_matter(timelines):
    rows = compute_stay_rows(TAGS, timelines, DAY, NEXT)
    ended = 0
    for timeline in timelines:
        state = UNKNOWN
        for at_ms, after in timeline:
            ended += state in TAKEN_STATES and after not in TAKEN_STATES and DAY <= at_ms < NEXT
            state = after
    assert sum(sum(row.fields) for row in rows) == ended
    short = [
        [
            (
                [change for change in timeline if change[0] <= DAY - LONGEST_CLASS_MS]
                or [(DAY - LONGEST_CLASS_MS, UNKNOWN)]
            )[-1]
        ]
        + [change for change in timeline if change[0] > DAY - LONGEST_CLASS_MS]
        for timeline in timelines
    ]
    cut = compute_stay_rows(TAGS, short, DAY, NEXT)
    assert [row.fields for row in cut] == [row.fields for row in rows]


# The rollup


def test_a_day_is_counted_when_over_and_only_for_offered_spaces():
    journal = RollupJournal(SITE)
    with closing(journal.db):
        for name in ("desk-1", "mine"):
            journal.became(name, DAY + HOUR_MS, "vacant")
            journal.became(name, DAY + 2 * HOUR_MS, "occupied")
            journal.became(name, DAY + 5 * HOUR_MS, "vacant")
        journal.settle(NEXT - 1)
        assert journal.rows(STAYS) == []
        journal.settle(NEXT)
        assert [(row.tags, row.at_ms) for row in journal.rows(STAYS)] == [(TAGS, DAY), (("site", "desk"), DAY)]
        assert {row.fields for row in journal.rows(STAYS)} == {tuple(stay_counts(under_4_h=1).values())}


def test_the_stays_of_a_zone_are_those_of_its_own_spaces_of_one_kind():
    hall = [build_space(f"hall-{number}", at="hall") for number in range(5)]
    rooms = [build_space(f"room-{number}", SpaceKind.ROOM) for number in range(5)]
    journal = RollupJournal(replace(SITE, zones=(ZONE, replace(ZONE, id="hall")), spaces=(*DESKS, *hall, *rooms)))
    with closing(journal.db):
        for number, name in enumerate(("desk-1", "hall-0", "room-0")):
            journal.became(name, DAY + HOUR_MS, "vacant")
            journal.became(name, DAY + 2 * HOUR_MS, "occupied")
            journal.became(name, DAY + (2 + 2**number) * HOUR_MS, "vacant")
        journal.settle(NEXT)
        stored = {row.tags: dict(zip(STAYS.fields, row.fields, strict=True)) for row in journal.rows(STAYS)}
    one_hour, two_hours, four_hours = {"under_2_h": 1}, {"under_4_h": 1}, {"under_8_h": 1}
    assert stored == {
        ("loft", "desk"): stay_counts(**one_hour),
        ("hall", "desk"): stay_counts(**two_hours),
        ("site", "desk"): stay_counts(**one_hour, **two_hours),
        ("loft", "room"): stay_counts(**four_hours),
        ("site", "room"): stay_counts(**four_hours),
    }


def test_stays_of_few_offered_desks_are_not_stored():
    few = replace(SITE, spaces=SITE.spaces[1:])
    journal = RollupJournal(few)
    with closing(journal.db):
        journal.became("desk-2", DAY, "occupied")
        journal.became("desk-2", DAY + HOUR_MS, "vacant")
        journal.settle(NEXT)
        assert journal.rows(STAYS) == []


def test_a_shared_booth_is_counted():
    booth = replace(SITE, spaces=(build_space("booth-1", SpaceKind.BOOTH),))
    journal = RollupJournal(booth)
    with closing(journal.db):
        journal.became("booth-1", DAY + HOUR_MS, "occupied")
        journal.became("booth-1", DAY + 2 * HOUR_MS, "vacant")
        journal.settle(NEXT)
        assert {row.fields[CUT_SHORT_FIELD] for row in journal.rows(STAYS)} == {1.0}


@pytest.mark.parametrize("horizon_ms", [DAY - LONGEST_CLASS_MS + 1, DAY, DAY + 2 * HOUR_MS, NEXT - 1])
def test_counts_of_a_half_erased_day_do_not_change(horizon_ms: int) -> None:
    journal = RollupJournal(SITE)
    with closing(journal.db):
        journal.add_event("air", DAY - DAY_MS, "co2_ppm", 450)  # kept, so that nothing is older than the stored events
        journal.became("desk-1", DAY - DAY_MS, "vacant")
        journal.became("desk-1", DAY - LONGEST_CLASS_MS, "occupied")
        journal.became("desk-1", NEXT - 2, "vacant")
        journal.settle(NEXT)
        before = journal.rows(STAYS)
        assert before[-1].fields[STAYS.fields.index("longer")] == 1.0
        journal.db.execute("DELETE FROM transition WHERE at_ms < ?", (horizon_ms,))
        journal.add_checkpoint("desk-1", horizon_ms, "vacant" if horizon_ms > NEXT - 2 else "occupied")
        journal.stale("desk-1", DAY)
        journal.settle(NEXT + HOUR_MS)
        assert journal.rows(STAYS) == before


def test_a_stay_that_began_in_the_erased_evening_before_keeps_its_length() -> None:
    journal = RollupJournal(SITE)
    with closing(journal.db):
        journal.became("desk-1", DAY - 3 * HOUR_MS, "vacant")
        journal.became("desk-1", DAY - 2 * HOUR_MS, "occupied")
        journal.became("desk-1", DAY + HOUR_MS, "vacant")
        journal.settle(NEXT)
        before = journal.rows(STAYS)
        assert before[-1].fields == tuple(stay_counts(under_4_h=1).values())
        horizon_ms = DAY - HOUR_MS
        journal.db.execute("DELETE FROM transition WHERE at_ms < ?", (horizon_ms,))
        journal.add_checkpoint("desk-1", horizon_ms, "occupied")
        journal.stale("desk-1", DAY)
        journal.settle(NEXT + HOUR_MS)
        assert journal.rows(STAYS) == before


def test_a_day_is_counted_again_when_all_that_it_needs_is_kept() -> None:
    """The window of a day begins `LONGEST_CLASS_MS` before it; only what is older is erased here."""
    journal = RollupJournal(SITE)
    with closing(journal.db):
        journal.became("desk-1", DAY - DAY_MS, "vacant")
        journal.became("desk-1", DAY + HOUR_MS, "occupied")
        journal.became("desk-1", DAY + 3 * HOUR_MS, "vacant")
        journal.settle(NEXT)
        window_ms = DAY - LONGEST_CLASS_MS
        journal.db.execute("DELETE FROM transition WHERE at_ms < ?", (window_ms,))
        journal.add_checkpoint("desk-1", window_ms, "vacant")
        journal.became("desk-1", DAY + 2 * HOUR_MS, "vacant")
        journal.settle(NEXT + HOUR_MS)
        counts = {row.fields for row in journal.rows(STAYS) if row.at_ms == DAY}
        assert counts == {tuple(stay_counts(under_2_h=1).values())}


def test_counts_of_erased_days_do_not_change():
    journal = RollupJournal(SITE)
    with closing(journal.db):
        journal.became("desk-1", DAY, "vacant")
        journal.became("desk-1", DAY + HOUR_MS, "occupied")
        journal.became("desk-1", DAY + 3 * HOUR_MS, "vacant")
        journal.settle(NEXT)
        before = journal.rows(STAYS)
        horizon_ms = DAY + 2 * HOUR_MS
        journal.db.execute("DELETE FROM transition WHERE at_ms < ?", (horizon_ms,))
        journal.add_checkpoint("desk-1", horizon_ms, "occupied")
        journal.stale("desk-1", DAY)
        journal.settle(NEXT + HOUR_MS)
        assert journal.rows(STAYS) == before


LATE_DATA = st.lists(
    st.tuples(
        st.sampled_from(["desk-1", "desk-2"]),
        st.integers(0, 50 * HOUR_MS),
        st.sampled_from(["vacant", "occupied", "away", "unknown"]),
    ),
    unique_by=lambda late_data: late_data[:2],
    max_size=20,
)


@given(late_data=LATE_DATA, random=st.randoms(use_true_random=False))
def test_any_delay_and_order_give_the_same_counts(late_data, random):
    begin, end = DAY - 10 * HOUR_MS, DAY + 2 * DAY_MS
    prompt, late = RollupJournal(SITE), RollupJournal(SITE)
    with closing(prompt.db), closing(late.db):
        for name, offset_ms, state in sorted(late_data, key=lambda one: one[1]):
            prompt.settle(begin + offset_ms)
            prompt.became(name, begin + offset_ms, state)
        for name, offset_ms, state in random.sample(late_data, len(late_data)):
            late.settle(begin + offset_ms + random.randrange(20 * HOUR_MS))
            late.became(name, begin + offset_ms, state)
        prompt.settle(end)
        late.settle(end + DAY_MS)
        stored = [[row for row in journal.rows(STAYS) if row.at_ms < end] for journal in (prompt, late)]
        assert repr(stored[0]) == repr(stored[1])


def test_the_query_for_one_series_uses_its_index():
    journal = RollupJournal(SITE)
    with closing(journal.db):
        journal.became("desk-1", DAY, "vacant")
        journal.settle(NEXT)
        assert [row.at_ms for row in tables.read_rows(journal.db, STAYS, TAGS, DAY, NEXT)] == [DAY]
