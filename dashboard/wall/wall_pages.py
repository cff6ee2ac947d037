"""Route of the wall screen.

In:    the plan, drawings, the site snapshot, real time.
Out:   a page that works without JavaScript.
Never: a session; a choice that the reader must make.
"""

import time
from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from collector.site.site_plan import WHOLE_SITE
from dashboard.live.opening_times import format_closing_time
from dashboard.member import calm_hours
from dashboard.register.sign import encode_qr, find_public_origin
from dashboard.text.explanations import ExplanationContext
from dashboard.text.language_selection import get_texts, vary_by_language
from dashboard.wall import wall_layout
from dashboard.web.app_context import AppContext, get_app_context

routes = Blueprint("wall", __name__)

SCRIPT_PREFIXES: Final = (
    "answer.",
    "at",
    "ago.",
    "all_known",
    "some_unknown",
    "free.",
    "opens.",
    "row",
    "state.",
    "wall.",
)
"""Key prefixes of the texts that the wall's script needs."""


@routes.get("/wall")
def page() -> ResponseReturnValue:
    """Render the wall screen; while the site is closed, its opening time and the forecast of the week."""
    context = get_app_context()
    frame = context.live.build_public_frame(time.monotonic())
    origin = find_public_origin(context.settings, request.host, request.scheme)
    address = None if origin is None else f"{origin}{request.root_path}/"
    return vary_by_language(
        render_template(
            "wall.html",
            plan=context.plan,
            frame=frame,
            board=wall_layout.choose_layout(context.plan),
            week=_draw_week(context) if frame.closed else None,
            closes=get_texts().describe_closing_time(format_closing_time(context.plan, context.live.now_ms())),
            address=address,
            code=None if address is None else encode_qr(address),
            drawings=[
                (drawing, wall_layout.label_floor(drawing))
                for drawing in wall_layout.list_shown_floors(context.drawings)
            ],
            shift=wall_layout.find_shift(time.time()),
            shifts=wall_layout.SHIFT_POSITIONS,
            offered=[space.id for space in context.plan.spaces if space.is_offered],
            page_texts={
                key: text for key, text in get_texts().script_templates.items() if key.startswith(SCRIPT_PREFIXES)
            },
        )
    )


def _draw_week(context: AppContext) -> calm_hours.WeekChart | None:
    """Return the forecast of the next seven days; None if there is none yet."""
    now_ms, kind = context.live.now_ms(), wall_layout.choose_layout(context.plan).kind
    outlook = None if kind is None else context.live.snapshot.get_outlook(WHOLE_SITE, kind, now_ms)
    if outlook is None or outlook.missing_days:
        return None
    return calm_hours.draw_week(outlook, ExplanationContext(context.plan, now_ms, get_texts()))
