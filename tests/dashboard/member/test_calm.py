"""When it is calm: the day's course and the week, drawn and as tables."""

import re

from collector.forecast import HOUR_MS
from collector.forecast.outlook import HourOutlook, Outlook
from dashboard.member.calm import CELL, HEIGHT, LEVELS, WIDTH, course, week
from dashboard.why import Reader
from dashboard.words import Words
from tests.dashboard.house import MONDAY_10_MS, PLAN

EN = Reader(PLAN, MONDAY_10_MS + HOUR_MS // 2, Words.of("en"))
SV = Reader(PLAN, MONDAY_10_MS, Words.of("sv"))


def hour(ahead: int, middle: float) -> HourOutlook:
    return HourOutlook(ahead, middle + 1, tuple(max(0.0, middle + n / 2) for n in range(-4, 5)), 0.9)


TOLD = Outlook(
    at_ms=MONDAY_10_MS,
    capacity=28,
    days=30,
    usual=((-2, 20.0), (-1, 9.0), (0, 5.0), (1, 7.0)),
    came=((-2, 18.0), (-1, 8.0)),
    hours=(hour(0, 4.0), hour(1, 6.5), hour(24, 0.4), hour(25, 27.9)),
)


def places(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[\d.]+", path)]


def test_live_usual_and_forecast_each_have_a_line_of_their_own() -> None:
    drawn = course(TOLD, 6, EN)
    assert drawn is not None
    assert drawn.came.startswith("M22 ")
    assert drawn.came.endswith(f"L{drawn.now[0]:g} {drawn.now[1]:g}" if drawn.now else "")
    assert drawn.usual.count("H") == 4
    assert drawn.expected.count("H") == 2
    assert drawn.band.count("z") == 2
    assert all(0 <= number <= max(WIDTH, HEIGHT) for number in places(drawn.usual + drawn.expected + drawn.band))


def test_the_table_of_the_day_says_the_same() -> None:
    drawn = course(TOLD, 6, EN)
    assert drawn is not None
    assert drawn.day == "Monday 24 November"
    assert drawn.rows == (
        ("8", "18", "20", "\u2013"),
        ("9", "8", "9", "\u2013"),
        ("10", "\u2013", "5", "4 (2\u20136)"),
        ("11", "\u2013", "7", "6 (4\u20138)"),
    )


def test_hours_that_are_not_known_leave_a_gap_and_join_no_present() -> None:
    told = Outlook(at_ms=MONDAY_10_MS, capacity=28, usual=TOLD.usual, came=((-2, 18.0),), hours=TOLD.hours)
    drawn = course(told, 6, EN)
    assert drawn is not None
    assert drawn.came.count("M") == 1
    assert "L" not in drawn.came


def test_the_scale_holds_the_highest_there_is() -> None:
    told = Outlook(at_ms=MONDAY_10_MS, capacity=9, usual=((0, 5.0),), hours=(hour(0, 6.5),))
    drawn = course(told, 6, EN)
    assert drawn is not None
    assert [tick.text for tick in drawn.counts] == ["0", "4", "9"], "the band ends at 8.5"


def test_a_course_of_another_day_has_no_present() -> None:
    told = Outlook(at_ms=MONDAY_10_MS, capacity=28, usual=((22, 5.0), (23, 5.0)), hours=TOLD.hours)
    drawn = course(told, 6, EN)
    assert drawn is not None
    assert (drawn.now, drawn.came) == (None, "")
    assert course(Outlook(at_ms=MONDAY_10_MS, capacity=28), 6, EN) is None


def test_the_more_is_free_the_larger_the_square() -> None:
    drawn = week(TOLD, SV)
    assert drawn is not None
    assert drawn.names == ("mån 24", "tis 25")
    assert len(drawn.levels) == LEVELS
    assert [path.count("z") for path in drawn.levels] == [2, 1, 0, 0, 1]
    sides = [int(found) for path in drawn.levels for found in re.findall(r"h(\d+)v", path)]
    assert sides == sorted(sides)
    assert max(sides) < CELL


def test_the_table_of_the_week_has_each_hour_of_each_day_and_a_sentence_says_when_to_come() -> None:
    drawn = week(TOLD, EN)
    assert drawn is not None
    assert drawn.rows == (("10", ("4", "0")), ("11", ("6", "28")))
    assert drawn.sentence == "Most free on Tuesday 11:00, fewest on Tuesday 10:00."
    assert week(Outlook(at_ms=MONDAY_10_MS, capacity=28), SV) is None


def test_the_sentence_names_no_hour_that_the_week_does_not_show() -> None:
    hours = tuple(hour(24 * day, 4.0 + (day == 2)) for day in range(7))
    told = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=30, hours=(*hours, hour(167, 20.0)))
    drawn = week(told, EN)
    assert drawn is not None
    assert drawn.sentence == "Most free on Wednesday 10:00, fewest on Monday 10:00."
