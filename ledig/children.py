"""What each process of `ledig up` does. Every import is inside: a child loads its own part of the house alone.

In:    settings, and the event that stops it.
Out:   the part of the house, until `stop` is set.
Never: judgement; this only opens the right room.
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
    """The embedded broker."""
    from ledig.house_broker import serve

    serve(settings, stop)


def collector(settings: "CollectorSettings", plan: "SitePlan", source: "TimeSource", stop: threading.Event) -> None:
    """The collector."""
    from collector.run import run

    run(settings, plan, source, stop)


def dashboard(settings: "DashboardSettings", plan: "SitePlan", source: "TimeSource", stop: threading.Event) -> None:
    """The dashboard."""
    from dashboard.server import serve

    serve(settings, plan, source, stop)


def people(
    plan: "SitePlan", devices: "tuple[DeviceSettings, ...]", clock: "HouseClock", folder: Path, stop: threading.Event
) -> None:
    """Every device of the site, with invented people."""
    from ledig.simulation import run

    run(plan, devices, clock, folder, stop)


def device(settings: "DeviceSettings", stop: threading.Event) -> None:
    """One real device, on this machine's own pins."""
    from edge import agent
    from ledig.processes import own_clock, pin_factory

    agent.run(settings, own_clock(settings), pin_factory("lgpio"), stop)
