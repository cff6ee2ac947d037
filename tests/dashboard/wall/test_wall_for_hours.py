"""Memory of the wall screen over hours, at one minute per second; --full runs eight hours."""

import time

import pytest
from playwright.sync_api import CDPSession, expect

from collector.contract.states import Occupancy
from dashboard.configuration.dashboard_settings import DashboardSettings
from edge.timekeeping.durations import MINUTE_S
from tests.support.dashboard.fixture_types import OpenScreen
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.stage import CollectorPublisher, build_state

pytestmark = pytest.mark.browser

SPEED = 60
"""Speed of the screen's clocks; the site publishes changes at its usual rate of ten frames a second."""
MOST_GROWTH = 5_000_000
"""Bytes in eight hours; proportionally less in fewer."""
NOISE = 400_000
"""Compiled code and caches vary; about 20 kB were measured."""

# all clocks and timers of the page run SPEED times as fast
FASTER = """(() => {
  const speed = %d, now = performance.now.bind(performance), date = Date.now, born = date();
  performance.now = () => now() * speed;
  Date.now = () => born + (date() - born) * speed;
  for (const name of ['setTimeout', 'setInterval']) {
    const plain = window[name].bind(window);
    window[name] = (work, delay = 0, ...rest) => plain(work, delay / speed, ...rest);
  }
})()"""


def measure_memory(devtools: CDPSession) -> dict[str, int]:
    """Return the page's memory after garbage collection: bytes of JavaScript, nodes, listeners."""
    for _ in range(3):
        devtools.send("HeapProfiler.collectGarbage")
    counters = devtools.send("Memory.getDOMCounters")
    used = devtools.send("Runtime.getHeapUsage")["usedSize"]
    return {"bytes": int(used), "nodes": counters["nodes"], "listeners": counters["jsEventListeners"]}


def test_memory_of_the_screen_does_not_grow_over_hours(
    opened: OpenScreen, site: tuple[DashboardSettings, CollectorPublisher], full: bool
) -> None:
    settings, publisher = site
    hours = 8.0 if full else 0.25
    desks = [space.id for space in PLAN.spaces if space.is_offered]
    turns = [Occupancy.OCCUPIED, Occupancy.AWAY, Occupancy.VACANT, Occupancy.UNKNOWN]

    def pass_time(minutes: float) -> int:
        changes, until_s = 0, time.monotonic() + minutes * MINUTE_S / SPEED
        while time.monotonic() < until_s:
            publisher.publish_states({desks[changes % len(desks)]: build_state(turns[changes % len(turns)])})
            changes += 1
            page.wait_for_timeout(50)
        return changes

    with opened(settings) as page:
        page.add_init_script(FASTER % SPEED)
        page.goto("/wall")
        expect(page.locator("body")).to_have_attribute("data-follows", "")
        devtools = page.context.new_cdp_session(page)
        page.evaluate("window.untouched = true")
        pass_time(3)
        before = measure_memory(devtools)
        changes = pass_time(hours * 60)
        after = measure_memory(devtools)
        print(f"{hours} h, {changes} changes: from {before} to {after}")  # noqa: T201 - a figure of the test
        assert page.evaluate("window.untouched"), "the page reloaded, so nothing was measured"
        assert after["bytes"] - before["bytes"] <= max(NOISE, MOST_GROWTH * hours / 8)
        assert after["nodes"] <= before["nodes"] + 100
        assert after["listeners"] <= before["listeners"] + 5
