"""What is wrong in a house at one moment; and what is not, though it looks so."""

import dataclasses
from pathlib import Path

import msgspec
import pytest

from collector.alerts.book import Level, Sign
from collector.alerts.conditions import AlertSubjects, Ear, Known, Lost, places, signs, timings
from collector.alerts.settings import AlertSettings, Destination
from collector.alerts.wire import NO_BACKUP, AlertKind
from collector.health.findings import Finding, FindingKind
from collector.outward import Air, Because, Count, Health, Occupancy, People, Reason, SpaceState, Summary
from collector.plan import OpeningHours, SitePlan, Space, SpaceKind
from collector.rejection import Loss
from tests.collector.houses import HOUR_MS, NOON_MS, house_of

SETTINGS = AlertSettings(when={AlertKind.CO2_HIGH: "always", AlertKind.FEW_FREE: "always"})
HOUSE = house_of(4, devices=2)
BEANS = Space(id="beans", name="Beans", kind=SpaceKind.SUPPLY, zone="hall", x_m=1, y_m=1)
PLAN: SitePlan = dataclasses.replace(HOUSE, spaces=(*HOUSE.spaces, BEANS))
WELL = Known(
    now_ms=NOON_MS,
    ear=Ear.OPEN,
    heard={sensor.key: NOON_MS - 1000 for sensor in PLAN.sensors},
    spoke={},
    findings=(),
    lost={},
    site=Summary(NOON_MS, {SpaceKind.DESK: Count(4, 2, 2, 2, 0, 0)}, people=People(2, 2, 2)),
    airs={"hall": Air(co2_ppm=600)},
    supplies={},
    disk_free_pct=50,
    clock_off_ms=0,
    failing={},
)


def found(settings: AlertSettings = SETTINGS, plan: SitePlan = PLAN, **other: object) -> list[Sign]:
    return signs(plan, settings, AlertSubjects(plan, settings), msgspec.structs.replace(WELL, **other))


def told(found: list[Sign]) -> list[tuple[AlertKind, str, Level]]:
    return [(sign.kind, sign.subject, sign.level) for sign in found]


def heard_but(*silent: str, ago_ms: int = HOUR_MS) -> dict[tuple[str, str], int]:
    return {key: NOON_MS - (ago_ms if key[1] in silent else 1000) for key in WELL.heard}


ALL_OF_PI_2 = ("desk-1-pir", "desk-3-pir")


def test_a_house_that_is_well_raises_nothing() -> None:
    assert found() == []


def test_a_sensor_that_is_not_heard_for_two_heartbeats_is_silent_since_its_last_word() -> None:
    assert found(heard=heard_but("desk-1-pir", ago_ms=59_999)) == []
    (sign,) = found(heard=heard_but("desk-1-pir", ago_ms=60_000))
    assert told([sign]) == [(AlertKind.SENSOR_SILENT, "pi-2/desk-1-pir", Level.PRESENT)]
    assert sign.since_ms == NOON_MS - 60_000


def test_a_sensor_that_was_never_heard_is_silent_too() -> None:
    heard = {key: at_ms for key, at_ms in WELL.heard.items() if key != ("pi-2", "desk-1-pir")}
    assert told(found(heard=heard)) == [(AlertKind.SENSOR_SILENT, "pi-2/desk-1-pir", Level.PRESENT)]


def test_a_dead_device_is_one_alert_and_its_sensors_none() -> None:
    present = [sign for sign in found(heard=heard_but(*ALL_OF_PI_2)) if sign.level is Level.PRESENT]
    assert told(present) == [(AlertKind.DEVICE_SILENT, "pi-2", Level.PRESENT)]
    assert present[0].sensors == 2


def test_what_is_out_of_use_is_missed_by_nobody() -> None:
    spaces = tuple(dataclasses.replace(one, disabled=one.id == "desk-1") for one in PLAN.spaces)
    shut = dataclasses.replace(PLAN, spaces=spaces)
    assert found(plan=shut, heard=heard_but("desk-1-pir")) == []
    assert told(found(plan=shut, heard=heard_but(*ALL_OF_PI_2))) == [
        (AlertKind.DEVICE_SILENT, "pi-2", Level.PRESENT),
    ]


def test_without_a_broker_nobody_knows_who_is_silent() -> None:
    levels = {sign.level for sign in found(heard=heard_but(*ALL_OF_PI_2, "desk-0-pir"), ear=Ear.AWAY)}
    assert levels == {Level.BLIND}


def test_a_device_that_may_be_on_its_way_is_not_silent_yet_and_one_that_came_may_be() -> None:
    heard = heard_but(*ALL_OF_PI_2, "desk-0-pir")
    by_device = {sign.subject[:4]: sign.level for sign in found(heard=heard, ear=Ear.NEW, spoke={"pi-1": NOON_MS})}
    assert by_device == {"pi-1": Level.PRESENT, "pi-2": Level.BLIND}


def test_a_device_that_speaks_of_other_times_is_not_silent() -> None:
    levels = {sign.level for sign in found(heard=heard_but(*ALL_OF_PI_2), spoke={"pi-2": NOON_MS - 5000})}
    assert levels == {Level.BLIND}


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


def test_a_finding_that_is_ignored_is_known_already() -> None:
    finding = Finding(FindingKind.STUCK_ON, NOON_MS, ignored=True)
    assert [sign.seen for sign in found(findings=[(("pi-1", "desk-0-pir"), finding)])] == [True]


def test_lost_events_are_an_alert_for_an_hour_and_from_the_number_that_is_asked_for() -> None:
    lost = {"pi-1": Lost(NOON_MS - HOUR_MS + 1, 12, Loss.DROPPED)}
    (sign,) = found(lost=lost)
    assert (sign.kind, sign.subject, sign.value) == (AlertKind.LOST_EVENTS, "pi-1", 12)
    assert found(lost={"pi-1": Lost(NOON_MS - HOUR_MS, 12, Loss.DROPPED)}) == []
    assert found(dataclasses.replace(SETTINGS, lost_events=13), lost=lost) == []


@pytest.mark.parametrize(
    ("count", "level"), [(38, None), (39, Level.BETWEEN), (40, Level.BETWEEN), (41, Level.PRESENT)]
)
def test_more_people_than_places_are_too_many_and_a_few_fewer_are_between(count: int, level: Level | None) -> None:
    site = Summary(NOON_MS, WELL.site.kinds, people=People(count, count - 5, count + 5))
    told_levels = [sign.level for sign in found(dataclasses.replace(SETTINGS, most_people=40), site=site)]
    assert told_levels == ([] if level is None else [level])


def test_a_house_that_names_no_number_has_places_for_as_many_as_its_desks_booths_and_rooms() -> None:
    assert places(house_of(30), SETTINGS) == 30
    assert places(PLAN, SETTINGS) == 5, "and never tells of fewer than five people"


@pytest.mark.parametrize(
    ("ppm", "level"), [(1200, None), (1201, Level.BETWEEN), (1400, Level.BETWEEN), (1401, Level.PRESENT)]
)
def test_air_is_bad_above_the_threshold_and_good_well_below_it(ppm: float, level: Level | None) -> None:
    assert [sign.level for sign in found(airs={"hall": Air(co2_ppm=ppm)})] == ([] if level is None else [level])


def test_of_air_that_nobody_measures_nothing_is_known() -> None:
    assert told(found(airs={"hall": None})) == [(AlertKind.CO2_HIGH, "hall", Level.BLIND)]


@pytest.mark.parametrize(
    ("state", "pct", "level"),
    [
        (Occupancy.LOW, 19.0, Level.PRESENT),
        (Occupancy.STOCKED, 24.0, Level.BETWEEN),
        (Occupancy.STOCKED, 25.0, None),
        (Occupancy.UNKNOWN, None, Level.BLIND),
    ],
)
def test_a_supply_runs_out_below_its_mark(state: Occupancy, pct: float | None, level: Level | None) -> None:
    supply = SpaceState(state, NOON_MS, Because(Reason.LEVEL), Health.HEALTHY, NOON_MS, level_pct=pct)
    assert [sign.level for sign in found(supplies={"beans": supply})] == ([] if level is None else [level])


@pytest.mark.parametrize(
    ("free_min", "unknown", "level"),
    [(2, 0, None), (1, 0, Level.PRESENT), (1, 1, Level.BLIND), (0, 1, Level.PRESENT), (2, 2, None)],
)
def test_desks_are_too_few_only_if_they_surely_are(free_min: int, unknown: int, level: Level | None) -> None:
    desks = Count(4, free_min, free_min + unknown, 4 - free_min - unknown, unknown, 0)
    site = Summary(NOON_MS, {SpaceKind.DESK: desks})
    few = found(dataclasses.replace(SETTINGS, free_desks_below=2), site=site)
    assert [sign.level for sign in few] == ([] if level is None else [level])
    assert [sign.reason for sign in few if sign.level is Level.PRESENT] == (
        [] if level is not Level.PRESENT else ["at_most" if unknown else ""]
    )


@pytest.mark.parametrize(
    ("pct", "level"), [(12, None), (11.9, Level.BETWEEN), (9.9, Level.PRESENT), (None, Level.BLIND)]
)
def test_a_disk_is_nearly_full_below_its_share(pct: float | None, level: Level | None) -> None:
    assert [sign.level for sign in found(disk_free_pct=pct)] == ([] if level is None else [level])


def test_a_destination_that_takes_nothing_is_an_alert_and_one_not_tried_yet_is_not_known() -> None:
    both = tuple(Destination(name=name, url_file=Path(name)) for name in ("phone", "desk"))
    settings = dataclasses.replace(SETTINGS, destinations=both)
    assert told(found(settings, failing={"phone": NOON_MS, "desk": None, "gone": NOON_MS})) == [
        (AlertKind.NOT_DELIVERED, "phone", Level.PRESENT),
        (AlertKind.NOT_DELIVERED, "desk", Level.BLIND),
    ]


def test_outside_its_hours_a_kind_begins_nothing_and_off_it_says_nothing() -> None:
    night = dataclasses.replace(PLAN, opening_hours={0: (OpeningHours(opens_min=0, closes_min=1),)})
    air = {"hall": Air(co2_ppm=2000)}
    for when, expected in (
        ("open", [Level.BLIND]),
        ("03:00-03:01", [Level.BLIND]),
        ("off", []),
        ("always", [Level.PRESENT]),
    ):
        settings = AlertSettings(when={AlertKind.CO2_HIGH: when})
        assert [sign.level for sign in found(settings, night, airs=air)] == expected


def test_every_kind_has_its_timing() -> None:
    assert set(timings(SETTINGS)) == set(AlertKind)


def test_a_restored_journal_is_shown_for_three_days_with_what_is_missing() -> None:
    (sign,) = found(restored=(NOON_MS - HOUR_MS, NOON_MS - 20 * HOUR_MS))
    assert (sign.kind, sign.since_ms, sign.reason) == (AlertKind.JOURNAL_RESTORED, NOON_MS - 20 * HOUR_MS, "")
    (sign,) = found(restored=(NOON_MS - HOUR_MS, 0))
    assert (sign.since_ms, sign.reason) == (NOON_MS - HOUR_MS, NO_BACKUP)
    assert found(restored=(NOON_MS - 72 * HOUR_MS, NOON_MS - 80 * HOUR_MS)) == []


@pytest.mark.parametrize(("off_ms", "minutes"), [(730 * 24 * HOUR_MS, 730 * 24 * 60), (-HOUR_MS, 60)])
def test_a_clock_that_nothing_confirms_is_one_alert_of_the_site(off_ms: int, minutes: int) -> None:
    (sign,) = found(clock_off_ms=off_ms)
    assert (sign.kind, sign.subject, sign.level, sign.value) == (
        AlertKind.CLOCK_DOUBTED,
        "site",
        Level.PRESENT,
        minutes,
    )


def test_history_that_influxdb_does_not_take_is_one_alert_of_the_site() -> None:
    (sign,) = found(history_fault=True)
    assert (sign.kind, sign.subject, sign.level) == (AlertKind.HISTORY_AWAY, "site", Level.PRESENT)
