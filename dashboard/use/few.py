"""The use of rooms, booths or machines that are fewer than five: one share of four weeks or more.

In:    open hours, rows of SPACE_HOUR of these spaces.
Out:   a share in steps of five per cent.
Never: a figure of one hour, one day or one space; a finer share, whose difference over two spans would be one of those.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from collector.forecast import Hour
from collector.history import Row
from dashboard.use.hours import KNOWN_LEAST

LEAST_DAYS: Final = 28
STEP: Final = 0.05


@dataclass(frozen=True, slots=True)
class FewUse:
    """What a page shows of them."""

    share: float | None
    """Of the open time, 0 to 1; None: the days are too few, or too little is known."""


def few_use(these: Sequence[Hour], rows: Iterable[Row], spaces: int, days: int) -> FewUse:
    """The share of the open time in which these spaces were taken, 0 to 1.

    Args:
        these: the open hours that are over.
        rows: of SPACE_HOUR, of all of the spaces.
        spaces: how many there are.
        days: how many days were asked for.
    """
    if days < LEAST_DAYS or not these:
        return FewUse(None)
    open_ms = {hour.at_ms for hour in these}
    states = [row.fields for row in rows if row.at_ms in open_ms]
    taken, vacant = (sum(state[field] != 0.0 for state in states) for field in (0, 1))
    if taken + vacant < KNOWN_LEAST * len(these) * spaces:
        return FewUse(None)
    return FewUse(round(round(taken / (taken + vacant) / STEP) * STEP, 2))
