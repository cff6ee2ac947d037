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

from bench.accuracy.line import Figure, Goal, ResultLine
from bench.accuracy.recordings import read_all
from collector.history.door_days import DayTurns, find_day_span
from collector.people.estimate import CountingContext, DoorCrossing, PeopleEstimate, finish_bucket, split_into_buckets
from collector.people.odds import number_to_show
from collector.people.seen_people import SeenPeople
from collector.site.opening_spans import OpeningSpan
from collector.site.site_plan import SitePlan
from collector.site.spaces import Door
from edge.timekeeping.durations import HOUR_MS
from ledig.replay.recorded_rows import ISO_FORMAT, RecordedColumn, RecordedRow, RowLayout, RowsRejected, TimeColumns

RECORDING: Final = "calit2-door"
_HALF_HOUR_MS: Final = HOUR_MS // 2
_ZONE: Final = ZoneInfo("Etc/GMT+8")
"""The recording's clock, which has no summer time: its nights are used as recorded."""
_LAYOUT: Final = RowLayout(
    times=TimeColumns(("t",), ISO_FORMAT, _ZONE),
    columns=(RecordedColumn("in", 0, 10_000, whole=True), RecordedColumn("out", 0, 10_000, whole=True)),
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
    opening_hours={weekday: (OpeningSpan(opens_min=5 * 60, closes_min=24 * 60),) for weekday in range(7)},
)
"""The only setting is that the site is closed at 04:00. Everything else is default."""


def measure(folder: Path) -> list[ResultLine]:
    """Return the lines of this recording."""
    rows = read_all(folder, "calit2_*.csv", _LAYOUT)
    days = [list(day) for _, day in groupby(rows, key=lambda row: find_day_span(row.at_ms, _ZONE).day)]
    whole = {find_day_span(day[0].at_ms, _ZONE).to_ms for day in days if len(day) == 24 * HOUR_MS // _HALF_HOUR_MS}
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


def _build_line(rule: str, left: Sequence[int], note: str) -> ResultLine:
    over = sorted(abs(people) for people in left)
    figures = {Figure.LEFT_OVER_MEAN: mean(over), Figure.LEFT_OVER_90: float(over[-(-9 * len(over) // 10) - 1])}
    ours = rule == "default"
    if ours and min(left) < 0:
        raise ValueError(f"{min(left)} people were counted")
    return ResultLine(
        recording=RECORDING, rule=rule, ours=ours, figures=figures, goals=_GOALS if ours else {}, note=note
    )


def _count_by_product(rows: Sequence[RecordedRow]) -> Iterator[tuple[int, int]]:
    """Yield for each night the time of the reset, and the product's count just before."""
    turns, presence, crowd = DayTurns(_PLAN), SeenPeople(_PLAN), PeopleEstimate()
    from_ms, to_ms = rows[0].at_ms, rows[-1].at_ms + _HALF_HOUR_MS
    seen = presence.compute_steps({}, from_ms, to_ms)
    for bucket in split_into_buckets(list(_spread_crossings(rows)), seen, (), from_ms, to_ms):
        turn = turns.find_turn(bucket.from_ms)
        site = CountingContext(turn, presence.covers_all_zones)
        if bucket.from_ms == turn.at_ms:
            yield turn.at_ms, number_to_show(crowd.odds)
        crowd, _ = finish_bucket(crowd, bucket, site)
    yield to_ms, number_to_show(crowd.odds)


def _count_by_sum(rows: Sequence[RecordedRow], *, nightly: bool, clamped: bool) -> Iterator[tuple[int, int]]:
    """Yield the same for a plain sum."""
    inside = 0
    day = find_day_span(rows[0].at_ms, _ZONE)
    for crossing in (*sorted(_spread_crossings(rows)), DoorCrossing(rows[-1].at_ms + _HALF_HOUR_MS, 0)):
        while crossing.at_ms >= day.to_ms:
            yield day.to_ms, inside
            inside = 0 if nightly else inside
            day = find_day_span(day.to_ms, _ZONE)
        inside += crossing.direction
        inside = max(0, inside) if clamped else inside


def _spread_crossings(rows: Iterable[RecordedRow]) -> Iterator[DoorCrossing]:
    for row in rows:
        for name, way in (("in", 1), ("out", -1)):
            people = int(row.values[name])
            for person in range(people):
                yield DoorCrossing(row.at_ms + (2 * person + 1) * _HALF_HOUR_MS // (2 * people), way)
