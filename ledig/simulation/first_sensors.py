"""Simulated sensors for a site that has none yet, so that its owner sees its pages at work before the first is mounted.

In:    the settings of a site.
Out:   the same with a motion sensor at each space, on as many simulated devices as they need.
Never: sensors for a site that has its own, nor for equipment and supplies, which motion sensors do not watch.
"""

from dataclasses import replace
from typing import Final

from collector.site.site_sensor import Sensor
from collector.site.spaces import SEATING_KINDS, Space
from edge.configuration.device_settings import DeviceSettings
from edge.contract.pin_sensor_kinds import PirSettings
from edge.contract.sensor_kinds import SensorKind
from edge.contract.sensor_settings import GPIO_PINS
from ledig.site.site_file import SiteFile

_HEARTBEAT_MS: Final = 120_000
"""As in the example site."""


def add_first_sensors(site: SiteFile) -> SiteFile:
    """Return the site with simulated sensors; a site with devices stays as it is."""
    if site.devices:
        return site
    watched = [space for space in site.plan.spaces if space.kind in SEATING_KINDS]
    groups = [watched[start : start + len(GPIO_PINS)] for start in range(0, len(watched), len(GPIO_PINS))]
    devices = tuple(_create_device(site, f"simulated-{number}", spaces) for number, spaces in enumerate(groups, 1))
    sensors = tuple(
        Sensor(
            device=device.device, id=sensor.id, kind=SensorKind.PIR, space=space.id, heartbeat_ms=device.heartbeat_ms
        )
        for device, spaces in zip(devices, groups, strict=True)
        for sensor, space in zip(device.sensors, spaces, strict=True)
    )
    return replace(site, plan=replace(site.plan, sensors=sensors), devices=devices)


def _create_device(site: SiteFile, device: str, spaces: list[Space]) -> DeviceSettings:
    return DeviceSettings(
        site=site.plan.id,
        device=device,
        broker=site.collector.broker,
        outbox_path=site.storage / f"outbox-{device}.sqlite",
        sensors=tuple(
            PirSettings(id=f"{space.id}-pir", pin=pin) for pin, space in zip(GPIO_PINS, spaces, strict=False)
        ),
        heartbeat_ms=_HEARTBEAT_MS,
        raw_hours=site.collector.retention.raw_hours,
    )
