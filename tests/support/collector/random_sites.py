"""Small sites and the events of their devices, for the tests of the collector."""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Door, Floor, Space, SpaceKind, Zone
from edge.contract.message import EventKind, EventsMessage, SensorEvent, encode
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import HOUR_MS

NOON_MS = 1_790_000_000_000 // HOUR_MS * HOUR_MS
"""A full hour."""


def build_desk_plan(desks: int, devices: int = 1) -> SitePlan:
    """One zone of desks with a PIR each, spread over `pi-1`, `pi-2`, …; a door and air on the first device."""
    sensors = [
        Sensor(device=f"pi-{n % devices + 1}", id=f"desk-{n}-pir", kind=SensorKind.PIR, space=f"desk-{n}")
        for n in range(desks)
    ]
    sensors.append(Sensor(device="pi-1", id="entrance-beams", kind=SensorKind.BEAM_PAIR, door="entrance"))
    sensors.append(Sensor(device="pi-1", id="hall-air", kind=SensorKind.AIR, zone="hall"))
    return SitePlan(
        id="mill",
        name="The mill",
        time_zone=ZoneInfo("Europe/Stockholm"),
        floors=(Floor(id="ground", name="Ground", width_m=100, depth_m=100),),
        zones=(Zone(id="hall", name="Hall", floor="ground", x_m=0, y_m=0, width_m=100, depth_m=100),),
        spaces=tuple(
            Space(id=f"desk-{n}", name=f"Desk {n}", kind=SpaceKind.DESK, zone="hall", x_m=1, y_m=1)
            for n in range(desks)
        ),
        doors=(Door(id="entrance", name="Entrance", floor="ground", x_m=0, y_m=0),),
        sensors=tuple(sensors),
    )


def motion(seq: int, at_ms: int = NOON_MS, sensor: str = "desk-0-pir", value: float = 1) -> SensorEvent:
    return SensorEvent(seq=seq, sensor=sensor, at_ms=at_ms, kind=EventKind.MOTION, value=value)


def message(events: Sequence[SensorEvent], stream: str = "s", oldest: int = 1) -> bytes:
    return encode(EventsMessage(stream, oldest, list(events)))


def motions(seqs: Iterable[int], stream: str = "s", oldest: int = 1) -> bytes:
    return message([motion(seq, NOON_MS + seq) for seq in seqs], stream, oldest)
