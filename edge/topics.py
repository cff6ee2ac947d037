"""Names every topic of the contract, version 1, and reads them back.

In:    ids of a site, a device, a space, a zone.
Out:   topics and subscription filters; of an incoming topic, the device it belongs to.
Never: sockets, payloads.

Source: firmware-config/contract.md, version 1.
"""

from enum import StrEnum

ROOT = "ledig/v1"


class DeviceTopic(StrEnum):
    """What a device and the collector say to and of each other, one topic each."""

    EVENTS = "events"
    RECEIPT = "receipt"
    STATUS = "status"
    COMMAND = "command"
    FINDINGS = "findings"
    """Of the collector, about the device; retained."""


def device(site: str, device_id: str, leaf: DeviceTopic) -> str:
    """The topic of one device, say `ledig/v1/spinneriet/device/pi-1/events`."""
    return f"{ROOT}/{site}/device/{device_id}/{leaf}"


def every_device(site: str, leaf: DeviceTopic) -> str:
    """The filter that hears `leaf` of every device of a site."""
    return f"{ROOT}/{site}/device/+/{leaf}"


def device_of(topic: str) -> tuple[str, str]:
    """The device and the leaf that a topic made by `device` names.

    Raises:
        ValueError: the topic has another shape.
    """
    parts = topic.split("/")
    if len(parts) != 6 or parts[3] != "device":  # ledig/v1/<site>/device/<device>/<leaf>
        raise ValueError(f"{topic!r} is no device topic")
    return parts[4], parts[5]


def space(site: str, space_id: str) -> str:
    """Where the retained state of a space is."""
    return f"{ROOT}/{site}/space/{space_id}"


def tuning(site: str, space_id: str) -> str:
    """Where is retained what a space has learnt."""
    return f"{ROOT}/{site}/tuning/{space_id}"


def zone(site: str, zone_id: str) -> str:
    """Where the retained summary of a zone is."""
    return f"{ROOT}/{site}/zone/{zone_id}"


def site_summary(site: str) -> str:
    """Where the retained summary of the whole site is."""
    return f"{ROOT}/{site}/site"


def forecast(site: str, zone_id: str) -> str:
    """Where the retained forecast of a zone is; of the whole site under the zone `site`."""
    return f"{ROOT}/{site}/forecast/{zone_id}"


def alerts(site: str) -> str:
    """Where is retained what somebody in the house should look at."""
    return f"{ROOT}/{site}/alerts"


def adjustments(site: str) -> str:
    """Where is retained what managers have adjusted: a notice, hours for dates, spaces out of use."""
    return f"{ROOT}/{site}/adjustments"


def adjustments_command(site: str) -> str:
    """Where a manager asks the collector to adjust the site."""
    return f"{adjustments(site)}/command"


def collector(site: str) -> str:
    """Where the collector says whether it lives (retained; its will says it does not)."""
    return f"{ROOT}/{site}/collector"


def collector_command(site: str) -> str:
    """Where the collector is asked for something."""
    return f"{collector(site)}/command"
