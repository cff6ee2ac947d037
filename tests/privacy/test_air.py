"""The air of a zone with a few dedicated desks does not reveal which members are present.

Members come and go at random, independent of the hour and of others. So only the air could reveal one of them, and a
score that orders the moments at random has an AUC of 0.5 (1: certain).
"""

import json
import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path

import pytest

from collector.history import tables
from collector.history.measures import AIR_FIVE_MIN
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Space, SpaceKind, Tenure
from edge.contract import topics
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from ledig.simulation.signals import SensorSignal, compute_signals
from ledig.simulation.simulated_day import SimulatedDay, SimulatedStay
from tests.support.collector.random_sites import build_desk_plan
from tests.support.privacy.live_site import LiveSite
from tests.support.privacy.world import MONDAY

DAYS = 3
ZONE = "hall"
MEMBERS = tuple(f"own-{number}" for number in range(3))
BUCKET_MS = AIR_FIVE_MIN.bucket_ms
NOT_SHOWN = 0.0


def mixed_zone(shared: SpaceKind, count: int) -> SitePlan:
    """Build a zone of 8 by 6 metres with three dedicated desks and so many shared rooms or desks."""
    plan = build_desk_plan(0)
    spaces = [(name, SpaceKind.DESK, Tenure.DEDICATED) for name in MEMBERS]
    spaces += [(f"shared-{number}", shared, Tenure.SHARED) for number in range(count)]
    air = Sensor(device="pi-1", id="hall-air", kind=SensorKind.AIR, zone=ZONE, heartbeat_ms=600_000)
    return replace(
        plan,
        zones=(replace(plan.zone_by_id[ZONE], width_m=8, depth_m=6),),
        spaces=tuple(
            Space(id=name, name=name, kind=kind, zone=ZONE, x_m=1, y_m=1, tenure=tenure)
            for name, kind, tenure in spaces
        ),
        sensors=(
            air,
            *(
                Sensor(device="pi-1", id=f"{name}-mat", kind=SensorKind.PRESSURE, space=name, heartbeat_ms=600_000)
                for name, _, _ in spaces
            ),
        ),
    )


def lived(plan: SitePlan, number: int, chance: random.Random) -> SimulatedDay:
    """Create a day on which, each hour, all members are in or away, and so are the others, at random."""
    begin_ms = round(datetime.combine(MONDAY, time(), plan.time_zone).timestamp() * 1000) + number * DAY_MS
    stays = []
    for hour in range(24):
        from_ms = begin_ms + hour * HOUR_MS
        for group in (MEMBERS, [space.id for space in plan.spaces if space.is_offered]):
            if chance.random() < 0.5:
                stays += [
                    SimulatedStay(from_ms, from_ms + HOUR_MS, space, person) for person, space in enumerate(group)
                ]
    return SimulatedDay(
        starts_ms=begin_ms,
        ends_ms=begin_ms + DAY_MS,
        stays=tuple(sorted(stays)),
        passages=(),
        machine_runs=(),
        coffee_at_ms=(),
    )


@dataclass(frozen=True)
class Moment:
    """A moment at which every shared place was empty: whether members were in, and what was published."""

    members_in: bool
    read: float
    """The reading of the sensor."""
    published: float
    stored: float


def auc(moments: Sequence[Moment], field: str) -> float:
    """Return how often a moment with members in has the greater score than one without; a tie counts half."""
    with_them = [getattr(one, field) for one in moments if one.members_in]
    without = [getattr(one, field) for one in moments if not one.members_in]
    wins = sum((high > low) + (high == low) / 2 for high in with_them for low in without)
    return wins / (len(with_them) * len(without))


def observed(plan: SitePlan, folder: Path) -> tuple[list[Moment], bool]:
    """Return the moments at which every shared place was empty, and whether the air was ever published."""
    chance = random.Random(10)  # noqa: S311 - artificial people
    days = [lived(plan, number, chance) for number in range(DAYS)]
    noticed: list[SensorSignal] = [sign for day in days for sign in compute_signals(plan, day, 10)]
    read = [(sign.at_ms, sign.value) for sign in noticed if sign.quantity == "co2_ppm"]
    stays = [stay for day in days for stay in day.stays]
    published: dict[int, float] = {}
    with closing(LiveSite(plan, folder, noticed[0].at_ms)) as site:
        for now_ms in site.live(noticed, days[-1].ends_ms):
            shown = json.loads(site.record.retained[topics.ZONE_SUMMARY.topic(plan.id, ZONE)]).get("air", {})
            published[now_ms] = shown.get("co2_ppm", NOT_SHOWN)
        rows = tables.read_rows(site.journal._connection, AIR_FIVE_MIN, (ZONE,), noticed[0].at_ms, days[-1].ends_ms)
    stored = {row.at_ms: row.fields[0] or NOT_SHOWN for row in rows}
    found = []
    for now_ms, value in published.items():
        here = {stay.space for stay in stays if stay.from_ms <= now_ms < stay.to_ms}
        bucket_ms = now_ms - now_ms % BUCKET_MS
        since = {stay.space for stay in stays if stay.from_ms <= bucket_ms - HOUR_MS // 6 < stay.to_ms}
        if here | since <= set(MEMBERS):  # the last hold of a shared place has ended
            ppm = next(ppm for at_ms, ppm in reversed(read) if at_ms <= now_ms)
            found.append(Moment(bool(here), ppm, value, stored.get(bucket_ms, NOT_SHOWN)))
    return found, any(value != NOT_SHOWN for value in published.values())


@pytest.mark.parametrize(("kind", "count"), [(SpaceKind.ROOM, 2), (SpaceKind.DESK, 6)])
def test_air_does_not_reveal_members_while_every_shared_place_is_empty(
    tmp_path: Path, kind: SpaceKind, count: int
) -> None:
    moments, was_published = observed(mixed_zone(kind, count), tmp_path)
    figures = {field: round(auc(moments, field), 3) for field in ("read", "published", "stored")}
    assert len(moments) > 200
    assert was_published is (count >= 5), "it is while five others are there"
    assert figures["read"] > 0.7, f"there is something to hide: {figures}"
    assert figures["published"] == pytest.approx(0.5, abs=0.02)
    assert figures["stored"] == pytest.approx(0.5, abs=0.02)
