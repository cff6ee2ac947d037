"""All figures of one question together: what nobody can take, what is not over, and what began later."""

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


def test_that_no_dedicated_desk_was_free_is_no_finding() -> None:
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


def test_a_day_that_is_not_over_is_set_beside_no_whole_one() -> None:
    """Every morning is calm and every afternoon full; today is as all days are, and has had its morning alone."""
    two = weeks(2)
    now, then = Days(two.first + timedelta(days=7), two.last), weeks(1)
    rows = list(hour_rows(two, lambda at: 2.0 if at.hour < 13 else 9.0))
    noon_ms = at_ms(two.first + timedelta(days=11), 12)
    question = asked(now, against=Against.BEFORE, other=then)
    of = [[row for row in rows if at_ms(days.first) <= row.at_ms < days.span(PLAN)[1]] for days in (now, then)]
    changes = view(question, Material([row for row in of[0] if row.at_ms < noon_ms]), Material(of[1]), PLAN, noon_ms)
    assert changes.changes is not None
    assert [(one.by, one.days) for one in (changes.changes.use, changes.changes.peak)] == [(0.0, 4), (0.0, 4)]


def test_a_kind_that_came_after_the_doors_is_known_from_when_it_came() -> None:
    days = weeks(4)
    later = Days(days.first + timedelta(days=14), days.last)
    told = Material(list(hour_rows(later, lambda _at: 1.0, capacity=2.0)), (), list(people_rows(days, lambda _at: 9.0)))
    seen = view(asked(days), told, None, PLAN, END)
    assert (seen.days, seen.whole.use, seen.whole.coverage) == (later, 0.5, 1.0)
