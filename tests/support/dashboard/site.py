"""The site of the pages' tests, a former factory with two floors: four zones, 32 desks, four of them dedicated."""

from zoneinfo import ZoneInfo

from collector.site.opening_spans import OpeningSpan
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Door, Floor, Space, SpaceAttribute, SpaceKind, Tenure, Zone, ZoneCharacter
from edge.contract.sensor_kinds import SensorKind

FLOORS = (
    Floor(id="ground", name="Bottenvåningen", width_m=26, depth_m=13),
    Floor(id="upper", name="Övervåningen", width_m=26, depth_m=13),
)
ZONES = (
    Zone(
        id="hall",
        name="Spinnsalen",
        floor="ground",
        x_m=0,
        y_m=0,
        width_m=15,
        depth_m=13,
        character=ZoneCharacter.LIVELY,
    ),
    Zone(id="workshop", name="Verkstan", floor="ground", x_m=15, y_m=0, width_m=11, depth_m=13),
    Zone(
        id="quiet",
        name="Tysta rummet",
        floor="upper",
        x_m=0,
        y_m=0,
        width_m=11,
        depth_m=13,
        character=ZoneCharacter.QUIET,
    ),
    Zone(id="loft", name="Loftet", floor="upper", x_m=11, y_m=0, width_m=15, depth_m=13),
)
_HALL = [(2.0 + 2.4 * column, 3.0 + 2.6 * row) for row in range(3) for column in range(5)]
_QUIET = [(2.0 + 2.4 * column, 3.0 + 2.6 * row) for row in range(3) for column in range(4)]
_LOFT = [(13.5 + 2.4 * column, 10.5) for column in range(5)]


def _desks() -> list[Space]:
    places = [("hall", at) for at in _HALL] + [("quiet", at) for at in _QUIET] + [("loft", at) for at in _LOFT]
    return [
        Space(
            id=f"desk-{number}",
            name=f"Skrivbord {number}",
            kind=SpaceKind.DESK,
            zone=zone,
            x_m=x_m,
            y_m=y_m,
            tenure=Tenure.DEDICATED if 24 <= number <= 27 else Tenure.SHARED,
            attributes=frozenset({SpaceAttribute.WINDOW}) if number % 5 == 0 else frozenset(),
        )
        for number, (zone, (x_m, y_m)) in enumerate(places, start=1)
    ]


SPACES = (
    *_desks(),
    Space(id="booth-1", name="Båset Varp", kind=SpaceKind.BOOTH, zone="loft", x_m=14, y_m=3),
    Space(id="booth-2", name="Båset Väft", kind=SpaceKind.BOOTH, zone="loft", x_m=17, y_m=3),
    Space(id="room-1", name="Rum Väven", kind=SpaceKind.ROOM, zone="loft", x_m=21, y_m=3),
    Space(id="room-2", name="Rum Rullen", kind=SpaceKind.ROOM, zone="loft", x_m=24.3, y_m=6.5),
    Space(id="laser", name="Laserskäraren", kind=SpaceKind.EQUIPMENT, zone="workshop", x_m=18, y_m=4),
    Space(id="printer", name="3D-skrivaren", kind=SpaceKind.EQUIPMENT, zone="workshop", x_m=22, y_m=4),
    Space(id="beans", name="Kaffebönor", kind=SpaceKind.SUPPLY, zone="hall", x_m=4, y_m=11.5),
)
SENSORS = (
    *(
        Sensor(device="pi-1", id=f"{space.id}-pir", kind=SensorKind.PIR, space=space.id)
        for space in SPACES
        if space.zone in {"hall", "workshop"} and space.kind is SpaceKind.DESK
    ),
    *(
        Sensor(device="pi-2", id=f"{space.id}-pir", kind=SensorKind.PIR, space=space.id)
        for space in SPACES
        if space.zone in {"quiet", "loft"}
    ),
    Sensor(device="pi-1", id="entrance", kind=SensorKind.BEAM_PAIR, door="entrance"),
    *(Sensor(device="pi-1", id=f"{zone.id}-air", kind=SensorKind.AIR, zone=zone.id) for zone in ZONES),
)
PLAN = SitePlan(
    id="spinneriet",
    name="Spinneriet",
    time_zone=ZoneInfo("Europe/Stockholm"),
    floors=FLOORS,
    zones=ZONES,
    spaces=SPACES,
    doors=(Door(id="entrance", name="Entrén", floor="ground", x_m=8, y_m=13),),
    sensors=SENSORS,
    opening_hours={day: (OpeningSpan(opens_min=7 * 60, closes_min=20 * 60),) for day in range(5)},
)
MONDAY_10_MS = 1_763_974_800_000
"""Monday 24 November 2025, 10.00 in Stockholm."""
