"""The `replay` command: play a recording, or evaluate the stored events of a site under other rules.

In:    the options of the command line.
Out:   figures; or every fault of the options, before anything is started.
Never: device libraries, when the stored events of a site are evaluated: the machine may not have them.
"""

from dataclasses import dataclass
from pathlib import Path

from ledig.site.toml_text import parse_toml
from ledig.what_if.what_if_command import WhatIfOptions, compare_site


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """Options of the command line; None: not given."""

    file: Path | None
    """The mapping of a recording, or a site file."""
    data: Path | None
    """The recording's rows, or the data folder of a site of `ledig up`."""
    speed: float
    """Maximum ratio of the recording's site time to real time."""
    what_if: WhatIfOptions
    """The other rules."""


def run_replay(options: ReplayOptions) -> None:
    """Play a recording, or evaluate the stored events of a site again.

    Raises:
        RecordingRejected, SiteRejected, OtherRulesRejected, WhatIfRejected: nothing was started.
        ReplayAway: Mosquitto is missing, or a server ended.
        HistoryAway, StoredEventsRejected: the site has no stored events.
    """
    if options.file is None or _is_site(options.file):
        compare_site(options.file, options.data, options.what_if)
        return
    from ledig.replay.run_replay import replay_recording_file

    replay_recording_file(options.file, options.data, options.speed, options.what_if)


def _is_site(path: Path) -> bool:
    """Whether a TOML file is a site file. If it cannot be read, the reader of recordings reports why."""
    try:
        return "site" in parse_toml(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return False
