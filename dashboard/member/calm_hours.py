"""Charts of quiet hours: today beside the usual day, and the next seven days, each with its table.

In:    an outlook of spaces, the number free now, the plan, texts.
Out:   paths and positions of two small SVG drawings, rows of their tables, one sentence.
Never: HTML, colours, people, forecasting.

As on all pages, live values are thick, usual ones thin, forecasts dashed with their band.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from babel.dates import format_datetime
from babel.numbers import format_decimal

from collector.contract.forecasts import OUTLOOK_DAYS, Outlook
from collector.site.calendar import to_local_time
from collector.site.site_plan import SitePlan
from dashboard.live.upcoming_hours import UpcomingHour, format_hour, iterate_upcoming_hours
from dashboard.text.explanations import ExplanationContext
from dashboard.text.page_texts import NO_VALUE, PageTexts
from edge.timekeeping.durations import HOUR_MS

CHART_WIDTH: Final = 300
CHART_HEIGHT: Final = 120
CHART_LEFT: Final = 22
"""Space for the axis numbers, in units of the drawing."""
CELL_SIZE: Final = 16
LEVEL_COUNT: Final = 5
"""Sizes of a square in the week, from full to all free."""


@dataclass(frozen=True, slots=True)
class AxisTick:
    """A label on an axis."""

    position: float
    text: str


@dataclass(frozen=True, slots=True)
class DayChart:
    """One day: paths in a drawing of fixed size, and a row for each hour (hour, so far, usual, expected)."""

    day: str
    band: str
    usual: str
    expected: str
    so_far: str
    now: tuple[float, float] | None
    hours: tuple[AxisTick, ...]
    counts: tuple[AxisTick, ...]
    rows: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class WeekChart:
    """Seven days: a path of squares for each level, larger where more is free; and the table."""

    width: int
    height: int
    levels: tuple[str, ...]
    days: tuple[AxisTick, ...]
    hours: tuple[AxisTick, ...]
    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    sentence: str


def draw_day(outlook: Outlook, free_now: int, reader: ExplanationContext) -> DayChart | None:
    """Draw today, or the next open day; None if the outlook has no usual values."""
    plan, texts, now_ms = reader.plan, reader.texts, reader.now_ms
    if not outlook.usual:
        return None
    usual = [(outlook.begins_ms(ahead), value) for ahead, value in outlook.usual]
    came = [(outlook.begins_ms(ahead), value) for ahead, value in outlook.actual]
    day = {at_ms for at_ms, _ in usual}
    ahead = [one for one in iterate_upcoming_hours(outlook, now_ms) if one.at_ms in day]
    first_ms, last_ms = usual[0][0], usual[-1][0] + HOUR_MS
    highest = [value for _, value in (*usual, *came)] + [one.hour.high for one in ahead] + [free_now, 1]
    scale = _Scale(first_ms, last_ms, math.ceil(max(highest)))
    now = (scale.x(now_ms), scale.y(free_now)) if first_ms <= now_ms < last_ms else None
    is_joined = now is not None and bool(came) and 0 <= now_ms - came[-1][0] - HOUR_MS < HOUR_MS
    return DayChart(
        day=format_datetime(to_local_time(plan, first_ms), "EEEE d MMMM", locale=texts.language),
        band=scale.draw_band([(one.at_ms, one.hour.low, one.hour.high) for one in ahead]),
        usual=scale.draw_steps(usual),
        expected=scale.draw_steps([(one.at_ms, one.hour.median) for one in ahead]),
        so_far=scale.draw_steps(came) + (f"L{now[0]:g} {now[1]:g}" if now and is_joined else ""),
        now=now,
        hours=tuple(AxisTick(scale.x(at_ms), format_hour(plan, at_ms)) for at_ms, _ in usual[:: -(-len(usual) // 8)]),
        counts=tuple(AxisTick(scale.y(n), str(n)) for n in sorted({0, scale.most // 2, scale.most})),
        rows=_format_rows(usual, dict(came), {one.at_ms: one for one in ahead}, reader),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Converts instants and counts to positions in the drawing."""

    first_ms: int
    last_ms: int
    most: int

    def x(self, at_ms: float) -> float:
        return round(
            CHART_LEFT + (at_ms - self.first_ms) / (self.last_ms - self.first_ms) * (CHART_WIDTH - CHART_LEFT), 1
        )

    def y(self, count: float) -> float:
        return round(CHART_HEIGHT * (1 - min(count, self.most) / self.most), 1)

    def draw_steps(self, points: Sequence[tuple[int, float]]) -> str:
        """Return a path with a level line for each hour; consecutive hours are joined."""
        path, before_ms = "", None
        for at_ms, value in points:
            path += f"V{self.y(value):g}" if at_ms == before_ms else f"M{self.x(at_ms):g} {self.y(value):g}"
            before_ms = at_ms + HOUR_MS
            path += f"H{self.x(before_ms):g}"
        return path

    def draw_band(self, hours: Sequence[tuple[int, float, float]]) -> str:
        return "".join(
            f"M{self.x(at_ms):g} {self.y(high):g}H{self.x(at_ms + HOUR_MS):g}V{self.y(low):g}H{self.x(at_ms):g}z"
            for at_ms, low, high in hours
        )


def _format_rows(
    usual: Sequence[tuple[int, float]],
    came: dict[int, float],
    ahead: dict[int, UpcomingHour],
    reader: ExplanationContext,
) -> tuple[tuple[str, str, str, str], ...]:
    texts = reader.texts

    def format_forecast(one: UpcomingHour) -> str:
        middle, low, high = (_format_number(n, texts) for n in (one.hour.median, one.hour.low, one.hour.high))
        return f"{middle} ({low}–{high})"  # noqa: RUF001 - a range

    return tuple(
        (
            format_hour(reader.plan, at_ms),
            _format_number(came[at_ms], texts) if at_ms in came else NO_VALUE,
            _format_number(value, texts),
            format_forecast(ahead[at_ms]) if at_ms in ahead else NO_VALUE,
        )
        for at_ms, value in usual
    )


def draw_week(outlook: Outlook, reader: ExplanationContext) -> WeekChart | None:
    """Draw the open hours of the next seven days; None if there are none."""
    plan, texts = reader.plan, reader.texts
    hours = list(iterate_upcoming_hours(outlook, reader.now_ms))
    if not hours:
        return None
    cells: dict[tuple[str, int], UpcomingHour] = {}
    for one in hours:
        at = to_local_time(plan, one.at_ms)
        day_name = format_datetime(at, "EEE d", locale=texts.language)
        cells.setdefault((day_name, at.hour), one)  # the hour repeats when summer time ends
    names = tuple(dict.fromkeys(day for day, _ in cells))[:OUTLOOK_DAYS]
    cells = {(day, hour): one for (day, hour), one in cells.items() if day in names}
    clock = range(min(hour for _, hour in cells), max(hour for _, hour in cells) + 1)
    left = 44
    return WeekChart(
        width=left + CELL_SIZE * len(clock),
        height=CELL_SIZE * len(names),
        levels=tuple(
            "".join(
                _draw_square(left + CELL_SIZE * clock.index(hour), CELL_SIZE * names.index(day), level)
                for (day, hour), one in cells.items()
                if _find_level(outlook, one) == level
            )
            for level in range(LEVEL_COUNT)
        ),
        days=tuple(AxisTick(CELL_SIZE * place + CELL_SIZE / 2 + 4, name) for place, name in enumerate(names)),
        hours=tuple(
            AxisTick(left + CELL_SIZE * place, f"{hour}") for place, hour in enumerate(clock) if place % 3 == 0
        ),
        names=names,
        rows=tuple(
            (
                f"{hour}",
                tuple(
                    _format_number(cells[day, hour].hour.median, texts) if (day, hour) in cells else NO_VALUE
                    for day in names
                ),
            )
            for hour in clock
        ),
        sentence=_describe_week(list(cells.values()), plan, texts),  # only days shown: each weekday occurs once
    )


def _find_level(outlook: Outlook, one: UpcomingHour) -> int:
    return min(LEVEL_COUNT - 1, int(one.hour.median / max(1, outlook.capacity or 1) * LEVEL_COUNT))


def _draw_square(x: int, y: int, level: int) -> str:
    """Return the path of a square that is larger where more is free, so that colour is not needed."""
    side = 3 * level + 2
    margin = (CELL_SIZE - side) / 2
    return f"M{x + margin:g} {y + margin:g}h{side}v{side}h-{side}z"


def _describe_week(hours: Sequence[UpcomingHour], plan: SitePlan, texts: PageTexts) -> str:
    """Return the sentence on when most and when fewest are free."""
    most = max(hours, key=lambda one: one.hour.median)
    least = min(hours, key=lambda one: one.hour.median)

    def describe_hour(one: UpcomingHour) -> str:
        at = to_local_time(plan, one.at_ms)
        return f"{format_datetime(at, 'EEEE', locale=texts.language)} {texts.format_time(at.strftime('%H:%M'))}"

    if most.hour.median - least.hour.median < 1:
        return texts.gettext("The next few days are expected to be similar.")
    return texts.gettext("Most free on {most}, fewest on {least}.").format(
        most=describe_hour(most), least=describe_hour(least)
    )


def _format_number(value: float, texts: PageTexts) -> str:
    return str(format_decimal(value, "0", locale=texts.language))
