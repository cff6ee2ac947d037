"""The truth round: a manager walks to eight spaces with a phone and taps what is there.

In:    the open round of the collector, forms.
Out:   one page with one question at a time; commands to the collector.
Never: the state that is shown: it would influence the answer. A choice of spaces: the collector draws them.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from msgspec import Struct

from collector.contract.messages import encode_message
from collector.contract.truth import AnswerRound, EndRound, FoundState, StartRound, TruthRound, find_shown
from dashboard.truth.walking_order import order_for_walking
from dashboard.web.app_context import get_app_context
from dashboard.web.collector_requests import is_collector_reachable, send_to_collector, wait_for_effect
from edge.contract import topics

routes: Final = Blueprint("round", __name__, url_prefix="/manage/round")


@routes.get("")
def page() -> ResponseReturnValue:
    """Show the next space to check, or the button that starts a round."""
    here = get_app_context()
    snapshot = here.live.snapshot
    opened = snapshot.truth_round
    spaces = [here.plan.space_by_id[space] for space in opened.spaces if space in here.plan.space_by_id]
    ordered = order_for_walking(spaces, here.plan)
    left = [space for space in ordered if space.id not in opened.answered]
    wanted = request.args.get("space", "")
    return render_template(
        "round.html",
        plan=here.plan,
        round=opened.id,
        spaces=ordered,
        answered=opened.answered,
        left=left,
        next=next((space for space in left if space.id == wanted), left[0] if left else None),
        zone_names={zone.id: zone.name for zone in here.plan.zones},
        done=request.args.get("done", "") if not opened.id else "",
        away=not is_collector_reachable(),
        can_draw=any(find_shown(snapshot.get_occupancy(space)) is not None for space in snapshot.offered),
    )


@routes.post("/start")
def start() -> ResponseReturnValue:
    """Start a round, unless one is open."""
    if not get_app_context().live.snapshot.truth_round.id:
        _send_and_wait(StartRound(), lambda opened: bool(opened.id))
    return redirect(url_for("round.page"), HTTPStatus.SEE_OTHER)


@routes.post("/answer")
def answer() -> ResponseReturnValue:
    """Report one space of the round, and show the next one."""
    space, name = request.form.get("space", ""), request.form.get("round", "")
    opened = get_app_context().live.snapshot.truth_round
    if not name or name != opened.id or space not in opened.spaces:  # somebody has ended the round
        return redirect(url_for("round.page"), HTTPStatus.SEE_OTHER)
    try:
        found = FoundState(request.form.get("found", ""))
    except ValueError:
        abort(HTTPStatus.BAD_REQUEST)
    _send_and_wait(AnswerRound(name, space, found), lambda now: now.id != name or space in now.answered)
    return _redirect_to_next(name)


@routes.post("/end")
def end() -> ResponseReturnValue:
    """End the round early."""
    name = request.form.get("round", "")
    if name and name == get_app_context().live.snapshot.truth_round.id:
        _send_and_wait(EndRound(name), lambda now: now.id != name)
    return _redirect_to_next(name)


def _redirect_to_next(name: str) -> ResponseReturnValue:
    is_over = get_app_context().live.snapshot.truth_round.id != name
    return redirect(url_for("round.page", done="1" if is_over else None), HTTPStatus.SEE_OTHER)


def _send_and_wait(command: Struct, effect: Callable[[TruthRound], bool]) -> None:
    """Send a command and wait for its effect; abort with 503 if there is none."""
    here = get_app_context()
    send_to_collector(topics.TRUTH_COMMAND, encode_message(command))
    if not wait_for_effect(lambda: effect(here.live.snapshot.truth_round)):
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
