"""A server that takes messages over HTTP, as any service does: apprise's json:// speaks to it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


class Taker:
    """What came, and whether the next is taken.

    Attributes:
        came: title and text of every message, oldest first, those that were refused too.
        status: what every request is answered with.
    """

    def __init__(self) -> None:
        self.came: list[tuple[str, str]] = []
        self.status = 200
        taker = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                taker.came.append((said["title"], said["message"]))
                self.send_response(taker.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing on stderr."""

        self.server = HTTPServer(("127.0.0.1", 0), Answer)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server.server_address[1]}/secret-of-the-house"


@contextmanager
def taker() -> Iterator[Taker]:
    """A server on a free port, gone when the `with` ends."""
    made = Taker()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        thread.join()
        made.server.server_close()
