"""Spaces in walking order: floor by floor, the nearest next."""

from collections.abc import Sequence
from itertools import pairwise

from collector.site.spaces import Space
from dashboard.truth.walking_order import order_for_walking
from tests.support.dashboard.site import PLAN


def test_each_floor_is_walked_once_and_no_space_is_lost() -> None:
    spaces = [space for space in PLAN.spaces if space.is_offered]
    ordered = order_for_walking(reversed(spaces), PLAN)
    assert sorted(space.id for space in ordered) == sorted(space.id for space in spaces)
    floor_of = {zone.id: zone.floor for zone in PLAN.zones}
    floors = [floor_of[space.zone] for space in ordered]
    assert floors == sorted(floors, key=[floor.id for floor in PLAN.floors].index)


def test_the_way_is_shorter_than_in_the_order_of_the_site_file() -> None:
    spaces = [space for space in PLAN.spaces if space.is_offered][::3]

    def measure(walked: Sequence[Space]) -> float:
        return sum(abs(one.x_m - other.x_m) + abs(one.y_m - other.y_m) for one, other in pairwise(walked))

    by_name = sorted(spaces, key=lambda space: space.id[::-1])
    assert measure(order_for_walking(by_name, PLAN)) < measure(by_name)
