"""The page of a what-if draws elapsed time correctly when summer time starts or ends."""

import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from edge.timekeeping.durations import HOUR_MS
from ledig.what_if.comparison import ShownState, SpaceComparison, TimelinePart
from ledig.what_if.plot import render_page
from ledig.what_if.what_if_report import WhatIfResult


def drawn(noon: str) -> tuple[list[str], str]:
    """Return the drawn times of a desk that changes every half hour before noon, and the time zone of the axis."""
    to_ms = round(datetime.fromisoformat(noon).timestamp() * 1000)
    from_ms = to_ms - 14 * HOUR_MS
    turns = [ShownState.TAKEN, ShownState.FREE] * 14
    parts = [
        TimelinePart(from_ms + n * HOUR_MS // 2, from_ms + (n + 1) * HOUR_MS // 2, shown)
        for n, shown in enumerate(turns)
    ]
    compared = SpaceComparison(
        "desk", parts, [TimelinePart(from_ms, to_ms, ShownState.FREE)], {date(2026, 10, 24): 1.0}
    )
    found = WhatIfResult(
        name="The mill",
        zone=ZoneInfo("Europe/Stockholm"),
        span=(from_ms, to_ms),
        labels=("hold=7m",),
        spaces={"desk": [compared]},
        notes=(),
    )
    call = render_page(found).rpartition("Plotly.newPlot('plot', ")[2]
    traces, end = json.JSONDecoder().raw_decode(call)
    layout, _ = json.JSONDecoder().raw_decode(call[end:].removeprefix(", "))
    moments = [
        (at, to)
        for trace in traces
        for at, to, row in zip(trace["x"][::3], trace["x"][1::3], trace["y"][::3], strict=True)
        if row == 0
    ]
    return [at for span in sorted(moments) for at in span], layout["xaxis"]["title"]["text"]


def test_day_is_drawn_in_the_time_zone_of_the_site() -> None:
    moments, clock = drawn("2026-10-24T12:00+02:00")
    assert (moments[0], moments[-1], clock) == ("2026-10-23 22:00:00", "2026-10-24 12:00:00", "Europe/Stockholm")


@pytest.mark.parametrize("noon", ["2026-10-25T12:00+01:00", "2026-03-29T12:00+02:00"])
def test_day_of_a_clock_change_is_drawn_in_utc(noon: str) -> None:
    moments, clock = drawn(noon)
    assert clock == "UTC"
    begins, ends = moments[::2], moments[1::2]
    assert begins[1:] == ends[:-1]
    assert len(set(begins)) == 28
