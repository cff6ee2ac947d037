"""Says how many people are in, by the hour of the day.

In:    open hours, rows of PEOPLE_FIVE_MIN of the whole house.
Out:   means by hour, with their range and coverage.
Never: a mean of one to four people: that is told as `FEW`.
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
    """How many are in at one hour of the day: in the mean over all days, from about and to about how many."""

    hour: int
    mean: float | None
    least: float | None
    most: float | None
    coverage: float

    @property
    def few(self) -> bool:
        """Whether it is told as fewer than five."""
        return self.mean is not None and 0 < self.mean < FEW


class Counted:
    """Rows of PEOPLE_FIVE_MIN, added up by hour."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._hours: dict[int, list[float]] = {}
        for row in rows:
            people, least, most = row.fields[PEOPLE], row.fields[LEAST], row.fields[MOST]
            if people is not None:
                told = self._hours.setdefault(row.at_ms - row.at_ms % HOUR_MS, [0.0, 0.0, 0.0, 0.0])
                told[0] += 1
                told[1] += people
                told[2] += people if least is None else least
                told[3] += people if most is None else most

    def mean(self, these: Sequence[Hour], name: int = 0) -> In:
        """The mean of some hours."""
        buckets = people = least = most = 0.0
        for hour in these:
            told = self._hours.get(hour.at_ms)
            if told is not None:
                buckets, people = buckets + told[0], people + told[1]
                least, most = least + told[2], most + told[3]
        coverage = min(1.0, buckets / (BUCKETS * len(these))) if these else 0.0
        if coverage < KNOWN_LEAST:
            return In(name, None, None, None, coverage)
        return In(name, people / buckets, least / buckets, most / buckets, coverage)


def people_in(these: Iterable[Hour], counted: Counted) -> list[In]:
    """Each hour of the day over all days that are no red days."""
    groups: dict[int, list[Hour]] = {}
    for hour in ordinary(these):
        groups.setdefault(hour.hour, []).append(hour)
    return [counted.mean(within, name) for name, within in sorted(groups.items())]
