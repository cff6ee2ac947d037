"""Finds counters that leave people inside at 04:00, night after night: they miss people who leave.

In:    the counters of a site with their days, oldest first; a day ends at 04:00.
Out:   at most one finding for the counters at doors, one for each counter of a room.
Never: clocks; a correction of a count: the count of people does that (decision 0016).

These cases cause no false findings:
- a usual counter, which misses a few of a hundred people: a tenth of those who entered must be left;
- people who leave by another door: the counters at all doors are added up;
- a night of work, or a few of them: every one of the last four days must show it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from collector.contract.findings import Finding, FindingKind
from collector.health.tallies.day_tallies import DayTally
from collector.health.tallies.site_activity import SensorRecord
from collector.site.site_sensor import SensorKey
from edge.contract.sensor_traits import HealthRole

MIN_NIGHTS: Final = 4
"""So many of the newest ended days, one after the other."""
MIN_LEFT: Final = 3
"""The error of a usual door counter at night is less on nine of ten days (CalIt2)."""
MIN_LEFT_SHARE: Final = 0.1
"""Of those who entered. A usual counter misses 5 % of the entries and 8 % of the exits (decision 0016)."""
ENDED_DAY_MIN: Final = 23 * 60
"""The shortest day: that on which summer time begins."""


def find_left_inside(sensors: Sequence[SensorRecord]) -> Mapping[SensorKey, Finding]:
    """Return the findings by sensor. A finding about doors names the counter that leaves the most people inside."""
    doors = [one for one in sensors if one.rule.health_role is HealthRole.CROSSINGS]
    rooms = [one for one in sensors if one.rule.health_role is HealthRole.COUNT]
    found = {one.rule.key: finding for one in rooms if (finding := _evaluate_room(one)) is not None}
    return found | _evaluate_doors(doors)


def _list_ended_days(one: SensorRecord) -> list[DayTally]:
    return [day for day in one.days if day.minutes >= ENDED_DAY_MIN][-MIN_NIGHTS:]


def _evaluate_room(one: SensorRecord) -> Finding | None:
    days = _list_ended_days(one)
    if len(days) < MIN_NIGHTS or not all(day.on_until_end_min for day in days):
        return None
    return Finding(FindingKind.LEFT_INSIDE, 0, sensor=one.rule.sensor, days=len(days))


def _evaluate_doors(doors: Sequence[SensorRecord]) -> dict[SensorKey, Finding]:
    days = {number for one in doors for number in (day.day for day in _list_ended_days(one))}
    newest = sorted(days)[-MIN_NIGHTS:]
    if len(newest) < MIN_NIGHTS:
        return {}
    by_day = [[day for one in doors for day in one.days if day.day == number] for number in newest]
    shares = [_measure_left_share(tallies) for tallies in by_day]
    if min(shares) < MIN_LEFT_SHARE:
        return {}
    worst = max(doors, key=lambda one: (sum(day.net_entries for day in one.days if day.day in newest), one.rule.key))
    share_pct = round(100 * sum(shares) / len(shares))
    finding = Finding(FindingKind.LEFT_INSIDE, 0, sensor=worst.rule.sensor, days=len(newest), share_pct=share_pct)
    return {worst.rule.key: finding}


def _measure_left_share(tallies: Sequence[DayTally]) -> float:
    """Return the share of those who entered on one day and did not leave; 0 if they are few."""
    left = sum(day.net_entries for day in tallies)
    entries = (sum(day.rises for day in tallies) + left) / 2
    return left / entries if left >= MIN_LEFT and entries > 0 else 0.0
