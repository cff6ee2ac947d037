"""The public page: is there a spot for me? And whether this process is well.

In:    the live picture.
Out:   one page that is right without JavaScript, and knows how to stay right with it.
Never: a reason, a moment or a past of any space; a session.
"""

import time
from typing import Final

from flask import Blueprint, Response, jsonify, render_template
from flask.typing import ResponseReturnValue

from collector.plan import SitePlan, Space, SpaceKind
from dashboard.languages import words
from dashboard.live.picture import Frame, Link
from dashboard.serving import serving

routes = Blueprint("pages", __name__)

NAMED: Final = (SpaceKind.BOOTH, SpaceKind.ROOM, SpaceKind.EQUIPMENT)
"""Kinds whose every space is told by name: nobody looks for "one of two lathes"."""


@routes.get("/")
def home() -> ResponseReturnValue:
    """The answer, how sure and how old, kinds and zones, the plan."""
    here = serving()
    frame = here.live.frame(time.monotonic())
    code = codes(here.plan, frame)
    page = Response(
        render_template(
            "home.html",
            plan=here.plan,
            drawings=here.drawings,
            frame=frame,
            first=words().first_kind(frame),
            named=[space for space in here.plan.spaces if space.id in code and space.kind in NAMED],
            supplies=[space for space in here.plan.spaces if space.id in frame.supplies],
            codes=code,
            offered=[space.id for space in here.plan.spaces if space.offered],
        )
    )
    page.headers["Cache-Control"] = "no-store"  # going back to it must not show what was free an hour ago
    page.vary.update(["Accept-Language", "Cookie"])
    return page


@routes.get("/healthz")
def health() -> ResponseReturnValue:
    """Whether what we show is live: 200 or 503, also while every stream is taken."""
    here = serving()
    now_s = time.monotonic()
    link = here.live.picture.link(now_s)
    body = jsonify(
        link=link,
        age_s=here.live.picture.age_s(now_s),
        fault=here.live.picture.fault,
        streams=here.seats.taken,
        max_streams=here.seats.capacity,
        rejected_messages=here.live.picture.rejected,
    )
    return body, 200 if link is Link.LIVE else 503


def codes(plan: SitePlan, frame: Frame) -> dict[str, str]:
    """The frame's character of each offered space, by its id; none of a closed house."""
    if frame.closed:
        return {}
    offered: list[Space] = [space for space in plan.spaces if space.offered]
    return {space.id: code for space, code in zip(offered, frame.spaces, strict=True)}
