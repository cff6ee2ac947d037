"""Judge of the machine's clock: what time it is at the site, and for how much time data may be deleted.

In:    readings of the machine's clocks; the time that devices report; what was believed before, or by an earlier run.
Out:   a `Belief`: site time, deletion time, and whether an event from the future may be the fault of our own clock.
Never: clocks, files, threads.

No single clock is trusted (docs/decisions/0030). Site time goes on at the pace of the elapsed time, which nobody can
set. A step of the wall clock is followed if it is small, or if the system's time synchronisation or the majority of
the devices confirms it. Deletion time never steps: it advances by elapsed time, and catches up with site time in small
pieces once that has been confirmed for an hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
NEAR_MS: Final = MINUTE_MS
"""Two clocks that differ by less agree. A step of the wall clock by less is followed without confirmation."""
REBOOT_MS: Final = 5 * MINUTE_MS
"""A restart of the machine takes at most this long: it needs no confirmation."""
SYNCHRONISED_FOR_MS: Final = 30 * MINUTE_MS
"""Time that was confirmed before cannot jump. The synchronisation alone must insist for this long that it did: only
a virtual machine that was paused needs that."""
CONFIRMED_FOR_MS: Final = HOUR_MS
"""Deletion time catches up with site time when that has been confirmed for this long."""
CATCH_UP: Final = 72
"""And then by so many hours an hour: three weeks of power-off take seven hours."""
PIECE_MS: Final = 5 * MINUTE_MS
"""The most elapsed time that counts for catching up in one step."""
BORN_MS: Final = 1_767_225_600_000
"""2026-01-01: this code did not exist before, so an earlier time is certainly wrong, and no data is older."""
FEW_DEVICES: Final = 2
"""So many devices, at least, must agree on a time that no clock of this machine shows."""


class Reading(NamedTuple):
    """The machine's clocks at one moment."""

    wall_ms: int
    """Unix milliseconds, right or wrong."""
    elapsed_ms: int
    """Milliseconds since the machine started, suspended or not: nobody can set it."""
    boot: int
    """Which start of the machine: `elapsed_ms` of another one cannot be compared."""
    synchronised: bool
    """Whether the system's time synchronisation vouches for `wall_ms`."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed at one reading; `site_ms` 0: nothing yet."""

    site_ms: int = 0
    """Unix milliseconds."""
    deletion_ms: int = 0
    """What is deleted, or refused for its age, is reckoned from this moment; never after `site_ms`."""
    boot: int = 0
    """0: of no known start of the machine; then `elapsed_ms` means nothing."""
    elapsed_ms: int = 0
    confirmed: bool = False
    """Something confirmed `site_ms` since the machine started, and it has not stepped since."""
    confirmed_from_ms: int = 0
    """If so, the elapsed time of that."""
    insisted_from_ms: int | None = None
    """Since when (elapsed) the synchronisation insists on a step that is not believed."""
    off_ms: int = 0
    """By how much the wall clock is ahead of site time, if that is more than `NEAR_MS`; else 0."""
    holds_future: bool = False
    """An event from the future may be the fault of our own clock: it is neither taken nor refused."""


def believe(before: Belief, reading: Reading, device_times: Sequence[int], needed: int = FEW_DEVICES) -> Belief:
    """Judge one reading.

    Args:
        before: the last belief, of this run or an earlier one.
        reading: the machine's clocks now.
        device_times: what time it is now (Unix ms) by each device that reported its clock in the last minutes.
        needed: so many of them, at least, must agree on a time that no clock of this machine shows.

    Returns:
        What is believed now. `site_ms` goes back only if more than `NEAR_MS` of it was wrong.
    """
    same_boot = before.boot == reading.boot and reading.elapsed_ms >= before.elapsed_ms
    passed_ms = reading.elapsed_ms - before.elapsed_ms if same_boot else reading.elapsed_ms
    pace_ms = before.site_ms + (passed_ms if before.boot else 0)
    together = _Devices(_agreed(device_times), len(device_times) >= needed)
    found = _decide(_Question(before, reading, same_boot, pace_ms, together))
    still = before.confirmed and same_boot and _near(found.site_ms, pace_ms)
    off_ms = reading.wall_ms - found.site_ms
    now = Belief(
        site_ms=found.site_ms,
        deletion_ms=before.deletion_ms + (passed_ms if before.boot else 0),
        boot=reading.boot,
        elapsed_ms=reading.elapsed_ms,
        confirmed=found.confirmed or still,
        confirmed_from_ms=before.confirmed_from_ms if still else reading.elapsed_ms,
        insisted_from_ms=found.insisted_from_ms,
        off_ms=0 if _near(off_ms, 0) else off_ms,
    )
    ahead = together.agreed_ms is not None and together.agreed_ms > now.site_ms + NEAR_MS
    holds_future = ahead or not now.confirmed
    return replace(now, deletion_ms=_deletion_ms(now, before, passed_ms), holds_future=holds_future)


class _Devices(NamedTuple):
    """What devices say together."""

    agreed_ms: int | None
    """The time that most of them have."""
    are_enough: bool
    """To move the site to a time that no clock of this machine shows."""

    def support(self, at_ms: int) -> bool:
        """Whether most of them have this time."""
        return self.agreed_ms is not None and _near(self.agreed_ms, at_ms)


class _Decision(NamedTuple):
    site_ms: int
    confirmed: bool
    insisted_from_ms: int | None = None


class _Question(NamedTuple):
    """What time is it?"""

    before: Belief
    reading: Reading
    same_boot: bool
    pace_ms: int
    """The time now if the wall clock had not been touched since `before`; after a restart, the earliest."""
    devices: _Devices

    @property
    def steps(self) -> bool:
        """Whether the wall clock shows something else than the old pace."""
        return bool(self.before.site_ms) and not (self.same_boot and _near(self.reading.wall_ms, self.pace_ms))

    @property
    def wall_ms(self) -> int:
        """The wall clock; after a small step back, time stands still until it is made up for."""
        return self.reading.wall_ms if self.steps else max(self.reading.wall_ms, self.before.site_ms)


def _decide(asked: _Question) -> _Decision:
    """Choose between the wall clock, the old pace, and what the devices agree on."""
    if (site_ms := _confirmed_ms(asked)) is not None:
        return _Decision(site_ms, confirmed=True)
    reading = asked.reading
    if not asked.steps:
        return _Decision(asked.wall_ms, confirmed=False)
    if reading.synchronised:
        from_ms = asked.before.insisted_from_ms if asked.same_boot else None
        from_ms = reading.elapsed_ms if from_ms is None else from_ms
        if reading.elapsed_ms - from_ms >= SYNCHRONISED_FOR_MS:
            return _Decision(reading.wall_ms, confirmed=True)
        return _Decision(asked.pace_ms, confirmed=False, insisted_from_ms=from_ms)
    restarted = not asked.same_boot and 0 <= reading.wall_ms - asked.pace_ms <= REBOOT_MS
    return _Decision(reading.wall_ms if restarted else asked.pace_ms, confirmed=False)


def _confirmed_ms(asked: _Question) -> int | None:
    """The time that something confirms, by the first rule that fits; None: nothing does."""
    before, devices, wall_ms, pace_ms = asked.before, asked.devices, asked.wall_ms, asked.pace_ms
    impossible = asked.steps and before.confirmed and (asked.same_boot or wall_ms < pace_ms - NEAR_MS)
    if (asked.reading.synchronised and not impossible) or devices.support(wall_ms):
        return wall_ms
    if asked.steps and devices.support(pace_ms):
        return pace_ms
    if devices.agreed_ms is None or (before.confirmed and asked.same_boot):
        return None
    implausible = (pace_ms if before.site_ms else wall_ms) < BORN_MS
    return devices.agreed_ms if implausible or devices.are_enough else None


def _deletion_ms(now: Belief, before: Belief, passed_ms: int) -> int:
    """Deletion time, a little closer to site time if that is certain."""
    if before.site_ms < BORN_MS:
        return now.site_ms
    reached_ms = now.deletion_ms
    if now.confirmed and now.elapsed_ms - now.confirmed_from_ms >= CONFIRMED_FOR_MS:
        reached_ms += min(passed_ms, PIECE_MS) * CATCH_UP
    return min(reached_ms, now.site_ms)


def _agreed(device_times: Sequence[int]) -> int | None:
    """The time that more than half of the devices have; None: there is none."""
    if not device_times:
        return None
    middle_ms = sorted(device_times)[(len(device_times) - 1) // 2]
    agreeing = sum(1 for each in device_times if _near(each, middle_ms))
    return middle_ms if 2 * agreeing > len(device_times) else None


def _near(one_ms: int, other_ms: int) -> bool:
    return abs(one_ms - other_ms) <= NEAR_MS
