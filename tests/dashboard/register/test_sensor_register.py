"""The sensor register: complete, generated from the settings, in both languages."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.configuration.collector_settings import RetentionSettings
from collector.site.site_sensor import Sensor
from collector.site.spaces import Space, SpaceKind, Tenure
from dashboard.register.sensor_descriptions import describe_sensor_kind
from dashboard.register.sensor_register import RegisterEntry, RegisterSection, build_register
from dashboard.text.page_texts import LANGUAGES, PageTexts
from edge.contract.sensor_kinds import SensorKind
from tests.support.dashboard.site import PLAN

SV, EN = PageTexts.load("sv"), PageTexts.load("en")
USUAL = RetentionSettings()


def build_entry(kind: SpaceKind, sensor: SensorKind, tenure: Tenure = Tenure.SHARED, **retention: int) -> RegisterEntry:
    """Return the register entry of one space with one sensor."""
    space = Space(id="one", name="Platsen", kind=kind, zone="hall", x_m=1, y_m=1, tenure=tenure)
    plan = replace(PLAN, spaces=(space,), doors=(), sensors=(Sensor(device="pi", id="its", kind=sensor, space="one"),))
    (found,) = build_register(plan, RetentionSettings(**retention), EN)[0].entries
    return found


def map_retention(found: RegisterEntry) -> dict[str, str]:
    return {line.name: line.text for line in found.retention}


def list_sensors(sections: tuple[RegisterSection, ...]) -> list[str]:
    return [
        sensor for section in sections for one in section.entries for thing in one.things for sensor in thing.sensors
    ]


@given(left_out=st.sets(st.sampled_from([sensor.key for sensor in PLAN.sensors])))
def test_register_lists_every_sensor_of_the_site_file_exactly_once(left_out: set[tuple[str, str]]) -> None:
    sensors = tuple(sensor for sensor in PLAN.sensors if sensor.key not in left_out)
    listed = list_sensors(build_register(replace(PLAN, sensors=sensors), USUAL, SV))
    assert sorted(listed) == sorted(sensor.id for sensor in sensors)


def test_air_sensor_of_a_room_is_listed_with_the_room_and_the_retention_of_its_zone() -> None:
    room = Sensor(device="pi-2", id="room-air", kind=SensorKind.AIR, space="room-1", zone="loft")
    sections = build_register(replace(PLAN, sensors=(room,)), USUAL, EN)
    (found,) = next(section for section in sections if section.anchor == "zone-loft").entries
    assert [thing.name for thing in found.things] == ["Rum Väven"]
    assert map_retention(found)["Averages over 5 minutes"] == "13 months"


def test_air_of_a_dedicated_office_is_shown_to_nobody() -> None:
    spaces = tuple(s for s in PLAN.spaces if s.zone != "loft" or s.id == "room-1")
    plan = replace(PLAN, spaces=tuple(replace(s, tenure=Tenure.DEDICATED) if s.id == "room-1" else s for s in spaces))
    for zone in ("loft", "hall"):
        section = next(one for one in build_register(plan, USUAL, EN) if one.anchor == f"zone-{zone}")
        (air,) = (one for one in section.entries if f"{zone}-air" in {s for thing in one.things for s in thing.sensors})
        assert (air.audience[0].text == "Nothing.") is (zone == "loft")
        assert ("Averages over 5 minutes" in map_retention(air)) is (zone == "hall")


def test_spaces_without_a_sensor_are_listed() -> None:
    quiet = next(section for section in build_register(PLAN, USUAL, SV) if section.anchor == "zone-hall")
    assert quiet.unwatched == ("Kaffebönor",)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", SensorKind)
def test_every_sensor_kind_has_a_name_and_a_description(kind: SensorKind, language: str) -> None:
    name, records = describe_sensor_kind(kind, PageTexts.load(language))
    assert name
    assert records.endswith(".")


def test_retention_times_come_from_the_settings() -> None:
    desk = build_entry(SpaceKind.DESK, SensorKind.PIR, raw_hours=24, desk_hours_days=7, series_days=100)
    assert map_retention(desk)["Each reading and each change, with its time"] == "24 hours"
    assert map_retention(desk)["Whether it was taken, once an hour"] == "7 days"
    assert map_retention(desk)["Totals for the zone, with no single space shown"] == "100 days"
    booth = build_entry(SpaceKind.BOOTH, SensorKind.CONTACT, space_hours_days=1)
    assert map_retention(booth)["Whether it was taken, once an hour"] == "1 day"


def test_dedicated_space_keeps_no_use_and_shows_nothing() -> None:
    for kind in (SpaceKind.DESK, SpaceKind.ROOM, SpaceKind.EQUIPMENT):
        own = build_entry(kind, SensorKind.PIR, Tenure.DEDICATED)
        assert "Whether it was taken, once an hour" not in map_retention(own)
        assert own.audience[0].text == "Nothing."


def test_history_of_a_desk_is_shown_to_nobody_and_of_a_booth_only_to_hosts() -> None:
    by_hour = "use over 4 weeks or more"
    assert not any(by_hour in line.text for line in build_entry(SpaceKind.DESK, SensorKind.PIR).audience)
    everybody, hosts = build_entry(SpaceKind.BOOTH, SensorKind.PIR).audience
    assert by_hour not in everybody.text
    assert by_hour in hosts.text


def test_level_sensor_of_a_supply_is_not_called_distance_sensor() -> None:
    supply = build_entry(SpaceKind.SUPPLY, SensorKind.DISTANCE)
    assert supply.records[0].name == "Level sensor"
    assert "taken" not in " ".join(map_retention(supply))


def test_section_anchors_are_unique() -> None:
    anchors = [section.anchor for section in build_register(PLAN, USUAL, SV)]
    assert len(set(anchors)) == len(anchors)
    assert all(re.fullmatch(r"[a-z0-9-]+", anchor) for anchor in anchors)
