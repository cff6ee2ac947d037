"""Invented people behave like people: one place at a time, in before out, the same day for the same seed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.plan import Sensor, SensorKind, SitePlan, SpaceKind
from ledig.simulation.people import APART_MS, Day, day
from ledig.simulation.signs import Sign, signs, spans
from ledig.site import read

PLAN: SitePlan = read(Path(__file__).parents[3] / "ledig" / "example.toml").plan
MONDAY = date(2026, 11, 23)

days = st.builds(day, st.just(PLAN), st.dates(date(2024, 1, 1), date(2030, 12, 31)), st.integers(0, 1000))


@given(days)
def test_nobody_is_in_two_places(made: Day) -> None:
    for person in {stay.person for stay in made.stays}:
        own = sorted(stay for stay in made.stays if stay.person == person)
        assert all(stay.from_ms < stay.to_ms for stay in own)
        assert all(earlier.to_ms <= later.from_ms for earlier, later in pairwise(own))


@given(days)
def test_a_desk_a_booth_and_a_machine_have_one_person_at_a_time(made: Day) -> None:
    for space in PLAN.spaces:
        if space.kind is not SpaceKind.ROOM:
            own = sorted(stay for stay in made.stays if stay.space == space.id)
            assert all(earlier.to_ms <= later.from_ms for earlier, later in pairwise(own))


@given(days)
def test_who_comes_in_goes_out_and_sits_only_in_between(made: Day) -> None:
    assert sum(passage.way for passage in made.passages) == 0
    for person in {stay.person for stay in made.stays}:
        own = [passage for passage in made.passages if passage.person == person]
        assert [passage.way for passage in own] == [1, -1] * (len(own) // 2)
        for stay in made.stays:
            if stay.person == person:
                ways = [passage.way for passage in own if passage.at_ms <= stay.from_ms]
                later = [passage.at_ms for passage in own if passage.at_ms > stay.from_ms]
                assert sum(ways) == 1, "in the house"
                assert stay.to_ms <= later[0], "until the next door"


@given(days)
def test_the_door_can_tell_them_apart(made: Day) -> None:
    assert all(later.at_ms - earlier.at_ms >= APART_MS for earlier, later in pairwise(made.passages))


@given(days)
def test_everybody_comes_and_goes_while_the_house_is_open(made: Day) -> None:
    weekday = datetime.fromtimestamp(made.starts_ms / 1000, PLAN.time_zone).weekday()
    (hours,) = PLAN.opening_hours[weekday]
    shift_ms = made.ends_ms - made.starts_ms - 86_400_000  # the clocks change at night, before anybody comes
    for passage in made.passages:
        minute = (passage.at_ms - made.starts_ms - shift_ms) / 60_000
        assert hours.opens_min - 60 <= minute <= hours.closes_min + 60


def test_the_same_seed_gives_the_same_day() -> None:
    made = day(PLAN, MONDAY, 7)
    assert made == day(PLAN, MONDAY, 7)
    assert signs(PLAN, made, 7) == signs(PLAN, made, 7)
    assert made.stays != day(PLAN, MONDAY, 8).stays
    assert made.stays != day(PLAN, MONDAY + timedelta(days=1), 7).stays


def test_a_closed_house_stays_empty() -> None:
    plan = replace(PLAN, opening_hours={5: PLAN.opening_hours[5]})
    closed = day(plan, MONDAY, 1)
    assert (closed.stays, closed.passages, closed.runs, closed.cups) == ((), (), (), ())
    assert {sign.at_ms for sign in signs(plan, closed, 1) if sign.part == "motion"} == {closed.starts_ms}


def test_a_weekday_looks_like_one() -> None:
    made = day(PLAN, MONDAY, 1)
    at_half_past_ten = made.starts_ms + 630 * 60_000
    present = {stay.person for stay in made.stays if stay.from_ms <= at_half_past_ten < stay.to_ms}
    used = {PLAN.space[stay.space].kind for stay in made.stays}
    assert 12 <= len(present) <= 30
    assert used == {SpaceKind.DESK, SpaceKind.BOOTH, SpaceKind.ROOM, SpaceKind.EQUIPMENT}
    first = (made.passages[0].at_ms - made.starts_ms) / 60_000
    assert 7 * 60 <= first <= 7 * 60 + 8, "somebody comes soon after opening"


def by_sensor(made: Day, sensor: tuple[str, str]) -> list[Sign]:
    return [sign for sign in signs(PLAN, made, 1) if sign.sensor == sensor]


@settings(max_examples=14)
@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_every_level_alternates_and_ends_low(on: date) -> None:
    made = day(PLAN, on, 1)
    levels: dict[tuple[str, str], list[float]] = {}
    for sign in signs(PLAN, made, 1):
        if sign.part in {"motion", "pressure", "contact_open", "presence"}:
            levels.setdefault(sign.sensor, []).append(sign.value)
    for sensor, values in levels.items():
        assert all(earlier != later for earlier, later in pairwise(values)), sensor
        assert values[-1] == values[0], "as it was at midnight"


def heard_in_a_room(kind: SensorKind) -> tuple[Day, list[tuple[Sign, bool]]]:
    """What one more sensor in a room notices of a weekday, each with whether somebody is there."""
    made = day(PLAN, MONDAY, 1)
    plan = replace(PLAN, sensors=(Sensor(device="pi-ateljen", id="more", kind=kind, space="skytteln"),))
    here = spans(made, "skytteln")
    found = [(sign, any(start <= sign.at_ms < end for start, end in here)) for sign in signs(plan, made, 1)]
    assert {there for _, there in found} == {True, False}
    return made, found


def test_light_a_radar_and_a_counter_tell_who_is_there() -> None:
    for kind, above in ((SensorKind.LIGHT, 100.0), (SensorKind.PEOPLE, 0.5)):
        assert all((sign.value > above) is there for sign, there in heard_in_a_room(kind)[1]), kind
    _, radar = heard_in_a_room(SensorKind.PRESENCE)
    assert [sign.value for sign, _ in radar] == [0, *[1, 0] * (len(radar) // 2)]


def test_sound_is_loud_only_beside_people_and_not_always_there() -> None:
    _, heard = heard_in_a_room(SensorKind.SOUND)
    loud = [there for sign, there in heard if sign.value > 45]
    assert all(loud)
    assert 0.2 < len(loud) / sum(there for _, there in heard) < 0.6


def test_people_move_about_once_a_minute() -> None:
    made = day(PLAN, MONDAY, 1)
    rises: dict[tuple[str, str], list[int]] = {}
    for sign in signs(PLAN, made, 1):
        if sign.part == "motion" and sign.value:
            rises.setdefault(sign.sensor, []).append(sign.at_ms)
    pauses = [later - earlier for own in rises.values() for earlier, later in pairwise(own)]
    gaps = [pause for pause in pauses if pause < 15 * 60_000]  # longer: somebody was away
    assert 45_000 <= sorted(gaps)[len(gaps) // 2] <= 90_000


def test_air_follows_the_people_and_beans_sink() -> None:
    made = day(PLAN, MONDAY, 1)
    air = [sign for sign in by_sensor(made, ("pi-vavsalen", "vavsalen-air")) if sign.part == "co2_ppm"]
    beans = [sign.value for sign in by_sensor(made, ("pi-entren", "bean-jar"))]
    noon = made.starts_ms + 12 * 3_600_000
    assert air[0].value < 450
    assert max(sign.value for sign in air) > 500
    assert next(sign.value for sign in air if sign.at_ms >= noon) > air[0].value + 60
    assert beans == sorted(beans, reverse=True)
    assert beans[0] - beans[-1] == pytest.approx(17, abs=0.2)


def test_a_day_of_23_hours_is_a_day() -> None:
    made = day(PLAN, date(2026, 3, 29), 1)
    assert made.ends_ms - made.starts_ms == 23 * 3_600_000
    assert made.starts_ms == int(datetime(2026, 3, 28, 23, tzinfo=UTC).timestamp() * 1000)
