"""Serves frames as server-sent events, with a limited number of streams.

In:    a broadcast, a stream slot for the client's address.
Out:   the newest frame first, then each following one; a comment every 15 s.
Never: a growing queue; a reader that keeps its slot after it left, or gets frames after its session ended.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final

from flask import Response, request

from dashboard.live.broadcast import STREAM_HEARTBEAT_S, FrameBroadcast, FrameReader, StreamSlots
from dashboard.web.workers import Overloaded
from dashboard.web_server import address_group

SESSION_CHECK_S: Final = 1.0
"""The session is checked at most this often, and before the first frame after that time."""
SESSION_ENDED_EVENT: Final = b"event: ended\ndata: the session has ended\n\n"
"""The last event for a reader whose session ended; its page then opens the login."""
STREAM_HEADERS: Final = {
    "Cache-Control": "no-cache, no-transform",  # a proxy that compresses would hold frames back
    "X-Accel-Buffering": "no",  # nginx would buffer them
}


def serve_stream(broadcast: FrameBroadcast, seats: StreamSlots, may_stay: Callable[[], bool]) -> Response:
    """Stream a broadcast to this request.

    Args:
        broadcast: the broadcast.
        seats: the stream slots.
        may_stay: whether the reader may stay; called before a frame and at each heartbeat, at most once a second.

    Returns:
        The streaming response, which releases its slot when it closes.

    Raises:
        StreamsFull: no slot is free.
    """
    address = address_group(request.remote_addr or "")  # behind trusted proxies this is the client's own
    seats.acquire(address)
    response = Response(
        generate_events(broadcast, may_stay, STREAM_HEARTBEAT_S), mimetype="text/event-stream", headers=STREAM_HEADERS
    )
    response.call_on_close(lambda: seats.release(address))
    return response


def generate_events(broadcast: FrameBroadcast, welcome: Callable[[], bool], heartbeat_s: float) -> Iterator[bytes]:
    """Yield the newest frame, then each following one; comments as heartbeats; an event when the session ends."""
    with FrameReader(broadcast) as reader:
        yield b"retry: 3000\n\n"
        checked_s = time.monotonic()
        heartbeat_due_s = checked_s + heartbeat_s
        while True:
            frame = reader.wait_for_frame(max(0.0, heartbeat_due_s - time.monotonic()))
            now_s = time.monotonic()
            if now_s - checked_s >= min(SESSION_CHECK_S, heartbeat_s):
                checked_s = now_s
                try:
                    stays = welcome()
                except Overloaded:  # checked again a second later
                    stays = True
                except ConnectionError:  # the session cannot be checked: the browser reconnects
                    return
                if not stays:
                    yield SESSION_ENDED_EVENT
                    return
            if frame is not None:
                yield frame
            if now_s >= heartbeat_due_s:
                heartbeat_due_s = now_s + heartbeat_s
                yield b": here\n\n"
