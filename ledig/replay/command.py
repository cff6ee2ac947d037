"""The `replay` command: plays a recording, or runs the stored events of a house under other rules.

In:    what the command line asked for.
Out:   figures; or every fault of what was asked, and nothing started.
Never: the parts of a device, for a house's own events: the machine that asks may have none.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from ledig.what_if.command import Asked, of_house


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """What the command line asked for; None: not given."""

    file: Path | None
    """The mapping of a recording, or a site file."""
    data: Path | None
    """The recording's rows, or the folder of a house of `ledig up`."""
    speed: float
    """House time of a recording passes at most so many times as fast as real time."""
    asked: Asked
    """The other rules."""


def replay(options: ReplayOptions) -> None:
    """Play a recording, or run a house's stored events again.

    Raises:
        RecordingRejected, SiteRejected, OtherRulesRejected, WhatIfRejected: nothing was started.
        ReplayAway: Mosquitto is missing, or a server ended.
        HistoryAway, StoredRejected: the house has no stored events.
    """
    if options.file is None or _is_site(options.file):
        of_house(options.file, options.data, options.asked)
        return
    from ledig.replay.playing import replay_recording

    replay_recording(options.file, options.data, options.speed, options.asked)


def _is_site(path: Path) -> bool:
    """Whether a TOML file tells of a house; one that cannot be read is refused by who reads it as a recording."""
    try:
        return "site" in tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False
