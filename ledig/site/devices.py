"""Read the devices of a site file: each Raspberry Pi, its sensors, their pins and what they watch.

In:    the parsed file, the layout of the site, a reader that collects faults.
Out:   the settings of each device, and each sensor for the plan.
Never: files, pins.
"""

from dataclasses import dataclass
from pathlib import Path

from collector.site.site_sensor import OutputTimes, Sensor
from collector.site.spaces import Space, SpaceKind
from edge.configuration.device_settings import DeviceSettings
from edge.contract.broker_client import BrokerSettings
from edge.contract.pin_sensor_kinds import DistanceSettings
from edge.contract.sensor_kinds import SENSOR_KIND_BY_NAME, SensorKind
from edge.contract.sensor_settings import SensorSettings
from edge.contract.sensor_traits import SensorTraits, WatchTarget
from edge.contract.topics import Role
from ledig.site.places import SiteLayout, check_ids
from ledig.site.table_reader import Table, TableReader, describe_unknown

_TARGETS = ("space", "door", "zone")
_OUTPUT_KEYS = ("held_ms", "blind_ms")
_RESERVED_USERS = set(Role) - {Role.DEVICE}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceContext:
    """Settings shared by all devices of a site."""

    site: str
    """The site's id."""
    broker: BrokerSettings
    """Address of the broker."""
    directory: Path
    """Folder of the outboxes."""
    raw_hours: int
    """Retention of raw events."""
    layout: SiteLayout
    """Floors, zones, spaces and doors that the sensors watch."""


def read_devices(
    reader: TableReader, document: Table, context: DeviceContext
) -> tuple[tuple[DeviceSettings, ...], tuple[Sensor, ...]]:
    """Read every `[[device]]` with its sensors; report faults to the reader and leave out what has a fault.

    Args:
        reader: collects faults.
        document: the parsed site file.
        context: settings shared by all devices.

    Returns:
        Device settings, and sensors for the plan.
    """
    devices: list[DeviceSettings] = []
    sensors: list[Sensor] = []
    for place, table in check_ids(reader, reader.get_tables(document, "device"), "device"):
        read = _read_sensors(reader, table, place, context.layout)
        device = _read_device(reader, table, place, context, tuple(settings for _, settings in read))
        if device is not None:
            devices.append(device)
            sensors += [_to_plan_sensor(sensor, settings, device) for sensor, settings in read]
    return tuple(devices), tuple(sensors)


def _read_sensors(
    reader: TableReader, device: Table, within: str, layout: SiteLayout
) -> list[tuple[Table, SensorSettings]]:
    tables = check_ids(reader, reader.get_tables(device, "sensor", "device.sensor"), "sensor", f"{within}, ")
    read = [(table, _read_sensor(reader, table, place, layout)) for place, table in tables]
    return [(table, settings) for table, settings in read if settings is not None]


def _read_device(
    reader: TableReader, table: Table, place: str, context: DeviceContext, sensors: tuple[SensorSettings, ...]
) -> DeviceSettings | None:
    if table["id"] in _RESERVED_USERS:
        reader.faults.add(place, f"{table['id']} is already a user of the broker; choose another id")
    given = {
        "site": context.site,
        "broker": context.broker,
        "outbox_path": context.directory / f"outbox-{table['id']}.sqlite",
        "sensors": sensors,
        "raw_hours": context.raw_hours,
    }
    device = reader.build_value(DeviceSettings, table, place, given=given, beside={"sensor"}, renamed={"device": "id"})
    if device is None:
        return None
    if device.lamp_space is not None and device.lamp_space not in context.layout.ids_by_kind["space"]:
        reader.faults.add(
            place, "lamp_space: " + describe_unknown("space", device.lamp_space, context.layout.ids_by_kind["space"])
        )
    _check_pins(reader, device)
    return device


def _to_plan_sensor(table: Table, settings: SensorSettings, device: DeviceSettings) -> Sensor:
    # a sensor cannot report more often than it is read, nor before the period that it summarises is over
    every_ms = max(getattr(settings, "every_ms", 0), getattr(settings, "send_every_ms", 0))
    return Sensor(
        device=device.device,
        id=settings.id,
        kind=SENSOR_KIND_BY_NAME[table["kind"]],
        space=table.get("space"),
        door=table.get("door"),
        zone=table.get("zone"),
        heartbeat_ms=max(device.heartbeat_ms, every_ms),
        output=OutputTimes(**_select_output_times(table)),
        wiring=" ".join(map(str, settings.pins)),
    )


def _select_output_times(table: Table) -> Table:
    return {key: table[key] for key in _OUTPUT_KEYS if key in table}


def _read_sensor(reader: TableReader, table: Table, place: str, layout: SiteLayout) -> SensorSettings | None:
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in SENSOR_KIND_BY_NAME:
        finding = "kind is missing; give one of: " + ", ".join(sorted(SensorKind))
        reader.faults.add(place, finding if kind is None else describe_unknown("kind", str(kind), SENSOR_KIND_BY_NAME))
        return None
    before = len(reader.faults)
    settings = reader.build_value(
        SENSOR_KIND_BY_NAME[kind].traits.settings, table, place, beside={"kind", *_OUTPUT_KEYS, *_TARGETS}
    )
    reader.build_value(OutputTimes, _select_output_times(table), place)
    _check_targets(reader, table, place, settings, layout)
    return settings if len(reader.faults) == before else None


def _find_target(traits: SensorTraits) -> str:
    """Return the key of what a kind watches: a zone and a door before a space."""
    for target in (WatchTarget.ZONE, WatchTarget.DOOR):
        if target in traits.watches:
            return target.value
    return "space"


def _list_space_kinds(traits: SensorTraits) -> list[SpaceKind]:
    """Return the kinds of space that a sensor kind can watch; with a zone: that it may name in the zone."""
    return [kind for kind in SpaceKind if kind.value in traits.watches]


def _check_targets(
    reader: TableReader, table: Table, place: str, settings: SensorSettings | None, layout: SiteLayout
) -> None:
    """Check that a sensor watches what its kind can watch: one thing; in a zone also a room."""
    kind = SENSOR_KIND_BY_NAME[table["kind"]]
    target = _find_target(kind.traits)
    given = [name for name in _TARGETS if name in table]
    is_room_of_zone = target == "zone" and given == ["space", "zone"] and _list_space_kinds(kind.traits)
    if given != [target] and not is_room_of_zone:
        found = " and ".join(given) or "nothing"
        reader.faults.add(place, f'it watches {found}; kind "{kind}" watches one {target}: {target} = "..."')
        return
    for name in given:
        if not isinstance(table[name], str) or table[name] not in layout.ids_by_kind[name]:
            reader.faults.add(place, describe_unknown(name, str(table[name]), layout.ids_by_kind[name]))
            return
    space = layout.space.get(table.get("space", ""))
    if space is not None:
        if mismatch := _find_mismatch(kind, settings, space):
            reader.faults.add(place, mismatch)
        elif space.zone != table.get("zone", space.zone):
            finding = f'"{space.id}" is in zone "{space.zone}", not in "{table["zone"]}"; give the zone that it is in'
            reader.faults.add(place, finding)


def _find_mismatch(kind: SensorKind, settings: SensorSettings | None, space: Space) -> str | None:
    """Return why this sensor cannot watch this space; None if it can."""
    allowed = _list_space_kinds(kind.traits)
    if space.kind not in allowed:
        kinds = ", ".join(sorted(allowed))
        return f'a {kind} cannot watch {space.kind} "{space.id}"; it can watch: {kinds}'
    if isinstance(settings, DistanceSettings) and (space.kind is SpaceKind.SUPPLY) != (settings.near_mm is None):
        wanted = "empty_mm and full_mm" if space.kind is SpaceKind.SUPPLY else "near_mm"
        return f'"{space.id}" is a {space.kind}; give {wanted} for it'
    return None


def _check_pins(reader: TableReader, device: DeviceSettings) -> None:
    uses: dict[int, str] = {}
    wanted = [(pin, f'sensor "{sensor.id}"') for sensor in device.sensors for pin in sensor.pins]
    if device.lamp_pin is not None:
        wanted.append((device.lamp_pin, "the lamp"))
    for pin, user in wanted:
        if pin in uses:
            finding = f"pin {pin} is used by {uses[pin]} and by {user}; give each its own"
            reader.faults.add(f'device "{device.device}"', finding)
        uses.setdefault(pin, user)
