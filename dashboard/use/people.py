"""Computes the mean number of people inside, by hour of the day.

In:    open hours, and rows of PEOPLE_FIVE_MIN of the whole site.
Out:   means by hour, with their range and coverage.
Never: texts. A mean above 0 and below 5 is marked `is_few`; callers show it as "under 5".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.forecast import Hour
from collector.history import HOUR_MS, Row
from collector.privacy import FEW
from dashboard.use.hours import BUCKETS, KNOWN_LEAST, ordinary

_ENTRIES, _EXITS, PEOPLE, LEAST, MOST = range(5)  # the order of PEOPLE_FIVE_MIN's fields


@dataclass(frozen=True, slots=True)
class In:
    """The mean number of people inside at one hour of the day, and the means of its lower and upper bound."""

    hour: int
    mean: float | None
    least: float | None
    most: float | None
    coverage: float

    @property
    def few(self) -> bool:
        """Whether the mean is above 0 and below 5, so that it is not shown."""
        return self.mean is not None and 0 < self.mean < FEW


class Counted:
    """Rows of PEOPLE_FIVE_MIN added up by hour."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._hours: dict[int, list[float]] = {}
        for row in rows:
            people, least, most = row.fields[PEOPLE], row.fields[LEAST], row.fields[MOST]
            if people is not None:
                totals = self._hours.setdefault(row.at_ms - row.at_ms % HOUR_MS, [0.0, 0.0, 0.0, 0.0])
                totals[0] += 1
                totals[1] += people
                totals[2] += people if least is None else least
                totals[3] += people if most is None else most

    def mean(self, hours: Sequence[Hour], name: int = 0) -> In:
        """Compute the mean over some hours; `name` is the hour of the day to label it with."""
        buckets = people = least = most = 0.0
        for hour in hours:
            totals = self._hours.get(hour.at_ms)
            if totals is not None:
                buckets, people = buckets + totals[0], people + totals[1]
                least, most = least + totals[2], most + totals[3]
        coverage = min(1.0, buckets / (BUCKETS * len(hours))) if hours else 0.0
        if coverage < KNOWN_LEAST:
            return In(name, None, None, None, coverage)
        return In(name, people / buckets, least / buckets, most / buckets, coverage)


def people_in(hours: Iterable[Hour], counted: Counted) -> list[In]:
    """Compute the mean for each hour of the day over all days except public holidays."""
    groups: dict[int, list[Hour]] = {}
    for hour in ordinary(hours):
        groups.setdefault(hour.hour, []).append(hour)
    return [counted.mean(group, number) for number, group in sorted(groups.items())]
