"""Latency from a pin to every open page, compared with a bare MQTT hop in the same run.

Run:   python -m bench.latency [--seconds N] [--streams N] [--rate N]
In:    real agents on mock pins, a real Mosquitto with the shipped configuration, collector and dashboard as processes.
Out:   median, 95 and 99 % and maximum of the time from the edge on the pin until a stream had received the frame that
       shows it, over all events and all streams; the same for a bare paho publisher and subscriber on that broker.

Each desk has a pressure mat. Sitting down and standing up each change the page, so every event has its frame. The mats
are debounced for 50 ms like a PIR, and that time is part of the figure.
"""

import argparse
import json
import multiprocessing
import random
import selectors
import socket
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gpiozero.pins.mock import MockFactory

from collector.configuration.collector_settings import CollectorSettings
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Floor, Space, SpaceKind, Zone
from dashboard.configuration.dashboard_settings import DashboardSettings
from edge import agent
from edge.configuration.device_settings import ClockSource, DeviceSettings
from edge.contract.broker_client import BrokerSettings, create_client
from edge.contract.pin_sensor_kinds import PressureSettings
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.machine_clock import HostClock
from tests.support.processes import running_collector, running_dashboard
from tests.support.servers import Mosquitto, find_free_port, mosquitto

DEVICES, MATS = 5, 20
PINS = range(4, 4 + MATS)
DESKS = [(f"pi-{device}", pin) for device in range(DEVICES) for pin in PINS]
DEBOUNCE_MS = 50
WARM_UP_S = 3.0
HOPS_PER_S = 20
MEDIAN_MS, P99_MS = 150, 400
SPAWN = multiprocessing.get_context("spawn")

PLAN = SitePlan(
    id="bench",
    name="Bench",
    time_zone=ZoneInfo("Europe/Stockholm"),
    floors=(Floor(id="floor", name="Floor", width_m=20, depth_m=20),),
    zones=(Zone(id="zone", name="Zone", floor="floor", x_m=0, y_m=0, width_m=20, depth_m=20),),
    spaces=tuple(
        Space(id=f"{device}-{pin}", name=f"{device}-{pin}", kind=SpaceKind.DESK, zone="zone", x_m=1, y_m=1)
        for device, pin in DESKS
    ),
    sensors=tuple(
        Sensor(device=device, id=f"mat-{pin}", kind=SensorKind.PRESSURE, space=f"{device}-{pin}")
        for device, pin in DESKS
    ),
)


class DeskChange(NamedTuple):
    """Desk number `desk` changed at `at_ns`; the page must then show `code` for it."""

    at_ns: int
    desk: int
    code: str


class ReceivedFrames(NamedTuple):
    """What streams received: the states of each version, and for each stream its versions with their arrival times."""

    spaces: dict[int, str]
    streams: list[list[tuple[int, int]]]


def read_streams(port: int, count: int, out: Connection) -> None:
    """Keep `count` streams open and record when each frame arrives, until something is sent to `out`."""
    selector = selectors.DefaultSelector()
    arrivals: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    spaces: dict[int, str] = {}
    rest = [b""] * count
    for number in range(count):
        line = socket.create_connection(("127.0.0.1", port))
        line.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        selector.register(line, selectors.EVENT_READ, number)
    out.send("ready")
    known: dict[bytes, int] = {}
    while not out.poll():
        for key, _ in selector.select(timeout=0.1):
            received = key.fileobj.recv(262_144)  # type: ignore[union-attr]  # one of our sockets
            now_ns = time.monotonic_ns()
            *lines, rest[key.data] = (rest[key.data] + received).split(b"\n")
            for text in lines:
                if not text.startswith(b"data:"):
                    continue
                if text not in known:
                    frame = json.loads(text[5:])
                    known[text] = frame["version"]
                    spaces[frame["version"]] = frame["spaces"]
                arrivals[key.data].append((known[text], now_ns))
    out.send(ReceivedFrames(spaces, arrivals))


def measure_hops(receiving: BrokerSettings, sending: BrokerSettings, out: Connection) -> None:
    """Publish and receive at QoS 1 with bare paho; send every delay in ns."""
    delays: list[int] = []
    receiver = create_client(receiving, "receiver")
    receiver.on_message = lambda _c, _u, message: delays.append(time.monotonic_ns() - int(message.payload))
    receiver.on_connect = lambda found, *_: found.subscribe("ledig/v1/bench-hop", qos=1)
    receiver.on_subscribe = lambda *_: out.send("ready")
    sender = create_client(sending, "sender")
    for each in (receiver, sender):
        each.connect(receiving.host, receiving.port)
        each.loop_start()
    while not out.poll(1 / HOPS_PER_S):
        sender.publish("ledig/v1/bench-hop", str(time.monotonic_ns()), qos=1)
    for each in (sender, receiver):
        each.disconnect()
        each.loop_stop()
    out.send(delays)


@contextmanager
def run_measuring(target: object, *arguments: object) -> Iterator[Connection]:
    """Run a process that is ready, sends its result once anything is sent to it, and ends."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=target, args=(*arguments, there))  # type: ignore[arg-type]  # one of the two functions above
    process.start()
    here.recv()
    try:
        yield here
    finally:
        process.terminate()
        process.join()


@contextmanager
def run_agents(broker: Mosquitto, folder: Path) -> Iterator[dict[str, MockFactory]]:
    """Run five devices with twenty mats each; yield their pins."""
    stop = threading.Event()
    pins = {f"pi-{device}": MockFactory() for device in range(DEVICES)}
    threads = []
    for device, factory in pins.items():
        settings = DeviceSettings(
            site=PLAN.id,
            device=device,
            broker=broker.settings(device),
            outbox_path=folder / f"outbox-{device}.sqlite",
            sensors=tuple(PressureSettings(id=f"mat-{pin}", pin=pin, debounce_ms=DEBOUNCE_MS) for pin in PINS),
            clock=ClockSource.HOST,
        )
        threads.append(threading.Thread(target=agent.run_agent, args=(settings, HostClock(), factory, stop)))
        threads[-1].start()
    try:
        yield pins
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def drive_pins(pins: dict[str, MockFactory], rate: float, seconds: float) -> list[DeskChange]:
    """Simulate people who sit down and stand up, `rate` times a second, each desk in turn."""
    felt: list[DeskChange] = []
    order = list(range(len(DESKS)))
    random.shuffle(order)
    start_s = time.monotonic()
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, start_s + number / rate - time.monotonic()))
        desk = order[number % len(order)]
        device, name = DESKS[desk]
        pin = pins[device].pin(name)
        is_taken = bool(pin.state)  # a pressed mat pulls its pin low
        felt.append(DeskChange(time.monotonic_ns(), desk, "o" if is_taken else "a"))
        if is_taken:
            pin.drive_low()
        else:
            pin.drive_high()
    return felt


def stream_delays_ms(felt: list[DeskChange], seen: ReceivedFrames) -> Iterator[float]:
    """Yield the time from each pin's edge until each stream had received a frame that shows it."""
    first_ns: dict[int, int] = {}
    for stream in seen.streams:
        for version, at_ns in stream:
            first_ns[version] = min(at_ns, first_ns.get(version, at_ns))
    versions = sorted(first_ns, key=first_ns.__getitem__)
    arrived = [first_ns[version] for version in versions]
    by_stream = [dict(reversed(stream)) for stream in seen.streams]  # the first arrival of a version counts
    numbers = [sorted(stream) for stream in by_stream]
    for at_ns, desk, code in felt:
        place = bisect_left(arrived, at_ns)
        shown = next((v for v in versions[place:] if seen.spaces[v][desk] == code), None)
        if shown is None:
            yield float("inf")
            continue
        for stream, known in zip(by_stream, numbers, strict=True):
            later = bisect_left(known, shown)  # a slow stream may skip to a newer frame
            yield (stream[known[later]] - at_ns) / 1e6 if later < len(known) else float("inf")


def print_delays(name: str, delays: list[float], goal: str = "") -> None:
    """Print one line of the table."""
    delays.sort()
    shares = [delays[min(len(delays) - 1, int(share * len(delays)))] for share in (0.5, 0.95, 0.99)]
    print(f"{name:<34}" + "".join(f"{value:>9.1f}" for value in (*shares, delays[-1])) + f"{len(delays):>10}  {goal}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])  # type: ignore[union-attr]  # there is a docstring
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--rate", type=float, default=100.0)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        devices = [f"pi-{device}" for device in range(DEVICES)]
        broker = stack.enter_context(mosquitto(devices=devices, observers=["receiver", "sender"]))
        journal, port = folder / "journal.sqlite", find_free_port()
        collector_settings = CollectorSettings(broker=broker.settings("collector"), journal_path=journal)
        dashboard_settings = DashboardSettings(
            broker=broker.settings("dashboard"), accounts_path=folder / "accounts", journal_path=journal, port=port
        )
        stack.enter_context(running_collector(folder, collector_settings, PLAN))
        stack.enter_context(running_dashboard(folder, dashboard_settings, PLAN))
        pins = stack.enter_context(run_agents(broker, folder))
        streams = stack.enter_context(run_measuring(read_streams, port, options.streams))
        hops = stack.enter_context(run_measuring(measure_hops, broker.settings("receiver"), broker.settings("sender")))
        drive_pins(pins, options.rate, WARM_UP_S)
        felt = drive_pins(pins, options.rate, options.seconds)
        time.sleep(1)
        streams.send("stop")
        hops.send("stop")
        pages, bare = list(stream_delays_ms(felt, streams.recv())), [delay / 1e6 for delay in hops.recv()]
    print(f"{options.rate:g} events/s, {options.streams} open streams, {options.seconds:g} s")
    print(f"{'milliseconds':<34}{'median':>9}{'95 %':>9}{'99 %':>9}{'most':>9}{'count':>10}")
    print_delays("pin to open page", pages, f"goal: median {MEDIAN_MS}, 99 % {P99_MS}")
    print_delays("bare MQTT hop, QoS 1", bare)


if __name__ == "__main__":
    main()
