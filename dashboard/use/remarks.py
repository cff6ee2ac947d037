"""Finds what matters in weeks of use: full hours, the busiest hour, the quietest weekday, hardly used zones, gaps.

In:    open hours, and the figures of use.
Out:   remarks, the most important first; `dashboard.use.sentences` formats them.
Never: a remark about one day, about hours with too little data, or about public holidays.

Consecutive hours of a weekday are one remark if nothing was free in any of them in at least half of the weeks. The
number of weeks shown counts those in which nothing was free from the first hour to the last. The weight is the number
of full hours over all weeks. Hours that are full in the whole site are not repeated for its zones. The busiest hour is
shown only if no hour is full. The quietest weekday is shown if its use is at most half of the busiest one's. Both need
at least three weeks. A zone is shown as hardly used if at most a tenth of its time is in use.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from collector.site.series_hours import SeriesHour
from collector.site.site_plan import WHOLE_SITE
from dashboard.use.figures import WeekHourUse, sum_week_hours
from dashboard.use.used_hours import UsedHours, UseSum, drop_public_holidays, sum_hours

MIN_REMARK_WEEKS: Final = 3
OFTEN_FULL_SHARE: Final = 0.5
MAX_HARDLY_USED: Final = 0.1
MAX_FULL_REMARKS: Final = 2
"""At most this many remarks about full hours."""
WELL_COVERED: Final = 0.95
"""With less coverage than this, the coverage is shown beside the figures."""


@dataclass(frozen=True, slots=True)
class FullHours:
    """Consecutive local hours of one weekday in which nothing was free in a zone, in `weeks` of `known_weeks` weeks."""

    zone: str
    kind: str
    weekday: int
    begin_hour: int
    end_hour: int
    weeks: int
    known_weeks: int
    weight: int


@dataclass(frozen=True, slots=True)
class BusiestHour:
    """The hour of the week with the highest use, 0 to 1."""

    weekday: int
    hour: int
    use: float


@dataclass(frozen=True, slots=True)
class QuietestWeekday:
    """The weekday with the lowest use and the one with the highest; shares are 0 to 1."""

    weekday: int
    use: float
    busiest: int
    busiest_use: float


@dataclass(frozen=True, slots=True)
class HardlyUsedZone:
    """A kind of space in a zone that is hardly used; the share is 0 to 1."""

    zone: str
    kind: str
    use: float


@dataclass(frozen=True, slots=True)
class UnknownShare:
    """The share of the open time without data, 0 to 1."""

    share: float


Remark = FullHours | BusiestHour | QuietestWeekday | HardlyUsedZone | UnknownShare


def find_remarks(
    hours: Sequence[SeriesHour],
    scopes: Mapping[tuple[str, ...], UsedHours],
    sums: Mapping[tuple[str, ...], UseSum],
    chosen: tuple[str, str],
) -> list[Remark]:
    """Find remarks about the chosen zone and kind; for the whole site also about that kind in each zone.

    Args:
        hours: the open hours that are over.
        scopes: the used hours of each zone and kind.
        sums: the sum over all hours of each zone and kind.
        chosen: the zone and kind of the query.

    Returns:
        The remarks, the most important first.
    """
    zone, kind = chosen
    scopes_of_kind = [scope for scope in scopes if scope[1] == kind and (zone in {WHOLE_SITE, scope[0]})]
    found: list[Remark] = [*_find_full(hours, {scope: scopes[scope] for scope in scopes_of_kind}, zone)]
    used = scopes.get(chosen, {})
    cells = [
        cell
        for cell in sum_week_hours(hours, used).values()
        if cell.total.is_known and cell.total.hour_count >= MIN_REMARK_WEEKS
    ]
    if not found and (fullest := _find_fullest(cells)) is not None:
        found.append(fullest)
    if (calm := _find_calm(hours, used)) is not None:
        found.append(calm)
    found += _find_hardly({scope: sums[scope] for scope in scopes_of_kind if scope in sums}, zone)
    whole = sums.get(chosen)
    if whole is not None and whole.is_known and whole.coverage < WELL_COVERED:
        found.append(UnknownShare(1 - whole.coverage))
    return found


def _find_full(hours: Sequence[SeriesHour], scopes: Mapping[tuple[str, ...], UsedHours], zone: str) -> list[FullHours]:
    runs = [run for scope, used in scopes.items() for run in find_full_runs(hours, used, scope)]
    whole = [run for run in runs if run.zone == zone]
    runs_to_show = whole + [
        run for run in runs if run.zone != zone and not any(_overlaps(run, other) for other in whole)
    ]
    return sorted(runs_to_show, key=lambda run: (-run.weight, run.zone, run.weekday, run.begin_hour))[:MAX_FULL_REMARKS]


def _overlaps(run: FullHours, other: FullHours) -> bool:
    return run.weekday == other.weekday and run.begin_hour < other.end_hour and other.begin_hour < run.end_hour


def find_full_runs(hours: Sequence[SeriesHour], used: UsedHours, scope: tuple[str, ...]) -> list[FullHours]:
    """Find the consecutive hours of each weekday in which nothing was free in at least half of the weeks."""
    runs: list[tuple[list[WeekHourUse], Mapping[int, bool]]] = []
    for cell in sum_week_hours(hours, used).values():
        if not _is_often_full(cell.full_by_day):
            continue
        if runs and (cell.weekday, cell.hour - 1) == (runs[-1][0][-1].weekday, runs[-1][0][-1].hour):
            cells, full_by_day = runs[-1]
            longer = {day: was and cell.full_by_day[day] for day, was in full_by_day.items() if day in cell.full_by_day}
            if _is_often_full(longer):
                runs[-1] = [*cells, cell], longer
                continue
        runs.append(([cell], cell.full_by_day))
    return [_build_full(cells, full_by_day, scope) for cells, full_by_day in runs]


def _is_often_full(judged: Mapping[int, bool]) -> bool:
    return len(judged) >= MIN_REMARK_WEEKS and sum(judged.values()) >= OFTEN_FULL_SHARE * len(judged)


def _build_full(cells: Sequence[WeekHourUse], full_by_day: Mapping[int, bool], scope: tuple[str, ...]) -> FullHours:
    (zone, kind), first, last = scope, cells[0], cells[-1]
    weight = sum(cell.full_days for cell in cells)
    return FullHours(
        zone,
        kind,
        first.weekday,
        first.hour,
        last.hour + 1,
        sum(full_by_day.values()),
        len(full_by_day),
        weight,
    )


def _find_fullest(cells: Sequence[WeekHourUse]) -> BusiestHour | None:
    most = max(cells, key=lambda cell: cell.total.utilisation or 0.0, default=None)
    if most is None or not most.total.utilisation:
        return None
    return BusiestHour(most.weekday, most.hour, most.total.utilisation)


def _find_calm(hours: Sequence[SeriesHour], used: UsedHours) -> QuietestWeekday | None:
    days: dict[int, list[SeriesHour]] = {}
    for hour in drop_public_holidays(hours):
        days.setdefault(hour.weekday, []).append(hour)
    uses = {
        weekday: use
        for weekday, weekday_hours in days.items()
        if len({hour.day for hour in weekday_hours}) >= MIN_REMARK_WEEKS
        and (use := sum_hours(weekday_hours, used).utilisation) is not None
    }
    if len(uses) < 2:
        return None
    calmest, fullest = min(uses, key=lambda day: uses[day]), max(uses, key=lambda day: uses[day])
    if uses[calmest] > OFTEN_FULL_SHARE * uses[fullest]:
        return None
    return QuietestWeekday(calmest, uses[calmest], fullest, uses[fullest])


def _find_hardly(sums: Mapping[tuple[str, ...], UseSum], zone: str) -> list[HardlyUsedZone]:
    """Return the least used of the zones, or the chosen zone, if it is hardly used."""
    low = [
        HardlyUsedZone(scope[0], scope[1], use)
        for scope, total in sums.items()
        if (use := total.utilisation) is not None
        and use <= MAX_HARDLY_USED
        and (zone != WHOLE_SITE or scope[0] != WHOLE_SITE)
    ]
    return sorted(low, key=lambda found: found.use)[:1]
