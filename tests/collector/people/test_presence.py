"""What the spaces say of the whole house, and that no dedicated space can be read from it."""

from hypothesis import given
from hypothesis import strategies as st

from collector.outward import Occupancy
from collector.people.presence import FEW, Presence, Seen
from collector.plan import Sensor, SensorKind, SitePlan, Space, SpaceKind, Tenure
from collector.use import Timeline
from tests.collector.room import HOUR, MINUTE, plan

T0 = 1_790_000_000_000
VACANT, OCCUPIED, AWAY, UNKNOWN = Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.AWAY, Occupancy.UNKNOWN


def space(name: str, zone: str = "loft", kind: SpaceKind = SpaceKind.DESK, tenure: Tenure = Tenure.SHARED) -> Space:
    return Space(id=name, name=name, kind=kind, zone=zone, x_m=1, y_m=1, tenure=tenure)


def house(*spaces: Space, zones: tuple[str, ...] = ("loft",)) -> SitePlan:
    sensors = [Sensor(device="pi", id=f"{each.id}-pir", kind=SensorKind.PIR, space=each.id) for each in spaces]
    return plan(*spaces, sensors=sensors, zones=zones)


def seen(site: SitePlan, **timelines: Timeline) -> list[Seen]:
    return Presence(site).steps(timelines, T0, T0 + HOUR)


def test_spaces_with_somebody_in_them_are_known() -> None:
    site = house(space("a"), space("b"), space("room", kind=SpaceKind.ROOM))
    (now,) = seen(site, a=[(T0 - 1, OCCUPIED)], b=[(T0 - 1, AWAY)], room=[(T0 - 1, OCCUPIED)])
    assert (now.known, now.taken, now.at_most) == (2, True, None)


def test_a_machine_that_works_is_nobody() -> None:
    site = house(space("a"), space("printer", kind=SpaceKind.EQUIPMENT))
    (now,) = seen(site, a=[(T0 - 1, VACANT)], printer=[(T0 - 1, OCCUPIED)])
    assert (now.known, now.taken, now.at_most) == (0, False, 0)


def test_a_quiet_house_says_how_many_spaces_cannot_vouch_and_since_when() -> None:
    site = house(space("a"), space("b"))
    (now,) = seen(site, a=[(T0 - MINUTE, VACANT)])
    assert now == Seen(T0, 0, False, 1, T0 - MINUTE)


def test_a_zone_that_cannot_vouch_leaves_the_house_unknown() -> None:
    site = house(space("a"), space("b", zone="cellar"), zones=("loft", "cellar"))
    (now,) = seen(site, a=[(T0 - MINUTE, VACANT)], b=[(T0 - MINUTE, UNKNOWN)])
    assert now.at_most is None


def test_a_house_is_watched_when_each_of_its_zones_is() -> None:
    assert Presence(house(space("a"))).everywhere
    assert not Presence(house(space("a"), zones=("loft", "kitchen"))).everywhere
    assert not Presence(plan(space("a"), sensors=[])).everywhere


def test_a_space_that_only_sound_watches_vouches_for_nothing_and_keeps_no_house_from_being_quiet() -> None:
    sensors = [
        Sensor(device="pi", id="pir", kind=SensorKind.PIR, space="a"),
        Sensor(device="pi", id="sound", kind=SensorKind.SOUND, space="b"),
    ]
    (now,) = seen(plan(space("a"), space("b"), sensors=sensors), a=[(T0 - 1, VACANT)], b=[(T0 - 1, UNKNOWN)])
    assert now.at_most == 0


def test_since_when_nobody_is_seen_is_when_the_last_of_the_away_went() -> None:
    site = house(space("a"), space("b"))
    steps = seen(
        site,
        a=[(T0 - MINUTE, OCCUPIED), (T0 + MINUTE, AWAY)],
        b=[(T0 - MINUTE, OCCUPIED), (T0 + 2 * MINUTE, AWAY)],
    )
    assert [(step.at_ms - T0, step.known, step.since_ms) for step in steps] == [
        (0, 2, None),
        (MINUTE, 1, None),
        (2 * MINUTE, 0, T0 + 2 * MINUTE),
    ]


@given(taken=st.integers(0, 14), count=st.integers(0, 14))
def test_of_dedicated_spaces_whole_fives_are_known_and_never_the_last_five(taken: int, count: int) -> None:
    taken = min(taken, count)
    site = house(space("shared"), *(space(f"own-{number}", tenure=Tenure.DEDICATED) for number in range(count)))
    timelines = {f"own-{number}": [(T0 - 1, OCCUPIED)] for number in range(taken)}
    (now,) = seen(site, **timelines)
    assert now.known % FEW == 0
    assert now.known <= min(taken, max(0, count - FEW))
    assert now.taken is (taken > 0)


STATES = st.sampled_from([VACANT, OCCUPIED, AWAY, UNKNOWN])
CHANGES = st.lists(st.tuples(st.integers(0, HOUR - 1), STATES), max_size=8, unique_by=lambda change: change[0])


@given(a=CHANGES, b=CHANGES, cut=st.integers(1, 11))
def test_a_span_cut_in_two_says_the_same_as_the_whole(
    a: list[tuple[int, Occupancy]], b: list[tuple[int, Occupancy]], cut: int
) -> None:
    presence = Presence(house(space("a"), space("b")))
    timelines = {name: story(changes) for name, changes in (("a", a), ("b", b))}
    middle = T0 + cut * 5 * MINUTE
    tails = {
        name: [change for change in timeline if change[0] >= middle or change == before[-1]]
        for name, timeline in timelines.items()
        for before in [[change for change in timeline if change[0] < middle] or [None]]
    }
    whole, late = presence.steps(timelines, T0, T0 + HOUR), presence.steps(tails, middle, T0 + HOUR)
    for at in range(middle, T0 + HOUR, MINUTE):
        assert at_moment(whole, at) == at_moment(late, at)


def story(changes: list[tuple[int, Occupancy]]) -> list[tuple[int, Occupancy]]:
    """As transitions are: each to another state."""
    told: list[tuple[int, Occupancy]] = []
    for at, state in sorted(changes):
        if state is not (told[-1][1] if told else UNKNOWN):
            told.append((T0 + at, state))
    return told


def at_moment(steps: list[Seen], at_ms: int) -> tuple[object, ...]:
    return [step for step in steps if step.at_ms <= at_ms][-1][1:]
