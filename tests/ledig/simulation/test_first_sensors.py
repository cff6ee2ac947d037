"""Simulated sensors of a site that has none."""

from pathlib import Path

from collector.site.spaces import SpaceKind
from edge.contract.sensor_settings import GPIO_PINS
from ledig.simulation.first_sensors import add_first_sensors
from ledig.site.site_file import parse_site_text, read_site_file
from ledig.site_setup.setup_answers import FloorAnswers
from ledig.site_setup.site_text import write_site_text
from tests.support.site_answers import create_answers, create_zone
from tests.support.valid_site import EXAMPLE

LASER = '\n[[space]]\nid = "laser"\nname = "Laser"\nkind = "equipment"\nzone = "hall"\nx_m = 1.0\ny_m = 1.0\n'


def test_each_space_where_people_sit_gets_one_sensor() -> None:
    floor = FloorAnswers(name="Floor", zones=(create_zone(desks=2 * len(GPIO_PINS), booths=1, rooms=1),))
    text = write_site_text(create_answers(floor)) + LASER
    site = add_first_sensors(parse_site_text(text, "site.toml", Path("/etc/ledig")))
    seats = [space.id for space in site.plan.spaces if space.kind is not SpaceKind.EQUIPMENT]
    assert [sensor.space for sensor in site.plan.sensors] == seats
    assert [len(device.sensors) for device in site.devices] == [len(GPIO_PINS), len(GPIO_PINS), 2]
    keys = [(device.device, sensor.id) for device in site.devices for sensor in device.sensors]
    assert keys == [sensor.key for sensor in site.plan.sensors]


def test_site_with_sensors_stays_as_it_is() -> None:
    site = read_site_file(EXAMPLE)
    assert add_first_sensors(site) is site
