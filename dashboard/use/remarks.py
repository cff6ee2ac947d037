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

from collector.forecast import Hour
from collector.plan import WHOLE_SITE
from dashboard.use.figures import Cell, heatmap
from dashboard.use.hours import Sum, Used, ordinary, summed

LEAST_WEEKS: Final = 3
HALF: Final = 0.5
HARDLY: Final = 0.1
MOST_FULL: Final = 2
"""At most this many remarks about full hours."""
COVERED: Final = 0.95
"""With less coverage than this, the coverage is shown too."""


@dataclass(frozen=True, slots=True)
class Full:
    """Consecutive local hours of one weekday in which nothing was free in a zone, in `weeks` of `known_weeks` weeks."""

    zone: str
    kind: str
    weekday: int
    begin: int
    end: int
    weeks: int
    of: int
    weight: int


@dataclass(frozen=True, slots=True)
class Fullest:
    """The hour of the week with the highest use, 0 to 1."""

    weekday: int
    hour: int
    use: float


@dataclass(frozen=True, slots=True)
class Calm:
    """The weekday with the lowest use and the one with the highest; shares are 0 to 1."""

    weekday: int
    use: float
    fullest: int
    fullest_use: float


@dataclass(frozen=True, slots=True)
class Hardly:
    """A kind of space in a zone that is hardly used; the share is 0 to 1."""

    zone: str
    kind: str
    use: float


@dataclass(frozen=True, slots=True)
class Unknown:
    """The share of the open time without data, 0 to 1."""

    share: float


Remark = Full | Fullest | Calm | Hardly | Unknown


def remarks(
    hours: Sequence[Hour],
    scopes: Mapping[tuple[str, ...], Used],
    sums: Mapping[tuple[str, ...], Sum],
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
    cells = [cell for cell in heatmap(hours, used).values() if cell.sum.known and cell.sum.hours >= LEAST_WEEKS]
    if not found and (fullest := _find_fullest(cells)) is not None:
        found.append(fullest)
    if (calm := _find_calm(hours, used)) is not None:
        found.append(calm)
    found += _find_hardly({scope: sums[scope] for scope in scopes_of_kind if scope in sums}, zone)
    whole = sums.get(chosen)
    if whole is not None and whole.coverage < COVERED:
        found.append(Unknown(1 - whole.coverage))
    return found


def _find_full(hours: Sequence[Hour], scopes: Mapping[tuple[str, ...], Used], zone: str) -> list[Full]:
    runs = [run for scope, used in scopes.items() for run in full_runs(hours, used, scope)]
    whole = [run for run in runs if run.zone == zone]
    runs_to_show = whole + [
        run for run in runs if run.zone != zone and not any(_overlaps(run, other) for other in whole)
    ]
    return sorted(runs_to_show, key=lambda run: (-run.weight, run.zone, run.weekday, run.begin))[:MOST_FULL]


def _overlaps(run: Full, other: Full) -> bool:
    return run.weekday == other.weekday and run.begin < other.end and other.begin < run.end


def full_runs(hours: Sequence[Hour], used: Used, scope: tuple[str, ...]) -> list[Full]:
    """Find the consecutive hours of each weekday in which nothing was free in at least half of the weeks."""
    runs: list[tuple[list[Cell], Mapping[int, bool]]] = []
    for cell in heatmap(hours, used).values():
        if not _is_often_full(cell.judged):
            continue
        if runs and (cell.weekday, cell.hour - 1) == (runs[-1][0][-1].weekday, runs[-1][0][-1].hour):
            cells, full_by_day = runs[-1]
            longer = {day: was and cell.judged[day] for day, was in full_by_day.items() if day in cell.judged}
            if _is_often_full(longer):
                runs[-1] = [*cells, cell], longer
                continue
        runs.append(([cell], cell.judged))
    return [_build_full(cells, full_by_day, scope) for cells, full_by_day in runs]


def _is_often_full(judged: Mapping[int, bool]) -> bool:
    return len(judged) >= LEAST_WEEKS and sum(judged.values()) >= HALF * len(judged)


def _build_full(cells: Sequence[Cell], full_by_day: Mapping[int, bool], scope: tuple[str, ...]) -> Full:
    (zone, kind), first, last = scope, cells[0], cells[-1]
    weight = sum(cell.full_days for cell in cells)
    return Full(
        zone,
        kind,
        first.weekday,
        first.hour,
        last.hour + 1,
        sum(full_by_day.values()),
        len(full_by_day),
        weight,
    )


def _find_fullest(cells: Sequence[Cell]) -> Fullest | None:
    most = max(cells, key=lambda cell: cell.sum.use or 0.0, default=None)
    if most is None or not most.sum.use:
        return None
    return Fullest(most.weekday, most.hour, most.sum.use)


def _find_calm(hours: Sequence[Hour], used: Used) -> Calm | None:
    days: dict[int, list[Hour]] = {}
    for hour in ordinary(hours):
        days.setdefault(hour.weekday, []).append(hour)
    uses = {
        weekday: use
        for weekday, weekday_hours in days.items()
        if len({hour.day for hour in weekday_hours}) >= LEAST_WEEKS
        and (use := summed(weekday_hours, used).use) is not None
    }
    if len(uses) < 2:
        return None
    calmest, fullest = min(uses, key=lambda day: uses[day]), max(uses, key=lambda day: uses[day])
    if uses[calmest] > HALF * uses[fullest]:
        return None
    return Calm(calmest, uses[calmest], fullest, uses[fullest])


def _find_hardly(sums: Mapping[tuple[str, ...], Sum], zone: str) -> list[Hardly]:
    """Return the least used of the zones, or the chosen zone, if it is hardly used."""
    low = [
        Hardly(scope[0], scope[1], use)
        for scope, total in sums.items()
        if (use := total.use) is not None and use <= HARDLY and (zone != WHOLE_SITE or scope[0] != WHOLE_SITE)
    ]
    return sorted(low, key=lambda found: found.use)[:1]
