"""The forecast page: the forecast of a zone and kind, its accuracy, and recent history.

In:    a choice in a URL, the live site snapshot, history.
Out:   one page.
Never: a forecast of its own; the collector computes them.
"""

from importlib.metadata import version
from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from collector.contract.forecasts import Outlook
from collector.history.measures import PEOPLE, PEOPLE_FIVE_MIN, HistoryRow
from collector.site.calendar import find_midnight_ms
from collector.site.site_plan import WHOLE_SITE
from dashboard.charts import history_chart
from dashboard.history import queries
from dashboard.manager.forecast_view import ForecastView, build_forecast_view
from dashboard.text.language_selection import get_texts
from dashboard.web.app_context import get_app_context
from dashboard.web.optional_history import read_history
from dashboard.web.routes import set_logged_span

routes: Final = Blueprint("forecast", __name__, url_prefix="/manage/forecast")


@routes.get("")
def page() -> ResponseReturnValue:
    """Show the forecast and recent history."""
    here, texts = get_app_context(), get_texts()
    choice = history_chart.read_choice(request.args, here.plan)
    set_logged_span(str(choice))
    now_ms = here.live.now_ms()
    hidden = history_chart.is_hidden(choice, here.plan)
    past_rows = None if hidden else read_history(history_chart.build_query(choice, here.plan, now_ms))
    forecasts = _build_views(choice, past_rows or [], now_ms)
    g.charts = True
    return render_template(
        "forecast.html",
        plan=here.plan,
        choice=choice,
        choices=history_chart.list_options(here.plan),
        hidden=hidden,
        chart=None if past_rows is None else history_chart.build_chart(past_rows, here.plan, texts),
        forecasts=forecasts,
        drawn=any(view is not None for _kind, _outlook, view in forecasts),
        plotly_version=version("plotly"),
    )


def _build_views(
    choice: history_chart.ChartChoice, rows: list[HistoryRow], now_ms: int
) -> list[tuple[str, Outlook | None, ForecastView | None]]:
    """Return name, forecast and view of the chosen kind, and of people if the whole site is chosen."""
    here = get_app_context()
    found = []
    for kind in (choice.kind.value, PEOPLE) if choice.zone == WHOLE_SITE else (choice.kind.value,):
        outlook = here.live.snapshot.get_outlook(choice.zone, kind, now_ms)
        if kind == PEOPLE and outlook is not None:
            begins_ms, tags = find_midnight_ms(here.plan, now_ms), (("zone", WHOLE_SITE),)
            rows = (
                read_history(queries.HistoryQuery(measure=PEOPLE_FIVE_MIN, from_ms=begins_ms, to_ms=now_ms, tags=tags))
                or []
            )
        if outlook is not None or kind != PEOPLE:
            forecast_view = (
                build_forecast_view(outlook, rows, here.plan, get_texts(), now_ms)
                if outlook and outlook.hours
                else None
            )
            found.append((kind, outlook, forecast_view))
    return found
