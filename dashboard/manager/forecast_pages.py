"""The page of what is coming: the forecast of a zone and kind, how right it was, and the last days beside it.

In:    a choice in a URL, the live picture, history.
Out:   one page.
Never: a forecast of its own: the collector makes them.
"""

from importlib.metadata import version
from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from collector.days import midnight_ms
from collector.forecast.outlook import Outlook
from collector.history import PEOPLE, PEOPLE_FIVE_MIN, Row
from collector.plan import WHOLE_SITE
from dashboard import past
from dashboard.languages import words
from dashboard.manager import charts
from dashboard.manager.asking import read
from dashboard.manager.prospect import Prospect, prospect
from dashboard.routes import log_span
from dashboard.serving import serving

routes: Final = Blueprint("forecast", __name__, url_prefix="/manage/forecast")


@routes.get("")
def page() -> ResponseReturnValue:
    """What is coming, and what has been."""
    here, told = serving(), words()
    asked = charts.read_choice(request.args, here.plan)
    log_span(str(asked))
    now_ms = here.live.now_ms()
    hidden = charts.hidden(asked, here.plan)
    past_rows = None if hidden else read(charts.question(asked, here.plan, now_ms))
    prospects = _prospects(asked, past_rows or [], now_ms)
    g.charts = True
    return render_template(
        "forecast.html",
        plan=here.plan,
        choice=asked,
        choices=charts.choices(here.plan),
        hidden=hidden,
        chart=None if past_rows is None else charts.chart(past_rows, here.plan, told),
        prospects=prospects,
        drawn=any(seen is not None for _kind, _told, seen in prospects),
        plotly_version=version("plotly"),
    )


def _prospects(asked: charts.Choice, rows: list[Row], now_ms: int) -> list[tuple[str, Outlook | None, Prospect | None]]:
    """What is forecast of the choice, and of people with the whole house: name, forecast, and what is shown of it."""
    here = serving()
    found = []
    for kind in (asked.kind.value, PEOPLE) if asked.zone == WHOLE_SITE else (asked.kind.value,):
        told = here.live.picture.outlook(asked.zone, kind, now_ms)
        if kind == PEOPLE and told is not None:
            begins_ms, tags = midnight_ms(here.plan, now_ms), (("zone", WHOLE_SITE),)
            rows = read(past.Question(measure=PEOPLE_FIVE_MIN, from_ms=begins_ms, to_ms=now_ms, tags=tags)) or []
        if told is not None or kind != PEOPLE:
            seen = prospect(told, rows, here.plan, words(), now_ms) if told and told.hours else None
            found.append((kind, told, seen))
    return found
