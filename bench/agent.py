"""Cost of an agent at rest: resident memory compared with a bare Python, and processor time.

Run:   python -m bench.agent [--seconds S] [--runs N]
In:    a real Mosquitto with the shipped configuration; `ledig edge` as an installer starts it, in its own process, with
       sixteen PIRs on gpiozero's mock pins; a collector that sends receipts.
Out:   the agent's resident memory, that of a bare `python -c` in the same run, and their ratio: median and range;
       the agent's share of one core over S seconds at rest, heartbeats included.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.spread import MIN_RUNS, Spread, parse_runs
from tests.support.edge.site import DEVICE, SITE, FakeCollector
from tests.support.servers import Mosquitto, mosquitto

SENSORS = 16
CPU_GOAL_PCT = 0.2
REST_S = 3.0
"""After this time at rest, an agent's memory no longer changes."""
_SITE = """
[site]
id = "{site}"
name = "Spinneriet"
time_zone = "Europe/Stockholm"
[broker]
host = "{host}"
port = {port}
password_directory = "{folder}/passwords"
[storage]
directory = "{folder}"
[[floor]]
id = "floor-1"
name = "Floor 1"
width_m = 30.0
depth_m = 10.0
[[zone]]
id = "zone-1"
name = "Zone 1"
floor = "floor-1"
x_m = 0.0
y_m = 0.0
width_m = 30.0
depth_m = 10.0
[[device]]
id = "{device}"
clock = "host"
"""
_SENSOR = """
[[device.sensor]]
kind = "pir"
id = "desk-{number}-pir"
space = "desk-{number}"
pin = {pin}
"""
_SPACE = """
[[space]]
id = "desk-{number}"
name = "Desk {number}"
kind = "desk"
zone = "zone-1"
x_m = {number}.5
y_m = 2.0
"""


def write_site_file(folder: Path, server: Mosquitto) -> Path:
    """Write the site file of sixteen desks on one device."""
    settings = server.settings(DEVICE)
    passwords = folder / "passwords"
    passwords.mkdir(mode=0o700)
    (passwords / DEVICE).touch(mode=0o600)
    (passwords / DEVICE).write_text(f"{settings.password}\n")
    text = _SITE.format(site=SITE, host=server.host, port=server.port, folder=folder, device=DEVICE)
    text += "".join(_SENSOR.format(number=number, pin=number + 4) for number in range(SENSORS))
    text += "".join(_SPACE.format(number=number) for number in range(SENSORS))
    path = folder / "site.toml"
    path.write_text(text)
    return path


@contextmanager
def run_python(*command: str) -> Iterator[psutil.Process]:
    """Run a process of this interpreter until the block ends."""
    with subprocess.Popen([sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        try:
            yield psutil.Process(started.pid)
        finally:
            started.terminate()


def measure_bare_bytes() -> int:
    """Return the resident memory of a Python process that only waits."""
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as bare:
        try:
            if bare.stdout is not None:
                bare.stdout.readline()  # the process is up and waits for input
            return int(psutil.Process(bare.pid).memory_info().rss)
        finally:
            bare.terminate()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="length of the run whose processor time is measured")
    parser.add_argument("--runs", type=parse_runs, default=MIN_RUNS, help="number of starts whose memory is measured")
    options = parser.parse_args()
    ratios: list[float] = []
    for number in range(options.runs):
        last = number == options.runs - 1
        with tempfile.TemporaryDirectory() as folder, mosquitto() as server, FakeCollector(server) as collector:
            site = str(write_site_file(Path(folder), server))
            bare = measure_bare_bytes()
            with run_python("-m", "ledig", "edge", site, "--device", DEVICE, "--pins", "mock") as agent:
                collector.wait_for(
                    lambda collector=collector: len(collector.events) >= SENSORS, "the present level of each sensor"
                )
                before = agent.cpu_times()
                delivered = len(collector.events)
                wait_for_agent(agent, options.seconds if last else REST_S)
                after = agent.cpu_times()
                memory = int(agent.memory_info().rss)
                threads = agent.num_threads()
        ratios.append(memory / bare)
        print(f"memory: agent {memory / 1e6:.1f} MB, bare Python {bare / 1e6:.1f} MB, {threads} threads")
    used_s = after.user + after.system - before.user - before.system
    print(f"memory: {Spread.of(ratios).format()} x a bare Python's")
    print(f"processor: {100 * used_s / options.seconds:.2f} % of a core over {options.seconds:g} s", end="")
    print(f" (goal {CPU_GOAL_PCT} %), {len(collector.events) - delivered} heartbeats and changes delivered")


def wait_for_agent(agent: psutil.Process, seconds: float) -> None:
    """Let the agent run; raise if it ends."""
    try:
        status = agent.wait(seconds)
    except psutil.TimeoutExpired:
        return
    raise SystemExit(f"the agent ended with {status}")


if __name__ == "__main__":
    main()
