"""Finds pairs of exchanged sensors from the comparisons of several days, one finding for each pair.

In:    the sensors of a site with their days, oldest first.
Out:   findings; which other findings an exchange would explain.
Never: clocks, the journal, a comparison of days: `swaps.py` does that.

One day may mislead, so a pair is reported after two days in a row that show it; days that show nothing are skipped.
From the first such day on, what the exchange would explain is not reported: a sensor that is "stuck off" because it
watches an empty desk, or the same fault as four wrong places.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

from msgspec import Struct

from collector.contract.findings import Finding, FindingKind
from collector.health.tallies.day_tallies import NO_SENSOR, DayTally
from collector.health.tallies.site_activity import SensorRecord
from collector.site.site_sensor import SensorKey
from edge.contract.sensor_traits import HealthRole

MIN_SWAP_DAYS: Final = 2
_ROLE_ORDER: Final = (HealthRole.MOVEMENT, HealthRole.DIRECT, HealthRole.INDIRECT, HealthRole.COUNT)
"""With one sensor of each of two kinds at both places, either pair may be exchanged. Movement sensors are named first:
they are fixed with tape or one screw, mats and meters by their cables."""
_EXPLAINED: Final = frozenset(
    {FindingKind.STUCK_ON, FindingKind.STUCK_OFF, FindingKind.NEVER_TRIGGERED, FindingKind.POOR_COVERAGE}
)
"""Findings by a witness of the same place."""


class Swaps(Struct, frozen=True):
    """Exchanged sensors of a site."""

    findings: Mapping[SensorKey, Finding]
    """By the sensor that the finding is about, the first of its pair."""
    places: Mapping[SensorKey, frozenset[str]]
    """The two places of each sensor that was exchanged on its newest day with a result, and of its partner."""

    def explains(self, one: SensorRecord, finding: Finding) -> bool:
        """Return whether an exchange, found or suspected, explains a finding about a sensor."""
        places = self.places.get(one.rule.key)
        if places is None:
            return False
        if finding.kind is FindingKind.WRONG_PLACE:
            return finding.space in places
        return finding.kind in _EXPLAINED and (finding.witness_device, finding.witness) in self.places


def find_swaps(sensors: Sequence[SensorRecord]) -> Swaps:
    """Find the pairs whose sensors each name the other one on their newest days with a result."""
    records = {one.rule.key: one for one in sensors}
    days = {key: found for key, one in records.items() if (found := _list_swapped_days(one))}
    pairs = [
        (key, partner)
        for key, found in days.items()
        if (partner := found[0].swap_partner) in days and days[partner][0].swap_partner == key and key < partner
    ]
    places = {key: frozenset({records[pair[0]].place, records[pair[1]].place}) for pair in pairs for key in pair}
    chosen: dict[frozenset[str], tuple[SensorKey, SensorKey]] = {}
    for pair in sorted(pairs, key=lambda pair: (_rank(records[pair[0]]), pair)):
        if min(len(days[key]) for key in pair) >= MIN_SWAP_DAYS:
            chosen.setdefault(places[pair[0]], pair)
    findings = {first: _make_finding(records[first], records[other], days[first]) for first, other in chosen.values()}
    return Swaps(findings, places)


def _list_swapped_days(one: SensorRecord) -> list[DayTally]:
    """Return the newest days on which it seems exchanged with one sensor, newest first; skip days without a result."""
    found: list[DayTally] = []
    for day in reversed(one.days):
        if not day.is_swap_compared:
            continue
        if day.swap_partner == NO_SENSOR or (found and day.swap_partner != found[0].swap_partner):
            break
        found.append(day)
    return found


def _rank(one: SensorRecord) -> int:
    role = one.rule.health_role
    return _ROLE_ORDER.index(role) if role in _ROLE_ORDER else len(_ROLE_ORDER)


def _make_finding(one: SensorRecord, other: SensorRecord, days: Sequence[DayTally]) -> Finding:
    return Finding(
        FindingKind.SWAPPED,
        0,
        sensor=one.rule.sensor,
        witness_device=other.rule.device,
        witness=other.rule.sensor,
        space=other.space,
        days=len(days),
        share_pct=round(median(day.swapped_pct for day in days)),
        own_pct=round(median(day.installed_pct for day in days)),
    )
