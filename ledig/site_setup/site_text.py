"""The text of a new site file: complete, with comments, in the order of the example.

In:    the answers.
Out:   TOML.
Never: files. Texts are written with the escapes of JSON, which are those of TOML too.
"""

import json
from collections.abc import Iterator
from typing import Final

from collector.site.opening_spans import ALWAYS_OPEN
from collector.site.spaces import Floor, Space, Zone
from ledig.site.opening_hours import OPENING_KEY
from ledig.site_setup.draft_layout import DraftLayout, draw_layout
from ledig.site_setup.setup_answers import SiteAnswers

UP_BROKER_PORT: Final = 18830
"""Port of the broker of `ledig up`, beside Mosquitto, which may have 1883 already."""

_HEAD: Final = """\
# The site file of {name}, written by `ledig init`. Change whatever you like; `ledig check FILE` shows all errors.
# Every setting that exists is explained in firmware-config/site.example.toml.
# Lines that begin with "#" and a key are examples: take the "#" away to use one.
"""
_SITE: Final = """\
[site]
id = {id}  # its id in MQTT topics; keep it once sensors report
name = {name}  # its name on the pages
time_zone = {time_zone}
country = {country}  # whose public holidays apply
language = {language}  # for browsers that ask for no language of Ledig
"""
_HOURS: Final = """\
# Opening hours. A day that is left out is closed.
[opening_hours]
"""
_SETTINGS: Final = f"""\
# Where the MQTT broker is. `ledig up` brings its own on this port; Mosquitto has 1883.
[broker]
host = "localhost"  # with sensors on other machines: the name or address under which they reach this one
port = {UP_BROKER_PORT}
#password_directory = "/etc/ledig/passwords"

# Who is responsible for the data: shown in the sensor list and on the sign. Inform the members before the first sensor
# is mounted.
[privacy]
#controller = "Our association, Street 1, Town"
#contact = "privacy@example.org"
#legal_basis = "legitimate interest, GDPR art. 6(1)(f)"
#informed_on = "2026-11-23"

[dashboard]
port = 8000
"""
_FLOORS: Final = """\
# Floors. x counts to the right and y downwards from the upper left corner, in metres.
"""
_ZONES: Final = """\
# Zones: named rectangles of a floor. x_m, y_m is the upper left corner. A zone may have a character: "quiet", "lively"
# or "workshop".
"""
_SPACES: Final = """\
# Spaces: what members use (kind "desk", "booth", "room", "equipment"). x_m, y_m is the middle, as the plan shows it.
# attributes: any of "standing", "screen", "quiet", "window" and "near_power". A desk of one member has
# tenure = "dedicated".
"""
_SENSORS: Final = """\
# Sensors. A space without a sensor is unknown, never free. Each device is a Raspberry Pi, and each sensor on its pins
# watches one space; pin is a GPIO number (BCM). firmware-config/pins.md shows how each kind is wired.
#[[device]]
#id = "pi-1"
#heartbeat_ms = 120000
#
#[[device.sensor]]
#kind = "pir"
#id = "{space}-pir"
#space = "{space}"
#pin = 4
"""


def write_site_text(answers: SiteAnswers) -> str:
    """Return the text of the site file that the answers give; the same answers give the same text."""
    layout = draw_layout(answers)
    head = _HEAD.format(name=answers.name)
    if not answers.opening_hours:  # a key of no table is written before the first table
        head += f"\n{OPENING_KEY} = {_quote(ALWAYS_OPEN)}\n"
    parts = [
        head,
        _SITE.format(
            id=_quote(layout.site_id),
            name=_quote(answers.name),
            time_zone=_quote(answers.time_zone),
            country=_quote(answers.country),
            language=_quote(answers.language),
        ),
        *_write_hours(answers),
        _SETTINGS,
        *_write_layout(layout),
        _SENSORS.format(space=layout.spaces[0].id),
    ]
    return "\n".join(parts)


def _write_hours(answers: SiteAnswers) -> Iterator[str]:
    if answers.opening_hours:
        lines = [f"{day} = {_format_day(spans)}\n" for day, spans in answers.opening_hours.items()]
        yield _HOURS + "".join(lines)


def _format_day(spans: tuple[str, ...]) -> str:
    return _quote(spans[0]) if len(spans) == 1 else f"[{', '.join(map(_quote, spans))}]"


def _write_layout(layout: DraftLayout) -> Iterator[str]:
    yield _FLOORS + "\n".join(map(_write_floor, layout.floors))
    yield _ZONES + "\n".join(map(_write_zone, layout.zones))
    yield _SPACES + "\n".join(map(_write_space, layout.spaces))


def _write_floor(floor: Floor) -> str:
    return f"""\
[[floor]]
id = {_quote(floor.id)}
name = {_quote(floor.name)}
width_m = {floor.width_m:.1f}
depth_m = {floor.depth_m:.1f}
"""


def _write_zone(zone: Zone) -> str:
    return f"""\
[[zone]]
id = {_quote(zone.id)}
name = {_quote(zone.name)}
floor = {_quote(zone.floor)}
x_m = {zone.x_m:.1f}
y_m = {zone.y_m:.1f}
width_m = {zone.width_m:.1f}
depth_m = {zone.depth_m:.1f}
"""


def _write_space(space: Space) -> str:
    return f"""\
[[space]]
id = {_quote(space.id)}
name = {_quote(space.name)}
kind = {_quote(space.kind)}
zone = {_quote(space.zone)}
x_m = {space.x_m:.1f}
y_m = {space.y_m:.1f}
"""


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
