"""First pages per second of the dashboard, compared with a Flask page that returns the same bytes from memory.

Run:   python -m bench.first_page [--seconds N] [--pairs N] [--readers N]
In:    the dashboard as a process with default settings, a real Mosquitto, an open site of two floors; a minimal Flask
       application on the same server (gevent) with the same socket options, in its own process.
Out:   responses per second of both in turns, and the ratios' median and range: for a site without changes, and for one
       where a desk changes ten times a second, so that the page is rendered again as often.

Both receive the request of a phone's browser, on connections that stay open, from one process that only reads.
"""

import argparse
import gzip
import itertools
import re
import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from bench.spread import MIN_RUNS, Spread, parse_runs
from collector.contract.states import Occupancy
from dashboard.configuration.dashboard_settings import DashboardSettings
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.stage import CollectorPublisher, build_state, publish_everything, run_publisher
from tests.support.processes import SPAWN, running_dashboard, running_function
from tests.support.servers import HOST, accepts_connections, find_free_port, mosquitto, wait_until

HEAD = (
    b"GET / HTTP/1.1",
    b"Host: localhost",
    b"Accept: text/html,application/xhtml+xml",
    b"Accept-Encoding: gzip, deflate, br",
    b"Accept-Language: sv-SE,sv;q=0.9",
    b"User-Agent: Mozilla/5.0 (Linux; Android 13) Mobile",
)
REQUEST = b"\r\n".join((*HEAD, b"", b""))
OPEN_PLAN = replace(PLAN, opening_hours={})  # always open, independent of the time of the run
CHANGES_PER_S = 10
GOAL = 0.5


def serve_from_memory(port: int, head: dict[str, str], body: bytes) -> None:
    """Serve a minimal Flask application that has the bytes in memory."""
    import gevent.socket
    from flask import Flask, Response
    from gevent.pywsgi import WSGIServer

    app = Flask(__name__)
    app.add_url_rule("/", "page", lambda: Response(body, headers=head))
    listener = gevent.socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as in dashboard/server.py
    listener.bind((HOST, port))
    listener.listen(1024)
    WSGIServer(listener, app, log=None).serve_forever()


def run_readers(readers: int, orders: Connection) -> None:
    """For each (port, seconds) received, request the page on all connections, and send the responses per second."""
    while order := orders.recv():
        orders.send(_measure_rate(order[0], readers, order[1]))


def _measure_rate(port: int, readers: int, seconds: float) -> float:
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        lines = [stack.enter_context(socket.create_connection((HOST, port))) for _ in range(readers)]
        missing: dict[socket.socket, int] = {}
        for line in lines:
            selector.register(line, selectors.EVENT_READ)
            line.sendall(REQUEST)
        count = 0
        start_s = time.monotonic()
        while time.monotonic() - start_s < seconds:
            for key, _ in selector.select(timeout=1):
                line: socket.socket = key.fileobj  # type: ignore[assignment]  # one of our sockets
                missing[line] = _count_missing(line.recv(262_144), missing.get(line, 0))
                if not missing[line]:
                    count += 1
                    line.sendall(REQUEST)
        return count / (time.monotonic() - start_s)


def _count_missing(got: bytes, missing: int) -> int:
    """Return the number of missing bytes of a response; a head arrives in one piece."""
    if missing:
        return missing - len(got)
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head)
    if not head.startswith(b"HTTP/1.1 200 ") or length is None:
        raise RuntimeError(f"no page: {got[:200]!r}")
    return int(length[1]) - len(body)


def fetch_page(port: int) -> tuple[dict[str, str], bytes]:
    """Return the page as sent: its content headers and its bytes."""
    with closing(socket.create_connection((HOST, port))) as line:
        line.sendall(b"\r\n".join((*HEAD, b"Connection: close", b"", b"")))
        text = b"".join(iter(lambda: line.recv(262_144), b""))
    head, _, body = text.partition(b"\r\n\r\n")
    headers = dict(row.split(": ", 1) for row in head.decode().split("\r\n")[1:])
    return {name: headers[name] for name in ("Content-Type", "Content-Encoding") if name in headers}, body


def is_live(port: int) -> bool:
    """Whether the page shows live data."""
    head, body = fetch_page(port)
    return b'data-link="live"' in (gzip.decompress(body) if "Content-Encoding" in head else body)


@contextmanager
def change_desks(publisher: CollectorPublisher) -> Iterator[None]:
    """Take and leave desks until the block ends."""
    stop = threading.Event()
    desks = [space.id for space in OPEN_PLAN.spaces if space.is_offered]
    turns = itertools.count()

    def change() -> None:
        while not stop.wait(1 / CHANGES_PER_S):
            number = next(turns)
            now = Occupancy.OCCUPIED if number // len(desks) % 2 else Occupancy.VACANT
            publisher.publish_states({desks[number % len(desks)]: build_state(now)})

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each turn")
    parser.add_argument("--pairs", type=parse_runs, default=MIN_RUNS, help="number of turns of each")
    parser.add_argument("--readers", type=int, default=16, help="number of open connections")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(mosquitto())
        publisher = stack.enter_context(run_publisher(broker.settings("observer"), OPEN_PLAN))
        publish_everything(publisher)
        ours, bare = find_free_port(), find_free_port()
        settings = DashboardSettings(
            broker=broker.settings("dashboard"), accounts_path=folder / "a", journal_path=folder / "j", port=ours
        )
        stack.enter_context(running_dashboard(folder, settings, OPEN_PLAN))
        wait_until(lambda: is_live(ours), what="a live page")
        head, body = fetch_page(ours)
        stack.enter_context(running_function(serve_from_memory, bare, head, body))
        wait_until(lambda: accepts_connections(bare), what="the bare page")
        here, there = SPAWN.Pipe()
        stack.enter_context(running_function(run_readers, options.readers, there))

        def turn(port: int) -> float:
            here.send((port, options.seconds))
            return float(here.recv())

        def print_ratio(title: str) -> None:
            pairs = [(turn(ours), turn(bare)) for _ in range(options.pairs)]
            ratio = Spread.of(one / other for one, other in pairs)
            mine, other = (Spread.of(rates).median for rates in zip(*pairs, strict=True))
            print(f"{title}: {mine:.0f} pages/s, from memory {other:.0f}: {ratio.format()} (goal: at least {GOAL})")

        turn(ours)
        turn(bare)
        print(f"the first page, {len(body)} bytes as sent ({head}), {options.readers} connections")
        print_ratio("nothing changes")
        with change_desks(publisher):
            print_ratio(f"{CHANGES_PER_S} changes a second")
        here.send(None)


if __name__ == "__main__":
    main()
