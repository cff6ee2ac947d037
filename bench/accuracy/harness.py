"""Measure recordings, each in its own process, and collect which files and rows were read or left out.

In:    the folder of the recordings' folders, and the names of the recordings present.
Out:   for each its lines, the files read and the rows left out; or why it was rejected.
Never: printing, scoring.
"""

import logging
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from bench.accuracy.line import ResultLine
from bench.accuracy.recordings import LOG
from ledig.replay.recorded_rows import RowsRejected

RECORDINGS: Final = {
    "room-occupancy-estimation": "room_estimation",
    "occupancy-detection": "occupancy_detection",
    "sdu-ou44-rooms": "sdu_rooms",
    "calit2-door": "calit2_door",
    "brains4buildings": "brains4buildings",
    "parking-birmingham": "parking_birmingham",
}
"""Folder of each recording, and the module of this package whose `measure(folder)` returns its lines."""
GENERATED: Final = {
    "generated-spaces": "generated_spaces",
    "generated-radio": "generated_radio",
    "generated-series": "generated_series",
    "generated-office": "generated_office",
    "generated-pairs": "generated_pairs",
}
"""The same for generated data, which needs no folder."""
MEASURED: Final = RECORDINGS | GENERATED
_WORKERS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingResult:
    """Result of one recording."""

    lines: tuple[ResultLine, ...]
    files: tuple[str, ...]
    """Each file read, with its number of rows and of rows left out."""
    rows_left_out: tuple[str, ...]
    """The rows left out: file, row number, finding."""
    rejection: str = ""
    """Why nothing was measured; "" if it was."""


class _LogCollector(logging.Handler):
    """Collects the log messages of reading a recording."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.files: list[str] = []
        self.left_out: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        (self.files if record.levelno == logging.INFO else self.left_out).append(record.getMessage())


def measure_recording(folder: Path) -> RecordingResult:
    """Measure the recording of one folder in this process."""
    module = import_module(f"bench.accuracy.{MEASURED[folder.name]}")
    collector = _LogCollector()
    LOG.setLevel(logging.INFO)
    LOG.addHandler(collector)
    try:
        lines, refused = tuple(module.measure(folder)), ""
    except RowsRejected as fault:
        lines, refused = (), str(fault)
    finally:
        LOG.removeHandler(collector)
    return RecordingResult(
        lines=lines, files=tuple(collector.files), rows_left_out=tuple(collector.left_out), rejection=refused
    )


def measure_recordings(data: Path, names: Sequence[str], ended: Callable[[str], None]) -> dict[str, RecordingResult]:
    """Measure these recordings, two at a time; call `ended` with the name of each when it is done."""
    found: dict[str, RecordingResult] = {}
    with ProcessPoolExecutor(_WORKERS, multiprocessing.get_context("spawn")) as workers:
        pending = {workers.submit(measure_recording, data / name): name for name in names}
        for done in as_completed(pending):
            found[pending[done]] = done.result()
            ended(pending[done])
    return {name: found[name] for name in names}
