"""Chooses axis labels for a chart so that no label repeats, and checks whether there is data to draw.

In:    the values on the axis of a Plotly figure; its traces.
Out:   settings for the axis; whether a figure has data.
Never: HTML, colours.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

MAX_LABELS: Final = 6
LABEL_STEPS_H: Final = (1, 2, 3, 6, 12)
"""Hours between labels; a longer axis is labelled with days."""


def has_data(traces: Sequence[Mapping[str, Any]], axis: str = "y") -> bool:
    """Whether some trace has a value other than zero; a chart without one would look empty."""
    return any(value for trace in traces for value in trace[axis])


def build_day_axis(days: Sequence[str]) -> dict[str, Any]:
    """Return an axis of ISO days with at most six labels, each a different day."""
    shown = days[:: max(1, -(-len(days) // MAX_LABELS))]
    texts = [f"{day.day}/{day.month}" for day in map(date.fromisoformat, shown)]
    return {"type": "date", "tickmode": "array", "tickvals": list(shown), "ticktext": texts, "tickangle": 0}


def build_time_axis(times: Sequence[str]) -> dict[str, Any]:
    """Return an axis of local times like `2026-11-23 09:05`, with hours as labels, or days if hours would repeat."""
    if not times:
        return {"type": "date"}
    first, last = (datetime.fromisoformat(at) for at in (min(times), max(times)))
    hours = (last - first) / timedelta(hours=1)
    if hours > 24:
        midnight = first.replace(hour=0, minute=0)
        count = (last - midnight).days + 1
        return build_day_axis([(midnight + timedelta(days=n)).date().isoformat() for n in range(count)])
    step = next((step for step in LABEL_STEPS_H if hours / step <= MAX_LABELS), LABEL_STEPS_H[-1])
    begin = first.replace(minute=0) - timedelta(hours=first.hour % step)
    every = [begin + timedelta(hours=n * step) for n in range(24 // step + 1)]
    shown = [at for at in every if first <= at <= last and at - first < timedelta(hours=24)]
    return {
        "type": "date",
        "tickmode": "array",
        "tickvals": [at.strftime("%Y-%m-%d %H:%M") for at in shown],
        "ticktext": [at.strftime("%H:%M") for at in shown],
        "tickangle": 0,
    }
