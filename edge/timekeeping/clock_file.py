"""Stores the clock offset of an agent, so that a restart of its process under a wrong clock changes no time.

In:    a file beside the outbox; the offset, and the boot of the machine that it belongs to.
Out:   the stored offset; None if the file cannot be read.
Never: clocks, decisions, an exception for a disk error: an offset that is not stored is unknown at the next start.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ClockRecord:
    """The clock offset at the time of writing."""

    boot: str
    """Id of the boot of the machine."""
    offset_ms: int
    """Unix minus monotonic milliseconds."""
    at_ms: int
    """The time of writing, Unix milliseconds; a lower bound for the present time."""


def read_clock_record(path: Path) -> ClockRecord | None:
    """Read the record; None if there is no readable one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return ClockRecord(str(found["boot"]), int(found["offset_ms"]), int(found["at_ms"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_clock_record(path: Path, note: ClockRecord) -> bool:
    """Replace the record; return False if the disk refuses."""
    new_path = path.with_name(f"{path.name}.new")
    try:
        new_path.write_text(json.dumps(asdict(note)) + "\n", encoding="utf-8")
        new_path.replace(path)
    except OSError:
        return False
    return True
