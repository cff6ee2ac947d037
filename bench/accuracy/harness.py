"""Measures recordings, each in a process of its own, and gathers what was read and what was left out.

In:    the folder of the recordings' folders, and the names of those that are there.
Out:   for each its lines, the files that were read, and the rows that were left out; or why it was refused.
Never: printing, judgement.
"""

import logging
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from bench.accuracy.line import Line
from bench.accuracy.recordings import LOG
from ledig.replay.rows import RowsRejected

RECORDINGS: Final = {
    "room-occupancy-estimation": "room_estimation",
    "occupancy-detection": "occupancy_detection",
    "sdu-ou44-rooms": "sdu_rooms",
    "calit2-door": "calit2_door",
    "brains4buildings": "brains4buildings",
    "parking-birmingham": "parking_birmingham",
}
"""Each recording's folder, and the module of this package whose `measure(folder)` makes its lines."""
_WORKERS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of one recording."""

    lines: tuple[Line, ...]
    files: tuple[str, ...]
    """Each file that was read: its name, its rows, how many were left out."""
    left_out: tuple[str, ...]
    """The rows that were left out, by name."""
    refused: str = ""
    """Why nothing was measured."""


class _Gathered(logging.Handler):
    """Keeps what reading a recording had to say."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.files: list[str] = []
        self.left_out: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        (self.files if record.levelno == logging.INFO else self.left_out).append(record.getMessage())


def measure(folder: Path) -> Measured:
    """Measure the recording of one folder in this process."""
    module = import_module(f"bench.accuracy.{RECORDINGS[folder.name]}")
    gathered = _Gathered()
    LOG.setLevel(logging.INFO)
    LOG.addHandler(gathered)
    try:
        lines, refused = tuple(module.measure(folder)), ""
    except RowsRejected as fault:
        lines, refused = (), str(fault)
    finally:
        LOG.removeHandler(gathered)
    return Measured(lines=lines, files=tuple(gathered.files), left_out=tuple(gathered.left_out), refused=refused)


def measure_all(data: Path, names: Sequence[str], ended: Callable[[str], None]) -> dict[str, Measured]:
    """Measure these recordings, two at a time; `ended` hears of each when it is done."""
    found: dict[str, Measured] = {}
    with ProcessPoolExecutor(_WORKERS, multiprocessing.get_context("spawn")) as workers:
        under_way = {workers.submit(measure, data / name): name for name in names}
        for done in as_completed(under_way):
            found[under_way[done]] = done.result()
            ended(under_way[done])
    return {name: found[name] for name in names}
