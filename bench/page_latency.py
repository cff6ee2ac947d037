"""Latency from an event on the broker until a page in Chromium has drawn it.

Run:   python -m bench.page_latency [--rate N] [--seconds N]
In:    events as five devices publish them, a real Mosquitto, collector and dashboard as processes, the first page of a
       site with a hundred desks in real Chromium, in a phone's window.
Out:   median, 95 and 99 % and maximum of the milliseconds from the event's publication until the browser draws the
       frame in which its desk has the new state; events whose state the page never drew.

Both ends use the same machine's clock. The page timestamps a change of a desk's symbol when the browser is about to
draw it (`requestAnimationFrame`), so the wait for that frame is part of the figure. No sensor is debounced here.
"""

import argparse
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page, expect

from bench.latency import DESKS, DEVICES, PLAN, print_delays
from collector.configuration.collector_settings import CollectorSettings
from dashboard.configuration.dashboard_settings import DashboardSettings
from edge.contract import topics
from edge.contract.broker_client import create_client
from edge.contract.message import EventKind, EventsMessage, SensorEvent, encode
from tests.support.browser import chromium
from tests.support.processes import running_collector, running_dashboard
from tests.support.servers import Mosquitto, find_free_port, mosquitto

P99_MS = 500
WARM_UP_S = 3.0
# records each changed desk symbol with its state and the time at which the browser drew it
RECORD_DRAWN = """() => {
  window.drawn = [];
  const code = (mark) => (mark.getAttribute('class').match(/(?:^| )s-(.)(?: |$)/) || [])[1];
  const held = new Map();
  new MutationObserver((changes) => {
    const changed = [];
    for (const mark of new Set(changes.map((change) => change.target))) {
      const now = code(mark);
      if (!/^s[0-9]+$/.test(mark.id) || !now || held.get(mark) === now) continue;
      held.set(mark, now);
      changed.push([Number(mark.id.slice(1)), now]);
    }
    if (changed.length) requestAnimationFrame(() => {
      const at = Date.now();
      for (const [desk, now] of changed) window.drawn.push([desk, now, at]);
    });
  }).observe(document.body, { subtree: true, attributeFilter: ['class'] });
}"""


class PublishedEvent(NamedTuple):
    """At `at_ms` somebody sat down at a desk, or stood up; the page must draw `code` for it."""

    at_ms: float
    desk: int
    code: str


class SimulatedDesks:
    """Simulates people who sit down and stand up, each desk in turn, with the events of five devices."""

    def __init__(self, stack: ExitStack, broker: Mosquitto) -> None:
        self._turns = random.sample(range(len(DESKS)), len(DESKS))
        self._is_taken = [False] * len(DESKS)
        self._seqs: Counter[str] = Counter()
        self._clients: dict[str, Any] = {}
        for number in range(DEVICES):
            settings = broker.settings(f"pi-{number}")
            device = self._clients[f"pi-{number}"] = create_client(settings, f"bench-{number}")
            device.connect(settings.host, settings.port)
            device.loop_start()
            stack.callback(device.loop_stop)
            stack.callback(device.disconnect)

    def publish_changes(self, rate: float, seconds: float) -> list[PublishedEvent]:
        """Publish `rate` events a second."""
        sent: list[PublishedEvent] = []
        start_s = time.monotonic()
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, start_s + number / rate - time.monotonic()))
            desk = self._turns[number % len(DESKS)]
            self._is_taken[desk] = not self._is_taken[desk]
            sent.append(PublishedEvent(time.time() * 1000, desk, "o" if self._is_taken[desk] else "a"))
            self._publish(desk)
        return sent

    def _publish(self, desk: int) -> None:
        device, pin = DESKS[desk]
        self._seqs[device] += 1
        event = SensorEvent(
            seq=self._seqs[device],
            sensor=f"mat-{pin}",
            at_ms=time.time_ns() // 1_000_000,
            kind=EventKind.PRESSURE,
            value=float(self._is_taken[desk]),
        )
        topic = topics.EVENTS.topic(PLAN.id, device)
        self._clients[device].publish(topic, encode(EventsMessage("bench", 1, [event])), qos=1)


def open_page(stack: ExitStack, port: int) -> Page:
    """Open the first page in a phone's window and record what it draws."""
    context = stack.enter_context(chromium()).new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}/")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    page.evaluate(RECORD_DRAWN)
    return page


def drawing_delays_ms(sent: list[PublishedEvent], drawn: list[tuple[int, str, float]]) -> Iterator[float]:
    """Yield the time from each event until its desk was drawn; infinite if it never was."""
    of_desk = defaultdict(list)
    for desk, code, at_ms in drawn:
        of_desk[desk, code].append(at_ms)
    for at_ms, desk, code in sent:
        yield next((drawn_ms - at_ms for drawn_ms in of_desk[desk, code] if drawn_ms >= at_ms - 1), float("inf"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=100.0, help="events a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(mosquitto(devices=[f"pi-{number}" for number in range(DEVICES)]))
        journal, port = folder / "journal.sqlite", find_free_port()
        collector_settings = CollectorSettings(broker=broker.settings("collector"), journal_path=journal)
        dashboard_settings = DashboardSettings(
            broker=broker.settings("dashboard"), accounts_path=folder / "accounts", journal_path=journal, port=port
        )
        stack.enter_context(running_collector(folder, collector_settings, PLAN))
        stack.enter_context(running_dashboard(folder, dashboard_settings, PLAN))
        people = SimulatedDesks(stack, broker)
        page = open_page(stack, port)
        people.publish_changes(options.rate, WARM_UP_S)
        sent = people.publish_changes(options.rate, options.seconds)
        page.wait_for_timeout(1500)
        delays = list(drawing_delays_ms(sent, page.evaluate("window.drawn")))
    print(f"{options.rate:g} events/s, {options.seconds:g} s, the first page in Chromium")
    print(f"{'milliseconds':<34}{'median':>9}{'95 %':>9}{'99 %':>9}{'most':>9}{'count':>10}")
    print_delays("event on the broker to pixel", delays, f"goal: 99 % {P99_MS}")
    print(f"never drawn: {delays.count(float('inf'))} of {len(delays)}")


if __name__ == "__main__":
    main()
