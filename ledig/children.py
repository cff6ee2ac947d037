"""Entry points of the child processes of `ledig up`. Imports are local, so that a child loads only its own packages.

In:    settings, and the stop event.
Out:   a running process, until `stop` is set.
Never: logic of its own.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collector.plan import SitePlan
    from collector.settings import CollectorSettings
    from collector.site_time import TimeSource
    from dashboard.settings import DashboardSettings
    from edge.settings import DeviceSettings
    from ledig.clock import HouseClock
    from ledig.house_broker import HouseBrokerSettings


def broker(settings: "HouseBrokerSettings", stop: threading.Event) -> None:
    """Run the embedded broker."""
    from ledig.house_broker import serve

    serve(settings, stop)


def collector(settings: "CollectorSettings", plan: "SitePlan", source: "TimeSource", stop: threading.Event) -> None:
    """Run the collector."""
    from collector.run import run

    run(settings, plan, source, stop)


def dashboard(settings: "DashboardSettings", plan: "SitePlan", source: "TimeSource", stop: threading.Event) -> None:
    """Run the dashboard."""
    from dashboard.server import serve

    serve(settings, plan, source, stop)


def people(
    plan: "SitePlan", devices: "tuple[DeviceSettings, ...]", clock: "HouseClock", folder: Path, stop: threading.Event
) -> None:
    """Run all devices of the site with simulated people."""
    from ledig.simulation import run

    run(plan, devices, clock, folder, stop)


def device(settings: "DeviceSettings", stop: threading.Event) -> None:
    """Run one real device on this machine's pins."""
    from edge import agent
    from ledig.processes import own_clock, pin_factory

    agent.run(settings, own_clock(settings), pin_factory("lgpio"), stop)
