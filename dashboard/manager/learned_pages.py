"""The page of learned values: hold times and thresholds of spaces, and how people are counted.

In:    the live site snapshot, history.
Out:   one page.
Never: settings: a learned value is fixed in the site file.
"""

from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from collector.history.door_days import LEARNING_DAYS
from collector.history.measures import PEOPLE_CORRECTION, PEOPLE_FIVE_MIN
from dashboard.history import queries
from dashboard.manager.learned_values_view import build_learned_values
from dashboard.manager.people_corrections import PeopleCorrections, build_people_corrections
from dashboard.text.language_selection import get_texts
from dashboard.web.app_context import get_app_context
from dashboard.web.optional_history import read_history
from edge.timekeeping.durations import DAY_MS

routes: Final = Blueprint("learned", __name__, url_prefix="/manage/learned-values")

CORRECTION_DAYS: Final = 3
"""Corrections of this many days are shown."""


@routes.get("")
def page() -> ResponseReturnValue:
    """Show what was learned from spaces and doors."""
    here = get_app_context()
    return render_template(
        "learned_values.html",
        plan=here.plan,
        learned=build_learned_values(here.live.snapshot.tunings, here.plan, get_texts()),
        corrections=_read_people_corrections(here.live.now_ms()) if here.plan.doors else None,
    )


def _read_people_corrections(now_ms: int) -> PeopleCorrections | None:
    """Return how people are counted; None while history is unavailable."""
    here = get_app_context()
    corrections = read_history(
        queries.HistoryQuery(measure=PEOPLE_CORRECTION, from_ms=now_ms - CORRECTION_DAYS * DAY_MS, to_ms=now_ms)
    )
    passed = read_history(
        queries.HistoryQuery(measure=PEOPLE_FIVE_MIN, from_ms=now_ms - (LEARNING_DAYS + 1) * DAY_MS, to_ms=now_ms)
    )
    if corrections is None or passed is None:
        return None
    return build_people_corrections(corrections, passed, here.live.snapshot.people, here.plan, get_texts())
