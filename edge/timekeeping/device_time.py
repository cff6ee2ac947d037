"""Keeps the time of day of one agent across restarts, and notices when it steps.

In:    a clock; a file beside the outbox.
Out:   a `ClockAnchor`; the time from which the outbox may delete old events.
Never: sensors, the network. The rules for following a clock are in clock_anchor.py.
"""

import logging
from pathlib import Path
from typing import Final

from edge.timekeeping.clock_anchor import MAX_HELD_STEP_MS, ClockAnchor, update_anchor
from edge.timekeeping.clock_file import ClockRecord, read_clock_record, write_clock_record
from edge.timekeeping.durations import HOUR_MS
from edge.timekeeping.machine_clock import SYNCHRONISATION_REMEDY, Clock

EARLIEST_PLAUSIBLE_MS: Final = 1_735_689_600_000
"""2025-01-01: a machine that shows an earlier time has a wrong clock."""
RECORD_INTERVAL_MS: Final = 600_000
"""The clock record is rewritten this often."""
NO_DELETION_AFTER_STEP_MS: Final = HOUR_MS
"""For this long after a step of the time of day, the outbox deletes nothing because of its age, so that a wrong clock
loses no event. A start more than this away from the last clock record counts as such a step."""

log = logging.getLogger(__name__)


class DeviceTime:
    """Follows one clock. A new process continues from the last one's clock record.

    Args:
        clock: the clock of the machine or of a simulation.
        path: the file of the clock record.
    """

    def __init__(self, clock: Clock, path: Path) -> None:
        self._clock, self._path = clock, path
        record = read_clock_record(path)
        is_same_boot = record is not None and record.boot != "" and record.boot == clock.boot()
        self.anchor = ClockAnchor(record.offset_ms) if record is not None and is_same_boot else ClockAnchor()
        self._earliest_ms = max(EARLIEST_PLAUSIBLE_MS, 0 if record is None else record.at_ms - MAX_HELD_STEP_MS)
        self._recorded_ms = None if record is None else record.at_ms
        self._stepped_ms: int | None = None
        self._written_ms: int | None = None
        self._is_waiting = self._is_ignoring_jump = False

    def follow_clock(self) -> None:
        """Read the clock once and update the anchor; each change is logged once."""
        clock, before = self._clock, self.anchor
        wall_ms, monotonic_ms = clock.now_ms(), clock.monotonic_ms()
        is_confirmed = clock.confirms_steps()
        is_trusted = clock.synchronised() and (
            is_confirmed or before.offset_ms is not None or wall_ms >= self._earliest_ms
        )
        self.anchor = update_anchor(before, wall_ms, monotonic_ms, synchronised=is_trusted, step_confirmed=is_confirmed)
        self._log_changes(before, wall_ms, monotonic_ms)
        offset_ms = self.anchor.offset_ms
        if offset_ms is None:
            return
        if before.offset_ms is None:
            has_stepped = self._recorded_ms is not None and abs(wall_ms - self._recorded_ms) > NO_DELETION_AFTER_STEP_MS
        else:
            has_stepped = abs(offset_ms - before.offset_ms) > MAX_HELD_STEP_MS
        if has_stepped:
            self._stepped_ms = monotonic_ms
        if has_stepped or self._written_ms is None or monotonic_ms - self._written_ms >= RECORD_INTERVAL_MS:
            self._write_record(monotonic_ms)

    def deletion_time_ms(self) -> int | None:
        """Return the time of day to compute an event's age from; None if nothing may be deleted for its age now."""
        now_ms = self._clock.monotonic_ms()
        if self._stepped_ms is not None and now_ms - self._stepped_ms < NO_DELETION_AFTER_STEP_MS:
            return None
        return self.anchor.unix_ms(now_ms)

    def _write_record(self, monotonic_ms: int) -> None:
        self._written_ms = monotonic_ms
        at_ms = self.anchor.unix_ms(monotonic_ms)
        if self._clock.boot() and self.anchor.offset_ms is not None and at_ms is not None:
            write_clock_record(self._path, ClockRecord(self._clock.boot(), self.anchor.offset_ms, at_ms))

    def _log_changes(self, before: ClockAnchor, wall_ms: int, monotonic_ms: int) -> None:
        now_ms = self.anchor.unix_ms(monotonic_ms)
        if now_ms is None:
            if not self._is_waiting:
                log.info(
                    "waiting for time synchronisation: events are kept, and sent once the time of day is known; %s",
                    SYNCHRONISATION_REMEDY,
                )
            self._is_waiting = True
            return
        if before.offset_ms is None:
            log.info("the time of day is known")
        ignores_jump = abs(wall_ms - now_ms) > MAX_HELD_STEP_MS
        if ignores_jump and not self._is_ignoring_jump:
            log.warning(
                "the clock jumped by %d s without time synchronisation: the jump is ignored for events;"
                " turn on time synchronisation",
                round((wall_ms - now_ms) / 1000),
            )
        self._is_ignoring_jump = ignores_jump
