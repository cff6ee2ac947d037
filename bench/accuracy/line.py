"""One line of the table: a rule on a recording, and the figures it reached.

In:    figures measured by the module of a recording.
Out:   the named figures, with their goals.
Never: files, printing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Figure(StrEnum):
    """The measured figures; the name includes the unit. Shares are in per cent."""

    FALSE_VACANT_PCT = "false vacant %"
    FALSE_VACANT_MIN = "false vacant min"
    LONGEST_FALSE_VACANT_MIN = "longest false vacant min"
    FALSE_OCCUPIED_PCT = "false occupied %"
    UNKNOWN_PCT = "unknown %"
    STILL_FREE_S = "still free s"
    """Longest time from the first missed heartbeat until the space was no longer shown free."""
    RIGHT_PCT = "right %"
    ANSWERED_PCT = "answered %"
    CHANGES_PER_DAY = "changes a day"
    TRUE_CHANGES_PER_DAY = "true changes a day"
    ARRIVAL_MEDIAN_S = "arrival median s"
    ARRIVAL_95_S = "arrival 95 % s"
    RELEASE_MEDIAN_S = "release median s"
    RELEASE_95_S = "release 95 % s"
    FINDINGS = "findings"
    """Number of findings about sensors."""
    FALSE_ALARMS = "false alarms"
    """Number of findings about sensors that are right by other evidence."""
    COUNT_ERROR = "count error"
    LEFT_OVER_MEAN = "left over mean"
    LEFT_OVER_90 = "left over 90 %"
    FORECAST_ERROR = "forecast error"
    PINBALL = "pinball"
    BRIER = "Brier score"
    """Mean square of the distance between odds and outcome. Source: Brier 1950."""
    COVERAGE_PCT = "80 % band covers %"


@dataclass(frozen=True, slots=True)
class Goal:
    """Inclusive bounds of a figure; None: no bound on that side."""

    least: float | None = None
    most: float | None = None

    def is_met(self, value: float) -> bool:
        """Whether the figure is within the bounds."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine:
    """The result of a rule on a recording."""

    recording: str
    """The folder's name, such as `calit2-door`."""
    rule: str
    """Short name, such as "default", "12 min timer" or "in minus out"."""
    ours: bool
    """False: what a buyer gets today, or a published rule, for comparison."""
    figures: Mapping[Figure, float]
    goals: Mapping[Figure, Goal] = field(default_factory=dict)
    note: str = ""
    """One sentence for the reader, for example how the data was split or what was simulated."""
