"""Light is used only after its boundary proved itself on other days; daylight is not learned."""

from collections.abc import Callable

import pytest

from collector.occupancy.learning.steady_signal import MAX_TESTED_READINGS, learn_steady_reading
from collector.occupancy.learning.threshold import STEADY_SIGNAL, ReadingHistogram
from edge.timekeeping.durations import DAY_MS, MINUTE_MS

Light = Callable[[int, int, bool], float]
"""The level by day, minute of the day, and whether somebody is there."""


def sun(day: int, minute: int, _present: bool) -> float:
    """Daylight, on some days much less than on others."""
    return max(0.0, 1 - abs(minute - 750) / 300) * (40 + 60 * (day * 7 % 5))


def lamp(day: int, minute: int, present: bool) -> float:
    return sun(day, minute, False) + 500 * present


def work_hours(day: int, minute: int) -> bool:
    return day % 7 < 5 and 480 <= minute < 1020


def learn(days: int, light: Light, people: Callable[[int, int], bool] = work_hours) -> ReadingHistogram:
    known = STEADY_SIGNAL
    for day in range(1, days + 1):
        for minute in range(0, 1440, 2):
            present = people(day, minute)
            at_ms = day * DAY_MS + minute * MINUTE_MS
            known = learn_steady_reading(known, light(day, minute, present), present, at_ms)
    return known


def test_a_lamp_is_learned_after_three_weekends() -> None:
    boundary = learn(21, lamp).boundary
    assert boundary is not None
    assert 280 < boundary.keeps_above < boundary.takes_above < 520


@pytest.mark.parametrize("days", [3, 5, 12, 30])
def test_daylight_is_never_learned(days: int) -> None:
    assert learn(days, sun).boundary is None


def test_a_lamp_that_is_also_on_without_people_is_never_used() -> None:
    def timed_lamp(day: int, minute: int, _present: bool) -> float:
        return sun(day, minute, False) + 500 * (420 <= minute < 1200)

    assert learn(30, timed_lamp).boundary is None


def test_few_days_teach_nothing() -> None:
    assert learn(4, lamp, lambda _day, minute: minute % 720 < 90).boundary is None


def test_people_at_one_time_of_day_teach_nothing() -> None:
    assert learn(20, lamp, lambda day, minute: day % 2 == 0 and 600 <= minute < 700).boundary is None


def test_a_lamp_that_people_no_longer_use_is_dropped() -> None:
    known = learn(21, lamp)
    for day in range(22, 50):
        for minute in range(0, 1440, 2):
            present = work_hours(day, minute)
            known = learn_steady_reading(known, sun(day, minute, False), present, day * DAY_MS + minute * MINUTE_MS)
    assert known.boundary is None
    assert known.held_out.taken <= MAX_TESTED_READINGS


def test_uncertain_readings_teach_nothing() -> None:
    assert learn_steady_reading(STEADY_SIGNAL, 500, None, DAY_MS) is STEADY_SIGNAL
