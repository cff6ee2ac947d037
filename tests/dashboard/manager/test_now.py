"""The fewest free today: in open hours, and now while the link is live."""

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
"""At five, before the site opens."""
MORNING = Row(("site", "desk"), MONDAY_10_MS - HOUR_MS, (32.0, 25.0, 26.0, 3.0, 0.0))


@pytest.fixture
def frame(live: Live) -> Frame:
    live.tick(time.monotonic())
    whole = live.whole(time.monotonic())
    return replace(whole, kinds={SpaceKind.DESK: Free(6, 8, 28)})


def test_fewest_of_today_has_its_time(frame: Frame) -> None:
    assert fewest([EARLY, MORNING], frame, SpaceKind.DESK, PLAN) == Fewest(3, "09:00")


def test_now_can_have_fewer_free_than_history(frame: Frame) -> None:
    busy = replace(frame, kinds={SpaceKind.DESK: Free(1, 2, 28)})
    assert fewest([MORNING], busy, SpaceKind.DESK, PLAN) == Fewest(2, "10:00"), "an unknown space counts as free"


def test_moment_with_mostly_unknown_spaces_is_ignored(frame: Frame) -> None:
    mostly_unknown = Row(("site", "desk"), MONDAY_10_MS - HOUR_MS // 2, (28.0, 0.0, 0.0, 0.0, 28.0))
    assert fewest([mostly_unknown, MORNING], frame, SpaceKind.DESK, PLAN) == Fewest(3, "09:00")
    unknown = replace(frame, kinds={SpaceKind.DESK: Free(0, 28, 28)})
    assert fewest([mostly_unknown], unknown, SpaceKind.DESK, PLAN) is None


def test_lost_link_and_closed_site_are_ignored(frame: Frame) -> None:
    assert fewest([], replace(frame, link=Link.COLLECTOR_AWAY), SpaceKind.DESK, PLAN) is None
    assert fewest([EARLY], replace(frame, closed=True), SpaceKind.DESK, PLAN) is None
