"""Estimates from past use whether more members would find a free desk.

In:    rows of ZONE_FIVE_MIN for the desks of the whole site, its open hours, the number of members.
Out:   by hour and by week, the chance that too few desks are free with more members, and the range of that chance.
Never: clocks, I/O, texts; a figure from less than four weeks.

The model: in an hour in which d of M members used shared desks, each of N new members uses one too, with the chance
d / M and independently of the others. So d + Binomial(N, d / M) desks are needed. Too few are free if that leaves fewer
than `floor`, the number of desks that should stay free. Within a day, new members come and stay like the present ones,
so the chance for a day is that of its busiest hour. Days are independent.
The range: the days of each weekday are redrawn with replacement (a bootstrap with the day as its block, because the
hours of a day depend on each other), and the middle 80 % of the results is shown.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 8 (blocks) and 13 (percentiles).
"""

import random
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import comb, prod
from typing import Final

from collector.history.measures import ZONE_FIVE_MIN, HistoryRow
from collector.site.privacy_limits import Tenancy, compute_tenancy
from collector.site.series_hours import SeriesHour
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import SpaceKind
from dashboard.use.used_hours import BUCKETS_PER_HOUR, MAX_UNKNOWN_SPACES, MIN_COVERAGE, MIN_FULL_BUCKETS
from edge.timekeeping.durations import HOUR_MS

MIN_GROWTH_WEEKS: Final = 4
MIN_DAYS_PER_WEEKDAY: Final = 3
"""Fewer days of a weekday than this give no useful range."""
MAX_HISTORY_DAYS: Final = 91
"""Older days belong to another season, and perhaps to another layout of the site."""
ADDED_MEMBERS: Final = (0, 5, 10, 20)
"""Numbers of additional members; 0 gives the past as it was."""
BOOTSTRAP_DRAWS: Final = 400
RANGE_QUANTILES: Final = (0.1, 0.9)
"""The quantiles between which the range lies."""
MIDDLE_SHARE: Final = RANGE_QUANTILES[1] - RANGE_QUANTILES[0]
TYPICAL_ADDED_MEMBERS: Final = 10
"""The number of additional members that the answer is about."""
MAX_MEMBERS: Final = 10_000

_CAPACITY, _TAKEN, _PEAK, _FREE, _UNKNOWN = range(len(ZONE_FIVE_MIN.fields))


class GrowthQueryFault(StrEnum):
    """Why a query is rejected."""

    NO_NUMBER = "no_number"
    TOO_MANY_MEMBERS = "too_many_members"
    TOO_HIGH = "too_high"
    """The floor is above the number of desks."""


class GrowthQueryRejected(ValueError):
    """A parameter of the query is invalid.

    Attributes:
        fault: the reason.
        name: the parameter.
        text: its value, truncated to 40 characters.
    """

    def __init__(self, fault: GrowthQueryFault, name: str, text: str) -> None:
        super().__init__(f"{name}: {fault} {text[:40]!r}")
        self.fault, self.name, self.text = fault, name, text[:40]


@dataclass(frozen=True, slots=True)
class GrowthQuery:
    """One query: the number of members (None if not given), and the number of desks that should stay free."""

    members: int | None
    floor: int


@dataclass(frozen=True, slots=True)
class BusiestQuarter:
    """The busiest quarter of one hour: how many desks were taken, of how many."""

    taken: int
    desks: int

    @property
    def is_full(self) -> bool:
        """Whether no desk was free. More may then have been needed than were taken: such people are not counted."""
        return self.taken >= self.desks


@dataclass(frozen=True, slots=True)
class GrowthDay:
    """One day with enough data, and its hours by local hour."""

    ordinal: int
    weekday: int
    hours: Mapping[int, BusiestQuarter]


@dataclass(frozen=True, slots=True)
class RangedEstimate:
    """A figure, and its range: the middle 80 % of the bootstrap results."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GrowthEstimate:
    """The effect of more members. Each tuple has one item for each of `ADDED_MEMBERS`."""

    days: int
    weeks: int
    full_share: float
    """The share of hours in which no desk was free, 0 to 1."""
    most_taken: int
    """The most desks that were taken at once."""
    chances_by_hour: Mapping[int, tuple[RangedEstimate, ...]]
    """By local hour, over all weekdays: the chance that too few desks are free."""
    open_hours_per_week: int
    """The number of open hours in a week."""
    busy_hours_per_week: tuple[RangedEstimate, ...]
    """The expected number of hours in a week with too few free desks."""
    chance_of_busy_hour: tuple[RangedEstimate, ...]
    """The chance that a week has at least one such hour."""


def count_shared_desks(plan: SitePlan) -> int:
    """Count the desks that any member may use."""
    return sum(space.kind is SpaceKind.DESK and space.is_offered and not space.disabled for space in plan.spaces)


def parse_growth_query(args: Mapping[str, str], desks: int, floor: int) -> GrowthQuery:
    """Parse the query in a URL.

    Args:
        args: the parameters of the URL.
        desks: the number of shared desks.
        floor: the default for the number of desks that should stay free.

    Raises:
        GrowthQueryRejected: for the first invalid parameter.
    """
    members = _read_positive("members", args.get("members", "").strip())
    if members is not None and members > MAX_MEMBERS:
        raise GrowthQueryRejected(GrowthQueryFault.TOO_MANY_MEMBERS, "members", str(members))
    chosen = _read_positive("floor", args.get("floor", "").strip())
    if chosen is not None and chosen > desks:
        raise GrowthQueryRejected(GrowthQueryFault.TOO_HIGH, "floor", str(chosen))
    return GrowthQuery(members, chosen or max(1, min(floor, desks)))


def find_known_days(rows: Iterable[HistoryRow], hours: Sequence[SeriesHour], plan: SitePlan) -> list[GrowthDay]:
    """Find the days with data for four fifths of their open hours, oldest first.

    Args:
        rows: rows of ZONE_FIVE_MIN for the desks of the whole site.
        hours: its open hours, without public holidays.
        plan: the plan of the site. Its dedicated desks are subtracted from every count.
    """
    tenancy_of_desks = compute_tenancy(plan, WHOLE_SITE, SpaceKind.DESK)
    buckets: dict[int, list[HistoryRow]] = {}
    for row in rows:
        buckets.setdefault(row.at_ms - row.at_ms % HOUR_MS, []).append(row)
    found: dict[int, dict[int, BusiestQuarter]] = {}
    opened: dict[int, set[int]] = {}
    weekdays: dict[int, int] = {}
    for hour in hours:
        opened.setdefault(hour.day, set()).add(hour.hour)
        weekdays[hour.day] = hour.weekday
        if (tight := _tightest_quarter(buckets.get(hour.at_ms, []), tenancy_of_desks)) is not None:
            found.setdefault(hour.day, {})[hour.hour] = tight
    return [
        GrowthDay(day, weekdays[day], found[day])
        for day in sorted(found)
        if len(found[day]) >= MIN_COVERAGE * len(opened[day])
    ]


def estimate_growth(days: Sequence[GrowthDay], members: int, desks: int, floor: int) -> GrowthEstimate | None:
    """Estimate the effect of more members.

    Args:
        days: the days with enough data, oldest first.
        members: the number of members who share the desks today.
        desks: the number of shared desks.
        floor: fewer free desks than this are too few; with 1, an hour is too busy when no desk is free.

    Returns:
        The estimate, or None if the days cover less than four weeks.
    """
    if not _is_enough(days):
        return None
    clock = sorted({hour for day in days for hour in day.hours})
    by_weekday: dict[int, list[_DayChances]] = {}
    for day in days:
        by_weekday.setdefault(day.weekday, []).append(_chances_of_day(day, clock, members, desks, floor))
    all_days = {weekday: _mean_chances(lines, None) for weekday, lines in by_weekday.items()}
    figures = _weekly_figures(all_days, len(clock))
    drawn = list(zip(*_bootstrap(by_weekday, all_days, days, len(clock)), strict=True))
    chances = [_percentile_range(middle, values) for middle, values in zip(figures, drawn, strict=True)]
    width = len(ADDED_MEMBERS)
    hours = [chances[place * width : (place + 1) * width] for place in range(len(clock) + 2)]
    tights = [tight for day in days for tight in day.hours.values()]
    return GrowthEstimate(
        days=len(days),
        weeks=_count_weeks(days),
        full_share=sum(tight.is_full for tight in tights) / len(tights),
        most_taken=max(tight.taken for tight in tights),
        chances_by_hour={hour: tuple(hours[place]) for place, hour in enumerate(clock)},
        open_hours_per_week=sum(sum(mean is not None for mean in means[: len(clock)]) for means in all_days.values()),
        busy_hours_per_week=tuple(hours[-2]),
        chance_of_busy_hour=tuple(hours[-1]),
    )


@lru_cache(maxsize=4096)
def compute_busy_chance(tight: BusiestQuarter, added: int, members: int, desks: int, floor: int) -> float:
    """Compute the chance that fewer than `floor` desks are free in such an hour with more members.

    Args:
        tight: the busiest quarter of the hour, as it was.
        added: the number of additional members.
        members: the number of members at the time.
        desks: the number of shared desks.
        floor: fewer free desks than this are too few.
    """
    left = desks - floor - tight.taken
    if left < 0:
        return 1.0
    share = min(1.0, tight.taken / members)
    kept = sum(comb(added, come) * share**come * (1 - share) ** (added - come) for come in range(min(left, added) + 1))
    return 0.0 if left >= added else min(1.0, max(0.0, 1 - kept))


_DayChances = tuple[float | None, ...]
"""One day. For each of `ADDED_MEMBERS`: the chance in each hour (None: closed or unknown), then for the whole day."""


def _read_positive(name: str, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise GrowthQueryRejected(GrowthQueryFault.NO_NUMBER, name, text)
    return int(text)


def _is_enough(days: Sequence[GrowthDay]) -> bool:
    """Whether there are four weeks with four fifths of their days, and three days of each weekday."""
    weekdays = Counter(day.weekday for day in days)
    enough = _count_weeks(days) >= MIN_GROWTH_WEEKS and len(days) >= MIN_COVERAGE * MIN_GROWTH_WEEKS * len(weekdays)
    return enough and min(weekdays.values()) >= MIN_DAYS_PER_WEEKDAY


def _count_weeks(days: Sequence[GrowthDay]) -> int:
    """Count the weeks that have a known day."""
    return len({(day.ordinal - 1) // 7 for day in days})  # day 1 of the calendar is a Monday


def _tightest_quarter(buckets: Sequence[HistoryRow], tenancy_of_desks: Tenancy) -> BusiestQuarter | None:
    """Find the busiest quarter of an hour; None if too little is known."""
    fields = [row.fields for row in buckets]
    known = [(free, capacity) for capacity, _, _, free, unknown in fields if None not in (free, capacity, unknown)]
    unknown = sum(field[_UNKNOWN] or 0.0 for field in fields)
    if len(known) < MIN_COVERAGE * BUCKETS_PER_HOUR or unknown / len(fields) >= MAX_UNKNOWN_SPACES:
        return None
    frees = sorted(int(free or 0) for free, _capacity in known)
    desks = max(
        0, round(tenancy_of_desks.offered_capacity(sum(capacity or 0 for _free, capacity in known) / len(known)))
    )
    return BusiestQuarter(max(0, desks - frees[MIN_FULL_BUCKETS - 1]), desks)


def _chances_of_day(day: GrowthDay, clock: Sequence[int], members: int, desks: int, floor: int) -> _DayChances:
    line: list[float | None] = []
    for added in ADDED_MEMBERS:
        chances = [
            None if (tight := day.hours.get(hour)) is None else compute_busy_chance(tight, added, members, desks, floor)
            for hour in clock
        ]
        line += [*chances, max(chance for chance in chances if chance is not None)]
    return tuple(line)


def _mean_chances(lines: Sequence[_DayChances], spare: Sequence[float | None] | None) -> list[float | None]:
    """Average each position over some days of one weekday. A position without a value takes the spare value."""
    means: list[float | None] = []
    for place, values in enumerate(zip(*lines, strict=True)):
        known = [value for value in values if value is not None]
        means.append(sum(known) / len(known) if known else None if spare is None else spare[place])
    return means


def _weekly_figures(weekdays: Mapping[int, Sequence[float | None]], hours: int) -> list[float]:
    """Compute each hour's chance, the busy hours per week and the chance of any; each for all of `ADDED_MEMBERS`."""
    figures: list[list[float]] = [[] for _ in range(hours + 2)]
    for turn in range(len(ADDED_MEMBERS)):
        begin = turn * (hours + 1)
        for hour in range(hours):
            cells = [value for means in weekdays.values() if (value := means[begin + hour]) is not None]
            figures[hour].append(sum(cells) / len(cells))
        cells = [value for means in weekdays.values() for value in means[begin : begin + hours] if value is not None]
        figures[hours].append(sum(cells))
        figures[hours + 1].append(1 - prod(1 - (means[begin + hours] or 0.0) for means in weekdays.values()))
    return [value for of_added in figures for value in of_added]


def _bootstrap(
    by_weekday: Mapping[int, Sequence[_DayChances]],
    all_days: Mapping[int, Sequence[float | None]],
    days: Sequence[GrowthDay],
    hours: int,
) -> Iterable[list[float]]:
    """Yield the figures of weeks made of redrawn days. The same days always give the same draws."""
    seed_text = repr([(day.ordinal, sorted((hour, tight.taken) for hour, tight in day.hours.items())) for day in days])
    generator = random.Random(zlib.crc32(seed_text.encode()))  # noqa: S311 - no secret; the same query must give the same answer
    for _ in range(BOOTSTRAP_DRAWS):
        drawn = {
            weekday: _mean_chances(generator.choices(lines, k=len(lines)), all_days[weekday])
            for weekday, lines in by_weekday.items()
        }
        yield _weekly_figures(drawn, hours)


def _percentile_range(middle: float, drawn: Sequence[float]) -> RangedEstimate:
    ordered = sorted(drawn)
    low, high = (ordered[round(share * (len(ordered) - 1))] for share in RANGE_QUANTILES)
    return RangedEstimate(middle, min(low, middle), max(high, middle))
