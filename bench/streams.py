"""A thousand open pages on one dashboard: when each shows a change, what stalled readers cost, who is refused.

Run:   python -m bench.streams [--streams N] [--stalled N] [--rate N] [--seconds N]
In:    the dashboard as a process with default settings, a real Mosquitto, states said as the collector says them.
Out:   milliseconds from a change's publication until each open stream held a frame that shows it, changes that a
       stream never showed; the same once more while other readers take nothing in; what the stream after the last
       seat is answered, and what the frame is that it may ask for instead.

One address has half of the seats: the open pages come from 127.0.0.1, and who fills the rest from 127.0.0.2. Every
reader is a socket of its own; one process reads them all, and its own time is part of the figures.
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

from bench.latency import PLAN, Felt, asked, delays_ms, read_streams, told
from collector.outward import Occupancy
from dashboard.settings import DashboardSettings
from tests.dashboard.stage import Voice, state, voice
from tests.processes import dashboard
from tests.servers import HOST, free_port, mosquitto, until

ELSEWHERE, ONE_MORE = "127.0.0.2", "127.0.0.3"
P99_MS = 1000
ASK = b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
WARM_UP_S = 2.0
SMALL = 4096
"""Bytes that the kernel holds for a reader who takes nothing in: its stream stands still soon."""


class Desks:
    """The house's desks, all free at first, that are taken and left in turn."""

    def __init__(self, speaker: Voice) -> None:
        self._speaker = speaker
        self._taken = [False] * len(PLAN.spaces)
        self._turns = random.sample(range(len(PLAN.spaces)), len(PLAN.spaces))
        speaker.say({space.id: state(Occupancy.VACANT) for space in PLAN.spaces})

    def change(self, rate: float, seconds: float) -> list[Felt]:
        """Change a desk `rate` times a second."""
        felt: list[Felt] = []
        begun = time.monotonic()
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, begun + number / rate - time.monotonic()))
            desk = self._turns[number % len(self._turns)]
            self._taken[desk] = not self._taken[desk]
            felt.append(Felt(time.monotonic_ns(), desk, "o" if self._taken[desk] else "v"))
            now = Occupancy.OCCUPIED if self._taken[desk] else Occupancy.VACANT
            self._speaker.say({PLAN.spaces[desk].id: state(now)})
        return felt


def stall(port: int) -> socket.socket:
    """A reader that asks for the stream and takes nothing in."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    line.bind((ELSEWHERE, 0))
    line.connect((HOST, port))
    line.sendall(ASK)
    return line


def catch_up(line: socket.socket, newest: int) -> int:
    """Let a stalled reader read again until it holds the newest version; how many frames that were."""
    text = b""
    line.settimeout(30)
    while b'"version":%d,' % newest not in text:
        text += line.recv(262_144)
    return text.count(b"data:")


def get(port: int, path: str, address: str = HOST) -> tuple[http.client.HTTPResponse, bytes]:
    """One answer, whatever its status, and its body."""
    with closing(http.client.HTTPConnection(HOST, port, timeout=30, source_address=(address, 0))) as line:
        line.request("GET", path)
        answer = line.getresponse()
        return answer, answer.read()


def seats(port: int) -> tuple[int, int]:
    """How many streams are open, and how many there may be."""
    health = json.loads(get(port, "/healthz")[1])
    return health["streams"], health["max_streams"]


def fill(port: int, stalled: int, stack: ExitStack) -> int:
    """Take every seat besides those of the stalled readers; give back how many there are in all."""
    until(lambda: seats(port)[0] == stalled, what="the seats of readers that left")
    most = seats(port)[1]
    for number in range(most - stalled):
        address = HOST if number < most // 2 else ELSEWHERE
        line = stack.enter_context(socket.create_connection((HOST, port), source_address=(address, 0)))
        line.sendall(ASK)
    until(lambda: seats(port)[0] == most, what=f"{most} open streams")
    return most


def one_more(port: int) -> str:
    """What the reader after the last seat is answered."""
    begun = time.monotonic()
    refused, _ = get(port, "/api/v1/stream", ONE_MORE)
    answered, frame = get(port, "/api/v1/frame", ONE_MORE)
    took_ms = (time.monotonic() - begun) * 1000
    told_so = f"{refused.status}, Retry-After {refused.headers['Retry-After']} s"
    return f"{told_so}; the frame instead: {answered.status}, {len(frame)} bytes; both in {took_ms:.0f} ms"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=1000, help="open pages")
    parser.add_argument("--stalled", type=int, default=100, help="readers that take nothing in")
    parser.add_argument("--rate", type=float, default=20.0, help="changes a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each of the two parts")
    chosen = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"{chosen.streams} open streams on one process, {chosen.rate:g} changes/s, twice {chosen.seconds:g} s")
    print(f"{'milliseconds':<34}{'median':>9}{'95 %':>9}{'99 %':>9}{'most':>9}{'count':>10}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(mosquitto())
        port = free_port()
        stack.enter_context(
            dashboard(
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
        desks = Desks(stack.enter_context(voice(broker.settings("observer"), PLAN)))
        for stalled in (0, chosen.stalled):
            until(lambda: seats(port)[0] == 0, what="the seats of readers that left")
            lines = [stack.enter_context(closing(stall(port))) for _ in range(stalled)]
            with asked(read_streams, port, chosen.streams) as streams:
                desks.change(chosen.rate, WARM_UP_S)
                felt = desks.change(chosen.rate, chosen.seconds)
                time.sleep(1)
                streams.send("stop")
                seen = streams.recv()
            delays = list(delays_ms(felt, seen))
            told(f"change to open page, {stalled} stalled", delays, f"goal: 99 % {P99_MS}")
            print(f"never shown: {delays.count(float('inf'))} of {len(delays)}")
            if lines:
                newest = max(seen.spaces)
                frames = catch_up(lines[0], newest)
                print(f"a stalled reader that reads again has the newest frame, {newest}, after {frames} frames")
        most = fill(port, chosen.stalled, stack)
        print(f"stream {most + 1:,}: {one_more(port)}")


if __name__ == "__main__":
    main()
