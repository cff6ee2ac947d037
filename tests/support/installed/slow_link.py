"""A TCP link of a limited rate with small buffers, so that a sender's data soon waits in its own socket."""

import contextlib
import socket
import threading
import time
from typing import Self

HOST = "127.0.0.1"
BUFFER_BYTES = 4096
STEP_S = 0.05


class SlowLink:
    """Forwards its own port to `port`; use it with `with`.

    Attributes:
        bytes_per_s: rate in each direction; None: unlimited.
    """

    def __init__(self, port: int) -> None:
        self.bytes_per_s: int | None = None
        self._to = port
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)  # also for accepted connections
        self._listener.bind((HOST, 0))
        self._listener.listen()
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, name="slow-link")]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_fault: object) -> None:
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed
            try:
                far = socket.create_connection((HOST, self._to), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            self._ends += [near, far]
            for source, target in ((near, far), (far, near)):
                thread = threading.Thread(target=self._forward, args=(source, target), name="slow-link")
                self._threads.append(thread)
                thread.start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while received := source.recv(BUFFER_BYTES if self.bytes_per_s is None else int(self.bytes_per_s * STEP_S)):
                target.sendall(received)
                if self.bytes_per_s is not None:
                    time.sleep(len(received) / self.bytes_per_s)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
