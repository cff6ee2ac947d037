"""Signs of what is wrong at one instant, and cases that look wrong but are not."""

import dataclasses
from pathlib import Path

import msgspec
import pytest

from collector.alerts.conditions import AlertFacts, AlertSubjects, EventLoss, Reachability, build_timings, find_signs
from collector.alerts.episodes import AlertSign, SignState
from collector.configuration.alert_settings import AlertSettings, Destination, count_places
from collector.contract.alerts import NO_BACKUP, AlertKind
from collector.contract.findings import Finding, FindingKind
from collector.contract.loss_reasons import LossReason
from collector.contract.states import (
    Because,
    Occupancy,
    PeopleCount,
    Reason,
    SpaceCounts,
    SpaceHealth,
    SpaceState,
    Summary,
    ZoneAir,
)
from collector.health.tallies.hour_tallies import build_activity_rule
from collector.occupancy.space_rules import build_space_rules
from collector.site.opening_spans import OpeningSpan
from collector.site.site_plan import SitePlan
from collector.site.spaces import Space, SpaceKind
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan

SETTINGS = AlertSettings(when={AlertKind.CO2_HIGH: "always", AlertKind.FEW_FREE: "always"})
BASE_PLAN = build_desk_plan(4, devices=2)
BEANS = Space(id="beans", name="Beans", kind=SpaceKind.SUPPLY, zone="hall", x_m=1, y_m=1)
PLAN: SitePlan = dataclasses.replace(BASE_PLAN, spaces=(*BASE_PLAN.spaces, BEANS))
WELL = AlertFacts(
    now_ms=NOON_MS,
    reachability=Reachability.REACHABLE,
    last_event_ms={sensor.key: NOON_MS - 1000 for sensor in PLAN.sensors},
    last_message_ms={},
    findings=(),
    lost={},
    site=Summary(NOON_MS, {SpaceKind.DESK: SpaceCounts(4, 2, 2, 2, 0, 0)}, people=PeopleCount(2, 2, 2)),
    air_by_zone={"hall": ZoneAir(co2_ppm=600)},
    supply_states={},
    disk_free_pct=50,
    clock_off_ms=0,
    failing_since_ms={},
)


def found(settings: AlertSettings = SETTINGS, plan: SitePlan = PLAN, **other: object) -> list[AlertSign]:
    return find_signs(plan, settings, AlertSubjects(plan, settings), msgspec.structs.replace(WELL, **other))


def summarise(found: list[AlertSign]) -> list[tuple[AlertKind, str, SignState]]:
    return [(sign.kind, sign.subject, sign.state) for sign in found]


def last_events_except(*silent: str, ago_ms: int = HOUR_MS) -> dict[tuple[str, str], int]:
    return {key: NOON_MS - (ago_ms if key[1] in silent else 1000) for key in WELL.last_event_ms}


ALL_OF_PI_2 = ("desk-1-pir", "desk-3-pir")


def test_site_in_order_has_no_signs() -> None:
    assert found() == []


def test_sensor_without_two_heartbeats_is_silent_since_its_last_event() -> None:
    assert found(last_event_ms=last_events_except("desk-1-pir", ago_ms=59_999)) == []
    (sign,) = found(last_event_ms=last_events_except("desk-1-pir", ago_ms=60_000))
    assert summarise([sign]) == [(AlertKind.SENSOR_SILENT, "pi-2/desk-1-pir", SignState.PRESENT)]
    assert sign.since_ms == NOON_MS - 60_000


@pytest.mark.parametrize(("heartbeats", "silent_after_ms"), [(2.3, 103_500), (2.7, 121_500), (2.001, 90_045)])
def test_alert_state_and_health_agree_when_a_sensor_is_silent(heartbeats: float, silent_after_ms: int) -> None:
    sensors = tuple(dataclasses.replace(sensor, heartbeat_ms=45_000) for sensor in PLAN.sensors)
    rules = dataclasses.replace(PLAN.rules, silent_after_heartbeats=heartbeats)
    plan = dataclasses.replace(PLAN, sensors=sensors, rules=rules)
    assert found(plan=plan, last_event_ms=last_events_except("desk-1-pir", ago_ms=silent_after_ms - 1)) == []
    assert len(found(plan=plan, last_event_ms=last_events_except("desk-1-pir", ago_ms=silent_after_ms))) == 1
    assert [sensor.silent_after_ms for sensor in build_space_rules(plan, "desk-1").sensors] == [silent_after_ms]
    assert build_activity_rule(plan, plan.sensor_by_key["pi-2", "desk-1-pir"], None).silent_after_ms == silent_after_ms


def test_sensor_without_any_event_is_silent_too() -> None:
    last_events = {key: at_ms for key, at_ms in WELL.last_event_ms.items() if key != ("pi-2", "desk-1-pir")}
    assert summarise(found(last_event_ms=last_events)) == [
        (AlertKind.SENSOR_SILENT, "pi-2/desk-1-pir", SignState.PRESENT)
    ]


def test_offline_device_is_one_sign_and_its_sensors_none() -> None:
    present = [
        sign for sign in found(last_event_ms=last_events_except(*ALL_OF_PI_2)) if sign.state is SignState.PRESENT
    ]
    assert summarise(present) == [(AlertKind.DEVICE_SILENT, "pi-2", SignState.PRESENT)]
    assert present[0].sensors == 2


def test_sensors_of_disabled_spaces_are_ignored() -> None:
    spaces = tuple(dataclasses.replace(one, disabled=one.id == "desk-1") for one in PLAN.spaces)
    shut = dataclasses.replace(PLAN, spaces=spaces)
    assert found(plan=shut, last_event_ms=last_events_except("desk-1-pir")) == []
    assert summarise(found(plan=shut, last_event_ms=last_events_except(*ALL_OF_PI_2))) == [
        (AlertKind.DEVICE_SILENT, "pi-2", SignState.PRESENT),
    ]


def test_without_a_broker_silence_is_unknown() -> None:
    sign_states = {
        sign.state
        for sign in found(
            last_event_ms=last_events_except(*ALL_OF_PI_2, "desk-0-pir"), reachability=Reachability.NO_BROKER
        )
    }
    assert sign_states == {SignState.UNKNOWN}


def test_device_is_silent_in_the_grace_period_only_after_a_message() -> None:
    last_events = last_events_except(*ALL_OF_PI_2, "desk-0-pir")
    by_device = {
        sign.subject[:4]: sign.state
        for sign in found(
            last_event_ms=last_events, reachability=Reachability.GRACE_PERIOD, last_message_ms={"pi-1": NOON_MS}
        )
    }
    assert by_device == {"pi-1": SignState.PRESENT, "pi-2": SignState.UNKNOWN}


def test_device_that_sends_events_of_other_times_is_not_silent() -> None:
    sign_states = {
        sign.state
        for sign in found(last_event_ms=last_events_except(*ALL_OF_PI_2), last_message_ms={"pi-2": NOON_MS - 5000})
    }
    assert sign_states == {SignState.UNKNOWN}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FindingKind.STUCK_ON, AlertKind.STUCK),
        (FindingKind.NEVER_TRIGGERED, AlertKind.STUCK),
        (FindingKind.BATTERY_LOW, AlertKind.BATTERY_LOW),
        (FindingKind.POOR_COVERAGE, None),
        (FindingKind.WRONG_PLACE, None),
    ],
)
def test_some_findings_are_alerts(kind: FindingKind, expected: AlertKind | None) -> None:
    finding = Finding(kind, NOON_MS - HOUR_MS, battery_pct=9 if kind is FindingKind.BATTERY_LOW else None)
    kinds = [sign.kind for sign in found(findings=[(("pi-1", "desk-0-pir"), finding)])]
    assert kinds == ([] if expected is None else [expected])


def test_ignored_finding_is_an_ignored_sign() -> None:
    finding = Finding(FindingKind.STUCK_ON, NOON_MS, ignored=True)
    assert [sign.is_ignored for sign in found(findings=[(("pi-1", "desk-0-pir"), finding)])] == [True]


def test_lost_events_are_a_sign_for_an_hour_from_the_configured_number_on() -> None:
    lost = {"pi-1": EventLoss(NOON_MS - HOUR_MS + 1, 12, LossReason.DROPPED)}
    (sign,) = found(lost=lost)
    assert (sign.kind, sign.subject, sign.value) == (AlertKind.LOST_EVENTS, "pi-1", 12)
    assert found(lost={"pi-1": EventLoss(NOON_MS - HOUR_MS, 12, LossReason.DROPPED)}) == []
    assert found(dataclasses.replace(SETTINGS, lost_events=13), lost=lost) == []


@pytest.mark.parametrize(
    ("count", "sign_state"), [(38, None), (39, SignState.BETWEEN), (40, SignState.BETWEEN), (41, SignState.PRESENT)]
)
def test_more_people_than_places_are_too_many_and_slightly_fewer_are_between(
    count: int, sign_state: SignState | None
) -> None:
    site = Summary(NOON_MS, WELL.site.kinds, people=PeopleCount(count, count - 5, count + 5))
    sign_states = [sign.state for sign in found(dataclasses.replace(SETTINGS, most_people=40), site=site)]
    assert sign_states == ([] if sign_state is None else [sign_state])


def test_capacity_defaults_to_the_number_of_desks_booths_and_rooms() -> None:
    assert count_places(build_desk_plan(30), SETTINGS) == 30
    assert count_places(PLAN, SETTINGS) == 5, "never fewer than five people"


@pytest.mark.parametrize(
    ("ppm", "sign_state"),
    [(1200, None), (1201, SignState.BETWEEN), (1400, SignState.BETWEEN), (1401, SignState.PRESENT)],
)
def test_air_is_bad_above_the_threshold_and_good_well_below_it(ppm: float, sign_state: SignState | None) -> None:
    assert [sign.state for sign in found(air_by_zone={"hall": ZoneAir(co2_ppm=ppm)})] == (
        [] if sign_state is None else [sign_state]
    )


def test_air_without_a_measurement_is_unknown() -> None:
    assert summarise(found(air_by_zone={"hall": None})) == [(AlertKind.CO2_HIGH, "hall", SignState.UNKNOWN)]


@pytest.mark.parametrize(
    ("state", "pct", "sign_state"),
    [
        (Occupancy.LOW, 19.0, SignState.PRESENT),
        (Occupancy.STOCKED, 24.0, SignState.BETWEEN),
        (Occupancy.STOCKED, 25.0, None),
        (Occupancy.UNKNOWN, None, SignState.UNKNOWN),
    ],
)
def test_supply_is_low_below_its_limit(state: Occupancy, pct: float | None, sign_state: SignState | None) -> None:
    supply = SpaceState(state, NOON_MS, Because(Reason.LEVEL), SpaceHealth.HEALTHY, NOON_MS, level_pct=pct)
    assert [sign.state for sign in found(supply_states={"beans": supply})] == (
        [] if sign_state is None else [sign_state]
    )


@pytest.mark.parametrize(
    ("free_min", "unknown", "sign_state"),
    [(2, 0, None), (1, 0, SignState.PRESENT), (1, 1, SignState.UNKNOWN), (0, 1, SignState.PRESENT), (2, 2, None)],
)
def test_few_free_desks_are_a_sign_only_if_certain(free_min: int, unknown: int, sign_state: SignState | None) -> None:
    desks = SpaceCounts(4, free_min, free_min + unknown, 4 - free_min - unknown, unknown, 0)
    site = Summary(NOON_MS, {SpaceKind.DESK: desks})
    few = found(dataclasses.replace(SETTINGS, free_desks_below=2), site=site)
    assert [sign.state for sign in few] == ([] if sign_state is None else [sign_state])
    assert [sign.reason for sign in few if sign.state is SignState.PRESENT] == (
        [] if sign_state is not SignState.PRESENT else ["at_most" if unknown else ""]
    )


@pytest.mark.parametrize(
    ("pct", "sign_state"), [(12, None), (11.9, SignState.BETWEEN), (9.9, SignState.PRESENT), (None, SignState.UNKNOWN)]
)
def test_disk_is_nearly_full_below_its_limit(pct: float | None, sign_state: SignState | None) -> None:
    assert [sign.state for sign in found(disk_free_pct=pct)] == ([] if sign_state is None else [sign_state])


def test_failing_destination_is_a_sign_and_an_untried_one_is_unknown() -> None:
    both = tuple(Destination(name=name, url_file=Path(name)) for name in ("phone", "desk"))
    settings = dataclasses.replace(SETTINGS, destinations=both)
    assert summarise(found(settings, failing_since_ms={"phone": NOON_MS, "desk": None, "gone": NOON_MS})) == [
        (AlertKind.NOT_DELIVERED, "phone", SignState.PRESENT),
        (AlertKind.NOT_DELIVERED, "desk", SignState.UNKNOWN),
    ]


def test_outside_its_hours_a_kind_is_unknown_and_off_has_no_sign() -> None:
    night = dataclasses.replace(PLAN, opening_hours={0: (OpeningSpan(opens_min=0, closes_min=1),)})
    air = {"hall": ZoneAir(co2_ppm=2000)}
    for when, expected in (
        ("open", [SignState.UNKNOWN]),
        ("03:00-03:01", [SignState.UNKNOWN]),
        ("off", []),
        ("always", [SignState.PRESENT]),
    ):
        settings = AlertSettings(when={AlertKind.CO2_HIGH: when})
        assert [sign.state for sign in found(settings, night, air_by_zone=air)] == expected


def test_every_kind_has_a_timing() -> None:
    assert set(build_timings(SETTINGS)) == set(AlertKind)


def test_restored_journal_is_shown_with_what_is_missing() -> None:
    (sign,) = found(restored=(NOON_MS - HOUR_MS, NOON_MS - 20 * HOUR_MS))
    assert (sign.kind, sign.since_ms, sign.reason) == (AlertKind.JOURNAL_RESTORED, NOON_MS - 20 * HOUR_MS, "")
    (sign,) = found(restored=(NOON_MS - HOUR_MS, 0))
    assert (sign.since_ms, sign.reason) == (NOON_MS - HOUR_MS, NO_BACKUP)


@pytest.mark.parametrize(("off_ms", "minutes"), [(730 * 24 * HOUR_MS, 730 * 24 * 60), (-HOUR_MS, 60)])
def test_unconfirmed_clock_is_one_sign_of_the_site(off_ms: int, minutes: int) -> None:
    (sign,) = found(clock_off_ms=off_ms)
    assert (sign.kind, sign.subject, sign.state, sign.value) == (
        AlertKind.CLOCK_DOUBTED,
        "site",
        SignState.PRESENT,
        minutes,
    )


def test_history_rejected_by_influxdb_is_one_sign_of_the_site() -> None:
    (sign,) = found(history_fault=True)
    assert (sign.kind, sign.subject, sign.state) == (AlertKind.HISTORY_AWAY, "site", SignState.PRESENT)
