"""Counters that leave people inside at 04:00: every night is a finding; a usual error or a night of work is not."""

import pytest

from collector.contract.findings import Finding, FindingKind
from collector.health.finding_rules import evaluate_sensors
from collector.health.tallies.day_tallies import DayTally
from collector.health.tallies.hour_tallies import EMPTY_TALLY, ActivityRule, count_hour
from collector.health.tallies.site_activity import SensorRecord
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import HOUR_MS

DAY_MIN = 24 * 60
NOON_MS = 1_789_984_800_000


def make_rule(sensor: str, kind: SensorKind) -> ActivityRule:
    return ActivityRule("pi", sensor, kind, 75_000, EventKind(kind.traits.level.name))


def make_door(sensor: str, *left: int, entries: int = 100) -> SensorRecord:
    """A counter of a door at which so many more came in than went out on each day."""
    days = [
        DayTally(number, DAY_MIN, DAY_MIN, active_min=200, rises=2 * entries - net, net_entries=net)
        for number, net in enumerate(left)
    ]
    return SensorRecord(rule=make_rule(sensor, SensorKind.BEAM_PAIR), door=sensor, days=days)


def make_room(*on_until_end_min: int) -> SensorRecord:
    """A counter of a room that counted somebody at the end of each day for so long."""
    days = [
        DayTally(number, DAY_MIN, DAY_MIN, active_min=300, rises=4, on_until_end_min=on)
        for number, on in enumerate(on_until_end_min)
    ]
    return SensorRecord(rule=make_rule("counter", SensorKind.PEOPLE), space="room", days=days)


def find_left(*sensors: SensorRecord) -> list[Finding]:
    return [finding for _, finding in evaluate_sensors(sensors) if finding.kind is FindingKind.LEFT_INSIDE]


def test_door_that_leaves_a_fifth_inside_on_four_days_is_found() -> None:
    (finding,) = find_left(make_door("front", 0, 20, 22, 18, 20))
    assert (finding.sensor, finding.days, finding.share_pct) == ("front", 4, 20)


@pytest.mark.parametrize(
    "left",
    [
        (20, 20, 20),  # three days so far
        (20, 20, 0, 20, 20),  # one night without anybody left
        (3, 4, 5, 3, 4),  # the error of a usual counter
        (-20, -20, -20, -20),
    ],
)
def test_usual_errors_and_single_nights_are_not_found(left: tuple[int, ...]) -> None:
    assert find_left(make_door("front", *left)) == []


def test_few_people_left_of_few_are_not_found() -> None:
    assert find_left(make_door("front", 2, 2, 2, 2, entries=8)) == []


def test_doors_are_added_up_and_the_worst_one_is_named() -> None:
    assert find_left(make_door("front", 40, 40, 40, 40), make_door("back", -38, -39, -40, -40)) == []
    (finding,) = find_left(make_door("front", 5, 5, 5, 5), make_door("back", 30, 30, 30, 30))
    assert finding.sensor == "back"


def test_room_counter_that_counts_somebody_every_night_is_found() -> None:
    (finding,) = find_left(make_room(300, 300, 300, 300))
    assert (finding.sensor, finding.days, finding.share_pct) == ("counter", 4, None)
    assert find_left(make_room(300, 0, 300, 300)) == []


def test_hour_counts_entries_minus_exits() -> None:
    rule = make_rule("front", SensorKind.BEAM_PAIR)
    events = [(NOON_MS + n, EventKind.CROSSING, value) for n, value in enumerate((1.0, 1.0, -1.0, 1.0))]
    tally = count_hour(events, EMPTY_TALLY, NOON_MS // HOUR_MS * HOUR_MS, rule)
    assert (tally.rises, tally.net_entries) == (4, 2)
