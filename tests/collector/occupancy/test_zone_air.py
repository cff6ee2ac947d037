"""Air of a zone: newest readings of live sensors, band and trend."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from collector.contract.states import AirBand, AirTrend, ZoneAir
from collector.live.space_states import SpaceStates
from collector.occupancy.evidence import StoredEvent
from collector.occupancy.zone_air import (
    AIR_SLOT_MS,
    AIR_SLOTS,
    AirState,
    classify_co2,
    compute_co2_trend,
    evaluate_air,
    update_air,
)
from collector.site.spaces import Space, SpaceKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from tests.support.collector.room import HOUR, MINUTE, NOON_MS, SECOND, event_of, numbered, plan, sensor

SILENT_MS = {("pi", "window"): 75 * SECOND, ("pi", "door"): 75 * SECOND}


def breathed(events: list[StoredEvent]) -> AirState:
    state = AirState()
    for event in events:
        state = update_air(state, event)
    return state


EVENTS = numbered(
    [
        event_of(NOON_MS, "window", EventKind.CO2_PPM, 600),
        event_of(NOON_MS, "window", EventKind.TEMPERATURE_C, 21.5),
        event_of(NOON_MS + 10 * SECOND, "door", EventKind.CO2_PPM, 700),
        event_of(NOON_MS + 30 * SECOND, "window", EventKind.CO2_PPM, 650),
        event_of(NOON_MS + 60 * SECOND, "window", EventKind.HEARTBEAT, 650),
    ]
)


def test_the_newest_reading_of_each_kind_is_shown() -> None:
    shown = evaluate_air(breathed(EVENTS), SILENT_MS, NOON_MS + MINUTE)
    assert shown == ZoneAir(co2_ppm=650, temperature_c=21.5, band=AirBand.FRESH)


def test_readings_of_a_silent_sensor_are_not_shown() -> None:
    state = breathed(EVENTS[:3])
    assert evaluate_air(state, SILENT_MS, NOON_MS + 75 * SECOND) == ZoneAir(co2_ppm=700, band=AirBand.FRESH)
    assert evaluate_air(state, SILENT_MS, NOON_MS + 85 * SECOND) is None


def test_a_heartbeat_keeps_the_readings_of_its_sensor() -> None:
    shown = evaluate_air(breathed(EVENTS), SILENT_MS, NOON_MS + 134 * SECOND)
    assert shown == ZoneAir(co2_ppm=650, temperature_c=21.5, band=AirBand.FRESH)
    assert evaluate_air(breathed(EVENTS), SILENT_MS, NOON_MS + 135 * SECOND) is None


def test_a_zone_without_readings_has_no_air() -> None:
    assert evaluate_air(AirState(), SILENT_MS, NOON_MS) is None


def test_a_sensor_outside_the_plan_is_ignored() -> None:
    shown = evaluate_air(breathed(EVENTS), {("pi", "door"): 75 * SECOND}, NOON_MS + MINUTE)
    assert shown == ZoneAir(co2_ppm=700, band=AirBand.FRESH)


@given(st.permutations(EVENTS))
def test_readings_in_any_order_give_the_same_air(events: list[StoredEvent]) -> None:
    assert breathed(events) == breathed(EVENTS)


@pytest.mark.parametrize(
    ("co2_ppm", "band_name"),
    [(420, "fresh"), (800, "fresh"), (801, "fair"), (1000, "fair"), (1400, "stale"), (1401, "bad"), (9000, "bad")],
)
def test_bands_change_at_800_1000_and_1400_ppm(co2_ppm: float, band_name: str) -> None:
    assert classify_co2(co2_ppm) == band_name


def course(ppm_per_h: float, every_ms: int, minutes: int = 30, from_ppm: float = 900) -> list[StoredEvent]:
    """Create readings of one sensor for `minutes`."""
    return numbered(
        event_of(NOON_MS + at_ms, "window", EventKind.CO2_PPM, from_ppm + ppm_per_h * at_ms / HOUR)
        for at_ms in range(0, minutes * MINUTE, every_ms)
    )


def shown_air(events: list[StoredEvent]) -> ZoneAir:
    found = evaluate_air(breathed(events), SILENT_MS, events[-1].at_ms)
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
    expected = AirTrend.RISING if ppm_per_h > 150 else AirTrend.FALLING if ppm_per_h < -150 else AirTrend.STEADY
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
    assert shown_air(course(600, MINUTE, minutes=17)).trend is AirTrend.RISING
    rare = course(600, 10 * MINUTE, minutes=60)
    assert evaluate_air(breathed(rare), {("pi", "window"): HOUR}, rare[-1].at_ms) == ZoneAir(
        co2_ppm=1400, band=AirBand.STALE
    )
    assert compute_co2_trend(()) is None


def test_the_worst_sensor_determines_band_and_trend() -> None:
    window = course(0, MINUTE, from_ppm=500)
    door = [replace(event, sensor="door", value=event.value + 1000) for event in course(-600, MINUTE)]
    found = shown_air(numbered(sorted([*window, *door])))
    assert (found.band, found.trend) == (AirBand.BAD, AirTrend.FALLING)


@given(st.data())
def test_kept_readings_are_bounded_and_independent_of_order(data: st.DataObject) -> None:
    events = numbered(
        event_of(NOON_MS + at_ms, "window", EventKind.CO2_PPM, ppm)
        for at_ms, ppm in data.draw(st.lists(st.tuples(st.integers(0, HOUR), st.integers(400, 2000)), min_size=1))
    )
    kept = breathed(events).sensor_states[0].recent
    assert breathed(data.draw(st.permutations(events))).sensor_states[0].recent == kept
    assert len(kept) <= AIR_SLOTS
    assert kept[-1][0] - kept[0][0] < AIR_SLOTS * AIR_SLOT_MS


def test_air_stored_without_trend_readings_is_decoded() -> None:
    old = [[["pi", "window", NOON_MS, [[NOON_MS, "pi", "k3f9", 1], 640], None, None]]]
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(old), type=AirState)
    assert evaluate_air(state, SILENT_MS, NOON_MS) == ZoneAir(co2_ppm=640)


def test_an_air_sensor_in_a_room_also_counts_for_its_zone() -> None:
    room = Space(id="booth", name="B", kind=SpaceKind.BOOTH, zone="loft", x_m=1, y_m=1)
    states = SpaceStates(plan(room, sensors=[sensor(SensorKind.AIR, "window", "booth", zone="loft")]))
    events = course(600, MINUTE)
    states.apply_events(events, events[-1].at_ms, lambda _space, _above: [])
    assert [known is not None for known in states.get_evidence("booth").sensor_states] == [True]
    assert states.get_zone_summary("loft", events[-1].at_ms).air == ZoneAir(
        co2_ppm=events[-1].value, band=AirBand.STALE, trend=AirTrend.RISING
    )


def test_air_survives_encoding() -> None:
    state = breathed(EVENTS)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=AirState) == state


@pytest.mark.parametrize("kind", [EventKind.CO2_PPM, EventKind.TEMPERATURE_C, EventKind.HUMIDITY_PCT])
def test_a_silent_channel_of_a_live_sensor_is_not_shown(kind: EventKind) -> None:
    usual = {EventKind.CO2_PPM: 612.0, EventKind.TEMPERATURE_C: 21.5, EventKind.HUMIDITY_PCT: 40.0}
    events = [
        event_of(NOON_MS + number * 30 * SECOND, "window", each, value)
        for number in range(2 * 61)
        for each, value in usual.items()
        if number < 2 or each is not kind
    ]
    now_ms = NOON_MS + 61 * MINUTE
    shown = evaluate_air(breathed(numbered(events)), SILENT_MS, now_ms)
    assert shown is not None
    assert {name for name in usual if getattr(shown, name) is None} == {kind}
    assert (shown.band is None) == (kind is EventKind.CO2_PPM)
