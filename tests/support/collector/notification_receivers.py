"""An HTTP server that receives notifications through apprise's json:// service."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


class NotificationReceiver:
    """The messages received, and the response to the next ones.

    Attributes:
        came: title and body of every message, oldest first, including rejected ones.
        status: the HTTP status of every response.
    """

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []
        self.status = 200
        receiver = self

        class NotificationHandler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.received.append((message["title"], message["message"]))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Write nothing to stderr."""

        self.server = HTTPServer(("127.0.0.1", 0), NotificationHandler)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server.server_address[1]}/secret-of-the-site"


@contextmanager
def run_receiver() -> Iterator[NotificationReceiver]:
    """Run a server on a free port until the `with` block ends."""
    receiver = NotificationReceiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        thread.join()
        receiver.server.server_close()
