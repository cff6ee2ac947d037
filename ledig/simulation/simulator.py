"""Simulate people who use a site, with the real edge agents on mock pins.

In:    the plan, the devices, the site's clock.
Out:   the messages that the agents publish; collector and dashboard see no difference from a real site.
Never: a short cut past the agents.
"""

import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from collector.site.site_plan import SitePlan
from edge import agent
from edge.configuration.device_settings import DeviceSettings
from edge.timekeeping.machine_clock import Clock
from ledig.simulation.signals import SensorSignal, compute_signals
from ledig.simulation.simulated_day import simulate_day
from ledig.simulation.wired_pins import SimulatedWiring

SIMULATION_SEED = 1
"""Every simulated site has the same days, so that others can reproduce what somebody saw."""


def simulate_devices(
    plan: SitePlan, devices: tuple[DeviceSettings, ...], clock: Clock, folder: Path, stop: threading.Event
) -> None:
    """Simulate every device, each agent in a thread, until `stop` is set.

    Args:
        plan: the site.
        devices: its devices, with brokers that accept them.
        clock: site time.
        folder: folder for the files of meters and air sensors.
        stop: set this to end the simulation.

    Raises:
        Exception: the error that ended an agent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wires = {device.device: SimulatedWiring(device, folder) for device in devices}
    upcoming = generate_signals(plan, _today(plan, clock))
    sign = _catch_up(upcoming, wires, clock.now_ms())
    faults: list[Exception] = []

    def run_agent(simulated: SimulatedWiring) -> None:
        try:
            agent.run_agent(simulated.settings, clock, simulated.factory, stop)
        except Exception as fault:  # noqa: BLE001 - raised again below, in the thread that waits
            fault.add_note(f'in thread "{threading.current_thread().name}"')
            faults.append(fault)
            stop.set()

    threads = [threading.Thread(target=run_agent, args=(simulated,), name=name) for name, simulated in wires.items()]
    for thread in threads:
        thread.start()
    try:
        while _wait_until(sign.at_ms, clock, stop):
            _apply(sign, wires)
            sign = next(upcoming)
    finally:
        stop.set()  # also after a fault: remaining agents would make the process look healthy
        for thread in threads:
            thread.join()
    if faults:
        raise faults[0]


def generate_signals(plan: SitePlan, date: date) -> Iterator[SensorSignal]:
    """Yield the signals of that day and of every later one."""
    while True:
        yield from compute_signals(plan, simulate_day(plan, date, SIMULATION_SEED), SIMULATION_SEED)
        date += timedelta(days=1)


def _today(plan: SitePlan, clock: Clock) -> date:
    return datetime.fromtimestamp(clock.now_ms() / 1000, plan.time_zone).date()


def _catch_up(upcoming: Iterator[SensorSignal], wires: dict[str, SimulatedWiring], now_ms: int) -> SensorSignal:
    """Set pins and files to their present values; return the first signal in the future."""
    latest: dict[tuple[tuple[str, str], str], SensorSignal] = {}
    sign = next(upcoming)
    while sign.at_ms <= now_ms:
        if sign.quantity != "crossing":  # a crossing is momentary
            latest[sign.sensor, sign.quantity] = sign
        sign = next(upcoming)
    for past in latest.values():
        _apply(past, wires)
    return sign


def _apply(sign: SensorSignal, wires: dict[str, SimulatedWiring]) -> None:
    if simulated := wires.get(sign.sensor[0]):
        simulated.apply_signal(sign)


def _wait_until(at_ms: int, clock: Clock, stop: threading.Event) -> bool:
    """Wait for a site time; return False if `stop` is set first."""
    while not stop.is_set():
        left_ms = at_ms - clock.now_ms()
        if left_ms <= 0:
            return True
        stop.wait(clock.seconds_until(clock.monotonic_ms() + left_ms))
    return False
