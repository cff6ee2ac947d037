"""What a house wants to be told of, when, and where.

In:    nothing; the front door reads the site file, and the files that hold addresses, and makes these.
Out:   frozen settings that are right in themselves.
Never: files, clocks. An address is a secret: it is in no text that these make.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from collector.alerts.wire import AlertKind, Severity

_SPAN: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

USUAL_WHEN: Final[Mapping[AlertKind, str]] = {AlertKind.CO2_HIGH: "open", AlertKind.FEW_FREE: "open"}
"""When a kind is judged unless `when` says otherwise: "always" if it is not here."""


LEAST_PEOPLE: Final = 5
"""Fewer people than this are never told."""
BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "device_silent_min": (1, 1440),
    "sensor_silent_min": (1, 10_080),
    "co2_above_ppm": (600, 10_000),
    "co2_min": (0, 240),
    "free_desks_below": (0, 10_000),
    "free_desks_min": (0, 240),
    "most_people": (0, 100_000),
    "lost_events": (1, 1_000_000),
    "disk_free_below_pct": (1, 50),
}


class Language(StrEnum):
    """What messages are written in."""

    SV = "sv"
    EN = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where messages go: an address as apprise knows it, in a file of its own."""

    name: str
    """What the page and the log call it: small letters, digits, single hyphens."""
    url_file: Path
    """One line: the apprise URL."""
    least: Severity = Severity.NOTICE
    """Alerts of a lower severity are not sent there."""
    url: str = field(default="", repr=False)
    """What the file holds."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.name) > 64:
            raise ValueError(
                f'name must be lowercase letters, digits and single hyphens, at most 64, got "{self.name}"'
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Thresholds, when they are judged, when nothing is sent, and where to."""

    device_silent_min: int = 10
    """A device all of whose sensors have missed two heartbeats is silent after so many minutes more."""
    sensor_silent_min: int = 30
    """The same of a sensor whose device is heard."""
    co2_above_ppm: int = 1400
    """A zone's air is bad above this."""
    co2_min: int = 10
    """It must have been so for so long."""
    free_desks_below: int = 1
    """Fewer free desks than this in the whole house are too few; 0: never."""
    free_desks_min: int = 15
    """It must have been so for so long."""
    most_people: int = 0
    """More people than this are too many; 0: than there are desks, booths and rooms."""
    lost_events: int = 1
    """So many lost events of a device within an hour are worth a word."""
    disk_free_below_pct: float = 10.0
    """Less free space than this on the journal's disk is too little, in per cent."""
    quiet_hours: str = ""
    """Such as "22:00-07:00": only urgent messages go out then, the others wait; empty: none."""
    when: Mapping[AlertKind, str] = field(default_factory=dict)
    """By kind: "always", "open" (while the house is), "off", or hours such as "08:00-18:00"."""
    language: Language = Language.SV
    destinations: tuple[Destination, ...] = ()

    def __post_init__(self) -> None:
        for name, (least, most) in BOUNDS.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must lie between {least} and {most}, got {getattr(self, name)}")
        if 0 < self.most_people < LEAST_PEOPLE:
            raise ValueError(f"most_people must be 0 or at least {LEAST_PEOPLE}, got {self.most_people}")
        if self.quiet_hours and minutes(self.quiet_hours) is None:
            raise ValueError(f'quiet_hours must be like "22:00-07:00", got "{self.quiet_hours}"')
        for kind, hours in self.when.items():
            if hours not in {"always", "open", "off"} and minutes(hours) is None:
                raise ValueError(
                    f'when, {kind} must be "always", "open", "off" or hours such as "08:00-18:00", got "{hours}"'
                )

    def hours(self, kind: AlertKind) -> str:
        """When a kind is judged."""
        return self.when.get(kind, USUAL_WHEN.get(kind, "always"))


USUAL: Final = AlertSettings()
"""What a house gets that says nothing of alerts."""


def minutes(hours: str) -> tuple[int, int] | None:
    """Hours such as "22:00-07:00" as minutes since midnight; None: they are none, or empty."""
    found = _SPAN.fullmatch(hours)
    if found is None:
        return None
    from_h, from_m, to_h, to_m = (int(part) for part in found.groups())
    span = from_h * 60 + from_m, to_h * 60 + to_m
    return None if span[0] == span[1] else span
