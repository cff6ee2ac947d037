"""One line of the table: a rule on a recording, and the figures it reached.

In:    figures that a recording's module measured.
Out:   the same, named, with the goals they are held to.
Never: files, printing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Figure(StrEnum):
    """What is measured; the unit is in the name. Shares are in per cent."""

    FALSE_VACANT_PCT = "false vacant %"
    FALSE_VACANT_MIN = "false vacant min"
    LONGEST_FALSE_VACANT_MIN = "longest false vacant min"
    FALSE_OCCUPIED_PCT = "false occupied %"
    UNKNOWN_PCT = "unknown %"
    STILL_FREE_S = "still free s"
    """How long a silence went on, from the first heartbeat that stayed away, until nothing was shown free."""
    RIGHT_PCT = "right %"
    ANSWERED_PCT = "answered %"
    CHANGES_PER_DAY = "changes a day"
    TRUE_CHANGES_PER_DAY = "true changes a day"
    ARRIVAL_MEDIAN_S = "arrival median s"
    ARRIVAL_95_S = "arrival 95 % s"
    RELEASE_MEDIAN_S = "release median s"
    RELEASE_95_S = "release 95 % s"
    FINDINGS = "findings"
    """How many times something was found to be wrong with a sensor."""
    FALSE_ALARMS = "false alarms"
    """Those of them about a sensor that is right by other evidence."""
    COUNT_ERROR = "count error"
    LEFT_OVER_MEAN = "left over mean"
    LEFT_OVER_90 = "left over 90 %"
    FORECAST_ERROR = "forecast error"
    PINBALL = "pinball"
    COVERAGE_PCT = "80 % band covers %"


@dataclass(frozen=True, slots=True)
class Goal:
    """The bounds a figure is held to, both inclusive; None: no bound on that side."""

    least: float | None = None
    most: float | None = None

    def met(self, value: float) -> bool:
        """Whether the figure lies within."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A rule on a recording."""

    recording: str
    """The folder's name, such as `calit2-door`."""
    rule: str
    """What was done, in a few words: "default", "12 min timer", "in minus out"."""
    ours: bool
    """False: what a buyer gets today, or a published rule, beside ours."""
    figures: Mapping[Figure, float]
    goals: Mapping[Figure, Goal] = field(default_factory=dict)
    note: str = ""
    """What a reader must know, in one sentence: how it was split, what was simulated."""
