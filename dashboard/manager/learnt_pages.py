"""The page of learned values: hold times and thresholds of spaces, and how people are counted.

In:    the live site snapshot, history.
Out:   one page.
Never: settings: a learned value is fixed in the site file.
"""

from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from collector.history import DAY_MS, PEOPLE_CORRECTION, PEOPLE_FIVE_MIN
from collector.people.doors import DAYS
from dashboard import past
from dashboard.languages import words
from dashboard.manager.asking import read
from dashboard.manager.learnt import learnt
from dashboard.manager.ledger import Ledger, ledger
from dashboard.serving import serving

routes: Final = Blueprint("learnt", __name__, url_prefix="/manage/learnt")

LEDGER_DAYS: Final = 3
"""Corrections of this many days are shown."""


@routes.get("")
def page() -> ResponseReturnValue:
    """Show what was learned from spaces and doors."""
    here = serving()
    return render_template(
        "learnt.html",
        plan=here.plan,
        learnt=learnt(here.live.picture.tunings, here.plan, words()),
        ledger=_read_ledger(here.live.now_ms()) if here.plan.doors else None,
    )


def _read_ledger(now_ms: int) -> Ledger | None:
    """Return how people are counted; None while history is unavailable."""
    here = serving()
    corrections = read(past.Question(measure=PEOPLE_CORRECTION, from_ms=now_ms - LEDGER_DAYS * DAY_MS, to_ms=now_ms))
    passed = read(past.Question(measure=PEOPLE_FIVE_MIN, from_ms=now_ms - (DAYS + 1) * DAY_MS, to_ms=now_ms))
    if corrections is None or passed is None:
        return None
    return ledger(corrections, passed, here.live.picture.people, here.plan, words())
