"""Spaces in walking order: floor by floor, the nearest next."""

from math import hypot

from dashboard.truth.walking_order import order_for_walking
from tests.support.dashboard.site import PLAN


def test_each_floor_is_walked_once_and_no_space_is_lost() -> None:
    spaces = [space for space in PLAN.spaces if space.is_offered]
    ordered = order_for_walking(reversed(spaces), PLAN)
    assert sorted(space.id for space in ordered) == sorted(space.id for space in spaces)
    floor_of = {zone.id: zone.floor for zone in PLAN.zones}
    floors = [floor_of[space.zone] for space in ordered]
    assert floors == sorted(floors, key=[floor.id for floor in PLAN.floors].index)


def test_each_space_is_the_nearest_to_the_door_or_to_the_one_before_it() -> None:
    hall = [space for space in PLAN.spaces if space.zone == "hall"]
    left = list(order_for_walking(hall, PLAN))
    assert [space.id for space in left] != [space.id for space in hall]
    (door,) = PLAN.doors
    x_m, y_m = door.x_m, door.y_m
    while left:
        walked = left.pop(0)
        distance_m = hypot(walked.x_m - x_m, walked.y_m - y_m)
        assert all(distance_m <= hypot(space.x_m - x_m, space.y_m - y_m) for space in left)
        x_m, y_m = walked.x_m, walked.y_m
