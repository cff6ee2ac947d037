"""The sentence under a chart matches its table and claims no more than is known."""

from datetime import timedelta

import pytest

from collector.history.measures import HistoryRow
from dashboard.text.page_texts import PageTexts
from dashboard.use.grid import build_heatmap
from dashboard.use.sentences import describe_change, describe_peaks, describe_stays, describe_total, describe_zones
from dashboard.use.sheets import build_sheets
from dashboard.use.table_cells import ColumnUnit, format_value
from dashboard.use.use_query import ComparedPeriod, DayRange
from dashboard.use.use_report import UseReport, UseRows, build_report
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.weeks import MONDAY, build_query, build_stay_row, build_weeks, generate_hour_rows

END = MONDAY_10_MS
WEEK = build_weeks(1)
EN, SV = PageTexts.load("en"), PageTexts.load("sv")


def build_week_report(rows: list[HistoryRow], stays: tuple[HistoryRow, ...] = ()) -> UseReport:
    return build_report(build_query(WEEK), UseRows(rows, stays), None, PLAN, END)


def test_coverage_is_never_rounded_up() -> None:
    report = build_week_report(list(generate_hour_rows(WEEK, lambda _at: 5.0, unknown=2.04)))
    assert describe_total(report, EN) == "Data for 79% of opening hours; at least 80% is needed for a figure."
    assert {square.coverage for _hour, row in build_heatmap(report.week, EN).rows for square in row if square} == {
        "data for 79%"
    }
    assert [format_value(value, ColumnUnit.COVERAGE, EN) for value in (0.29, 0.796, 0.999, 1.0)] == [
        "29%",
        "79%",
        "99%",
        "100%",
    ]


def test_comparison_sentence_matches_its_table() -> None:
    two = build_weeks(2)
    query = build_query(
        DayRange(two.first + timedelta(days=7), two.last),
        compared_period=ComparedPeriod.BEFORE,
        other_days=build_weeks(1),
    )
    now = list(generate_hour_rows(query.days, lambda at: 6.0 + at.weekday() / 10))
    report = build_report(query, UseRows(now), UseRows(list(generate_hour_rows(WEEK, lambda _at: 5.0))), PLAN, END)
    assert report.changes is not None
    sentence = (
        "Use is up: 62% on an average day, compared with 50% before. Random variation is at most 2.0 percentage points."
    )
    assert describe_change(report.changes.use, EN) == sentence
    (table,) = (sheet for sheet in build_sheets(report, PLAN, EN) if sheet.key == "compared")
    row = next(iter(table.rows))
    shares = [format_value(value, column.unit, EN) for value, column in zip(row, table.columns, strict=True)]
    assert shares == ["Occupied, per cent", "62.0", "50.0", "12.0", "2.0", "5", "More than random variation"]


def test_zones_are_compared_with_each_other_not_with_the_whole_site() -> None:
    rows = [
        *generate_hour_rows(WEEK, lambda _at: 5.0),
        *generate_hour_rows(WEEK, lambda _at: 3.0, zone="hall"),
        *generate_hour_rows(WEEK, lambda _at: 4.0, zone="quiet"),
    ]
    sentence = "Most used: Tysta rummet (desks), 40%. Least used: Spinnsalen (desks), 30%."
    assert describe_zones(build_week_report(rows), PLAN, EN) == sentence


def test_one_day_is_described_without_a_count_of_days() -> None:
    day = DayRange(MONDAY, MONDAY)
    rows = UseRows(list(generate_hour_rows(day, lambda _at: 10.0)))
    assert describe_peaks(build_report(build_query(day), rows, None, PLAN, END), SV).endswith(
        "Vid något tillfälle var inget ledigt."
    )


@pytest.mark.parametrize(
    ("unknown", "sentence"),
    [
        (0.0, "On 5 of 5 days none were free at some point."),
        (1.0, "Fewest free at once: 1, on Monday 29 September."),
    ],
)
def test_none_free_is_not_claimed_if_a_space_was_unknown(unknown: float, sentence: str) -> None:
    rows = list(generate_hour_rows(WEEK, lambda at: 10.0 - unknown if at.hour == 10 else 5.0, unknown=unknown))
    assert describe_peaks(build_week_report(rows), EN).endswith(sentence)


def test_unknown_space_on_one_day_does_not_affect_other_days() -> None:
    rows = [
        HistoryRow(row.tags, row.at_ms, (*row.fields[:5], 0.5, 0.0)) if row.fields[4] else row
        for row in generate_hour_rows(WEEK, lambda at: 10.0 if at.weekday() == 1 else 5.0)
    ]
    assert describe_peaks(build_week_report(rows), EN).endswith("On 1 of 5 days none were free at some point.")


def test_withheld_stays_are_not_called_unknown() -> None:
    rows = list(generate_hour_rows(WEEK, lambda _at: 5.0))
    few = build_week_report(rows, (build_stay_row(MONDAY, 1, 3, 0, 0, 0, 0, 0, 9),))
    assert describe_stays(few, SV) == "Det fanns färre än 5 besök av varje längd."
    assert (
        describe_stays(build_week_report(rows, (build_stay_row(MONDAY, 0, 0, 0, 0, 0, 0, 0, 9),)), EN)
        == "The length of the stays is not known."
    )
