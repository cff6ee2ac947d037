"""Computes all figures of one query.

In:    the query, the plan, history rows that the privacy rules allow.
Out:   a `UseReport`: what the page shows and an export contains.
Never: texts, I/O, rows of a hidden zone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from collector.days import local
from collector.forecast import Hour
from collector.history import Row
from collector.plan import WHOLE_SITE, SitePlan
from dashboard.use.asked import Asked, Days
from dashboard.use.compare import Change, change
from dashboard.use.figures import Cell, Day, Peaks, by_day, by_hour, by_zone, heatmap, peaks
from dashboard.use.hours import Sum, Used, by_scope, open_hours, ordinary
from dashboard.use.people import Counted, In, people_in
from dashboard.use.remarks import Remark, remarks
from dashboard.use.stays import Stays, stays


@dataclass(frozen=True, slots=True)
class Material:
    """The history rows of one period: ZONE_HOUR, STAYS of the chosen zone and kind, PEOPLE_FIVE_MIN."""

    hours: Sequence[Row] = ()
    stays: Sequence[Row] = ()
    people: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """The chosen zone and kind compared with the other period, by daily means: share, counts, people."""

    use: Change
    peak: Change
    surplus: Change
    people: Change | None


@dataclass(frozen=True, slots=True)
class View:
    """All figures of one query. `days` are the days of the query, beginning with the first day in history."""

    asked: Asked
    days: Days | None
    """None if history has none of them."""
    week: Mapping[tuple[int, int], Cell]
    hours: Mapping[int, Sum]
    by_day: Sequence[Day]
    peaks: Peaks
    zones: Mapping[tuple[str, ...], Sum]
    whole: Sum
    stays: Stays
    people: Sequence[In]
    changes: Changes | None
    remarks: Sequence[Remark]

    @property
    def later(self) -> bool:
        """Whether history begins after the first day of the query."""
        return self.days is not None and self.days.first > self.asked.days.first


def view(asked: Asked, rows: Material, other_rows: Material | None, plan: SitePlan, now_ms: int) -> View:
    """Compute the figures of a query.

    Args:
        asked: the query.
        rows: the history rows of its days.
        other_rows: the history rows of the days to compare with; None without a comparison.
        plan: the site's plan, with its opening hours and public holidays.
        now_ms: the site's time, Unix ms; hours that are not over are not counted.
    """
    scopes = by_scope(rows.hours)
    chosen = asked.zone, asked.kind.value
    used = scopes.get(chosen, {})
    days = _known_days(asked.days, rows, used, plan)
    hours = open_hours(plan, days, now_ms) if days else []
    sums = by_zone(hours, scopes)
    counted = Counted(rows.people)
    return View(
        asked=asked,
        days=days,
        week=heatmap(hours, used),
        hours=by_hour(hours, used),
        by_day=(days_used := by_day(hours, used)),
        peaks=peaks(days_used),
        zones=sums,
        whole=sums.get(chosen, Sum()),
        stays=stays(rows.stays),
        people=people_in(hours, counted) if rows.people else (),
        changes=None if other_rows is None else _build_changes(asked, (hours, used, counted), other_rows, plan, now_ms),
        remarks=remarks(hours, _offered_scopes(scopes, plan), sums, chosen),
    )


def _offered_scopes(scopes: Mapping[tuple[str, ...], Used], plan: SitePlan) -> dict[tuple[str, ...], Used]:
    """Keep the scopes with offered spaces. A dedicated desk is never free, so it would always count as full."""
    offered = {(zone, space.kind) for space in plan.spaces if space.offered for zone in (space.zone, WHOLE_SITE)}
    return {scope: used for scope, used in scopes.items() if scope in offered}


def _known_days(days: Days, rows: Material, used: Used, plan: SitePlan) -> Days | None:
    """Return the days from the first one in history on: the time before it is not a gap in the data."""
    if not used and not rows.people:
        return None
    begins_ms = min(used) if used else rows.people[0].at_ms  # doors may have counted people before such a space existed
    return Days(max(days.first, local(plan, begins_ms).date()), days.last)


def _build_changes(
    asked: Asked, now: tuple[list[Hour], Used, Counted], other_rows: Material, plan: SitePlan, now_ms: int
) -> Changes | None:
    if asked.other is None:
        return None
    hours, used, counted = now
    today = local(plan, now_ms).date().toordinal()
    hours = [hour for hour in hours if hour.day < today]  # an unfinished day cannot be compared with a whole one
    chosen = asked.zone, asked.kind.value
    other_hours, other_used = open_hours(plan, asked.other, now_ms), by_scope(other_rows.hours).get(chosen, {})
    apart = asked.days.first - asked.other.first
    new, old = by_day(ordinary(hours), used), by_day(ordinary(other_hours), other_used)
    people = None
    if asked.zone == WHOLE_SITE and (means := _daily_people(hours, counted)):
        people = change(means, _daily_people(other_hours, Counted(other_rows.people)), apart)
    return Changes(
        use=change(_daily_use(new), _daily_use(old), apart),
        peak=change(_daily_peaks(new), _daily_peaks(old), apart),
        surplus=change(_daily_surpluses(new), _daily_surpluses(old), apart),
        people=people,
    )


def _daily_use(days: Sequence[Day]) -> dict[date, float]:
    return {day.day: use for day in days if (use := day.sum.use) is not None}


def _daily_peaks(days: Sequence[Day]) -> dict[date, float]:
    return {day.day: most for day in days if (most := day.sum.most) is not None}


def _daily_surpluses(days: Sequence[Day]) -> dict[date, float]:
    return {day.day: least for day in days if (least := day.sum.surplus) is not None}


def _daily_people(hours: Sequence[Hour], counted: Counted) -> dict[date, float]:
    days: dict[int, list[Hour]] = {}
    for hour in ordinary(hours):
        days.setdefault(hour.day, []).append(hour)
    means = {date.fromordinal(day): counted.mean(day_hours).mean for day, day_hours in days.items()}
    return {day: mean for day, mean in means.items() if mean is not None}
