"""Rollup: history is a function of the stored events, independent of when they came and how often it was computed."""

from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.history import tables
from collector.history.measures import (
    AIR_FIVE_MIN,
    MEASURES,
    PEOPLE_FIVE_MIN,
    SPACE_HOUR,
    ZONE_FIVE_MIN,
    ZONE_HOUR,
)
from collector.people.estimate import DoorCrossing
from collector.rollup.buckets import MAX_SLICE_MS, HistoryRollup
from collector.site.site_sensor import Sensor
from collector.site.spaces import SpaceKind, Tenure
from collector.store.journal_tables import JournalTables
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from tests.support.collector.rollup_journal import ROLLUP_PLAN, RollupJournal, build_space

T0 = 1_763_856_000_000
"""The start of an hour, UTC; 01:00 in Stockholm."""
MINUTE = 60_000
BUCKET = 5 * MINUTE


@pytest.fixture
def journal():
    made = RollupJournal()
    with closing(made.db):
        yield made


def test_a_bucket_is_written_only_when_it_is_over(journal):
    journal.became("desk-1", T0 + MINUTE, "vacant")
    journal.settle(T0 + BUCKET - 1)
    assert journal.rows(ZONE_FIVE_MIN) == []
    journal.settle(T0 + BUCKET)
    assert [(row.tags, row.at_ms) for row in journal.rows(ZONE_FIVE_MIN)] == [
        (("loft", "desk"), T0),
        (("site", "desk"), T0),
    ]
    assert journal.rows(SPACE_HOUR) == []
    journal.settle(T0 + HOUR_MS)
    assert [(row.tags, row.fields) for row in journal.rows(SPACE_HOUR)] == [(("desk-1",), (0.0, 3600.0, 0.0))]


@pytest.mark.parametrize("kind", [SpaceKind.DESK, SpaceKind.ROOM])
@pytest.mark.parametrize("others", range(4))
def test_history_does_not_depend_on_up_to_four_dedicated_spaces(kind, others):
    own = [build_space(f"own-{number}", kind, tenure=Tenure.DEDICATED) for number in range(1 + others)]
    far = [build_space(f"far-{number}", kind, tenure=Tenure.DEDICATED, at="hall") for number in range(4)]
    shared = [build_space(f"shared-{number}", kind) for number in range(6)]

    def published(state):
        journal = RollupJournal(replace(ROLLUP_PLAN, spaces=(*own, *shared, *far)))
        with closing(journal.db):
            for one in (*shared, *far):
                journal.became(one.id, T0, "vacant")
            for one in own:
                journal.became(one.id, T0, "vacant")
                journal.became(one.id, T0 + 7 * MINUTE, state)
            journal.settle(T0 + DAY_MS)
            return journal.history()

    assert published("occupied") == published("vacant")
    stored = {row.fields[:2] for row in published("vacant")["zone_five_min"]}
    assert stored == ({(6.0, 0.0)} if kind is SpaceKind.DESK else set())


@pytest.mark.parametrize(
    ("own", "shared", "published"),
    [(1, 0, False), (4, 0, False), (5, 0, True), (1, 1, False), (4, 4, False), (0, 4, False), (0, 5, True)],
)
def test_the_air_of_small_zones_is_not_in_history(own, shared, published):
    theirs = [build_space(f"own-{number}", tenure=Tenure.DEDICATED) for number in range(own)]
    journal = RollupJournal(
        replace(ROLLUP_PLAN, spaces=(*theirs, *(build_space(f"desk-{number}") for number in range(shared))))
    )
    with closing(journal.db):
        journal.add_event("air", T0, "co2_ppm", 900.0)
        journal.settle(T0 + BUCKET)
        assert bool(journal.rows(AIR_FIVE_MIN)) is published


def test_the_air_near_dedicated_desks_is_in_history_while_five_others_are_present(journal):
    theirs = build_space("mine", tenure=Tenure.DEDICATED)
    shared = [build_space(f"desk-{number}") for number in range(6)]
    journal.settlement = HistoryRollup(replace(ROLLUP_PLAN, spaces=(theirs, *shared)))
    for bucket in range(6):
        journal.add_event("air", T0 + bucket * BUCKET + 1, "co2_ppm", 900.0)
    for number in range(5):
        journal.became(f"desk-{number}", T0 + 2 * BUCKET, "occupied")
    journal.became("desk-0", T0 + 4 * BUCKET, "vacant")
    journal.settle(T0 + 6 * BUCKET)
    assert [row.at_ms for row in journal.rows(AIR_FIVE_MIN)] == [T0 + 2 * BUCKET, T0 + 3 * BUCKET]
    journal.became("desk-1", T0 + 3 * BUCKET, "vacant")  # late data
    journal.settle(T0 + 6 * BUCKET)
    assert [row.at_ms for row in journal.rows(AIR_FIVE_MIN)] == [T0 + 2 * BUCKET]


def test_the_air_of_a_dedicated_room_does_not_count_for_its_zone():
    sensors = tuple(replace(sensor, space="office") if sensor.id == "air" else sensor for sensor in ROLLUP_PLAN.sensors)
    office = build_space("office", SpaceKind.ROOM, tenure=Tenure.DEDICATED)
    journal = RollupJournal(replace(ROLLUP_PLAN, sensors=sensors, spaces=(*ROLLUP_PLAN.spaces, office)))
    with closing(journal.db):
        journal.add_event("air", T0, "co2_ppm", 900.0)
        journal.settle(T0 + BUCKET)
        assert journal.rows(AIR_FIVE_MIN) == []


def test_five_dedicated_desks_count_in_their_zone_without_hours_of_their_own():
    own = [build_space(f"own-{number}", tenure=Tenure.DEDICATED) for number in range(5)]
    journal = RollupJournal(replace(ROLLUP_PLAN, spaces=(*ROLLUP_PLAN.spaces, *own[1:])))
    with closing(journal.db):
        journal.became("mine", T0, "occupied")
        journal.settle(T0 + HOUR_MS)
        assert journal.rows(SPACE_HOUR) == []
        assert {row.fields for row in journal.rows(ZONE_FIVE_MIN)} == {(10.0, 2.5, 2.5, None, 9.0)}


def test_supplies_and_disabled_spaces_have_no_history(journal):
    journal.became("beans", T0, "stocked")
    journal.became("broken", T0, "vacant")
    journal.settle(T0 + HOUR_MS)
    assert journal.history() == {measure.name: [] for measure in MEASURES}


def test_no_rows_are_written_before_the_first_event(journal):
    journal.settle(T0)
    journal.became("desk-1", T0 + 2 * HOUR_MS, "vacant")
    journal.settle(T0 + 3 * HOUR_MS)
    assert [row.at_ms for row in journal.rows(SPACE_HOUR)] == [T0 + 2 * HOUR_MS]


def test_an_hour_is_computed_from_its_buckets_when_it_is_over(journal):
    for number in range(1, 6):
        journal.became(f"desk-{number}", T0, "vacant")
        journal.became(f"desk-{number}", T0 + (10 if number == 1 else 50) * MINUTE, "occupied")
    journal.settle(T0 + HOUR_MS - 1)
    assert journal.rows(ZONE_HOUR) == []
    journal.settle(T0 + HOUR_MS)
    (hour,) = (row for row in journal.rows(ZONE_HOUR) if row.tags == ("loft", "desk"))
    assert (hour.at_ms, hour.fields) == (T0, (12.0, 5.0, (8 * 2.5 + 2 * 5.0) / 12, 5.0, 0.0, 0.0, 2.0))


def test_computing_again_changes_nothing(journal):
    journal.became("desk-1", T0, "vacant")
    journal.settle(T0 + HOUR_MS)
    before = tables.read_identity(journal.db)
    journal.stale("desk-1", T0)
    journal.settle(T0 + HOUR_MS)
    assert tables.read_identity(journal.db) == before


def test_late_data_changes_its_buckets_and_hour(journal):
    journal.became("desk-1", T0, "vacant")
    journal.settle(T0 + 3 * HOUR_MS)
    journal.became("desk-1", T0 + 90 * MINUTE, "occupied")
    journal.settle(T0 + 3 * HOUR_MS)
    assert [row.fields[0] for row in journal.rows(SPACE_HOUR)] == [0.0, 3600.0, 3600.0]
    taken = [row.fields[1] for row in journal.rows(ZONE_FIVE_MIN) if row.tags == ("loft", "desk")]
    assert taken == [0.0] * 18 + [2.5] * 18


def test_late_data_is_computed_although_new_buckets_are_always_due(journal: RollupJournal):
    journal.became("desk-1", T0, "vacant")
    journal.settle(T0 + HOUR_MS)
    journal.became("desk-1", T0 + 30 * MINUTE, "occupied")
    assert not journal.settlement.compute_slice(JournalTables(journal.db), T0 + HOUR_MS + BUCKET)
    assert journal.rows(ZONE_FIVE_MIN)[-1].fields[1] == 2.5
    assert journal.rows(SPACE_HOUR)[0].fields == (3600.0, 0.0, 0.0)


def test_late_data_before_a_long_gap_is_computed_once(journal):
    journal.became("desk-1", T0, "vacant")
    journal.settle(T0 + HOUR_MS)
    journal.became("desk-1", T0 + 30 * MINUTE, "occupied")
    assert journal.settle(T0 + HOUR_MS + 4 * MAX_SLICE_MS) == 5
    assert journal.rows(SPACE_HOUR)[0].fields == (3600.0, 0.0, 0.0)


def test_one_call_computes_at_most_one_slice_of_new_and_late_data(journal: RollupJournal):
    journal.became("desk-1", T0, "vacant")
    journal.settle(T0 + MAX_SLICE_MS)
    journal.became("desk-1", T0, "occupied")
    end_ms = T0 + 2 * MAX_SLICE_MS - HOUR_MS
    assert journal.settlement.compute_slice(JournalTables(journal.db), end_ms)
    loft = [row.fields[1] for row in journal.rows(ZONE_FIVE_MIN) if row.tags[0] == "loft"]
    assert loft.count(0.0) == 12, "of four hours one is new, one recomputed, one not yet computed"
    assert not journal.settlement.compute_slice(JournalTables(journal.db), end_ms)


def test_people_and_air_ignore_events_with_a_wrong_clock(journal):
    shared = tuple(one for one in ROLLUP_PLAN.spaces if one.id != "mine")
    journal.settlement = HistoryRollup(replace(ROLLUP_PLAN, spaces=shared))
    journal.add_event("entrance", T0, "crossing", 1)
    journal.add_event("entrance", T0 + 1, "crossing", 1, synchronised=False)
    journal.add_event("entrance", T0 + BUCKET, "heartbeat", 0)
    journal.add_event("air", T0, "co2_ppm", 450.5)
    journal.settle(T0 + 2 * BUCKET)
    assert [row.fields for row in journal.rows(PEOPLE_FIVE_MIN)] == [
        (1.0, 0.0, 1.0, 1.0, 1.0, None),
        (0.0, 0.0, 1.0, 1.0, 1.0, None),
    ]
    assert [row.fields for row in journal.rows(AIR_FIVE_MIN)] == [(450.0, None, None)]


def test_a_late_crossing_counts_until_four_in_the_morning(journal):
    four_ms = T0 + 3 * HOUR_MS
    for at_ms in range(T0, T0 + 4 * HOUR_MS, BUCKET):
        journal.add_event("entrance", at_ms, "heartbeat", 0)
    journal.settle(T0 + 4 * HOUR_MS)
    journal.add_event("entrance", T0 + 1, "crossing", 1)
    journal.settle(T0 + 4 * HOUR_MS)
    people = {row.at_ms: row.fields[2] for row in journal.rows(PEOPLE_FIVE_MIN)}
    assert {count for at_ms, count in people.items() if at_ms < four_ms} == {1.0}
    assert {count for at_ms, count in people.items() if at_ms >= four_ms} == {0.0}


def test_rows_of_erased_events_do_not_change(journal):
    journal.became("desk-1", T0, "occupied")
    journal.add_event("air", T0 + HOUR_MS, "co2_ppm", 450)
    journal.settle(T0 + 4 * HOUR_MS)
    before = journal.history()
    horizon_ms = T0 + 2 * HOUR_MS + 1
    journal.db.execute("DELETE FROM transition WHERE at_ms < ?", (horizon_ms,))
    journal.db.execute("DELETE FROM event WHERE at_ms < ?", (horizon_ms,))
    journal.add_checkpoint("desk-1", horizon_ms, "occupied")
    journal.stale("desk-1", T0)
    journal.stale("loft", T0)
    journal.settle(T0 + 4 * HOUR_MS)
    assert journal.history() == before
    journal.settle(T0 + 5 * HOUR_MS)
    assert [row.fields[0] for row in journal.rows(SPACE_HOUR)] == [3600.0] * 5


@pytest.mark.parametrize(("erased_ms", "state"), [(1, "occupied"), (32 * MINUTE, "vacant")])
def test_a_half_erased_hour_and_bucket_do_not_change(journal, erased_ms, state):
    journal.add_event("air", T0, "co2_ppm", 450)  # kept, so that nothing is older than the stored events
    journal.became("desk-1", T0, "vacant")
    for number in range(2, 6):
        journal.became(f"desk-{number}", T0, "occupied")
    journal.became("desk-1", T0 + 2 * HOUR_MS, "occupied")
    journal.became("desk-1", T0 + 2 * HOUR_MS + 31 * MINUTE, "vacant")
    journal.settle(T0 + 4 * HOUR_MS)
    before = journal.history()
    assert {row.fields[0] for row in journal.rows(SPACE_HOUR) if row.tags == ("desk-1",)} == {0.0, 3600.0}
    horizon_ms = T0 + 2 * HOUR_MS + erased_ms
    journal.db.execute("DELETE FROM transition WHERE at_ms < ?", (horizon_ms,))
    journal.add_checkpoint("desk-1", horizon_ms, state)
    for number in range(2, 6):
        journal.add_checkpoint(f"desk-{number}", horizon_ms, "occupied")
    for number in range(1, 6):
        journal.stale(f"desk-{number}", T0)
    journal.settle(T0 + 4 * HOUR_MS)
    assert journal.history() == before


def test_staleness_from_time_zero_is_computed_from_the_first_event(journal):
    journal.settle(T0 + HOUR_MS)
    journal.became("desk-1", T0, "occupied")
    journal.stale("desk-1", 0)
    assert journal.settle(T0 + HOUR_MS) == 1
    assert [row.fields for row in journal.rows(SPACE_HOUR)] == [(3600.0, 0.0, 0.0)]


def test_a_checkpoint_of_an_unknown_state_begins_no_history(journal):
    journal.add_checkpoint("desk-1", T0, "unknown")
    journal.settle(T0)
    journal.settle(T0 + 2 * HOUR_MS)
    assert journal.history() == {measure.name: [] for measure in MEASURES}


def test_a_long_silence_stays_in_history_when_its_start_is_erased(journal):
    journal.became("desk-1", T0, "vacant")
    journal.became("desk-1", T0 + 10 * MINUTE, "unknown")
    journal.settle(T0 + 2 * HOUR_MS)
    journal.db.execute("DELETE FROM transition")
    journal.add_checkpoint("desk-1", T0 + 2 * HOUR_MS, "unknown")
    journal.settle(T0 + 4 * HOUR_MS)
    assert [row.fields[2] for row in journal.rows(SPACE_HOUR)] == [3600.0, 3600.0, 3600.0, 3600.0]


def test_a_series_begins_with_its_own_first_state_although_older_data_of_others_came_late(journal):
    journal.became("desk-1", T0 + 30 * MINUTE, "vacant")
    journal.settle(T0 + HOUR_MS)
    journal.became("desk-1", T0 + 10 * MINUTE, "occupied")
    journal.add_event("entrance", T0, "heartbeat", 0)
    journal.settle(T0 + HOUR_MS)
    assert min(row.at_ms for row in journal.rows(ZONE_FIVE_MIN)) == T0 + 10 * MINUTE


def test_the_live_start_is_the_end_of_history_and_everything_after_it(journal):
    sensor = Sensor(device="pi-1", id="pir", kind=SensorKind.PIR, space="desk-1")
    journal.settlement = HistoryRollup(replace(ROLLUP_PLAN, sensors=(*ROLLUP_PLAN.sensors, sensor)))
    journal.add_event("entrance", T0, "crossing", 1)
    journal.became("desk-1", T0, "occupied")
    journal.settle(T0 + BUCKET)
    journal.add_event("entrance", T0 + BUCKET, "crossing", -1)
    journal.became("desk-1", T0 + DAY_MS, "vacant")
    estimate, crossings, timelines = journal.settlement.read_live_start(JournalTables(journal.db))
    assert (estimate.at_ms, estimate.today.entries) == (T0 + BUCKET, 1)
    assert crossings == [DoorCrossing(T0 + BUCKET, -1)]
    assert timelines == {"desk-1": [(T0, "occupied"), (T0 + DAY_MS, "vacant")]}


def test_a_long_span_is_computed_in_slices(journal):
    journal.became("desk-1", T0, "vacant")
    journal.settle(T0 + HOUR_MS)
    assert journal.settle(T0 + HOUR_MS + 4 * MAX_SLICE_MS) == 4
    journal.stale("desk-1", T0)
    assert journal.settle(T0 + HOUR_MS + 4 * MAX_SLICE_MS) == 5
    assert journal.settle(T0 + HOUR_MS + 4 * MAX_SLICE_MS) == 1


LATE_DATA = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["desk-1", "desk-2", "mine"]),
            st.integers(0, 9 * HOUR_MS),
            st.sampled_from(["vacant", "occupied", "away", "unknown"]),
        ),
        st.tuples(st.just("entrance"), st.integers(0, 9 * HOUR_MS), st.sampled_from([-1, 0, 1])),
        st.tuples(st.just("air"), st.integers(0, 9 * HOUR_MS), st.floats(300, 2000)),
    ),
    unique_by=lambda late_data: late_data[:2],
    max_size=25,
)


def add_late_data(journal, late_data):
    subject, offset_ms, value = late_data
    if subject == "entrance":
        journal.add_event("entrance", T0 + offset_ms, "crossing", value)
    elif subject == "air":
        journal.add_event("air", T0 + offset_ms, "co2_ppm", value)
    else:
        journal.became(subject, T0 + offset_ms, value)


@given(late_data=LATE_DATA, random=st.randoms(use_true_random=False))
def test_any_delay_and_order_give_the_same_history(late_data, random):
    end_ms = T0 + 10 * HOUR_MS
    prompt, late = RollupJournal(), RollupJournal()
    with closing(prompt.db), closing(late.db):
        for item in sorted(late_data, key=lambda one: one[1]):
            add_late_data(prompt, item)
            prompt.settle(T0 + item[1])
        for item in random.sample(late_data, len(late_data)):
            late.settle(T0 + item[1] + random.randrange(10 * HOUR_MS))
            add_late_data(late, item)
        prompt.settle(end_ms)
        late.settle(max(end_ms, T0 + 20 * HOUR_MS))
        assert repr(cut(prompt.history(), end_ms)) == repr(cut(late.history(), end_ms))


def cut(history, end_ms):
    return {name: [row for row in rows if row.at_ms < end_ms] for name, rows in history.items()}
