"""Version 1 of the feed for builders: states, summary, live stream, forecast, history.

In:    the live picture; history, for who is logged in.
Out:   JSON objects (never a bare list) and server-sent events.
Never: a moment, a reason or a past of a desk.
"""

import time
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from collector.history import HistoryAway
from collector.outward import Air, Health, Occupancy
from collector.plan import Space
from dashboard import past
from dashboard.live import streams
from dashboard.live.frame import CODES, Frame, Free, Link, Supply, encode_frame
from dashboard.member import arrival
from dashboard.member.home import codes
from dashboard.problems import problem
from dashboard.routes import log_span
from dashboard.serving import aside, serving

routes = Blueprint("api", __name__, url_prefix="/api/v1")

AGE_STEP_S: Final = 15
"""An answer counts as unchanged until its age passes a multiple of this; the age of a live link stays below."""


_BORN: Final = f"{time.time_ns():x}"
"""Versions count from the start of this process."""


@routes.get("/states")
def states() -> ResponseReturnValue:
    """Each offered space now, and what is left of supplies."""
    here = serving()
    frame = here.live.frame(time.monotonic())
    code = codes(here.plan, frame)
    spaces: list[dict[str, Any]] = []
    for space in here.plan.spaces:
        row = {"id": space.id, "name": space.name, "kind": space.kind, "zone": space.zone}
        if space.id in code:
            spaces.append(row | _state(space, frame, shown=code[space.id] != CODES[Occupancy.UNKNOWN]))
        elif space.id in frame.supplies:
            left: Supply = frame.supplies[space.id]
            is_shown = left != Supply()
            spaces.append(row | _state(space, frame, shown=is_shown) | {"level_pct": left.level_pct})
    return _answer(frame, {"spaces": spaces})


@routes.get("/summary")
def summary() -> ResponseReturnValue:
    """How many are free, by kind and zone; air in words, people in the house."""
    here = serving()
    frame = here.live.frame(time.monotonic())
    return _answer(
        frame,
        {
            "kinds": {kind: _free(free, frame) for kind, free in frame.kinds.items()},
            "zones": {}
            if frame.closed
            else {
                zone.id: {
                    "name": zone.name,
                    "kinds": {kind: _free(free, frame) for kind, free in frame.zones[zone.id].items()},
                    "air": air.band if (air := _air(zone.id, frame)) else None,
                    "air_trend": air.trend if air else None,
                }
                for zone in here.plan.zones
            },
            "people": None if frame.people is None else _people(*frame.people, from_zero=frame.from_zero),
        },
    )


@routes.get("/frame")
def frame() -> ResponseReturnValue:
    """The newest frame of the stream, for who found no seat there."""
    newest = serving().live.frame(time.monotonic())
    body = encode_frame(newest).removeprefix(b"data: ").strip()
    return Response(body, mimetype="application/json", headers={"Cache-Control": "no-cache"})


@routes.get("/stream")
def stream() -> ResponseReturnValue:
    """Frames as server-sent events, the newest first."""
    here = serving()
    return streams.serve(here.live.public, here.seats, welcome=lambda: True)


@routes.get("/forecast")
def forecast() -> ResponseReturnValue:
    """Free spots of the hours to come: `?zone=&kind=`; with `&at=&at_least=` the odds at a time of arrival.

    It is answered while the site is closed too: a forecast learns from open hours and holds nothing of now.
    """
    here = serving()
    now_ms = here.live.now_ms()
    frame = here.live.frame(time.monotonic())
    try:
        asked = arrival.read_arrival(request.args, here.plan)
        told = here.live.picture.outlook(asked.zone, asked.kind, now_ms)
        body = arrival.answer(asked, told, now_ms)
    except past.QuestionRejected as fault:
        return problem(HTTPStatus.BAD_REQUEST, str(fault), "question")
    response = jsonify(site=here.plan.id, closed=frame.closed, opens=frame.opens, **body)
    response.headers["Cache-Control"] = "no-cache"
    return response


@routes.get("/history")
def history() -> ResponseReturnValue:
    """Rows of one measure: `?measure=zone_five_min&zone=&kind=&from=&to=`; for who runs the house."""
    here = serving()
    try:
        asked = past.read_question(request.args, here.plan, here.live.now_ms())
    except past.QuestionRejected as fault:
        return problem(HTTPStatus.BAD_REQUEST, str(fault), "question")
    log_span(str(asked))
    try:
        rows = aside(lambda: past.rows(here.settings, asked))
    except HistoryAway as away:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(away), "history-away")
    return jsonify(past.answer(asked, rows, here.plan))


def _people(least: int, most: int, *, from_zero: bool) -> dict[str, int | bool]:
    return {"least": least, "most": most, "from_zero": from_zero}


def _state(space: Space, frame: Frame, *, shown: bool) -> dict[str, Any]:
    """A space's state, the health of its sensors, and how old both are; without a live link nothing is known.

    What the frame does not show is not known here either.
    """
    known = serving().live.picture.states.get(space.id) if frame.link is Link.LIVE else None
    state, health = (Occupancy.UNKNOWN, Health.OFFLINE) if known is None else (known.state, known.health)
    if not shown:
        state = Occupancy.UNKNOWN
    return {"state": state, "health": health, "age_s": frame.age_s}


def _air(zone: str, frame: Frame) -> Air | None:
    return serving().live.picture.air.get(zone) if frame.link is Link.LIVE and zone in frame.air else None


def _free(free: Free, frame: Frame) -> dict[str, int]:
    if frame.link is not Link.LIVE:
        free = Free(0, free.capacity, free.capacity)
    return {
        "capacity": free.capacity,
        "free_min": free.least,
        "free_max": free.most,
        "taken": free.capacity - free.most,
    }


def _answer(frame: Frame, body: dict[str, Any]) -> ResponseReturnValue:
    """The body with what says how old it is; unchanged since the reader's last look: only that."""
    here = serving()
    age = None if frame.age_s is None else int(frame.age_s // AGE_STEP_S)
    tag = f"{_BORN}-{frame.version}-{frame.link}-{frame.since}-{age}-{frame.opens}"
    about = {"link": frame.link, "heard": frame.since, "age_s": frame.age_s, "version": frame.version}
    response = jsonify(site=here.plan.id, **about, closed=frame.closed, opens=frame.opens, **body)
    response.set_etag(tag)
    response.headers["Cache-Control"] = "no-cache"
    return response.make_conditional(request)
