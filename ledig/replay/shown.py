"""Reads what the collector showed out of its journal, while it is still there.

In:    the journal's file, read-only; how far house time is.
Out:   every transition of every space and every event since the start; how much was stored.
Never: a write. The collector alone writes, and erases events and transitions after 72 hours of house time.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from collector.evidence import Heard
from collector.history import HOUR_MS
from collector.plan import SitePlan
from collector.settings import RAW_HOURS_CEILING
from edge.message import Kind

READ_EVERY_MS: Final = 12 * HOUR_MS
"""Of house time: well within what the journal keeps."""
_KEPT_MS: Final = (RAW_HOURS_CEILING - 12) * HOUR_MS
"""What is younger is surely still there, and may still be corrected by a late event."""
_KIND: Final = {kind.value: kind for kind in Kind}


class Shown:
    """The transitions (moment, state) of each space, oldest first, as far as they were read."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self.transitions: dict[str, list[tuple[int, str]]] = {}
        self._heard: set[Heard] = set()

    def read(self, now_ms: int) -> None:
        """Take what the journal holds; it replaces what was read before of the same hours."""
        with closing(self._open()) as journal:
            rows = journal.execute("SELECT space, at_ms, state FROM transition ORDER BY space, at_ms").fetchall()
            said = journal.execute(
                "SELECT at_ms, sensor.device, stream, event.seq, sensor, kind, value FROM event"
                " JOIN sensor ON sensor.no = sensor_no JOIN stream ON stream.no = stream_no"
                " JOIN kind ON kind.no = kind_no WHERE synchronised"
            ).fetchall()
        self._heard.update(
            Heard(at_ms, device, stream, seq, sensor, _KIND[kind], value)
            for at_ms, device, stream, seq, sensor, kind, value in said
        )
        from_ms = now_ms - _KEPT_MS
        for space, before in self.transitions.items():
            self.transitions[space] = [transition for transition in before if transition[0] < from_ms]
        for space, at_ms, state in rows:
            known = self.transitions.setdefault(space, [])
            if not known or at_ms > known[-1][0]:
                known.append((at_ms, state))

    def events(self, plan: SitePlan) -> dict[str, list[Heard]]:
        """Every event that was stored of each space, as far as they were read, in canonical order."""
        spaces = {sensor.key: sensor.space for sensor in plan.sensors if sensor.space is not None}
        found: dict[str, list[Heard]] = {space.id: [] for space in plan.spaces}
        for heard in sorted(self._heard):
            if (space := spaces.get((heard.device, heard.sensor))) is not None:
                found[space].append(heard)
        return found

    def stored(self, device: str, stream: str) -> int:
        """How many events of a stream are stored."""
        with closing(self._open()) as journal:
            mark = journal.execute(
                "SELECT seq FROM stream WHERE device = ? AND stream = ?", (device, stream)
            ).fetchone()
            (gone,) = journal.execute(
                "SELECT coalesce(sum(last - first + 1), 0) FROM gap WHERE device = ? AND stream = ?", (device, stream)
            ).fetchone()
        return (mark[0] if mark else 0) - int(gone)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True)
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # the collector alone checkpoints
        return connection
