"""Two exchanged sensors of one kind: one day compared, the days evaluated, and two weeks through the health service."""

from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from collector.contract.findings import Finding, FindingKind
from collector.health.finding_rules import evaluate_sensors
from collector.health.placement.swaps import PairMatch, SensorDay, Witnesses, find_partner
from collector.health.tallies.day_tallies import DayTally
from collector.health.tallies.hour_tallies import ActivityRule
from collector.health.tallies.site_activity import SensorRecord
from collector.occupancy.evidence import StoredEvent
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor, SensorKey
from collector.site.spaces import Space, SpaceKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from tests.support.collector.health_people import (
    BEAT,
    DAY,
    HOUR,
    MONDAY_MS,
    Furniture,
    Stay,
    make_plan,
    make_pulses,
    simulate_events,
    simulate_motions,
    simulate_stays,
)
from tests.support.collector.health_replay import replay_findings_by_day
from tests.support.collector.room import MINUTE
from tests.support.collector.room import plan as small_plan

TOTAL = 120
MORNING, AFTERNOON = (1 << 40) - 1, ((1 << 40) - 1) << 60
DAY_MIN = 24 * 60


def compare(pir_1: int, pir_2: int, mat_1: int, mat_2: int, suspect: SensorKey | None = None) -> PairMatch | None:
    """Compare the first movement sensor of two desks with a mat each."""
    one, other = (
        SensorDay(("pi", f"pir-{n}"), SensorKind.PIR, f"space:{n}", bits, {}) for n, bits in ((1, pir_1), (2, pir_2))
    )
    witnesses = {
        f"space:{n}": Witnesses({("pi", f"pir-{n}"): pir, ("pi", f"mat-{n}"): mat}, {})
        for n, pir, mat in ((1, pir_1, mat_1), (2, pir_2, mat_2))
    }
    return find_partner(one, [one, other], suspect, witnesses, TOTAL)


def test_two_sensors_that_follow_each_other_are_partners() -> None:
    found = compare(AFTERNOON, MORNING, MORNING, AFTERNOON)
    assert found is not None
    assert (found.partner, found.other_pct, found.own_pct) == (("pi", "pir-2"), 100, 0)


def test_one_used_desk_is_enough() -> None:
    found = compare(0, MORNING, MORNING, 0)
    assert found is not None
    assert found.partner == ("pi", "pir-2")


def test_sound_sensors_and_equal_hours_show_nothing() -> None:
    assert compare(MORNING, AFTERNOON, MORNING, AFTERNOON) is None
    assert compare(MORNING, MORNING, MORNING, MORNING) is None
    assert compare(0, MORNING, MORNING, MORNING) is None  # the sensor of the first desk does not react
    assert compare(0b111, 0, 0, 0b111) is None  # a quarter of an hour shows nothing


def test_only_the_suspected_pair_is_contradicted_by_a_sound_day() -> None:
    found = compare(MORNING, AFTERNOON, MORNING, AFTERNOON, suspect=("pi", "pir-2"))
    assert found is not None
    assert found.partner is None
    assert compare(MORNING, AFTERNOON, MORNING, AFTERNOON, suspect=("pi", "pir-9")) is None
    assert compare(MORNING, MORNING, MORNING, MORNING, suspect=("pi", "pir-2")) is None


def test_people_who_keep_nearly_the_same_hours_still_show_an_exchange() -> None:
    first, second = MORNING, MORNING << 10
    found = compare(second, first, first, second)
    assert found is not None
    assert found.partner == ("pi", "pir-2")
    assert found.own_pct >= 50


def make_record(sensor: str, partners: str, **more: object) -> SensorRecord:
    """One letter a day: the number of the desk with which it seems exchanged, `=` contradicted, `.` nothing."""
    days = [
        DayTally(
            number,
            minutes=DAY_MIN,
            alive_min=DAY_MIN,
            swap_partner=("pi", f"pir-{sign}") if sign.isdigit() else ("", ""),
            is_swap_compared=sign != ".",
            swapped_pct=90,
            installed_pct=20,
        )
        for number, sign in enumerate(partners, start=1)
    ]
    rule = ActivityRule("pi", sensor, SensorKind.PIR, 75_000, EventKind.MOTION)
    return SensorRecord(rule=rule, space=sensor.replace("pir", "desk"), days=days, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "days"),
    [
        ("22", "11", 2),
        ("2..2", "1..1", 2),
        ("=222", "=111", 3),
        ("2", "1", None),
        ("22=", "11=", None),
        ("22", "33", None),
        ("32", "31", None),
        ("2.", "11", None),
    ],
)
def test_pair_is_reported_once_after_two_days_in_a_row(one: str, other: str, days: int | None) -> None:
    found = evaluate_sensors([make_record("pir-1", one), make_record("pir-2", other)])
    expected = Finding(FindingKind.SWAPPED, 0, "pir-1", witness_device="pi", witness="pir-2", space="desk-2", days=days)
    named = [(finding.kind, finding.sensor, finding.witness, finding.space, finding.days) for _, finding in found]
    wanted = [(expected.kind, expected.sensor, expected.witness, expected.space, expected.days)]
    assert named == ([] if days is None else wanted)


def test_finding_about_a_dedicated_desk_names_the_pair_without_numbers() -> None:
    ((_, finding),) = evaluate_sensors([make_record("pir-1", "22", dedicated=True), make_record("pir-2", "11")])
    assert (finding.witness, finding.days, finding.share_pct, finding.own_pct) == ("pir-2", None, None, None)


Pair = tuple[str, str]


def exchange(where: Mapping[str, list[Stay]], pairs: list[Pair], from_ms: int) -> dict[str, list[Stay]]:
    """Return what sensors see whose places are exchanged from a moment on."""
    seen = dict(where)
    for one, other in pairs:
        before = {name: [stay for stay in where.get(name, []) if stay[0] < from_ms] for name in (one, other)}
        after = {name: [stay for stay in where.get(name, []) if stay[0] >= from_ms] for name in (one, other)}
        seen[one], seen[other] = before[one] + after[other], before[other] + after[one]
    return seen


def collect_first(plan: SitePlan, events: list[StoredEvent], folder: Path, days: int) -> dict[tuple[str, ...], int]:
    """Return the day on which each finding was first made, by sensor, kind and witness."""
    first: dict[tuple[str, ...], int] = {}
    ends_ms = MONDAY_MS + days * DAY
    for day, found in enumerate(replay_findings_by_day(plan, events, folder, ends_ms), start=1):
        for (_, sensor), finding in found:
            first.setdefault((sensor, finding.kind, finding.witness), day)
    return first


@pytest.mark.parametrize("kind", ["pir", "mat"])
@pytest.mark.parametrize("after_days", [0, 2])
def test_two_exchanged_pairs_are_two_findings_within_two_days(tmp_path: Path, kind: str, after_days: int) -> None:
    has, days, seed = Furniture(desks=8), 11, 1
    where = simulate_stays(has, seed, days)
    seen = exchange(where, [("desk-0", "desk-1"), ("desk-4", "desk-6")], MONDAY_MS + after_days * DAY)
    events = [
        event
        for is_exchanged, people in ((False, where), (True, seen))
        for event in simulate_events(has, people, seed, days)
        if event.sensor.startswith(kind) is is_exchanged
    ]
    events.sort(key=lambda event: (event.at_ms, event.sensor))
    # With a sensor of each of two kinds at a desk, either pair may be exchanged: movement sensors are named.
    assert collect_first(make_plan(has), events, tmp_path, days) == {
        ("pir-0", FindingKind.SWAPPED, "pir-1"): after_days + 2,
        ("pir-4", FindingKind.SWAPPED, "pir-6"): after_days + 2,
    }


def make_room_plan() -> SitePlan:
    spaces = [Space(id=f"room-{n}", name="", kind=SpaceKind.ROOM, zone="loft", x_m=1, y_m=1) for n in range(3)]
    kinds = {"pir": SensorKind.PIR, "counter": SensorKind.PEOPLE, "air": SensorKind.AIR}
    sensors = [
        Sensor(device="pi", id=f"{name}-{n}", kind=kind, space=f"room-{n}", heartbeat_ms=BEAT)
        for n in range(3)
        for name, kind in kinds.items()
    ]
    return small_plan(*spaces, sensors=sensors)


def simulate_rooms(where: Mapping[str, Mapping[str, list[Stay]]], days: int) -> list[StoredEvent]:
    """Return the events of all sensors of the rooms.

    Args:
        where: by kind of sensor and room, the stays that it sees.
        days: their number.
    """
    rows: list[tuple[int, str, EventKind, float]] = []
    span = (MONDAY_MS, MONDAY_MS + days * DAY)
    for n in range(3):
        room, dice = f"room-{n}", Random(n)  # noqa: S311 - repeatable, no secret
        motions = simulate_motions(where["pir"][room], *span, dice)
        rows += [(at_ms, f"pir-{n}", EventKind.MOTION, level) for at_ms, level in make_pulses(motions)]
        changes = [change for begun, end in where["counter"][room] for change in ((begun, 3.0), (end, 0.0))]
        rows += [(at_ms, f"counter-{n}", EventKind.PEOPLE, count) for at_ms, count in changes]
        ppm, inside = 420.0, where["air"][room]
        for at_ms in range(*span, BEAT):
            people = 3 * any(begun <= at_ms < end for begun, end in inside)
            ppm += people * 25 - (ppm - 420) * 0.1  # three people in 60 cubic metres, 1.2 air changes an hour
            rows.append((at_ms, f"air-{n}", EventKind.CO2_PPM, round(ppm + dice.gauss(0, 10))))
            count = 3.0 * any(begun <= at_ms < end for begun, end in where["counter"][room])
            rows += [
                (at_ms + 1, f"{name}-{n}", EventKind.HEARTBEAT, x) for name, x in (("pir", 0.0), ("counter", count))
            ]
    return [
        StoredEvent(at_ms, "pi", "s", seq, sensor, kind, value)
        for seq, (at_ms, sensor, kind, value) in enumerate(sorted(rows), start=1)
    ]


@pytest.mark.parametrize("exchanged", ["counter", "air", ""])
def test_exchanged_people_counters_and_air_sensors_are_named(tmp_path: Path, exchanged: str) -> None:
    days, dice = 5, Random(3)  # noqa: S311 - repeatable, no secret
    where: dict[str, list[Stay]] = {f"room-{n}": [] for n in range(3)}
    for day in range(days):
        for stays in where.values():
            at = MONDAY_MS + day * DAY + 8 * HOUR
            while at < MONDAY_MS + day * DAY + 16 * HOUR:
                at += dice.choice((30, 60, 150)) * MINUTE
                length = dice.choice((45, 60, 120)) * MINUTE
                stays.append((at, at + length))
                at += length
    seen = exchange(where, [("room-0", "room-2")], MONDAY_MS)
    events = simulate_rooms({kind: seen if kind == exchanged else where for kind in ("pir", "counter", "air")}, days)
    found = collect_first(make_room_plan(), events, tmp_path, days)
    swaps = {key: day for key, day in found.items() if key[1] == FindingKind.SWAPPED}
    if not exchanged:
        assert swaps == {}
        return
    ((names, day),) = swaps.items()
    assert names == (f"{exchanged}-0", FindingKind.SWAPPED, f"{exchanged}-2")
    assert day <= 2
