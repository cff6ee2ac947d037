"""The time of day of one agent: what ties its clocks, from start to start, and when it stepped.

In:    a clock; a file beside the outbox.
Out:   an `Anchor`; from which time the outbox may delete what is old.
Never: sensors, the network. The rules of following a clock are in stamp.py.
"""

import logging
from pathlib import Path
from typing import Final

from edge.clock import Clock
from edge.clock_note import ClockNote, read_note, write_note
from edge.stamp import HELD_MS, Anchor, follow

BORN_MS: Final = 1_735_689_600_000
"""2025-01-01: a machine that shows an earlier time does not know it."""
NOTE_MS: Final = 600_000
"""The note is renewed this often."""
STEADY_MS: Final = 3_600_000
"""For so long after the time of day stepped, the outbox deletes nothing for its age: a wrong clock costs no event. A
start that is further than this from the last note is such a step."""

log = logging.getLogger(__name__)


class DeviceTime:
    """Follows one clock. A start of the process goes on from the last one's note.

    Args:
        clock: of the machine, or of a simulation.
        path: the note's file.
    """

    def __init__(self, clock: Clock, path: Path) -> None:
        self._clock, self._path = clock, path
        note = read_note(path)
        known = note is not None and note.boot != "" and note.boot == clock.boot()
        self.anchor = Anchor(note.offset_ms) if note is not None and known else Anchor()
        self._least_ms = max(BORN_MS, 0 if note is None else note.at_ms - HELD_MS)
        self._known_ms = None if note is None else note.at_ms
        self._stepped_ms: int | None = None
        self._noted_ms: int | None = None
        self._is_waiting = self._is_doubting = False

    def follow(self) -> None:
        """Look at the clock once; what changes is logged once."""
        clock, before = self._clock, self.anchor
        wall_ms, monotonic_ms = clock.now_ms(), clock.monotonic_ms()
        confirmed = clock.confirms_steps()
        trusted = clock.synchronised() and (confirmed or before.offset_ms is not None or wall_ms >= self._least_ms)
        self.anchor = follow(before, wall_ms, monotonic_ms, synchronised=trusted, steps=confirmed)
        self._log(before, wall_ms, monotonic_ms)
        offset_ms = self.anchor.offset_ms
        if offset_ms is None:
            return
        if before.offset_ms is None:
            stepped = self._known_ms is not None and abs(wall_ms - self._known_ms) > STEADY_MS
        else:
            stepped = abs(offset_ms - before.offset_ms) > HELD_MS
        if stepped:
            self._stepped_ms = monotonic_ms
        if stepped or self._noted_ms is None or monotonic_ms - self._noted_ms >= NOTE_MS:
            self._note(monotonic_ms)

    def deletes_at_ms(self) -> int | None:
        """The time of day from which the outbox may reckon what is too old; None: it must not delete now."""
        now_ms = self._clock.monotonic_ms()
        if self._stepped_ms is not None and now_ms - self._stepped_ms < STEADY_MS:
            return None
        return self.anchor.unix_ms(now_ms)

    def _note(self, monotonic_ms: int) -> None:
        self._noted_ms = monotonic_ms
        at_ms = self.anchor.unix_ms(monotonic_ms)
        if self._clock.boot() and self.anchor.offset_ms is not None and at_ms is not None:
            write_note(self._path, ClockNote(self._clock.boot(), self.anchor.offset_ms, at_ms))

    def _log(self, before: Anchor, wall_ms: int, monotonic_ms: int) -> None:
        now_ms = self.anchor.unix_ms(monotonic_ms)
        if now_ms is None:
            if not self._is_waiting:
                log.info("waiting for time synchronisation: events are kept, and sent once the time of day is known")
            self._is_waiting = True
            return
        if before.offset_ms is None:
            log.info("the time of day is known")
        doubts = abs(wall_ms - now_ms) > HELD_MS
        if doubts and not self._is_doubting:
            log.warning(
                "the clock jumped by %d s without time synchronisation: events keep the time from before the jump;"
                " turn on time synchronisation",
                round((wall_ms - now_ms) / 1000),
            )
        self._is_doubting = doubts
