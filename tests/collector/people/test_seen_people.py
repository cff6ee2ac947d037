"""Presence by the spaces of the whole site, without exposing any dedicated space."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract.states import Occupancy
from collector.occupancy.hourly_use import Timeline
from collector.people.seen_people import SeenPeople, SeenPeopleStep
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Space, SpaceKind, Tenure
from edge.contract.sensor_kinds import SensorKind
from tests.support.collector.room import HOUR, MINUTE, plan

T0 = 1_790_000_000_000
VACANT, OCCUPIED, AWAY, UNKNOWN = Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.AWAY, Occupancy.UNKNOWN


def space(name: str, zone: str = "loft", kind: SpaceKind = SpaceKind.DESK, tenure: Tenure = Tenure.SHARED) -> Space:
    return Space(id=name, name=name, kind=kind, zone=zone, x_m=1, y_m=1, tenure=tenure)


def site_of(*spaces: Space, zones: tuple[str, ...] = ("loft",)) -> SitePlan:
    sensors = [Sensor(device="pi", id=f"{each.id}-pir", kind=SensorKind.PIR, space=each.id) for each in spaces]
    return plan(*spaces, sensors=sensors, zones=zones)


def seen(site: SitePlan, **timelines: Timeline) -> list[SeenPeopleStep]:
    return SeenPeople(site).compute_steps(timelines, T0, T0 + HOUR)


def test_occupied_spaces_count_as_people() -> None:
    site = site_of(space("a"), space("b"), space("room", kind=SpaceKind.ROOM))
    (now,) = seen(site, a=[(T0 - 1, OCCUPIED)], b=[(T0 - 1, AWAY)], room=[(T0 - 1, OCCUPIED)])
    assert (now.seen_people, now.is_any_taken, now.max_people) == (2, True, None)


def test_a_machine_in_use_is_not_a_person() -> None:
    site = site_of(space("a"), space("printer", kind=SpaceKind.EQUIPMENT))
    (now,) = seen(site, a=[(T0 - 1, VACANT)], printer=[(T0 - 1, OCCUPIED)])
    assert (now.seen_people, now.is_any_taken, now.max_people) == (0, False, 0)


def test_a_quiet_site_has_its_unknown_spaces_and_its_start() -> None:
    site = site_of(space("a"), space("b"))
    (now,) = seen(site, a=[(T0 - MINUTE, VACANT)])
    assert now == SeenPeopleStep(T0, 0, False, 1, T0 - MINUTE)


def test_an_unknown_zone_makes_the_site_unknown() -> None:
    site = site_of(space("a"), space("b", zone="cellar"), zones=("loft", "cellar"))
    (now,) = seen(site, a=[(T0 - MINUTE, VACANT)], b=[(T0 - MINUTE, UNKNOWN)])
    assert now.max_people is None


def test_a_site_is_watched_if_each_of_its_zones_is() -> None:
    assert SeenPeople(site_of(space("a"))).covers_all_zones
    assert not SeenPeople(site_of(space("a"), zones=("loft", "kitchen"))).covers_all_zones
    assert not SeenPeople(plan(space("a"), sensors=[])).covers_all_zones


def test_a_space_with_only_sound_is_ignored() -> None:
    sensors = [
        Sensor(device="pi", id="pir", kind=SensorKind.PIR, space="a"),
        Sensor(device="pi", id="sound", kind=SensorKind.SOUND, space="b"),
    ]
    (now,) = seen(plan(space("a"), space("b"), sensors=sensors), a=[(T0 - 1, VACANT)], b=[(T0 - 1, UNKNOWN)])
    assert now.max_people == 0


def test_quiet_begins_when_the_last_space_became_away() -> None:
    site = site_of(space("a"), space("b"))
    steps = seen(
        site,
        a=[(T0 - MINUTE, OCCUPIED), (T0 + MINUTE, AWAY)],
        b=[(T0 - MINUTE, OCCUPIED), (T0 + 2 * MINUTE, AWAY)],
    )
    assert [(step.at_ms - T0, step.seen_people, step.quiet_since_ms) for step in steps] == [
        (0, 2, None),
        (MINUTE, 1, None),
        (2 * MINUTE, 0, T0 + 2 * MINUTE),
    ]


def test_away_spaces_are_taken_although_nobody_is_detected() -> None:
    (now,) = seen(site_of(space("a"), space("b")), a=[(T0 - MINUTE, AWAY)], b=[(T0 - 2 * MINUTE, AWAY)])
    assert now == SeenPeopleStep(T0, 0, True, None, T0 - MINUTE)


def test_a_change_at_the_end_of_a_span_belongs_to_the_next_span() -> None:
    (now,) = seen(site_of(space("a")), a=[(T0 - MINUTE, VACANT), (T0 + HOUR, OCCUPIED)])
    assert now == SeenPeopleStep(T0, 0, False, 0, T0 - MINUTE)


def test_simultaneous_changes_are_one_step() -> None:
    steps = seen(
        site_of(space("a"), space("b")),
        a=[(T0 - 1, OCCUPIED), (T0 + MINUTE, VACANT)],
        b=[(T0 - 1, VACANT), (T0 + MINUTE, OCCUPIED)],
    )
    assert [(step.at_ms, step.seen_people) for step in steps] == [(T0, 1)]


def test_a_change_that_does_not_affect_presence_is_no_step() -> None:
    steps = seen(site_of(space("a"), space("b")), a=[(T0 - 1, OCCUPIED)], b=[(T0 - 1, VACANT), (T0 + MINUTE, UNKNOWN)])
    assert [step.at_ms for step in steps] == [T0]


@given(taken=st.integers(0, 14), count=st.integers(0, 14))
def test_dedicated_spaces_count_in_fives_without_the_last_five(taken: int, count: int) -> None:
    taken = min(taken, count)
    site = site_of(space("shared"), *(space(f"own-{number}", tenure=Tenure.DEDICATED) for number in range(count)))
    timelines = {f"own-{number}": [(T0 - 1, OCCUPIED)] for number in range(taken)}
    (now,) = seen(site, **timelines)
    assert now.seen_people % 5 == 0
    assert now.seen_people <= min(taken, max(0, count - 5))
    assert now.is_any_taken is (taken > 0)


@pytest.mark.parametrize(
    ("taken", "count", "seen_people"), [(9, 9, 0), (10, 10, 5), (5, 10, 5), (4, 10, 0), (14, 14, 5)]
)
def test_dedicated_spaces_count_from_the_second_five(taken: int, count: int, seen_people: int) -> None:
    site = site_of(*(space(f"own-{number}", tenure=Tenure.DEDICATED) for number in range(count)))
    (now,) = seen(site, **{f"own-{number}": [(T0 - 1, OCCUPIED)] for number in range(taken)})
    assert now.seen_people == seen_people


STATES = st.sampled_from([VACANT, OCCUPIED, AWAY, UNKNOWN])
CHANGES = st.lists(st.tuples(st.integers(0, HOUR - 1), STATES), max_size=8, unique_by=lambda change: change[0])


@given(a=CHANGES, b=CHANGES, cut=st.integers(1, 11))
def test_a_divided_span_gives_the_same_steps(
    a: list[tuple[int, Occupancy]], b: list[tuple[int, Occupancy]], cut: int
) -> None:
    presence = SeenPeople(site_of(space("a"), space("b")))
    timelines = {name: story(changes) for name, changes in (("a", a), ("b", b))}
    middle = T0 + cut * 5 * MINUTE
    tails = {
        name: [change for change in timeline if change[0] >= middle or change == before[-1]]
        for name, timeline in timelines.items()
        for before in [[change for change in timeline if change[0] < middle] or [None]]
    }
    whole, late = presence.compute_steps(timelines, T0, T0 + HOUR), presence.compute_steps(tails, middle, T0 + HOUR)
    for at in range(middle, T0 + HOUR, MINUTE):
        assert at_moment(whole, at) == at_moment(late, at)


def story(changes: list[tuple[int, Occupancy]]) -> list[tuple[int, Occupancy]]:
    """Return transitions, each to another state."""
    transitions: list[tuple[int, Occupancy]] = []
    for at, state in sorted(changes):
        if state is not (transitions[-1][1] if transitions else UNKNOWN):
            transitions.append((T0 + at, state))
    return transitions


def at_moment(steps: list[SeenPeopleStep], at_ms: int) -> tuple[object, ...]:
    return [step for step in steps if step.at_ms <= at_ms][-1][1:]
