"""Entry points of the child processes of `ledig up`. Imports are local, so that a child loads only its own packages.

In:    settings, and the stop event.
Out:   a running process, until `stop` is set.
Never: logic of its own.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collector.configuration.collector_settings import CollectorSettings
    from collector.site.site_plan import SitePlan
    from collector.timekeeping.site_time import TimeSource
    from dashboard.configuration.dashboard_settings import DashboardSettings
    from edge.configuration.device_settings import DeviceSettings
    from ledig.runtime.scaled_clock import SimulatedClock
    from ledig.up.embedded_broker import EmbeddedBrokerSettings


def run_broker(settings: "EmbeddedBrokerSettings", stop: threading.Event) -> None:
    """Run the embedded broker."""
    from ledig.up.embedded_broker import serve_broker

    serve_broker(settings, stop)


def run_collector_child(
    settings: "CollectorSettings", plan: "SitePlan", source: "TimeSource", stop: threading.Event
) -> None:
    """Run the collector."""
    from collector.engine.collector_loop import run_collector

    run_collector(settings, plan, source, stop)


def run_dashboard(settings: "DashboardSettings", plan: "SitePlan", source: "TimeSource", stop: threading.Event) -> None:
    """Run the dashboard."""
    from dashboard.server import serve_dashboard

    serve_dashboard(settings, plan, source, stop)


def run_simulation(
    plan: "SitePlan",
    devices: "tuple[DeviceSettings, ...]",
    clock: "SimulatedClock",
    folder: Path,
    stop: threading.Event,
) -> None:
    """Run all devices of the site with simulated people."""
    from ledig.simulation.simulator import simulate_devices

    simulate_devices(plan, devices, clock, folder, stop)


def run_device(settings: "DeviceSettings", stop: threading.Event) -> None:
    """Run one real device on this machine's pins."""
    from edge import agent
    from ledig.runtime.processes import create_device_clock, create_pin_factory

    agent.run_agent(settings, create_device_clock(settings), create_pin_factory("lgpio"), stop)
