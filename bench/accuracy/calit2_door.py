"""The main door of a building over months (CalIt2, UCI 156): how many people are left over when it is empty.

In:    `calit2-door`: an optical counter's entries and exits each half hour. Nobody is inside at 04:00.
Out:   lines: the people left over just before the nightly reset, by the product's rule and by plain sums.
Never: a rule of its own.

The crossings of a half hour are spread evenly over it. The door's sensor is alive all the time.

Source: A. Ihler, J. Hutchins, P. Smyth, "Adaptive event detection with time-varying Poisson processes", KDD 2006.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from statistics import mean
from typing import Final
from zoneinfo import ZoneInfo

from bench.accuracy.line import Figure, Goal, Line
from bench.accuracy.recordings import joined
from collector.people import Crossing, Crowd, House, buckets, counted
from collector.people.doors import HOUR_MS, Turns, day_span
from collector.people.presence import Presence
from collector.plan import Door, OpeningHours, SitePlan
from ledig.replay.rows import ISO, Column, Layout, Row, RowsRejected, TimeColumns

RECORDING: Final = "calit2-door"
_HALF_HOUR_MS: Final = HOUR_MS // 2
_ZONE: Final = ZoneInfo("Etc/GMT+8")
"""The recording's clock, which has no summer time: its nights are used as recorded."""
_LAYOUT: Final = Layout(
    times=TimeColumns(("t",), ISO, _ZONE),
    columns=(Column("in", 0, 10_000, whole=True), Column("out", 0, 10_000, whole=True)),
)
_GOALS: Final = {Figure.LEFT_OVER_MEAN: Goal(least=0, most=5.0), Figure.LEFT_OVER_90: Goal(least=0, most=18)}
_PLAN: Final = SitePlan(
    id="calit2",
    name="CalIt2",
    time_zone=_ZONE,
    floors=(),
    zones=(),
    spaces=(),
    doors=(Door(id="main", name="Main door", floor="", x_m=0, y_m=0),),
    opening_hours={weekday: (OpeningHours(opens_min=5 * 60, closes_min=24 * 60),) for weekday in range(7)},
)
"""The only setting is that the site is closed at 04:00. Everything else is default."""


def measure(folder: Path) -> list[Line]:
    """Return the lines of this recording."""
    rows = joined(folder, "calit2_*.csv", _LAYOUT)
    days = [list(day) for _, day in groupby(rows, key=lambda row: day_span(row.at_ms, _ZONE).day)]
    whole = {day_span(day[0].at_ms, _ZONE).to_ms for day in days if len(day) == 24 * HOUR_MS // _HALF_HOUR_MS}
    if not whole:
        raise RowsRejected((f"{folder}: no complete day from 00:00 to 24:00; at least one is needed to score a night",))
    note = f"{len(whole)} complete days; left over is the count at 03:59, when nobody is inside."
    counts = {
        "default": _count_by_product(rows),
        "in minus out": _count_by_sum(rows, nightly=False, clamped=False),
        "in minus out, nightly zero": _count_by_sum(rows, nightly=True, clamped=False),
        "in minus out, nightly zero, never negative": _count_by_sum(rows, nightly=True, clamped=True),
    }
    return [
        _build_line(rule, [left for at_ms, left in found if at_ms in whole], note if rule == "default" else "")
        for rule, found in counts.items()
    ]


def _build_line(rule: str, left: Sequence[int], note: str) -> Line:
    over = sorted(abs(people) for people in left)
    figures = {Figure.LEFT_OVER_MEAN: mean(over), Figure.LEFT_OVER_90: float(over[-(-9 * len(over) // 10) - 1])}
    ours = rule == "default"
    if ours and min(left) < 0:
        raise ValueError(f"{min(left)} people were counted")
    return Line(recording=RECORDING, rule=rule, ours=ours, figures=figures, goals=_GOALS if ours else {}, note=note)


def _count_by_product(rows: Sequence[Row]) -> Iterator[tuple[int, int]]:
    """Yield for each night the time of the reset, and the product's count just before."""
    turns, presence, crowd = Turns(_PLAN), Presence(_PLAN), Crowd()
    from_ms, to_ms = rows[0].at_ms, rows[-1].at_ms + _HALF_HOUR_MS
    seen = presence.steps({}, from_ms, to_ms)
    for bucket in buckets(list(_spread_crossings(rows)), seen, (), from_ms, to_ms):
        turn = turns.of(bucket.from_ms)
        site = House(turn, presence.everywhere)
        if bucket.from_ms == turn.at_ms:
            yield turn.at_ms, site.count(crowd.odds)
        crowd, _ = counted(crowd, bucket, site)
    yield to_ms, site.count(crowd.odds)


def _count_by_sum(rows: Sequence[Row], *, nightly: bool, clamped: bool) -> Iterator[tuple[int, int]]:
    """Yield the same for a plain sum."""
    inside = 0
    day = day_span(rows[0].at_ms, _ZONE)
    for crossing in (*sorted(_spread_crossings(rows)), Crossing(rows[-1].at_ms + _HALF_HOUR_MS, 0)):
        while crossing.at_ms >= day.to_ms:
            yield day.to_ms, inside
            inside = 0 if nightly else inside
            day = day_span(day.to_ms, _ZONE)
        inside += crossing.way
        inside = max(0, inside) if clamped else inside


def _spread_crossings(rows: Iterable[Row]) -> Iterator[Crossing]:
    for row in rows:
        for name, way in (("in", 1), ("out", -1)):
            people = int(row.values[name])
            for person in range(people):
                yield Crossing(row.at_ms + (2 * person + 1) * _HALF_HOUR_MS // (2 * people), way)
