"""The floor plan drawings: walls, gaps, symbols."""

from dataclasses import replace

import pytest

from collector.site.spaces import Door
from dashboard.charts.plan_drawing import UNITS_PER_M, draw_floors
from tests.support.dashboard.site import PLAN


def test_every_space_is_drawn_once_on_its_own_floor() -> None:
    marks = [mark for floor in draw_floors(PLAN) for mark in floor.marks]
    assert sorted(mark.id for mark in marks) == sorted(space.id for space in PLAN.spaces)
    assert {mark.zone for mark in draw_floors(PLAN)[0].marks} == {"hall", "workshop"}


def test_a_symbol_has_its_index_in_the_frame_and_a_dedicated_desk_has_none() -> None:
    offered = [space.id for space in PLAN.spaces if space.is_offered]
    for mark in (mark for floor in draw_floors(PLAN) for mark in floor.marks):
        assert mark.frame_index == (offered.index(mark.id) if mark.id in offered else None)


def test_desks_are_labelled_by_number_and_everything_else_by_name() -> None:
    labels = {mark.id: mark.label for floor in draw_floors(PLAN) for mark in floor.marks}
    assert labels["desk-14"] == "14"
    assert labels["booth-1"] == "Båset Varp"


@pytest.mark.parametrize(
    ("x_m", "y_m", "walls"),
    [
        (10, 13, "M0 0H520M520 0V260M0 260H190M210 260H520M0 0V260"),
        (10, 0, "M0 0H190M210 0H520M520 0V260M0 260H520M0 0V260"),
        (0, 6, "M0 0H520M520 0V260M0 260H520M0 0V110M0 130V260"),
        (26, 0, "M0 0H500M520 0V260M0 260H520M0 0V260"),
    ],
)
def test_a_door_is_a_gap_in_the_nearest_outer_wall(x_m: float, y_m: float, walls: str) -> None:
    plan = replace(PLAN, doors=(Door(id="d", name="Entrén", floor="ground", x_m=x_m, y_m=y_m),))
    ground, upper = draw_floors(plan)
    assert ground.walls == walls
    assert [gap.name for gap in ground.gaps] == ["Entrén"]
    assert upper.gaps == ()


def test_rooms_are_drawn_to_scale() -> None:
    hall = draw_floors(PLAN)[0].rooms[0]
    assert (hall.name, hall.width, hall.height) == ("Spinnsalen", 15 * UNITS_PER_M, 13 * UNITS_PER_M)
