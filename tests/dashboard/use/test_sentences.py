"""What is said under a chart is what its table holds, and no more than is known."""

from datetime import timedelta

import pytest

from collector.history import Row
from dashboard.use.asked import Against, Days
from dashboard.use.cells import Unit, shown
from dashboard.use.grid import grid
from dashboard.use.sentences import of_change, of_peaks, of_stays, of_whole, of_zones
from dashboard.use.sheets import sheets
from dashboard.use.view import Material, View, view
from dashboard.words import Words
from tests.dashboard.house import MONDAY_10_MS, PLAN
from tests.dashboard.use.weeks import MONDAY, asked, hour_rows, stay_row, weeks

END = MONDAY_10_MS
WEEK = weeks(1)
EN, SV = Words.of("en"), Words.of("sv")


def seen(rows: list[Row], stays: tuple[Row, ...] = ()) -> View:
    return view(asked(WEEK), Material(rows, stays), None, PLAN, END)


def test_what_is_too_little_for_a_figure_is_not_told_as_enough_for_one() -> None:
    told = seen(list(hour_rows(WEEK, lambda _at: 5.0, unknown=2.04)))
    assert of_whole(told, EN) == "Data for only 79% of opening hours: too little for a figure."
    assert {square.known for _hour, row in grid(told.week, EN).rows for square in row if square} == {"data for 79%"}
    assert [shown(value, Unit.KNOWN, EN) for value in (0.29, 0.796, 0.999, 1.0)] == ["29%", "79%", "99%", "100%"]


def test_a_comparison_says_in_words_what_its_table_holds() -> None:
    two = weeks(2)
    question = asked(Days(two.first + timedelta(days=7), two.last), against=Against.BEFORE, other=weeks(1))
    now = list(hour_rows(question.days, lambda at: 6.0 + at.weekday() / 10))
    told = view(question, Material(now), Material(list(hour_rows(WEEK, lambda _at: 5.0))), PLAN, END)
    assert told.changes is not None
    said = (
        "Use is up: 62% on an average day, compared with 50% before. Random variation is at most 2.0 percentage points."
    )
    assert of_change(told.changes.use, EN) == said
    (table,) = (sheet for sheet in sheets(told, PLAN, EN) if sheet.key == "compared")
    row = next(iter(table.rows))
    shares = [shown(value, column.unit, EN) for value, column in zip(row, table.columns, strict=True)]
    assert shares == ["Occupied, per cent", "62.0", "50.0", "12.0", "2.0", "5", "More than random variation"]


def test_the_zones_are_set_beside_each_other_and_not_beside_their_sum() -> None:
    rows = [
        *hour_rows(WEEK, lambda _at: 5.0),
        *hour_rows(WEEK, lambda _at: 3.0, zone="hall"),
        *hour_rows(WEEK, lambda _at: 4.0, zone="quiet"),
    ]
    said = "Most used: Tysta rummet (desks), 40%. Least used: Spinnsalen (desks), 30%."
    assert of_zones(seen(rows), PLAN, EN) == said


def test_of_one_day_no_days_are_counted() -> None:
    day = Days(MONDAY, MONDAY)
    told = Material(list(hour_rows(day, lambda _at: 10.0)))
    assert of_peaks(view(asked(day), told, None, PLAN, END), SV).endswith("Vid något tillfälle var inget ledigt.")


@pytest.mark.parametrize(
    ("unknown", "sentence"),
    [
        (0.0, "On 5 of 5 days none were free at some point."),
        (1.0, "Fewest free at once: 1, on Monday 29 September."),
    ],
)
def test_none_free_is_not_claimed_where_one_was_not_known(unknown: float, sentence: str) -> None:
    rows = list(hour_rows(WEEK, lambda at: 10.0 - unknown if at.hour == 10 else 5.0, unknown=unknown))
    assert of_peaks(seen(rows), EN).endswith(sentence)


def test_a_silence_on_a_day_on_which_desks_were_free_makes_no_other_day_unsure() -> None:
    rows = [
        Row(row.tags, row.at_ms, (*row.fields[:5], 0.5, 0.0)) if row.fields[4] else row
        for row in hour_rows(WEEK, lambda at: 10.0 if at.weekday() == 1 else 5.0)
    ]
    assert of_peaks(seen(rows), EN).endswith("On 1 of 5 days none were free at some point.")


def test_stays_that_are_few_of_each_length_are_not_called_unknown() -> None:
    rows = list(hour_rows(WEEK, lambda _at: 5.0))
    few = seen(rows, (stay_row(MONDAY, 1, 3, 0, 0, 0, 0, 0, 9),))
    assert of_stays(few, SV) == "Det fanns färre än fem besök av varje längd."
    assert (
        of_stays(seen(rows, (stay_row(MONDAY, 0, 0, 0, 0, 0, 0, 0, 9),)), EN) == "The length of the stays is not known."
    )
