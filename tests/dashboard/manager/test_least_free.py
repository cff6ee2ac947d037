"""The fewest free today: in open hours, and now while the link is live."""

import time

import pytest
from msgspec.structs import replace

from collector.history.measures import HistoryRow
from collector.site.spaces import SpaceKind
from dashboard.live.frame import FreeCount, LinkStatus, PublicFrame
from dashboard.manager.least_free import FewestFree, find_fewest_free
from dashboard.subscriber.subscriber import LiveView
from edge.timekeeping.durations import HOUR_MS
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

BEFORE_OPENING = HistoryRow(("site", "desk"), MONDAY_10_MS - 5 * HOUR_MS, (32.0, 30.0, 31.0, 0.0, 0.0))
"""At five, before the site opens."""
MORNING = HistoryRow(("site", "desk"), MONDAY_10_MS - HOUR_MS, (32.0, 25.0, 26.0, 3.0, 0.0))


@pytest.fixture
def frame(live: LiveView) -> PublicFrame:
    live.tick(time.monotonic())
    whole = live.build_full_frame(time.monotonic())
    return replace(whole, kinds={SpaceKind.DESK: FreeCount(6, 8, 28)})


def test_fewest_of_today_has_its_time(frame: PublicFrame) -> None:
    assert find_fewest_free([BEFORE_OPENING, MORNING], frame, SpaceKind.DESK, PLAN) == FewestFree(3, "09:00")


def test_now_can_have_fewer_free_than_history(frame: PublicFrame) -> None:
    busy = replace(frame, kinds={SpaceKind.DESK: FreeCount(1, 2, 28)})
    assert find_fewest_free([MORNING], busy, SpaceKind.DESK, PLAN) == FewestFree(2, "10:00"), (
        "an unknown space counts as free"
    )


def test_moment_with_mostly_unknown_spaces_is_ignored(frame: PublicFrame) -> None:
    mostly_unknown = HistoryRow(("site", "desk"), MONDAY_10_MS - HOUR_MS // 2, (28.0, 0.0, 0.0, 0.0, 28.0))
    assert find_fewest_free([mostly_unknown, MORNING], frame, SpaceKind.DESK, PLAN) == FewestFree(3, "09:00")
    unknown = replace(frame, kinds={SpaceKind.DESK: FreeCount(0, 28, 28)})
    assert find_fewest_free([mostly_unknown], unknown, SpaceKind.DESK, PLAN) is None


def test_lost_link_and_closed_site_are_ignored(frame: PublicFrame) -> None:
    assert find_fewest_free([], replace(frame, link=LinkStatus.COLLECTOR_AWAY), SpaceKind.DESK, PLAN) is None
    assert find_fewest_free([BEFORE_OPENING], replace(frame, closed=True), SpaceKind.DESK, PLAN) is None
