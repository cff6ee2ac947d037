"""A zone's air: the newest readings of sensors that live."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from collector.air import AirState, air, breathe
from collector.evidence import Heard
from collector.outward import Air
from edge.message import Kind
from tests.collector.room import MINUTE, NOON_MS, SECOND, numbered, says

SILENT_MS = {("pi", "window"): 75 * SECOND, ("pi", "door"): 75 * SECOND}


def breathed(events: list[Heard]) -> AirState:
    state = AirState()
    for event in events:
        state = breathe(state, event)
    return state


EVENTS = numbered(
    [
        says(NOON_MS, "window", Kind.CO2_PPM, 600),
        says(NOON_MS, "window", Kind.TEMPERATURE_C, 21.5),
        says(NOON_MS + 10 * SECOND, "door", Kind.CO2_PPM, 700),
        says(NOON_MS + 30 * SECOND, "window", Kind.CO2_PPM, 650),
        says(NOON_MS + 60 * SECOND, "window", Kind.HEARTBEAT, 650),
    ]
)


def test_the_newest_reading_of_each_kind_stands() -> None:
    assert air(breathed(EVENTS), SILENT_MS, NOON_MS + MINUTE) == Air(co2_ppm=650, temperature_c=21.5)


def test_what_a_silent_sensor_said_is_too_old() -> None:
    state = breathed(EVENTS[:3])
    assert air(state, SILENT_MS, NOON_MS + 75 * SECOND) == Air(co2_ppm=700)
    assert air(state, SILENT_MS, NOON_MS + 85 * SECOND) is None


def test_a_heartbeat_keeps_the_readings_of_its_sensor() -> None:
    assert air(breathed(EVENTS), SILENT_MS, NOON_MS + 134 * SECOND) == Air(co2_ppm=650, temperature_c=21.5)
    assert air(breathed(EVENTS), SILENT_MS, NOON_MS + 135 * SECOND) is None


def test_a_zone_without_readings_has_no_air() -> None:
    assert air(AirState(), SILENT_MS, NOON_MS) is None


def test_a_sensor_that_left_the_plan_is_not_asked() -> None:
    assert air(breathed(EVENTS), {("pi", "door"): 75 * SECOND}, NOON_MS + MINUTE) == Air(co2_ppm=700)


@given(st.permutations(EVENTS))
def test_late_readings_end_in_the_same_air_in_any_order(events: list[Heard]) -> None:
    assert breathed(events) == breathed(EVENTS)


def test_the_air_survives_its_storing() -> None:
    state = breathed(EVENTS)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=AirState) == state
