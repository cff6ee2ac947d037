"""The site file that the answers give passes `ledig check`, whatever the answers are."""

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings

from collector.site.site_plan import SitePlan
from collector.site.spaces import SpaceKind
from dashboard.charts.plan_drawing import FOOTPRINT_M
from ledig.runtime.trial_build import build_site
from ledig.site.installation import find_installation_faults
from ledig.site.site_file import SiteFile, parse_site_text
from ledig.site_setup.draft_layout import draw_layout
from ledig.site_setup.questions import MAX_FLOORS, MAX_SPACES_OF_KIND, MAX_ZONES_PER_FLOOR
from ledig.site_setup.setup_answers import FloorAnswers, SiteAnswers
from ledig.site_setup.site_text import write_site_text
from tests.support.site_answers import create_answers, create_zone, generate_answers


def read_written_site(answers: SiteAnswers) -> SiteFile:
    site = parse_site_text(write_site_text(answers), "site.toml", Path("/etc/ledig"))
    assert find_installation_faults(site, "site.toml") == ()
    return site


def read_written_plan(answers: SiteAnswers) -> SitePlan:
    return read_written_site(answers).plan


@settings(max_examples=150, deadline=None)
@given(answers=generate_answers())
def test_every_site_file_is_valid_and_holds_the_answers(answers: SiteAnswers) -> None:
    plan = read_written_plan(answers)
    assert (plan.name, plan.country, plan.time_zone.key) == (answers.name, answers.country, answers.time_zone)
    assert [floor.name for floor in plan.floors] == [floor.name for floor in answers.floors]
    zones = [zone for floor in answers.floors for zone in floor.zones]
    assert [zone.name for zone in plan.zones] == [zone.name for zone in zones]
    assert len(plan.opening_hours) == len(answers.opening_hours)
    for zone, answered in zip(plan.zones, zones, strict=True):
        for kind, count in answered.counts.items():
            assert sum(space.zone == zone.id and space.kind is kind for space in plan.spaces) == count


@settings(max_examples=12, deadline=None)
@given(answers=generate_answers(most_zones=3, most_spaces=8))
def test_every_part_can_be_built_from_the_site_file(answers: SiteAnswers) -> None:
    assert build_site(read_written_site(answers), "site.toml").faults == ()


@settings(max_examples=20, deadline=None)
@given(answers=generate_answers(most_zones=3, most_spaces=12))
def test_no_zone_and_no_space_covers_another(answers: SiteAnswers) -> None:
    plan = read_written_plan(answers)
    for one, other in combinations(plan.zones, 2):
        assert one.floor != other.floor or other.x_m >= one.x_m + one.width_m - 1e-6
    for one, other in combinations(plan.spaces, 2):
        if one.zone == other.zone:
            (width, depth), (other_width, other_depth) = FOOTPRINT_M[one.kind], FOOTPRINT_M[other.kind]
            assert (
                abs(one.x_m - other.x_m) > (width + other_width) / 2
                or abs(one.y_m - other.y_m) > (depth + other_depth) / 2
            )


def test_largest_possible_site_is_valid() -> None:
    most = MAX_SPACES_OF_KIND
    floor = FloorAnswers(name="Floor", zones=(create_zone("Zone", most, most, most),) * MAX_ZONES_PER_FLOOR)
    assert len(read_written_plan(create_answers(floor)).spaces) == 3 * most * MAX_ZONES_PER_FLOOR
    flat = FloorAnswers(name="Floor", zones=(create_zone("Zone", 1),) * MAX_ZONES_PER_FLOOR)
    assert len(read_written_plan(create_answers(*[flat] * MAX_FLOORS)).floors) == MAX_FLOORS


def test_ids_and_names_are_numbered_through_the_site() -> None:
    floor = FloorAnswers(name="Ground", zones=(create_zone("Hall", 2, 1), create_zone("Attic", 1, 0, 1)))
    spaces = draw_layout(create_answers(floor)).spaces
    assert [(space.id, space.name, space.zone) for space in spaces] == [
        ("desk-1", "Desk 1", "hall"),
        ("desk-2", "Desk 2", "hall"),
        ("booth-1", "Booth 1", "hall"),
        ("desk-3", "Desk 3", "attic"),
        ("room-1", "Room 1", "attic"),
    ]


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (["Vävsalen", "Smørrebrød & Co."], ["vavsalen", "smorrebrod-co"]),
        (["Hall", "hall", "Hall 2"], ["hall-1", "hall-3", "hall-2"]),
        (["Site", "東京", "!"], ["site-1", "zone-2", "zone-3"]),
        (["x" * 80], ["x" * 56]),
    ],
)
def test_id_of_a_zone_follows_from_its_name(names: list[str], ids: list[str]) -> None:
    floor = FloorAnswers(name="Ground", zones=tuple(create_zone(name, 1) for name in names))
    assert [zone.id for zone in draw_layout(create_answers(floor)).zones] == ids


def test_twelve_desks_are_a_grid_that_is_wider_than_deep() -> None:
    layout = draw_layout(create_answers(FloorAnswers(name="Ground", zones=(create_zone(desks=12),))))
    assert {round(space.y_m, 1) for space in layout.spaces} == {2.5, 5.5}
    assert [space.x_m for space in layout.spaces[:6]] == [1.5, 4.5, 7.5, 10.5, 13.5, 16.5]
    assert all(space.kind is SpaceKind.DESK for space in layout.spaces)


def test_commented_sensor_of_the_file_can_be_used() -> None:
    text = write_site_text(create_answers(FloorAnswers(name="Ground", zones=(create_zone(booths=1),))))
    head, mark, sensor = text.partition("#[[device]]")
    site = parse_site_text(head + (mark + sensor).replace("#", ""), "site.toml", Path("/etc/ledig"))
    assert [(sensor.id, sensor.space) for sensor in site.plan.sensors] == [("booth-1-pir", "booth-1")]
