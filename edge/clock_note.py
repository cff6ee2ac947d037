"""Keeps what tied an agent's clocks, so that a restart of its process under a wrong clock changes no time.

In:    a file beside the outbox; the offset, and which start of the machine it belongs to.
Out:   the same again; nothing from a file that cannot be read.
Never: clocks, judgement, an exception for a disk: what is not noted is only not known at the next start.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ClockNote:
    """What was known when it was written."""

    boot: str
    """Which start of the machine."""
    offset_ms: int
    """Unix minus monotonic milliseconds."""
    at_ms: int
    """The time then, Unix milliseconds: it is certainly later now."""


def read_note(path: Path) -> ClockNote | None:
    """The note; None: there is none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return ClockNote(str(found["boot"]), int(found["offset_ms"]), int(found["at_ms"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_note(path: Path, note: ClockNote) -> bool:
    """Replace the note; False: the disk refuses."""
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.write_text(json.dumps(asdict(note)) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError:
        return False
    return True
