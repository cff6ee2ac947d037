"""Settings of alerts: thresholds, hours, quiet hours, destinations.

In:    values that the `ledig` package reads from the site file and from the files that hold addresses.
Out:   frozen, validated settings.
Never: files, clocks. An address is a secret: no `repr` and no error contains it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from collector.contract.alerts import AlertKind, Severity
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.site_plan import SitePlan
from collector.site.spaces import SEATING_KINDS
from collector.text.languages import Language
from edge.contract.settings_rejected import SettingsRejected
from edge.timekeeping.durations import MINUTES_PER_DAY

_SPAN: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "device_silent_min": (1, MINUTES_PER_DAY),
    "sensor_silent_min": (1, 10_080),
    "co2_above_ppm": (600, 10_000),
    "co2_min": (0, 240),
    "free_desks_below": (0, 10_000),
    "free_desks_min": (0, 240),
    "most_people": (0, 100_000),
    "lost_events": (1, 1_000_000),
    "disk_free_below_pct": (1, 50),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where notifications go: an apprise URL in its own file."""

    name: str
    """Its name on the page and in the log: lowercase letters, digits, single hyphens."""
    url_file: Path
    """One line: the apprise URL."""
    least: Severity = Severity.NOTICE
    """Alerts of lower severity are not sent there."""
    url: str = field(default="", repr=False)
    """The content of the file."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.name) > 64:
            raise SettingsRejected(
                ("name", f'must be lowercase letters, digits and single hyphens, at most 64, got "{self.name}"')
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Thresholds, when they are evaluated, quiet hours, and destinations."""

    device_silent_min: int = 10
    """An alert begins this many minutes after all sensors of a device have missed two heartbeats."""
    sensor_silent_min: int = 30
    """The same for a sensor whose device still sends."""
    co2_above_ppm: int = 1400
    """A zone's air is bad above this."""
    co2_min: int = 10
    """Minutes for which the air must be bad."""
    free_desks_below: int = 1
    """Fewer free desks than this on the whole site are too few; 0: no such alert."""
    free_desks_min: int = 15
    """Minutes for which too few desks must be free."""
    most_people: int = 0
    """More people than this are too many; 0: the number of desks, booths and rooms."""
    lost_events: int = 1
    """An alert begins at this many lost events of a device within an hour."""
    disk_free_below_pct: float = 10.0
    """Less free space than this on the journal's disk is too little, in per cent."""
    quiet_hours: str = ""
    """Such as "22:00-07:00": only urgent notifications are sent then, the others wait; empty: no quiet hours."""
    when: Mapping[AlertKind, str] = field(default_factory=dict)
    """By kind: "always", "open" (during opening hours), "off", or hours such as "08:00-18:00"."""
    language: Language = Language.SV
    destinations: tuple[Destination, ...] = ()

    def __post_init__(self) -> None:
        problems = [
            (name, f"must lie between {least} and {most}, got {getattr(self, name)}")
            for name, (least, most) in BOUNDS.items()
            if not least <= getattr(self, name) <= most
        ]
        if 0 < self.most_people < MIN_SHOWN_GROUP:  # an alert would expose a lower count
            problems.append(("most_people", f"must be 0 or at least {MIN_SHOWN_GROUP}, got {self.most_people}"))
        if self.quiet_hours and parse_hours(self.quiet_hours) is None:
            problems.append(("quiet_hours", f'must be like "22:00-07:00", got "{self.quiet_hours}"'))
        for kind, hours in self.when.items():
            if hours not in {"always", "open", "off"} and parse_hours(hours) is None:
                problems.append(
                    ("", f'when, {kind} must be "always", "open", "off" or hours such as "08:00-18:00", got "{hours}"')
                )
        if problems:
            raise SettingsRejected(*problems)


DEFAULT_ALERT_SETTINGS: Final = AlertSettings()
"""The settings of a site without an [alerts] section."""


def parse_hours(hours: str) -> tuple[int, int] | None:
    """Return hours such as "22:00-07:00" as minutes since midnight; None: not a valid range, or an empty one."""
    found = _SPAN.fullmatch(hours)
    if found is None:
        return None
    from_h, from_m, to_h, to_m = (int(part) for part in found.groups())
    span = from_h * 60 + from_m, to_h * 60 + to_m
    return None if span[0] == span[1] else span


def count_places(plan: SitePlan, settings: AlertSettings) -> int:
    """Return for how many people the site has places."""
    own = sum(space.kind in SEATING_KINDS and not space.disabled for space in plan.spaces)
    return settings.most_people or max(own, MIN_SHOWN_GROUP)
