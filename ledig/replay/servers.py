"""The servers of a replay: a real Mosquitto and a real collector, each in its own process.

In:    a folder; the plan; the shared value with the site time.
Out:   the address of the broker; a collector that runs until the context ends.
Never: the recording.
"""

import getpass
import multiprocessing
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from collector.configuration.collector_settings import CollectorSettings
from collector.engine import collector_loop
from collector.site.site_plan import SitePlan
from edge.contract.broker_client import BrokerAway, BrokerSettings
from edge.contract.hosts import LOOPBACK
from ledig.runtime.stopping import stop_with_parent

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

_USER: Final = "replay"
_SYSTEM_FOLDERS: Final = "/usr/sbin:/usr/local/sbin"
"""Debian installs the broker in a folder that only root has in PATH."""
_START_TIMEOUT_S: Final = 20.0
_END_TIMEOUT_S: Final = 10.0


class ReplayAway(ConnectionError):
    """A server of the replay is missing or has ended. The same call may succeed later."""


@contextmanager
def run_mosquitto(folder: Path) -> Iterator[BrokerSettings]:
    """Run a broker on a free local port, with one user and a random password.

    Raises:
        ReplayAway: Mosquitto is not installed, or did not start.
    """
    port, password = _free_port(), secrets.token_urlsafe(24)
    passwords, config, log = folder / "passwords", folder / "mosquitto.conf", folder / "mosquitto.log"
    passwords.touch(mode=0o600)
    passwords.write_text(f"{_USER}:{password}\n")
    subprocess.run([_find_program("mosquitto_passwd"), "-U", str(passwords)], check=True, capture_output=True)  # noqa: S603
    config.write_text(
        f"listener {port} {LOOPBACK}\nallow_anonymous false\npassword_file {passwords}\n"
        f"user {getpass.getuser()}\nset_tcp_nodelay true\nmax_queued_messages 10000\nlog_dest stderr\n"
    )
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - constant arguments
            [_find_program("mosquitto"), "-c", str(config)], stdout=output, stderr=output, start_new_session=True
        )
    try:
        _await_listening(process, port, log)
        yield BrokerSettings(host=LOOPBACK, port=port, user=_USER, password=password)
    finally:
        process.kill()  # none of its data is kept, and the child inherits a blocked SIGTERM
        process.wait(_END_TIMEOUT_S)


@contextmanager
def start_collector(settings: CollectorSettings, plan: SitePlan, now_ms: "Synchronized[int]") -> Iterator[BaseProcess]:
    """Run a collector whose site time is the value of `now_ms`."""
    context = multiprocessing.get_context("spawn")  # a fork would copy locks held by other threads
    process = context.Process(target=_collect, args=(settings, plan, now_ms), name="collector")
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join(_END_TIMEOUT_S)
        if process.is_alive():
            process.kill()
            process.join()


def _collect(settings: CollectorSettings, plan: SitePlan, now_ms: "Synchronized[int]") -> None:
    """Run in the collector's process. An error that ends it is printed in one line."""
    stop = stop_with_parent()
    try:
        collector_loop.run_collector(settings, plan, lambda: now_ms.value, stop)
    except (ValueError, ConnectionError) as fault:
        print(fault, file=sys.stderr)  # noqa: T201 - output of the command
        sys.exit(3)


def _find_program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_FOLDERS}")
    if found is None:
        raise ReplayAway(f"{name} is not installed, and a replay needs a broker; run: sudo apt install mosquitto")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _await_listening(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise BrokerAway(f"mosquitto did not start: {log.read_text(errors='replace').strip()}")
