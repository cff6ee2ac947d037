"""Finds what matters in weeks of use: when nothing is free, when it is fullest and calmest, what hardly anybody takes.

In:    open hours, and the figures of use.
Out:   remarks, the weightiest first; `sentences` words them.
Never: a remark about one day, about hours of which too little is known, or about red days.

A weekday's hours in a row are one finding if nothing was free in any of them on at least half of the weeks: the weeks
that are told are those on which that was so from the first of these hours to the last. Its weight is how many hours of
how many weeks were full. What is full in the whole house is not told again of its zones. The fullest hour is told when
no hour is full, a calm weekday when its use is at most half of the fullest one's, both of at least three weeks; a zone
is told when a tenth of it is in use or less.
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
"""No more findings of one sort are told."""
COVERED: Final = 0.95
"""What is known less well than this is said beside the other words."""


@dataclass(frozen=True, slots=True)
class Full:
    """From one local hour through another on one weekday, nothing was free in a zone on so many of so many weeks."""

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
    """The weekday with the lowest use, 0 to 1, and that of the fullest."""

    weekday: int
    use: float
    fullest: int
    fullest_use: float


@dataclass(frozen=True, slots=True)
class Hardly:
    """A zone's kind of space that hardly anybody takes."""

    zone: str
    kind: str
    use: float


@dataclass(frozen=True, slots=True)
class Unknown:
    """The share of the open time of which nothing is known, 0 to 1."""

    share: float


Remark = Full | Fullest | Calm | Hardly | Unknown


def remarks(
    these: Sequence[Hour],
    scopes: Mapping[tuple[str, ...], Used],
    sums: Mapping[tuple[str, ...], Sum],
    chosen: tuple[str, str],
) -> list[Remark]:
    """What to say of the chosen zone and kind, and of that kind in the zones if the choice is the whole house."""
    zone, kind = chosen
    seen = [scope for scope in scopes if scope[1] == kind and (zone in {WHOLE_SITE, scope[0]})]
    found: list[Remark] = [*_full(these, {scope: scopes[scope] for scope in seen}, zone)]
    used = scopes.get(chosen, {})
    cells = [cell for cell in heatmap(these, used).values() if cell.sum.known and cell.sum.hours >= LEAST_WEEKS]
    if not found and (fullest := _fullest(cells)) is not None:
        found.append(fullest)
    if (calm := _calm(these, used)) is not None:
        found.append(calm)
    found += _hardly({scope: sums[scope] for scope in seen if scope in sums}, zone)
    whole = sums.get(chosen)
    if whole is not None and whole.coverage < COVERED:
        found.append(Unknown(1 - whole.coverage))
    return found


def _full(these: Sequence[Hour], scopes: Mapping[tuple[str, ...], Used], zone: str) -> list[Full]:
    runs = [run for scope, used in scopes.items() for run in full_runs(these, used, scope)]
    whole = [run for run in runs if run.zone == zone]
    told = whole + [run for run in runs if run.zone != zone and not any(_within(run, other) for other in whole)]
    return sorted(told, key=lambda run: (-run.weight, run.zone, run.weekday, run.begin))[:MOST_FULL]


def _within(run: Full, other: Full) -> bool:
    return run.weekday == other.weekday and run.begin < other.end and other.begin < run.end


def full_runs(these: Sequence[Hour], used: Used, scope: tuple[str, ...]) -> list[Full]:
    """The hours in a row of each weekday through all of which nothing was free on at least half of the weeks."""
    runs: list[tuple[list[Cell], Mapping[int, bool]]] = []
    for cell in heatmap(these, used).values():
        if not _often(cell.judged):
            continue
        if runs and (cell.weekday, cell.hour - 1) == (runs[-1][0][-1].weekday, runs[-1][0][-1].hour):
            cells, through = runs[-1]
            longer = {day: was and cell.judged[day] for day, was in through.items() if day in cell.judged}
            if _often(longer):
                runs[-1] = [*cells, cell], longer
                continue
        runs.append(([cell], cell.judged))
    return [_finding(cells, through, scope) for cells, through in runs]


def _often(judged: Mapping[int, bool]) -> bool:
    return len(judged) >= LEAST_WEEKS and sum(judged.values()) >= HALF * len(judged)


def _finding(cells: Sequence[Cell], through: Mapping[int, bool], scope: tuple[str, ...]) -> Full:
    (zone, kind), first, last = scope, cells[0], cells[-1]
    weight = sum(cell.full_days for cell in cells)
    return Full(zone, kind, first.weekday, first.hour, last.hour + 1, sum(through.values()), len(through), weight)


def _fullest(cells: Sequence[Cell]) -> Fullest | None:
    most = max(cells, key=lambda cell: cell.sum.use or 0.0, default=None)
    if most is None or not most.sum.use:
        return None
    return Fullest(most.weekday, most.hour, most.sum.use)


def _calm(these: Sequence[Hour], used: Used) -> Calm | None:
    days: dict[int, list[Hour]] = {}
    for hour in ordinary(these):
        days.setdefault(hour.weekday, []).append(hour)
    uses = {
        weekday: use
        for weekday, within in days.items()
        if len({hour.day for hour in within}) >= LEAST_WEEKS and (use := summed(within, used).use) is not None
    }
    if len(uses) < 2:
        return None
    calmest, fullest = min(uses, key=lambda day: uses[day]), max(uses, key=lambda day: uses[day])
    if uses[calmest] > HALF * uses[fullest]:
        return None
    return Calm(calmest, uses[calmest], fullest, uses[fullest])


def _hardly(sums: Mapping[tuple[str, ...], Sum], zone: str) -> list[Hardly]:
    """The least used of the zones, or the chosen one."""
    low = [
        Hardly(scope[0], scope[1], use)
        for scope, total in sums.items()
        if (use := total.use) is not None and use <= HARDLY and (zone != WHOLE_SITE or scope[0] != WHOLE_SITE)
    ]
    return sorted(low, key=lambda found: found.use)[:1]
