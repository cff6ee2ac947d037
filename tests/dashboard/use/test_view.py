"""The use report: dedicated desks, unfinished days, and history that begins later."""

from dataclasses import replace
from datetime import timedelta

from collector.history import Row
from collector.plan import Tenure
from dashboard.use.asked import Against, Days
from dashboard.use.remarks import Full
from dashboard.use.view import Material, view
from tests.dashboard.house import PLAN
from tests.dashboard.use.weeks import asked, at_ms, hour_rows, people_rows, weeks

END = 2**50


def test_full_dedicated_desks_are_no_remark() -> None:
    own = tuple(replace(one, tenure=Tenure.DEDICATED) if one.zone == "quiet" else one for one in PLAN.spaces)
    days = weeks(4)
    rows: list[Row] = [
        *hour_rows(days, lambda _at: 20.0, capacity=32.0),
        *hour_rows(days, lambda _at: 12.0, zone="quiet", capacity=12.0),
    ]
    found = [
        [one.zone for one in view(asked(days), Material(rows), None, plan, END).remarks if isinstance(one, Full)]
        for plan in (PLAN, replace(PLAN, spaces=own))
    ]
    assert found == [["quiet", "quiet"], []]


def test_unfinished_day_is_left_out_of_the_comparison() -> None:
    """Every morning is quiet and every afternoon busy; today is like all days, but only its morning is over."""
    two = weeks(2)
    now, then = Days(two.first + timedelta(days=7), two.last), weeks(1)
    rows = list(hour_rows(two, lambda at: 2.0 if at.hour < 13 else 9.0))
    noon_ms = at_ms(two.first + timedelta(days=11), 12)
    query = asked(now, against=Against.BEFORE, other=then)
    of = [[row for row in rows if at_ms(days.first) <= row.at_ms < days.span(PLAN)[1]] for days in (now, then)]
    changes = view(query, Material([row for row in of[0] if row.at_ms < noon_ms]), Material(of[1]), PLAN, noon_ms)
    assert changes.changes is not None
    assert [(one.by, one.days) for one in (changes.changes.use, changes.changes.peak)] == [(0.0, 4), (0.0, 4)]


def test_kind_added_later_is_covered_from_its_first_day() -> None:
    days = weeks(4)
    later = Days(days.first + timedelta(days=14), days.last)
    rows_of_query = Material(
        list(hour_rows(later, lambda _at: 1.0, capacity=2.0)), (), list(people_rows(days, lambda _at: 9.0))
    )
    report = view(asked(days), rows_of_query, None, PLAN, END)
    assert (report.days, report.whole.use, report.whole.coverage) == (later, 0.5, 1.0)
