"""Draws when it is calm: today's course beside the usual one, and the week to come, each with its table.

In:    an outlook of spots, what is free now, the plan, words.
Out:   paths and places of two small SVG drawings, rows of their tables, one sentence.
Never: HTML, colours, people, forecasting.

Live is thick, usual thin, forecast dashed with its band, here as everywhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from babel.dates import format_datetime
from babel.numbers import format_decimal

from collector.days import local
from collector.forecast import HOUR_MS
from collector.forecast.outlook import DAYS, Outlook
from collector.plan import SitePlan
from dashboard.ahead import Coming, clock_hour, coming
from dashboard.why import Reader
from dashboard.words import Words

WIDTH: Final = 300
HEIGHT: Final = 120
LEFT: Final = 22
"""Room for the numbers beside the course."""
CELL: Final = 16
LEVELS: Final = 5
"""Sizes of a mark in the week, from full to all free."""
NONE: Final = "–"  # noqa: RUF001 - what a table shows where nothing is


@dataclass(frozen=True, slots=True)
class Tick:
    """A number beside an axis."""

    place: float
    text: str


@dataclass(frozen=True, slots=True)
class Course:
    """One day: paths in a drawing of WIDTH by HEIGHT, and a row for each hour (hour, came, usual, expected)."""

    day: str
    band: str
    usual: str
    expected: str
    came: str
    now: tuple[float, float] | None
    hours: tuple[Tick, ...]
    counts: tuple[Tick, ...]
    rows: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days: a path of squares for each level, larger and fuller where more is free; and its table."""

    width: int
    height: int
    levels: tuple[str, ...]
    days: tuple[Tick, ...]
    hours: tuple[Tick, ...]
    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    sentence: str


def course(told: Outlook, free_now: int, reader: Reader) -> Course | None:
    """The present day, or the next that is open; None if none is told."""
    plan, words, now_ms = reader.plan, reader.words, reader.now_ms
    if not told.usual:
        return None
    usual = [(told.begins_ms(ahead), value) for ahead, value in told.usual]
    came = [(told.begins_ms(ahead), value) for ahead, value in told.came]
    day = {at_ms for at_ms, _ in usual}
    ahead = [one for one in coming(told, now_ms) if one.at_ms in day]
    first_ms, last_ms = usual[0][0], usual[-1][0] + HOUR_MS
    highest = [value for _, value in (*usual, *came)] + [one.hour.high for one in ahead] + [free_now, 1]
    scale = _Scale(first_ms, last_ms, math.ceil(max(highest)))
    now = (scale.x(now_ms), scale.y(free_now)) if first_ms <= now_ms < last_ms else None
    joins = now is not None and bool(came) and 0 <= now_ms - came[-1][0] - HOUR_MS < HOUR_MS
    return Course(
        day=format_datetime(local(plan, first_ms), "EEEE d MMMM", locale=words.language),
        band=scale.band([(one.at_ms, one.hour.low, one.hour.high) for one in ahead]),
        usual=scale.steps(usual),
        expected=scale.steps([(one.at_ms, one.hour.middle) for one in ahead]),
        came=scale.steps(came) + (f"L{now[0]:g} {now[1]:g}" if now and joins else ""),
        now=now,
        hours=tuple(Tick(scale.x(at_ms), clock_hour(plan, at_ms)) for at_ms, _ in usual[:: -(-len(usual) // 8)]),
        counts=tuple(Tick(scale.y(n), str(n)) for n in sorted({0, scale.most // 2, scale.most})),
        rows=_rows(usual, dict(came), {one.at_ms: one for one in ahead}, reader),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where instants and counts lie in the drawing."""

    first_ms: int
    last_ms: int
    most: int

    def x(self, at_ms: float) -> float:
        return round(LEFT + (at_ms - self.first_ms) / (self.last_ms - self.first_ms) * (WIDTH - LEFT), 1)

    def y(self, count: float) -> float:
        return round(HEIGHT * (1 - min(count, self.most) / self.most), 1)

    def steps(self, points: Sequence[tuple[int, float]]) -> str:
        """Each hour as a level line; hours that follow each other are joined."""
        path, before_ms = "", None
        for at_ms, value in points:
            path += f"V{self.y(value):g}" if at_ms == before_ms else f"M{self.x(at_ms):g} {self.y(value):g}"
            before_ms = at_ms + HOUR_MS
            path += f"H{self.x(before_ms):g}"
        return path

    def band(self, hours: Sequence[tuple[int, float, float]]) -> str:
        return "".join(
            f"M{self.x(at_ms):g} {self.y(high):g}H{self.x(at_ms + HOUR_MS):g}V{self.y(low):g}H{self.x(at_ms):g}z"
            for at_ms, low, high in hours
        )


def _rows(
    usual: Sequence[tuple[int, float]], came: dict[int, float], ahead: dict[int, Coming], reader: Reader
) -> tuple[tuple[str, str, str, str], ...]:
    words = reader.words

    def expected(one: Coming) -> str:
        return f"{_number(one.hour.middle, words)} ({_number(one.hour.low, words)}–{_number(one.hour.high, words)})"  # noqa: RUF001 - a range

    return tuple(
        (
            clock_hour(reader.plan, at_ms),
            _number(came[at_ms], words) if at_ms in came else NONE,
            _number(value, words),
            expected(ahead[at_ms]) if at_ms in ahead else NONE,
        )
        for at_ms, value in usual
    )


def week(told: Outlook, reader: Reader) -> Week | None:
    """The open hours of seven days; None if there are none."""
    plan, words = reader.plan, reader.words
    hours = list(coming(told, reader.now_ms))
    if not hours:
        return None
    cells: dict[tuple[str, int], Coming] = {}
    for one in hours:
        at = local(plan, one.at_ms)
        cells.setdefault((format_datetime(at, "EEE d", locale=words.language), at.hour), one)  # autumn's hour twice
    names = tuple(dict.fromkeys(day for day, _ in cells))[:DAYS]
    cells = {(day, hour): one for (day, hour), one in cells.items() if day in names}
    clock = range(min(hour for _, hour in cells), max(hour for _, hour in cells) + 1)
    left = 44
    return Week(
        width=left + CELL * len(clock),
        height=CELL * len(names),
        levels=tuple(
            "".join(
                _square(left + CELL * clock.index(hour), CELL * names.index(day), level)
                for (day, hour), one in cells.items()
                if _level(told, one) == level
            )
            for level in range(LEVELS)
        ),
        days=tuple(Tick(CELL * place + CELL / 2 + 4, name) for place, name in enumerate(names)),
        hours=tuple(Tick(left + CELL * place, f"{hour}") for place, hour in enumerate(clock) if place % 3 == 0),
        names=names,
        rows=tuple(
            (
                f"{hour}",
                tuple(_number(cells[day, hour].hour.middle, words) if (day, hour) in cells else NONE for day in names),
            )
            for hour in clock
        ),
        sentence=_sentence(list(cells.values()), plan, words),  # of the days shown: each weekday is there once
    )


def _level(told: Outlook, one: Coming) -> int:
    return min(LEVELS - 1, int(one.hour.middle / max(1, told.capacity or 1) * LEVELS))


def _square(x: int, y: int, level: int) -> str:
    """The more is free, the larger: what can be told without colour."""
    side = 3 * level + 2
    margin = (CELL - side) / 2
    return f"M{x + margin:g} {y + margin:g}h{side}v{side}h-{side}z"


def _sentence(hours: Sequence[Coming], plan: SitePlan, words: Words) -> str:
    """When most and when least is free."""
    most = max(hours, key=lambda one: one.hour.middle)
    least = min(hours, key=lambda one: one.hour.middle)

    def when(one: Coming) -> str:
        at = local(plan, one.at_ms)
        return f"{format_datetime(at, 'EEEE', locale=words.language)} {words.at(at.strftime('%H:%M'))}"

    if most.hour.middle - least.hour.middle < 1:
        return words.gettext("The next few days are expected to be similar.")
    return words.gettext("Most free on {most}, fewest on {least}.").format(most=when(most), least=when(least))


def _number(value: float, words: Words) -> str:
    return str(format_decimal(value, "0", locale=words.language))
