"""A sensor of a site: its device, its kind and the one thing that it watches.

Its pins are in edge/configuration/device_settings.py, and what its kind means in edge/contract/sensor_kinds.py.
"""

from dataclasses import dataclass
from typing import Final

from edge.contract.sensor_kinds import SensorKind
from edge.contract.settings_rejected import SettingsRejected
from edge.timekeeping.durations import HOUR_MS

SensorKey = tuple[str, str]
"""Device and sensor id."""
MAX_OUTPUT_TIME_MS: Final = HOUR_MS
"""No sensor holds its output, or is blind, for longer; a building management system does for a quarter of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputTimes:
    """How a sensor's output differs from what it detects, in its data sheet."""

    held_ms: int | None = None
    """How long its output stays high after somebody moved. None: unknown; a motion sensor learns it."""
    blind_ms: int = 0
    """How long it detects nothing after its output has ended. Then it detects nothing during the output either."""

    def __post_init__(self) -> None:
        problems = [
            (name, f"must lie between 0 and {MAX_OUTPUT_TIME_MS}, got {value}")
            for name, value in (("held_ms", self.held_ms or 0), ("blind_ms", self.blind_ms))
            if not 0 <= value <= MAX_OUTPUT_TIME_MS
        ]
        if not problems and self.blind_ms and self.held_ms is None:
            problems.append(("blind_ms", "needs held_ms as well: how long the output stays high after somebody moved"))
        if problems:
            raise SettingsRejected(*problems)


UNKNOWN_OUTPUT: Final = OutputTimes()
"""Nothing is declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One sensor and the one thing it watches: a space, a door or a zone's air."""

    device: str
    id: str
    kind: SensorKind
    space: str | None = None
    door: str | None = None
    zone: str | None = None
    heartbeat_ms: int = 30_000
    """It sends an event at least this often while it works."""
    output: OutputTimes = UNKNOWN_OUTPUT
    wiring: str = ""
    """Short description of its connection; when this changes, it counts as another sensor."""

    @property
    def key(self) -> SensorKey:
        """Device and sensor id, by which events are looked up."""
        return self.device, self.id
