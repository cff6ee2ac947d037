"""The forecast page: the forecast of a zone and kind, its accuracy, and recent history.

In:    a choice in a URL, the live site snapshot, history.
Out:   one page.
Never: a forecast of its own; the collector computes them.
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
    """Show the forecast and recent history."""
    here, texts = serving(), words()
    choice = charts.read_choice(request.args, here.plan)
    log_span(str(choice))
    now_ms = here.live.now_ms()
    hidden = charts.hidden(choice, here.plan)
    past_rows = None if hidden else read(charts.question(choice, here.plan, now_ms))
    forecasts = _build_views(choice, past_rows or [], now_ms)
    g.charts = True
    return render_template(
        "forecast.html",
        plan=here.plan,
        choice=choice,
        choices=charts.choices(here.plan),
        hidden=hidden,
        chart=None if past_rows is None else charts.chart(past_rows, here.plan, texts),
        forecasts=forecasts,
        drawn=any(view is not None for _kind, _outlook, view in forecasts),
        plotly_version=version("plotly"),
    )


def _build_views(
    choice: charts.Choice, rows: list[Row], now_ms: int
) -> list[tuple[str, Outlook | None, Prospect | None]]:
    """Return name, forecast and view of the chosen kind, and of people if the whole site is chosen."""
    here = serving()
    found = []
    for kind in (choice.kind.value, PEOPLE) if choice.zone == WHOLE_SITE else (choice.kind.value,):
        outlook = here.live.picture.outlook(choice.zone, kind, now_ms)
        if kind == PEOPLE and outlook is not None:
            begins_ms, tags = midnight_ms(here.plan, now_ms), (("zone", WHOLE_SITE),)
            rows = read(past.Question(measure=PEOPLE_FIVE_MIN, from_ms=begins_ms, to_ms=now_ms, tags=tags)) or []
        if outlook is not None or kind != PEOPLE:
            forecast_view = prospect(outlook, rows, here.plan, words(), now_ms) if outlook and outlook.hours else None
            found.append((kind, outlook, forecast_view))
    return found
