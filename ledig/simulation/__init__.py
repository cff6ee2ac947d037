"""Lets invented people use a house through the real edge agents, on mock pins.

In:    the plan, the devices, the house's clock.
Out:   what the agents tell the broker; for collector and dashboard there is no difference to a real house.
Never: a short cut past the agents.
"""

import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from collector.plan import SitePlan
from edge import agent
from edge.clock import Clock
from edge.settings import DeviceSettings
from ledig.simulation.people import day
from ledig.simulation.signs import Sign, signs
from ledig.simulation.wires import Wires

SEED = 1
"""Every simulated house lives the same days, so that what one person saw another can look at."""


def run(plan: SitePlan, devices: tuple[DeviceSettings, ...], clock: Clock, folder: Path, stop: threading.Event) -> None:
    """Simulate every device, each agent in a thread, until `stop` is set.

    Args:
        plan: the house.
        devices: its devices, with brokers that let them in.
        clock: house time.
        folder: where the files of meters and air sensors are.
        stop: ends it.

    Raises:
        Exception: whatever an agent died of.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wires = {device.device: Wires(device, folder) for device in devices}
    upcoming = days_from(plan, _today(plan, clock))
    sign = _catch_up(upcoming, wires, clock.now_ms())
    died: list[Exception] = []

    def live(wired: Wires) -> None:
        try:
            agent.run(wired.settings, clock, wired.factory, stop)
        except Exception as fault:  # noqa: BLE001 - raised again below, in the thread that waits
            fault.add_note(f'in thread "{threading.current_thread().name}"')
            died.append(fault)
            stop.set()

    threads = [threading.Thread(target=live, args=(wired,), name=name) for name, wired in wires.items()]
    for thread in threads:
        thread.start()
    try:
        while _wait_until(sign.at_ms, clock, stop):
            _feel(sign, wires)
            sign = next(upcoming)
    finally:
        stop.set()  # also after a fault: agents that go on alone would make a process that looks alive
        for thread in threads:
            thread.join()
    if died:
        raise died[0]


def days_from(plan: SitePlan, date: date) -> Iterator[Sign]:
    """The signs of that day and of every later one."""
    while True:
        yield from signs(plan, day(plan, date, SEED), SEED)
        date += timedelta(days=1)


def _today(plan: SitePlan, clock: Clock) -> date:
    return datetime.fromtimestamp(clock.now_ms() / 1000, plan.time_zone).date()


def _catch_up(upcoming: Iterator[Sign], wires: dict[str, Wires], now_ms: int) -> Sign:
    """Bring pins and files to where they stand now; return the first sign that lies ahead."""
    standing: dict[tuple[tuple[str, str], str], Sign] = {}
    sign = next(upcoming)
    while sign.at_ms <= now_ms:
        if sign.part != "crossing":  # that is over
            standing[sign.sensor, sign.part] = sign
        sign = next(upcoming)
    for past in standing.values():
        _feel(past, wires)
    return sign


def _feel(sign: Sign, wires: dict[str, Wires]) -> None:
    if wired := wires.get(sign.sensor[0]):
        wired.feel(sign)


def _wait_until(at_ms: int, clock: Clock, stop: threading.Event) -> bool:
    """Wait for a moment of house time; whether it came before `stop`."""
    while not stop.is_set():
        left_ms = at_ms - clock.now_ms()
        if left_ms <= 0:
            return True
        stop.wait(clock.seconds_until(clock.monotonic_ms() + left_ms))
    return False
