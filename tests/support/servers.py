"""Real servers for the tests: Mosquitto, InfluxDB and nginx, each on a free port of 127.0.0.1 in its own folder.

In:    configuration, by default the one that Ledig ships.
Out:   a running server that accepts connections; it is stopped when the `with` block ends.
Never: a fake server. The error for a missing program names its Debian package.

Example:
    with mosquitto(devices=["pi-1"]) as broker:
        agent.run(DeviceSettings(broker=broker.settings("pi-1"), ...), ...)
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from edge.contract.broker_client import BrokerSettings

ROOT = Path(__file__).resolve().parents[2]
SHIPPED_MOSQUITTO = ROOT / "firmware-config" / "mosquitto"
HOST = "127.0.0.1"
START_TIMEOUT_S = 90.0
"""A loaded machine with two cores may take this long to start a server."""

OPEN_MOSQUITTO = "allow_anonymous true\nlistener 1883\n"
"""A broker without authentication, for benchmarks with bare clients."""


class ServerMissing(FileNotFoundError):
    """A server's program is not installed on this machine."""


class ServerFailed(RuntimeError):
    """A server ended, or never answered; the text contains its output."""


def find_free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is not in use."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def accepts_connections(port: int) -> bool:
    """Return whether something accepts connections on `port`."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(
    condition: Callable[[], object], *, seconds: float = START_TIMEOUT_S, what: str = "the condition"
) -> None:
    """Wait for a condition, checked every 20 ms.

    Args:
        condition: returns something true when it is met.
        seconds: the timeout.
        what: the condition in words, for the error.

    Raises:
        TimeoutError: the condition was not met in time; the text contains `what`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true within {seconds:g} s")
        time.sleep(0.02)


class Server:
    """One server process that can be restarted on the same port and in the same folder."""

    def __init__(self, command: Sequence[str], package: str, folder: Path, port: int) -> None:
        program = _find_program(command[0], package)
        self.host = HOST
        self.port = port
        self.folder = folder
        self._command = [program, *command[1:]]
        self._output = folder / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server was not started"
        return self._process.pid

    def output(self) -> str:
        """Return what the server has written since its first start."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    def is_ready(self) -> bool:
        """Return whether it answers now."""
        return accepts_connections(self.port)

    def start(self) -> None:
        """Start it and wait until it answers; it must not be running."""
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=output, start_new_session=True)

        def answered() -> bool:
            if self._process is not None and self._process.poll() is not None:
                raise ServerFailed(f"{self._command[0]} ended with {self._process.returncode}:\n{self.output()}")
            return self.is_ready()

        try:
            wait_until(answered, what=f"{self._command[0]} on port {self.port}")
        except TimeoutError as late:
            raise ServerFailed(f"{late}; its output:\n{self.output()}") from late

    def kill(self) -> None:
        """End it at once, like a power cut: SIGKILL to the process and its children."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop it with SIGTERM, and wait."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Kill it if it runs, and start it on the same port and in the same folder."""
        self.kill()
        self.start()

    def _end(self, with_signal: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, with_signal)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)


_S = TypeVar("_S", bound=Server)


class Mosquitto(Server):
    """A Mosquitto broker."""

    def __init__(self, folder: Path, port: int, config_path: Path, passwords: Mapping[str, str]) -> None:
        super().__init__(["mosquitto", "-c", str(config_path)], "mosquitto", folder, port)
        self.config_path = config_path
        self._passwords = passwords

    def settings(self, user: str | None = None) -> BrokerSettings:
        """Return `user`'s settings for this broker; None: anonymous, which the shipped configuration refuses."""
        password = None if user is None else self._passwords[user]
        return BrokerSettings(host=self.host, port=self.port, user=user, password=password)


@contextmanager
def mosquitto(
    config: str | None = None,
    *,
    site: str = "+",
    devices: Sequence[str] = ("pi-1",),
    lamps: Sequence[tuple[str, str]] = (),
    observers: Sequence[str] = ("observer",),
) -> Iterator[Mosquitto]:
    """Run a real Mosquitto.

    Args:
        config: a configuration instead of the shipped `ledig.conf`; its `listener` gets the free port.
        site: the site that the access rights are for; by default every site, so that a test can choose its own.
        devices: users with a device's rights; `collector`, `dashboard` and `installer` always exist.
        lamps: devices, and the space whose state each may read; `passwords.sh` appends these rights.
        observers: users of the test itself, which may read and write everything under `ledig/v1`.
    """
    with _temporary_folder("mosquitto") as folder:
        users = [*devices, "collector", "dashboard", "installer", *observers]
        passwords = {user: f"secret-of-{user}" for user in users}
        port = find_free_port()
        text = (SHIPPED_MOSQUITTO / "ledig.conf").read_text() if config is None else config
        text = re.sub(r"(?m)^listener \d+.*$", f"listener {port} {HOST}", text)
        text = text.replace("/etc/mosquitto/ledig.", f"{folder}/ledig.")
        (folder / "conf.d").mkdir()
        (folder / "conf.d" / "ledig.conf").write_text(text)
        acl = (SHIPPED_MOSQUITTO / "ledig.acl").read_text().replace("/SITE/", f"/{site}/")
        acl += "".join(f"\nuser {name}\ntopic read ledig/v1/{site}/space/{space}\n" for name, space in lamps)
        acl += "".join(f"\nuser {name}\ntopic readwrite ledig/v1/#\n" for name in observers)
        (folder / "ledig.acl").write_text(acl)
        _write_passwords(folder / "ledig.passwords", passwords)
        main = folder / "mosquitto.conf"  # like Debian's own: it sets the store and reads conf.d
        own_user = "user root\n" if os.geteuid() == 0 else ""  # otherwise `mosquitto`, which may not read here
        store = f"persistence true\npersistence_location {folder}/\n"
        main.write_text(f"{own_user}{store}log_dest stderr\ninclude_dir {folder}/conf.d\n")
        yield from _run_until_closed(Mosquitto(folder, port, main, passwords))


class InfluxServer(Server):
    """InfluxDB 1.x as Debian ships it: no users, `url` takes /write and /query."""

    def is_ready(self) -> bool:
        return _http_status(f"{self.url}/ping") == 204

    def restart_empty(self) -> None:
        """Kill it, delete its data and start it again, like a server that was rebuilt."""
        self.kill()
        for part in ("meta", "data", "wal"):
            shutil.rmtree(self.folder / part, ignore_errors=True)
        self.start()


@contextmanager
def influxdb(http: str = "") -> Iterator[InfluxServer]:
    """Run a real, empty InfluxDB 1.x.

    Args:
        http: additional lines for the section [http] of its configuration.
    """
    with _temporary_folder("influxdb") as folder:
        port = find_free_port()
        config = folder / "influxdb.conf"
        config.write_text(
            f'reporting-disabled = true\nbind-address = "{HOST}:{find_free_port()}"\n'
            f'[meta]\ndir = "{folder}/meta"\n[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
            f'[http]\nbind-address = "{HOST}:{port}"\nlog-enabled = false\n{http}\n[monitor]\nstore-enabled = false\n'
        )
        yield from _run_until_closed(InfluxServer(["influxd", "run", "-config", str(config)], "influxdb", folder, port))


@contextmanager
def nginx(snippet: str, replace: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run a real nginx.

    Args:
        snippet: one or more `server` blocks; every `listen` gets the free port.
        replace: parts of the snippet and their replacements, for example the upstream's address.
    """
    with _temporary_folder("nginx") as folder:
        port = find_free_port()
        for old, new in (replace or {}).items():
            snippet = snippet.replace(old, new)
        snippet = re.sub(r"\blisten\s+[^;]+;", f"listen {HOST}:{port};", snippet)
        bodies = "".join(
            f"{part}_temp_path {folder}/{part};\n" for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        own_user = "user root;\n" if os.geteuid() == 0 else ""
        config = folder / "nginx.conf"
        config.write_text(
            f"{own_user}daemon off;\npid {folder}/pid;\nerror_log stderr;\nworker_processes 1;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{bodies}{snippet}\n}}\n"
        )
        yield from _run_until_closed(
            Server(["nginx", "-p", str(folder), "-c", str(config)], "nginx-light", folder, port)
        )


def _run_until_closed(server: _S) -> Iterator[_S]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def _temporary_folder(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"ledig-{name}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _find_program(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        raise ServerMissing(
            f"{name} is not installed; `sudo apt-get install {package}` installs it, as `make test` does"
        )
    return found


def _write_passwords(path: Path, passwords: Mapping[str, str]) -> None:
    path.write_text("".join(f"{user}:{password}\n" for user, password in passwords.items()))
    path.chmod(0o600)
    subprocess.run([_find_program("mosquitto_passwd", "mosquitto"), "-U", str(path)], check=True, capture_output=True)


def _http_status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback server
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0
