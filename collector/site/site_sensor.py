"""A sensor of a site: its device, its kind and the one thing that it watches.

Its pins are in edge/configuration/settings.py, and what its kind means in edge/contract/sensor_kinds.py.
"""

from dataclasses import dataclass

from edge.contract.sensor_kinds import SensorKind

SensorKey = tuple[str, str]
"""Device and sensor id."""


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
    held: bool = False
    """Its output has a hold of its own: no other hold is added, and a fall is trusted at once."""
    wiring: str = ""
    """Short description of its connection; when this changes, it counts as another sensor."""

    @property
    def key(self) -> SensorKey:
        """Device and sensor id, by which events are looked up."""
        return self.device, self.id
