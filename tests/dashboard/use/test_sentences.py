"""The sentence under a chart matches its table and claims no more than is known."""

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


def test_coverage_is_never_rounded_up() -> None:
    report = seen(list(hour_rows(WEEK, lambda _at: 5.0, unknown=2.04)))
    assert of_whole(report, EN) == "Data for only 79% of opening hours: too little for a figure."
    assert {square.known for _hour, row in grid(report.week, EN).rows for square in row if square} == {"data for 79%"}
    assert [shown(value, Unit.KNOWN, EN) for value in (0.29, 0.796, 0.999, 1.0)] == ["29%", "79%", "99%", "100%"]


def test_comparison_sentence_matches_its_table() -> None:
    two = weeks(2)
    query = asked(Days(two.first + timedelta(days=7), two.last), against=Against.BEFORE, other=weeks(1))
    now = list(hour_rows(query.days, lambda at: 6.0 + at.weekday() / 10))
    report = view(query, Material(now), Material(list(hour_rows(WEEK, lambda _at: 5.0))), PLAN, END)
    assert report.changes is not None
    sentence = (
        "Use is up: 62% on an average day, compared with 50% before. Random variation is at most 2.0 percentage points."
    )
    assert of_change(report.changes.use, EN) == sentence
    (table,) = (sheet for sheet in sheets(report, PLAN, EN) if sheet.key == "compared")
    row = next(iter(table.rows))
    shares = [shown(value, column.unit, EN) for value, column in zip(row, table.columns, strict=True)]
    assert shares == ["Occupied, per cent", "62.0", "50.0", "12.0", "2.0", "5", "More than random variation"]


def test_zones_are_compared_with_each_other_not_with_the_whole_site() -> None:
    rows = [
        *hour_rows(WEEK, lambda _at: 5.0),
        *hour_rows(WEEK, lambda _at: 3.0, zone="hall"),
        *hour_rows(WEEK, lambda _at: 4.0, zone="quiet"),
    ]
    sentence = "Most used: Tysta rummet (desks), 40%. Least used: Spinnsalen (desks), 30%."
    assert of_zones(seen(rows), PLAN, EN) == sentence


def test_one_day_is_described_without_a_count_of_days() -> None:
    day = Days(MONDAY, MONDAY)
    rows = Material(list(hour_rows(day, lambda _at: 10.0)))
    assert of_peaks(view(asked(day), rows, None, PLAN, END), SV).endswith("Vid något tillfälle var inget ledigt.")


@pytest.mark.parametrize(
    ("unknown", "sentence"),
    [
        (0.0, "On 5 of 5 days none were free at some point."),
        (1.0, "Fewest free at once: 1, on Monday 29 September."),
    ],
)
def test_none_free_is_not_claimed_if_a_space_was_unknown(unknown: float, sentence: str) -> None:
    rows = list(hour_rows(WEEK, lambda at: 10.0 - unknown if at.hour == 10 else 5.0, unknown=unknown))
    assert of_peaks(seen(rows), EN).endswith(sentence)


def test_unknown_space_on_one_day_does_not_affect_other_days() -> None:
    rows = [
        Row(row.tags, row.at_ms, (*row.fields[:5], 0.5, 0.0)) if row.fields[4] else row
        for row in hour_rows(WEEK, lambda at: 10.0 if at.weekday() == 1 else 5.0)
    ]
    assert of_peaks(seen(rows), EN).endswith("On 1 of 5 days none were free at some point.")


def test_withheld_stays_are_not_called_unknown() -> None:
    rows = list(hour_rows(WEEK, lambda _at: 5.0))
    few = seen(rows, (stay_row(MONDAY, 1, 3, 0, 0, 0, 0, 0, 9),))
    assert of_stays(few, SV) == "Det fanns färre än fem besök av varje längd."
    assert (
        of_stays(seen(rows, (stay_row(MONDAY, 0, 0, 0, 0, 0, 0, 0, 9),)), EN) == "The length of the stays is not known."
    )
