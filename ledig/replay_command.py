"""The `replay` command: reads a recording, plays it, and tells how true the house was.

In:    paths and a speed from the command line.
Out:   a progress bar, then the figures; or every fault of the recording, and nothing started.
Never: a half told result. A replay that is stopped tells nothing.
"""

import logging
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Final

from rich.console import Console

from ledig import replay_report
from ledig.recording import read
from ledig.replay import Stopped, play
from ledig.stopping import stop_on_signals

_TABLE_WIDTH: Final = 118
"""Narrower, the figures would be broken into pieces."""


def replay(path: Path, data: Path | None, speed: float) -> None:
    """Play the recording that the mapping `path` describes.

    Args:
        path: the mapping, TOML.
        data: the CSV file, instead of the one that the mapping names.
        speed: house time passes at most so many times as fast as real time.

    Raises:
        RecordingRejected: with every fault; nothing was started.
        ReplayAway: Mosquitto is missing, or a server ended.
    """
    recording = read(path, data)
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    resource_tracker.ensure_running()  # multiprocessing's own child: to start it later would unblock the signals again
    stop = stop_on_signals()
    console = Console()
    console.width = max(console.width, _TABLE_WIDTH)
    with replay_report.progress(console, recording, speed) as told:
        try:
            played = play(recording, speed=speed, stop=stop, progress=told)
        except Stopped:
            raise KeyboardInterrupt from None  # the front door says so; a replay that is not over has no figures
    replay_report.tell(console, recording, played)
