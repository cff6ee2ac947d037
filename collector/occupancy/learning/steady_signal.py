"""Learn the boundary of a signal that also depends on the time of day, such as light.

In:    readings, each with what the direct sensors of the same space indicated at that moment.
Out:   the boundary, once it proved itself on days from which it was not learned.
Never: clocks, units, fixed boundaries; single readings: only the number of readings per level is kept.

People are there by day, and so is the sun. A boundary learned from bright days with people and dark nights without is
daylight: in UCI 864 it lay at 6 to 8 lux. So a reading counts only at a time of day at which both kinds were seen, and
a boundary is used only after it classified readings of later days correctly, of both kinds and at several times of day.
A sensor that fails this test is not used.
"""

from typing import Final

from msgspec.structs import replace

from collector.occupancy.learning.threshold import (
    HeldOutTest,
    ReadingHistogram,
    cell_of,
    count_reading,
    find_boundary,
)
from edge.timekeeping.durations import DAY_MS, HOUR_MS

TIME_MS: Final = 3 * HOUR_MS
"""Length of a time of day: within three hours daylight changes less than between day and night."""
TIMES: Final = DAY_MS // TIME_MS
MIN_READINGS_AT_TIME: Final = 30
"""So many readings of the other kind make a time of day comparable: 15 minutes at one per 30 s, half an hour at one a
minute."""
MIN_TIMES: Final = 2
"""Fewest times of day at which both kinds were seen."""
MIN_TESTED_DAYS: Final = 2
MIN_TESTED_READINGS: Final = 60
MIN_TESTED_TAKEN_SHARE: Final = 0.5
"""Fewest correct readings while somebody was there, of those not learned from: less is hardly a help."""
MIN_TESTED_EMPTY_SHARE: Final = 0.98
"""The same while nobody was there: each wrong one may show a vacant space as taken."""
MAX_TESTED_READINGS: Final = 2_000
"""Above this number of tested readings of one kind, old ones count half: two working days of one per 30 s. Early
candidates, which have not seen a bright weekend yet, are forgotten so."""


def learn_steady_reading(known: ReadingHistogram, value: float, present: bool | None, at_ms: int) -> ReadingHistogram:  # noqa: FBT001 - what was sensed
    """Count one reading; readings come in order of time.

    Args:
        known: what was learned so far; at first STEADY_SIGNAL.
        value: the reading, in any unit that grows with the level.
        present: as for `learn_reading`; None: nothing is learned.
        at_ms: time of the reading, Unix milliseconds, UTC.
    """
    if present is None:
        return known
    day, time, test = at_ms // DAY_MS, at_ms % DAY_MS // TIME_MS, known.held_out
    if day > test.day:
        test = replace(test, candidate=find_boundary(known), day=day)
    test, is_comparable = _count_time(test, time, present=present)
    if is_comparable:
        test = _test_reading(test, value, present=present)
        known = count_reading(known, cell_of(value), day, present=present)
    is_proved = known.empty_days >= known.min_days and _has_passed(test)
    return replace(known, held_out=test, boundary=test.candidate if is_proved else None)


def _count_time(test: HeldOutTest, time: int, *, present: bool) -> tuple[HeldOutTest, bool]:
    """Count a reading of a time of day; return whether both kinds were seen at it."""
    none = (0,) * TIMES
    empty, taken = test.empty_by_time or none, test.taken_by_time or none
    mine, other = (taken, empty) if present else (empty, taken)
    if mine[time] < MIN_READINGS_AT_TIME:
        mine = (*mine[:time], mine[time] + 1, *mine[time + 1 :])
        test = (
            replace(test, empty_by_time=empty, taken_by_time=mine)
            if present
            else replace(test, empty_by_time=mine, taken_by_time=taken)
        )
    return test, other[time] >= MIN_READINGS_AT_TIME


def _test_reading(test: HeldOutTest, value: float, *, present: bool) -> HeldOutTest:
    if test.candidate is None:
        return test
    is_right = (value > test.candidate.takes_above) is present
    if present:
        if test.day > test.newest_tested_day:
            test = replace(test, days=test.days + 1, newest_tested_day=test.day)
        test = replace(test, taken=test.taken + 1, taken_right=test.taken_right + is_right)
    else:
        test = replace(test, empty=test.empty + 1, empty_right=test.empty_right + is_right)
    if test.taken > MAX_TESTED_READINGS:
        test = replace(test, taken=test.taken // 2, taken_right=test.taken_right // 2)
    if test.empty > MAX_TESTED_READINGS:
        test = replace(test, empty=test.empty // 2, empty_right=test.empty_right // 2)
    return test


def _has_passed(test: HeldOutTest) -> bool:
    times = sum(
        min(empty, taken) >= MIN_READINGS_AT_TIME
        for empty, taken in zip(test.empty_by_time, test.taken_by_time, strict=True)
    )
    return (
        times >= MIN_TIMES
        and test.days >= MIN_TESTED_DAYS
        and min(test.empty, test.taken) >= MIN_TESTED_READINGS
        and test.empty_right >= MIN_TESTED_EMPTY_SHARE * test.empty
        and test.taken_right >= MIN_TESTED_TAKEN_SHARE * test.taken
    )
