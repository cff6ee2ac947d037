"""Charts and tables of the day and the week."""

import re

from collector.contract.forecasts import HourOutlook, Outlook
from dashboard.member.calm_hours import CELL_SIZE, CHART_HEIGHT, CHART_WIDTH, LEVEL_COUNT, draw_day, draw_week
from dashboard.text.explanations import ExplanationContext
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import HOUR_MS
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

EN = ExplanationContext(PLAN, MONDAY_10_MS + HOUR_MS // 2, PageTexts.load("en"))
SV = ExplanationContext(PLAN, MONDAY_10_MS, PageTexts.load("sv"))


def hour(ahead: int, middle: float) -> HourOutlook:
    return HourOutlook(ahead, middle + 1, tuple(max(0.0, middle + n / 2) for n in range(-4, 5)), 0.9)


OUTLOOK = Outlook(
    at_ms=MONDAY_10_MS,
    capacity=28,
    days=30,
    usual=((-2, 20.0), (-1, 9.0), (0, 5.0), (1, 7.0)),
    actual=((-2, 18.0), (-1, 8.0)),
    hours=(hour(0, 4.0), hour(1, 6.5), hour(24, 0.4), hour(25, 27.9)),
)


def read_positions(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[\d.]+", path)]


def test_live_usual_and_forecast_have_separate_lines() -> None:
    drawn = draw_day(OUTLOOK, 6, EN)
    assert drawn is not None
    assert drawn.so_far.startswith("M22 ")
    assert drawn.so_far.endswith(f"L{drawn.now[0]:g} {drawn.now[1]:g}" if drawn.now else "")
    assert drawn.usual.count("H") == 4
    assert drawn.expected.count("H") == 2
    assert drawn.band.count("z") == 2
    assert all(
        0 <= number <= max(CHART_WIDTH, CHART_HEIGHT)
        for number in read_positions(drawn.usual + drawn.expected + drawn.band)
    )


def test_day_table_has_the_same_values_as_the_chart() -> None:
    drawn = draw_day(OUTLOOK, 6, EN)
    assert drawn is not None
    assert drawn.day == "Monday 24 November"
    assert drawn.rows == (
        ("8", "18", "20", "\u2013"),
        ("9", "8", "9", "\u2013"),
        ("10", "\u2013", "5", "4 (2\u20136)"),
        ("11", "\u2013", "7", "6 (4\u20138)"),
    )


def test_unknown_hours_leave_a_gap_before_now() -> None:
    outlook = Outlook(at_ms=MONDAY_10_MS, capacity=28, usual=OUTLOOK.usual, actual=((-2, 18.0),), hours=OUTLOOK.hours)
    drawn = draw_day(outlook, 6, EN)
    assert drawn is not None
    assert drawn.so_far.count("M") == 1
    assert "L" not in drawn.so_far


def test_scale_includes_the_highest_value() -> None:
    outlook = Outlook(at_ms=MONDAY_10_MS, capacity=9, usual=((0, 5.0),), hours=(hour(0, 6.5),))
    drawn = draw_day(outlook, 6, EN)
    assert drawn is not None
    assert [tick.text for tick in drawn.counts] == ["0", "4", "9"], "the band ends at 8.5"


def test_chart_of_another_day_has_no_current_value() -> None:
    outlook = Outlook(at_ms=MONDAY_10_MS, capacity=28, usual=((22, 5.0), (23, 5.0)), hours=OUTLOOK.hours)
    drawn = draw_day(outlook, 6, EN)
    assert drawn is not None
    assert (drawn.now, drawn.so_far) == (None, "")
    assert draw_day(Outlook(at_ms=MONDAY_10_MS, capacity=28), 6, EN) is None


def test_squares_grow_with_free_spaces() -> None:
    drawn = draw_week(OUTLOOK, SV)
    assert drawn is not None
    assert drawn.names == ("mån 24", "tis 25")
    assert len(drawn.levels) == LEVEL_COUNT
    assert [path.count("z") for path in drawn.levels] == [2, 1, 0, 0, 1]
    sides = [int(found) for path in drawn.levels for found in re.findall(r"h(\d+)v", path)]
    assert sides == sorted(sides)
    assert max(sides) < CELL_SIZE


def test_week_table_has_every_hour_and_a_sentence_names_the_quietest() -> None:
    drawn = draw_week(OUTLOOK, EN)
    assert drawn is not None
    assert drawn.rows == (("10", ("4", "0")), ("11", ("6", "28")))
    assert drawn.sentence == "Most free on Tuesday 11:00, fewest on Tuesday 10:00."
    assert draw_week(Outlook(at_ms=MONDAY_10_MS, capacity=28), SV) is None


def test_sentence_names_only_hours_in_the_week() -> None:
    hours = tuple(hour(24 * day, 4.0 + (day == 2)) for day in range(7))
    outlook = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=30, hours=(*hours, hour(167, 20.0)))
    drawn = draw_week(outlook, EN)
    assert drawn is not None
    assert drawn.sentence == "Most free on Wednesday 10:00, fewest on Monday 10:00."
