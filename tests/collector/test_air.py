"""Air of a zone: newest readings of live sensors, band and trend."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from collector.air import SLOT_MS, SLOTS, AirState, air, band, breathe, trend
from collector.evidence import Heard
from collector.house import House
from collector.outward import Air, AirBand, Reason, Trend
from collector.plan import SensorKind, Space, SpaceKind
from edge.message import Kind
from tests.collector.room import HOUR, MINUTE, NOON_MS, SECOND, numbered, plan, says, sensor

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


def test_the_newest_reading_of_each_kind_is_shown() -> None:
    shown = air(breathed(EVENTS), SILENT_MS, NOON_MS + MINUTE)
    assert shown == Air(co2_ppm=650, temperature_c=21.5, band=AirBand.FRESH)


def test_readings_of_a_silent_sensor_are_not_shown() -> None:
    state = breathed(EVENTS[:3])
    assert air(state, SILENT_MS, NOON_MS + 75 * SECOND) == Air(co2_ppm=700, band=AirBand.FRESH)
    assert air(state, SILENT_MS, NOON_MS + 85 * SECOND) is None


def test_a_heartbeat_keeps_the_readings_of_its_sensor() -> None:
    shown = air(breathed(EVENTS), SILENT_MS, NOON_MS + 134 * SECOND)
    assert shown == Air(co2_ppm=650, temperature_c=21.5, band=AirBand.FRESH)
    assert air(breathed(EVENTS), SILENT_MS, NOON_MS + 135 * SECOND) is None


def test_a_zone_without_readings_has_no_air() -> None:
    assert air(AirState(), SILENT_MS, NOON_MS) is None


def test_a_sensor_outside_the_plan_is_ignored() -> None:
    shown = air(breathed(EVENTS), {("pi", "door"): 75 * SECOND}, NOON_MS + MINUTE)
    assert shown == Air(co2_ppm=700, band=AirBand.FRESH)


@given(st.permutations(EVENTS))
def test_readings_in_any_order_give_the_same_air(events: list[Heard]) -> None:
    assert breathed(events) == breathed(EVENTS)


@pytest.mark.parametrize(
    ("co2_ppm", "band_name"),
    [(420, "fresh"), (800, "fresh"), (801, "fair"), (1000, "fair"), (1400, "stale"), (1401, "bad"), (9000, "bad")],
)
def test_bands_change_at_800_1000_and_1400_ppm(co2_ppm: float, band_name: str) -> None:
    assert band(co2_ppm) == band_name


def course(ppm_per_h: float, every_ms: int, minutes: int = 30, from_ppm: float = 900) -> list[Heard]:
    """Create readings of one sensor for `minutes`."""
    return numbered(
        says(NOON_MS + at_ms, "window", Kind.CO2_PPM, from_ppm + ppm_per_h * at_ms / HOUR)
        for at_ms in range(0, minutes * MINUTE, every_ms)
    )


def shown_air(events: list[Heard]) -> Air:
    found = air(breathed(events), SILENT_MS, events[-1].at_ms)
    assert found is not None
    return found


@given(
    ppm_per_h=st.sampled_from([-600, -300, -40, 0, 40, 300, 600]),
    every_ms=st.sampled_from([10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 4 * MINUTE]),
    noise=st.lists(st.integers(-10, 10), min_size=200, max_size=200),
)
def test_a_trend_is_found_at_any_reporting_rate_and_despite_noise(
    ppm_per_h: int, every_ms: int, noise: list[int]
) -> None:
    events = [
        replace(event, value=event.value + some)
        for event, some in zip(course(ppm_per_h, every_ms), noise, strict=False)
    ]
    expected = Trend.RISING if ppm_per_h > 150 else Trend.FALLING if ppm_per_h < -150 else Trend.STEADY
    assert shown_air(events).trend is expected


@given(
    ppm_per_h=st.sampled_from([-600, 0, 600]),
    every_ms=st.sampled_from([30 * SECOND, 2 * MINUTE]),
    place=st.integers(0, 14),
    wrong_ppm=st.floats(0, 100_000),
)
def test_one_wrong_reading_changes_neither_band_nor_trend(
    ppm_per_h: int, every_ms: int, place: int, wrong_ppm: float
) -> None:
    events = course(ppm_per_h, every_ms, from_ppm=1200)
    place = len(events) - 1 - place
    wrong = [*events[:place], replace(events[place], value=wrong_ppm), *events[place + 1 :]]
    one, other = shown_air(events), shown_air(wrong)
    assert other.trend is one.trend
    assert other.band is one.band


def test_too_few_minutes_or_readings_have_no_trend() -> None:
    assert shown_air(course(600, MINUTE, minutes=15)).trend is None
    assert shown_air(course(600, MINUTE, minutes=17)).trend is Trend.RISING
    rare = course(600, 10 * MINUTE, minutes=60)
    assert air(breathed(rare), {("pi", "window"): HOUR}, rare[-1].at_ms) == Air(co2_ppm=1400, band=AirBand.STALE)
    assert trend(()) is None


def test_the_worst_sensor_determines_band_and_trend() -> None:
    window = course(0, MINUTE, from_ppm=500)
    door = [replace(event, sensor="door", value=event.value + 1000) for event in course(-600, MINUTE)]
    found = shown_air(numbered(sorted([*window, *door])))
    assert (found.band, found.trend) == (AirBand.BAD, Trend.FALLING)


@given(st.data())
def test_kept_readings_are_bounded_and_independent_of_order(data: st.DataObject) -> None:
    events = numbered(
        says(NOON_MS + at_ms, "window", Kind.CO2_PPM, ppm)
        for at_ms, ppm in data.draw(st.lists(st.tuples(st.integers(0, HOUR), st.integers(400, 2000)), min_size=1))
    )
    kept = breathed(events).views[0].recent
    assert breathed(data.draw(st.permutations(events))).views[0].recent == kept
    assert len(kept) <= SLOTS
    assert kept[-1][0] - kept[0][0] < SLOTS * SLOT_MS


def test_air_stored_without_trend_readings_is_decoded() -> None:
    old = [[["pi", "window", NOON_MS, [[NOON_MS, "pi", "k3f9", 1], 640], None, None]]]
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(old), type=AirState)
    assert air(state, SILENT_MS, NOON_MS) == Air(co2_ppm=640)


def test_an_air_sensor_in_a_room_also_counts_for_its_zone() -> None:
    room = Space(id="booth", name="B", kind=SpaceKind.BOOTH, zone="loft", x_m=1, y_m=1)
    states = House(plan(room, sensors=[sensor(SensorKind.AIR, "window", "booth", zone="loft")]))
    events = course(600, MINUTE)
    states.take(events, events[-1].at_ms, lambda _space, _above: [])
    assert states.view("booth", events[-1].at_ms).because.reason is Reason.AIR
    assert states.summary("loft", events[-1].at_ms).air == Air(
        co2_ppm=events[-1].value, band=AirBand.STALE, trend=Trend.RISING
    )


def test_air_survives_encoding() -> None:
    state = breathed(EVENTS)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=AirState) == state


@pytest.mark.parametrize("kind", [Kind.CO2_PPM, Kind.TEMPERATURE_C, Kind.HUMIDITY_PCT])
def test_a_silent_channel_of_a_live_sensor_is_not_shown(kind: Kind) -> None:
    usual = {Kind.CO2_PPM: 612.0, Kind.TEMPERATURE_C: 21.5, Kind.HUMIDITY_PCT: 40.0}
    events = [
        says(NOON_MS + number * 30 * SECOND, "window", each, value)
        for number in range(2 * 61)
        for each, value in usual.items()
        if number < 2 or each is not kind
    ]
    now_ms = NOON_MS + 61 * MINUTE
    shown = air(breathed(numbered(events)), SILENT_MS, now_ms)
    assert shown is not None
    assert {name for name in usual if getattr(shown, name) is None} == {kind}
    assert (shown.band is None) == (kind is Kind.CO2_PPM)
