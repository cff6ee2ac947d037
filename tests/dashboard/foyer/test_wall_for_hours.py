"""The screen in the foyer runs for weeks, and nothing in it grows. Its hours pass a minute a second; --full: eight."""

import time

import pytest
from playwright.sync_api import CDPSession, expect

from collector.outward import Occupancy
from dashboard.settings import DashboardSettings
from tests.dashboard.foyer.conftest import Opened
from tests.dashboard.house import PLAN
from tests.dashboard.stage import Voice, state

pytestmark = pytest.mark.browser

SPEED = 60
"""How fast the screen's own clocks run; the house tells its changes at its usual pace, ten frames a second."""
MINUTE_S = 60
MOST_GROWTH = 5_000_000
"""In eight hours; in fewer, its share."""
NOISE = 400_000
"""Compiled code and caches come and go; measured are some 20 kB."""

# every clock and timer of the page runs SPEED times as fast
FASTER = """(() => {
  const speed = %d, now = performance.now.bind(performance), date = Date.now, born = date();
  performance.now = () => now() * speed;
  Date.now = () => born + (date() - born) * speed;
  for (const name of ['setTimeout', 'setInterval']) {
    const plain = window[name].bind(window);
    window[name] = (work, delay = 0, ...rest) => plain(work, delay / speed, ...rest);
  }
})()"""


def held(devtools: CDPSession) -> dict[str, int]:
    """What the page holds after its garbage is collected: bytes of JavaScript, nodes, listeners."""
    for _ in range(3):
        devtools.send("HeapProfiler.collectGarbage")
    counters = devtools.send("Memory.getDOMCounters")
    used = devtools.send("Runtime.getHeapUsage")["usedSize"]
    return {"bytes": int(used), "nodes": counters["nodes"], "listeners": counters["jsEventListeners"]}


def test_a_screen_that_runs_for_hours_holds_no_more_than_in_its_first_minutes(
    opened: Opened, told: tuple[DashboardSettings, Voice], full: bool
) -> None:
    settings, speaker = told
    hours = 8.0 if full else 0.25
    desks = [space.id for space in PLAN.spaces if space.offered]
    turns = [Occupancy.OCCUPIED, Occupancy.AWAY, Occupancy.VACANT, Occupancy.UNKNOWN]

    def pass_time(minutes: float) -> int:
        changes, until_s = 0, time.monotonic() + minutes * MINUTE_S / SPEED
        while time.monotonic() < until_s:
            speaker.say({desks[changes % len(desks)]: state(turns[changes % len(turns)])})
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
        before = held(devtools)
        changes = pass_time(hours * 60)
        after = held(devtools)
        print(f"{hours} h, {changes} changes: from {before} to {after}")  # noqa: T201 - a figure that is asked for
        assert page.evaluate("window.untouched"), "it loaded itself anew, so nothing was measured"
        assert after["bytes"] - before["bytes"] <= max(NOISE, MOST_GROWTH * hours / 8)
        assert after["nodes"] <= before["nodes"] + 100
        assert after["listeners"] <= before["listeners"] + 5
