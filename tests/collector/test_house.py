"""A house: events of all its sensors in, changes, states and summaries out."""

import dataclasses
from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from collector.evidence import Evidence, Heard
from collector.house import MARK_MS, MARKS, House
from collector.outward import COARSE_MS, Air, AirBand, Health, Occupancy, People, Reason
from collector.people import Crossing, Crowd
from collector.people.odds import Odds
from collector.plan import WHOLE_SITE, Sensor, SensorKind, SitePlan, Space, SpaceKind, Tenure
from edge.message import Kind
from tests.collector.room import HOUR, MINUTE, NOON_MS, SECOND, beats, numbered, plan, pulse, says, sensor

DAY = 24 * HOUR


def a(space: str, kind: SpaceKind = SpaceKind.DESK, zone: str = "loft", **more: object) -> Space:
    return Space(id=space, name=space, kind=kind, zone=zone, x_m=1, y_m=1, **more)  # type: ignore[arg-type]


def pir(space: str) -> Sensor:
    return sensor(SensorKind.PIR, f"{space}-pir", space)


def small_house() -> SitePlan:
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
    """The same where every desk is shared, so that the air is nobody's."""
    shared = tuple(dataclasses.replace(space, tenure=Tenure.SHARED) for space in site.spaces)
    return dataclasses.replace(site, spaces=shared)


def no_past(_space: str, _above: Evidence) -> Sequence[Heard]:
    raise AssertionError("nothing was late")


def past_of(events: list[Heard]) -> Callable[[str, Evidence], Sequence[Heard]]:
    return lambda _space, above: [event for event in events if event.key > above.key]


def settled(house: House, *names: str) -> None:
    """An hour of quiet up to noon."""
    for name in names:
        house.take(numbered(beats(name, NOON_MS - HOUR, NOON_MS)), NOON_MS, no_past)
    house.tick(NOON_MS)
    house.states_to_tell(NOON_MS, NOON_MS)
    house.summaries_to_tell(NOON_MS)


def told_states(house: House, now_ms: int) -> dict[str, Occupancy]:
    return {space: state.state for space, state in house.states_to_tell(now_ms, now_ms)}


def test_everything_is_told_at_the_start_and_what_is_dedicated_never() -> None:
    house = House(small_house())
    assert told_states(house, NOON_MS) == {
        "desk": Occupancy.UNKNOWN,
        "other": Occupancy.UNKNOWN,
        "closed": Occupancy.DISABLED,
        "beans": Occupancy.UNKNOWN,
    }
    assert [name for name, _ in house.summaries_to_tell(NOON_MS)] == ["loft", "cellar", WHOLE_SITE]
    assert house.states_to_tell(NOON_MS, NOON_MS) == house.summaries_to_tell(NOON_MS) == []


def test_a_broker_that_forgot_is_told_everything_again() -> None:
    house = House(small_house())
    first = house.states_to_tell(NOON_MS, NOON_MS), house.summaries_to_tell(NOON_MS)
    house.tell_all()
    assert (house.states_to_tell(NOON_MS, NOON_MS), house.summaries_to_tell(NOON_MS)) == first


def test_a_motion_is_told_at_once_in_state_and_summaries() -> None:
    house = House(small_house())
    settled(house, "desk-pir", "other-pir")
    (change,) = house.take([says(NOON_MS, "desk-pir", Kind.MOTION, 1, 999)], NOON_MS, no_past)
    assert (change.space, change.refolded, [line.state for line in change.transitions]) == (
        "desk",
        False,
        [Occupancy.OCCUPIED],
    )
    ((space, state),) = house.states_to_tell(NOON_MS, NOON_MS)
    assert (space, state.state, state.because.reason) == ("desk", Occupancy.OCCUPIED, Reason.MOTION)
    summaries = dict(house.summaries_to_tell(NOON_MS))
    assert set(summaries) == {"loft", WHOLE_SITE}
    assert summaries["loft"].kinds[SpaceKind.DESK].taken == 1
    assert summaries[WHOLE_SITE].kinds[SpaceKind.DESK].capacity == 3  # the dedicated one is nobody's to count on


def test_newer_evidence_for_the_same_state_is_told_once_in_ten_seconds() -> None:
    house = House(small_house())
    settled(house, "desk-pir")
    house.take([says(NOON_MS, "desk-pir", Kind.MOTION, 1, 999)], NOON_MS, no_past)
    house.states_to_tell(NOON_MS, NOON_MS)
    told: list[int] = []
    for second in range(1, 31):
        now_ms = NOON_MS + second * SECOND
        house.take([says(now_ms, "desk-pir", Kind.MOTION, 1, 999 + second)], now_ms, no_past)
        if told_states(house, now_ms):
            told.append(second)
    assert told == [10, 20, 30]


def test_newer_evidence_in_a_house_in_fast_motion_is_told_once_in_a_second_of_the_screens() -> None:
    house = House(small_house())
    settled(house, "desk-pir")
    told: list[int] = []
    for tick in range(31):  # 100 ms each, in a house that goes 144 times as fast
        now_ms, screen_ms = NOON_MS + tick * 14_400, NOON_MS + tick * 100
        house.take([says(now_ms, "desk-pir", Kind.MOTION, 1, 999 + tick)], now_ms, no_past)
        if house.states_to_tell(now_ms, screen_ms):
            told.append(tick)
    assert told == [0, 10, 20, 30]


def test_a_lapse_is_told_when_it_is_due_and_once() -> None:
    house = House(small_house())
    settled(house, "desk-pir")
    assert house.tick(NOON_MS + 29 * SECOND) == []
    (change,) = house.tick(NOON_MS + 30 * SECOND)  # last heard half a minute before noon
    assert [line.state for line in change.transitions] == [Occupancy.UNKNOWN]
    assert house.tick(NOON_MS + HOUR) == []
    assert told_states(house, NOON_MS + 30 * SECOND) == {"desk": Occupancy.UNKNOWN}


def test_a_lapse_is_taken_back_by_an_event_that_was_on_its_way() -> None:
    house = House(small_house())
    settled(house, "desk-pir")
    house.tick(NOON_MS + 2 * MINUTE)
    late = numbered(beats("desk-pir", NOON_MS, NOON_MS + 2 * MINUTE))
    (change,) = house.take(late, NOON_MS + 2 * MINUTE, no_past)
    assert change.transitions == []
    assert change.from_ms == NOON_MS + 30 * SECOND
    assert not change.refolded
    assert told_states(house, NOON_MS + 2 * MINUTE) == {}


def test_a_change_begins_where_the_story_parts_from_what_was_told() -> None:
    house = House(small_house())
    settled(house, "desk-pir")
    house.tick(NOON_MS + HOUR)
    (change,) = house.take([says(NOON_MS + HOUR, "desk-pir", Kind.MOTION, 1, 999)], NOON_MS + HOUR, no_past)
    assert (change.from_ms, len(change.transitions)) == (NOON_MS + HOUR, 1)


def test_health_is_told_though_the_state_stays() -> None:
    house = House(plan(a("desk"), sensors=[pir("desk"), sensor(SensorKind.PRESSURE, "mat", "desk")]))
    quiet = [*beats("desk-pir", NOON_MS - HOUR, NOON_MS), *beats("mat", NOON_MS - HOUR, NOON_MS)]
    house.take(numbered([*quiet, *beats("mat", NOON_MS, NOON_MS + 20 * SECOND, 1)]), NOON_MS + 20 * SECOND, no_past)
    assert [state.health for _, state in house.states_to_tell(NOON_MS + 20 * SECOND, NOON_MS + 20 * SECOND)] == [
        Health.HEALTHY
    ]
    assert house.tick(NOON_MS + 29 * SECOND) == house.states_to_tell(NOON_MS + 29 * SECOND, NOON_MS + 29 * SECOND) == []
    assert house.tick(NOON_MS + 30 * SECOND) == []
    ((_, state),) = house.states_to_tell(NOON_MS + 30 * SECOND, NOON_MS + 30 * SECOND)
    assert (state.state, state.health) == (Occupancy.OCCUPIED, Health.DEGRADED)


def test_a_doubted_sensor_makes_its_space_degraded_and_changes_no_state() -> None:
    house = House(small_house())
    settled(house, "desk-pir", "other-pir")
    before = house.view("desk", NOON_MS)
    house.doubt({"desk", "own"})
    assert house.states_to_tell(NOON_MS, NOON_MS) == [("desk", replace(before, health=Health.DEGRADED))]
    house.doubt(set())
    assert house.states_to_tell(NOON_MS, NOON_MS) == [("desk", before)]


def test_a_silent_sensor_stays_offline_though_it_is_doubted() -> None:
    house = House(small_house())
    house.doubt({"desk"})
    assert house.view("desk", NOON_MS).health is Health.OFFLINE


def test_a_late_event_of_another_device_rewrites_only_what_came_after_it() -> None:
    house = House(plan(a("desk"), sensors=[pir("desk"), sensor(SensorKind.PIR, "far", "desk")]))
    events = numbered([*beats("desk-pir", NOON_MS, NOON_MS + HOUR), *beats("far", NOON_MS, NOON_MS + HOUR)])
    now_ms = NOON_MS + HOUR
    house.take(events, now_ms, no_past)
    late = [
        Heard(at.at_ms, at.device, "other", at.seq, at.sensor, at.kind, at.value)
        for at in pulse("far", NOON_MS + 30 * MINUTE)
    ]
    (change,) = house.take(late, now_ms, past_of(events + late))
    assert (change.refolded, change.from_ms) == (True, NOON_MS + 30 * MINUTE)
    assert [line.state for line in change.transitions] == [Occupancy.OCCUPIED, Occupancy.VACANT]


def test_a_late_event_asks_for_no_more_of_the_past_than_is_needed() -> None:
    house = House(plan(a("desk"), sensors=[pir("desk")]))
    events = numbered(beats("desk-pir", NOON_MS, NOON_MS + 2 * DAY))
    for begin in range(0, len(events), 10):
        house.take(events[begin : begin + 10], events[begin].at_ms, no_past)
    asked: list[int] = []

    def past(_space: str, above: Evidence) -> Sequence[Heard]:
        asked.append(above.at_ms)
        return past_of(events)(_space, above)

    newest_ms = events[-1].at_ms
    for minutes in (10, 100, 1000):
        late = Heard(newest_ms - minutes * MINUTE + 1, "pi", "other", minutes, "desk-pir", Kind.HEARTBEAT, 0)
        events.append(late)
        house.take([late], newest_ms, past)
    assert newest_ms - asked[0] <= 10 * MINUTE + 2 * MARK_MS
    assert newest_ms - asked[1] <= 100 * MINUTE + 2 * MARK_MS
    assert asked[2] == 0
    assert MARKS * MARK_MS < 1000 * MINUTE


def test_a_late_event_is_folded_from_the_checkpoint_where_the_rest_is_erased() -> None:
    house = House(plan(a("desk"), sensors=[pir("desk")]))
    events = numbered(beats("desk-pir", NOON_MS, NOON_MS + HOUR))
    house.take(events[:60], NOON_MS, no_past)
    checkpoint = house.evidence("desk")
    house.take(events[60:], NOON_MS, no_past)
    house.set_checkpoint("desk", checkpoint)
    late = Heard(NOON_MS + 5 * MINUTE + 1, "pi", "other", 1, "desk-pir", Kind.HEARTBEAT, 0)
    before = house.evidence("desk")
    (change,) = house.take([late], NOON_MS + HOUR, past_of([*events[60:], late]))
    assert change.from_ms == checkpoint.at_ms
    after = house.evidence("desk")  # the event is older than what is kept: it changes nothing any more
    assert replace(after, check_ms=0) == replace(before, check_ms=0)


def test_a_restored_house_shows_what_the_old_one_showed_and_tells_what_lapsed_meanwhile() -> None:
    site = small_house()
    old = House(site)
    settled(old, "desk-pir")
    old.take([says(NOON_MS, "beams", Kind.CROSSING, 1, 9999)], NOON_MS, no_past)
    old.take([says(NOON_MS, "air", Kind.CO2_PPM, 612, 9998)], NOON_MS, no_past)
    new = House(site)
    new.restore("desk", old.evidence("desk"))
    new.count_from(Crowd(), [Crossing(NOON_MS, 1)], {})
    new.restore_air("loft", old.air("loft"))
    assert new.view("desk", NOON_MS) == old.view("desk", NOON_MS)
    assert new.summary("loft", NOON_MS) == old.summary("loft", NOON_MS)
    assert new.site_summary(NOON_MS) == old.site_summary(NOON_MS)
    (change,) = new.tick(NOON_MS + HOUR)
    assert [line.state for line in change.transitions] == [Occupancy.UNKNOWN]


def test_what_left_the_plan_is_ignored() -> None:
    house = House(small_house())
    other = House(plan(a("attic"), sensors=[pir("attic")]))
    house.restore("attic", other.evidence("attic"))
    house.set_checkpoint("attic", other.evidence("attic"))
    house.restore_air("attic", house.air("loft"))
    assert house.take([says(NOON_MS, "attic-pir", Kind.MOTION, 1, 1)], NOON_MS, no_past) == []


def test_what_must_be_stored_is_named_once() -> None:
    house = House(common(small_house()))
    house.take(
        [
            says(NOON_MS, "own-pir", Kind.MOTION, 1, 1),
            says(NOON_MS, "beams", Kind.CROSSING, 1, 2),
            says(NOON_MS, "air", Kind.CO2_PPM, 612, 3),
        ],
        NOON_MS,
        no_past,
    )
    assert house.touched() == ({"own"}, {"loft"})
    assert house.touched() == (set(), set())


def test_a_dedicated_desk_is_inferred_and_told_to_nobody() -> None:
    house = House(small_house())
    settled(house)
    (change,) = house.take([says(NOON_MS, "own-pir", Kind.MOTION, 1, 1)], NOON_MS, no_past)
    assert (change.space, change.transitions[-1].state) == ("own", Occupancy.OCCUPIED)
    assert house.states_to_tell(NOON_MS, NOON_MS) == []
    assert house.summaries_to_tell(NOON_MS) == []


def test_a_crossing_moves_the_people_of_the_site_and_a_heartbeat_does_not() -> None:
    house = House(small_house())
    settled(house)
    assert house.site_summary(NOON_MS).people == People(count=0, least=0, most=0)
    events = [says(NOON_MS, "beams", Kind.CROSSING, 1, 1), says(NOON_MS + 1, "beams", Kind.HEARTBEAT, 1, 2)]
    house.take(events, NOON_MS, no_past)
    assert house.site_summary(NOON_MS).people == People(count=1, least=1, most=1)


def test_one_to_four_people_are_published_as_no_number() -> None:
    house = House(small_house())
    settled(house)
    published = []
    for number in range(1, 6):
        house.take([says(NOON_MS + number, "beams", Kind.CROSSING, 1, number)], NOON_MS, no_past)
        published += [summary.people for _, summary in house.summaries_to_tell(NOON_MS + number * SECOND)]
    assert published == [People(count=None, least=0, most=9), People(count=5, least=0, most=6)]


def test_a_space_that_fell_silent_is_published_anew_when_its_moments_are_72_hours_old() -> None:
    house = House(small_house())
    settled(house)
    house.take([says(NOON_MS + 1234, "desk-pir", Kind.MOTION, 1, 1)], NOON_MS + 1234, no_past)
    house.tick(NOON_MS + DAY)
    states = dict(house.states_to_tell(NOON_MS + DAY, NOON_MS + DAY))
    assert any(state.since_ms % COARSE_MS for state in states.values()), "there is something to hide"
    later_ms = NOON_MS + DAY
    for _ in range(3 * 288 + 2):
        later_ms += COARSE_MS
        house.tick(later_ms)
        states |= dict(house.states_to_tell(later_ms, later_ms))
    for state in states.values():
        moments = [state.since_ms, state.at_ms, state.because.at_ms, *(voice.at_ms for voice in state.voices)]
        assert not any(at_ms % COARSE_MS for at_ms in moments)
    assert house.states_to_tell(later_ms + COARSE_MS, later_ms + COARSE_MS) == []


def test_the_people_count_goes_on_from_where_history_has_come() -> None:
    house = House(small_house())
    house.take([says(NOON_MS, "beams", Kind.CROSSING, 1, 1)], NOON_MS, no_past)
    house.count_from(Crowd(at_ms=NOON_MS + 300_000, odds=Odds(7), zero_ms=NOON_MS - DAY), [], {})
    told = dict(house.summaries_to_tell(NOON_MS + 300_000))[WHOLE_SITE].people
    bucket_ms = (NOON_MS - DAY) // 300_000 * 300_000
    assert told == People(count=7, least=7, most=7, zero_ms=bucket_ms)


def test_air_around_one_members_desk_is_told_while_five_others_are_there() -> None:
    own, others = a("own", tenure=Tenure.DEDICATED), [a(f"desk-{number}") for number in range(6)]
    sensors = [sensor(SensorKind.AIR, "air", None, zone="loft"), *(pir(one.id) for one in others)]
    house = House(plan(own, *others, sensors=sensors, zones=("loft",)))
    house.take([says(NOON_MS, "air", Kind.CO2_PPM, 612, 1)], NOON_MS, no_past)
    for number in range(5):
        assert house.summary("loft", NOON_MS).air is None, "the member may be the only one who breathes"
        house.take([says(NOON_MS, f"desk-{number}-pir", Kind.MOTION, 1, number + 2)], NOON_MS, no_past)
    assert house.summary("loft", NOON_MS).air == Air(co2_ppm=612, band=AirBand.FRESH)


def test_air_is_told_until_its_sensor_falls_silent() -> None:
    house = House(common(small_house()))
    settled(house)
    house.take([says(NOON_MS, "air", Kind.CO2_PPM, 612, 1)], NOON_MS, no_past)
    assert dict(house.summaries_to_tell(NOON_MS))["loft"].air == Air(co2_ppm=612, band=AirBand.FRESH)
    assert house.summaries_to_tell(NOON_MS + 59 * SECOND) == []
    assert dict(house.summaries_to_tell(NOON_MS + 60 * SECOND))["loft"].air is None


@pytest.mark.parametrize("where", ["a zone of its own", "its own room"])
def test_the_air_of_one_members_own_office_is_told_to_nobody(where: str) -> None:
    office = a("office", SpaceKind.ROOM, tenure=Tenure.DEDICATED)
    lone = where == "a zone of its own"
    nose = sensor(SensorKind.AIR, "air", None if lone else "office", zone="loft")
    spaces = (office,) if lone else (office, *(a(f"desk-{number}") for number in range(9)))
    house = House(plan(*spaces, sensors=(nose,), zones=("loft",)))
    house.take([says(NOON_MS, "air", Kind.CO2_PPM, 1900, 1)], NOON_MS, no_past)
    assert dict(house.summaries_to_tell(NOON_MS))["loft"].air is None


def test_a_house_without_doors_says_nothing_of_people() -> None:
    assert House(plan(a("desk"), sensors=[])).site_summary(NOON_MS).people is None


def test_a_clock_that_is_set_back_ends_nothing() -> None:
    house = House(small_house())
    settled(house, "desk-pir")
    house.tick(NOON_MS + HOUR)
    house.states_to_tell(NOON_MS + HOUR, NOON_MS + HOUR)
    events = numbered(beats("desk-pir", NOON_MS, NOON_MS + MINUTE))
    (change,) = house.take(events, NOON_MS + MINUTE, no_past)
    assert change.transitions == []
    assert told_states(house, NOON_MS + MINUTE) == {"desk": Occupancy.VACANT}


def test_what_a_space_has_learnt_is_told_once_and_again_when_it_learns_and_of_dedicated_desks_never() -> None:
    house = House(small_house())
    assert [space for space, _ in house.tunings_to_tell()] == ["desk", "other"]
    assert house.tunings_to_tell() == []
    settled(house, "desk-pir", "own-pir")
    assert house.tunings_to_tell() == []
    for name in ("desk-pir", "own-pir"):  # seen, gone for ten minutes and a little more, and seen: it was a flip
        moves = [event for minute in (1, 1.5, 13) for event in pulse(name, NOON_MS + int(minute * MINUTE), SECOND)]
        quiet = beats(name, NOON_MS, NOON_MS + 13 * MINUTE)
        house.take([replace(event, seq=event.seq + 1000) for event in numbered(quiet + moves)], NOON_MS, no_past)
    ((space, told),) = house.tunings_to_tell()
    assert space == "desk"
    assert told.hold is not None
    assert told.hold.hold_ms > told.hold.start_ms
    house.tell_all()
    assert dict(house.tunings_to_tell())["desk"] == told


def test_what_a_space_has_learnt_is_taken_back_once_it_knows_nothing_more() -> None:
    """A machine's levels, when it has shown so many others that they are no longer clear."""
    machine = a("machine", SpaceKind.EQUIPMENT)
    house = House(plan(machine, sensors=[sensor(SensorKind.POWER, "power", "machine")]))
    assert house.tunings_to_tell() == []
    clear = [says(NOON_MS + n * MINUTE, "power", Kind.POWER_W, (5, 400)[n // 8 % 2]) for n in range(64)]
    house.take(numbered(clear), NOON_MS + HOUR, no_past)
    ((_, told),) = house.tunings_to_tell()
    assert told is not None
    between = [says(NOON_MS + (64 + n) * MINUTE, "power", Kind.POWER_W, 6 * 1.06 ** (n % 73)) for n in range(730)]
    house.take([replace(e, seq=e.seq + 1000) for e in numbered(between)], NOON_MS + 14 * HOUR, no_past)
    house.tick(NOON_MS + 15 * HOUR)
    assert house.tunings_to_tell() == [("machine", None)]


def test_a_state_that_lasts_keeps_no_moment_finer_than_five_minutes_beyond_72_hours() -> None:
    house = House(small_house())
    left_ms = NOON_MS + 123_457
    house.take(numbered(pulse("desk-pir", left_ms)), left_ms + 2 * SECOND, no_past)
    for day in range(4):
        begin_ms = left_ms + 3 * SECOND + day * 24 * HOUR
        house.take(numbered(beats("desk-pir", begin_ms, begin_ms + 24 * HOUR)), begin_ms + 24 * HOUR, no_past)
        now_ms = begin_ms + 24 * HOUR
        shown = house.view("desk", now_ms)
        assert shown.state is Occupancy.VACANT
        moments = [shown.since_ms, shown.because.at_ms, *(voice.at_ms for voice in shown.voices)]
        assert shown.since_ms < left_ms + HOUR, "the same state for days"
        assert all(at_ms % 300_000 == 0 for at_ms in moments if at_ms < now_ms - 72 * HOUR)
        assert (shown.since_ms % 300_000 == 0) is (day == 3)
