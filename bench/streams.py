"""A thousand open pages on one dashboard: delay of changes, cost of stalled readers, refused streams.

Run:   python -m bench.streams [--streams N] [--stalled N] [--rate N] [--seconds N]
In:    the dashboard as a process with default settings, a real Mosquitto, states published as by the collector.
Out:   milliseconds from a change's publication until each open stream had received a frame that shows it, and changes
       that a stream never showed; the same while other readers do not read; the response to a client beyond the limit
       of streams, and the frame that it may request instead.

One address may have half of the streams: the open pages come from 127.0.0.1, and those that use the other half from
127.0.0.2. Every reader has its own socket; one process reads them all, and its own time is part of the figures.
"""

import argparse
import http.client
import json
import random
import resource
import socket
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

from bench.latency import PLAN, DeskChange, print_delays, read_streams, run_measuring, stream_delays_ms
from collector.contract.states import Occupancy
from dashboard.configuration.dashboard_settings import DashboardSettings
from tests.support.dashboard.stage import CollectorPublisher, build_state, run_publisher
from tests.support.processes import running_dashboard
from tests.support.servers import HOST, find_free_port, mosquitto, wait_until

ELSEWHERE, ONE_MORE = "127.0.0.2", "127.0.0.3"
P99_MS = 1000
STREAM_REQUEST = b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
WARM_UP_S = 2.0
RECEIVE_BUFFER_BYTES = 4096
"""Bytes that the kernel buffers for a stalled reader, so that its stream blocks soon."""


class PublishedDesks:
    """The site's desks, all free at first, which are taken and left in turn."""

    def __init__(self, publisher: CollectorPublisher) -> None:
        self._publisher = publisher
        self._taken = [False] * len(PLAN.spaces)
        self._turns = random.sample(range(len(PLAN.spaces)), len(PLAN.spaces))
        publisher.publish_states({space.id: build_state(Occupancy.VACANT) for space in PLAN.spaces})

    def change(self, rate: float, seconds: float) -> list[DeskChange]:
        """Change a desk `rate` times a second."""
        changes: list[DeskChange] = []
        start_s = time.monotonic()
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, start_s + number / rate - time.monotonic()))
            desk = self._turns[number % len(self._turns)]
            self._taken[desk] = not self._taken[desk]
            changes.append(DeskChange(time.monotonic_ns(), desk, "o" if self._taken[desk] else "v"))
            now = Occupancy.OCCUPIED if self._taken[desk] else Occupancy.VACANT
            self._publisher.publish_states({PLAN.spaces[desk].id: build_state(now)})
        return changes


def open_stalled(port: int) -> socket.socket:
    """Open a stream without reading from it."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    line.bind((ELSEWHERE, 0))
    line.connect((HOST, port))
    line.sendall(STREAM_REQUEST)
    return line


def catch_up(line: socket.socket, newest: int) -> int:
    """Read from a stalled stream until it has the newest version; return the number of frames."""
    text = b""
    line.settimeout(30)
    while b'"version":%d,' % newest not in text:
        text += line.recv(262_144)
    return text.count(b"data:")


def fetch(port: int, path: str, address: str = HOST) -> tuple[http.client.HTTPResponse, bytes]:
    """Return one response, whatever its status, and its body."""
    with closing(http.client.HTTPConnection(HOST, port, timeout=30, source_address=(address, 0))) as line:
        line.request("GET", path)
        response = line.getresponse()
        return response, response.read()


def count_seats(port: int) -> tuple[int, int]:
    """Return the number of open streams and their maximum."""
    health = json.loads(fetch(port, "/healthz")[1])
    return health["streams"], health["max_streams"]


def fill_seats(port: int, stalled: int, stack: ExitStack) -> int:
    """Open streams until every seat is taken; return the number of seats."""
    wait_until(lambda: count_seats(port)[0] == stalled, what="the seats of closed streams")
    most = count_seats(port)[1]
    for number in range(most - stalled):
        address = HOST if number < most // 2 else ELSEWHERE
        line = stack.enter_context(socket.create_connection((HOST, port), source_address=(address, 0)))
        line.sendall(STREAM_REQUEST)
    wait_until(lambda: count_seats(port)[0] == most, what=f"{most} open streams")
    return most


def request_one_more(port: int) -> str:
    """Describe the response to the reader after the last seat."""
    start_s = time.monotonic()
    refused, _ = fetch(port, "/api/v1/stream", ONE_MORE)
    answered, frame = fetch(port, "/api/v1/frame", ONE_MORE)
    took_ms = (time.monotonic() - start_s) * 1000
    refusal = f"{refused.status}, Retry-After {refused.headers['Retry-After']} s"
    return f"{refusal}; the frame instead: {answered.status}, {len(frame)} bytes; both in {took_ms:.0f} ms"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=1000, help="number of open pages")
    parser.add_argument("--stalled", type=int, default=100, help="number of readers that do not read")
    parser.add_argument("--rate", type=float, default=20.0, help="changes a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each of the two parts")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"{options.streams} open streams on one process, {options.rate:g} changes/s, twice {options.seconds:g} s")
    print(f"{'milliseconds':<34}{'median':>9}{'95 %':>9}{'99 %':>9}{'most':>9}{'count':>10}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(mosquitto())
        port = find_free_port()
        stack.enter_context(
            running_dashboard(
                folder,
                DashboardSettings(
                    broker=broker.settings("dashboard"),
                    accounts_path=folder / "accounts",
                    journal_path=folder / "journal.sqlite",
                    port=port,
                ),
                PLAN,
            )
        )
        desks = PublishedDesks(stack.enter_context(run_publisher(broker.settings("observer"), PLAN)))
        for stalled in (0, options.stalled):
            wait_until(lambda: count_seats(port)[0] == 0, what="the seats of closed streams")
            lines = [stack.enter_context(closing(open_stalled(port))) for _ in range(stalled)]
            with run_measuring(read_streams, port, options.streams) as streams:
                desks.change(options.rate, WARM_UP_S)
                changes = desks.change(options.rate, options.seconds)
                time.sleep(1)
                streams.send("stop")
                seen = streams.recv()
            delays = list(stream_delays_ms(changes, seen))
            print_delays(f"change to open page, {stalled} stalled", delays, f"goal: 99 % {P99_MS}")
            print(f"never shown: {delays.count(float('inf'))} of {len(delays)}")
            if lines:
                newest = max(seen.spaces)
                frames = catch_up(lines[0], newest)
                print(f"a stalled reader that reads again has the newest frame, {newest}, after {frames} frames")
        most = fill_seats(port, options.stalled, stack)
        print(f"stream {most + 1:,}: {request_one_more(port)}")


if __name__ == "__main__":
    main()
