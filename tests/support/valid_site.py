"""A complete site file, and what is wrong with a changed one."""

from pathlib import Path

import pytest

from ledig.site.site_file import SiteRejected, read_site_file
from tests.support.servers import ROOT

EXAMPLE = ROOT / "ledig" / "example.toml"

VALID_SITE = """
[site]
id = "mill"
name = "The mill"

[opening_hours]
monday = "07:00-22:00"

[broker]
port = 1884

[storage]
directory = "data"

[[floor]]
id = "ground"
name = "Ground"
width_m = 20
depth_m = 10

[[zone]]
id = "hall"
name = "Hall"
floor = "ground"
x_m = 0
y_m = 0
width_m = 20
depth_m = 10

[[space]]
id = "desk-1"
name = "Desk 1"
kind = "desk"
zone = "hall"
x_m = 2.0
y_m = 2.0

[[space]]
id = "room-1"
name = "Room 1"
kind = "room"
zone = "hall"
x_m = 8.0
y_m = 2.0

[[space]]
id = "beans"
name = "Beans"
kind = "supply"
zone = "hall"
x_m = 9.0
y_m = 2.0

[[space]]
id = "laser"
name = "Laser"
kind = "equipment"
zone = "hall"
x_m = 9.0
y_m = 5.0

[[door]]
id = "front"
name = "Front"
floor = "ground"
x_m = 0
y_m = 5

[[device]]
id = "pi-1"
lamp_pin = 20
lamp_space = "desk-1"

[[device.sensor]]
kind = "pir"
id = "desk-1-pir"
space = "desk-1"
pin = 4

[[device.sensor]]
kind = "beam_pair"
id = "beams"
door = "front"
outer_pin = 5
inner_pin = 6

[[device.sensor]]
kind = "distance"
id = "jar"
space = "beans"
echo_pin = 7
trigger_pin = 8
empty_mm = 300
full_mm = 50
"""


def write_site_file(folder: Path, text: str) -> Path:
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read_faults(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SiteRejected) as rejected:
        read_site_file(write_site_file(folder, text))
    assert str(rejected.value) == "\n".join(rejected.value.faults)
    return rejected.value.faults
