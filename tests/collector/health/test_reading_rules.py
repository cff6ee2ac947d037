"""Implausible and unchanging readings: found per quantity, and never with a sound sensor."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from bench.accuracy.generated_air import GeneratedRoom, simulate_air
from bench.accuracy.watching import collect_findings
from collector.contract.findings import Finding, FindingAction, FindingCommand, FindingKind
from collector.health.ignoring import apply_command
from collector.health.tallies.hour_tallies import EMPTY_TALLY, ActivityRule, ReadingRange, count_hour, join_ranges
from collector.occupancy.evidence import StoredEvent
from collector.site.spaces import Space, SpaceKind, Tenure
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS
from tests.support.collector.health_replay import replay_findings_by_day
from tests.support.collector.room import event_of, numbered, plan, sensor

MONDAY_MS = 1_789_948_800_000
"""2026-09-21, 00:00 UTC."""
DAYS = 11
END_MS = MONDAY_MS + DAYS * DAY_MS
BEAT_MS = 10 * MINUTE_MS
Change = Callable[[int, float], float]
ROOM = Space(id="room", name="", kind=SpaceKind.ROOM, zone="loft", x_m=1, y_m=1)
PRINTER = Space(id="printer", name="", kind=SpaceKind.EQUIPMENT, zone="loft", x_m=1, y_m=1)


def count_people(at_ms: int) -> int:
    """Meetings of four people on working days, with pauses."""
    day, hour = (at_ms - MONDAY_MS) // DAY_MS, at_ms % DAY_MS / HOUR_MS
    return 4 if day % 7 < 5 and 8 <= hour < 16 and hour % 2 < 1.5 else 0


def move_in(people: Callable[[int], int]) -> Iterator[StoredEvent]:
    dice = Random(1)  # noqa: S311 - repeatable, no secret
    for at_ms in range(MONDAY_MS, END_MS, BEAT_MS // 2):
        if people(at_ms):
            yield event_of(at_ms + 1, "pir", EventKind.MOTION, 1)
            yield event_of(at_ms + dice.randint(3_000, 60_000), "pir", EventKind.MOTION, 0)
        else:
            yield event_of(at_ms, "pir", EventKind.HEARTBEAT, 0)


def air_events(
    room: GeneratedRoom, people: Callable[[int], int], changed: dict[EventKind, Change], *, sends_changes: bool = False
) -> Iterator[StoredEvent]:
    last: dict[EventKind, float] = {}
    for read in simulate_air(replace(room, every_ms=BEAT_MS), people, MONDAY_MS, END_MS, 3):
        quantities = (EventKind.CO2_PPM, EventKind.TEMPERATURE_C, EventKind.HUMIDITY_PCT)
        for kind, true in zip(quantities, read[1:], strict=True):
            value = changed.get(kind, lambda _, same: same)(read.at_ms, true)
            if sends_changes and kind in last and abs(value - last[kind]) < 40:
                if kind is EventKind.CO2_PPM:
                    yield event_of(read.at_ms, "air", EventKind.HEARTBEAT, last[kind])
                continue
            last[kind] = value
            yield event_of(read.at_ms, "air", kind, value)


def find(events: Iterable[StoredEvent], *kinds: SensorKind, space: Space = ROOM) -> list[Finding]:
    sensors = [sensor(kind, space=space.id, heartbeat_ms=BEAT_MS) for kind in kinds]
    found = collect_findings(plan(space, sensors=sensors), numbered(events), DAY_MS)
    return [finding for (_, name), finding in found if name != "pir"]


def find_in_room(room: GeneratedRoom, changed: dict[EventKind, Change], people: Callable[[int], int] = count_people):
    events = [*move_in(people), *air_events(room, people, changed)]
    return find(events, SensorKind.PIR, SensorKind.AIR)


def stay_at(value: float, from_day: int = 2) -> Change:
    return lambda at_ms, true: true if at_ms < MONDAY_MS + from_day * DAY_MS else value


@pytest.mark.parametrize(
    "room",
    [
        GeneratedRoom(),
        GeneratedRoom(outdoor_ppm=395, noise_ppm=12),  # within the tolerance of a common meter
        GeneratedRoom(lowest_ppm=450),
        GeneratedRoom(noise_ppm=0),
        GeneratedRoom(volume_m3=20, changes_by_day=0.3),  # a booth without ventilation
    ],
    ids=["office", "reads low", "has a lowest reading", "no noise", "booth"],
)
@pytest.mark.parametrize("people", [count_people, lambda _: 0], ids=["in use", "empty"])
def test_a_sound_air_sensor_has_no_finding(room: GeneratedRoom, people: Callable[[int], int]) -> None:
    assert find_in_room(room, {}, people) == []


def test_a_sound_air_sensor_that_sends_only_large_changes_has_no_finding() -> None:
    for people in (count_people, lambda _: 0):
        events = [*move_in(people), *air_events(GeneratedRoom(), people, {}, sends_changes=True)]
        assert find(events, SensorKind.PIR, SensorKind.AIR) == []


def test_a_few_wrong_readings_among_thousands_cause_no_finding() -> None:
    wrong = {MONDAY_MS + day * DAY_MS + 9 * HOUR_MS for day in range(DAYS)}
    glitches: Change = lambda at_ms, true: 248 if at_ms in wrong else true  # noqa: E731
    assert find_in_room(GeneratedRoom(), {EventKind.CO2_PPM: glitches}) == []


@pytest.mark.parametrize(
    ("kind", "change", "value"),
    [
        (EventKind.CO2_PPM, lambda _, true: true - 150, None),
        (EventKind.CO2_PPM, stay_at(12_000), 12_000),
        (EventKind.HUMIDITY_PCT, lambda _, true: min(true + 65, 108), None),
        (EventKind.TEMPERATURE_C, stay_at(58.5), 58.5),
    ],
)
def test_implausible_readings_are_found_by_quantity(kind: EventKind, change: Change, value: float | None) -> None:
    findings = {(one.kind, one.quantity): one for one in find_in_room(GeneratedRoom(), {kind: change})}
    finding = findings[FindingKind.IMPLAUSIBLE, kind.value]
    assert {quantity for _, quantity in findings} == {kind.value}
    assert finding.times is not None
    assert finding.times >= 5
    assert value is None or finding.value == value


def test_each_quantity_of_a_sensor_has_a_finding_of_its_own() -> None:
    changed: dict[EventKind, Change] = {
        EventKind.CO2_PPM: lambda _, true: true - 150,
        EventKind.HUMIDITY_PCT: lambda _, true: min(true + 65, 108),
    }
    findings = find_in_room(GeneratedRoom(), changed)
    assert {(one.kind, one.quantity) for one in findings} == {
        (FindingKind.IMPLAUSIBLE, "co2_ppm"),
        (FindingKind.IMPLAUSIBLE, "humidity_pct"),
    }


def test_negative_power_is_found() -> None:
    def find_power(sign: int) -> list[Finding]:
        dice = Random(2)  # noqa: S311 - repeatable, no secret
        watts = ((at_ms, sign * (300 if at_ms % HOUR_MS < 20 * MINUTE_MS else 2) + dice.gauss(0, 1)) for at_ms in beats)
        events = [event_of(at_ms, "power", EventKind.POWER_W, round(value, 1)) for at_ms, value in watts]
        return find(events, SensorKind.POWER, space=PRINTER)

    beats = range(MONDAY_MS, END_MS, BEAT_MS)
    assert find_power(1) == []
    (finding,) = find_power(-1)
    assert (finding.kind, finding.quantity) == (FindingKind.IMPLAUSIBLE, "power_w")
    assert finding.value is not None
    assert finding.value < -290


@pytest.mark.parametrize(
    ("kind", "value"),
    [(EventKind.CO2_PPM, 612), (EventKind.CO2_PPM, 400), (EventKind.HUMIDITY_PCT, 100), (EventKind.TEMPERATURE_C, 21)],
)
def test_readings_that_never_change_are_found_by_quantity(kind: EventKind, value: float) -> None:
    (finding,) = find_in_room(GeneratedRoom(), {kind: stay_at(value)})
    assert (finding.kind, finding.quantity, finding.value) == (FindingKind.UNCHANGING, kind.value, value)


def test_air_that_never_becomes_fresh_is_found_without_people() -> None:
    events = air_events(GeneratedRoom(), count_people, {EventKind.CO2_PPM: stay_at(612)})
    (finding,) = find(events, SensorKind.AIR)
    assert (finding.kind, finding.value) == (FindingKind.UNCHANGING, 612)


def test_readings_that_stay_the_same_in_an_empty_building_are_no_finding() -> None:
    resting = {
        EventKind.CO2_PPM: stay_at(400),
        EventKind.HUMIDITY_PCT: stay_at(30),
        EventKind.TEMPERATURE_C: stay_at(18),
    }
    assert (
        find_in_room(GeneratedRoom(), resting, lambda at_ms: count_people(at_ms) if at_ms < MONDAY_MS + DAY_MS else 0)
        == []
    )


def test_unchanging_readings_count_only_near_people_of_the_same_space() -> None:
    other = Space(id="other", name="", kind=SpaceKind.ROOM, zone="loft", x_m=2, y_m=2)
    sensors = [
        sensor(SensorKind.PIR, space="room", heartbeat_ms=BEAT_MS),
        sensor(SensorKind.PIR, "pir-other", space="other", heartbeat_ms=BEAT_MS),
        sensor(SensorKind.AIR, space="other", heartbeat_ms=BEAT_MS),
    ]
    quiet = [event_of(at_ms, "pir-other", EventKind.HEARTBEAT, 0) for at_ms in range(MONDAY_MS, END_MS, BEAT_MS)]
    air = air_events(GeneratedRoom(), lambda _: 0, {EventKind.CO2_PPM: stay_at(400)})
    events = numbered([*move_in(count_people), *quiet, *air])
    assert [
        finding
        for (_, name), finding in collect_findings(plan(ROOM, other, sensors=sensors), events, DAY_MS)
        if name == "air"
    ] == []


def test_finding_ends_three_days_after_a_repair(tmp_path: Path) -> None:
    repaired: Change = lambda at_ms, true: true - 150 if at_ms < MONDAY_MS + 4 * DAY_MS else true  # noqa: E731
    events = numbered(air_events(GeneratedRoom(), count_people, {EventKind.CO2_PPM: repaired}))
    site = plan(ROOM, sensors=[sensor(SensorKind.AIR, space="room", heartbeat_ms=BEAT_MS)])
    found = [bool(each) for each in replay_findings_by_day(site, events, tmp_path, END_MS)]
    assert found[3]
    assert not any(found[7:])


def test_values_of_a_dedicated_desk_are_left_out() -> None:
    desk = Space(id="room", name="", kind=SpaceKind.DESK, zone="loft", x_m=1, y_m=1, tenure=Tenure.DEDICATED)
    quiet = [event_of(at_ms, "sound", EventKind.SOUND_DB, 33) for at_ms in range(MONDAY_MS, END_MS, BEAT_MS)]
    findings = find([*move_in(count_people), *quiet], SensorKind.PIR, SensorKind.SOUND, space=desk)
    (finding,) = (each for each in findings if each.kind is FindingKind.UNCHANGING)
    assert finding.quantity == "sound_db"
    assert [(each.value, each.days, each.times) for each in findings] == [(None, None, None)] * len(findings)


def test_ranges_of_hours_are_joined_by_quantity_and_leave_out_impossible_readings() -> None:
    rule = ActivityRule("pi", "air", SensorKind.AIR, HOUR_MS)
    values: Sequence[tuple[int, EventKind, float]] = [
        (1, EventKind.CO2_PPM, 500),
        (2, EventKind.HEARTBEAT, 500),
        (3, EventKind.HEARTBEAT, 0),
        (4, EventKind.CO2_PPM, 300),
        (5, EventKind.HUMIDITY_PCT, 104),
    ]
    (co2, humidity) = count_hour(values, EMPTY_TALLY, 0, rule).ranges
    assert co2 == ReadingRange("co2_ppm", 3, 1, 300, 500)
    assert humidity == ReadingRange("humidity_pct", 1, 1, 104, 104)
    assert join_ranges([co2, humidity, ReadingRange("co2_ppm", 2, 0, 400, 900)]) == (
        ReadingRange("co2_ppm", 5, 1, 300, 900),
        humidity,
    )


def test_one_quantity_is_ignored_without_the_others() -> None:
    findings = [
        (("pi", "air"), Finding(FindingKind.IMPLAUSIBLE, 0, "air", quantity=name))
        for name in ("co2_ppm", "humidity_pct")
    ]
    command = FindingCommand(FindingAction.IGNORE, "pi", FindingKind.IMPLAUSIBLE, "air", "co2_ppm")
    (ignored,) = apply_command([], command, findings, {}, 1)
    assert [ignored.is_about(*each) for each in findings] == [True, False]
    undone = FindingCommand(FindingAction.UNIGNORE, "pi", FindingKind.IMPLAUSIBLE, "air", "humidity_pct")
    assert apply_command([ignored], undone, findings, {}, 1) == [ignored]
