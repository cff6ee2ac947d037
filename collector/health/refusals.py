"""What of each device was refused lately, as findings and as the newest rejections with their place.

In:    the quarantine, the plan.
Out:   for each device one finding and a bounded list.
Never: a value that a device sent. Of a dedicated desk's sensor, never a time or a number that could date its member.
"""

import sqlite3
from collections.abc import Mapping
from typing import Final

from collector.health.days import Name
from collector.health.findings import MOST_REJECTIONS, Finding, FindingKind, Rejection
from collector.history import DAY_MS, HOUR_MS
from collector.plan import SitePlan, Tenure
from collector.rejection import Loss

_CODES: Final = {loss.value: loss.code for loss in Loss}
_UNREADABLE: Final = Loss.UNREADABLE.code
"""What an older version wrote down in its own words."""


def rejections(db: sqlite3.Connection, plan: SitePlan) -> dict[str, list[Rejection]]:
    """Of each device of the plan what was refused lately, by sensor, key and reason; the newest first."""
    rows = db.execute(
        "SELECT device, reason, sensor, field, min(first), max(last),"
        " sum(CASE WHEN first = 0 THEN times ELSE last - first + 1 END), max(at_ms)"
        " FROM quarantine GROUP BY device, reason, sensor, field ORDER BY max(no) DESC"
    )
    found: dict[str, list[Rejection]] = {device: [] for device in plan.devices}
    for device, reason, sensor, field, first, last, times, at_ms in rows:
        of = found.get(device)
        if of is None or len(of) >= MOST_REJECTIONS:
            continue
        code = _CODES.get(reason, _UNREADABLE)
        if is_of_member(plan, device, sensor):
            of.append(Rejection(code, sensor=sensor, key=field))
        else:
            hour_ms = at_ms - at_ms % HOUR_MS
            of.append(Rejection(code, sensor=sensor, key=field, first=first, last=last, times=times, at_ms=hour_ms))
    return found


def rejected(
    refused: Mapping[str, list[Rejection]], known: Mapping[str, int], now_ms: int
) -> list[tuple[Name, Finding]]:
    """One finding for each device of which something was refused.

    Args:
        refused: what `rejections` found.
        known: since when each device that has such a finding already has it.
        now_ms: of which the day stands for what has no time.
    """
    return [
        (
            (device, ""),
            Finding(
                FindingKind.REJECTED,
                known.get(device, max(one.at_ms for one in of) or now_ms - now_ms % DAY_MS),
                times=sum(one.times for one in of) or None,
            ),
        )
        for device, of in refused.items()
        if of
    ]


def is_of_member(plan: SitePlan, device: str, sensor: str) -> bool:
    """Whether a sensor watches a dedicated desk."""
    known = plan.sensor.get((device, sensor))
    space = plan.space.get(known.space or "") if known is not None else None
    return space is not None and space.tenure is Tenure.DEDICATED
