"""Rules that find implausible readings and readings that never change, for each quantity of a sensor.

In:    a sensor with its days, oldest first; the activity of the site.
Out:   at most one finding of each kind for each quantity.
Never: bounds of its own; they are in the table of sensor kinds.

These cases cause no false findings:
- a few wrong readings among thousands, from a disturbed radio or a breath at the meter;
- a meter within its stated tolerance;
- an empty building: fresh air, a silent room and a thermostat may stay the same for a holiday, and a meter may have a
  lowest reading or round to whole degrees. Such a resting value counts only on days with people nearby;
- a sensor that sends a quantity only when it changes: days without a reading of it are skipped.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from collector.contract.findings import Finding, FindingKind
from collector.health.tallies.day_tallies import DayTally
from collector.health.tallies.hour_tallies import ReadingRange
from collector.health.tallies.site_activity import SensorRecord, SiteActivity
from edge.contract.sensor_traits import Quantity, ReadingCheck

RECENT_DAYS: Final = 3
"""Implausible readings of this many of the newest days count, so that a finding ends soon after a repair."""
MIN_IMPLAUSIBLE_READINGS: Final = 5
MIN_IMPLAUSIBLE_SHARE: Final = 0.01
MIN_UNCHANGED_READINGS: Final = 24
"""One an hour for a day; fewer equal readings may be a sensor that sends changes alone."""
MIN_ALIVE_SHARE: Final = 0.9
"""Share of the time without change in which the sensor must have been alive."""
MIN_PEOPLE_MIN: Final = 60
"""People must have been nearby for this long on a day: less may leave no trace in the air."""
MIN_PEOPLE_DAYS: Final = 3
_DAY_MIN: Final = 24 * 60

RangeByDay = Sequence[tuple[DayTally, ReadingRange]]
"""The days on which a quantity had readings, oldest first."""


def find_reading_faults(one: SensorRecord, site: SiteActivity) -> Iterator[Finding]:
    """Yield what is wrong with the readings of a sensor."""
    for quantity, check in one.rule.kind.traits.checked_quantities:
        days = [(day, found) for day in one.days for found in day.ranges if found.quantity == quantity.name]
        if days:
            yield from _find_implausible(one, quantity, check, days[-RECENT_DAYS:])
            yield from _find_unchanging(one, quantity, check, days, site)


def _find_implausible(
    one: SensorRecord, quantity: Quantity, check: ReadingCheck, days: RangeByDay
) -> Iterator[Finding]:
    wrong = [found for _, found in days if found.implausible]
    times, readings = sum(found.implausible for found in wrong), sum(found.readings for _, found in days)
    if times < MIN_IMPLAUSIBLE_READINGS or times < MIN_IMPLAUSIBLE_SHARE * readings:
        return
    low, high = min(found.low for found in wrong), max(found.high for found in wrong)
    yield Finding(
        FindingKind.IMPLAUSIBLE,
        0,
        sensor=one.rule.sensor,
        quantity=quantity.name,
        value=low if low < check.plausible_low else high,
        times=times,
        days=len(wrong),
    )


def _find_unchanging(
    one: SensorRecord, quantity: Quantity, check: ReadingCheck, days: RangeByDay, site: SiteActivity
) -> Iterator[Finding]:
    value = days[-1][1].high
    same: list[DayTally] = []
    readings = 0
    for day, found in reversed(days):
        if not found.low == found.high == value:
            break
        same.append(day)
        readings += found.readings
    if check.unchanging_days is None or readings < MIN_UNCHANGED_READINGS:
        return
    if value <= check.resting_high:
        is_long = sum(_has_people(one, day, site) for day in same) >= max(check.unchanging_days, MIN_PEOPLE_DAYS)
    else:
        is_long = sum(day.alive_min for day in same) >= MIN_ALIVE_SHARE * check.unchanging_days * _DAY_MIN
    if is_long:
        yield Finding(
            FindingKind.UNCHANGING,
            0,
            sensor=one.rule.sensor,
            quantity=quantity.name,
            value=value,
            days=len(same),
        )


def _has_people(one: SensorRecord, day: DayTally, site: SiteActivity) -> bool:
    """Return whether people were near a live sensor: in its space, else in its zone, else at the site."""
    if day.alive_min < MIN_PEOPLE_MIN:
        return False
    for area in one.areas:
        if (people_min := site.people_min.get(area)) is not None:
            return people_min.get(day.day, 0) >= MIN_PEOPLE_MIN
    return day.day in site.days_in_use
