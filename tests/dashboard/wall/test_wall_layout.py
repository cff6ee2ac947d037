"""Layout of the wall screen for various sites."""

import math
from dataclasses import replace
from itertools import combinations

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from collector.site.spaces import Space, SpaceKind, Tenure
from dashboard.charts.plan_drawing import draw_floors
from dashboard.wall.wall_layout import (
    MAX_NAMED,
    PLAN_SIZE_PX,
    SHIFT_POSITIONS,
    choose_layout,
    find_shift,
    label_floor,
    list_shown_floors,
)
from tests.support.dashboard.site import PLAN

DESK = Space(id="desk", name="Skrivbord", kind=SpaceKind.DESK, zone="hall", x_m=2, y_m=2)


def make_spaces(**count: int) -> tuple[Space, ...]:
    return tuple(
        replace(DESK, id=f"{kind}-{number}", name=f"{kind} {number}", kind=SpaceKind(kind))
        for kind, total in count.items()
        for number in range(total)
    )


def test_few_booths_and_rooms_are_listed_by_name_and_many_by_kind() -> None:
    few = choose_layout(replace(PLAN, spaces=make_spaces(desk=9, booth=2, room=MAX_NAMED - 2)))
    assert [row.name for row in few.rows] == ["booth 0", "booth 1", "room 0", "room 1", "room 2"]
    assert few.kinds == ()
    many = choose_layout(replace(PLAN, spaces=make_spaces(desk=9, booth=2, room=MAX_NAMED - 1)))
    assert many.rows == ()
    assert many.kinds == (SpaceKind.BOOTH, SpaceKind.ROOM)


def test_row_has_its_index_in_the_frame() -> None:
    offered = [space for space in PLAN.spaces if space.is_offered]
    assert [offered[row.frame_index].name for row in choose_layout(PLAN).rows] == [
        row.name for row in choose_layout(PLAN).rows
    ]


@pytest.mark.parametrize(("desks", "digits"), [(6, 1), (10, 2), (99, 2), (500, 3)])
def test_number_has_room_for_every_possible_count(desks: int, digits: int) -> None:
    assert choose_layout(replace(PLAN, spaces=make_spaces(desk=desks))).digits == digits


def test_dedicated_desk_is_neither_counted_nor_listed() -> None:
    own = replace(DESK, tenure=Tenure.DEDICATED)
    assert choose_layout(replace(PLAN, spaces=(own,))).kind is None
    assert choose_layout(replace(PLAN, spaces=(own, *make_spaces(booth=1)))).kind is SpaceKind.BOOTH


def test_wide_floor_has_no_unreadable_labels() -> None:
    wide = replace(PLAN, floors=(replace(PLAN.floors[0], width_m=62, depth_m=30),))
    assert [label_floor(drawing).is_dense for drawing in draw_floors(wide)] == [True]
    assert [label_floor(drawing).is_dense for drawing in draw_floors(PLAN)] == [False, False]


def test_labels_are_readable_at_five_metres_and_do_not_overlap() -> None:
    for drawing in draw_floors(PLAN):
        labels = label_floor(drawing)
        scale = min(PLAN_SIZE_PX[0] / drawing.width, PLAN_SIZE_PX[1] / drawing.height)
        capitals_mm = labels.font_size * scale * 0.72 * 620 / 1080
        assert math.degrees(capitals_mm / 5000) * 60 >= 10, "minutes of arc"
        named = [(mark, labels.labels[mark.id]) for mark in drawing.marks if labels.labels.get(mark.id)]
        assert {label for _, label in named if label.isdecimal()} >= {
            m.label for m in drawing.marks if m.frame_index and m.kind is SpaceKind.DESK
        }
        for (one, first), (other, second) in combinations(named, 2):
            if abs(one.y - other.y) < labels.font_size:
                assert abs(one.x - other.x) >= (len(first) + len(second)) / 2 * 0.6 * labels.font_size


def test_floor_without_offered_spaces_is_not_shown() -> None:
    upstairs = tuple(
        replace(space, tenure=Tenure.DEDICATED) for space in PLAN.spaces if space.zone in {"quiet", "loft"}
    )
    downstairs = tuple(space for space in PLAN.spaces if space.zone in {"hall", "workshop"})
    plan = replace(PLAN, spaces=(*downstairs, *upstairs))
    assert [drawing.name for drawing in list_shown_floors(draw_floors(plan))] == ["Bottenvåningen"]


@given(now_s=st.floats(0, 4e9))
def test_layout_shifts_every_minute(now_s: float) -> None:
    assert find_shift(now_s) in range(SHIFT_POSITIONS)
    assert find_shift(now_s) != find_shift(now_s + 60)


@pytest.mark.parametrize(("language", "text"), [("sv", "av 28 skrivbord lediga"), ("en", "of 28 desks free")])
def test_wall_uses_the_requested_language(app: Flask, language: str, text: str) -> None:
    page = app.test_client().get(f"/wall?lang={language}").text
    assert f'lang="{language}"' in page
    assert text in page


def test_wall_has_no_controls_and_requests_only_this_server(app: Flask) -> None:
    page = app.test_client().get("/wall").text
    for part in ("<a ", "<button", "<form", "<input", "tabindex", "http://", "https://", "style="):
        assert part not in page


def test_wall_qr_code_leads_to_the_page_and_never_to_localhost(app: Flask) -> None:
    client = app.test_client()
    assert (
        "QR code leading to https://ledig.example/"
        in client.get("/wall?lang=en", base_url="https://ledig.example").text
    )
    assert "QR code" not in client.get("/wall?lang=en", base_url="http://localhost").text
