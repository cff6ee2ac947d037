"""The fewest that were free today: of open hours, and of now while the house is heard."""

import time

import pytest
from msgspec.structs import replace

from collector.history import Row
from collector.plan import SpaceKind
from dashboard.live.following import Live
from dashboard.live.frame import Frame, Free, Link
from dashboard.manager.now import Fewest, fewest
from tests.dashboard.house import MONDAY_10_MS, PLAN

HOUR_MS = 3_600_000
EARLY = Row(("site", "desk"), MONDAY_10_MS - 5 * HOUR_MS, (32.0, 30.0, 31.0, 0.0, 0.0))
"""At five, before the house opens: a sensor is being mended."""
MORNING = Row(("site", "desk"), MONDAY_10_MS - HOUR_MS, (32.0, 25.0, 26.0, 3.0, 0.0))


@pytest.fixture
def frame(live: Live) -> Frame:
    live.tick(time.monotonic())
    told = live.whole(time.monotonic())
    return replace(told, kinds={SpaceKind.DESK: Free(6, 8, 28)})


def test_the_tightest_of_today_is_told_with_its_time(frame: Frame) -> None:
    assert fewest([EARLY, MORNING], frame, SpaceKind.DESK, PLAN) == Fewest(3, "09:00")


def test_now_may_be_tighter_than_history_knows(frame: Frame) -> None:
    tight = replace(frame, kinds={SpaceKind.DESK: Free(1, 2, 28)})
    assert fewest([MORNING], tight, SpaceKind.DESK, PLAN) == Fewest(2, "10:00"), "an unknown one may be free"


def test_a_moment_at_which_most_sensors_were_silent_is_not_called_tight(frame: Frame) -> None:
    silent = Row(("site", "desk"), MONDAY_10_MS - HOUR_MS // 2, (28.0, 0.0, 0.0, 0.0, 28.0))
    assert fewest([silent, MORNING], frame, SpaceKind.DESK, PLAN) == Fewest(3, "09:00")
    unheard = replace(frame, kinds={SpaceKind.DESK: Free(0, 28, 28)})
    assert fewest([silent], unheard, SpaceKind.DESK, PLAN) is None


def test_what_is_not_heard_is_not_counted(frame: Frame) -> None:
    assert fewest([], replace(frame, link=Link.COLLECTOR_AWAY), SpaceKind.DESK, PLAN) is None
    assert fewest([EARLY], replace(frame, closed=True), SpaceKind.DESK, PLAN) is None
