"""Rules of occupancy of a site: hold times, when a sensor is silent, and whether spaces learn.

In:    table [rules] of the site file.
Out:   validated values; defaults come from labelled recordings (docs/decisions/0009).
Never: evidence, clocks (see collector/occupancy/).
"""

from dataclasses import dataclass
from enum import StrEnum

from edge.contract.message import SILENT_AFTER_HEARTBEATS
from edge.contract.settings_rejected import SettingsRejected
from edge.timekeeping.durations import HOUR_MS

MAX_HOLD_MS = 7_200_000
"""Upper bound of every hold after motion."""


class LearningSwitch(StrEnum):
    """Whether spaces learn from their own events."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class OccupancyRules:
    """Hold times and silence. In milliseconds; defaults from labelled recordings (docs/decisions/)."""

    lone_motion_hold_ms: int = 120_000
    """Hold after one motion without a second."""
    second_motion_ms: int = 240_000
    """A second motion within this time, but not at once, earns the full hold."""
    motion_hold_ms: int = 600_000
    """Full hold where one PIR watches the space."""
    motion_hold_shared_ms: int = 480_000
    """Full hold where two or more sensors watch the space."""
    level_hold_ms: int = 180_000
    """Hold of pressure, presence, people and power sensors, which report themselves when the level ends."""
    silent_after_heartbeats: float = SILENT_AFTER_HEARTBEATS
    """A sensor is silent after this many heartbeats; after twice as many it starts its hold again."""
    learning: LearningSwitch = LearningSwitch.ON
    """Whether a space learns its holds, from how long it is quiet how often."""
    motion_hold_least_ms: int = 300_000
    """Lower bound of a learned hold after motion."""
    motion_hold_most_ms: int = 900_000
    """Upper bound of every learned hold."""

    def __post_init__(self) -> None:
        for name in ("lone_motion_hold_ms", "second_motion_ms", "level_hold_ms"):
            if not 1000 <= getattr(self, name) <= HOUR_MS:
                raise SettingsRejected((name, f"must lie between 1000 and {HOUR_MS}, got {getattr(self, name)}"))
        for name in ("motion_hold_ms", "motion_hold_shared_ms"):
            if not self.lone_motion_hold_ms <= getattr(self, name) <= MAX_HOLD_MS:
                raise SettingsRejected(
                    (
                        name,
                        (
                            f"must lie between lone_motion_hold_ms ({self.lone_motion_hold_ms}) and {MAX_HOLD_MS},"
                            f" got {getattr(self, name)}"
                        ),
                    )
                )
        if not 1.5 <= self.silent_after_heartbeats <= 100:
            raise SettingsRejected(
                ("silent_after_heartbeats", f"must lie between 1.5 and 100, got {self.silent_after_heartbeats}")
            )
        self._check_learning()

    def _check_learning(self) -> None:
        least_ms, most_ms = self.motion_hold_least_ms, self.motion_hold_most_ms
        if not self.lone_motion_hold_ms <= least_ms <= MAX_HOLD_MS:
            raise SettingsRejected(
                (
                    "motion_hold_least_ms",
                    (
                        f"must lie between lone_motion_hold_ms ({self.lone_motion_hold_ms})"
                        f" and {MAX_HOLD_MS}, got {least_ms}"
                    ),
                )
            )
        if not least_ms <= most_ms <= MAX_HOLD_MS:
            raise SettingsRejected(
                (
                    "motion_hold_most_ms",
                    f"must lie between motion_hold_least_ms ({least_ms}) and {MAX_HOLD_MS}, got {most_ms}",
                )
            )
