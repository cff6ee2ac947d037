"""The order in which to walk to spaces.

In:    spaces of a plan.
Out:   the same spaces, floor by floor, each followed by the nearest one that is left.
Never: walls: the plan has none between spaces.
"""

from collections.abc import Iterable
from math import hypot

from collector.site.site_plan import SitePlan
from collector.site.spaces import Space


def order_for_walking(spaces: Iterable[Space], plan: SitePlan) -> list[Space]:
    """Order spaces for a walk: from the floor's door if it has one, otherwise from its upper left corner."""
    floor_of = {zone.id: zone.floor for zone in plan.zones}
    ordered: list[Space] = []
    left = list(spaces)
    for floor in plan.floors:
        here = [space for space in left if floor_of[space.zone] == floor.id]
        door = next((door for door in plan.doors if door.floor == floor.id), None)
        x_m, y_m = (door.x_m, door.y_m) if door else (0.0, 0.0)
        while here:
            nearest = min(here, key=lambda space: (hypot(space.x_m - x_m, space.y_m - y_m), space.id))
            here.remove(nearest)
            ordered.append(nearest)
            x_m, y_m = nearest.x_m, nearest.y_m
    return ordered
