"""Play a recording for the `replay` command, and print how accurate the shown states were, under other rules too.

In:    the mapping of a recording, its rows, a speed, other rules.
Out:   a progress bar, then the figures; or every fault of the recording, before anything is started.
Never: partial figures. A replay that is stopped prints none.
"""

import logging
from multiprocessing import resource_tracker
from pathlib import Path

from rich.console import Console

from collector.site.occupancy_rules import OccupancyRules
from edge.process.log_output import log_to_stderr
from ledig.replay import replay_report
from ledig.replay.player import ReplayResult, ReplayStopped, play_recording
from ledig.replay.recorded_data import Recording
from ledig.replay.recording import read_recording
from ledig.replay.replay_site import build_replay_plan
from ledig.runtime.stopping import stop_on_signals
from ledig.what_if import what_if_command
from ledig.what_if.comparison import OCCUPANCY_OF_SHOWN, StoredSpace
from ledig.what_if.what_if_command import WhatIfOptions
from ledig.what_if.what_if_report import TABLE_WIDTH


def replay_recording_file(path: Path, data: Path | None, speed: float, options: WhatIfOptions) -> None:
    """Play the recording that the mapping `path` describes.

    Args:
        path: the mapping, TOML.
        data: the CSV file, instead of the one that the mapping names.
        speed: maximum ratio of site time to real time.
        options: other rules under which the stored events are evaluated too.

    Raises:
        RecordingRejected, OtherRulesRejected, WhatIfRejected: every fault; nothing was started.
        ReplayAway: Mosquitto is missing, or a server ended.
    """
    others = options.read_rules(OccupancyRules())
    recording = read_recording(path, data)
    what_if_command.select_spaces(build_replay_plan(recording), options.spaces)  # report a wrong --space before playing
    console = Console()
    console.width = max(console.width, TABLE_WIDTH)
    played = _play(console, recording, speed)
    replay_report.print_result(console, recording, played)
    if others:
        truths = {space.id: space for space in recording.spaces if space.truth}
        stored = {space: StoredSpace(events) for space, events in played.events.items()}
        found = what_if_command.compare_recording(played.plan, others, options, stored)
        for space in [space for space in found.spaces if space in truths]:
            for label, compared in zip(found.labels, found.spaces[space], strict=True):
                shown = [(part.from_ms, OCCUPANCY_OF_SHOWN[part.shown]) for part in compared.other]
                replay_report.print_score(console, recording, truths[space], shown, label)
        what_if_command.print_comparison(console, options, found)


def _play(console: Console, recording: Recording, speed: float) -> ReplayResult:
    log_to_stderr(logging.ERROR, "%(name)s: %(message)s")
    resource_tracker.ensure_running()  # child process of multiprocessing; starting it later would unblock the signals
    stop = stop_on_signals()
    with replay_report.show_progress(console, recording, speed) as show_reached:
        try:
            return play_recording(recording, speed=speed, stop=stop, progress=show_reached)
        except ReplayStopped:
            raise KeyboardInterrupt from None  # `ledig` prints the message; an unfinished replay has no figures
