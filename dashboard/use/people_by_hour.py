"""Computes the mean number of people inside, by hour of the day.

In:    open hours, and rows of PEOPLE_FIVE_MIN of the whole site.
Out:   means by hour, with their range and coverage.
Never: texts. A mean above 0 and below 5 is marked `is_few`; callers show it as "under 5".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.history.measures import HistoryRow
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.series_hours import SeriesHour
from dashboard.use.used_hours import BUCKETS_PER_HOUR, MIN_COVERAGE, drop_public_holidays
from edge.timekeeping.durations import HOUR_MS

_ENTRIES, _EXITS, PEOPLE_FIELD, LEAST_FIELD, MOST_FIELD = range(5)  # the order of PEOPLE_FIVE_MIN's fields


@dataclass(frozen=True, slots=True)
class PeopleByHour:
    """The mean number of people inside at one hour of the day, and the means of its lower and upper bound."""

    hour: int
    mean: float | None
    least: float | None
    most: float | None
    coverage: float

    @property
    def is_few(self) -> bool:
        """Whether the mean is above 0 and below 5, so that it is not shown."""
        return self.mean is not None and 0 < self.mean < MIN_SHOWN_GROUP


class PeopleTotals:
    """Rows of PEOPLE_FIVE_MIN added up by hour."""

    def __init__(self, rows: Iterable[HistoryRow]) -> None:
        self._hours: dict[int, list[float]] = {}
        for row in rows:
            people, least, most = row.fields[PEOPLE_FIELD], row.fields[LEAST_FIELD], row.fields[MOST_FIELD]
            if people is not None:
                totals = self._hours.setdefault(row.at_ms - row.at_ms % HOUR_MS, [0.0, 0.0, 0.0, 0.0])
                totals[0] += 1
                totals[1] += people
                totals[2] += people if least is None else least
                totals[3] += people if most is None else most

    def compute_mean(self, hours: Sequence[SeriesHour], name: int = 0) -> PeopleByHour:
        """Compute the mean over some hours; `name` is the hour of the day to label it with."""
        buckets = people = least = most = 0.0
        for hour in hours:
            totals = self._hours.get(hour.at_ms)
            if totals is not None:
                buckets, people = buckets + totals[0], people + totals[1]
                least, most = least + totals[2], most + totals[3]
        coverage = min(1.0, buckets / (BUCKETS_PER_HOUR * len(hours))) if hours else 0.0
        if coverage < MIN_COVERAGE:
            return PeopleByHour(name, None, None, None, coverage)
        return PeopleByHour(name, people / buckets, least / buckets, most / buckets, coverage)


def average_people_by_hour(hours: Iterable[SeriesHour], counted: PeopleTotals) -> list[PeopleByHour]:
    """Compute the mean for each hour of the day over all days except public holidays."""
    groups: dict[int, list[SeriesHour]] = {}
    for hour in drop_public_holidays(hours):
        groups.setdefault(hour.hour, []).append(hour)
    return [counted.compute_mean(group, number) for number, group in sorted(groups.items())]
