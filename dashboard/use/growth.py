"""Asks the house's own past whether more members would find a free desk.

In:    rows of ZONE_FIVE_MIN of the whole house's desks, its open hours, how many members there are.
Out:   by the hour and by the week, the chance that too few desks are free with so many members more; how sure that is.
Never: clocks, history, words; a figure from less than four weeks.

The model, in short. At an hour at which d of M members sat at shared desks, each of N new ones sits there too with the
chance d / M, independently of the others: so d + Binomial(N, d / M) desks are wanted. Too few are free if that leaves
less than the floor. Within a day the new members come and stay like the present ones, so that the chance of a day is
that of its tightest hour; days are drawn apart. How sure: the days of each weekday are drawn anew, with replacement
(a bootstrap with the day as its block, since hours of a day hang together); the middle 80 % of the outcomes is told.

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

from collector.forecast import Hour
from collector.history import HOUR_MS, ZONE_FIVE_MIN, Row
from collector.plan import WHOLE_SITE, SitePlan, SpaceKind
from collector.privacy import Tenancy, tenancy
from dashboard.use.hours import BUCKETS, FULL_BUCKETS, KNOWN_LEAST, UNKNOWN_MOST

LEAST_WEEKS: Final = 4
LEAST_OF_EACH: Final = 3
"""So many days of each weekday, or the range of what its luck could have been is no range."""
LONGEST_DAYS: Final = 91
"""Older weeks were another season, and perhaps another house."""
ADDED: Final = (0, 5, 10, 20)
"""So many members more; with none the past speaks for itself."""
DRAWS: Final = 400
MIDDLE: Final = (0.1, 0.9)
"""The ends of what is told of the draws, as of a forecast."""
MOST_MEMBERS: Final = 10_000

_CAPACITY, _TAKEN, _PEAK, _FREE, _UNKNOWN = range(len(ZONE_FIVE_MIN.fields))


class Fault(StrEnum):
    """What is wrong with a question."""

    NO_NUMBER = "no_number"
    TOO_MANY_MEMBERS = "too_many_members"
    TOO_HIGH = "too_high"
    """The floor is above the number of desks."""


class GrowthRejected(ValueError):
    """The question cannot be answered as it stands.

    Attributes:
        fault: what is wrong.
        name: the parameter.
        text: what it held, cut short.
    """

    def __init__(self, fault: Fault, name: str, text: str) -> None:
        super().__init__(f"{name}: {fault} {text[:40]!r}")
        self.fault, self.name, self.text = fault, name, text[:40]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: how many members there are (None: nobody said), and fewer free desks than what are too few."""

    members: int | None
    floor: int


@dataclass(frozen=True, slots=True)
class Tight:
    """One hour: how many desks were taken in its tightest quarter, of how many; `cut` if then none was free."""

    taken: int
    desks: int

    @property
    def cut(self) -> bool:
        """Who came then and found nothing left no trace: more may have been wanted."""
        return self.taken >= self.desks


@dataclass(frozen=True, slots=True)
class Day:
    """One day that is known: its hours by local hour of the clock."""

    ordinal: int
    weekday: int
    hours: Mapping[int, Tight]


@dataclass(frozen=True, slots=True)
class Chance:
    """A figure, and the middle 80 % of what it could have been by the luck of the days."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Growth:
    """What more members would meet; each tuple of chances follows ADDED."""

    days: int
    weeks: int
    cut: float
    """The share of hours in which the house was full, 0 to 1."""
    most: int
    """The most desks that were taken at once."""
    hours: Mapping[int, tuple[Chance, ...]]
    """By the hour of the clock, over the weekdays: that too few desks are free in it."""
    open_hours: int
    """How many a week has."""
    hours_a_week: tuple[Chance, ...]
    """How many hours of a week have too few free desks."""
    any_in_a_week: tuple[Chance, ...]
    """That a week has such an hour."""


def shared_desks(plan: SitePlan) -> int:
    """How many desks anybody may take."""
    return sum(space.kind is SpaceKind.DESK and space.offered and not space.disabled for space in plan.spaces)


def read_asked(args: Mapping[str, str], desks: int, floor: int) -> Asked:
    """The question in a URL; `floor` is what the house wants to have free.

    Raises:
        GrowthRejected: of the first parameter that is wrong.
    """
    members = _whole("members", args.get("members", "").strip())
    if members is not None and members > MOST_MEMBERS:
        raise GrowthRejected(Fault.TOO_MANY_MEMBERS, "members", str(members))
    chosen = _whole("floor", args.get("floor", "").strip())
    if chosen is not None and chosen > desks:
        raise GrowthRejected(Fault.TOO_HIGH, "floor", str(chosen))
    return Asked(members, chosen or max(1, min(floor, desks)))


def known_days(rows: Iterable[Row], hours: Sequence[Hour], plan: SitePlan) -> list[Day]:
    """The days of which four fifths of the open hours are known, oldest first.

    Args:
        rows: of ZONE_FIVE_MIN, desks of the whole house.
        hours: its open hours of ordinary days.
        plan: the house; its desks of one member each are taken out of every count.
    """
    let = tenancy(plan, WHOLE_SITE, SpaceKind.DESK)
    buckets: dict[int, list[Row]] = {}
    for row in rows:
        buckets.setdefault(row.at_ms - row.at_ms % HOUR_MS, []).append(row)
    found: dict[int, dict[int, Tight]] = {}
    opened: dict[int, set[int]] = {}
    weekdays: dict[int, int] = {}
    for hour in hours:
        opened.setdefault(hour.day, set()).add(hour.hour)
        weekdays[hour.day] = hour.weekday
        if (tight := _tight(buckets.get(hour.at_ms, []), let)) is not None:
            found.setdefault(hour.day, {})[hour.hour] = tight
    return [
        Day(day, weekdays[day], found[day])
        for day in sorted(found)
        if len(found[day]) >= KNOWN_LEAST * len(opened[day])
    ]


def growth(days: Sequence[Day], members: int, desks: int, floor: int) -> Growth | None:
    """What more members would meet.

    Args:
        days: that are known, oldest first.
        members: so many share the desks today.
        desks: so many are shared.
        floor: fewer free desks than this are too few; 1: none is free.

    Returns:
        None: they are of fewer than four weeks.
    """
    if not _enough(days):
        return None
    clock = sorted({hour for day in days for hour in day.hours})
    by_weekday: dict[int, list[_Line]] = {}
    for day in days:
        by_weekday.setdefault(day.weekday, []).append(_line(day, clock, members, desks, floor))
    whole = {weekday: _means(lines, None) for weekday, lines in by_weekday.items()}
    told = _figures(whole, len(clock))
    drawn = list(zip(*_draws(by_weekday, whole, days, len(clock)), strict=True))
    chances = [_chance(middle, values) for middle, values in zip(told, drawn, strict=True)]
    each = len(ADDED)
    hours = [chances[place * each : (place + 1) * each] for place in range(len(clock) + 2)]
    tights = [tight for day in days for tight in day.hours.values()]
    return Growth(
        days=len(days),
        weeks=_weeks(days),
        cut=sum(tight.cut for tight in tights) / len(tights),
        most=max(tight.taken for tight in tights),
        hours={hour: tuple(hours[place]) for place, hour in enumerate(clock)},
        open_hours=sum(sum(mean is not None for mean in means[: len(clock)]) for means in whole.values()),
        hours_a_week=tuple(hours[-2]),
        any_in_a_week=tuple(hours[-1]),
    )


@lru_cache(maxsize=4096)
def too_few(tight: Tight, added: int, members: int, desks: int, floor: int) -> float:
    """The chance that fewer than `floor` desks are free in such an hour with so many members more."""
    left = desks - floor - tight.taken
    if left < 0:
        return 1.0
    share = min(1.0, tight.taken / members)
    kept = sum(comb(added, come) * share**come * (1 - share) ** (added - come) for come in range(min(left, added) + 1))
    return 0.0 if left >= added else min(1.0, max(0.0, 1 - kept))


_Line = tuple[float | None, ...]
"""Of one day and each of ADDED: the chance of each hour of the clock (None: not known or closed), then of the day."""


def _whole(name: str, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise GrowthRejected(Fault.NO_NUMBER, name, text)
    return int(text)


def _enough(days: Sequence[Day]) -> bool:
    """Four weeks, four fifths of their days, each weekday thrice: of one that was there once nobody knows its luck."""
    weekdays = Counter(day.weekday for day in days)
    enough = _weeks(days) >= LEAST_WEEKS and len(days) >= KNOWN_LEAST * LEAST_WEEKS * len(weekdays)
    return enough and min(weekdays.values()) >= LEAST_OF_EACH


def _weeks(days: Sequence[Day]) -> int:
    """Of how many weeks a day is known."""
    return len({(day.ordinal - 1) // 7 for day in days})  # day 1 of the calendar is a Monday


def _tight(buckets: Sequence[Row], let: Tenancy) -> Tight | None:
    """What an hour was at its tightest for a quarter; None: too little of it is known."""
    fields = [row.fields for row in buckets]
    known = [(free, capacity) for capacity, _, _, free, unknown in fields if None not in (free, capacity, unknown)]
    unknown = sum(field[_UNKNOWN] or 0.0 for field in fields)
    if len(known) < KNOWN_LEAST * BUCKETS or unknown / len(fields) >= UNKNOWN_MOST:
        return None
    frees = sorted(int(free or 0) for free, _capacity in known)
    desks = max(0, round(let.shared(sum(capacity or 0 for _free, capacity in known) / len(known))))
    return Tight(max(0, desks - frees[FULL_BUCKETS - 1]), desks)


def _line(day: Day, clock: Sequence[int], members: int, desks: int, floor: int) -> _Line:
    line: list[float | None] = []
    for added in ADDED:
        chances = [
            None if (tight := day.hours.get(hour)) is None else too_few(tight, added, members, desks, floor)
            for hour in clock
        ]
        line += [*chances, max(chance for chance in chances if chance is not None)]
    return tuple(line)


def _means(lines: Sequence[_Line], spare: Sequence[float | None] | None) -> list[float | None]:
    """The mean of each place over some days of one weekday; of a place that none of them knows, the spare one."""
    means: list[float | None] = []
    for place, values in enumerate(zip(*lines, strict=True)):
        known = [value for value in values if value is not None]
        means.append(sum(known) / len(known) if known else None if spare is None else spare[place])
    return means


def _figures(weekdays: Mapping[int, Sequence[float | None]], hours: int) -> list[float]:
    """Each hour of the clock, then hours a week, then any in a week; of each the figures of ADDED, in turn."""
    told: list[list[float]] = [[] for _ in range(hours + 2)]
    for turn in range(len(ADDED)):
        begin = turn * (hours + 1)
        for hour in range(hours):
            cells = [value for means in weekdays.values() if (value := means[begin + hour]) is not None]
            told[hour].append(sum(cells) / len(cells))
        cells = [value for means in weekdays.values() for value in means[begin : begin + hours] if value is not None]
        told[hours].append(sum(cells))
        told[hours + 1].append(1 - prod(1 - (means[begin + hours] or 0.0) for means in weekdays.values()))
    return [value for of in told for value in of]


def _draws(
    by_weekday: Mapping[int, Sequence[_Line]],
    whole: Mapping[int, Sequence[float | None]],
    days: Sequence[Day],
    hours: int,
) -> Iterable[list[float]]:
    """The figures of weeks made of days drawn anew; the same days always draw alike."""
    said = repr([(day.ordinal, sorted((hour, tight.taken) for hour, tight in day.hours.items())) for day in days])
    chance = random.Random(zlib.crc32(said.encode()))  # noqa: S311 - no secret; the same question has one answer
    for _ in range(DRAWS):
        drawn = {
            weekday: _means(chance.choices(lines, k=len(lines)), whole[weekday])
            for weekday, lines in by_weekday.items()
        }
        yield _figures(drawn, hours)


def _chance(middle: float, drawn: Sequence[float]) -> Chance:
    ordered = sorted(drawn)
    low, high = (ordered[round(share * (len(ordered) - 1))] for share in MIDDLE)
    return Chance(middle, min(low, middle), max(high, middle))
