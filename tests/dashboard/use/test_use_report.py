"""The use report: dedicated desks, unfinished days, and history that begins later."""

from dataclasses import replace
from datetime import timedelta

from collector.history.measures import HistoryRow
from collector.site.spaces import Tenure
from dashboard.use.remarks import FullHours
from dashboard.use.use_query import ComparedPeriod, DayRange
from dashboard.use.use_report import UseRows, build_report
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.weeks import (
    build_query,
    build_weeks,
    generate_hour_rows,
    generate_people_rows,
    to_unix_ms,
)

END = 2**50


def test_full_dedicated_desks_are_no_remark() -> None:
    own = tuple(replace(one, tenure=Tenure.DEDICATED) if one.zone == "quiet" else one for one in PLAN.spaces)
    days = build_weeks(4)
    rows: list[HistoryRow] = [
        *generate_hour_rows(days, lambda _at: 20.0, capacity=32.0),
        *generate_hour_rows(days, lambda _at: 12.0, zone="quiet", capacity=12.0),
    ]
    found = [
        [
            one.zone
            for one in build_report(build_query(days), UseRows(rows), None, plan, END).remarks
            if isinstance(one, FullHours)
        ]
        for plan in (PLAN, replace(PLAN, spaces=own))
    ]
    assert found == [["quiet", "quiet"], []]


def test_unfinished_day_is_left_out_of_the_comparison() -> None:
    """Every morning is quiet and every afternoon busy; today is like all days, but only its morning is over."""
    two = build_weeks(2)
    now, then = DayRange(two.first + timedelta(days=7), two.last), build_weeks(1)
    rows = list(generate_hour_rows(two, lambda at: 2.0 if at.hour < 13 else 9.0))
    noon_ms = to_unix_ms(two.first + timedelta(days=11), 12)
    query = build_query(now, compared_period=ComparedPeriod.BEFORE, other_days=then)
    of = [
        [row for row in rows if to_unix_ms(days.first) <= row.at_ms < days.to_span_ms(PLAN)[1]] for days in (now, then)
    ]
    changes = build_report(query, UseRows([row for row in of[0] if row.at_ms < noon_ms]), UseRows(of[1]), PLAN, noon_ms)
    assert changes.changes is not None
    assert [(one.difference, one.day_count) for one in (changes.changes.use, changes.changes.peak)] == [
        (0.0, 4),
        (0.0, 4),
    ]


def test_kind_added_later_is_covered_from_its_first_day() -> None:
    days = build_weeks(4)
    later = DayRange(days.first + timedelta(days=14), days.last)
    rows_of_query = UseRows(
        list(generate_hour_rows(later, lambda _at: 1.0, capacity=2.0)),
        (),
        list(generate_people_rows(days, lambda _at: 9.0)),
    )
    report = build_report(build_query(days), rows_of_query, None, PLAN, END)
    assert (report.days, report.total.utilisation, report.total.coverage) == (later, 0.5, 1.0)
