"""Throughput of the collector, compared with a bare paho subscriber that discards the same messages.

Run:   python -m bench.throughput [--messages N] [--pairs N]
In:    a real Mosquitto with the shipped window; a publisher in its own process, with packets built beforehand.
Out:   messages per second of both in turns, and the ratio of each pair: median and range; the same for 50 events per
       message; the cost of decoding and validating compared with json.loads of the same bytes.

The site has 500 desks with a PIR each on 20 devices and runs in fast motion: every sensor sends an event every 30 s of
site time, which advances with what the publisher has sent. Half of the desks are in use and their sensors detect
motion, the others send heartbeats; after 20 minutes the halves change. Site time runs some 2,000 times too fast: the
messages in flight are one minute of it. So here a sensor counts as silent after ten minutes; with the default, sensors
would become silent whenever a message waits for a core. Every stream is in order and the publisher ignores receipts, so
each event is sent and stored once. Time is measured from the first PUBLISH until the bare subscriber has received the
last message, or the collector's journal has stored it.
"""

import argparse
import json
import multiprocessing
import resource
import socket
import sqlite3
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import NamedTuple

import paho.mqtt.client as mqtt

from bench.spread import MIN_RUNS, Spread, parse_runs
from collector.configuration.collector_settings import CollectorSettings
from collector.engine.collector_loop import run_collector
from edge.contract import topics
from edge.contract.broker_client import BrokerSettings
from edge.contract.message import EventKind, EventsMessage, SensorEvent, decode_events, encode
from tests.support.collector.random_sites import NOON_MS, build_desk_plan
from tests.support.servers import mosquitto

SENSORS, DEVICES = 500, 20
DECODING_RUNS = 7
ROUNDS_IN_USE = 40
"""Twenty minutes in rounds of 30 s."""
WINDOW = 1000
"""The publisher's messages in flight."""
BROKER = """allow_anonymous true
listener 1883
max_inflight_messages 1000
max_queued_messages 100000
max_queued_bytes 67108864
"""
SITE_TIME_MS = multiprocessing.RawValue("q", NOON_MS)
"""Site time: the publisher advances it, the collector reads it."""
_SITE = build_desk_plan(SENSORS, DEVICES)
PLAN = replace(_SITE, rules=replace(_SITE.rules, silent_after_heartbeats=20.0))
FORK = multiprocessing.get_context("fork")


class BenchMessage(NamedTuple):
    """One MQTT message."""

    topic: str
    payload: bytes
    at_ms: int
    """Site time of the message."""


def build_messages(events_each: int, messages: int) -> list[BenchMessage]:
    """Build the messages of the devices, in turn."""
    per_device = SENSORS // DEVICES
    built = []
    seqs = dict.fromkeys(range(DEVICES), 0)
    for number in range(messages):
        device = number % DEVICES
        events = []
        for _ in range(events_each):
            seqs[device] += 1
            turn, part = divmod(seqs[device] - 1, per_device)  # the device's sensors in turn, 30 s a round
            name = f"desk-{part * DEVICES + device}-pir"
            in_use = (turn // ROUNDS_IN_USE + part) % 2
            kind, value = (EventKind.MOTION, 1 - turn % 2) if in_use else (EventKind.HEARTBEAT, 0)
            at_ms = NOON_MS + turn * 30_000 + part * 1000 + device
            events.append(SensorEvent(seq=seqs[device], sensor=name, at_ms=at_ms, kind=kind, value=value))
        topic = topics.EVENTS.topic(PLAN.id, f"pi-{device + 1}")
        built.append(BenchMessage(topic, encode(EventsMessage("bench", 1, events)), events[-1].at_ms))
    return built


def publish_all(port: int, messages: list[BenchMessage], go: Event, out: Connection) -> None:
    """Send all messages at QoS 1, at most WINDOW in flight; report when the first was sent."""
    packets = [
        _build_packet(topic, payload, number % 65_535 + 1) for number, (topic, payload, _) in enumerate(messages)
    ]
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"\x10\x15\x00\x04MQTT\x04\x02\x00\x00\x00\x09publisher")
        line.recv(4)
        out.send("ready")
        go.wait()
        out.send(time.monotonic())
        sent = acknowledged = 0
        left = 0  # bytes of a PUBACK that arrived in two parts
        while acknowledged < len(packets):
            room = min(len(packets), acknowledged + WINDOW)
            if sent < room:
                SITE_TIME_MS.value = messages[room - 1].at_ms
                line.sendall(b"".join(packets[sent:room]))
                sent = room
            left += len(line.recv(65_536))
            acknowledged += left // 4
            left %= 4


def _build_packet(topic: str, payload: bytes, mid: int) -> bytes:
    body = struct.pack("!H", len(topic)) + topic.encode() + struct.pack("!H", mid) + payload
    length, size = bytearray(), len(body)
    while True:
        size, low = divmod(size, 128)
        length.append(low | (0x80 if size else 0))
        if not size:
            return b"\x32" + bytes(length) + body


def discard_all(port: int, messages: int, out: Connection) -> None:
    """Run a bare paho subscriber, as in its documentation; report when the last message arrives."""
    seen = 0

    def on_message(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == messages:
            out.send(time.monotonic())

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe(topics.EVENTS.topic_filter(PLAN.id), qos=1)
    client.on_subscribe = lambda *_: out.send("ready")
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_forever()


def run_bench_collector(port: int, path: Path, stop: Event) -> None:
    """Run the collector as shipped."""
    settings = CollectorSettings(broker=BrokerSettings(host="127.0.0.1", port=port), journal_path=path)
    stopped = threading.Event()
    threading.Thread(target=lambda: (stop.wait(), stopped.set()), daemon=True).start()
    run_collector(settings, PLAN, lambda: SITE_TIME_MS.value, stopped)


@contextmanager
def run_publisher(port: int, messages: list[BenchMessage]) -> Iterator[Callable[[], float]]:
    """Run a connected publisher; yield a function that starts it and returns its start time."""
    go = FORK.Event()
    here, there = FORK.Pipe()
    process = FORK.Process(target=publish_all, args=(port, messages, go, there))
    process.start()
    here.recv()

    def start() -> float:
        go.set()
        return float(here.recv())

    yield start
    process.join()


class RunSpeed(NamedTuple):
    """Speed of one run."""

    per_s: float
    """Messages per second."""
    cpu_us: float
    """Microseconds of one core per message; more meaningful than the rate on a shared machine."""


def measure_bare(port: int, messages: list[BenchMessage]) -> RunSpeed:
    """Measure how fast a bare subscriber discards messages."""
    here, there = FORK.Pipe()
    process = FORK.Process(target=discard_all, args=(port, len(messages), there))
    process.start()
    here.recv()
    with run_publisher(port, messages) as start:
        start_s = start()
        ended = here.recv()
    process.terminate()
    return RunSpeed(len(messages) / (ended - start_s), _join_cpu_us(process) / len(messages))


def measure_collector(port: int, messages: list[BenchMessage], events: int) -> RunSpeed:
    """Measure how fast the collector stores messages on disk."""
    SITE_TIME_MS.value = NOON_MS
    with tempfile.TemporaryDirectory(prefix="ledig-bench-") as folder:
        path = Path(folder) / "journal.sqlite"
        stop = FORK.Event()
        process = FORK.Process(target=run_bench_collector, args=(port, path, stop))
        process.start()
        _wait_until_subscribed(port)
        with run_publisher(port, messages) as start:
            start_s = start()
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
                while (reader.execute("SELECT total(seq) FROM stream").fetchone()[0]) < events:
                    time.sleep(0.005)
                ended = time.monotonic()
        stop.set()
        cpu_us = _join_cpu_us(process)
        with closing(sqlite3.connect(path)) as reader:
            (stored,) = reader.execute("SELECT count(*) FROM event").fetchone()
            (transitions,) = reader.execute("SELECT count(*) FROM transition").fetchone()
        if stored != events or process.exitcode:
            raise SystemExit(f"the collector stored {stored} of {events} events, exit status {process.exitcode}")
        print(f"    stored {stored} events, {transitions} transitions")
    return RunSpeed(len(messages) / (ended - start_s), cpu_us / len(messages))


def _join_cpu_us(process: BaseProcess) -> float:
    """Join a process and return its cost in microseconds of one core."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1e6


def _wait_until_subscribed(port: int) -> None:
    """Wait for the collector's first status; by then it has subscribed."""
    online = threading.Event()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe(topics.COLLECTOR_STATUS.topic(PLAN.id))
    client.on_message = lambda _c, _u, message: online.set() if b'"online":true' in message.payload else None
    client.connect("127.0.0.1", port)
    client.loop_start()
    online.wait(30)
    client.disconnect()
    client.loop_stop()


def compare_pairs(title: str, messages: list[BenchMessage], events: int, pairs: int) -> list[tuple[RunSpeed, RunSpeed]]:
    """Run both in turns; return each pair's rates, the bare subscriber's first."""
    print(f"{title}: {len(messages)} messages, {events} events, {len(messages[0].payload)} bytes each")
    bare, ours = [], []
    with mosquitto(BROKER) as broker:
        for _ in range(pairs):
            bare.append(measure_bare(broker.port, messages))
            print(f"  bare paho  {bare[-1].per_s:9.0f} messages/s, {bare[-1].cpu_us:6.1f} us each")
            ours.append(measure_collector(broker.port, messages, events))
            print(
                f"  collector  {ours[-1].per_s:9.0f} messages/s, {ours[-1].cpu_us:6.1f} us each,"
                f" {ours[-1].per_s * events / len(messages):9.0f} events/s"
            )
    return list(zip(bare, ours, strict=True))


def compare_decoding(title: str, messages: list[BenchMessage]) -> None:
    """Print the cost of decode_events and of json.loads for the same bytes."""
    payloads = [message.payload for message in messages]

    def cost_us(decode: Callable[[bytes], object]) -> float:
        start_s = time.perf_counter()
        for payload in payloads:
            decode(payload)
        return (time.perf_counter() - start_s) / len(payloads) * 1e6

    pairs = [(cost_us(decode_events), cost_us(json.loads)) for _ in range(DECODING_RUNS)]
    ours, theirs = (Spread.of(costs) for costs in zip(*pairs, strict=True))
    ratio = Spread.of(mine / other for mine, other in pairs)
    print(f"{title}: decode and validate {ours.median:.2f} us, json.loads {theirs.median:.2f} us: {ratio.format()}")


def main() -> None:
    """Measure, and print each figure with its goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=40_000, help="number of messages with one event each")
    parser.add_argument("--pairs", type=parse_runs, default=MIN_RUNS, help="number of runs of each, in turns")
    options = parser.parse_args()
    single = build_messages(1, options.messages)
    compare_decoding("one event a message", single[:5000])
    pairs = compare_pairs("one event a message", single, options.messages, options.pairs)
    many = build_messages(50, options.messages // 10)
    compare_decoding("50 events a message", many[:200])
    pairs_many = compare_pairs("50 events a message", many, 50 * len(many), options.pairs)
    ratio = Spread.of(ours.per_s / bare.per_s for bare, ours in pairs)
    cpu = Spread.of(ours.cpu_us / bare.cpu_us for bare, ours in pairs)
    print(
        f"one event a message: {ratio.format()} of bare paho's messages/s (goal: at least 0.85),"
        f" {cpu.format()} of its CPU"
    )
    in_events = Spread.of(50 * many.per_s / bare.per_s for (bare, _), (_, many) in zip(pairs, pairs_many, strict=True))
    event_us = Spread.of(ours.cpu_us / 50 for _, ours in pairs_many)
    bare_many = Spread.of(bare.per_s for bare, _ in pairs_many)
    print(f"50 events a message: {in_events.format(1)} x that in events/s (goal: at least 4)")
    print(f"  at {event_us.format(1)} us an event; bare paho takes {bare_many.format(0)} such messages/s")


if __name__ == "__main__":
    main()
