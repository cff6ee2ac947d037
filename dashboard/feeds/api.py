"""Version 1 of the public feed: states, summary, live stream, forecast and history.

In:    the live site snapshot; history, for logged-in users.
Out:   JSON objects (never a bare list) and server-sent events.
Never: an instant, a reason or the history of a single desk.
"""

import time
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from collector.contract.states import Occupancy, SpaceHealth, ZoneAir
from collector.history.measures import HistoryAway
from collector.site.spaces import Space
from dashboard.history import queries
from dashboard.live.frame import STATE_CODES, FreeCount, LinkStatus, PublicFrame, SupplyLevel, encode_frame
from dashboard.member import arrival
from dashboard.member.home import map_space_codes
from dashboard.web import sse
from dashboard.web.app_context import get_app_context, query_history
from dashboard.web.problems import build_problem
from dashboard.web.routes import set_logged_span

routes = Blueprint("api", __name__, url_prefix="/api/v1")

AGE_STEP_S: Final = 15
"""A response counts as unchanged until its age passes a multiple of this. With a live link the age stays below it."""


_PROCESS_TAG: Final = f"{time.time_ns():x}"
"""Prefix of all ETags: versions count from the start of this process."""


@routes.get("/states")
def states() -> ResponseReturnValue:
    """Each offered space now, and the level of each supply."""
    context = get_app_context()
    frame = context.live.build_public_frame(time.monotonic())
    code = map_space_codes(context.plan, frame)
    spaces: list[dict[str, Any]] = []
    for space in context.plan.spaces:
        row = {"id": space.id, "name": space.name, "kind": space.kind, "zone": space.zone}
        if space.id in code:
            spaces.append(row | _state_fields(space, frame, shown=code[space.id] != STATE_CODES[Occupancy.UNKNOWN]))
        elif space.id in frame.supplies:
            left: SupplyLevel = frame.supplies[space.id]
            is_shown = left != SupplyLevel()
            spaces.append(row | _state_fields(space, frame, shown=is_shown) | {"level_pct": left.level_pct})
    return _conditional_response(frame, {"spaces": spaces})


@routes.get("/summary")
def summary() -> ResponseReturnValue:
    """Number of free spaces by kind and zone, air levels, and people on site."""
    context = get_app_context()
    frame = context.live.build_public_frame(time.monotonic())
    return _conditional_response(
        frame,
        {
            "kinds": {kind: _count_fields(free, frame) for kind, free in frame.kinds.items()},
            "zones": {}
            if frame.closed
            else {
                zone.id: {
                    "name": zone.name,
                    "kinds": {kind: _count_fields(free, frame) for kind, free in frame.zones[zone.id].items()},
                    "air": air.band if (air := _air(zone.id, frame)) else None,
                    "air_trend": air.trend if air else None,
                }
                for zone in context.plan.zones
            },
            "people": None if frame.people is None else _build_people_json(*frame.people, from_zero=frame.from_zero),
        },
    )


@routes.get("/frame")
def frame() -> ResponseReturnValue:
    """The newest frame of the stream, for clients that got no stream slot."""
    newest = get_app_context().live.build_public_frame(time.monotonic())
    body = encode_frame(newest).removeprefix(b"data: ").strip()
    return Response(body, mimetype="application/json", headers={"Cache-Control": "no-cache"})


@routes.get("/stream")
def stream() -> ResponseReturnValue:
    """Frames as server-sent events, the newest first."""
    context = get_app_context()
    return sse.serve_stream(context.live.public, context.stream_slots, may_stay=lambda: True)


@routes.get("/forecast")
def forecast() -> ResponseReturnValue:
    """Free spots in the hours ahead: `?zone=&kind=`; with `&at=&at_least=` the odds at a time of arrival.

    The forecast is public while the site is closed too: it covers open hours only and contains nothing about now.
    """
    context = get_app_context()
    now_ms = context.live.now_ms()
    frame = context.live.build_public_frame(time.monotonic())
    try:
        asked = arrival.read_arrival_query(request.args, context.plan)
        outlook = context.live.snapshot.get_outlook(asked.zone, asked.kind, now_ms)
        body = arrival.build_forecast_json(asked, outlook, now_ms)
    except queries.QueryRejected as rejected:
        return build_problem(HTTPStatus.BAD_REQUEST, str(rejected), "question")
    response = jsonify(site=context.plan.id, closed=frame.closed, opens=frame.opens, **body)
    response.headers["Cache-Control"] = "no-cache"
    return response


@routes.get("/history")
def history() -> ResponseReturnValue:
    """Rows of one measure: `?measure=zone_five_min&zone=&kind=&from=&to=`; requires a staff account."""
    context = get_app_context()
    try:
        query = queries.parse_query(request.args, context.plan, context.live.now_ms())
    except queries.QueryRejected as rejected:
        return build_problem(HTTPStatus.BAD_REQUEST, str(rejected), "question")
    set_logged_span(str(query))
    try:
        rows = query_history(lambda: queries.read_rows(context.settings, query))
    except HistoryAway as away:
        return build_problem(HTTPStatus.SERVICE_UNAVAILABLE, str(away), "history-away")
    return jsonify(queries.build_history_json(query, rows, context.plan))


def _build_people_json(least: int, most: int, *, from_zero: bool) -> dict[str, int | bool]:
    return {"least": least, "most": most, "from_zero": from_zero}


def _state_fields(space: Space, frame: PublicFrame, *, shown: bool) -> dict[str, Any]:
    """A space's state, the health of its sensors and the age of both; unknown while the link is not live.

    A state that the frame hides is unknown here too.
    """
    known = get_app_context().live.snapshot.states.get(space.id) if frame.link is LinkStatus.LIVE else None
    state, health = (Occupancy.UNKNOWN, SpaceHealth.OFFLINE) if known is None else (known.state, known.health)
    if not shown:
        state = Occupancy.UNKNOWN
    return {"state": state, "health": health, "age_s": frame.age_s}


def _air(zone: str, frame: PublicFrame) -> ZoneAir | None:
    return (
        get_app_context().live.snapshot.air.get(zone) if frame.link is LinkStatus.LIVE and zone in frame.air else None
    )


def _count_fields(free: FreeCount, frame: PublicFrame) -> dict[str, int]:
    if frame.link is not LinkStatus.LIVE:
        free = FreeCount(0, free.capacity, free.capacity)
    return {
        "capacity": free.capacity,
        "free_min": free.least,
        "free_max": free.most,
        "taken": free.capacity - free.most,
    }


def _conditional_response(frame: PublicFrame, body: dict[str, Any]) -> ResponseReturnValue:
    """Add the age fields to the body; answer 304 if nothing changed since the client's last request."""
    context = get_app_context()
    age = None if frame.age_s is None else int(frame.age_s // AGE_STEP_S)
    tag = f"{_PROCESS_TAG}-{frame.version}-{frame.link}-{frame.since}-{age}-{frame.opens}"
    about = {"link": frame.link, "last_report": frame.since, "age_s": frame.age_s, "version": frame.version}
    response = jsonify(site=context.plan.id, **about, closed=frame.closed, opens=frame.opens, **body)
    response.set_etag(tag)
    response.headers["Cache-Control"] = "no-cache"
    return response.make_conditional(request)
