"""Plan of a site: its floors, zones, spaces, doors and sensors, its hours and its rules.

In:    nothing; `ledig.site.site_file` reads the site file and builds a `SitePlan`.
Out:   frozen values and look-ups.
Never: files, clocks, the pins of sensors (see edge/).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

from collector.site.occupancy_rules import LearningSwitch, OccupancyRules
from collector.site.opening_spans import OpeningSpan, RedDays
from collector.site.privacy_settings import PrivacySettings
from collector.site.site_sensor import Sensor, SensorKey
from collector.site.spaces import Door, Floor, Space, Zone

WHOLE_SITE = "site"
"""Name of the whole site in figures beside those of its zones; no zone may have this id."""

MAX_LOSSY_SILENCE_MS = 600_000
"""A sensor that loses messages counts as silent after at most this long: the full hold of a motion sensor, by which a
space may be shown wrongly anyway."""
MAX_LOSSY_HEARTBEATS = 4
"""Or after this many heartbeats, if that is longer: three lost in a row are less than one in a hundred if a fifth of
the messages is lost."""


@dataclass(frozen=True, kw_only=True)
class SitePlan:
    """The whole site. Ids are unique within each tuple, and every reference names an existing item."""

    id: str
    name: str
    time_zone: ZoneInfo
    floors: tuple[Floor, ...]
    zones: tuple[Zone, ...]
    spaces: tuple[Space, ...]
    doors: tuple[Door, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    opening_hours: Mapping[int, tuple[OpeningSpan, ...]] = field(default_factory=dict)
    """Spans that begin on each weekday, Monday 0, in order; a missing weekday is closed. Empty: always open."""
    hours_on: Mapping[date, tuple[OpeningSpan, ...]] = field(default_factory=dict)
    """Hours of single dates, in place of those of the weekday or public holiday; no span: closed."""
    country: str = "SE"
    """Country of its public holidays: two letters, ISO 3166."""
    red_days: RedDays = RedDays.SUNDAY
    closed: frozenset[date] = frozenset()
    """Additional dates on which it is closed."""
    rules: OccupancyRules = OccupancyRules()
    privacy: PrivacySettings = PrivacySettings()
    notice: str = ""
    """One line that every page shows, such as "Closed for midsummer"."""

    @cached_property
    def space_by_id(self) -> dict[str, Space]:
        """The spaces by id."""
        return {space.id: space for space in self.spaces}

    @cached_property
    def zone_by_id(self) -> dict[str, Zone]:
        """The zones by id."""
        return {zone.id: zone for zone in self.zones}

    @cached_property
    def sensor_by_key(self) -> dict[SensorKey, Sensor]:
        """The sensors by device and sensor id."""
        return {sensor.key: sensor for sensor in self.sensors}

    @cached_property
    def device_ids(self) -> tuple[str, ...]:
        """Ids of all devices with a sensor, in the order of the site file."""
        return tuple(dict.fromkeys(sensor.device for sensor in self.sensors))

    def silent_after_ms(self, sensor: Sensor) -> int:
        """Return how long a sensor may send no event before it counts as silent."""
        return round(self.rules.silent_after_heartbeats * sensor.heartbeat_ms)

    def max_silent_ms(self, sensor: Sensor) -> int:
        """Return the longest time without an event before a sensor of a space counts as silent.

        It is as long only if the sensor is known to lose many of its messages, see `learning/heartbeat_losses.py`.
        """
        least_ms = self.silent_after_ms(sensor)
        if self.rules.learning is LearningSwitch.OFF:
            return least_ms
        return max(least_ms, MAX_LOSSY_SILENCE_MS, MAX_LOSSY_HEARTBEATS * sensor.heartbeat_ms)

    def sensors_of(self, space_id: str) -> tuple[Sensor, ...]:
        """Return the sensors that watch a space."""
        return tuple(sensor for sensor in self.sensors if sensor.space == space_id)
