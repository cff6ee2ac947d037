"""The servers of a replay: a real Mosquitto and a real collector, each a process of its own.

In:    a folder; the plan; where house time is shared.
Out:   how to reach the broker; a collector that runs until it is let go.
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

from collector import run as collecting
from collector.plan import SitePlan
from collector.settings import CollectorSettings
from edge.broker import BrokerAway, BrokerSettings
from ledig.stopping import stop_with_parent

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

_HOST: Final = "127.0.0.1"
_USER: Final = "replay"
_SYSTEM_FOLDERS: Final = "/usr/sbin:/usr/local/sbin"
"""Debian puts the broker where only root's PATH looks."""
_START_S: Final = 20.0
_END_S: Final = 10.0


class ReplayAway(ConnectionError):
    """A server of the replay is missing or has ended. The same call may succeed later."""


@contextmanager
def mosquitto(folder: Path) -> Iterator[BrokerSettings]:
    """A broker on a free port of this machine, with one user and a password of this run.

    Raises:
        ReplayAway: it is not installed, or did not start.
    """
    port, password = _free_port(), secrets.token_urlsafe(24)
    passwords, config, said = folder / "passwords", folder / "mosquitto.conf", folder / "mosquitto.log"
    passwords.touch(mode=0o600)
    passwords.write_text(f"{_USER}:{password}\n")
    subprocess.run([_program("mosquitto_passwd"), "-U", str(passwords)], check=True, capture_output=True)  # noqa: S603
    config.write_text(
        f"listener {port} {_HOST}\nallow_anonymous false\npassword_file {passwords}\n"
        f"user {getpass.getuser()}\nset_tcp_nodelay true\nmax_queued_messages 10000\nlog_dest stderr\n"
    )
    with said.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            [_program("mosquitto"), "-c", str(config)], stdout=output, stderr=output, start_new_session=True
        )
    try:
        _await_answer(process, port, said)
        yield BrokerSettings(host=_HOST, port=port, user=_USER, password=password)
    finally:
        process.kill()  # nothing of it is kept, and a blocked SIGTERM is inherited
        process.wait(_END_S)


@contextmanager
def collector(settings: CollectorSettings, plan: SitePlan, now_ms: "Synchronized[int]") -> Iterator[BaseProcess]:
    """A collector whose house time is what `now_ms` shows."""
    context = multiprocessing.get_context("spawn")  # a fork would copy the locks of our threads
    process = context.Process(target=_collect, args=(settings, plan, now_ms), name="collector")
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join(_END_S)
        if process.is_alive():
            process.kill()
            process.join()


def _collect(settings: CollectorSettings, plan: SitePlan, now_ms: "Synchronized[int]") -> None:
    """The collector's process. What ends it is told in one line."""
    stop = stop_with_parent()
    try:
        collecting.run(settings, plan, lambda: now_ms.value, stop)
    except (ValueError, ConnectionError) as fault:
        print(fault, file=sys.stderr)  # noqa: T201 - the command's own words
        sys.exit(3)


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_FOLDERS}")
    if found is None:
        raise ReplayAway(f"{name} is not installed, and a replay needs a broker; run: sudo apt install mosquitto")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _await_answer(process: "subprocess.Popen[bytes]", port: int, said: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((_HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise BrokerAway(f"mosquitto did not start: {said.read_text(errors='replace').strip()}")
