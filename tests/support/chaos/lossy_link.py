"""A network link that can fail: a TCP proxy that resets connections, or silently passes nothing.

In:    the port to forward to.
Out:   a port that forwards while the link works.
Never: a look at the data.
"""

import contextlib
import selectors
import socket
import struct
import threading
from typing import Self

HOST = "127.0.0.1"
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends RST and drops unsent data."""


class FaultyLink:
    """A link from its own port to `port`; use it with `with`."""

    def __init__(self, port: int) -> None:
        self.connections = 0
        """How many connections were made so far."""
        self._to = port
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._chooser = selectors.DefaultSelector()
        self._chooser.register(self._listener, selectors.EVENT_READ)
        self._other: dict[socket.socket, socket.socket] = {}
        self._whole = threading.Event()
        self._whole.set()
        self._cut = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._ended.set()
        self._whole.set()
        self._thread.join()
        self._drop_all()
        self._listener.close()
        self._chooser.close()

    def reset(self) -> None:
        """End every connection at once, like a router that restarts."""
        self._cut.set()

    def fall_silent(self) -> None:
        """Pass nothing and report nothing, like a firewall that lost its table."""
        self._whole.clear()

    def heal(self) -> None:
        """Pass data again, including what waits."""
        self._whole.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._whole.wait()
            if self._cut.is_set():
                self._cut.clear()
                self._drop_all()
            for key, _ in self._chooser.select(timeout=0.02):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj in self._other:  # otherwise its pair has just ended
                    self._pass(key.fileobj)  # type: ignore[arg-type]  # everything else here is a socket

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        self.connections += 1
        try:
            far = socket.create_connection((HOST, self._to), timeout=5)
        except OSError:
            near.close()
            return
        self._other |= {near: far, far: near}
        for each in (near, far):
            each.settimeout(5)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._chooser.register(each, selectors.EVENT_READ)

    def _pass(self, source: socket.socket) -> None:
        try:
            if got := source.recv(65_536):
                self._other[source].sendall(got)
                return
        except OSError:
            pass
        self._drop(source)

    def _drop(self, one: socket.socket) -> None:
        for each in (one, self._other[one]):
            del self._other[each]
            self._chooser.unregister(each)
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            each.close()

    def _drop_all(self) -> None:
        while self._other:
            self._drop(next(iter(self._other)))
