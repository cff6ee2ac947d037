"""Computes all figures of one query.

In:    the query, the plan, history rows that the privacy rules allow.
Out:   a `UseReport`: what the page shows and an export contains.
Never: texts, I/O, rows of a hidden zone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from collector.history.measures import HistoryRow
from collector.site.calendar import to_local_time
from collector.site.series_hours import SeriesHour
from collector.site.site_plan import WHOLE_SITE, SitePlan
from dashboard.use.compare import MeanChange, compare_days
from dashboard.use.figures import (
    DayUse,
    UsePeaks,
    WeekHourUse,
    find_peaks,
    sum_by_day,
    sum_by_hour,
    sum_by_zone,
    sum_week_hours,
)
from dashboard.use.people_by_hour import PeopleByHour, PeopleTotals, average_people_by_hour
from dashboard.use.remarks import Remark, find_remarks
from dashboard.use.stay_counts import StayCounts, sum_stays
from dashboard.use.use_query import DayRange, UseQuery
from dashboard.use.used_hours import UsedHours, UseSum, drop_public_holidays, group_by_scope, list_open_hours


@dataclass(frozen=True, slots=True)
class UseRows:
    """The history rows of one period: ZONE_HOUR, STAYS of the chosen zone and kind, PEOPLE_FIVE_MIN."""

    hours: Sequence[HistoryRow] = ()
    stays: Sequence[HistoryRow] = ()
    people: Sequence[HistoryRow] = ()


@dataclass(frozen=True, slots=True)
class UseChanges:
    """The chosen zone and kind compared with the other period, by daily means: share, counts, people."""

    use: MeanChange
    peak: MeanChange
    surplus: MeanChange
    people: MeanChange | None


@dataclass(frozen=True, slots=True)
class UseReport:
    """All figures of one query. `days` are the days of the query, beginning with the first day in history."""

    query: UseQuery
    days: DayRange | None
    """None if history has none of them."""
    week: Mapping[tuple[int, int], WeekHourUse]
    hours: Mapping[int, UseSum]
    by_day: Sequence[DayUse]
    peaks: UsePeaks
    zones: Mapping[tuple[str, ...], UseSum]
    total: UseSum
    stays: StayCounts
    people: Sequence[PeopleByHour]
    changes: UseChanges | None
    remarks: Sequence[Remark]

    @property
    def begins_later(self) -> bool:
        """Whether history begins after the first day of the query."""
        return self.days is not None and self.days.first > self.query.days.first


def build_report(asked: UseQuery, rows: UseRows, other_rows: UseRows | None, plan: SitePlan, now_ms: int) -> UseReport:
    """Compute the figures of a query.

    Args:
        asked: the query.
        rows: the history rows of its days.
        other_rows: the history rows of the days to compare with; None without a comparison.
        plan: the site's plan, with its opening hours and public holidays.
        now_ms: the site's time, Unix ms; hours that are not over are not counted.
    """
    scopes = group_by_scope(rows.hours)
    chosen = asked.zone, asked.kind.value
    used = scopes.get(chosen, {})
    days = _known_days(asked.days, rows, used, plan)
    hours = list_open_hours(plan, days, now_ms) if days else []
    sums = sum_by_zone(hours, scopes)
    counted = PeopleTotals(rows.people)
    return UseReport(
        query=asked,
        days=days,
        week=sum_week_hours(hours, used),
        hours=sum_by_hour(hours, used),
        by_day=(days_used := sum_by_day(hours, used)),
        peaks=find_peaks(days_used),
        zones=sums,
        total=sums.get(chosen, UseSum()),
        stays=sum_stays(rows.stays),
        people=average_people_by_hour(hours, counted) if rows.people else (),
        changes=None if other_rows is None else _build_changes(asked, (hours, used, counted), other_rows, plan, now_ms),
        remarks=find_remarks(hours, _offered_scopes(scopes, plan), sums, chosen),
    )


def _offered_scopes(scopes: Mapping[tuple[str, ...], UsedHours], plan: SitePlan) -> dict[tuple[str, ...], UsedHours]:
    """Keep the scopes with offered spaces. A dedicated desk is never free, so it would always count as full."""
    offered = {(zone, space.kind) for space in plan.spaces if space.is_offered for zone in (space.zone, WHOLE_SITE)}
    return {scope: used for scope, used in scopes.items() if scope in offered}


def _known_days(days: DayRange, rows: UseRows, used: UsedHours, plan: SitePlan) -> DayRange | None:
    """Return the days from the first one in history on: the time before it is not a gap in the data."""
    if not used and not rows.people:
        return None
    begins_ms = min(used) if used else rows.people[0].at_ms  # doors may have counted people before such a space existed
    return DayRange(max(days.first, to_local_time(plan, begins_ms).date()), days.last)


def _build_changes(
    asked: UseQuery,
    now: tuple[list[SeriesHour], UsedHours, PeopleTotals],
    other_rows: UseRows,
    plan: SitePlan,
    now_ms: int,
) -> UseChanges | None:
    if asked.other_days is None:
        return None
    hours, used, counted = now
    today = to_local_time(plan, now_ms).date().toordinal()
    hours = [hour for hour in hours if hour.day < today]  # an unfinished day cannot be compared with a whole one
    chosen = asked.zone, asked.kind.value
    other_hours, other_used = (
        list_open_hours(plan, asked.other_days, now_ms),
        group_by_scope(other_rows.hours).get(chosen, {}),
    )
    apart = asked.days.first - asked.other_days.first
    new, old = sum_by_day(drop_public_holidays(hours), used), sum_by_day(drop_public_holidays(other_hours), other_used)
    people = None
    if asked.zone == WHOLE_SITE and (means := _daily_people(hours, counted)):
        people = compare_days(means, _daily_people(other_hours, PeopleTotals(other_rows.people)), apart)
    return UseChanges(
        use=compare_days(_daily_use(new), _daily_use(old), apart),
        peak=compare_days(_daily_peaks(new), _daily_peaks(old), apart),
        surplus=compare_days(_daily_surpluses(new), _daily_surpluses(old), apart),
        people=people,
    )


def _daily_use(days: Sequence[DayUse]) -> dict[date, float]:
    return {day.day: use for day in days if (use := day.total.utilisation) is not None}


def _daily_peaks(days: Sequence[DayUse]) -> dict[date, float]:
    return {day.day: most for day in days if (most := day.total.known_peak) is not None}


def _daily_surpluses(days: Sequence[DayUse]) -> dict[date, float]:
    return {day.day: least for day in days if (least := day.total.surplus) is not None}


def _daily_people(hours: Sequence[SeriesHour], counted: PeopleTotals) -> dict[date, float]:
    days: dict[int, list[SeriesHour]] = {}
    for hour in drop_public_holidays(hours):
        days.setdefault(hour.day, []).append(hour)
    means = {date.fromordinal(day): counted.compute_mean(day_hours).mean for day, day_hours in days.items()}
    return {day: mean for day, mean in means.items() if mean is not None}
