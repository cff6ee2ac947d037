"""gevent's WSGI server with limits on time, size and connections.

In:    a listener, an application, the maximum of connections.
Out:   responses; slow, idle and surplus connections are closed, and their number is logged at most once a minute.
Never: a traceback for what a client sent or for a client that left; an address in the log; a private name of gevent.

It overrides only public methods: `handle` and `do_read` of the server; `read_requestline`, `read_request`,
`get_environ`, `handle_one_request`, `handle_one_response`, `start_response`, `handle_error` and `log_error` of the
handler. A connection that must end is shut down from outside, so whatever its greenlet does then ends with an OSError.
"""

import contextlib
import errno
import logging
import socket
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any, Final

import gevent
import gevent.socket
from gevent.lock import BoundedSemaphore
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer

from dashboard.web_server.connections import ClientConnection, ConnectionPhase, ConnectionTable, address_group

MAX_BODY_BYTES: Final = 64 * 1024
"""No request needs a larger body: forms have 16 KiB at most."""
STREAM_WRITE_S: Final = 20.0
"""A stream whose client accepts no data for this long is closed."""
STREAM_BUFFER_BYTES: Final = 32 * 1024
"""The kernel buffers no more of a stream than this for a slow client, which would only get old frames."""
EXPIRY_CHECK_S: Final = 0.5
"""How often expired connections are searched for."""
LOG_INTERVAL_S: Final = 60.0
MAX_REQUESTS_PER_TURN: Final = 4
"""At most this many further requests on kept-alive connections start in each turn of the event loop."""

_NO_FILES: Final = {errno.EMFILE, errno.ENFILE}
_GONE: Final = {errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF, errno.ETIMEDOUT, errno.ECONNABORTED}
"""Errors of a write whose client has left, or whose connection was closed from outside."""
_log = logging.getLogger(__name__)


def _empty_response(status: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()


_TOO_LARGE: Final = ("413", _empty_response("413 Content Too Large"))
_BAD_REQUEST: Final = ("400", _empty_response("400 Bad Request"))
_NO_ROOM: Final = _empty_response("503 Service Unavailable")


class _RequestRefused(Exception):
    """The body of a request cannot be accepted. Carries the response for `handle_one_request`."""

    def __init__(self, response: tuple[str, bytes]) -> None:
        super().__init__(response[0])
        self.response = response


class PageServer(WSGIServer):
    """Serves an application on a listener, with at most `max_connections` open connections."""

    max_accept = 8
    """Connections accepted at once; until their greenlets run they use descriptors that the table does not count."""

    def __init__(
        self, listener: gevent.socket.socket, application: Callable[..., Any], max_connections: int, *, proxied: bool
    ) -> None:
        """Behind a trusted proxy all connections have its address, so only their total is limited."""
        # no access log: visits of the public pages are private; the pool ends open streams on shutdown
        super().__init__(listener, application, spawn=Pool(), log=None)
        self.table: Final = ConnectionTable(
            max_connections, max_connections if proxied else max(1, max_connections // 2)
        )
        self.turns: Final = BoundedSemaphore(MAX_REQUESTS_PER_TURN)
        self.malformed_count = 0
        self._refused_count = self._expired_count = 0
        self._checked_s = self._logged_s = time.monotonic()
        self._is_paused = False

    def check_connections(self, now_s: float) -> None:
        """Close expired connections; log what was refused, at most once a minute. Call it often."""
        if now_s - self._checked_s < EXPIRY_CHECK_S:
            return
        self._checked_s = now_s
        self._expired_count += self.table.close_expired(now_s)
        if self._is_paused:
            self._is_paused = False
            self.start_accepting()
        if now_s - self._logged_s >= LOG_INTERVAL_S:
            self._logged_s = now_s
            if self._expired_count or self._refused_count or self.malformed_count or self.table.evicted_count:
                _log.info(
                    "connections: %s closed as too slow, %s closed to make room, %s refused; %s malformed; %s are open",
                    *(
                        self._expired_count,
                        self.table.evicted_count,
                        self._refused_count,
                        self.malformed_count,
                        self.table.count,
                    ),
                )
            self._expired_count = self._refused_count = self.malformed_count = 0
            self.table.reset_evicted_count()

    def do_read(self) -> Any:
        """Accept one connection; without a free descriptor, free one and pause, since the listener would stay ready."""
        try:
            return super().do_read()
        except OSError as fault:
            if fault.errno not in _NO_FILES:
                raise
            self._is_paused = True
            self.stop_accepting()
            self.table.close_longest_waiting()
            return None

    def handle(self, sock: gevent.socket.socket, address: Any) -> None:
        """Serve one connection until it ends, or is closed for another one."""
        handler = _Handler(sock, address, self)
        if not self.table.admit(handler.connection, time.monotonic()):
            self._refused_count += 1
            handler.rfile.close()
            _send_no_room(sock)
            return
        try:
            handler.handle()
        except OSError as fault:
            if not _is_gone(fault, handler.connection):
                raise
        finally:
            self.table.remove(handler.connection)


class _Handler(WSGIHandler):
    """The requests of one connection, each phase with its limit."""

    def __init__(self, sock: gevent.socket.socket, address: Any, server: PageServer) -> None:
        super().__init__(sock, address, server)
        self.connection: Final = ClientConnection(address_group(str(address[0])), self._shut_down)
        self._page_server = server
        self._is_first = True
        self._queued: Any = None

    def handle_one_request(self) -> Any:
        try:
            result = super().handle_one_request()
        except _RequestRefused as refused:
            self._page_server.malformed_count += not self.connection.is_closed
            result = refused.response
        self._enter_phase(ConnectionPhase.IDLE)
        self._is_first = False
        return result

    def read_requestline(self) -> str:
        line: str = super().read_requestline()
        self._enter_phase(ConnectionPhase.HEADERS)
        return line

    def read_request(self, raw_requestline: str) -> Any:
        try:
            request = super().read_request(raw_requestline)
        except ValueError:
            raise
        except Exception as fault:  # too many headers, a line too long, a client that left: not our bug
            raise ValueError(type(fault).__name__) from fault
        length, coding = self.headers.get("content-length"), self.headers.get("transfer-encoding", "chunked")
        if coding.lower() != "chunked" or not (length or "0").isdecimal():
            raise ValueError("a body whose end is ambiguous: a proxy and this server may disagree about it")
        return request

    def get_environ(self) -> dict[str, Any]:
        """Return the request with its whole body, so that the application never waits for a client."""
        if (self.content_length or 0) > MAX_BODY_BYTES:
            raise _RequestRefused(_TOO_LARGE)
        environ: dict[str, Any] = super().get_environ()
        if self.content_length or "HTTP_TRANSFER_ENCODING" in environ:
            self._enter_phase(ConnectionPhase.BODY)
            body = self._read_body(environ["wsgi.input"])
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        if not self._is_first:  # a client may have pipelined hundreds, which never wait for the network
            self._queued = gevent.getcurrent()
            with self._page_server.turns:
                gevent.sleep(0)
            self._queued = None
        self._enter_phase(ConnectionPhase.WORK)
        return environ

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        is_stream = any(
            name.lower() == "content-type" and value.startswith("text/event-stream") for name, value in headers
        )
        self._enter_phase(ConnectionPhase.STREAM if is_stream else ConnectionPhase.RESPONSE)
        if is_stream:
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, STREAM_BUFFER_BYTES)
            self.socket.settimeout(STREAM_WRITE_S)
        return super().start_response(status, headers, exc_info)

    def handle_error(self, kind: Any, fault: Any, trace: Any) -> None:
        if isinstance(fault, OSError) and _is_gone(fault, self.connection):
            self.close_connection = True
            return
        super().handle_error(kind, fault, trace)

    def log_error(self, _message: str, *_values: object) -> None:
        """Count a malformed request; its text and address do not belong in a log."""
        self._page_server.malformed_count += not self.connection.is_closed

    def _read_body(self, source: Any) -> bytes:
        try:
            body: bytes = source.read(MAX_BODY_BYTES + 1)
        except (OSError, ValueError) as fault:  # wrong chunks, or a premature end
            raise _RequestRefused(_BAD_REQUEST) from fault
        if len(body) > MAX_BODY_BYTES:
            raise _RequestRefused(_TOO_LARGE)
        return body

    def _shut_down(self) -> None:
        """End the connection from outside: its socket operations fail, and it no longer waits for its turn."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        if self._queued is not None:
            self._queued.kill(block=False)

    def _enter_phase(self, phase: ConnectionPhase) -> None:
        self._page_server.table.change_phase(self.connection, phase, time.monotonic())


def _is_gone(fault: OSError, connection: ClientConnection) -> bool:
    return connection.is_closed or isinstance(fault, TimeoutError) or fault.errno in _GONE


def _send_no_room(sock: gevent.socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setblocking(False)
        sock.send(_NO_ROOM)
