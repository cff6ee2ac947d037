"""Events are evaluated again under other rules; the difference is exact to the millisecond."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract.states import FLIP_PERIOD_MS
from collector.occupancy.evidence import StoredEvent
from collector.site.occupancy_rules import LearningSwitch, OccupancyRules
from collector.site.site_plan import SitePlan
from collector.site.spaces import Space, SpaceKind, Tenure
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import MINUTE_MS
from ledig.what_if.comparison import (
    ShownState,
    SpaceComparison,
    StoredSpace,
    Timeline,
    TimelineFigures,
    TimelinePart,
    build_timeline,
    comparable_spaces,
    compare_rules,
    compute_figures,
)
from ledig.what_if.other_rules import read_other_rules
from tests.support.collector.room import HOUR, NOON_MS, beats, numbered, plan, pulse, sensor

SPACE = Space(id="space", name="Desk", kind=SpaceKind.DESK, zone="loft", x_m=1, y_m=1)
PLAN = plan(SPACE, sensors=[sensor(SensorKind.PIR)], rules=OccupancyRules(learning=LearningSwitch.OFF))
SPAN = NOON_MS, NOON_MS + 3 * HOUR


def other(asked: str, plan_of_site: SitePlan = PLAN) -> SitePlan:
    (found,) = read_other_rules((asked,), (), plan_of_site.rules)
    return found.apply_to(plan_of_site)


def morning(*minutes: int) -> list[StoredEvent]:
    """Return movement in these minutes, and a heartbeat every half minute."""
    moved = [event for minute in minutes for event in pulse("pir", NOON_MS + minute * MINUTE_MS + 1)]
    return numbered([*beats("pir", *SPAN), *moved])


def again(asked: str, *minutes: int) -> SpaceComparison:
    (compared,) = compare_rules((PLAN, other(asked)), "space", StoredSpace(morning(*minutes)), SPAN)
    return compared


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    states = draw(st.lists(st.sampled_from(["occupied", "away", "vacant", "unknown"]), min_size=1, max_size=8))
    moments = sorted(draw(st.sets(st.integers(-50, 150), min_size=len(states), max_size=len(states))))
    return build_timeline(0, 100, "unknown", list(zip(moments, states, strict=True)))


def test_shorter_hold_frees_a_desk_earlier_by_the_difference() -> None:
    compared = again("hold=5m", 30, 31, 33, 60, 61, 63)
    assert compute_figures(compared.current).taken_min - compute_figures(compared.other).taken_min == pytest.approx(10)
    assert compared.differ_min == pytest.approx(10 + 5), "and at the beginning the state is known five minutes earlier"


def test_same_rules_do_not_differ() -> None:
    compared = again("level_hold=3m", 30, 31, 90)
    assert compared.current == compared.other
    assert compared.days == {}


def test_brief_free_part_between_taken_parts_is_a_quick_flip() -> None:
    short, usual = again("hold=4m", 30, 32, 38, 40).other, again("hold=8m", 30, 32, 38, 40).other
    assert (compute_figures(short).quick_flips, compute_figures(usual).quick_flips) == (1, 0)
    assert compute_figures(short).changes == compute_figures(usual).changes + 2


@given(timelines())
def test_timeline_covers_its_span_without_repeated_states(shown: Timeline) -> None:
    assert [shown[0].from_ms, shown[-1].to_ms] == [0, 100]
    assert all(one.to_ms == following.from_ms for one, following in pairwise(shown))
    assert all(one.shown is not following.shown for one, following in pairwise(shown))
    counted = compute_figures(shown)
    assert counted.taken_min + counted.free_min + counted.unknown_min == pytest.approx(100 / MINUTE_MS)


@given(timelines(), st.integers(0, 99))
def test_exactly_one_part_covers_each_time(shown: Timeline, at_ms: int) -> None:
    assert sum(part.from_ms <= at_ms < part.to_ms for part in shown) == 1


@given(st.lists(st.integers(1, 170), max_size=12), st.sampled_from(["hold=2m", "hold=20m", "second_motion=1m"]))
def test_differing_minutes_are_those_with_different_states(minutes: list[int], asked: str) -> None:
    compared = again(asked, *sorted(set(minutes)))
    grid = range(SPAN[0], SPAN[1], 1000)

    def state_at(shown: Timeline, at_ms: int) -> ShownState:
        return next(part.shown for part in shown if part.from_ms <= at_ms < part.to_ms)

    apart = sum(state_at(compared.current, at_ms) is not state_at(compared.other, at_ms) for at_ms in grid) / 60
    assert compared.differ_min == pytest.approx(apart, abs=0.5)


def test_minutes_are_counted_by_local_day_also_with_25_hours() -> None:
    zone = ZoneInfo("Europe/Stockholm")
    from_ms = int(datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp()) * 1000  # local midnight of the 25th
    plan_of_site = replace(PLAN, time_zone=zone)
    (compared,) = compare_rules(
        (plan_of_site, replace(plan_of_site, rules=OccupancyRules(silent_after_heartbeats=100))),
        "space",
        StoredSpace(numbered(beats("pir", from_ms, from_ms + 26 * HOUR, every_ms=100_000))),
        (from_ms, from_ms + 26 * HOUR),
    )
    assert set(compared.days) == {date(2026, 10, 25), date(2026, 10, 26)}
    assert compared.days[date(2026, 10, 26)] <= 60 < compared.days[date(2026, 10, 25)]


def test_dedicated_supply_and_disabled_spaces_are_not_compared() -> None:
    plan_of_site = replace(
        PLAN,
        spaces=(
            SPACE,
            replace(SPACE, id="hers", tenure=Tenure.DEDICATED),
            replace(SPACE, id="coffee", kind=SpaceKind.SUPPLY),
            replace(SPACE, id="broken", disabled=True),
        ),
    )
    assert [space.id for space in comparable_spaces(plan_of_site)] == ["space"]


def test_figures_add_up() -> None:
    one = compute_figures(
        [
            TimelinePart(0, MINUTE_MS, ShownState.TAKEN),
            TimelinePart(MINUTE_MS, MINUTE_MS + FLIP_PERIOD_MS, ShownState.FREE),
        ]
    )
    assert one + one == TimelineFigures(2, 2 * FLIP_PERIOD_MS / MINUTE_MS, 0, 2, 0)
