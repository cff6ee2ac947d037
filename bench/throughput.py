"""How fast the collector stores, beside a bare paho subscriber that throws the same messages away.

Run:   python -m bench.throughput [--messages N] [--pairs N]
In:    a real Mosquitto with the shipped window; a publisher in a process of its own, its packets made beforehand.
Out:   messages each second of both in turns, and the ratio of their medians; the same for 50 events a message;
       the cost of decoding and checking beside json.loads of the same bytes.

It is a backlog of 500 desks with a PIR each, on 20 devices: every sensor speaks every 30 s; half of the desks are in
use and their sensors see motion, the others say that they live; after 20 minutes the halves change. Every stream is in
order and the publisher ignores receipts, so each event is sent and stored once. The clock runs from the first PUBLISH
until the bare subscriber has seen the last message, or the collector's journal holds it.
"""

import argparse
import json
import multiprocessing
import socket
import sqlite3
import statistics
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

import paho.mqtt.client as mqtt

from collector.run import run
from collector.settings import CollectorSettings
from edge import topics
from edge.broker import BrokerSettings
from edge.message import EventsMessage, Kind, SensorEvent, decode_events, encode
from tests.collector.houses import NOON_MS, house_of
from tests.servers import mosquitto

SENSORS, DEVICES = 500, 20
ROUNDS_IN_USE = 40
"""Twenty minutes of 30 s."""
WINDOW = 1000
"""The publisher's messages in flight."""
BROKER = """allow_anonymous true
listener 1883
max_inflight_messages 1000
max_queued_messages 100000
max_queued_bytes 67108864
"""
PLAN = house_of(SENSORS, DEVICES)
FORK = multiprocessing.get_context("fork")


def backlog(events_each: int, messages: int) -> list[tuple[str, bytes]]:
    """Topic and payload of each message, devices in turn."""
    per_device = SENSORS // DEVICES
    made = []
    seqs = dict.fromkeys(range(DEVICES), 0)
    for number in range(messages):
        device = number % DEVICES
        events = []
        for _ in range(events_each):
            seqs[device] += 1
            turn, part = divmod(seqs[device] - 1, per_device)  # the device's sensors in turn, 30 s a round
            name = f"desk-{part * DEVICES + device}-pir"
            in_use = (turn // ROUNDS_IN_USE + part) % 2
            kind, value = (Kind.MOTION, 1 - turn % 2) if in_use else (Kind.HEARTBEAT, 0)
            at_ms = NOON_MS + turn * 30_000 + part * 1000 + device
            events.append(SensorEvent(seq=seqs[device], sensor=name, at_ms=at_ms, kind=kind, value=value))
        topic = topics.device(PLAN.id, f"pi-{device + 1}", topics.DeviceTopic.EVENTS)
        made.append((topic, encode(EventsMessage("bench", 1, events))))
    return made


def publish(port: int, messages: list[tuple[str, bytes]], go: Event, out: Connection) -> None:
    """Send all messages at QoS 1, at most WINDOW in flight; tell when the first left."""
    packets = [_packet(topic, payload, number % 65_535 + 1) for number, (topic, payload) in enumerate(messages)]
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"\x10\x15\x00\x04MQTT\x04\x02\x00\x00\x00\x09publisher")
        line.recv(4)
        out.send("ready")
        go.wait()
        out.send(time.monotonic())
        sent = acknowledged = 0
        left = 0  # bytes of a PUBACK cut in two
        while acknowledged < len(packets):
            room = min(len(packets), acknowledged + WINDOW)
            if sent < room:
                line.sendall(b"".join(packets[sent:room]))
                sent = room
            left += len(line.recv(65_536))
            acknowledged += left // 4
            left %= 4


def _packet(topic: str, payload: bytes, mid: int) -> bytes:
    body = struct.pack("!H", len(topic)) + topic.encode() + struct.pack("!H", mid) + payload
    length, size = bytearray(), len(body)
    while True:
        size, low = divmod(size, 128)
        length.append(low | (0x80 if size else 0))
        if not size:
            return b"\x32" + bytes(length) + body


def discard(port: int, messages: int, out: Connection) -> None:
    """A bare paho subscriber, as its own documentation has it; tell when the last message came."""
    seen = 0

    def on_message(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == messages:
            out.send(time.monotonic())

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe(topics.every_device(PLAN.id, topics.DeviceTopic.EVENTS), qos=1)
    client.on_subscribe = lambda *_: out.send("ready")
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_forever()


def collect(port: int, path: Path, now_ms: int, stop: Event) -> None:
    """The collector as it ships."""
    settings = CollectorSettings(broker=BrokerSettings(host="127.0.0.1", port=port), journal_path=path)
    stopped = threading.Event()
    threading.Thread(target=lambda: (stop.wait(), stopped.set()), daemon=True).start()
    run(settings, PLAN, lambda: now_ms, stopped)


@contextmanager
def publisher(port: int, messages: list[tuple[str, bytes]]) -> Iterator[Callable[[], float]]:
    """A publisher that is connected and waits; calling what this yields lets it go, and gives its start."""
    go = FORK.Event()
    here, there = FORK.Pipe()
    process = FORK.Process(target=publish, args=(port, messages, go, there))
    process.start()
    here.recv()

    def start() -> float:
        go.set()
        return float(here.recv())

    yield start
    process.join()


def bare_rate(port: int, messages: list[tuple[str, bytes]]) -> float:
    """Messages each second that a bare subscriber discards."""
    here, there = FORK.Pipe()
    process = FORK.Process(target=discard, args=(port, len(messages), there))
    process.start()
    here.recv()
    with publisher(port, messages) as start:
        begun = start()
        ended = here.recv()
    process.terminate()
    process.join()
    return len(messages) / (ended - begun)


def collector_rate(port: int, messages: list[tuple[str, bytes]], events: int) -> float:
    """Messages each second that the collector has on its disk."""
    last_ms = decode_events(messages[-1][1]).events[-1].at_ms
    with tempfile.TemporaryDirectory(prefix="ledig-bench-") as folder:
        path = Path(folder) / "journal.sqlite"
        stop = FORK.Event()
        process = FORK.Process(target=collect, args=(port, path, last_ms, stop))
        process.start()
        _until_subscribed(port)
        with publisher(port, messages) as start:
            begun = start()
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
                while (reader.execute("SELECT total(seq) FROM stream").fetchone()[0]) < events:
                    time.sleep(0.005)
                ended = time.monotonic()
        stop.set()
        process.join()
        with closing(sqlite3.connect(path)) as reader:
            (stored,) = reader.execute("SELECT count(*) FROM event").fetchone()
            (transitions,) = reader.execute("SELECT count(*) FROM transition").fetchone()
        if stored != events or process.exitcode:
            raise SystemExit(f"the collector stored {stored} of {events} events, exit status {process.exitcode}")
        print(f"    stored {stored} events, {transitions} transitions")
    return len(messages) / (ended - begun)


def _until_subscribed(port: int) -> None:
    """Wait for the collector's first word: by then it has subscribed."""
    told = threading.Event()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe(topics.collector(PLAN.id))
    client.on_message = lambda _c, _u, message: told.set() if b'"online":true' in message.payload else None
    client.connect("127.0.0.1", port)
    client.loop_start()
    told.wait(30)
    client.disconnect()
    client.loop_stop()


def compare(title: str, messages: list[tuple[str, bytes]], events: int, pairs: int) -> tuple[float, float]:
    """Run both in turns; return the median rate of each, in messages a second."""
    print(f"{title}: {len(messages)} messages, {events} events, {len(messages[0][1])} bytes each")
    bare, ours = [], []
    with mosquitto(BROKER) as broker:
        for _ in range(pairs):
            bare.append(bare_rate(broker.port, messages))
            print(f"  bare paho  {bare[-1]:9.0f} messages/s")
            ours.append(collector_rate(broker.port, messages, events))
            print(f"  collector  {ours[-1]:9.0f} messages/s, {ours[-1] * events / len(messages):9.0f} events/s")
    return statistics.median(bare), statistics.median(ours)


def decoding(messages: list[tuple[str, bytes]]) -> float:
    """The cost of decode_events beside json.loads, of the same bytes."""
    payloads = [payload for _, payload in messages]
    costs = []
    for decode in (json.loads, decode_events):
        rounds = []
        for _ in range(7):
            begun = time.perf_counter()
            for payload in payloads:
                decode(payload)
            rounds.append((time.perf_counter() - begun) / len(payloads) * 1e6)
        costs.append(statistics.median(rounds))
    print(f"decode and check {costs[1]:.2f} us, json.loads {costs[0]:.2f} us: {costs[1] / costs[0]:.2f}")
    return costs[1] / costs[0]


def main() -> None:
    """Measure, and print each figure beside what is asked of it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--messages", type=int, default=40_000, help="of one event each")
    asked.add_argument("--pairs", type=int, default=5, help="runs of each, in turns")
    options = asked.parse_args()
    single = backlog(1, options.messages)
    decoding(single[:5000])
    bare, ours = compare("one event a message", single, options.messages, options.pairs)
    many = backlog(50, options.messages // 10)
    bare_many, ours_many = compare("50 events a message", many, 50 * len(many), options.pairs)
    print(f"one event a message: {ours / bare:.2f} of bare paho (asked: at least 0.85)")
    print(
        f"50 events a message: {50 * ours_many / ours:.1f} x the events/s of single ones, "
        f"{50 * ours_many / bare:.1f} x bare paho's (asked: at least 4 x); {ours_many / bare_many:.2f} of bare paho"
    )


if __name__ == "__main__":
    main()
