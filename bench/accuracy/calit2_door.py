"""The main door of a building over months (CalIt2, UCI 156): how many people are left over when it is surely empty.

In:    `calit2-door`: each half hour, how many an optical counter told in and out. Nobody is inside at 04:00.
Out:   lines: the people left over just before the nightly zero, by the product's rule and by plain sums.
Never: a rule of its own.

Within its half hour each crossing stands at an even distance; the door's sensor lives all the time.

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
"""The clock of the recording, which knows no summer time: its nights are read as they stand there."""
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
"""Said of the house: it is closed at 04:00. Everything else is default."""


def measure(folder: Path) -> list[Line]:
    """The lines of this recording."""
    rows = joined(folder, "calit2_*.csv", _LAYOUT)
    days = [list(day) for _, day in groupby(rows, key=lambda row: day_span(row.at_ms, _ZONE).day)]
    whole = {day_span(day[0].at_ms, _ZONE).to_ms for day in days if len(day) == 24 * HOUR_MS // _HALF_HOUR_MS}
    if not whole:
        raise RowsRejected((f"{folder}: not one whole day from 00:00 to 24:00; it takes one to judge a night",))
    note = f"{len(whole)} whole days; left over is what is told at 03:59, when nobody is inside."
    told = {
        "default": _product(rows),
        "in minus out": _plain(rows, nightly=False, clamped=False),
        "in minus out, nightly zero": _plain(rows, nightly=True, clamped=False),
        "in minus out, nightly zero, never negative": _plain(rows, nightly=True, clamped=True),
    }
    return [
        _line(rule, [left for at_ms, left in found if at_ms in whole], note if rule == "default" else "")
        for rule, found in told.items()
    ]


def _line(rule: str, left: Sequence[int], note: str) -> Line:
    over = sorted(abs(people) for people in left)
    figures = {Figure.LEFT_OVER_MEAN: mean(over), Figure.LEFT_OVER_90: float(over[-(-9 * len(over) // 10) - 1])}
    ours = rule == "default"
    if ours and min(left) < 0:
        raise ValueError(f"{min(left)} people were told")
    return Line(recording=RECORDING, rule=rule, ours=ours, figures=figures, goals=_GOALS if ours else {}, note=note)


def _product(rows: Sequence[Row]) -> Iterator[tuple[int, int]]:
    """Of each night the moment of its zero, and how many people the product told just before."""
    turns, presence, crowd = Turns(_PLAN), Presence(_PLAN), Crowd()
    from_ms, to_ms = rows[0].at_ms, rows[-1].at_ms + _HALF_HOUR_MS
    seen = presence.steps({}, from_ms, to_ms)
    for bucket in buckets(list(_crossings(rows)), seen, (), from_ms, to_ms):
        turn = turns.of(bucket.from_ms)
        around = House(turn, presence.everywhere)
        if bucket.from_ms == turn.at_ms:
            yield turn.at_ms, around.count(crowd.odds)
        crowd, _ = counted(crowd, bucket, around)
    yield to_ms, around.count(crowd.odds)


def _plain(rows: Sequence[Row], *, nightly: bool, clamped: bool) -> Iterator[tuple[int, int]]:
    """The same of a plain sum."""
    inside = 0
    day = day_span(rows[0].at_ms, _ZONE)
    for crossing in (*sorted(_crossings(rows)), Crossing(rows[-1].at_ms + _HALF_HOUR_MS, 0)):
        while crossing.at_ms >= day.to_ms:
            yield day.to_ms, inside
            inside = 0 if nightly else inside
            day = day_span(day.to_ms, _ZONE)
        inside += crossing.way
        inside = max(0, inside) if clamped else inside


def _crossings(rows: Iterable[Row]) -> Iterator[Crossing]:
    for row in rows:
        for name, way in (("in", 1), ("out", -1)):
            people = int(row.values[name])
            for person in range(people):
                yield Crossing(row.at_ms + (2 * person + 1) * _HALF_HOUR_MS // (2 * people), way)
