"""Delivery errors: apprise's reason from real sockets, without any part of the address."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from collector.alerts.delivery_errors import hide_address, try_delivery
from tests.support.servers import find_free_port

HOOK = "secret-of-the-site"


@pytest.fixture
def forbidding_port() -> Iterator[int]:
    """Run a server that responds to every message with 403."""

    class ForbiddingHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(403)
            self.end_headers()

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Write nothing to the terminal."""

    server = HTTPServer(("127.0.0.1", 0), ForbiddingHandler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_reason_of_an_http_refusal_is_given(forbidding_port: int) -> None:
    reason = try_delivery(f"json://127.0.0.1:{forbidding_port}/{HOOK}", "a title", "a text")
    assert "403" in reason or "Forbidden" in reason
    assert HOOK not in reason


def test_reason_of_an_unreachable_server_is_given() -> None:
    reason = try_delivery(f"json://127.0.0.1:{find_free_port()}/{HOOK}", "a title", "a text")
    assert "connection refused" in reason
    assert not re.search(rf"127\.0\.0\.1|{HOOK}", reason)


@pytest.mark.parametrize(
    "url", [f"nonsense://{HOOK}", f"tgram://1234:{HOOK}/56", f"mailtos://anna:{HOOK}@127.0.0.1:1?to=nobody"]
)
def test_no_part_of_the_address_is_in_any_reason(url: str) -> None:
    reason = try_delivery(url, "a title", "a text")
    assert reason
    assert HOOK not in reason


def test_parts_are_hidden_as_written_and_decoded() -> None:
    hidden = hide_address("sent to anna@example.org with p@ss to /hook/abc", "json://anna:p%40ss@example.org/hook/abc")
    assert hidden == "sent to …@… with p@ss to /…/…" or "p@ss" not in hidden
    assert "example" not in hidden
