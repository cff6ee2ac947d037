"""What the rules of sensor health know about each sensor, and about all sensors of the site together.

In:    the sensors with their daily tallies.
Out:   by day: which kinds of sensors were active, where people were, and whether the site was in use.
Never: findings, clocks, the journal.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from collector.health.tallies.day_tallies import DETECTING_ROLES, PLACED_ROLES, DayTally
from collector.health.tallies.hour_tallies import ActivityRule
from collector.site.site_sensor import SensorKey
from collector.site.spaces import SpaceKind
from edge.contract.sensor_kinds import SensorKind

MIN_PEERS: Final = 3


class HoldReliability(Struct, frozen=True):
    """Statistics about a space's hold time (collector/occupancy/learning/tuning.py)."""

    flips: float = 0
    """How often it ended although somebody was there all along."""
    ends: float = 0
    """How often it ended."""
    is_at_bound: bool = False
    """Whether it is at its upper bound."""
    is_known: bool = False
    """Whether enough was learned to distinguish flips from absences."""


class SensorRecord(Struct, frozen=True):
    """One sensor with its daily tallies."""

    rule: ActivityRule
    space: str = ""
    space_kind: SpaceKind | None = None
    dedicated: bool = False
    zone: str = ""
    """The zone that it watches, or that its space lies in."""
    door: str = ""
    fired: bool = False
    """Whether it has ever turned on."""
    hold: HoldReliability = HoldReliability()
    """The hold time of its space, if this sensor represents the space."""
    days: Sequence[DayTally] = ()

    @property
    def place(self) -> str:
        """What it watches: its space, door or zone."""
        return self.space or self.door or self.zone

    @property
    def areas(self) -> list[str]:
        """Its space and its zone, the smallest first; a space and a zone never have the same name here."""
        return [f"{what}:{name}" for what, name in (("space", self.space), ("zone", self.zone)) if name]


class SiteActivity(Struct, frozen=True):
    """What a rule needs to know about the other sensors of the site."""

    records: Mapping[SensorKey, SensorRecord]
    active_share: Mapping[tuple[SensorKind, SpaceKind | None], Mapping[int, float]]
    """For each kind of sensor at each kind of space: the share of live sensors that turned on, by day."""
    days_in_use: frozenset[int]
    """Days on which people were on site."""
    people_min: Mapping[str, Mapping[int, int]]
    """For each space and zone with sensors that detect people: for how long one of them did, by day."""
    space_count: int
    door_count: int


def summarise_site(sensors: Sequence[SensorRecord]) -> SiteActivity:
    """Summarise the activity of all sensors of a site, by kind and day."""
    active_by_day: dict[tuple[SensorKind, SpaceKind | None], dict[int, list[bool]]] = {}
    active_sensors: dict[int, int] = {}
    people_min: dict[str, dict[int, int]] = {}
    for one in sensors:
        for day in one.days:
            for area in one.areas if one.rule.health_role in PLACED_ROLES else ():
                by_day = people_min.setdefault(area, {})
                by_day[day.day] = max(by_day.get(day.day, 0), day.active_min)
            if 2 * day.alive_min >= day.minutes:
                peers = active_by_day.setdefault((one.rule.kind, one.space_kind), {})
                peers.setdefault(day.day, []).append(day.active_min > 0)
            if one.rule.health_role in DETECTING_ROLES and day.active_min:
                active_sensors[day.day] = active_sensors.get(day.day, 0) + 1
    spaces = len({one.space for one in sensors if one.space})
    return SiteActivity(
        records={one.rule.key: one for one in sensors},
        active_share={
            kind: {
                day: sum(is_active) / len(is_active) for day, is_active in days.items() if len(is_active) > MIN_PEERS
            }
            for kind, days in active_by_day.items()
        },
        days_in_use=frozenset(day for day, times in active_sensors.items() if times >= min(3, max(1, spaces // 2))),
        people_min=people_min,
        space_count=spaces,
        door_count=len({one.door for one in sensors if one.door}),
    )
