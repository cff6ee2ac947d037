"""Recent rejections of each device, as findings and as a list of the newest rejections with sensor and field.

In:    the quarantine, the plan.
Out:   one finding and a bounded list for each device.
Never: a value that a device sent. For a dedicated desk's sensor, never a time or number that could date its member's
       presence.
"""

from collections.abc import Mapping

from collector.contract.findings import MAX_REJECTIONS, Finding, FindingKind, Rejection
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import SensorKey
from collector.site.spaces import Tenure
from collector.store.journal_tables import JournalTables
from edge.timekeeping.durations import DAY_MS, HOUR_MS


def read_rejections(stored: JournalTables, plan: SitePlan) -> dict[str, list[Rejection]]:
    """Return the recent rejections of each device of the plan by sensor, key and reason; newest first."""
    found: dict[str, list[Rejection]] = {device: [] for device in plan.device_ids}
    for device, reason, sensor, field, first, last, times, at_ms in stored.summarise_rejections():
        rejections_of_device = found.get(device)
        if rejections_of_device is None or len(rejections_of_device) >= MAX_REJECTIONS:
            continue
        if is_of_dedicated_desk(plan, device, sensor):
            rejections_of_device.append(Rejection(reason, sensor=sensor, key=field))
        else:
            hour_ms = at_ms - at_ms % HOUR_MS
            rejections_of_device.append(
                Rejection(reason, sensor=sensor, key=field, first=first, last=last, times=times, at_ms=hour_ms)
            )
    return found


def build_rejection_findings(
    refused: Mapping[str, list[Rejection]], known: Mapping[str, int], now_ms: int
) -> list[tuple[SensorKey, Finding]]:
    """Return one finding for each device with rejected events.

    Args:
        refused: the rejections by device, from `read_rejections`.
        known: start of the finding for each device that already has one, in Unix ms.
        now_ms: its day is used for rejections without a time.
    """
    return [
        (
            (device, ""),
            Finding(
                FindingKind.REJECTED,
                known.get(device, max(one.at_ms for one in rejections_of_device) or now_ms - now_ms % DAY_MS),
                times=sum(one.times for one in rejections_of_device) or None,
            ),
        )
        for device, rejections_of_device in refused.items()
        if rejections_of_device
    ]


def is_of_dedicated_desk(plan: SitePlan, device: str, sensor: str) -> bool:
    """Return whether a sensor watches a dedicated desk."""
    known = plan.sensor_by_key.get((device, sensor))
    space = plan.space_by_id.get(known.space or "") if known is not None else None
    return space is not None and space.tenure is Tenure.DEDICATED
