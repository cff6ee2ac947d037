"""Builds and parses every topic of the contract, version 1.

In:    ids of a site, a device, a space, a zone.
Out:   topics and subscription filters; the device of an incoming topic.
Never: sockets, payloads.

Source: firmware-config/contract.md, version 1.
"""

from enum import StrEnum

ROOT = "ledig/v1"


class DeviceTopic(StrEnum):
    """The last level of a device's topics."""

    EVENTS = "events"
    RECEIPT = "receipt"
    STATUS = "status"
    COMMAND = "command"
    FINDINGS = "findings"
    """Published by the collector about the device; retained."""


def device_topic(site: str, device_id: str, leaf: DeviceTopic) -> str:
    """Return a topic of one device, for example `ledig/v1/spinneriet/device/pi-1/events`."""
    return f"{ROOT}/{site}/device/{device_id}/{leaf}"


def all_devices_filter(site: str, leaf: DeviceTopic) -> str:
    """Return the subscription filter for `leaf` of every device of a site."""
    return f"{ROOT}/{site}/device/+/{leaf}"


def parse_device_topic(topic: str) -> tuple[str, str]:
    """Parse a topic that `device_topic` returned into the device's id and the leaf.

    Raises:
        ValueError: it is not a device topic.
    """
    parts = topic.split("/")
    if len(parts) != 6 or parts[3] != "device":  # ledig/v1/<site>/device/<device>/<leaf>
        raise ValueError(f"{topic!r} is not a device topic")
    return parts[4], parts[5]


def space_topic(site: str, space_id: str) -> str:
    """Return the topic of the retained state of a space."""
    return f"{ROOT}/{site}/space/{space_id}"


def tuning_topic(site: str, space_id: str) -> str:
    """Return the topic of the retained learned values of a space."""
    return f"{ROOT}/{site}/tuning/{space_id}"


def zone_topic(site: str, zone_id: str) -> str:
    """Return the topic of the retained summary of a zone."""
    return f"{ROOT}/{site}/zone/{zone_id}"


def site_summary_topic(site: str) -> str:
    """Return the topic of the retained summary of the whole site."""
    return f"{ROOT}/{site}/site"


def forecast_topic(site: str, zone_id: str) -> str:
    """Return the topic of the retained forecast of a zone; the zone `site` stands for the whole site."""
    return f"{ROOT}/{site}/forecast/{zone_id}"


def alerts_topic(site: str) -> str:
    """Return the topic of the retained alerts."""
    return f"{ROOT}/{site}/alerts"


def adjustments_topic(site: str) -> str:
    """Return the topic of the retained adjustments by hosts: a notice, hours for dates, spaces out of use."""
    return f"{ROOT}/{site}/adjustments"


def adjustments_command_topic(site: str) -> str:
    """Return the topic on which a host asks the collector to adjust the site."""
    return f"{adjustments_topic(site)}/command"


def collector_topic(site: str) -> str:
    """Return the topic of the collector's retained status; its will marks it as offline."""
    return f"{ROOT}/{site}/collector"


def collector_command_topic(site: str) -> str:
    """Return the topic of commands to the collector."""
    return f"{collector_topic(site)}/command"
