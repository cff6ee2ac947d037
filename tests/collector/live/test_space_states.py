"""SpaceStates: events of all sensors in; changes, states and summaries out."""

import dataclasses
from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from collector.contract.states import COARSE_STEP_MS, AirBand, Occupancy, PeopleCount, Reason, SpaceHealth, ZoneAir
from collector.live.space_states import MAX_SNAPSHOTS, SNAPSHOT_INTERVAL_MS, SpaceStates
from collector.occupancy.evidence import Evidence, StoredEvent
from collector.people.estimate import DoorCrossing, PeopleEstimate
from collector.people.odds import PeopleOdds
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Space, SpaceKind, Tenure
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from tests.support.collector.room import HOUR, MINUTE, NOON_MS, SECOND, beats, event_of, numbered, plan, pulse, sensor

DAY = 24 * HOUR


def a(space: str, kind: SpaceKind = SpaceKind.DESK, zone: str = "loft", **more: object) -> Space:
    return Space(id=space, name=space, kind=kind, zone=zone, x_m=1, y_m=1, **more)  # type: ignore[arg-type]


def pir(space: str) -> Sensor:
    return sensor(SensorKind.PIR, f"{space}-pir", space)


def small_site() -> SitePlan:
    spaces = (
        a("desk"),
        a("other", zone="cellar"),
        a("own", tenure=Tenure.DEDICATED),
        a("closed", disabled=True),
        a("beans", SpaceKind.SUPPLY),
    )
    sensors = (
        *(pir(space.id) for space in spaces[:4]),
        sensor(SensorKind.DISTANCE, "beans-level", "beans"),
        sensor(SensorKind.BEAM_PAIR, "beams", None, door="entrance"),
        sensor(SensorKind.AIR, "air", None, zone="loft"),
    )
    return plan(*spaces, sensors=sensors, zones=("loft", "cellar"), door="entrance")


def common(site: SitePlan) -> SitePlan:
    """Return the same plan with every desk shared, so that the air exposes nobody."""
    shared = tuple(dataclasses.replace(space, tenure=Tenure.SHARED) for space in site.spaces)
    return dataclasses.replace(site, spaces=shared)


def no_past(_space: str, _above: Evidence) -> Sequence[StoredEvent]:
    raise AssertionError("nothing was late")


def past_of(events: list[StoredEvent]) -> Callable[[str, Evidence], Sequence[StoredEvent]]:
    return lambda _space, above: [event for event in events if event.key > above.key]


def settled(site_states: SpaceStates, *names: str) -> None:
    """Apply an hour of quiet up to noon."""
    for name in names:
        site_states.apply_events(numbered(beats(name, NOON_MS - HOUR, NOON_MS)), NOON_MS, no_past)
    site_states.tick(NOON_MS)
    site_states.pop_changed_states(NOON_MS, NOON_MS)
    site_states.pop_changed_summaries(NOON_MS)


def published_states(site_states: SpaceStates, now_ms: int) -> dict[str, Occupancy]:
    return {space: state.state for space, state in site_states.pop_changed_states(now_ms, now_ms)}


def test_everything_is_published_at_start_except_dedicated_spaces() -> None:
    site_states = SpaceStates(small_site())
    assert published_states(site_states, NOON_MS) == {
        "desk": Occupancy.UNKNOWN,
        "other": Occupancy.UNKNOWN,
        "closed": Occupancy.DISABLED,
        "beans": Occupancy.UNKNOWN,
    }
    assert [name for name, _ in site_states.pop_changed_summaries(NOON_MS)] == ["loft", "cellar", WHOLE_SITE]
    assert site_states.pop_changed_states(NOON_MS, NOON_MS) == site_states.pop_changed_summaries(NOON_MS) == []


def test_everything_is_published_again_on_request() -> None:
    site_states = SpaceStates(small_site())
    first = site_states.pop_changed_states(NOON_MS, NOON_MS), site_states.pop_changed_summaries(NOON_MS)
    site_states.republish_all()
    assert (site_states.pop_changed_states(NOON_MS, NOON_MS), site_states.pop_changed_summaries(NOON_MS)) == first


def test_a_motion_is_published_at_once_in_state_and_summaries() -> None:
    site_states = SpaceStates(small_site())
    settled(site_states, "desk-pir", "other-pir")
    (change,) = site_states.apply_events([event_of(NOON_MS, "desk-pir", EventKind.MOTION, 1, 999)], NOON_MS, no_past)
    assert (change.space, change.refolded, [line.state for line in change.transitions]) == (
        "desk",
        False,
        [Occupancy.OCCUPIED],
    )
    ((space, state),) = site_states.pop_changed_states(NOON_MS, NOON_MS)
    assert (space, state.state, state.because.reason) == ("desk", Occupancy.OCCUPIED, Reason.MOTION)
    summaries = dict(site_states.pop_changed_summaries(NOON_MS))
    assert set(summaries) == {"loft", WHOLE_SITE}
    assert summaries["loft"].kinds[SpaceKind.DESK].taken == 1
    assert summaries[WHOLE_SITE].kinds[SpaceKind.DESK].capacity == 3  # without the dedicated one


def test_newer_evidence_for_the_same_state_is_published_every_ten_seconds() -> None:
    site_states = SpaceStates(small_site())
    settled(site_states, "desk-pir")
    site_states.apply_events([event_of(NOON_MS, "desk-pir", EventKind.MOTION, 1, 999)], NOON_MS, no_past)
    site_states.pop_changed_states(NOON_MS, NOON_MS)
    published: list[int] = []
    for second in range(1, 31):
        now_ms = NOON_MS + second * SECOND
        site_states.apply_events([event_of(now_ms, "desk-pir", EventKind.MOTION, 1, 999 + second)], now_ms, no_past)
        if published_states(site_states, now_ms):
            published.append(second)
    assert published == [10, 20, 30]


def test_newer_evidence_at_high_speed_is_published_once_per_real_second() -> None:
    site_states = SpaceStates(small_site())
    settled(site_states, "desk-pir")
    published: list[int] = []
    for tick in range(31):  # 100 ms each, at 144 times the normal speed
        now_ms, screen_ms = NOON_MS + tick * 14_400, NOON_MS + tick * 100
        site_states.apply_events([event_of(now_ms, "desk-pir", EventKind.MOTION, 1, 999 + tick)], now_ms, no_past)
        if site_states.pop_changed_states(now_ms, screen_ms):
            published.append(tick)
    assert published == [0, 10, 20, 30]


def test_a_lapse_is_reported_once_when_due() -> None:
    site_states = SpaceStates(small_site())
    settled(site_states, "desk-pir")
    assert site_states.tick(NOON_MS + 29 * SECOND) == []
    (change,) = site_states.tick(NOON_MS + 30 * SECOND)  # the newest event is half a minute before noon
    assert [line.state for line in change.transitions] == [Occupancy.UNKNOWN]
    assert site_states.tick(NOON_MS + HOUR) == []
    assert published_states(site_states, NOON_MS + 30 * SECOND) == {"desk": Occupancy.UNKNOWN}


def test_a_lapse_is_revoked_by_a_delayed_event() -> None:
    site_states = SpaceStates(small_site())
    settled(site_states, "desk-pir")
    site_states.tick(NOON_MS + 2 * MINUTE)
    late = numbered(beats("desk-pir", NOON_MS, NOON_MS + 2 * MINUTE))
    (change,) = site_states.apply_events(late, NOON_MS + 2 * MINUTE, no_past)
    assert change.transitions == []
    assert change.from_ms == NOON_MS + 30 * SECOND
    assert not change.refolded
    assert published_states(site_states, NOON_MS + 2 * MINUTE) == {}


def test_a_change_begins_at_the_first_difference_from_what_was_reported() -> None:
    site_states = SpaceStates(small_site())
    settled(site_states, "desk-pir")
    site_states.tick(NOON_MS + HOUR)
    (change,) = site_states.apply_events(
        [event_of(NOON_MS + HOUR, "desk-pir", EventKind.MOTION, 1, 999)], NOON_MS + HOUR, no_past
    )
    assert (change.from_ms, len(change.transitions)) == (NOON_MS + HOUR, 1)


def test_a_change_of_health_alone_is_published() -> None:
    site_states = SpaceStates(plan(a("desk"), sensors=[pir("desk"), sensor(SensorKind.PRESSURE, "mat", "desk")]))
    quiet = [*beats("desk-pir", NOON_MS - HOUR, NOON_MS), *beats("mat", NOON_MS - HOUR, NOON_MS)]
    site_states.apply_events(
        numbered([*quiet, *beats("mat", NOON_MS, NOON_MS + 20 * SECOND, 1)]), NOON_MS + 20 * SECOND, no_past
    )
    assert [
        state.health for _, state in site_states.pop_changed_states(NOON_MS + 20 * SECOND, NOON_MS + 20 * SECOND)
    ] == [SpaceHealth.HEALTHY]
    assert (
        site_states.tick(NOON_MS + 29 * SECOND)
        == site_states.pop_changed_states(NOON_MS + 29 * SECOND, NOON_MS + 29 * SECOND)
        == []
    )
    assert site_states.tick(NOON_MS + 30 * SECOND) == []
    ((_, state),) = site_states.pop_changed_states(NOON_MS + 30 * SECOND, NOON_MS + 30 * SECOND)
    assert (state.state, state.health) == (Occupancy.OCCUPIED, SpaceHealth.DEGRADED)


def test_a_finding_degrades_health_but_not_state() -> None:
    site_states = SpaceStates(small_site())
    settled(site_states, "desk-pir", "other-pir")
    before = site_states.get_state("desk", NOON_MS)
    site_states.set_degraded({"desk", "own"})
    assert site_states.pop_changed_states(NOON_MS, NOON_MS) == [("desk", replace(before, health=SpaceHealth.DEGRADED))]
    site_states.set_degraded(set())
    assert site_states.pop_changed_states(NOON_MS, NOON_MS) == [("desk", before)]


def test_a_silent_sensor_with_a_finding_stays_offline() -> None:
    site_states = SpaceStates(small_site())
    site_states.set_degraded({"desk"})
    assert site_states.get_state("desk", NOON_MS).health is SpaceHealth.OFFLINE


def test_a_late_event_of_another_device_rewrites_only_later_transitions() -> None:
    site_states = SpaceStates(plan(a("desk"), sensors=[pir("desk"), sensor(SensorKind.PIR, "far", "desk")]))
    events = numbered([*beats("desk-pir", NOON_MS, NOON_MS + HOUR), *beats("far", NOON_MS, NOON_MS + HOUR)])
    now_ms = NOON_MS + HOUR
    site_states.apply_events(events, now_ms, no_past)
    late = [
        StoredEvent(at.at_ms, at.device, "other", at.seq, at.sensor, at.kind, at.value)
        for at in pulse("far", NOON_MS + 30 * MINUTE)
    ]
    (change,) = site_states.apply_events(late, now_ms, past_of(events + late))
    assert (change.refolded, change.from_ms) == (True, NOON_MS + 30 * MINUTE)
    assert [line.state for line in change.transitions] == [Occupancy.OCCUPIED, Occupancy.VACANT]


def test_a_late_event_reads_no_more_stored_events_than_needed() -> None:
    site_states = SpaceStates(plan(a("desk"), sensors=[pir("desk")]))
    events = numbered(beats("desk-pir", NOON_MS, NOON_MS + 2 * DAY))
    for begin in range(0, len(events), 10):
        site_states.apply_events(events[begin : begin + 10], events[begin].at_ms, no_past)
    asked: list[int] = []

    def past(_space: str, above: Evidence) -> Sequence[StoredEvent]:
        asked.append(above.at_ms)
        return past_of(events)(_space, above)

    newest_ms = events[-1].at_ms
    for minutes in (10, 100, 1000):
        late = StoredEvent(newest_ms - minutes * MINUTE + 1, "pi", "other", minutes, "desk-pir", EventKind.HEARTBEAT, 0)
        events.append(late)
        site_states.apply_events([late], newest_ms, past)
    assert newest_ms - asked[0] <= 10 * MINUTE + 2 * SNAPSHOT_INTERVAL_MS
    assert newest_ms - asked[1] <= 100 * MINUTE + 2 * SNAPSHOT_INTERVAL_MS
    assert asked[2] == 0
    assert MAX_SNAPSHOTS * SNAPSHOT_INTERVAL_MS < 1000 * MINUTE


def test_a_late_event_is_folded_from_the_checkpoint() -> None:
    site_states = SpaceStates(plan(a("desk"), sensors=[pir("desk")]))
    events = numbered(beats("desk-pir", NOON_MS, NOON_MS + HOUR))
    site_states.apply_events(events[:60], NOON_MS, no_past)
    checkpoint = site_states.get_evidence("desk")
    site_states.apply_events(events[60:], NOON_MS, no_past)
    site_states.set_checkpoint("desk", checkpoint)
    late = StoredEvent(NOON_MS + 5 * MINUTE + 1, "pi", "other", 1, "desk-pir", EventKind.HEARTBEAT, 0)
    before = site_states.get_evidence("desk")
    (change,) = site_states.apply_events([late], NOON_MS + HOUR, past_of([*events[60:], late]))
    assert change.from_ms == checkpoint.at_ms
    after = site_states.get_evidence("desk")  # the event is older than what is kept, so it changes nothing
    assert replace(after, check_ms=0) == replace(before, check_ms=0)


def test_restored_states_are_unchanged_and_report_lapses_since() -> None:
    site = small_site()
    old = SpaceStates(site)
    settled(old, "desk-pir")
    old.apply_events([event_of(NOON_MS, "beams", EventKind.CROSSING, 1, 9999)], NOON_MS, no_past)
    old.apply_events([event_of(NOON_MS, "air", EventKind.CO2_PPM, 612, 9998)], NOON_MS, no_past)
    new = SpaceStates(site)
    new.restore_evidence("desk", old.get_evidence("desk"))
    new.start_counting(PeopleEstimate(), [DoorCrossing(NOON_MS, 1)], {})
    new.restore_air("loft", old.get_air("loft"))
    assert new.get_state("desk", NOON_MS) == old.get_state("desk", NOON_MS)
    assert new.get_zone_summary("loft", NOON_MS) == old.get_zone_summary("loft", NOON_MS)
    assert new.get_site_summary(NOON_MS) == old.get_site_summary(NOON_MS)
    (change,) = new.tick(NOON_MS + HOUR)
    assert [line.state for line in change.transitions] == [Occupancy.UNKNOWN]


def test_spaces_and_zones_outside_the_plan_are_ignored() -> None:
    site_states = SpaceStates(small_site())
    other = SpaceStates(plan(a("attic"), sensors=[pir("attic")]))
    site_states.restore_evidence("attic", other.get_evidence("attic"))
    site_states.set_checkpoint("attic", other.get_evidence("attic"))
    site_states.restore_air("attic", site_states.get_air("loft"))
    assert site_states.apply_events([event_of(NOON_MS, "attic-pir", EventKind.MOTION, 1, 1)], NOON_MS, no_past) == []


def test_changed_evidence_is_returned_once() -> None:
    site_states = SpaceStates(common(small_site()))
    site_states.apply_events(
        [
            event_of(NOON_MS, "own-pir", EventKind.MOTION, 1, 1),
            event_of(NOON_MS, "beams", EventKind.CROSSING, 1, 2),
            event_of(NOON_MS, "air", EventKind.CO2_PPM, 612, 3),
        ],
        NOON_MS,
        no_past,
    )
    assert site_states.pop_changed() == ({"own"}, {"loft"})
    assert site_states.pop_changed() == (set(), set())


def test_a_dedicated_desk_is_evaluated_but_not_published() -> None:
    site_states = SpaceStates(small_site())
    settled(site_states)
    (change,) = site_states.apply_events([event_of(NOON_MS, "own-pir", EventKind.MOTION, 1, 1)], NOON_MS, no_past)
    assert (change.space, change.transitions[-1].state) == ("own", Occupancy.OCCUPIED)
    assert site_states.pop_changed_states(NOON_MS, NOON_MS) == []
    assert site_states.pop_changed_summaries(NOON_MS) == []


def test_a_crossing_changes_the_people_count_and_a_heartbeat_does_not() -> None:
    site_states = SpaceStates(small_site())
    settled(site_states)
    assert site_states.get_site_summary(NOON_MS).people == PeopleCount(count=0, least=0, most=0)
    events = [
        event_of(NOON_MS, "beams", EventKind.CROSSING, 1, 1),
        event_of(NOON_MS + 1, "beams", EventKind.HEARTBEAT, 1, 2),
    ]
    site_states.apply_events(events, NOON_MS, no_past)
    assert site_states.get_site_summary(NOON_MS).people == PeopleCount(count=1, least=1, most=1)


def test_counts_of_one_to_four_people_are_not_published() -> None:
    site_states = SpaceStates(small_site())
    settled(site_states)
    published = []
    for number in range(1, 6):
        site_states.apply_events([event_of(NOON_MS + number, "beams", EventKind.CROSSING, 1, number)], NOON_MS, no_past)
        published += [summary.people for _, summary in site_states.pop_changed_summaries(NOON_MS + number * SECOND)]
    assert published == [PeopleCount(count=None, least=0, most=9), PeopleCount(count=5, least=0, most=6)]


def test_a_state_is_published_again_when_its_moments_are_72_hours_old() -> None:
    site_states = SpaceStates(small_site())
    settled(site_states)
    site_states.apply_events([event_of(NOON_MS + 1234, "desk-pir", EventKind.MOTION, 1, 1)], NOON_MS + 1234, no_past)
    site_states.tick(NOON_MS + DAY)
    states = dict(site_states.pop_changed_states(NOON_MS + DAY, NOON_MS + DAY))
    assert any(state.since_ms % COARSE_STEP_MS for state in states.values()), "there is something to hide"
    later_ms = NOON_MS + DAY
    for _ in range(3 * 288 + 2):
        later_ms += COARSE_STEP_MS
        site_states.tick(later_ms)
        states |= dict(site_states.pop_changed_states(later_ms, later_ms))
    for state in states.values():
        moments = [state.since_ms, state.at_ms, state.because.at_ms, *(other.at_ms for other in state.other_sensors)]
        assert not any(at_ms % COARSE_STEP_MS for at_ms in moments)
    assert site_states.pop_changed_states(later_ms + COARSE_STEP_MS, later_ms + COARSE_STEP_MS) == []


def test_the_people_count_continues_from_history() -> None:
    site_states = SpaceStates(small_site())
    site_states.apply_events([event_of(NOON_MS, "beams", EventKind.CROSSING, 1, 1)], NOON_MS, no_past)
    site_states.start_counting(
        PeopleEstimate(at_ms=NOON_MS + 300_000, odds=PeopleOdds(7), last_empty_ms=NOON_MS - DAY), [], {}
    )
    published = dict(site_states.pop_changed_summaries(NOON_MS + 300_000))[WHOLE_SITE].people
    bucket_ms = (NOON_MS - DAY) // 300_000 * 300_000
    assert published == PeopleCount(count=7, least=7, most=7, last_empty_ms=bucket_ms)


def test_air_near_a_dedicated_desk_is_published_while_five_others_are_present() -> None:
    own, others = a("own", tenure=Tenure.DEDICATED), [a(f"desk-{number}") for number in range(6)]
    sensors = [sensor(SensorKind.AIR, "air", None, zone="loft"), *(pir(one.id) for one in others)]
    site_states = SpaceStates(plan(own, *others, sensors=sensors, zones=("loft",)))
    site_states.apply_events([event_of(NOON_MS, "air", EventKind.CO2_PPM, 612, 1)], NOON_MS, no_past)
    for number in range(5):
        assert site_states.get_zone_summary("loft", NOON_MS).air is None, "the member may be the only one who breathes"
        site_states.apply_events(
            [event_of(NOON_MS, f"desk-{number}-pir", EventKind.MOTION, 1, number + 2)], NOON_MS, no_past
        )
    assert site_states.get_zone_summary("loft", NOON_MS).air == ZoneAir(co2_ppm=612, band=AirBand.FRESH)


def test_air_is_published_until_its_sensor_is_silent() -> None:
    site_states = SpaceStates(common(small_site()))
    settled(site_states)
    site_states.apply_events([event_of(NOON_MS, "air", EventKind.CO2_PPM, 612, 1)], NOON_MS, no_past)
    assert dict(site_states.pop_changed_summaries(NOON_MS))["loft"].air == ZoneAir(co2_ppm=612, band=AirBand.FRESH)
    assert site_states.pop_changed_summaries(NOON_MS + 59 * SECOND) == []
    assert dict(site_states.pop_changed_summaries(NOON_MS + 60 * SECOND))["loft"].air is None


@pytest.mark.parametrize("where", ["a zone of its own", "its own room"])
def test_the_air_of_a_dedicated_office_is_never_published(where: str) -> None:
    office = a("office", SpaceKind.ROOM, tenure=Tenure.DEDICATED)
    lone = where == "a zone of its own"
    nose = sensor(SensorKind.AIR, "air", None if lone else "office", zone="loft")
    spaces = (office,) if lone else (office, *(a(f"desk-{number}") for number in range(9)))
    site_states = SpaceStates(plan(*spaces, sensors=(nose,), zones=("loft",)))
    site_states.apply_events([event_of(NOON_MS, "air", EventKind.CO2_PPM, 1900, 1)], NOON_MS, no_past)
    assert dict(site_states.pop_changed_summaries(NOON_MS))["loft"].air is None


def test_a_site_without_doors_has_no_people_count() -> None:
    assert SpaceStates(plan(a("desk"), sensors=[])).get_site_summary(NOON_MS).people is None


def test_publishing_continues_after_the_clock_is_set_back() -> None:
    site_states = SpaceStates(small_site())
    settled(site_states, "desk-pir")
    site_states.tick(NOON_MS + HOUR)
    site_states.pop_changed_states(NOON_MS + HOUR, NOON_MS + HOUR)
    events = numbered(beats("desk-pir", NOON_MS, NOON_MS + MINUTE))
    (change,) = site_states.apply_events(events, NOON_MS + MINUTE, no_past)
    assert change.transitions == []
    assert published_states(site_states, NOON_MS + MINUTE) == {"desk": Occupancy.VACANT}


def test_learned_values_are_published_on_change_except_of_dedicated_desks() -> None:
    site_states = SpaceStates(small_site())
    assert [space for space, _ in site_states.pop_changed_tunings()] == ["desk", "other"]
    assert site_states.pop_changed_tunings() == []
    settled(site_states, "desk-pir", "own-pir")
    assert site_states.pop_changed_tunings() == []
    for name in ("desk-pir", "own-pir"):  # again and again quiet for just over ten minutes: flips
        minutes = [12 * n + part for n in range(130) for part in (1, 1.5)]
        moves = [event for minute in minutes for event in pulse(name, NOON_MS + int(minute * MINUTE), SECOND)]
        quiet = beats(name, NOON_MS, NOON_MS + 130 * 12 * MINUTE)
        site_states.apply_events(
            [replace(event, seq=event.seq + 1000) for event in numbered(quiet + moves)], NOON_MS, no_past
        )
    ((space, published),) = site_states.pop_changed_tunings()
    assert space == "desk"
    assert published.hold is not None
    assert published.hold.hold_ms > published.hold.start_ms
    site_states.republish_all()
    assert dict(site_states.pop_changed_tunings())["desk"] == published


def test_learned_values_are_withdrawn_when_no_longer_known() -> None:
    """The learned levels of a machine are dropped after many other readings make them unclear."""
    machine = a("machine", SpaceKind.EQUIPMENT)
    site_states = SpaceStates(plan(machine, sensors=[sensor(SensorKind.POWER, "power", "machine")]))
    assert site_states.pop_changed_tunings() == []
    step_ms = 30 * SECOND  # its heartbeat interval: a longer one would look like lost messages
    clear = [event_of(NOON_MS + n * step_ms, "power", EventKind.POWER_W, (5, 400)[n // 8 % 2]) for n in range(64)]
    site_states.apply_events(numbered(clear), NOON_MS + HOUR, no_past)
    ((_, published),) = site_states.pop_changed_tunings()
    assert published is not None
    between = [
        event_of(NOON_MS + (64 + n) * step_ms, "power", EventKind.POWER_W, 6 * 1.06 ** (n % 73)) for n in range(730)
    ]
    site_states.apply_events([replace(e, seq=e.seq + 1000) for e in numbered(between)], NOON_MS + 14 * HOUR, no_past)
    site_states.tick(NOON_MS + 15 * HOUR)
    assert site_states.pop_changed_tunings() == [("machine", None)]


@pytest.mark.parametrize("raw_hours", [72, 48])
def test_moments_older_than_the_retention_are_rounded_to_five_minutes(raw_hours: int) -> None:
    site_states = SpaceStates(small_site(), raw_hours * HOUR)
    left_ms = NOON_MS + 123_457
    site_states.apply_events(numbered(pulse("desk-pir", left_ms)), left_ms + 2 * SECOND, no_past)
    for day in range(4):
        begin_ms = left_ms + 3 * SECOND + day * 24 * HOUR
        site_states.apply_events(
            numbered(beats("desk-pir", begin_ms, begin_ms + 24 * HOUR)), begin_ms + 24 * HOUR, no_past
        )
        now_ms = begin_ms + 24 * HOUR
        shown = site_states.get_state("desk", now_ms)
        assert shown.state is Occupancy.VACANT
        moments = [shown.since_ms, shown.because.at_ms, *(other.at_ms for other in shown.other_sensors)]
        assert shown.since_ms < left_ms + HOUR, "the same state for days"
        assert all(at_ms % 300_000 == 0 for at_ms in moments if at_ms < now_ms - raw_hours * HOUR)
        assert (shown.since_ms % 300_000 == 0) is (day >= raw_hours // 24)
