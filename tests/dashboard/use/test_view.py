"""All figures of one question together: what nobody can take, what is not over, and what began later."""

from dataclasses import replace

from collector.history import Row
from collector.plan import Tenure
from dashboard.use.remarks import Full
from dashboard.use.view import Material, view
from tests.dashboard.house import PLAN
from tests.dashboard.use.weeks import asked, hour_rows, weeks

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
