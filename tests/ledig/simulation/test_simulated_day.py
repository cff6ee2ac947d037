"""Simulated people are in one place at a time, and a seed always gives the same day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import SpaceKind, Tenure
from edge.contract.sensor_kinds import SensorKind
from ledig.simulation.signals import SensorSignal, compute_signals, occupied_spans
from ledig.simulation.simulated_day import PASSAGE_GAP_MS, SimulatedDay, simulate_day
from ledig.site.site_file import read_site_file

PLAN: SitePlan = read_site_file(Path(__file__).parents[3] / "ledig" / "example.toml").plan
MONDAY = date(2026, 11, 23)

days = st.builds(simulate_day, st.just(PLAN), st.dates(date(2024, 1, 1), date(2030, 12, 31)), st.integers(0, 1000))


@given(days)
def test_nobody_is_in_two_places(simulated: SimulatedDay) -> None:
    for person in {stay.person for stay in simulated.stays}:
        own = sorted(stay for stay in simulated.stays if stay.person == person)
        assert all(stay.from_ms < stay.to_ms for stay in own)
        assert all(earlier.to_ms <= later.from_ms for earlier, later in pairwise(own))


@given(days)
def test_desks_booths_and_machines_have_one_person_at_a_time(simulated: SimulatedDay) -> None:
    for space in PLAN.spaces:
        if space.kind is not SpaceKind.ROOM:
            own = sorted(stay for stay in simulated.stays if stay.space == space.id)
            assert all(earlier.to_ms <= later.from_ms for earlier, later in pairwise(own))


@given(days)
def test_everybody_enters_and_leaves_and_stays_only_in_between(simulated: SimulatedDay) -> None:
    assert sum(passage.direction for passage in simulated.passages) == 0
    for person in {stay.person for stay in simulated.stays}:
        own = [passage for passage in simulated.passages if passage.person == person]
        assert [passage.direction for passage in own] == [1, -1] * (len(own) // 2)
        for stay in simulated.stays:
            if stay.person == person:
                ways = [passage.direction for passage in own if passage.at_ms <= stay.from_ms]
                later = [passage.at_ms for passage in own if passage.at_ms > stay.from_ms]
                assert sum(ways) == 1, "inside"
                assert stay.to_ms <= later[0], "until the next door"


@given(days)
def test_passages_are_far_enough_apart_for_the_door(simulated: SimulatedDay) -> None:
    assert all(later.at_ms - earlier.at_ms >= PASSAGE_GAP_MS for earlier, later in pairwise(simulated.passages))


@given(days)
def test_everybody_comes_and_goes_while_the_site_is_open(simulated: SimulatedDay) -> None:
    weekday = datetime.fromtimestamp(simulated.starts_ms / 1000, PLAN.time_zone).weekday()
    (hours,) = PLAN.opening_hours[weekday]
    shift_ms = simulated.ends_ms - simulated.starts_ms - 86_400_000  # the clocks change at night, before anybody comes
    for passage in simulated.passages:
        minute = (passage.at_ms - simulated.starts_ms - shift_ms) / 60_000
        assert hours.opens_min - 60 <= minute <= hours.closes_min + 60


def test_the_same_seed_gives_the_same_day() -> None:
    simulated = simulate_day(PLAN, MONDAY, 7)
    assert simulated == simulate_day(PLAN, MONDAY, 7)
    assert compute_signals(PLAN, simulated, 7) == compute_signals(PLAN, simulated, 7)
    assert simulated.stays != simulate_day(PLAN, MONDAY, 8).stays
    assert simulated.stays != simulate_day(PLAN, MONDAY + timedelta(days=1), 7).stays


def test_closed_site_stays_empty() -> None:
    plan = replace(PLAN, opening_hours={5: PLAN.opening_hours[5]})
    closed = simulate_day(plan, MONDAY, 1)
    assert (closed.stays, closed.passages, closed.machine_runs, closed.coffee_at_ms) == ((), (), (), ())
    assert {sign.at_ms for sign in compute_signals(plan, closed, 1) if sign.quantity == "motion"} == {closed.starts_ms}


@pytest.mark.parametrize("tenure", Tenure)
def test_distance_sensor_above_a_desk_measures_presence_whoever_may_use_the_desk(tenure: Tenure) -> None:
    desk = next(space for space in PLAN.spaces if space.kind is SpaceKind.DESK)
    sensor = Sensor(device="pi-1", id="above-it", kind=SensorKind.DISTANCE, space=desk.id)
    plan = replace(PLAN, spaces=(replace(desk, tenure=tenure),), sensors=(sensor,))
    assert {sign.quantity for sign in compute_signals(plan, simulate_day(PLAN, MONDAY, 1), 1)} == {"presence"}


def test_weekday_has_plausible_occupancy() -> None:
    simulated = simulate_day(PLAN, MONDAY, 1)
    at_half_past_ten = simulated.starts_ms + 630 * 60_000
    present = {stay.person for stay in simulated.stays if stay.from_ms <= at_half_past_ten < stay.to_ms}
    used = {PLAN.space_by_id[stay.space].kind for stay in simulated.stays}
    assert 12 <= len(present) <= 30
    assert used == {SpaceKind.DESK, SpaceKind.BOOTH, SpaceKind.ROOM, SpaceKind.EQUIPMENT}
    first = (simulated.passages[0].at_ms - simulated.starts_ms) / 60_000
    assert 7 * 60 <= first <= 7 * 60 + 8, "somebody comes soon after opening"


def by_sensor(simulated: SimulatedDay, sensor: tuple[str, str]) -> list[SensorSignal]:
    return [sign for sign in compute_signals(PLAN, simulated, 1) if sign.sensor == sensor]


@settings(max_examples=14)
@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_every_level_alternates_and_ends_low(on: date) -> None:
    simulated = simulate_day(PLAN, on, 1)
    levels: dict[tuple[str, str], list[float]] = {}
    for sign in compute_signals(PLAN, simulated, 1):
        if sign.quantity in {"motion", "pressure", "contact_open", "presence"}:
            levels.setdefault(sign.sensor, []).append(sign.value)
    for sensor, values in levels.items():
        assert all(earlier != later for earlier, later in pairwise(values)), sensor
        assert values[-1] == values[0], "as it was at midnight"


def signals_in_a_room(kind: SensorKind) -> tuple[SimulatedDay, list[tuple[SensorSignal, bool]]]:
    """Return the signals of an additional sensor in a room on a weekday, each with whether the room is occupied."""
    simulated = simulate_day(PLAN, MONDAY, 1)
    plan = replace(PLAN, sensors=(Sensor(device="pi-ateljen", id="more", kind=kind, space="skytteln"),))
    here = occupied_spans(simulated, "skytteln")
    found = [
        (sign, any(start <= sign.at_ms < end for start, end in here)) for sign in compute_signals(plan, simulated, 1)
    ]
    assert {is_occupied for _, is_occupied in found} == {True, False}
    return simulated, found


def test_light_radar_and_counter_follow_occupancy() -> None:
    for kind, above in ((SensorKind.LIGHT, 100.0), (SensorKind.PEOPLE, 0.5)):
        assert all((sign.value > above) is is_occupied for sign, is_occupied in signals_in_a_room(kind)[1]), kind
    _, radar = signals_in_a_room(SensorKind.PRESENCE)
    assert [sign.value for sign, _ in radar] == [0, *[1, 0] * (len(radar) // 2)]


def test_sound_is_loud_only_while_occupied_and_not_always() -> None:
    _, signals = signals_in_a_room(SensorKind.SOUND)
    loud = [is_occupied for sign, is_occupied in signals if sign.value > 45]
    assert all(loud)
    assert 0.2 < len(loud) / sum(is_occupied for _, is_occupied in signals) < 0.6


def test_people_move_about_once_a_minute() -> None:
    simulated = simulate_day(PLAN, MONDAY, 1)
    rises: dict[tuple[str, str], list[int]] = {}
    for sign in compute_signals(PLAN, simulated, 1):
        if sign.quantity == "motion" and sign.value:
            rises.setdefault(sign.sensor, []).append(sign.at_ms)
    pauses = [later - earlier for own in rises.values() for earlier, later in pairwise(own)]
    gaps = [pause for pause in pauses if pause < 15 * 60_000]  # longer: somebody was away
    assert 45_000 <= sorted(gaps)[len(gaps) // 2] <= 90_000


def test_air_follows_the_people_and_the_coffee_supply_sinks() -> None:
    simulated = simulate_day(PLAN, MONDAY, 1)
    air = [sign for sign in by_sensor(simulated, ("pi-vavsalen", "vavsalen-air")) if sign.quantity == "co2_ppm"]
    beans = [sign.value for sign in by_sensor(simulated, ("pi-entren", "bean-jar"))]
    noon = simulated.starts_ms + 12 * 3_600_000
    assert air[0].value < 450
    assert max(sign.value for sign in air) > 500
    assert next(sign.value for sign in air if sign.at_ms >= noon) > air[0].value + 60
    assert beans == sorted(beans, reverse=True)
    assert beans[0] - beans[-1] == pytest.approx(17, abs=0.2)


def test_day_of_23_hours_is_simulated() -> None:
    simulated = simulate_day(PLAN, date(2026, 3, 29), 1)
    assert simulated.ends_ms - simulated.starts_ms == 23 * 3_600_000
    assert simulated.starts_ms == int(datetime(2026, 3, 28, 23, tzinfo=UTC).timestamp() * 1000)
