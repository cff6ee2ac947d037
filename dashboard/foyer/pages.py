"""The routes of what hangs in the foyer: /wall.

In:    the plan, the live picture.
Out:   pages that are right without JavaScript.
Never: a session, a choice that a reader must make.
"""

import time
from typing import Final

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from dashboard.foyer import wall as screen
from dashboard.languages import words
from dashboard.serving import serving

routes = Blueprint("foyer", __name__)

WORDS: Final = ("answer.", "at", "ago.", "heard", "unheard", "opens.", "row", "state.", "wall.")
"""Beginnings of the sentences that the wall's script makes."""


@routes.get("/wall")
def wall() -> ResponseReturnValue:
    """The screen in the foyer; of a closed house, when it opens and nothing else."""
    here = serving()
    frame = here.live.frame(time.monotonic())
    page = Response(
        render_template(
            "wall.html",
            plan=here.plan,
            frame=frame,
            board=screen.board(here.plan),
            drawings=[(drawing, screen.is_dense(drawing)) for drawing in here.drawings],
            shift=screen.shift(time.time()),
            offered=[space.id for space in here.plan.spaces if space.offered],
            said={key: text for key, text in words().page.items() if key.startswith(WORDS)},
        )
    )
    page.vary.update(["Accept-Language", "Cookie"])
    return page
