"""Serves frames as server-sent events, as many streams as there are seats.

In:    a channel, a seat for the reader's address.
Out:   the newest frame first, then each that follows; a comment every 15 s.
Never: a queue that grows, or a reader that keeps its seat after it left, or goes on reading after its session ended.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final

from flask import Response, request

from dashboard.live.channel import HEARTBEAT_S, Channel, Reader, Seats
from dashboard.web_server import address_group
from dashboard.workers import Overloaded

ASK_S: Final = 1.0
"""Whether the reader may stay is asked at most this often, and before the first frame after that."""
ENDED: Final = b"event: ended\ndata: the session has ended\n\n"
"""The last word to a reader who may not stay: its page goes to the login."""
HEADERS: Final = {
    "Cache-Control": "no-cache, no-transform",  # a proxy that compresses would hold frames back
    "X-Accel-Buffering": "no",  # nginx would gather them
}


def serve(channel: Channel, seats: Seats, welcome: Callable[[], bool]) -> Response:
    """Stream the channel to this request.

    Args:
        channel: whose frames.
        seats: where the reader takes its seat.
        welcome: whether the reader may stay; asked before a frame and at each heartbeat, once a second at most.

    Raises:
        StreamsFull: no seat is left.
    """
    address = address_group(request.remote_addr or "")  # behind trusted proxies that is the reader's own
    seats.take(address)
    response = Response(frames(channel, welcome, HEARTBEAT_S), mimetype="text/event-stream", headers=HEADERS)
    response.call_on_close(lambda: seats.leave(address))
    return response


def frames(channel: Channel, welcome: Callable[[], bool], heartbeat_s: float) -> Iterator[bytes]:
    """The newest frame, then each that follows; every `heartbeat_s` a comment. Who is not welcome is told so last."""
    with Reader(channel) as reader:
        yield b"retry: 3000\n\n"
        asked_s = time.monotonic()
        beat_s = asked_s + heartbeat_s
        while True:
            frame = reader.take(max(0.0, beat_s - time.monotonic()))
            now_s = time.monotonic()
            if now_s - asked_s >= min(ASK_S, heartbeat_s):
                asked_s = now_s
                try:
                    stays = welcome()
                except Overloaded:  # asked again a second later
                    stays = True
                except ConnectionError:  # it cannot be known now: the browser comes back, and is answered then
                    return
                if not stays:
                    yield ENDED
                    return
            if frame is not None:
                yield frame
            if now_s >= beat_s:
                beat_s = now_s + heartbeat_s
                yield b": here\n\n"
